"""The whole pipeline as the target of a load: pages read in processes, engines asked from here."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import replace
from typing import Any

from rolecall.core import Completion, Prompt, Source, Usage
from rolecall.drive.connect import help_of
from rolecall.drive.engines import Engines
from rolecall.drive.pages import finish_record
from rolecall.engines.protocol import Engine
from rolecall.evaluate.load.nouns import Sent, ServerLoad
from rolecall.evaluate.load.prompts import marked
from rolecall.evaluate.load.targets import GRACE, Items, load_of
from rolecall.pipeline import Pipeline, Waiting, extract_record, hear_record, prepare, warm
from rolecall.settings import Settings


class Unrepeated:
    """An engine that marks each prompt with ``mark`` and how often it came, so that none is sent
    twice."""

    def __init__(self, engine: Engine, mark: str) -> None:
        self.engine, self.info, self._mark = engine, engine.info, mark
        self.tries = getattr(engine, "tries", 4)
        self._seen: dict[int, int] = {}

    async def count_tokens(self, prompt: Prompt) -> int | None:
        """The count of the engine."""
        return await self.engine.count_tokens(prompt)

    async def complete(self, prompt: Prompt) -> Completion:
        """The answer of the engine."""
        key = hash(prompt.messages)
        turn = self._seen[key] = self._seen.get(key, -1) + 1
        return await self.engine.complete(marked(prompt, f"{self._mark}.{turn}"))


_pipeline: Pipeline | None = None
"""Of a process that reads pages."""


def _start(settings: Settings) -> None:
    """Make a process ready to read pages; Ctrl-C is for the process that started it."""
    global _pipeline
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _pipeline = prepare(settings)
    warm(_pipeline)


def _read(source: Source, number: int, asks: bool) -> Waiting | dict[str, Any]:
    """Read one page, up to where engines are asked."""
    assert _pipeline is not None
    if not asks:
        return extract_record(source, number, _pipeline)
    return hear_record(source, number, _pipeline, help_of(_pipeline.settings, _pipeline.schema))


class PipelineTarget:
    """Whole pages, read in ``workers`` processes; what is missing is asked of engines, if any.

    A context manager: the processes end with it.
    """

    postings = 1.0

    def __init__(
        self,
        engines: Engines,
        pipeline: Pipeline,
        sources: Sequence[Source],
        *,
        workers: int,
        seed: int,
        seconds: float,
    ) -> None:
        self.engines, self._pipeline, self._sources = engines, pipeline, sources
        self.no_postings: set[int] = set()  # pages, by their place, that are none
        self.paid = any(one.info.price is not None for one in engines.engines.values())
        why = "whole pages were measured"
        self.reasons = dict.fromkeys(("ttft_ms", "tpot_ms", "itl_ms", "schema_valid"), why)
        if not engines.engines:
            self.reasons |= {"tokens": "no engine was asked", "server": "no engine was asked"}
        self._items, self._seconds, self._clock = Items(len(sources), seed), seconds, time.monotonic
        self._pool = ProcessPoolExecutor(
            workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(replace(pipeline.settings.bare(), engines={}),),
        )

    def close(self) -> None:
        """End the processes."""
        processes = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:  # one may be amid a page, which nobody waits for any more
            process.terminate()

    async def send(self, number: int) -> Sent:
        """Read one page to its record."""
        _, index = self._items.at(number)
        sent = self._clock()
        try:
            async with asyncio.timeout(self._seconds + GRACE):
                record = await self._record(self._sources[index], number)
        except TimeoutError:
            return Sent(number=number, sent=sent, ended=self._clock(), failure="timeout")
        except BrokenExecutor:
            return Sent(number=number, sent=sent, ended=self._clock(), failure="worker_died")
        if record["outcome"] not in ("ok", "partial", "failed"):
            self.no_postings.add(index)
        return sent_of(record, number, sent, self._clock(), asks=bool(self.engines.engines))

    async def _record(self, source: Source, number: int) -> Mapping[str, Any]:
        asks = bool(self.engines.engines)
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._pool, _read, source, number, asks)
        if isinstance(found, Waiting):
            return await finish_record(found, self._pipeline, self.engines)
        return found

    async def server_load(self) -> ServerLoad | None:
        """The load that a vLLM tells, where there is one engine."""
        engines = list(self.engines.engines.values())
        if len(engines) != 1:
            return None
        return await load_of(getattr(engines[0], "engine", engines[0]))


def sent_of(
    record: Mapping[str, Any], number: int, sent: float, ended: float, *, asks: bool
) -> Sent:
    """A page's record as what was sent for it; ``asks`` says that there are engines to ask."""
    attempts = record.get("attempts") or ()
    usages = [one.get("usage") or {} for one in attempts]
    reason = record.get("reason") or {}
    failed = record["outcome"] == "failed"
    usage = Usage(
        input_tokens=sum(one.get("input_tokens", 0) for one in usages),
        cached_tokens=sum(one.get("cached_tokens", 0) for one in usages),
        output_tokens=sum(one.get("output_tokens", 0) for one in usages),
    )
    return Sent(
        number=number,
        sent=sent,
        ended=ended,
        failure=reason.get("code", "failed") if failed else "",
        usage=usage,
        counted=usage != Usage() or (asks and not attempts),
        truncated=any(one.get("result") == "length" for one in attempts) if attempts else None,
        cost_usd=sum(one.get("cost_usd", 0.0) for one in attempts),
    )
