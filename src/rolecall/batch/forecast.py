"""What a run will be, from a sample of its inputs, and how far off that was once it has been.

Figures are named as in the summary of a run (``run``), so that both can be held together.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct, structs

from rolecall.batch.forecast_asked import Load, asking_of
from rolecall.batch.forecast_interval import ENDLESS, LEVEL, NOTHING, Interval, Z, exactly
from rolecall.batch.forecast_sample import Survey
from rolecall.batch.forecast_trial import Tried
from rolecall.batch.forecast_whole import Whole
from rolecall.core import Price

VERSION: Final = "1"

LEAST_NOISE: Final = 0.05
"""How much a machine is taken to be faster or slower than in the sample, at least."""

UNKNOWN_NOISE: Final = 0.2
"""The same where the sample is too small to tell."""

DIGITS: Final = 0.005
"""By which share records may be longer or shorter, as their seconds have more or fewer digits."""

SLICES: Final = 8
"""Parts of the sample whose speeds are compared to see how steady the machine is."""


class Timing(Struct, frozen=True, kw_only=True):
    """How the sample went: ``begun`` to the first page in seconds, then the moments at which pages
    were finished, with the processor's seconds of each."""

    startup: float
    finished: tuple[tuple[float, float], ...]
    workers: int


class Rate(Struct, frozen=True, kw_only=True):
    """How many postings an engine takes in a minute, on ``card`` or as the user says."""

    engine: str
    postings: Interval
    card: str = ""
    model: str = ""


class Forecast(Struct, frozen=True, kw_only=True):
    """A run that is foreseen; ``docs/runs.md`` says what is in it.

    ``figures`` are named by their path in the summary of a run; ``asked_pages`` and ``gpu_hours``
    have none there. ``sampled`` pages were read in ``sample_seconds``, of ``listed`` inputs;
    ``noise`` is by how much the machine's speed changed meanwhile, ``machine_load`` how many
    processes wanted a processor, ``startup`` how long the first page took. ``loads`` are the
    requests that the sample makes, by engine.
    """

    version: str = VERSION
    made: str = ""
    key: str = ""
    level: float = LEVEL
    sampled: int
    listed: int
    sample_seconds: float
    workers: int
    startup: float
    noise: float
    machine_load: float | None = None
    figures: dict[str, Interval]
    loads: dict[str, Load] = {}
    notes: tuple[str, ...] = ()


def foresee(
    survey: Survey, tried: Sequence[Tried], timing: Timing, prices: Mapping[str, Price | None]
) -> Forecast:
    """The forecast of a run over what ``survey`` has looked at.

    ``tried`` are those of its sample for which there was time; ``prices`` are those of the engines
    that may be asked.
    """
    whole = Whole(survey, tried)
    figures = {
        "inputs": whole.inputs,
        "bytes_in": whole.total(lambda one: one.done.figures.bytes_in),
        "bytes_out": whole.total(lambda one: one.size).wider(DIGITS),
    }
    figures |= _outcomes(whole)
    asking = asking_of(whole, prices)
    figures["bytes_out"] += asking.written
    slices = _slices(timing)
    noise = _noise([passed / work for passed, work, _ in slices if work > 0])
    figures["seconds"] = _wall(whole.total(lambda one: one.work), timing, noise)
    each = _noise([work / pages for _, work, pages in slices if pages])
    work = whole.total(lambda one: one.done.figures.cpu)
    figures["workers.cpu_seconds"] = work.wider(Z * each)
    return Forecast(
        sampled=len(tried),
        listed=survey.inputs,
        sample_seconds=timing.finished[-1][0] if timing.finished else 0.0,
        workers=timing.workers,
        startup=timing.startup,
        noise=noise,
        figures=figures | asking.figures,
        loads=asking.loads,
        notes=(*survey.notes, *asking.notes),
    )


def _outcomes(whole: Whole) -> dict[str, Interval]:
    """How many inputs will have which outcome. An engine may make a partial posting whole."""
    found = {
        f"outcomes.{outcome}": whole.count(_ends(outcome))
        for outcome in ("ok", "partial", "not_a_posting", "failed")
    }
    helped = whole.count(lambda one: one.asked is not None and one.done.outcome == "partial")
    if helped.expected:
        ok, partial = found["outcomes.ok"], found["outcomes.partial"]
        found["outcomes.ok"] = Interval(
            ok.low, ok.expected + helped.expected, ok.high + helped.high
        )
        left = max(0.0, partial.expected - helped.expected)
        found["outcomes.partial"] = Interval(
            max(0.0, min(left, partial.low - helped.high)), left, partial.high
        )
    return found


