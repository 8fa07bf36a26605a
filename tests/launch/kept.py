"""A keeper with a program that behaves like vLLM, for tests: real processes and sockets."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from rolecall.engines.state import running
from rolecall.launch import guard
from rolecall.launch.folder import Folder, folder_of
from rolecall.launch.limits import Limits
from rolecall.launch.nouns import Progress
from rolecall.launch.recipe import Recipe
from rolecall.launch.supervise import Outside, Supervisor
from rolecall.launch.where import Installed
from rolecall.plan.nouns import Serving

FAKE = Path(__file__).parent / "fake_vllm.py"
QUICK = Limits(
    patience=20,
    every=0.05,
    misses=6,
    stuck=600,
    tries=3,
    first=0.02,
    longest=0.05,
    drain=5,
    step=0.02,
    linger=1,
)
SECONDS = 20.0


class Kept:
    """One keeper under test."""

    def __init__(self, folder: Path, **orders: Any) -> None:
        self.environ = dict(os.environ) | {
            "XDG_STATE_HOME": str(folder),
            "FAKE_VLLM": str(folder / "orders.json"),
        }
        self.orders_file = folder / "orders.json"
        self.order(**orders)
        self.folder: Folder = folder_of("small", self.environ)
        self.progress: list[Progress] = []
        self.said: list[str] = []
        self.supervisor: Supervisor

    def order(self, **orders: Any) -> None:
        """Tell the program how to behave from now on."""
        self.write(self.orders_file, **orders)

    def write(self, path: Path, **orders: Any) -> None:
        """Write orders into another file, for a program that is started with it."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(orders))
        fresh.replace(path)

    @property
    def tables(self) -> Mapping[str, Mapping[str, Any]]:
        """The engines in the state file."""
        return running(self.environ)

    def processes(self) -> list[int]:
        """All living processes of this server, the guards included."""
        return [
            number
            for entry in guard.entries_beginning(self.folder.mark)
            for number in guard.marked(entry)
        ]

    def make(self, *, port: int | None = None, limits: Limits = QUICK, **more: Any) -> Supervisor:
        """The keeper, not running yet."""
        installed = Installed(words=(sys.executable, "-IS", str(FAKE)), version="0.33.0")
        recipe = Recipe(
            model="/models/small", served="small", installed=installed, serving=Serving()
        )
        outside = Outside(environ=self.environ, tell=self.progress.append, say=self.said.append)
        self.supervisor = Supervisor(
            self.folder, replace(recipe, **more), outside, port=port, limits=limits
        )
        return self.supervisor

    @asynccontextmanager
    async def running(self, **more: Any) -> AsyncIterator[Supervisor]:
        """The keeper while it keeps a server that answers; asked to stop at the end."""
        supervisor = self.make(**more)
        task = asyncio.create_task(supervisor.run())
        try:
            await until(lambda: supervisor.served.is_set() or task.done())
            if task.done():
                await task
            yield supervisor
            supervisor.stop()
            await task
        finally:
            supervisor.stop()
            supervisor.stop()
            await asyncio.gather(task, return_exceptions=True)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until ``holds``; fails after a time that is far beyond what it should take."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        await asyncio.sleep(0.01)
