"""A file that ``rolecall bench`` wrote, as figures of a candidate."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from rolecall.errors import UsageError

LARGEST: Final = 64 * 2**20
_HINT: Final = "name a file that rolecall bench --out wrote"


def read_json(path: Path, hint: str) -> tuple[dict[str, Any], str]:
    """A JSON object and the start of its file's SHA-256; raises `UsageError` with ``hint``."""
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path} is larger than {LARGEST:,} bytes", hint=hint)
        body = path.read_bytes()
        value = orjson.loads(body)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", hint=hint) from error
    except orjson.JSONDecodeError as error:
        raise UsageError(f"{path} is no JSON: {error}", hint=hint) from error
    if not isinstance(value, dict):
        raise UsageError(f"{path} is no JSON object", hint=hint)
    return value, hashlib.sha256(body).hexdigest()[:16]


class BenchFile:
    """What a bench measured, read with care: a figure that is not there is ``None``."""

    def __init__(self, value: Mapping[str, Any], fingerprint: str, path: str) -> None:
        points = value.get("points")
        if not isinstance(points, list) or not all(isinstance(one, dict) for one in points):
            raise UsageError(f"{path} is no bench: it has no points", hint=_HINT)
        if value.get("version") != 1:
            told = f"{path} is of version {value.get('version')!a}; this one reads version 1"
            raise UsageError(told, hint="make it again with rolecall bench")
        self.value, self.fingerprint, self.path = value, fingerprint, path
        self.points: Sequence[Mapping[str, Any]] = points

    @classmethod
    def read(cls, path: Path, told: str = "") -> BenchFile:
        """The file at ``path``; messages and traces call it ``told``."""
        value, fingerprint = read_json(path, _HINT)
        return cls(value, fingerprint, told or str(path))

    def text(self, key: str) -> str:
        """A text at the top of the file; empty where it is not there."""
        value = self.value.get(key)
        return value if isinstance(value, str) else ""

    @property
    def fastest(self) -> Mapping[str, Any] | None:
        """The point with the most postings a minute."""
        there = [one for one in self.points if number(one, "postings_per_min") is not None]
        return max(there, key=lambda one: number(one, "postings_per_min") or 0.0, default=None)

    @property
    def alone(self) -> Mapping[str, Any] | None:
        """The point at which one request was open at a time."""
        return next((one for one in self.points if one.get("concurrency") == 1), None)

    def at_least(self, concurrency: int) -> Mapping[str, Any] | None:
        """The point with the fewest requests open at a time that are at least ``concurrency``."""
        there = [
            (level, i)
            for i, one in enumerate(self.points)
            if (level := number(one, "concurrency")) is not None and level >= concurrency
        ]
        return self.points[min(there)[1]] if there else None

    @property
    def gpu_bytes(self) -> int | None:
        """GPU memory in use, over all GPUs that were seen; ``None`` where none was."""
        machine = self.value.get("machine")
        gpus = machine.get("gpus") if isinstance(machine, dict) else None
        used = [
            int(amount)
            for one in gpus or ()
            if isinstance(one, dict) and (amount := number(one, "used_bytes")) is not None
        ]
        return sum(used) if used else None


def number(point: Mapping[str, Any] | None, *keys: str) -> float | None:
    """A finite number in ``point`` under ``keys``, else ``None``."""
    value: Any = point
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e15 else None


def place(point: Mapping[str, Any]) -> str:
    """A point of the load, in words."""
    if (level := number(point, "concurrency")) is not None:
        return f"{level:g} at a time"
    rate = number(point, "rate")
    return f"{rate:g} a second" if rate is not None else "one load"
