"""Files of JSON Lines -> their values, with the place of what cannot be read."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from rolecall.errors import SourceError, UsageError
from rolecall.inputs.files import open_regular, shown
from rolecall.inputs.lines import blocks, lines
from rolecall.inputs.unpacked import plain

LONGEST: Final = 100_000_000
"""Bytes of one line: a page that is written into it, with all its escapes."""


def json_lines(path: Path, *, of: str, made_by: str) -> Iterator[tuple[str, int, Any]]:
    """The place (``file:line``), the number and the value of every line that is not blank.

    Gzip and a byte order mark are read. ``of`` says what the lines are, ``made_by`` where such
    files come from, for hints. Raises `UsageError` for a file or a line that cannot be read.
    """
    import orjson

    try:
        descriptor = open_regular(str(path))
    except SourceError as error:
        raise UsageError(f"cannot read {shown(str(path))}: {error}", hint=made_by) from None
    number, name = 0, shown(str(path))
    try:
        for line in lines(plain(blocks(descriptor)), LONGEST):
            if line is None:
                continue
            number = line.number
            where = f"{name}:{number}"
            if line.content is None:
                raise UsageError(f"{where}: longer than {LONGEST:,} bytes", hint=made_by)
            try:
                yield where, number, orjson.loads(line.content)
            except orjson.JSONDecodeError as error:
                raise UsageError(
                    f"{where}: this is no JSON: {error}",
                    hint=f"{of} are JSON Lines, one object on each line: {made_by}",
                ) from None
    except (OSError, EOFError, zlib.error) as error:
        told = str(getattr(error, "strerror", None) or error).lower()
        raise UsageError(
            f"{name}: reading stopped after line {number}: {told}", hint=made_by
        ) from None
    finally:
        os.close(descriptor)
