"""WACZ files: WARC archives in a ZIP file.

Only the archives in its folder ``archive`` are read, in the order of their names. Nothing is
unpacked to the disk, so that names in it lead nowhere.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, BinaryIO

from rolecall.inputs.archive import archive
from rolecall.inputs.nouns import Input, Left, failed
from rolecall.inputs.unpacked import plain, says

MEMBER = re.compile(r"archive/[^/\\\0]+\.warc(?:\.gz|\.zst)?", re.IGNORECASE)
MOST_MEMBERS = 100_000
BLOCK = 1 << 18
ENCRYPTED = 1
BROKEN = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError,
          ValueError, UnicodeError)  # fmt: skip


def wacz(file: BinaryIO, locator: str, limit: int, left: Left) -> Iterator[Input]:
    """The pages of all archives in the file; locators are ``file.wacz#archive/name:N``."""
    try:
        with zipfile.ZipFile(file) as zipped:
            members = sorted(
                (one for one in zipped.infolist() if MEMBER.fullmatch(one.filename)),
                key=lambda one: one.filename,
            )
            if len(members) > MOST_MEMBERS:
                raise ValueError("has too many archives in it")
            if len({one.filename for one in members}) < len(members):
                raise ValueError("has two archives of one name")
            if not members:
                yield failed(locator, "decode_error", "has no archive/*.warc.gz in it")
            for member in members:
                yield from _member(zipped, member, f"{locator}#{member.filename}", limit, left)
    except BROKEN as error:
        yield failed(locator, "decode_error", f"cannot be read as WACZ: {says(error)}")


def _member(
    zipped: zipfile.ZipFile, member: zipfile.ZipInfo, locator: str, limit: int, left: Left
) -> Iterator[Input]:
    if member.flag_bits & ENCRYPTED:
        yield failed(locator, "decode_error", "is encrypted")
        return
    try:
        opened = zipped.open(member)
    except BROKEN as error:
        yield failed(locator, "decode_error", f"cannot be opened: {says(error)}")
        return
    with opened:
        yield from archive(plain(_blocks(opened)), locator, limit, left)


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of a member; whatever is wrong with them is an `OSError`."""
    try:
        while block := file.read(BLOCK):
            yield block
    except BROKEN as error:
        raise OSError(says(error)) from error
