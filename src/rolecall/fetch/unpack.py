"""A body as it is sent -> its bytes, a bounded piece at a time.

Only codings that can be undone here are asked for. However much a few bytes unpack to, no piece is
larger than ``PIECE``, so that whoever counts can stop in time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any, Protocol

from rolecall.fetch.faults import FetchError

PIECE = 1 << 18
SLICE = 1 << 10  # bytes of Zstandard at once: no more than about 32 MiB come of them, at worst
WINDOW = 8 << 20  # bytes of history that Zstandard and Brotli may keep (RFC 8878, 9659)
PLAIN = ("", "identity")


class Unpacker(Protocol):
    """Undoes one coding."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What ``data`` adds, in pieces."""

    def end(self) -> None:
        """That nothing more comes; raises `FetchError` if something is missing."""


class _Same:
    def feed(self, data: bytes) -> Iterator[bytes]:
        yield data

    def end(self) -> None:
        return


class _Inflater:
    """gzip with any number of members, and deflate with or without its head."""

    def __init__(self, coding: str) -> None:
        self.coding, self.engine = coding, zlib.decompressobj(31 if coding == "gzip" else 15)
        self.begun = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data:
            if self.engine.eof:
                if self.coding != "gzip" or data[:1] != b"\x1f":
                    return  # padding after the end, as some servers send
                self.engine = zlib.decompressobj(31)
            if not self.begun and self.coding == "deflate" and data[0] & 15 != 8:
                self.engine = zlib.decompressobj(-15)  # many servers leave the head out
            self.begun = True
            try:
                piece = self.engine.decompress(data, PIECE)
            except zlib.error as error:
                raise broken(self.coding, error) from error
            data = self.engine.unconsumed_tail or self.engine.unused_data
            if piece:
                yield piece
            elif not self.engine.eof:
                return

    def end(self) -> None:
        if self.begun and not self.engine.eof:
            raise broken(self.coding, "it ends early")


class _Zstandard:
    def __init__(self, library: Any) -> None:
        self.engine = library.ZstdDecompressor(max_window_size=WINDOW).decompressobj(PIECE)
        self.error, self.begun = library.ZstdError, False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self.begun = True
        for place in range(0, len(data), SLICE):
            if self.engine.eof:
                return
            try:
                found = self.engine.decompress(data[place : place + SLICE])
            except self.error as error:
                raise broken("zstd", error) from error
            for start in range(0, len(found), PIECE):
                yield found[start : start + PIECE]

    def end(self) -> None:
        if self.begun and not self.engine.eof:
            raise broken("zstd", "it ends early")


class _Brotli:
    def __init__(self, library: Any) -> None:
        self.engine, self.error, self.begun = library.Decompressor(), library.error, False

    def feed(self, data: bytes) -> Iterator[bytes]:
        self.begun = True
        while not self.engine.is_finished():
            try:
                piece = self.engine.process(data, output_buffer_limit=PIECE)
            except self.error as error:
                raise broken("br", error) from error
            data = b""
            if piece:
                yield piece
            if self.engine.can_accept_more_data():
                return

    def end(self) -> None:
        if self.begun and not self.engine.is_finished():
            raise broken("br", "it ends early")


def broken(coding: str, why: object) -> FetchError:
    """The error for a body that is not what its coding says."""
    return FetchError("decode_error", f"the {coding} of the body is broken: {str(why)[:120]}")


@cache
def _library(coding: str) -> Any:
    """The package that undoes ``coding``; ``None`` if it is not installed or too old."""
    try:
        if coding == "zstd":
            import zstandard

            return zstandard
        import brotli  # type: ignore[import-untyped,unused-ignore]

        return brotli if hasattr(brotli.Decompressor, "can_accept_more_data") else None
    except ImportError:
        return None


@cache
def accepted() -> str:
    """What ``Accept-Encoding`` asks for."""
    more = [coding for coding in ("zstd", "br") if _library(coding) is not None]
    return ", ".join(["gzip", "deflate", *more])


def unpacker(coding: str) -> Unpacker:
    """What undoes a ``Content-Encoding``; raises `FetchError` for one that was not asked for."""
    names = [name for name in (one.strip().lower() for one in coding.split(",")) if name]
    names = ["gzip" if name == "x-gzip" else name for name in names if name not in PLAIN]
    if not names:
        return _Same()
    if len(names) == 1:
        if names[0] in ("gzip", "deflate"):
            return _Inflater(names[0])
        if names[0] in ("zstd", "br") and (library := _library(names[0])) is not None:
            return _Zstandard(library) if names[0] == "zstd" else _Brotli(library)
    raise FetchError(
        "decode_error", f"the body is coded as {coding[:60]!a}, which was not asked for"
    )
