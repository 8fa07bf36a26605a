"""What the user named -> a lazy stream of inputs in a fixed order.

A folder yields its HTML, text and Markdown files, also those below it, sorted by name; hidden
files and what a browser saved beside a page (``X_files`` next to ``X.html``) are left out. JSON
Lines yield one input per line that is not blank. Every input gives exactly one record, so whatever
cannot be listed or read is an input too, with its ``fault``.
"""

from __future__ import annotations

import glob
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain

from msgspec.structs import replace

from rolecall.errors import SourceError, UsageError
from rolecall.inputs.files import open_regular, shown
from rolecall.inputs.lines import Blocks, blocks, lines, plain
from rolecall.inputs.nouns import Entries, Input, Left

PAGE_SUFFIXES = (".html", ".htm", ".xhtml", ".txt", ".text", ".md", ".markdown")
LINE_SUFFIXES = (".jsonl", ".ndjson", ".jsonlines")
MAGIC = re.compile(r"[*?\[]")
STDIN = "-"
SNIFF = 4096  # bytes of standard input that tell JSON Lines from a page
COUNTED = 1 << 29  # bytes of lines that are looked through to know how many there are
JSON_START = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*["}]')


def expand(arguments: Iterable[str]) -> list[str]:
    """Glob patterns -> the paths they match, sorted; other arguments as they are.

    A name that exists is never a pattern. A pattern that matches nothing is a `UsageError`.
    """
    paths: list[str] = []
    for argument in arguments:
        if argument != STDIN and MAGIC.search(argument) and not os.path.lexists(argument):
            found = sorted(glob.iglob(argument, recursive=True), key=os.fsencode)
            if not found:
                raise UsageError(
                    f"no file matches {shown(argument)}",
                    hint="quote the pattern, ** looks into folders too",
                )
            paths += found
        else:
            paths.append(argument)
    if not paths:
        raise UsageError("nothing to read", hint="name files, folders, patterns, or - for stdin")
    return paths


def stream(
    paths: list[str], *, limit: int, leave_out: str | None = None, left: Left | None = None
) -> Entries:
    """The inputs of ``paths`` (from ``expand``) with their ``seq``, listed as far as asked for.

    ``limit`` is the largest page in bytes, for stdin; ``leave_out`` is a path that is not an
    input, such as the output file. A path named twice is one input.
    """
    left = left if left is not None else Left()
    away = os.path.abspath(leave_out) if leave_out is not None else None
    seen: set[int] = set()
    seq = 0
    for path in paths:
        for entry in _entries(path, limit, left):
            if entry is None:
                yield None
                continue
            if entry.path is not None and (away is not None or len(paths) > 1):
                full = os.path.abspath(entry.path) if "\0" not in entry.path else entry.path
                if full == away:
                    left.ignored += 1
                    continue
                if len(paths) > 1:
                    key = hash((full, entry.locator if entry.line is not None else ""))
                    if key in seen:
                        left.repeated += 1
                        continue
                    seen.add(key)
            yield replace(entry, seq=seq) if entry.line is None else _numbered(entry, seq)
            seq += 1


def count(paths: list[str]) -> int | None:
    """About how many inputs there are, where that is cheap to know; blank lines are counted too."""
    total = 0
    for path in paths:
        if path == STDIN:
            return None
        if os.path.isdir(path):
            total += sum(1 for _ in _walk(path, Left()))
        elif _is_lines(path):
            found = _count_lines(path)
            if found is None:
                return None
            total += found
        else:
            total += 1
    return total


def _count_lines(path: str) -> int | None:
    """Line ends in a file that is not compressed and not too large to look through."""
    try:
        descriptor = open_regular(path)
    except SourceError:
        return 1
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if path.lower().endswith(".gz") or os.fstat(descriptor).st_size > COUNTED:
            return None
        total, last = 0, b"\n"
        while block := file.read(1 << 20):
            total += block.count(b"\n")
            last = block[-1:]
    return total + (last != b"\n")


def _numbered(entry: Input, seq: int) -> Input:
    """A line's ``path`` served to recognise repetition only; its bytes are here already."""
    return replace(entry, seq=seq, path=None)


def _entries(path: str, limit: int, left: Left) -> Entries:
    if path == STDIN:
        yield from _stdin(limit)
    elif _is_lines(path) and not os.path.isdir(path):
        yield from _json_lines(path, limit)
    elif os.path.isdir(path):
        yield from _walk(path, left)
    else:
        yield Input(0, path, path=path)


def _is_lines(path: str) -> bool:
    name = path.lower().removesuffix(".gz")
    return name.endswith(LINE_SUFFIXES)


def _walk(folder: str, left: Left) -> Iterator[Input]:
    """Files below ``folder`` in the order of their names, without recursion or held trees.

    A folder that cannot be listed is an input that failed. Links to folders are not followed: a
    loop of them would never end.
    """
    stack: list[str] = [folder]
    while stack:
        path = stack.pop()
        if not path.endswith(os.sep) and path is not folder:
            yield Input(0, path, path=path)
            continue
        try:
            with os.scandir(path) as found:
                entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
        except OSError as error:
            message = f"cannot list the folder: {(error.strerror or str(error)).lower()}"
            yield Input(0, path, fault=("unreadable", message))
            continue
        entries.sort(key=lambda entry: os.fsencode(entry[0]), reverse=True)
        pages = {_stem(name) for name, is_folder in entries if not is_folder}
        for name, is_folder in entries:
            if name.startswith(".") or (
                is_folder and name.endswith("_files") and name[:-6] in pages
            ):
                left.ignored += 1
            elif is_folder:
                stack.append(os.path.join(path, name, ""))
            elif name.lower().removesuffix(".gz").endswith(PAGE_SUFFIXES):
                stack.append(os.path.join(path, name))
            else:
                left.ignored += 1


def _stem(name: str) -> str:
    stem, suffix = os.path.splitext(name)
    return stem if suffix.lower() in (".html", ".htm") else ""


def _json_lines(path: str, limit: int) -> Entries:
    """The lines of a file; one input that failed if it cannot be opened."""
    try:
        descriptor = open_regular(path)
    except SourceError as error:
        yield Input(0, path, path=path, fault=(error.code, str(error)))
        return
    try:
        yield from _from_lines(plain(blocks(descriptor)), path, path, limit)
    finally:
        os.close(descriptor)


def _from_lines(stream: Blocks, locator: str, path: str | None, limit: int) -> Entries:
    """One input per line, and one that failed where the stream breaks off."""
    number = 0
    longest = 2 * limit  # escapes make a page longer as JSON
    try:
        for line in lines(stream, longest):
            if line is None:
                yield None
                continue
            number = line.number
            where = f"{locator}:{number}"
            if line.content is not None:
                yield Input(0, where, path=path, line=line.content, json=True)
            else:
                message = f"line {number} is longer than {longest:,} bytes"
                yield Input(0, where, path=path, line=b"", fault=("too_large", message))
    except (OSError, EOFError, zlib.error) as error:
        where = f"{locator}:{number + 1}"
        told = str(getattr(error, "strerror", None) or error).lower()
        message = f"reading stopped before line {number + 1}: {told}"
        yield Input(0, where, path=path, line=b"", fault=("decode_error", message))


def _stdin(limit: int) -> Entries:
    """Standard input: JSON Lines if it starts like an object, else one page."""
    try:
        os.fstat(0)
    except OSError as error:
        raise UsageError("standard input is closed", hint="name files instead of -") from error
    stream = plain(blocks(0))
    head: list[bytes] = []
    size = 0
    try:
        for block in stream:
            if block is None:
                yield None
                continue
            head.append(block)
            size += len(block)
            start = b"".join(head) if size < SNIFF else head[0]
            if JSON_START.match(start):
                yield from _from_lines(chain((start,), stream), STDIN, None, limit)
                return
            if size > limit:
                break
    except (OSError, EOFError, zlib.error) as error:
        told = str(getattr(error, "strerror", None) or error).lower()
        yield Input(0, STDIN, fault=("decode_error", f"reading stopped: {told}"))
        return
    yield Input(0, STDIN, line=b"".join(head))
