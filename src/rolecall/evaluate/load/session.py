"""Opens what is to be measured, measures it, and says what was found."""

from __future__ import annotations

import contextlib
import os
import platform
import statistics
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from msgspec import Struct, structs, to_builtins

from rolecall import __version__
from rolecall.ask.compose import Voice
from rolecall.drive.connect import connected, declared_engines, help_of
from rolecall.drive.engines import Engines
from rolecall.engines.local import is_local
from rolecall.engines.protocol import EngineSettings, TimedEngine
from rolecall.errors import UsageError
from rolecall.evaluate.load.findings import findings
from rolecall.evaluate.load.foreseen import HELD, outlook_of
from rolecall.evaluate.load.gpu import Cards
from rolecall.evaluate.load.lengths import shared_tokens
from rolecall.evaluate.load.measure import Measuring, Watch
from rolecall.evaluate.load.nouns import Bench, Machine, Spread
from rolecall.evaluate.load.order import Order, agree, paid_engine, the_engine, widened
from rolecall.evaluate.load.pipeline_target import PipelineTarget, Unrepeated
from rolecall.evaluate.load.prompts import Heard, Prompts, compose, hear_pages
from rolecall.evaluate.load.targets import EngineTarget
from rolecall.pipeline import Pipeline, prepare
from rolecall.settings import Settings

CALLS = 4
"""Calls that a page may wait for, each as long as the engine allows, before it has failed."""

PAIRS = 6
"""Prompts by which the first token is compared, held to its form and free."""


class Found(Struct, frozen=True, kw_only=True):
    """A measured run, and the bare engine's target where one was measured (for the export)."""

    bench: Bench
    target: EngineTarget | None = None
    urls: tuple[str, ...] = ()


async def measure(
    order: Order,
    *,
    watch: Watch,
    stop: Callable[[], bool],
    environ: Mapping[str, str],
    cards: Cards | None = None,
) -> Found:
    """Measure what ``order`` says; after a ``stop`` what is there so far.

    Raises:
        UsageError: nothing would be sent, or something would be paid and nobody agreed.
        EngineError: an engine that was named does not answer.
    """
    settings = replace(order.settings, cache=False)
    pipeline = prepare(settings)
    cards = cards if cards is not None else Cards()
    if order.kind == "engine":
        return await _of_engine(order, settings, pipeline, (cards, watch, stop), environ)
    return await _of_pipeline(order, settings, pipeline, (cards, watch, stop), environ)


Looking = tuple[Cards, Watch, Callable[[], bool]]


async def _of_engine(
    order: Order,
    settings: Settings,
    pipeline: Pipeline,
    looking: Looking,
    environ: Mapping[str, str],
) -> Found:
    cards, watch, stop = looking
    table = the_engine(settings, environ)
    help_ = help_of(settings, pipeline.schema)
    heard = hear_pages(order.sources, pipeline, help_, every=order.every)
    _demand_pages(heard, order)
    agree(order, heard, help_, environ)
    settings = widened(settings, (table,), order, environ)
    async with _opened(settings, pipeline, environ) as engines:
        ((name, engine),) = engines.engines.items()
        voice = engines.help.voices[name]
        prompts = compose(heard, voice, pages=len(order.sources))
        target = EngineTarget(
            engines,
            prompts,
            seed=order.plan.seed,
            mark=order.mark,
            seconds=order.call_seconds or table.call_seconds,
        )
        first = await _first_token(target, prompts, stop)
        measuring = Measuring(order.plan, target, cards=cards, watch=watch, stop=stop)
        await measuring.run()
        told = _told(prompts) | {"form": voice.form, "first_token_ms": first}
        bench = _bench(order, measuring, engines, prompts.compose_ms, told)
        urls = urls_of(engine)
        return Found(
            bench=_with_outlook(bench, order, voice, cards, urls), target=target, urls=urls
        )


def _with_outlook(
    bench: Bench, order: Order, voice: Voice, cards: Cards, urls: Sequence[str]
) -> Bench:
    """``bench`` with what a plan says of its points."""
    here = bool(urls) and all(is_local(url) for url in urls)
    points, outlook = outlook_of(
        bench.points,
        model=bench.model,
        cards=cards.devices() if here else (),
        gpu=order.gpu,
        shared=shared_tokens(voice.style, voice.tokens),
        held=voice.form in HELD,
    )
    return structs.replace(bench, points=points, outlook=outlook)


