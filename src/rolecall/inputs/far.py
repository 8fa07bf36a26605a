"""Inputs in object stores: pages fetched a few at a time, everything else read as a stream."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby

from msgspec.structs import replace

from rolecall.errors import Error
from rolecall.inputs.archive import archive
from rolecall.inputs.files import too_large
from rolecall.inputs.kinds import PAGE_SUFFIXES, by_name, unpacked_name
from rolecall.inputs.nouns import Entries, Input, Left, failed
from rolecall.inputs.order import Order, file_blocks, of_file, sniffed
from rolecall.inputs.read import media_type
from rolecall.inputs.rows import from_lines
from rolecall.inputs.unpacked import Blocks, plain
from rolecall.remote.faults import RemoteError
from rolecall.remote.names import MAGIC, parts
from rolecall.remote.objects import children, exists, is_folder, listing, open_reading

AT_ONCE = 8  # objects that are fetched at the same time
AHEAD = 16  # objects that are fetched before they are asked for, at most
BLOCK = 1 << 20


def far(order: Order, left: Left) -> Entries:
    """The inputs at an address: an object, the pages below a folder, or what fits a pattern."""
    if MAGIC.search(parts(order.path)[2]) and not exists(order.path):
        empty = True
        for is_page, urls in groupby(listing(order.path), lambda url: by_name(url) == "page"):
            empty = False
            if is_page:
                yield from _pages(urls, order.limit)
                continue
            for url in urls:
                yield from _safely(replace(order, path=url), left)
        if empty:
            yield failed(order.path, "unreadable", "no object matches; ** looks into folders too")
    elif by_name(order.path) is None and is_folder(order.path):
        empty = True
        for entry in _pages(_below(order.path, left), order.limit):
            empty = False
            yield entry
        if empty:
            text = "no page lies below this folder; name the files, say as a pattern"
            yield failed(order.path, "unreadable", text)
    else:
        yield from _object(order, left)


def _safely(order: Order, left: Left) -> Entries:
    """The inputs of one object among many: its error is one of them."""
    try:
        yield from _object(order, left)
    except Error as error:
        yield failed(order.path, "unreadable", _told(error))


def _told(error: Error) -> str:
    return f"{error} ({error.hint})" if error.hint else str(error)


def _object(order: Order, left: Left) -> Entries:
    if by_name(order.path) == "page":
        yield from _pages([order.path], order.limit)
        return
    with open_reading(order.path) as file:
        kind, head = sniffed(file, order.path)
        stream = plain(_named(file_blocks(file, head)))
        if kind == "page":
            yield from _pages([order.path], order.limit)
        elif kind == "lines":
            yield from from_lines(stream, order.path, order.path, order.limit)
        elif kind == "warc":
            yield from archive(stream, order.path, order.limit, left)
        elif kind == "sqlite":
            text = "SQLite is not read from a store; copy the file to this machine first"
            yield failed(order.path, "unreadable", text)
        else:
            with open_reading(order.path, seeking=True) as whole:
                yield from of_file(order, kind, whole, left)


def _named(stream: Blocks) -> Blocks:
    """The blocks; what goes wrong with the store is an `OSError`, as it is with a disk."""
    try:
        yield from stream
    except RemoteError as error:
        raise OSError(_told(error)) from error


def _below(folder: str, left: Left) -> Iterator[str]:
    """Pages below a folder by name, as in a folder on this machine."""
    stack = [folder if folder.endswith("/") else folder + "/"]
    while stack:
        url = stack.pop()
        if not url.endswith("/"):
            yield url
            continue
        for name, more in reversed(children(url)):
            if name.startswith("."):
                left.ignored += 1
            elif more:
                stack.append(f"{url}{name}/")
            elif unpacked_name(name).endswith(PAGE_SUFFIXES):
                stack.append(url + name)
            else:
                left.ignored += 1


def _pages(urls: Iterable[str], limit: int) -> Iterator[Input]:
    """Pages in the order of their addresses, fetched before they are asked for."""
    waiting: deque[Future[Input]] = deque()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            for url in urls:
                waiting.append(pool.submit(_fetched, url, limit))
                if len(waiting) >= AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for one in waiting:
                one.cancel()


def _fetched(url: str, limit: int) -> Input:
    """The page at an address, with its bytes; nothing longer than ``limit`` is kept."""
    parts: list[bytes] = []
    size = 0
    try:
        with open_reading(url) as file:
            while block := file.read(min(BLOCK, limit + 1 - size)):
                parts.append(block)
                size += len(block)
                if size > limit:
                    error = too_large(limit)
                    return failed(url, error.code, str(error))
    except Error as error:
        return failed(url, "unreadable", _told(error))
    return Input(0, url, path=url, line=b"".join(parts), media_type=media_type(url))
