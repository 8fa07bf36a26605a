"""Pages that are named by their address: on the command line, in a list, in lines of JSON.

Such an input has its address as locator and no bytes yet; `rolecall.inputs.fetched` adds them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from rolecall.errors import SourceError, UsageError
from rolecall.inputs.columns import Columns
from rolecall.inputs.files import open_regular
from rolecall.inputs.lines import blocks, lines
from rolecall.inputs.nouns import Entries, Input, failed
from rolecall.inputs.unpacked import DAMAGE, plain, says
from rolecall.remote.names import is_web

LONGEST: Final = 1 << 16
"""Bytes of a line in a list of addresses."""

COMMENT: Final = b"#"


def away(url: str) -> Input:
    """The input that is to be fetched from ``url``."""
    return Input(0, url, url=url, wanted=url)


def addressed(entry: Input, columns: Columns) -> Input:
    """The input; a line of JSON that has an address and no page becomes one to be fetched."""
    if not entry.json or entry.fault is not None or entry.line is None:
        return entry
    try:
        told = json.loads(entry.line)
    except (ValueError, RecursionError):
        return entry  # whoever reads it says what is wrong with it
    if not isinstance(told, dict):
        return entry
    if any(isinstance(told.get(one), str) for one in (columns.html, columns.text)):
        return entry
    url = told.get(columns.url)
    if not isinstance(url, str) or not url.strip():
        return entry
    return replace(away(url.strip()), seq=entry.seq)


def from_list(path: str, stdin: str) -> Entries:
    """The addresses in a text file, one on a line; blank lines and ``#`` comments are left out.

    ``path`` may be ``stdin``, the name of standard input.
    """
    number = 0
    try:
        descriptor = 0 if path == stdin else open_regular(path)
    except SourceError as error:
        yield failed(path, error.code, str(error))
        return
    try:
        for line in lines(plain(blocks(descriptor)), LONGEST):
            if line is None:
                yield None
                continue
            number = line.number
            if line.content is None:
                text = f"line {number} is longer than {LONGEST:,} bytes"
                yield failed(f"{path}:{number}", "unreadable", text)
            elif not line.content.startswith(COMMENT):
                yield away(line.content.decode("utf-8", "surrogateescape"))
    except DAMAGE as error:
        text = f"reading stopped before line {number + 1}: {says(error)}"
        yield failed(f"{path}:{number + 1}", "decode_error", text)
    finally:
        if path != stdin:
            os.close(descriptor)


def refuse_addresses(paths: Iterable[str], what: str) -> None:
    """Raise `UsageError` if any of ``paths`` is an address: ``what`` does not fetch."""
    if any(map(is_web, paths)):
        raise UsageError(
            f"{what} does not fetch addresses",
            hint="save the pages first; rolecall extract --fetch makes records of them",
        )
