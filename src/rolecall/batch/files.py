"""Bytes of a file: bounded, never blocking, decompressed once.

A path is opened without blocking and must be a regular file; no more than a page's limit is read
or decompressed. What cannot be used raises `SourceError` with its code.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import zlib
from typing import BinaryIO, cast

from rolecall.core import Notice
from rolecall.errors import SourceError

GZIP = b"\x1f\x8b"
BLOCK = 1 << 16
KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
Notices = tuple[Notice, ...]


def shown(name: str) -> str:
    """``name`` as it can be shown on a terminal: control characters and odd bytes escaped."""
    return UNPRINTABLE.sub(lambda match: ascii(match.group())[1:-1], name)


def open_regular(path: str) -> int:
    """A descriptor of a regular file; anything else is refused without waiting for it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except ValueError as error:
        raise SourceError("the name holds a NUL character") from error
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise SourceError("is a socket, not a regular file") from error
        raise SourceError(_says(error), hint="check the name and the permissions") from error
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    kind = next((name for test, name in KINDS if test(mode)), "something else")
    raise SourceError(
        f"is {kind}, not a regular file", hint="read from a pipe with: rolecall extract - < PIPE"
    )


def read_bounded(path: str, limit: int) -> tuple[bytes, Notices]:
    """The content of the file, decompressed if it is gzip; at most ``limit`` bytes."""
    descriptor = open_regular(path)
    try:
        with cast(BinaryIO, os.fdopen(descriptor, "rb", buffering=0)) as file:
            size = os.fstat(descriptor).st_size
            if size > limit:  # gzip only gets larger
                raise too_large(limit)
            raw = _take(file, size + 1, limit)
    except OSError as error:
        raise SourceError(_says(error)) from error
    if len(raw) > limit:
        raise too_large(limit)
    if raw[:2] == GZIP:
        return gunzip(raw, limit)
    named = (Notice(code="not_compressed", message="named .gz, but the content is not gzip"),)
    return raw, named if path.lower().endswith(".gz") else ()


def gunzip(raw: bytes, limit: int) -> tuple[bytes, Notices]:
    """Decompress one layer of gzip, one or more members; at most ``limit`` bytes come out."""
    parts: list[bytes] = []
    left = limit + 1
    notices: Notices = ()
    while raw:
        engine = zlib.decompressobj(wbits=31)
        try:
            part = engine.decompress(raw, left)
        except zlib.error as error:
            raise SourceError(f"broken gzip: {error}", code="decode_error") from error
        parts.append(part)
        left -= len(part)
        if left <= 0:
            raise too_large(limit)
        if not engine.eof:
            raise SourceError("the gzip stream ends early", code="decode_error")
        raw = engine.unused_data
        if raw and raw[:2] != GZIP:
            if raw.strip(b"\0"):
                message = f"{len(raw)} bytes after the end of the gzip stream were left out"
                notices = (Notice(code="trailing_bytes", message=message),)
            break
    return b"".join(parts), notices


def _take(file: BinaryIO, size: int, limit: int) -> bytes:
    """Read until ``size``, then on in blocks in case the file grew, up to ``limit`` + 1."""
    parts: list[bytes] = []
    left = limit + 1
    while left > 0:
        part = file.read(min(left, max(size, BLOCK)))
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def too_large(limit: int) -> SourceError:
    """The error for what is larger than a page may be."""
    return SourceError(
        f"holds more than {limit:,} bytes, the limit for one page",
        code="too_large",
        hint="raise the setting max_bytes",
    )


def _says(error: OSError) -> str:
    return (error.strerror or str(error)).lower() if error.errno else shown(str(error))
