"""Engines, asked for real: which answer, what they prove, generated postings through them.

Only engines on the user's own machines are asked, so that no check sends anything out or costs
anything, and kept answers are not used.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final

from msgspec import Struct

from rolecall.ask.tokens import qwen
from rolecall.core import Completion, EngineInfo, Prompt, Source
from rolecall.drive.connect import connected, help_of
from rolecall.drive.engines import Engines
from rolecall.drive.pages import finish_record
from rolecall.engines.protocol import Engine
from rolecall.errors import Error, UsageError
from rolecall.evaluate.verify.postings import LENGTHS, TYPICAL, Written, posting
from rolecall.pipeline import Pipeline, extract_record, hear_record, prepare
from rolecall.settings import Settings

AT_A_TIME: Final = 16
READY: Final = 128
"""So many postings are written before the clock starts; the others while it runs."""

FEWEST: Final = 2
"""So many postings are read one after the other, however long it takes."""


class Reading(Struct, frozen=True, kw_only=True):
    """A generated posting and the record that came of it."""

    wanted: int
    written: Written
    record: Mapping[str, Any]

    @property
    def right(self) -> bool:
        """Whether the record has the posting's title."""
        data = self.record.get("data") or {}
        return self.record.get("outcome") in ("ok", "partial") and (
            data.get("title") == self.written.title
        )


class Load(Struct, frozen=True, kw_only=True):
    """Generated postings through ``engine``, ``at_a_time``, for some seconds.

    ``gaps`` are the seconds between the end of a call and the start of the next one;
    ``asked_seconds`` the time inside calls. ``failure`` is the reason of the first that failed.
    """

    engine: str
    at_a_time: int
    seconds: float
    postings: int
    failed: int
    output_tokens: int
    asked_seconds: float
    gaps: tuple[float, ...]
    failure: str = ""

    @property
    def postings_per_min(self) -> float:
        """Postings that did not fail, by the minute."""
        return 60 * (self.postings - self.failed) / self.seconds if self.seconds else 0.0


class Live(Struct, frozen=True, kw_only=True):
    """All that was seen of the engines; ``reason`` says why there are none.

    ``swapped`` maps each engine to whether it answered a posting alone. ``optimisations`` are
    those of vLLM that could be looked for, and whether each is on.
    """

    engines: tuple[EngineInfo, ...] = ()
    reason: str = ""
    readings: tuple[Reading, ...] = ()
    alone: Load | None = None
    many: Load | None = None
    swapped: Mapping[str, bool] = {}
    optimisations: Mapping[str, bool] = {}

    @property
    def replayed(self) -> tuple[str, ...]:
        """The engines that only repeat what was recorded: they show nothing of a real one."""
        return tuple(one.name for one in self.engines if one.kind == "replay")


class Call(Struct, frozen=True):
    """One call of an engine: when it began and ended, and the tokens of its answer."""

    start: float
    end: float
    output_tokens: int


class Timed:
    """An engine whose calls are written down."""

    def __init__(self, engine: Engine, clock: Callable[[], float]) -> None:
        self.info = engine.info
        self._engine, self._clock = engine, clock
        self.calls: list[Call] = []

    async def count_tokens(self, prompt: Prompt) -> int | None:
        """The engine's count."""
        return await self._engine.count_tokens(prompt)

    async def complete(self, prompt: Prompt) -> Completion:
        """The engine's answer, timed."""
        start = self._clock()
        answer = await self._engine.complete(prompt)
        self.calls.append(Call(start, self._clock(), answer.usage.output_tokens))
        return answer


class Watch(Struct, frozen=True, kw_only=True):
    """How long a load lasts, which lengths are read, what the clock is, and who is told what is
    done now."""

    seconds: float = 10.0
    lengths: tuple[int, ...] = LENGTHS
    clock: Callable[[], float] = time.monotonic
    say: Callable[[str], None] = lambda message: None


def look(
    settings: Settings,
    environ: Mapping[str, str],
    watch: Watch,
    given: Mapping[str, Engine] | None = None,
) -> Live:
    """Connect to the engines of ``settings`` and try them; without any, the reader is tried.

    ``given`` are engines of the caller's own, used instead. Raises `UsageError` for settings that
    cannot be; an engine that does not answer is the ``reason`` of what is not seen.
    """
    own = replace(settings, policy="local-only", cloud_engine="", cache=False)
    try:
        return asyncio.run(_look(own, environ, watch, given))
    except UsageError:
        raise
    except Error as error:
        told = f"{error} ({error.hint})" if error.hint else str(error)
        alone = replace(own, engine="none")
        return Live(reason=told, readings=_read_alone(alone, watch))


