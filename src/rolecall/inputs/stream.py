"""What the user named -> a lazy stream of inputs in a fixed order.

A folder yields its HTML, text and Markdown files, also those below it, sorted by name; hidden
files and what a browser saved beside a page (``X_files`` next to ``X.html``) are left out. JSON
Lines yield one input per line that is not blank, tables one per row, archives one per page. Every
input gives exactly one record, so whatever cannot be listed or read is an input too, with its
``fault``.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from msgspec import Struct
from msgspec.structs import replace

from rolecall.errors import SourceError, UsageError
from rolecall.inputs.addresses import addressed, away, from_list
from rolecall.inputs.columns import DEFAULT, Columns
from rolecall.inputs.feed import Feed
from rolecall.inputs.files import open_regular, shown, told_apart
from rolecall.inputs.folders import walk
from rolecall.inputs.kinds import (
    PAGE_SUFFIXES,
    SNIFF,
    by_content,
    by_name,
    kind_of,
    table_of,
)
from rolecall.inputs.lines import blocks
from rolecall.inputs.nouns import Entries, Input, Left, failed
from rolecall.inputs.order import Order
from rolecall.inputs.rows import from_lines
from rolecall.inputs.unpacked import DAMAGE, GZIP, Blocks, is_zstd, plain, says
from rolecall.remote.names import MAGIC, is_remote, is_web

__all__ = ["PAGE_SUFFIXES", "STDIN", "count", "expand", "stream"]

STDIN = "-"
COUNTED = 1 << 29  # bytes of lines that are looked through to know how many there are


def expand(
    arguments: Iterable[str], *, fetch: bool = False, lists: Sequence[str] = ()
) -> list[str]:
    """Glob patterns -> the paths they match, sorted; other arguments as they are.

    A name that exists is never a pattern. A pattern that matches nothing is a `UsageError`. A
    pattern of objects in a store is looked up when it is read. With ``fetch`` the address of a page
    is an input too; with ``lists`` (files of such addresses) nothing else need be named.
    """
    paths: list[str] = []
    for argument in arguments:
        if (fetch and is_web(argument)) or is_remote(argument) or not _is_pattern(argument):
            paths.append(argument)
        else:
            found = sorted(glob.iglob(argument, recursive=True), key=os.fsencode)
            if not found:
                raise UsageError(
                    f"no file matches {shown(argument)}",
                    hint="quote the pattern, ** looks into folders too",
                )
            paths += found
    if not paths and not lists:
        raise UsageError("nothing to read", hint="name files, folders, patterns, or - for stdin")
    return paths


def _is_pattern(argument: str) -> bool:
    return (
        argument != STDIN
        and MAGIC.search(argument) is not None
        and not os.path.lexists(argument)
        and table_of(argument)[1] is None
    )


class _Call(Struct):
    """What one call of `stream` goes by, and what it has seen."""

    limit: int
    columns: Columns
    left: Left
    feed: Feed
    away: str | None
    several: bool
    seen: set[int]
    fetch: bool = False

    def again(self, *key: str) -> bool:
        """Whether this was there before; counted if so."""
        if not self.several:
            return False
        found = hash(key)
        if found in self.seen:
            self.left.repeated += 1
            return True
        self.seen.add(found)
        return False


def stream(
    paths: list[str],
    *,
    limit: int,
    leave_out: str | None = None,
    left: Left | None = None,
    columns: Columns = DEFAULT,
    fetch: bool = False,
    lists: Sequence[str] = (),
) -> Entries:
    """The inputs of ``paths`` (from ``expand``) with their ``seq``, listed as far as asked for.

    ``limit`` is the largest page in bytes; ``leave_out`` is a path that is not an input, such as
    the output file. A path named twice is one input. ``columns`` are the names in tables. A
    process apart that was needed ends with the stream.

    With ``fetch`` addresses of pages are inputs that are still away, each once: among ``paths``, in
    the files ``lists`` and in lines of JSON without a page.
    """
    call = _Call(
        limit=limit,
        columns=columns,
        left=left if left is not None else Left(),
        feed=Feed(),
        away=_full(leave_out) if leave_out is not None else None,
        several=fetch or len(paths) > 1,
        seen=set(),
        fetch=fetch,
    )
    listed = (_entries(path, call) for path in paths)
    named = (from_list(path, STDIN) for path in lists)
    seq = 0
    try:
        for entry in chain.from_iterable(chain(listed, named)):
            found = addressed(entry, columns) if fetch and entry is not None else entry
            if found is None:
                yield None
            elif not (found.is_away and call.again("web", found.locator)):
                yield _numbered(found, seq)
                seq += 1
    finally:
        call.feed.end()


def count(paths: list[str], columns: Columns = DEFAULT, lists: Sequence[str] = ()) -> int | None:
    """About how many inputs there are, where that is cheap to know; blank lines are counted too."""
    total = 0
    feed = Feed()
    try:
        counts = (1 if is_web(path) else _count(path, columns, feed) for path in paths)
        listed = (None if path == STDIN else _count_lines(path) for path in lists)
        for found in chain(counts, listed):
            if found is None:
                return None
            total += found
    finally:
        feed.end()
    return total


def _count(path: str, columns: Columns, feed: Feed) -> int | None:
    if path == STDIN or is_remote(path):
        return None
    if os.path.isdir(path):
        return sum(1 for _ in walk(path, Left()))
    file, table = table_of(path)
    kind = kind_of(file)
    if kind == "page":
        return 1
    if kind == "lines":
        return _count_lines(path)
    order = Order(path=file, kind=kind, table=table, limit=0, columns=columns, counting=True)
    return feed.count(order) if kind in ("parquet", "sqlite") else None


def _count_lines(path: str) -> int | None:
    """Line ends in a file that is not compressed and not too large to look through."""
    try:
        descriptor = open_regular(path)
    except SourceError:
        return 1
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if os.fstat(descriptor).st_size > COUNTED:
            return None
        total, last = 0, b"\n"
        head = True
        while block := file.read(1 << 20):
            if head and (block[:2] == GZIP or is_zstd(block)):
                return None
            head = False
            total += block.count(b"\n")
            last = block[-1:]
    return total + (last != b"\n")


def _numbered(entry: Input, seq: int) -> Input:
    """A line's ``path`` served to recognise repetition only; its bytes are here already."""
    if entry.line is None:
        locator = entry.locator
        return replace(
            entry, seq=seq, locator=locator if locator.isascii() else told_apart(locator)
        )
    return replace(entry, seq=seq, path=None)


