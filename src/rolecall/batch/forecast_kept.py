"""Forecasts in the user's state folder, so that a run finds the one that was made for it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import orjson

from rolecall.batch.forecast import VERSION, Forecast
from rolecall.engines.state import state_file

MOST: Final = 50
"""Forecasts that are kept; the oldest go first."""


def key_of(paths: Sequence[str], config: str, *, with_text: bool) -> str:
    """What a forecast is kept under: the inputs by their places, and the configuration."""
    places = [os.path.abspath(path) for path in paths]
    told = orjson.dumps([config, with_text, [os.fsencode(one).hex() for one in places]])
    return hashlib.sha256(told).hexdigest()[:24]


def folder(environ: Mapping[str, str]) -> Path:
    """Where forecasts lie: beside the state of running servers."""
    return state_file(environ).parent / "forecasts"


def keep(forecast: Forecast, environ: Mapping[str, str]) -> None:
    """Keep it, in the place of an earlier one for the same; raises `OSError`."""
    place = folder(environ)
    place.mkdir(parents=True, exist_ok=True)
    beside = place / f".{forecast.key}.{os.getpid()}"
    beside.write_bytes(msgspec.json.encode(forecast))
    os.replace(beside, place / f"{forecast.key}.json")
    kept = sorted(place.glob("*.json"), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in kept[MOST:]:
        with contextlib.suppress(OSError):
            old.unlink()


def find(key: str, environ: Mapping[str, str]) -> Forecast | None:
    """The forecast that was kept under ``key``; ``None`` where there is none that can be read."""
    try:
        body = (folder(environ) / f"{key}.json").read_bytes()
        found = msgspec.json.decode(body, type=Forecast)
    except (OSError, ValueError, msgspec.DecodeError):
        return None
    return found if found.version == VERSION else None
