"""One page to its record: a child process reads it, engines are asked where that is wanted."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from rolecall.batch.workers import Loss
from rolecall.core import Reason, Source
from rolecall.errors import Error
from rolecall.pipeline import Pipeline, Waiting
from rolecall.record import failed_record
from rolecall.worker.asking import Asking
from rolecall.worker.child import Order
from rolecall.worker.pipelines import Documents, Pipelines
from rolecall.worker.pool import Pool
from rolecall.worker.sides import Sides

GIVEN: Final = 64
"""Schemas that are remembered of those given with a page."""


class Schemas:
    """Documents of schemas by their hash: the queue's, and the last that came with a page."""

    def __init__(self, kept: Documents) -> None:
        self._kept = kept
        self._given: OrderedDict[str, Mapping[str, Any]] = OrderedDict()

    def give(self, key: str, document: Mapping[str, Any]) -> None:
        """Remember a schema that came with a page."""
        self._given[key] = document
        self._given.move_to_end(key)
        while len(self._given) > GIVEN:
            self._given.popitem(last=False)

    def __call__(self, key: str) -> Mapping[str, Any] | None:
        """The document; ``None`` where there is none."""
        found = self._given.get(key)
        return found if found is not None else self._kept(key)


class Reading:
    """Pages to records. ``asks`` says whether engines may be asked."""

    def __init__(self, pool: Pool, sides: Sides, pipelines: Pipelines, *, asks: bool) -> None:
        self.pool, self.sides, self.pipelines, self.asks = pool, sides, pipelines, asks

    @property
    def asking(self) -> Asking:
        """The engines that most pages are asked of."""
        return self.sides.main

    @asynccontextmanager
    async def record(
        self,
        order: Order,
        *,
        urgent: bool = False,
        began: Callable[[], None] = lambda: None,
        asked: Callable[[], None] = lambda: None,
    ) -> AsyncIterator[dict[str, Any]]:
        """The record of a page; never raises on account of the page. See `Pool.read`.

        ``began`` is called when a child takes the page, ``asked`` when it waits for engines. Its
        place among the pages that engines are asked about is its own until the block ends.
        """
        found = await self.pool.read(order, urgent=urgent, began=began)
        if isinstance(found, Loss):
            yield await self._lost(order, found)
        elif isinstance(found, Waiting):
            asked()
            pipeline = await self._pipeline(order.schema)
            async with self.sides.record(found, pipeline, order.schema) as record:
                yield record
        else:
            yield found

    async def _lost(self, order: Order, loss: Loss) -> dict[str, Any]:
        retryable = loss.code == "timeout"  # a busy machine may be to blame
        reason = Reason(code=loss.code, stage="extract", message=loss.message, retryable=retryable)
        return await self.failed(reason, order.source, order.seq, order.schema)

    async def failed(
        self, reason: Reason, source: Source, seq: int, schema: str | None
    ) -> dict[str, Any]:
        """The record of a page that failed outside of the pipeline."""
        pipeline = await self._pipeline(schema)
        record = failed_record(
            reason, locator=source.locator, seq=seq, config=pipeline.config, source=source
        )
        if pipeline.settings.with_text:
            record["text"] = None
        return record

    async def _pipeline(self, schema: str | None) -> Pipeline:
        """The pipeline of a schema; the usual one where that schema is not there any more."""
        try:
            return await asyncio.to_thread(self.pipelines.of, schema)
        except Error:
            return await asyncio.to_thread(self.pipelines.of, None)