async def _look(
    settings: Settings,
    environ: Mapping[str, str],
    watch: Watch,
    given: Mapping[str, Engine] | None,
) -> Live:
    watch.say("connecting to the engines")
    async with connected(settings, environ, given=given) as engines:
        if not engines.engines:
            reason = "; ".join(one.message for one in engines.notices) or "no engine is declared"
            return Live(
                reason=reason, readings=_read_alone(replace(settings, engine="none"), watch)
            )
        pipeline = prepare(settings)
        watch.say("reading generated postings of four lengths")
        readings = [await _reading(n, pipeline, engines) for n in watch.lengths]
        name, first = next(iter(engines.engines.items()))
        pushed = prepare(replace(settings, ask_below=1.0, ask_null_below=1.0))
        watch.say(f"postings through {name} one after the other, for {watch.seconds:g} s")
        alone = await _load(name, first, pushed, engines, Pace(1, watch))
        watch.say(f"{AT_A_TIME} postings at a time, for {watch.seconds:g} s")
        many = await _load(name, first, pushed, engines, Pace(AT_A_TIME, watch))
        swapped = {}
        if len(engines.engines) > 1:
            for other, engine in engines.engines.items():
                swapped[other] = await _answers(other, engine, pushed, engines)
        return Live(
            engines=tuple(replace(e.info, name=n) for n, e in engines.engines.items()),
            readings=tuple(readings),
            alone=alone,
            many=many,
            swapped=swapped,
            optimisations=await _optimisations(first),
        )


def _read_alone(settings: Settings, watch: Watch) -> tuple[Reading, ...]:
    """The lengths through the embedded reader alone."""
    pipeline = prepare(settings)
    found = []
    for wanted in watch.lengths:
        written = posting(wanted, 0, qwen())
        record = extract_record(_source(written, wanted), 0, pipeline)
        found.append(Reading(wanted=wanted, written=written, record=record))
    return tuple(found)


async def _reading(wanted: int, pipeline: Pipeline, engines: Engines) -> Reading:
    written = posting(wanted, 0, qwen())
    record = await _record(written, wanted, pipeline, engines)
    return Reading(wanted=wanted, written=written, record=record)


async def _record(
    written: Written, number: int, pipeline: Pipeline, engines: Engines
) -> Mapping[str, Any]:
    found = hear_record(_source(written, number), number, pipeline, engines.help)
    if isinstance(found, dict):
        return found
    return await finish_record(found, pipeline, engines)


def _source(written: Written, number: int) -> Source:
    return Source(body=written.html.encode(), locator=f"generated-{number}.html")


class Pace(Struct, frozen=True):
    """How many postings are under way at a time, and for how long."""

    at_a_time: int
    watch: Watch


async def _load(
    name: str, engine: Engine, pipeline: Pipeline, engines: Engines, pace: Pace
) -> Load:
    """Postings of a usual length through one engine, each one different, everything asked for."""
    clock = pace.watch.clock
    timed = Timed(engine, clock)
    only = _only(name, timed, pipeline, engines)
    records: list[Mapping[str, Any]] = []
    ready = [posting(TYPICAL, seed, qwen()) for seed in range(READY)]
    start, taken = clock(), 0

    async def read_on() -> None:
        nonlocal taken
        while clock() - start < pace.watch.seconds or taken < FEWEST:
            seed, taken = taken, taken + 1
            written = ready[seed] if seed < READY else posting(TYPICAL, seed, qwen())
            records.append(await _record(written, seed, pipeline, only))

    await asyncio.gather(*(read_on() for _ in range(pace.at_a_time)))
    seconds = clock() - start
    failed = [one for one in records if one.get("outcome") == "failed"]
    calls = sorted(timed.calls, key=lambda one: one.start)
    gaps = [after.start - before.end for before, after in pairwise(calls)]
    reason = (failed[0].get("reason") or {}) if failed else {}
    return Load(
        engine=name,
        at_a_time=pace.at_a_time,
        seconds=seconds,
        postings=len(records),
        failed=len(failed),
        output_tokens=sum(one.output_tokens for one in calls),
        asked_seconds=sum(one.end - one.start for one in calls),
        gaps=tuple(gaps) if pace.at_a_time == 1 else (),
        failure=f"the first failure: {reason.get('message', 'unknown')}" if failed else "",
    )


def _only(name: str, engine: Engine, pipeline: Pipeline, engines: Engines) -> Engines:
    """The engine alone, asked for everything that it could be asked for."""
    asked = help_of(pipeline.settings, pipeline.schema)
    told = type(asked)(
        voices={name: engines.help.voices[name]},
        policy=asked.policy,
        units=asked.units,
        extras=asked.extras,
    )
    return Engines({name: engine}, told, engines.purse)


async def _answers(name: str, engine: Engine, pipeline: Pipeline, engines: Engines) -> bool:
    """Whether an engine alone answers for a posting."""
    only = _only(name, engine, pipeline, engines)
    record = await _record(posting(LENGTHS[0], 1, qwen()), 1, pipeline, only)
    asked = {one.get("engine") for one in record.get("attempts") or ()}
    return record.get("outcome") != "failed" and name in asked


async def _optimisations(engine: Engine) -> dict[str, bool]:
    """What a vLLM server shows of itself: answers held by grammars, prefixes that are kept."""
    from rolecall.engines.vllm import VLLMEngine

    if not isinstance(engine, VLLMEngine):
        return {}
    found = {"structured outputs": "grammar" in engine.info.forms}
    try:
        load = await engine.metrics()
    except Error:
        return found
    return {**found, "prefix caching": load.prefix_hits > 0}
