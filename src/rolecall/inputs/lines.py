"""Bytes as they come -> lines, with bounded memory and without waiting.

A stream is an iterator of blocks; ``None`` among them means that nothing has come for a moment, so
that whoever reads can do something else. Knows CR LF and LF, a byte order mark at the start, blank
lines, and a last line without its end.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from os import read

from msgspec import Struct

from rolecall.inputs.unpacked import Blocks

MAX_SKIP = 2 << 30  # bytes without a usable line in them after which a stream is given up
BLOCK = 1 << 18
PATIENCE = 0.02  # seconds that a stream is waited for before it says None
BOM = b"\xef\xbb\xbf"


class Line(Struct, frozen=True):
    """A line that is not blank, without its end; ``content`` is ``None`` if it is too long."""

    number: int
    content: bytes | None


def blocks(descriptor: int) -> Blocks:
    """What a file, pipe or terminal gives, as it comes."""
    while True:
        if not select.select([descriptor], [], [], PATIENCE)[0]:
            yield None
            continue
        block = read(descriptor, BLOCK)
        if not block:
            return
        yield block


def lines(stream: Blocks, longest: int) -> Iterator[Line | None]:
    """The lines of ``stream`` with their numbers from 1; none is longer than ``longest`` bytes."""
    number, skipping, wasted = 1, False, 0
    parts: list[bytes] = []
    size = 0
    for block in stream:
        if block is None:
            yield None
            continue
        *whole, rest = block.split(b"\n")
        for part in whole:
            if skipping or size + len(part) > longest:
                yield Line(number, None)
            elif content := _bare(b"".join((*parts, part)), number):
                wasted = 0
                yield Line(number, content)
            number += 1
            parts, size, skipping = [], 0, False
        wasted += len(block)
        if wasted > MAX_SKIP:
            raise OSError("nothing but blank or endless lines")
        size += len(rest)
        skipping = skipping or size > longest
        parts = [] if skipping else [*parts, rest] if rest else parts
    if skipping:
        yield Line(number, None)
    elif content := _bare(b"".join(parts), number):
        yield Line(number, content)


def _bare(line: bytes, number: int) -> bytes:
    return (line.removeprefix(BOM) if number == 1 else line).strip()
