"""How far off a forecast was, once the run has been."""

from __future__ import annotations

from typing import Any

import msgspec

from rolecall.batch.forecast import Compared, Forecast, compared
from rolecall.batch.forecast_interval import ENDLESS
from rolecall.batch.summary import Summary, document, span


def told_of(
    forecast: Forecast, summary: Summary, *, whole: bool
) -> tuple[list[str], dict[str, Any]]:
    """What is said of it, and the same as plain data. ``whole`` says that all inputs were done."""
    head = {"made": forecast.made, "sampled": forecast.sampled, "level": forecast.level}
    head |= {"machine_load_then": forecast.machine_load}
    reason = ""
    if not whole:
        reason = "the run did not come to its end"
    elif summary.tally.outcomes["kept"]:
        reason = "records of an earlier run were kept"
    if reason:
        return [f"  forecast: not held against this run, as {reason}"], head | {"reason": reason}
    figures = compared(forecast, document(summary)["run"])
    inside = sum(one.inside for one in figures.values())
    told = head | {
        "reason": None,
        "inside": inside,
        "of": len(figures),
        "figures": {name: _plain(one) for name, one in figures.items()},
    }
    lines = _lines(figures, inside)
    time, then, now = figures.get("seconds"), forecast.machine_load, summary.load
    if time is not None and not time.inside and then is not None and now is not None:
        lines.append(f"  the machine had a load of {then:.1f} then and of {now:.1f} now")
    return lines, told


def _plain(one: Compared) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(one)
    for name in ("low", "expected", "high", "actual", "error"):
        value = found[name]
        found[name] = None if value is None or value >= ENDLESS else round(value, 6)
    return found


def _lines(figures: dict[str, Compared], inside: int) -> list[str]:
    """The forecast in one line, and what was outside its interval in another."""
    words = []
    for name, called in (("seconds", "time"), ("asked.cost_usd", "cost")):
        one = figures.get(name)
        if one is None:
            continue
        unit = span if name == "seconds" else _usd
        error = "" if one.error is None else f", {off(one.error)}"
        words.append(f"{called} {unit(one.expected)} ({unit(one.low)} to {unit(one.high)}){error}")
    words.append(f"{inside} of {len(figures)} figures within their interval")
    lines = [f"  forecast: {'; '.join(words)}"]
    outside = [
        f"{name} {off(one.error)}" if one.error is not None else name
        for name, one in figures.items()
        if not one.inside
    ]
    return lines + ([f"  outside: {', '.join(outside)}"] if outside else [])


def off(error: float) -> str:
    """By how much more was foreseen than came: +3.1 %, -25 %."""
    return f"{error:+.0%}" if abs(error) >= 0.1 else f"{error:+.1%}"


def _usd(value: float) -> str:
    return f"${value:,.4f}"
