"""Bytes of a file: bounded and never blocking.

A path is opened without blocking and must be a regular file; no more than a page's limit is read.
What cannot be used raises `SourceError` with its code. Compressed pages are unpacked by ``page``.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from typing import BinaryIO, cast

from rolecall.errors import SourceError

BLOCK = 1 << 16
KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

UNREADABLE = re.compile("[\udc80-\udcff]")  # bytes of a name that are not UTF-8


def shown(name: str) -> str:
    """``name`` as it can be shown on a terminal: control characters and odd bytes escaped."""
    return UNPRINTABLE.sub(lambda match: ascii(match.group())[1:-1], name)


def told_apart(name: str) -> str:
    r"""``name``, unless it is not UTF-8 and a file has the very name that records would give it.

    They write its bytes as ``\xNN``, and one record is found by one name: so this one is told in
    a way that no file is called.
    """
    if not UNREADABLE.search(name):
        return name
    told = UNREADABLE.sub(lambda match: f"\\x{ord(match[0]) - 0xDC00:02x}", name)
    if not os.path.lexists(told):
        return name
    while os.path.lexists(told):
        told = told.replace("\\x", "\\\\x")
    return told


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


def read_bounded(path: str, limit: int) -> bytes:
    """The content of the file; one that holds more than ``limit`` bytes is refused unread."""
    descriptor = open_regular(path)
    try:
        with cast(BinaryIO, os.fdopen(descriptor, "rb", buffering=0)) as file:
            size = os.fstat(descriptor).st_size
            body = _take(file, size + 1, limit) if size <= limit else None
    except OSError as error:
        raise SourceError(_says(error)) from error
    if body is None or len(body) > limit:
        raise too_large(limit)
    return body


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
