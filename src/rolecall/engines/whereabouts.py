"""Where the server of an engine is, by the state file: looked at before each call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from rolecall.engines.protocol import EngineSettings
from rolecall.engines.settings import read_engine
from rolecall.engines.state import (
    AWAITED,
    STATE_FILE,
    Signature,
    read_entries,
    signature,
    until_of,
)
from rolecall.errors import SettingsError


def running_name(settings: EngineSettings, servers: Mapping[str, Mapping[str, Any]]) -> str:
    """The running server that an engine without an address is: the one that it names, else the one
    of its own name, else the only one; empty if there is none of these."""
    if settings.running:
        return settings.running
    if settings.name in servers:
        return settings.name
    return next(iter(servers)) if len(servers) == 1 else ""


def at_server(settings: EngineSettings, entry: Mapping[str, Any]) -> EngineSettings:
    """``settings`` with the address and the model of the server of ``entry``.

    A model, a window and the like that the user has written stay, unless ``running`` says that they
    were taken from the state file.

    Raises:
        SettingsError: the entry is no table of an engine.
    """
    name = settings.running or settings.name
    table = {key: value for key, value in entry.items() if key != AWAITED}
    found = read_engine(name, table, STATE_FILE)
    taken = settings.running
    local = found.local if settings.local is None else settings.local and found.local is not False
    return msgspec.structs.replace(
        settings,
        urls=found.urls,
        model=found.model if taken else settings.model or found.model,
        window=found.window if taken else settings.window or found.window,
        concurrency=settings.concurrency or found.concurrency,
        local=local,
        key_env=settings.key_env or found.key_env,
        key_file=settings.key_file or found.key_file,
    )


class There(Struct, frozen=True, kw_only=True):
    """Where a server is: the settings with its address and model, and when its key was written."""

    settings: EngineSettings
    key: Signature = None


class Whereabouts:
    """The place of the server ``name``, read anew when the state file has changed.

    ``place`` is where it is, ``None`` before it was ever written down; a server that is no longer
    written down, and a file that cannot be read, leave what is known. ``now`` tells seconds since
    1970.
    """

    def __init__(
        self, settings: EngineSettings, name: str, path: Path, now: Callable[[], float]
    ) -> None:
        self.settings, self.name, self.path, self._now = settings, name, path, now
        self.place: There | None = None
        self.fault: SettingsError | None = None
        self._until = 0.0
        self._seen: object = ()

    def look(self) -> None:
        """Read the file, if it is another one than at the last look; costs microseconds if not."""
        seen = signature(self.path)
        if seen == self._seen:
            return
        self._seen, self._until, self.fault = seen, 0.0, None
        try:
            entry = read_entries(self.path).get(self.name)
            if entry is None:
                return
            settings = at_server(self.settings, entry)
            key = signature(Path(settings.key_file).expanduser()) if settings.key_file else None
            self.place = There(settings=settings, key=key)
            self._until = until_of(entry)
        except SettingsError as error:
            self.fault = error

    @property
    def awaited(self) -> bool:
        """Whether no call should be made now, for the server is expected back."""
        return self._until > self._now()