def _full(path: str) -> str:
    as_it_is = "\0" in path or is_web(path) or is_remote(path)
    return path if as_it_is else os.path.abspath(path)


def _entries(path: str, call: _Call) -> Entries:
    """The inputs of one path that were not there before."""
    if call.fetch and is_web(path):
        yield away(path)
    elif path == STDIN:
        yield from _stdin(call)
    elif is_remote(path):
        order = Order(path=path, limit=call.limit, columns=call.columns)
        for entry in call.feed.inputs(order, call.left):
            if entry is None:
                yield None
            elif entry.path is not None and entry.path == call.away:
                call.left.ignored += 1
            elif not call.again(entry.locator):
                yield entry
    elif os.path.isdir(path):
        yield from _folder(path, call)
    else:
        yield from _file(path, call)


def _folder(path: str, call: _Call) -> Iterator[Input]:
    empty = True
    for entry in walk(path, call.left):
        empty = False
        full = _full(entry.path or entry.locator)
        if full == call.away:
            call.left.ignored += 1
        elif not call.again(full):
            yield entry
    if empty and by_name(path.rstrip(os.sep)) not in (None, "page"):
        text = "is a folder without pages; name the files in it, say as a pattern"
        yield failed(path, "unreadable", text)


def _file(path: str, call: _Call) -> Entries:
    file, table = table_of(path)
    full = _full(file)
    if full == call.away:
        call.left.ignored += 1
        return
    if call.again(full, *filter(None, (table,))):
        return
    kind = kind_of(file)
    if kind == "page":
        yield Input(0, path, path=path)
    elif kind == "lines":
        yield from _json_lines(path, call.limit)
    else:
        order = Order(path=file, kind=kind, table=table, limit=call.limit, columns=call.columns)
        entries = call.feed.inputs(order, call.left)
        if kind == "sqlite" and table is None and call.several:
            entries = _unless_named(entries, file, call)
        yield from entries


def _unless_named(entries: Entries, file: str, call: _Call) -> Entries:
    """The rows of the table that was found, unless it was named too."""
    known = False
    for entry in entries:
        if entry is not None and not known:
            known = True
            if call.again(_full(file), entry.locator[len(file) + 1 :].rpartition(":")[0]):
                return
        yield entry


def _json_lines(path: str, limit: int) -> Entries:
    """The lines of a file; one input that failed if it cannot be opened."""
    try:
        descriptor = open_regular(path)
    except SourceError as error:
        yield Input(0, path, path=path, fault=(error.code, str(error)))
        return
    try:
        yield from from_lines(plain(blocks(descriptor)), path, path, limit)
    finally:
        os.close(descriptor)


def _stdin(call: _Call) -> Entries:
    """Standard input: JSON Lines or an archive if it starts like one, else one page."""
    try:
        os.fstat(0)
    except OSError as error:
        raise UsageError("standard input is closed", hint="name files instead of -") from error
    raw = blocks(0)
    head = b""
    try:
        for block in raw:
            if block is None:
                yield None
                continue
            head += block
            if len(head) >= SNIFF or by_content(head) != "page":
                break
    except OSError as error:
        yield Input(0, STDIN, fault=("decode_error", f"reading stopped: {says(error)}"))
        return
    kind = by_content(head)
    whole = chain((head,), raw) if head else raw
    if kind == "lines":
        yield from from_lines(plain(whole), STDIN, None, call.limit)
    elif kind == "warc":
        order = Order(path=STDIN, kind=kind, limit=call.limit, head=head, stdin=True)
        yield from call.feed.inputs(order, call.left)
    elif kind == "page":
        yield from _one_page(plain(whole), call.limit)
    else:
        name = "Parquet" if kind == "parquet" else "SQLite"
        text = f"{name} cannot be read from standard input; name the file"
        yield failed(STDIN, "unreadable", text)


def _one_page(stream: Blocks, limit: int) -> Entries:
    head: list[bytes] = []
    size = 0
    try:
        for block in stream:
            if block is None:
                yield None
                continue
            head.append(block)
            size += len(block)
            if size > limit:
                break
    except DAMAGE as error:
        yield Input(0, STDIN, fault=("decode_error", f"reading stopped: {says(error)}"))
        return
    yield Input(0, STDIN, line=b"".join(head))
