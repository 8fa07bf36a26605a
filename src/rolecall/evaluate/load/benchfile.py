"""Bench files: what ``rolecall bench --out`` writes, and others read."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import orjson

from rolecall.errors import UsageError
from rolecall.evaluate.load.nouns import VERSION, Bench

LARGEST = 100_000_000
"""Bytes of a file that is read; a long sweep takes some twenty thousand."""


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
    text = orjson.dumps(plain(bench), option=orjson.OPT_INDENT_2) + b"\n"
    write_whole(path, text)


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise `UsageError` where ``path`` exists, or its folder does not, before anything is done."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="name a file")
    if path.exists() and not force:
        raise UsageError(f"{path} exists", hint="add --force to replace it, or name another file")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", hint="make it first")


def write_whole(path: Path, text: bytes) -> None:
    """Write ``text`` to ``path`` by way of a file beside it; raises `UsageError`."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(name)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UsageError:
    told = (error.strerror or str(error)).lower()
    return UsageError(f"cannot write {path}: {told}", hint="name a file that can be written")


def read_bench(path: Path | str) -> Bench:
    """The run that a bench file holds.

    Raises:
        UsageError: the file cannot be read, is no bench file, or one of a later version.
    """
    path = Path(path)
    hint = "write one: rolecall bench --out FILE"
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(
                f"{path} is larger than {LARGEST:,} bytes, so no bench file", hint=hint
            )
        if not path.is_file():
            raise UsageError(f"{path} cannot be read: it is no file", hint=hint)
        text = path.read_bytes()
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {(error.strerror or '').lower()}", hint=hint
        ) from error
    try:
        data = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is no bench file: {error}", hint=hint) from error
    if not isinstance(data, dict) or "points" not in data:
        raise UsageError(f"{path} is no bench file", hint=hint)
    if data.get("version") != VERSION:
        raise UsageError(
            f"{path} has version {data.get('version')!r}, and {VERSION} is read here",
            hint="measure anew, or use the rolecall that wrote it",
        )
    try:
        return msgspec.convert(data, Bench)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path} is no bench file: {error}", hint=hint) from error
