"""Engines, asked for real: which answer, what they prove, generated postings through them.

Only engines on the user's own machines are asked, so that no check sends anything out or costs
anything, and kept answers are not used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from msgspec import Struct

from rolecall.ask.tokens import qwen
from rolecall.core import EngineInfo, Source
from rolecall.drive.connect import connected, help_of
from rolecall.drive.engines import Engines
from rolecall.drive.pages import finish_record
from rolecall.engines.protocol import Engine
from rolecall.errors import Error, UsageError
from rolecall.evaluate.verify.optimised import optimisations
from rolecall.evaluate.verify.postings import LENGTHS, Written, posting
from rolecall.pipeline import Pipeline, extract_record, hear_record, prepare
from rolecall.settings import Settings


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


class Live(Struct, frozen=True, kw_only=True):
    """All that was seen of the engines; ``reason`` says why there are none.

    ``swapped`` maps each engine to whether it answered a posting alone. ``optimisations`` are
    those of vLLM that could be looked for, and whether each is on.
    """

    engines: tuple[EngineInfo, ...] = ()
    reason: str = ""
    readings: tuple[Reading, ...] = ()
    swapped: Mapping[str, bool] = {}
    optimisations: Mapping[str, bool] = {}

    @property
    def replayed(self) -> tuple[str, ...]:
        """The engines that only repeat what was recorded: they show nothing of a real one."""
        return tuple(one.name for one in self.engines if one.kind == "replay")


class Watch(Struct, frozen=True, kw_only=True):
    """Which lengths are read, and who is told what is done now."""

    lengths: tuple[int, ...] = LENGTHS
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
        first = next(iter(engines.engines.values()))
        pushed = prepare(replace(settings, ask_below=1.0, ask_null_below=1.0))
        swapped = {}
        if len(engines.engines) > 1:
            for other, engine in engines.engines.items():
                swapped[other] = await _answers(other, engine, pushed, engines)
        return Live(
            engines=tuple(replace(e.info, name=n) for n, e in engines.engines.items()),
            readings=tuple(readings),
            swapped=swapped,
            optimisations=await optimisations(first),
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
