"""Having clients wait for a server that is expected back, for as long as its keeper lives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from rolecall.engines.state import AWAITED
from rolecall.launch.folder import Folder, announce

AHEAD_SECONDS: Final = 30.0
"""How far ahead clients are told to wait; renewed in time, so that they do not wait for a keeper
that was killed."""


class Awaited:
    """Says in the state file that a server is expected, again and again until `over`."""

    def __init__(self, folder: Folder, now: Callable[[], float]) -> None:
        self._folder, self._now = folder, now
        self._saying: asyncio.Task[None] | None = None

    def begin(self, table: Mapping[str, Any]) -> None:
        """Have clients wait from now on; ``table`` is the engine's as it was announced last."""
        self.over()
        self._say(table)
        self._saying = asyncio.get_running_loop().create_task(self._keep_saying(table))

    def over(self) -> None:
        """Say no more; the entry is whoever's turn it is to write."""
        if self._saying is not None:
            self._saying.cancel()
            self._saying = None

    def _say(self, table: Mapping[str, Any]) -> None:
        until = self._now() + AHEAD_SECONDS
        with contextlib.suppress(OSError):  # a full disk must not end the start that is waited for
            announce(self._folder.base, self._folder.name, {**table, AWAITED: until})

    async def _keep_saying(self, table: Mapping[str, Any]) -> None:
        while True:
            await asyncio.sleep(AHEAD_SECONDS / 4)
            self._say(table)
