"""Streams of bytes without their compression: gzip and Zstandard, one layer, with bounded memory.

However much a few bytes unpack to, it comes in blocks of bounded size.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Any

from rolecall.errors import SourceError

BLOCK = 1 << 18
SLICE = 1 << 9  # bytes of Zstandard at once: no more than 16 MiB comes of them, at worst
GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
SKIPPED = (b"\x2a\x4d\x18", range(0x50, 0x60))  # a frame of Zstandard that holds no data
DICTIONARY = b"\x5d\x2a\x4d\x18"  # one that holds the dictionary of a .warc.zst
LARGEST_DICTIONARY = 16 << 20
Blocks = Iterator[bytes | None]

DAMAGE = (OSError, EOFError, zlib.error, SourceError)
"""What reading a broken stream raises."""


def plain(stream: Blocks) -> Blocks:
    """The stream, unpacked if it is gzip or Zstandard; one layer, any number of members.

    Raises one of `DAMAGE` where the compressed stream is broken or ends early.
    """
    head = b""
    for block in stream:
        if block is None:
            yield None
            continue
        head += block
        if len(head) >= len(ZSTD):
            break
    if head[:2] == GZIP:
        yield from _inflated(_again(head, stream))
    elif is_zstd(head):
        yield from _decoded(_again(head, stream))
    else:
        yield from _again(head, stream)


def is_zstd(head: bytes) -> bool:
    """Whether bytes start like Zstandard."""
    return head[:4] == ZSTD or (
        len(head) >= 4 and head[1:4] == SKIPPED[0] and head[0] in SKIPPED[1]
    )


def starts(head: bytes, size: int) -> bytes:
    """The first ``size`` bytes, at most, of what ``head``, the start of a stream, unpacks to."""
    found = b""
    try:
        for block in plain(iter((head,))):
            found += block or b""
            if len(found) >= size:
                break
    except DAMAGE:
        pass  # it ends early, as the start of a stream does
    return found[:size]


def unpack_zstd(body: bytes, limit: int) -> tuple[bytes, str]:
    """A whole Zstandard body unpacked, and what was wrong with it; at most ``limit`` + 1 bytes.

    Raises `SourceError` where nothing can be unpacked.
    """
    parts: list[bytes] = []
    size, trouble = 0, ""
    try:
        for block in _decoded(iter((body,))):
            parts.append(block or b"")
            size += len(parts[-1])
            if size > limit:
                break
    except SourceError:
        raise
    except DAMAGE as error:
        trouble = says(error)
        if not size:
            raise SourceError(
                f"the Zstandard data cannot be read: {trouble}", code="decode_error"
            ) from error
    return b"".join(parts)[: limit + 1], trouble


def says(error: BaseException) -> str:
    """What was wrong, in lower case where it is another's words."""
    if isinstance(error, SourceError):
        return str(error)
    return str(getattr(error, "strerror", None) or error).lower()


def _again(head: bytes, stream: Blocks) -> Blocks:
    if head:
        yield head
    yield from stream


def _inflated(stream: Blocks) -> Blocks:
    engine = zlib.decompressobj(wbits=31)
    for block in stream:
        if block is None:
            yield None
            continue
        while block:
            if engine.eof:  # another member; or zeros, with which tapes and tools fill up
                block = block.lstrip(b"\0")
                if not block:
                    break
                engine = zlib.decompressobj(wbits=31)
            if out := engine.decompress(block, BLOCK):
                yield out
            block = engine.unused_data if engine.eof else engine.unconsumed_tail
    if not engine.eof:
        raise EOFError("the gzip stream ends early")


def _decoded(stream: Blocks) -> Blocks:
    try:
        import zstandard
    except ImportError as error:
        raise SourceError(
            "Zstandard needs a package: pip install 'rolecall[batch]'", code="decode_error"
        ) from error
    source = _Pushed(stream)
    yield from source.wait(8)
    opener = zstandard.ZstdDecompressor()
    if source.head.startswith(DICTIONARY):
        size = int.from_bytes(source.head[4:8], "little")
        if size > LARGEST_DICTIONARY:
            raise OSError("the dictionary is too large")
        yield from source.wait(8 + size)
        data = source.take(8 + size)[8:]
        if data[:4] == ZSTD:
            data, _ = unpack_zstd(data, LARGEST_DICTIONARY)
        opener = zstandard.ZstdDecompressor(dict_data=zstandard.ZstdCompressionDict(data))
    try:
        yield from _frames(opener, source)
    except zstandard.ZstdError as error:
        raise OSError(str(error)) from error


def _frames(opener: Any, source: _Pushed) -> Blocks:
    engine: Any = None
    while True:
        yield from source.wait(1)
        if not source.head:
            break
        whole = memoryview(source.take(len(source.head)))
        for place in range(0, len(whole), SLICE):
            piece = whole[place : place + SLICE]
            while piece:
                if engine is None:
                    engine = opener.decompressobj()
                out = engine.decompress(piece)
                for start in range(0, len(out), BLOCK):
                    yield out[start : start + BLOCK]
                piece = memoryview(b"")
                if engine.eof:
                    piece, engine = memoryview(engine.unused_data), None
    if engine is not None:
        raise EOFError("the Zstandard stream ends early")


class _Pushed:
    """A stream whose next bytes can be looked at."""

    def __init__(self, stream: Blocks) -> None:
        self._stream = stream
        self.head = b""

    def wait(self, size: int) -> Blocks:
        """Read until ``head`` has ``size`` bytes, or to the end; yields ``None`` while waiting."""
        while len(self.head) < size:
            block = next(self._stream, b"")
            if block is None:
                yield None
            elif not block:
                return
            else:
                self.head += block

    def take(self, size: int) -> bytes:
        """The next bytes, no more of them than ``head`` has."""
        found, self.head = self.head[:size], self.head[size:]
        return found
