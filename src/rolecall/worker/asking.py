"""Engines as a worker uses them: opened when they are first needed, spoken to by schema."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from rolecall.core import Reason
from rolecall.drive.connect import connected, for_schema
from rolecall.drive.engines import Engines
from rolecall.drive.pages import finish_record
from rolecall.errors import Error
from rolecall.pipeline import Pipeline, Stages, Waiting, reason_of
from rolecall.record import failed_record
from rolecall.settings import Settings

KEPT: Final = 16
"""Schemas for which the way to ask is kept."""

AGAIN: Final = 15.0
"""Seconds before engines that could not be opened are tried again."""

_log = logging.getLogger(__name__)


class Room:
    """How many pages engines are asked about at once: a bound that may change meanwhile."""

    def __init__(self, limit: int) -> None:
        self.limit, self.inside = limit, 0
        self._line: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """A place for one page, in the order in which they ask."""
        if self.inside >= self.limit or self._line:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._line.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter.done() and not waiter.cancelled():
                    self._leave()
                else:
                    self._line.remove(waiter)
                raise
        else:
            self.inside += 1
        try:
            yield
        finally:
            self._leave()

    def set(self, limit: int) -> None:
        """Change the bound; whoever is inside stays."""
        self.limit = max(1, limit)
        self._let_in()

    def _leave(self) -> None:
        self.inside -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._line and self.inside < self.limit:
            waiter = self._line.popleft()
            if not waiter.done():
                self.inside += 1
                waiter.set_result(None)


class Asking:
    """The engines of a worker; an async context manager in one event loop.

    They are opened once for all schemas, and share their connections and the budget.
    """

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings, self._environ = settings, environ
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._failed: tuple[float, Error] | None = None
        self._engines: Engines | None = None
        self._by_schema: OrderedDict[str | None, tuple[Pipeline, Engines]] = OrderedDict()
        self.room = Room(1)
        self.trouble = ""
        """Why no engine can be asked, if so."""

    async def __aenter__(self) -> Asking:
        """Nothing is opened yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the engines."""
        await self._stack.aclose()

    @property
    def engines(self) -> Engines | None:
        """The engines, once they are open."""
        return self._engines

    async def open(self) -> Engines:
        """The engines; raises `Error` where none answers, without a new try for some seconds."""
        async with self._opening:
            if self._engines is not None:
                return self._engines
            if self._failed is not None and time.monotonic() < self._failed[0]:
                raise self._failed[1]
            try:
                opened = connected(self._settings, self._environ)
                self._engines = await self._stack.enter_async_context(opened)
            except Error as error:
                self._failed = time.monotonic() + AGAIN, error
                if not self.trouble:
                    _log.error("engines cannot be used: %s", error)
                self.trouble = str(error)
                raise
            self._failed, self.trouble = None, ""
            self.room.set(self._engines.concurrency)
            for notice in self._engines.notices:
                _log.info("%s", notice.message)
            return self._engines

    async def finish(
        self, waiting: Waiting, pipeline: Pipeline, schema: str | None
    ) -> dict[str, Any]:
        """The record of a page that waited for engines; ``pipeline`` is that of ``schema``."""
        try:
            engines = await self._speaking(pipeline, schema)
        except Error as error:
            return _failed(waiting, reason_of(error, "ask"), pipeline)
        return await finish_record(waiting, pipeline, engines)

    async def _speaking(self, pipeline: Pipeline, schema: str | None) -> Engines:
        base = await self.open()
        known = self._by_schema.get(schema)
        if known is None or known[0] is not pipeline:
            known = (
                pipeline,
                await for_schema(base, self._settings, self._environ, pipeline.schema),
            )
            self._by_schema[schema] = known
            while len(self._by_schema) > KEPT:
                self._by_schema.popitem(last=False)
        self._by_schema.move_to_end(schema)
        return known[1]


def _failed(waiting: Waiting, reason: Reason, pipeline: Pipeline) -> dict[str, Any]:
    record = failed_record(
        reason,
        locator=waiting.source.locator,
        seq=waiting.seq,
        config=pipeline.config,
        source=waiting.source,
        seconds=Stages(seconds=dict(waiting.seconds)).rounded(),
    )
    if pipeline.settings.with_text:
        record["text"] = None
    return record
