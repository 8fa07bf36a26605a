"""Bytes as they come -> lines, with bounded memory and without waiting.

A stream is an iterator of blocks; ``None`` among them means that nothing has come for a moment, so
that whoever reads can do something else. Knows CR LF and LF, a byte order mark at the start, blank
lines, a last line without its end, and gzip.
"""

from __future__ import annotations

import select
import zlib
from collections.abc import Iterator
from os import read

from msgspec import Struct

MAX_SKIP = 2 << 30  # bytes without a usable line in them after which a stream is given up
BLOCK = 1 << 18
PATIENCE = 0.02  # seconds that a stream is waited for before it says None
BOM = b"\xef\xbb\xbf"
GZIP = b"\x1f\x8b"
Blocks = Iterator[bytes | None]


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


def plain(stream: Blocks) -> Blocks:
    """The stream, decompressed if it is gzip; one layer, any number of members.

    Raises `zlib.error` or `EOFError` where the compressed stream is broken or ends early.
    """
    head = b""
    for block in stream:
        if block is None:
            yield None
            continue
        head += block
        if len(head) >= len(GZIP):
            break
    if head[:2] == GZIP:
        yield from _inflated(head, stream)
    else:
        if head:
            yield head
        yield from stream


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


def _inflated(head: bytes, stream: Blocks) -> Blocks:
    engine = zlib.decompressobj(wbits=31)
    waiting: Blocks = iter((head,))
    while True:
        for block in waiting:
            if block is None:
                yield None
                continue
            while block:
                if engine.eof:  # another member, or zeros and junk that mean nothing
                    if block[:1] != GZIP[:1]:
                        return
                    engine = zlib.decompressobj(wbits=31)
                if out := engine.decompress(block, BLOCK):
                    yield out
                block = engine.unused_data if engine.eof else engine.unconsumed_tail
        if waiting is stream:
            break
        waiting = stream
    if not engine.eof:
        raise EOFError("the gzip stream ends early")
