"""Bench files: what ``rolecall bench --out`` writes, and others read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import orjson

from rolecall.errors import UsageError
from rolecall.evaluate.files import read_json, refuse_existing, write_whole
from rolecall.evaluate.load.nouns import VERSION, Bench

_HINT: Final = "write one: rolecall bench --out FILE"


def plain(bench: Bench) -> dict[str, Any]:
    """``bench`` as plain data."""
    found: dict[str, Any] = msgspec.to_builtins(bench)
    return found


def write_bench(bench: Bench, path: Path, *, force: bool) -> None:
    """Write ``bench`` to ``path``, whole or not at all.

    Raises:
        UsageError: there is such a file and not ``force``, or it cannot be written.
    """
    refuse_existing(path, force=force)
    write_whole(path, orjson.dumps(plain(bench), option=orjson.OPT_INDENT_2) + b"\n")


def read_bench(path: Path | str) -> Bench:
    """The run that a bench file holds.

    Raises:
        UsageError: the file cannot be read, is no bench file, or one of a later version.
    """
    return read_traced(Path(path))[0]


def read_traced(path: Path) -> tuple[Bench, str]:
    """As `read_bench`, with the file's fingerprint."""
    data, fingerprint = read_json(path, _HINT)
    if "points" not in data:
        raise UsageError(f"{path} is no bench file", hint=_HINT)
    if data.get("version") != VERSION:
        raise UsageError(
            f"{path} has version {data.get('version')!r}, and {VERSION} is read here",
            hint="measure anew, or use the rolecall that wrote it",
        )
    try:
        return msgspec.convert(data, Bench), fingerprint
    except msgspec.ValidationError as error:
        raise UsageError(f"{path} is no bench file: {error}", hint=_HINT) from error
