"""A forecast for people: a table, and what should be known of it."""

from __future__ import annotations

from collections.abc import Callable

from rolecall.batch.forecast import Forecast
from rolecall.batch.forecast_interval import ENDLESS, Interval
from rolecall.batch.summary import money, percent, size, span
from rolecall.cli.estimate_rates import Cards
from rolecall.table import aligned

ROWS: tuple[tuple[str, str], ...] = (
    ("inputs", "inputs"),
    ("bytes_in", "bytes of pages"),
    ("outcomes.ok", "ok"),
    ("outcomes.partial", "partial"),
    ("outcomes.not_a_posting", "not a posting"),
    ("outcomes.failed", "failed"),
    ("bytes_out", "records as JSON"),
    ("workers.cpu_seconds", "processor"),
    ("seconds", "time"),
    ("asked_pages", "pages asked about"),
)
"""Figures and what they are called, in the order of the table."""

OF_ENGINE = (
    ("calls", "calls"),
    ("input_tokens", "prompt tokens"),
    ("output_tokens", "answer tokens"),
    ("cost_usd", "cost"),
)


def text_of(forecast: Forecast, cards: Cards, left: tuple[float, float] | None) -> str:
    """The forecast as text; ``left`` is the month's cap and what it leaves, in US dollars."""
    figures = forecast.figures
    workers = f"{forecast.workers} worker{'s' * (forecast.workers != 1)}"
    sample = f"{forecast.sampled:,} page{'s' * (forecast.sampled != 1)}"
    if forecast.sampled == forecast.figures["inputs"].high:
        sample = f"all {sample}"
    rows = [("", "expected", "from", "to")]
    for key, name in ROWS:
        if key in figures and not (_none(figures[key]) and key.startswith("outcomes.")):
            called = f"{name}, {workers}" if key == "seconds" else name
            rows.append(_row(called, figures[key], _words(key)))
    for engine in _engines(forecast):
        for key, name in OF_ENGINE:
            if (found := figures.get(f"engines.{engine}.{key}")) is not None:
                rows.append(_row(f"{engine}: {name}", found, _words(key)))
    rows += [
        _row(f"{one.engine}: {one.card} for", figures[f"gpu_hours.{one.engine}"], _hours)
        for one in cards.rates
        if one.card
    ]
    rows += [_row(f"{one.engine}: {one.card} for", one.gpu_hours, _hours) for one in cards.table]
    lines = [
        f"forecast from {sample}, read in {span(forecast.sample_seconds)}; the truth is between "
        f'"from" and "to" in {percent(forecast.level)} of cases\n',
        aligned(*rows),
    ]
    lines += [f"{one}\n" for one in (*_rate(forecast), *_budget(forecast, left), *forecast.notes)]
    return "".join(lines)


def _row(name: str, told: Interval, words: Callable[[float], str]) -> tuple[str, str, str, str]:
    if told.low == told.high:
        return name, words(told.expected), "", ""
    return name, words(told.expected), words(told.low), words(told.high)


def _words(key: str) -> Callable[[float], str]:
    """How a figure is said."""
    if key.startswith("bytes"):
        return lambda value: _endless(value) or size(value)
    if key.endswith("seconds"):
        return lambda value: _endless(value) or span(value)
    if key.endswith("usd"):
        return lambda value: _endless(value) or money(value)
    return lambda value: _endless(value) or about(value)


def _endless(value: float) -> str:
    return "?" if value >= ENDLESS / 1e6 else ""


def _hours(value: float) -> str:
    return f"{value:,.1f} h" if value >= 0.95 else f"{60 * value:,.1f} min"


def about(value: float) -> str:
    """A count in words: whole up to a million, then in millions."""
    if value >= 1e9:
        return f"{value / 1e9:,.2f} G"
    return f"{value / 1e6:,.2f} M" if value >= 1e6 else f"{value:,.0f}"


def _none(told: Interval) -> bool:
    """Whether it is next to nothing: nothing was seen, and hardly anything can be."""
    return told.high < 0.5


def _engines(forecast: Forecast) -> list[str]:
    return [
        key.split(".")[1]
        for key in forecast.figures
        if key.startswith("engines.") and key.endswith(".calls")
    ]


def _rate(forecast: Forecast) -> list[str]:
    """The speed once it runs, and how long the start is."""
    seconds = forecast.figures["seconds"].expected - forecast.startup
    inputs = forecast.figures["inputs"].expected
    if seconds <= 0 or inputs < 2:
        return []
    return [f"first page after {forecast.startup:.1f} s, then {inputs / seconds:,.0f} pages/s"]


def _budget(forecast: Forecast, left: tuple[float, float] | None) -> list[str]:
    """Whether what it costs is within the month's cap."""
    cost = forecast.figures.get("asked.cost_usd")
    if cost is None or left is None:
        return []
    cap, rest = left
    within = "is within"
    if cost.low > rest:
        within = "is more than"
    elif cost.high > rest:
        within = "may be more than"
    return [f"the cost {within} what this month's cap of {money(cap)} leaves: {money(rest)}"]
