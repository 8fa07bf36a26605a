"""The servers that run now, as ``rolecall up`` writes them down, and whether that has changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from rolecall.errors import SettingsError

STATE_FILE: Final = "engines.json"

AWAITED: Final = "awaited_until"
"""Key of an entry whose server is not there now and is expected back: seconds since 1970.

Until then calls wait for it; after that they are made, and fail where it is not there.
"""

Signature = tuple[int, int, int] | None
"""What tells one writing of the file from another; ``None`` where there is no file."""


def state_file(environ: Mapping[str, str]) -> Path:
    """Where the running servers are written down.

    ``$XDG_STATE_HOME/rolecall/engines.json``; a relative path there is ignored, as the XDG
    specification asks, and then ``~/.local/state`` takes its place.
    """
    base = environ.get("XDG_STATE_HOME") or ""
    home = Path(environ.get("HOME") or "~").expanduser()
    folder = Path(base) if base.startswith("/") else home / ".local" / "state"
    return folder / "rolecall" / STATE_FILE


def running(environ: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """The servers that run now: name -> its ``[engines.NAME]`` table, from the state file.

    Raises:
        SettingsError: the file is there and is not such a mapping.
    """
    entries = read_entries(state_file(environ))
    return {
        name: {key: value for key, value in one.items() if key != AWAITED}
        for name, one in entries.items()
    }


def awaited(environ: Mapping[str, str]) -> Mapping[str, float]:
    """Servers that are expected back: name -> until when they are waited for, see `AWAITED`.

    Raises:
        SettingsError: as `running`.
    """
    entries = read_entries(state_file(environ))
    return {name: until for name, one in entries.items() if (until := until_of(one))}


def read_entries(path: Path) -> dict[str, dict[str, Any]]:
    """All that the file holds, by the name of the server; see `running` for what is raised."""
    try:
        data = orjson.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, orjson.JSONDecodeError) as error:
        raise SettingsError(f"{path} cannot be used: {error}", hint="remove it") from error
    if not isinstance(data, dict) or not all(isinstance(one, dict) for one in data.values()):
        raise SettingsError(f"{path} does not map names to tables", hint="remove it")
    return data


def until_of(entry: Mapping[str, Any]) -> float:
    """Until when the server of an entry is waited for; 0 where it is there."""
    value = entry.get(AWAITED)
    return float(value) if isinstance(value, int | float) else 0.0


def signature(path: Path) -> Signature:
    """What a cheap look at the file tells: its time, its number and its size."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
