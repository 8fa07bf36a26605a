"""The worker inside the server: pages at once, and the tasks of the queue."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from rolecall.core import Source
from rolecall.worker.nouns import Drained
from rolecall.worker.work import Worker


class AtWork:
    """An extractor that is a worker. Its methods are for the server's loop."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def start(self) -> None:
        """Begin; raises `Error` where the settings or the installation do not allow any work."""
        await asyncio.to_thread(self._worker.start)

    async def stop(self, grace: float) -> Drained:
        """Finish what is under way within ``grace`` seconds, put the rest back, and end."""
        return await asyncio.to_thread(self._worker.stop, grace)

    async def extract(
        self, source: Source, schema: str | Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """The record of a page, read before those of the queue."""
        return await self._worker.extract(source, schema=schema)

    def wake(self) -> None:
        """Something was handed in or cancelled just now."""
        self._worker.wake()

    def trouble(self) -> str | None:
        """Why it cannot work at the moment, without what is the operator's business."""
        state = self._worker.state
        if state.phase != "working":
            return f"the worker is {state.phase}"
        if state.storage:
            return "the worker cannot use the database"
        return "the worker has no process to read pages" if state.processes else None
