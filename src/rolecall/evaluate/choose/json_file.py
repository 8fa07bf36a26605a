"""JSON files of other commands, read with care: what is not there is ``None``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from rolecall.errors import UsageError

LARGEST: Final = 64 * 2**20


def read_json(path: Path, hint: str) -> tuple[dict[str, Any], str]:
    """A JSON object and the start of its file's SHA-256; raises `UsageError` with ``hint``."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is larger than {LARGEST:,} bytes", hint=hint)
        if not path.is_file():
            raise UsageError(f"{path} cannot be read: it is no file", hint=hint)
        body = path.read_bytes()
        value = orjson.loads(body)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint=hint) from error
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is no JSON: {error}", hint=hint) from error
    if not isinstance(value, dict):
        raise UsageError(f"{path} is no JSON object", hint=hint)
    return value, hashlib.sha256(body).hexdigest()[:16]


def number(table: Mapping[str, Any] | None, *keys: str) -> float | None:
    """A finite number in ``table`` under ``keys``, else ``None``."""
    value: Any = table
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e15 else None
