"""The lines of a file, with bounded memory: no line is longer than the caller allows.

Knows CR LF and LF, a byte order mark at the start, blank lines, a last line without its end, and
gzip.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

MAX_SKIP = 2 << 30  # bytes without a line in them after which a file is given up
BLOCK = 1 << 20
BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank, without its end; ``content`` is ``None`` if it is too long."""

    number: int
    content: bytes | None


def lines(file: BinaryIO, longest: int) -> Iterator[Line]:
    """The lines of ``file`` with their numbers from 1; a gzip stream is decompressed on the fly.

    Raises `OSError`, `EOFError` or `zlib.error` where the stream breaks off.
    """
    packed = peeked(file, 2) == b"\x1f\x8b"
    source = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if packed else file
    number = empty = 0
    while True:
        content = source.readline(longest + 1)
        if not content:
            return
        number += 1
        if len(content) > longest and not content.endswith(b"\n"):
            _skip(source)
            yield Line(number, None)
            continue
        if number == 1:
            content = content.removeprefix(BOM)
        stripped = content.strip()
        if stripped:
            empty = 0
            yield Line(number, stripped)
            continue
        empty += len(content)
        if empty > MAX_SKIP:
            raise OSError("nothing but blank lines")


def peeked(file: BinaryIO, size: int) -> bytes:
    """The next bytes of a buffered ``file``, at most ``size``, which stay to be read."""
    head: bytes = cast(Any, file).peek(size)[:size]
    return head


def _skip(source: BinaryIO) -> None:
    """Read on to the end of the line, keeping nothing."""
    skipped = 0
    while part := source.readline(BLOCK):
        if part.endswith(b"\n"):
            return
        skipped += len(part)
        if skipped > MAX_SKIP:
            raise OSError("a line without an end")