async def _of_pipeline(
    order: Order,
    settings: Settings,
    pipeline: Pipeline,
    looking: Looking,
    environ: Mapping[str, str],
) -> Found:
    cards, watch, stop = looking
    tables = declared_engines(settings, environ)
    if tables:
        if not order.yes and paid_engine(settings, environ) is not None:
            help_ = help_of(settings, pipeline.schema)
            heard = hear_pages(order.sources, pipeline, help_, every=False)
            agree(order, heard, help_, environ)
        settings = widened(settings, tables, order, environ)
    async with contextlib.AsyncExitStack() as stack:
        if tables:
            engines = await stack.enter_async_context(_opened(settings, pipeline, environ))
            if order.mark:
                wrapped = {
                    name: Unrepeated(one, order.mark) for name, one in engines.engines.items()
                }
                engines = Engines(wrapped, engines.help, engines.purse, notices=engines.notices)
        else:
            engines = await stack.enter_async_context(
                connected(replace(settings, engine="none"), environ, schema=pipeline.schema)
            )
        target = PipelineTarget(
            engines,
            pipeline,
            order.sources,
            workers=order.workers,
            seed=order.plan.seed,
            seconds=order.call_seconds or _page_seconds(tables),
        )
        stack.callback(target.close)
        measuring = Measuring(order.plan, target, cards=cards, watch=watch, stop=stop)
        await measuring.run()
        bench = _bench(order, measuring, engines, None, {})
        if target.no_postings:
            told = (
                f"{len(target.no_postings):,} of {len(order.sources):,} pages are no posting, and "
            )
            told += "count as postings here: leave them out for the speed of yours"
            bench = structs.replace(bench, notices=(*bench.notices, told))
        return Found(bench=bench)


def _page_seconds(tables: Sequence[EngineSettings]) -> float:
    """How long a page may take: some calls one after the other."""
    return CALLS * max((one.call_seconds for one in tables), default=30.0)


@contextlib.asynccontextmanager
async def _opened(
    settings: Settings, pipeline: Pipeline, environ: Mapping[str, str]
) -> AsyncIterator[Engines]:
    async with connected(settings, environ, schema=pipeline.schema) as engines:
        if not engines.engines:
            told = "; ".join(one.message for one in engines.notices) or "no engine answers"
            raise UsageError(
                f"no engine can be measured: {told}",
                hint="see rolecall doctor; --policy and --cloud allow one outside your machines",
            )
        yield engines


def _demand_pages(heard: Sequence[Heard], order: Order) -> None:
    if not heard:
        hint = "--all-fields asks for every field of each posting"
        if order.every:
            hint = "none of them is one posting: rolecall extract PAGE --explain says why"
        raise UsageError(
            f"of {len(order.sources):,} pages none leaves anything to ask an engine", hint=hint
        )


async def _first_token(
    target: EngineTarget, prompts: Prompts, stop: Callable[[], bool]
) -> dict[str, float] | None:
    """Medians of the time to the first token, held to the form and free, in milliseconds."""
    if target.paid or not isinstance(target.engine, TimedEngine):
        return None
    if prompts.items[0].prompt.form not in ("grounded", "grammar", "json_schema"):
        return None
    sides: dict[bool, list[float]] = {True: [], False: []}
    for number in range(PAIRS + 1):
        for held in (True, False) if number % 2 else (False, True):
            found = None if stop() else await target.first_token(number, held=held)
            if found is None:
                return None
            if number:  # the first pair warms up
                sides[held].append(found)
    return {
        "held": statistics.median(sides[True]),
        "free": statistics.median(sides[False]),
        "pairs": PAIRS,
    }


def _told(prompts: Prompts) -> dict[str, Any]:
    """The figures of the prompts as plain data."""
    return {
        "count": len(prompts.items),
        "pages": prompts.pages,
        "asked_pages": prompts.asked_pages,
        "compose_ms": to_builtins(prompts.compose_ms),
        "grammar_ms": to_builtins(prompts.grammar_ms),
    }


def _bench(
    order: Order,
    measuring: Measuring,
    engines: Engines,
    compose_ms: Spread | None,
    prompts: Mapping[str, Any],
) -> Bench:
    cards = measuring.cards
    infos = [one.info for one in engines.engines.values()]
    names = ", ".join(engines.engines)
    urls = [url for one in engines.engines.values() for url in urls_of(one)]
    machine = Machine(
        cores=cores(),
        gpus=cards.gpus,
        gpu_reason="" if cards.gpus else cards.reason,
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
    )
    plan = order.plan
    points = tuple(measuring.points)
    return Bench(
        made=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        rolecall=__version__,
        command=order.command,
        target=order.kind,
        engine=names,
        model=", ".join(one.model for one in infos),
        engine_version=", ".join(one.version for one in infos if one.version),
        local=all(one.local for one in infos) if infos else None,
        machine=machine,
        load={
            **to_builtins(plan),
            "pages": len(order.sources),
            "repeat": not order.mark,
            "all_fields": order.every,
            "workers": order.workers if order.kind == "pipeline" else None,
            "why_ended": measuring.why_ended,
        },
        prompts=prompts,
        points=points,
        findings=findings(
            points,
            target=order.kind,
            engine=names,
            here=bool(urls) and all(is_local(url) for url in urls),
            machine=machine,
            compose_ms=compose_ms,
            command=order.command,
        ),
        notices=tuple(one.message for one in engines.notices),
    )


def urls_of(engine: Any) -> tuple[str, ...]:
    """The addresses of an engine that has some."""
    found: tuple[str, ...] = getattr(getattr(engine, "engine", engine), "urls", ())
    return found


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
