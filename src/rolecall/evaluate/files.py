"""Files that other commands read: JSON read with care, and files written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import orjson

from rolecall.errors import UsageError

LARGEST: Final = 100_000_000
"""Bytes of a file that is read; a long sweep of a bench takes some twenty thousand."""


DEEPEST: Final = 3
"""Levels below a folder in which runs and decision records are looked for."""
MOST_FOLDERS: Final = 3_000


def folders_below(base: Path) -> Iterator[tuple[Path, tuple[os.DirEntry[str], ...]]]:
    """``base`` and the folders below it, level by level and by name, each with what lies in it.

    Links to folders and hidden folders are not entered, nor those that cannot be read; after
    ``MOST_FOLDERS`` nothing more comes.
    """
    rows, seen = [(base, 0)], 0
    while rows and seen < MOST_FOLDERS:
        folder, depth = rows.pop(0)
        seen += 1
        try:
            with os.scandir(folder) as entries:
                inside = tuple(sorted(entries, key=lambda one: one.name))
        except OSError:
            continue
        yield folder, inside
        if depth < DEEPEST:
            rows += [
                (folder / one.name, depth + 1)
                for one in inside
                if one.is_dir(follow_symlinks=False) and not one.name.startswith(".")
            ]


def fingerprint(body: bytes) -> str:
    """The start of a file's SHA-256, by which a record names what it rests on."""
    return hashlib.sha256(body).hexdigest()[:16]


def read_json(path: Path, hint: str) -> tuple[dict[str, Any], str]:
    """A JSON object and its file's fingerprint; raises `UsageError` with ``hint``."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is larger than {LARGEST:,} bytes", hint=hint)
        if not path.is_file():  # a pipe would be waited for, and a device may have no end
            raise UsageError(f"{path} cannot be read: it is no file", hint=hint)
        body = path.read_bytes()
        value = orjson.loads(body)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {_told(error)}", hint=hint) from error
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is no JSON: {error}", hint=hint) from error
    if not isinstance(value, dict):
        raise UsageError(f"{path} is no JSON object", hint=hint)
    return value, fingerprint(body)


def number(table: Mapping[str, Any] | None, *keys: str) -> float | None:
    """A finite number in ``table`` under ``keys``, else ``None``."""
    value: Any = table
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e15 else None


def refuse_existing(path: Path, *, force: bool) -> None:
    """Raise `UsageError` where ``path`` exists, or its folder does not, before anything is done."""
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="name a file")
    if path.exists() and not force:
        raise UsageError(f"{path} exists", hint="add --force to replace it, or name another file")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", hint="make it first")


def write_whole(path: Path, body: bytes) -> None:
    """Write ``body`` to ``path`` by way of a file beside it, so that an old one is whole until
    the new one is; raises `UsageError`."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        with suppress(OSError):
            os.unlink(name)
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(
        f"cannot write {path}: {_told(error)}", hint="name a file that can be written"
    )


def _told(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
