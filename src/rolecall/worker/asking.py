"""Engines as a worker uses them: opened when they are first needed, spoken to by schema."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from msgspec import Struct

from rolecall.core import Attempt, Reason
from rolecall.drive.connect import (
    USUAL,
    Terms,
    allowed_engines,
    connected,
    declared_engines,
    for_schema,
)
from rolecall.drive.engines import Engines, Stopped
from rolecall.drive.pages import finish_record
from rolecall.errors import Error
from rolecall.pipeline import Pipeline, Stages, Waiting, reason_of
from rolecall.record import attempt_told, failed_record
from rolecall.settings import Settings

KEPT: Final = 16
"""Schemas for which the way to ask is kept."""

AGAIN: Final = 15.0
"""Seconds before engines that could not be opened are tried again."""

MISSING: Final = 30.0
"""The same where others could be opened, or pages go without."""

ASK_SECONDS: Final = 1_800.0
"""The wall clock of a page once engines are asked about it: each call has its own, shorter one, but
a page may need many."""

WITHOUT: Final = 64
"""Pages at once where no engine is asked at all, as those of a champion that has none."""

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
                elif waiter in self._line:  # else whoever left just now has passed it over
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


class _Open(Struct, eq=False):
    """Engines that are open, what keeps them so, and how each schema is asked about; ``users`` are
    pages under way."""

    engines: Engines
    stack: AsyncExitStack
    by_schema: OrderedDict[str | None, tuple[Pipeline, Engines]]
    users: int = 0


class Asking:
    """The engines of a worker; an async context manager in one event loop.

    They are opened once for all schemas, and share their connections and the budget. Those that
    do not answer then are tried again every ``missing`` seconds. About one page they are asked for
    at most ``ask_seconds``. ``terms`` say how they are used.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        missing: float = MISSING,
        ask_seconds: float = ASK_SECONDS,
        terms: Terms = USUAL,
    ) -> None:
        self._settings, self._environ, self._every = settings, environ, missing
        self._ask_seconds, self._terms = ask_seconds, terms
        self._opening = asyncio.Lock()
        self._failed: tuple[float, Error] | None = None
        self._open: _Open | None = None
        self.room = Room(1)
        self.trouble = ""
        """Why no engine can be asked, if so."""

    async def __aenter__(self) -> Asking:
        """Nothing is opened yet."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the engines."""
        if self._open is not None:
            await self._open.stack.aclose()

    @property
    def engines(self) -> Engines | None:
        """The engines, once they are open."""
        return self._open.engines if self._open is not None else None

    async def finish(
        self,
        waiting: Waiting,
        pipeline: Pipeline,
        schema: str | None,
        *,
        seconds: float | None = None,
    ) -> dict[str, Any]:
        """The record of a page that waited for engines; ``pipeline`` is that of ``schema``.

        ``seconds`` is what this page may take, if it is less than others may."""
        most = min(self._ask_seconds, seconds if seconds is not None else self._ask_seconds)
        made: list[Attempt] = []
        try:
            async with asyncio.timeout(most):
                return await self._finished(waiting, pipeline, schema, made)
        except TimeoutError:
            message = f"engines took longer than {most:g} seconds"
            reason = Reason(code="timeout", stage="ask", message=message, retryable=True)
            return _failed(waiting, reason, pipeline, made)

    async def _finished(
        self, waiting: Waiting, pipeline: Pipeline, schema: str | None, made: list[Attempt]
    ) -> dict[str, Any]:
        try:
            opened = await self.open()
        except Error as error:
            return _failed(waiting, reason_of(error, "ask"), pipeline)
        opened.users += 1
        try:
            engines = await self._speaking(opened, pipeline, schema)
            return await finish_record(waiting, pipeline, engines, made)
        except Error as error:
            return _failed(waiting, reason_of(error, "ask"), pipeline)
        finally:
            opened.users -= 1
            if opened is not self._open and not opened.users:
                await opened.stack.aclose()

    async def open(self) -> _Open:
        """The engines; raises `Error` where none answers, without a new try for some seconds."""
        async with self._opening:
            if self._open is not None:
                return self._open
            if self._failed is not None and time.monotonic() < self._failed[0]:
                raise self._failed[1]
            try:
                self._use(await self._connected())
            except Error as error:
                self._failed = time.monotonic() + AGAIN, error
                if not self.trouble:
                    _log.error("engines cannot be used: %s", error)
                self.trouble = str(error)
                raise
            assert self._open is not None
            return self._open

    async def watch(self) -> None:
        """Try again and again to open the engines that did not answer, until this is cancelled.

        A server may take minutes to load its model, longer than it takes until the first page.
        """
        while True:
            await asyncio.sleep(self._every)
            if self._open is None or not self._missing(self._open.engines):
                continue
            async with self._opening:
                try:
                    found = await self._connected()
                except Error as error:
                    _log.debug("engines cannot be used: %s", error)
                    continue
                if _alive(found.engines) > _alive(self._open.engines):
                    self._use(found)
                else:
                    await found.stack.aclose()

    async def forget_stopped(self) -> None:
        """Close engines that were not even connected to, as a cap of the budget was met; the next
        page opens them anew."""
        opened = self._open
        if opened is None or opened.users:
            return
        if any(isinstance(one, Stopped) for one in opened.engines.engines.values()):
            self._open = None
            await opened.stack.aclose()

    def _missing(self, engines: Engines) -> bool:
        declared = allowed_engines(
            declared_engines(self._settings, self._environ), self._settings, []
        )
        return any(
            one.name not in engines.engines or isinstance(engines.engines[one.name], Stopped)
            for one in declared
        )

    async def _connected(self) -> _Open:
        stack = AsyncExitStack()
        opened = connected(self._settings, self._environ, terms=self._terms)
        return _Open(await stack.enter_async_context(opened), stack, OrderedDict())

    def _use(self, found: _Open) -> None:
        """Ask these engines from now on; those before are closed by the last page that has them."""
        before, self._open = self._open, found
        self._failed, self.trouble = None, ""
        self.room.set(found.engines.concurrency or WITHOUT)
        for notice in found.engines.notices:
            _log.warning("%s", notice.message)
        if before is not None and not before.users:
            self._closing = asyncio.ensure_future(before.stack.aclose())

    async def _speaking(self, opened: _Open, pipeline: Pipeline, schema: str | None) -> Engines:
        known = opened.by_schema.get(schema)
        if known is None or known[0] is not pipeline:
            told = self._settings, self._environ, pipeline.schema
            known = pipeline, await for_schema(opened.engines, *told)
            opened.by_schema[schema] = known
            while len(opened.by_schema) > KEPT:
                opened.by_schema.popitem(last=False)
        opened.by_schema.move_to_end(schema)
        return known[1]


def _alive(engines: Engines) -> int:
    """Engines that are connected to: no cap of the budget kept them from it."""
    return sum(not isinstance(one, Stopped) for one in engines.engines.values())


def no_room(waiting: Waiting, pipeline: Pipeline) -> dict[str, Any]:
    """The record of a page that has waited too long for engines that have too much to do."""
    told = "the engines have had no room for the page"
    reason = Reason(code="engine_unavailable", stage="ask", message=told, retryable=True)
    return _failed(waiting, reason, pipeline)


def _failed(
    waiting: Waiting, reason: Reason, pipeline: Pipeline, made: Sequence[Attempt] = ()
) -> dict[str, Any]:
    record = failed_record(
        reason,
        locator=waiting.source.locator,
        seq=waiting.seq,
        config=pipeline.config,
        source=waiting.source,
        seconds=Stages(seconds=dict(waiting.seconds)).rounded(),
    )
    record["attempts"] = [attempt_told(one) for one in made]
    if pipeline.settings.with_text:
        record["text"] = None
    return record
