"""What changed since an older decision record, and which of its update triggers fired."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from rolecall.evaluate.choose.decide import Decision
from rolecall.evaluate.choose.measures import MEASURES, QUALITY
from rolecall.evaluate.choose.nouns import Figure, Standing

NEAR: Final = 1e-9

TRIGGERS: Final[Mapping[str, str]] = {
    "new candidate": "a candidate that was not there before is first",
    "alternative": "another candidate that was there before is first now",
    "quantisation": "the same model as before, quantised otherwise, is first",
    "requirements": "a weight or a floor changed",
    "accuracy fell": "the chosen candidate's accuracy fell, its intervals apart",
    "floor": "the chosen candidate breaks a floor, or can no longer show it",
}
"""The update triggers of a record, and what fires each."""


class Trigger(Struct, frozen=True, kw_only=True):
    """One update trigger: whether it fired, and why (or what came near)."""

    name: str
    fired: bool
    why: str = ""


class Since(Struct, frozen=True, kw_only=True):
    """What changed since the record of the date ``date``, in words, and the triggers."""

    date: str
    first: tuple[str, ...]
    changes: tuple[str, ...]
    triggers: tuple[Trigger, ...]


def compare(old: Mapping[str, Any], decision: Decision) -> Since:
    """Hold a decision against the data of an older record (`read_record`)."""
    return Since(
        date=str(old.get("date", "")),
        first=tuple(map(str, old["first"])),
        changes=(*_asked(old, decision), *_candidates(old, decision), *_first(old, decision)),
        triggers=tuple(_triggers(old, decision)),
    )


def _asked(old: Mapping[str, Any], decision: Decision) -> Iterator[str]:
    """Changes of what is asked: weights, floors, licences."""
    new = decision.selection
    for kind, before, now in (
        ("weight", old["weights"], {name: float(one) for name, one in new.weights.items()}),
        ("floor", old["floors"], {name: float(one) for name, one in new.floors.items()}),
    ):
        for name in dict.fromkeys((*before, *now)):
            a, b = before.get(name), now.get(name)
            if a is None or b is None or abs(a - b) > NEAR:
                yield f"{kind} {name}: {_told(a)} before, {_told(b)} now"
    for name, asked in (("licences", new.licences), ("requirements", new.requirements)):
        was = old.get(name, [])
        if list(was) != list(asked):
            told = [", ".join(map(str, one)) or "none asked" for one in (was, asked)]
            yield f"{name}: {told[0]} before, {told[1]} now"


def _candidates(old: Mapping[str, Any], decision: Decision) -> Iterator[str]:
    now = {one.name: one for one in decision.standings}
    for name in old["candidates"]:
        if name not in now:
            yield f"{name} is no longer a candidate"
    for name, one in now.items():
        if name not in old["candidates"]:
            yield f"{name} is a new candidate"
            continue
        yield from _one(old["candidates"][name], one)


def _one(before: Mapping[str, Any], now: Standing) -> Iterator[str]:
    """Changes of one candidate."""
    for key in ("engine", "model", "quantisation", "licence"):
        was, told = str(before.get(key, "")), getattr(now.candidate, key)
        if was != told:
            yield f"{now.name}: {key} {was or 'not named'} before, {told or 'not named'} now"
    for name in dict.fromkeys((*before["figures"], *now.figures)):
        if name in MEASURES and (told := _figure(name, before["figures"].get(name), now)):
            yield f"{now.name}: {told}"
    for points in now.points:
        a = before["points"].get(points.criterion)
        b = None if points.score is None else float(points.score)
        if points.criterion in before["points"] and _differ(a, b):
            yield f"{now.name}: points for {points.criterion} {_told(a)} before, {_told(b)} now"
    total = None if now.total is None else float(now.total)
    if _differ(before["total"], total):
        yield f"{now.name}: total {_told(before['total'])} before, {_told(total)} now"
    for floor in now.floors:
        was = before["floors"].get(floor.floor, {}).get("verdict", "not asked")
        if was != floor.verdict:
            yield f"{now.name}: floor {floor.floor} {was} before, {floor.verdict} now"


def _figure(name: str, before: Mapping[str, Any] | None, now: Standing) -> str:
    figure, measure = now.figures.get(name), MEASURES[name]
    if before is None and figure is not None:
        return f"{name} {measure.shown(figure.value)}, not known before"
    if before is None or figure is None:
        return f"{name} is no longer known" if before is not None else ""
    if not _differ(before["value"], float(figure.value)):
        return ""
    from rolecall.evaluate.choose.exact import exact

    apart = "" if _apart(before, figure) is not False else "; the intervals overlap"
    was = measure.shown(exact(float(before["value"])))
    return f"{name} {was} before, {measure.shown(figure.value)} now{apart}"


def _apart(before: Mapping[str, Any], now: Figure) -> bool | None:
    """Whether two intervals do not touch; ``None`` where one has none."""
    low, high = before.get("low"), before.get("high")
    if low is None or high is None or now.low is None or now.high is None:
        return None
    return float(now.high) < float(low) or float(now.low) > float(high)


def _first(old: Mapping[str, Any], decision: Decision) -> Iterator[str]:
    if list(old["first"]) != list(decision.first):
        before, now = (", ".join(map(str, one)) or "none" for one in (old["first"], decision.first))
        yield f"first: {before} before, {now} now"


def _triggers(old: Mapping[str, Any], decision: Decision) -> Iterator[Trigger]:
    chosen = str(old["first"][0]) if len(old["first"]) == 1 else ""
    now = next((one for one in decision.standings if one.name == chosen), None)
    first = decision.winner
    for name, why in (
        ("new candidate", _new_candidate(old, first)),
        ("alternative", _alternative(old, first, chosen)),
        ("quantisation", _quantisation(old, first, chosen)),
        ("requirements", "; ".join(_asked(old, decision))),
    ):
        yield Trigger(name=name, fired=bool(why), why=why)
    yield _accuracy(old, now, chosen)
    broken = [*now.out, *now.unshown] if now is not None else []
    why = "; ".join(f"{chosen}: {one.floor} {one.text}" for one in broken)
    yield Trigger(name="floor", fired=bool(broken), why=why)


def _new_candidate(old: Mapping[str, Any], first: Standing | None) -> str:
    if first is None or first.name in old["candidates"]:
        return ""
    return f"{first.name} is first"


def _alternative(old: Mapping[str, Any], first: Standing | None, chosen: str) -> str:
    if first is None or first.name == chosen or first.name not in old["candidates"]:
        return ""
    return f"{first.name} is first, {chosen or 'no single candidate'} was"


def _quantisation(old: Mapping[str, Any], first: Standing | None, chosen: str) -> str:
    before = old["candidates"].get(chosen)
    if first is None or before is None or not before.get("model"):
        return ""
    was, now = str(before.get("quantisation", "")), first.candidate.quantisation
    if first.candidate.model != before["model"] or was == now:
        return ""
    return (
        f"{first.name} with {now or 'no quantisation named'} is first, it was {was or 'not named'}"
    )


def _accuracy(old: Mapping[str, Any], now: Standing | None, chosen: str) -> Trigger:
    name = "accuracy fell"
    before = old["candidates"].get(chosen, {}).get("figures", {})
    if now is None:
        return Trigger(name=name, fired=False, why=f"{chosen or 'nothing'} is no candidate now")
    for measure in QUALITY:
        figure = now.figures.get(measure)
        if measure not in before or figure is None:
            continue
        if float(figure.value) >= before[measure]["value"] - NEAR:
            return Trigger(name=name, fired=False)
        told = _figure(measure, before[measure], now)
        apart = _apart(before[measure], figure)
        if apart is None:
            return Trigger(name=name, fired=True, why=f"{chosen}: {told}; no interval is known")
        why = f"{chosen}: {told}" + ("" if apart else "; not resolved")
        return Trigger(name=name, fired=apart, why=why)
    return Trigger(name=name, fired=False, why="no accuracy is known before and now")


def _differ(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is not b
    return abs(a - b) > NEAR


def _told(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
