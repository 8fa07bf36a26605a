"""The servers that run now, as ``rolecall up`` writes them down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from rolecall.errors import SettingsError

STATE_FILE: Final = "engines.json"


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
    path = state_file(environ)
    try:
        data = orjson.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, orjson.JSONDecodeError) as error:
        raise SettingsError(f"{path} cannot be used: {error}", hint="remove it") from error
    if not isinstance(data, dict) or not all(isinstance(one, dict) for one in data.values()):
        raise SettingsError(f"{path} does not map names to tables", hint="remove it")
    return data
