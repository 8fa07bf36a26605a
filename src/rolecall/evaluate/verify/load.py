"""What a bench shows of memory, speed and load: one of the user's, or a short one made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from msgspec import Struct, structs

from rolecall.errors import Error
from rolecall.evaluate.load.measure import Plan, Watch
from rolecall.evaluate.load.nouns import Bench
from rolecall.evaluate.load.order import Order
from rolecall.evaluate.load.postings import generated
from rolecall.evaluate.load.session import measure
from rolecall.evaluate.nouns import Finding
from rolecall.evaluate.requirements import REQUIREMENTS, not_run
from rolecall.evaluate.verify.live import Live
from rolecall.settings import Settings

BY_LOAD: Final = ("NFR-1", "NFR-2", "PR-1", "PR-2", "PR-3")
PAGES, LEVELS, WARM = 64, (1, 10), 4
"""Of the short load: made postings, how many requests are under way, and how many warm up."""


class Measured(Struct, frozen=True, kw_only=True):
    """A bench, or the reason why there is none."""

    bench: Bench | None = None
    reason: str = ""


async def short_load(
    settings: Settings,
    environ: Mapping[str, str],
    live: Live,
    seconds: float,
    watch: Watch,
    stop: Callable[[], bool] = lambda: False,
) -> Measured:
    """Put made postings on the first engine that answered, each load for ``seconds``.

    All fields are asked for, and no kept answer is used. An engine that replays recorded answers
    is left alone: its speed is nobody's.
    """
    if not live.engines:
        return Measured(reason=live.reason or "no engine answered")
    first = live.engines[0]
    if first.name in live.replayed:
        return Measured(reason=f"{first.name} replays recorded answers, which shows no speed")
    order = Order(
        kind="engine",
        sources=tuple(generated(PAGES)),
        plan=Plan(levels=LEVELS, seconds=seconds, warmup=WARM),
        settings=replace(settings, engine=first.name, policy="local-only", cloud_engine=""),
        every=True,
    )
    try:
        found = await measure(order, watch=watch, stop=stop, environ=environ)
    except Error as error:
        return Measured(reason=f"{first.name} could not be measured: {error}")
    return Measured(bench=found.bench)


def by_load(measured: Measured, command: str = "", engine: str = "auto") -> dict[str, Finding]:
    """The findings of a bench, by requirement; ``command`` stands for the one that it names.

    ``engine`` is that setting: a bench of an engine that it does not name shows nothing of those
    that it does. What the bench does not tell of is not run.
    """
    bench = measured.bench
    if bench is None:
        reason = f"{measured.reason}; no --bench FILE is given"
        return {name: not_run(name, reason) for name in BY_LOAD}
    if engine != "auto" and bench.engine not in _named(engine):
        of = bench.engine or "the embedded reader alone"
        reason = f"the bench is of {of}, and {_told(engine)} is verified: measure that"
        return {name: not_run(name, reason) for name in BY_LOAD}
    there = {one.id: one for one in bench.findings}
    out = {}
    for name in BY_LOAD:
        one = there.get(name) or not_run(name, "the bench does not tell of it")
        if name == "PR-2" and not bench.engine:
            one = not_run(name, "no engine was asked, so there were no requests")
        told = one.figure
        if told and bench.engine:
            told = f"{bench.engine}: {told}"
        elif told:
            told = f"{told}, by the embedded reader alone"
        made = command or one.command or bench.command
        asked = REQUIREMENTS[name]  # one wording on one page
        out[name] = structs.replace(
            one, text=asked.text, goal=asked.goal, figure=told, command=made
        )
    return out


def _named(engine: str) -> tuple[str, ...]:
    """The engines of the setting; that of a bench without one is empty."""
    return ("",) if engine == "none" else tuple(one.strip() for one in engine.split(","))


def _told(engine: str) -> str:
    return "the embedded reader alone" if engine == "none" else engine