def _ends(outcome: str) -> Callable[[Tried], bool]:
    return lambda one: one.done.outcome == outcome


def _slices(timing: Timing) -> list[tuple[float, float, int]]:
    """Parts of the sample in the order of time: seconds, the processor's seconds, and pages."""
    finished = timing.finished
    each = (len(finished) - 1) // SLICES
    found = []
    for number in range(SLICES if each >= 4 else 0):
        part = finished[number * each : (number + 1) * each + 1]
        work = math.fsum(cpu for _, cpu in part[1:])
        found.append((part[-1][0] - part[0][0], work, len(part) - 1))
    return found


def _noise(speeds: Sequence[float]) -> float:
    """By which share a speed changed from slice to slice."""
    mean = statistics.fmean(speeds) if speeds else 0.0
    if len(speeds) < 2 or mean <= 0:
        return UNKNOWN_NOISE
    return max(LEAST_NOISE, statistics.stdev(speeds) / mean)


def _wall(work: Interval, timing: Timing, noise: float) -> Interval:
    """The run's seconds: the start, then all work at the pace that the sample had."""
    finished = timing.finished
    done = math.fsum(cpu for _, cpu in finished[1:])
    if done <= 0:
        return Interval(0.0, timing.startup, ENDLESS)
    pace = (finished[-1][0] - finished[0][0]) / done
    return work.times(pace).wider(Z * noise) + exactly(timing.startup)


def with_rate(forecast: Forecast, rate: Rate) -> Forecast:
    """The forecast with the time of an engine that takes so many postings a minute: a run takes as
    long as its workers or its engine, whichever is slower."""
    figures = dict(forecast.figures)
    asked, each = figures.get("asked_pages", NOTHING), rate.postings
    minutes = Interval(asked.low / each.high, asked.expected / each.expected, asked.high / each.low)
    if rate.card:
        figures[f"gpu_hours.{rate.engine}"] = minutes.times(1 / 60)
    waiting, working = minutes.times(60.0) + exactly(forecast.startup), figures["seconds"]
    figures["seconds"] = Interval(
        max(waiting.low, working.low),
        max(waiting.expected, working.expected),
        max(waiting.high, working.high),
    )
    return structs.replace(forecast, figures=figures)


AS_GOOD: Final = 0.001
"""The share by which a count may be off and still counts as foreseen."""


class Compared(Struct, frozen=True, kw_only=True):
    """One figure of a forecast and what came of it."""

    low: float
    expected: float
    high: float
    actual: float
    error: float | None
    inside: bool


def compared(forecast: Forecast, run: Mapping[str, Any]) -> dict[str, Compared]:
    """The figures of ``forecast`` beside those of ``run`` (from a summary).

    ``error`` is by which share more was foreseen than came. What cannot be compared is left out:
    tokens and cost where answers were kept from before, time where there were more or fewer
    workers.
    """
    kept = bool(run["asked"]["kept_answers"])
    found = {}
    for name, told in forecast.figures.items():
        engine = name.startswith(("engines.", "asked."))
        if name == "asked_pages" or name.startswith("gpu_hours.") or (engine and kept):
            continue
        if name == "seconds" and run["workers"]["count"] != forecast.workers:
            continue
        actual = _at(run, name)
        error = told.expected / actual - 1 if actual else None
        slack = 0.0
        if not name.endswith(("seconds", "cost_usd")):
            slack = max(0.5, AS_GOOD * actual)  # counts are whole, and bytes in a file seldom exact
        found[name] = Compared(
            low=told.low,
            expected=told.expected,
            high=told.high,
            actual=actual,
            error=error,
            inside=told.low - slack <= actual <= told.high + slack,
        )
    return found


def _at(run: Mapping[str, Any], name: str) -> float:
    """The figure of a run's summary that stands at the path ``name``; 0 where there is none."""
    value: Any = run
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return float(value) if isinstance(value, int | float) else 0.0
