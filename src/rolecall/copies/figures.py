"""Dates and pay of a copy: as on the original, or read anew where only the figures differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from rolecall.copies.heads import DATES
from rolecall.copies.over import alone, same_label
from rolecall.copies.stand import Evidence, MissingError, Stand
from rolecall.normalise.dates import find_dates
from rolecall.normalise.found import Found
from rolecall.normalise.salary import find_salaries


def figures(
    stand: Stand,
    unit: str,
    data: dict[str, Any],
    evidence: dict[str, Evidence],
    own: dict[str, Any],
) -> None:
    """A date or pay: as it is, or read anew where the copy has other figures in its place."""
    fixed = unit == "salary" or stand.original.captured == _day(stand.page.captured)
    try:
        if not fixed and any(one["start"] is not None for one in own.values()):
            raise MissingError
        told = {key: stand.same(key, one, unit) for key, one in own.items()}
    except MissingError:
        value, changes = anew(stand, unit, own, data)
        data |= value
        told = {key: one | changes for key, one in own.items()}
    demand_alone(stand, unit, own, told)
    evidence |= told


def demand_alone(
    stand: Stand, unit: str, own: Mapping[str, Evidence], told: Mapping[str, Evidence]
) -> None:
    """That a bare value with another line before it than it had is the only one of its kind."""
    old, new = stand.original.lines, stand.lines
    for key, one in told.items():
        if one["start"] is None or own[key]["start"] is None:
            continue
        at, there = old.at(own[key]["start"]), new.at(one["start"])
        if at and there and old.line(at - 1) == new.line(there - 1):
            continue
        if not alone(new, there, one["end"] - one["start"], lambda line: values(stand, unit, line)):
            raise MissingError


def values(stand: Stand, unit: str, line: str) -> list[Any]:
    """The values that the finder of ``unit`` sees in a line of the copy."""
    return [one.value for one in read(stand, unit, line, stand.page.captured)]


def anew(
    stand: Stand, unit: str, own: dict[str, Any], data: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The copy's value and where it stands, read as the original's was."""
    one = next(iter(own.values()))
    if one["match"] == "stated" and unit in DATES:
        return stated_anew(stand, unit, own)
    if any(each["start"] is None or each["match"] != "exact" for each in own.values()):
        raise MissingError
    old, new = stand.original.lines, stand.lines
    line = old.at(one["start"])
    there = stand.aligned.to[line]
    if there is None:
        raise MissingError
    then = date.fromisoformat(stand.original.captured) if stand.original.captured else None
    was = read(stand, unit, old.line(line), then)
    now = read(stand, unit, new.line(there), stand.page.captured)
    at = one["start"] - old.starts[line]
    place = next((n for n, found in enumerate(was) if found.start == at), None)
    if place is None or [x.cue for x in was] != [x.cue for x in now]:
        raise MissingError
    before, after = _fields(unit, was[place]), _fields(unit, now[place])
    if any(data[name] != value for name, value in before.items()):
        raise MissingError
    if not _alike(before, after):
        raise MissingError
    if not same_label(old, new, line, there):
        raise MissingError
    start, end = (new.starts[there] + edge for edge in (now[place].start, now[place].end))
    return after, {"quote": new.text[start:end]} | stand.spot(start, end)


def stated_anew(
    stand: Stand, unit: str, own: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A date that the copy states otherwise than the original."""
    now = stand.stated.get(unit)
    if now is None or stand.original.stated.get(unit) is None or len(own) != 1:
        raise MissingError
    span, quote = now.spans[0], now.quotes[0]
    changes = {"quote": quote, "pointer": now.pointer}
    changes |= {"start": None, "end": None, "block_path": None}
    if span is not None and span.of(stand.page.text) == quote:
        changes |= stand.spot(span.start, span.end)
    return {unit: now.value}, changes


def read(stand: Stand, unit: str, line: str, captured: date | None) -> list[Found]:
    """What the finder of ``unit`` sees in a line."""
    if unit == "salary":
        return find_salaries(line, language=stand.page.language, labelled=True)
    return find_dates(line, language=stand.page.language, captured=captured, labelled=True)


def _fields(unit: str, found: Found) -> dict[str, Any]:
    value = found.value
    if value is None:
        raise MissingError
    return dict(value) if isinstance(value, Mapping) else {unit: value}


def _alike(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two readings differ in nothing but figures."""
    return before.keys() == after.keys() and all(
        (one is None) == (after[name] is None)
        and (not isinstance(one, str) or name in DATES or after[name] == one)
        for name, one in before.items()
    )


def _day(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
