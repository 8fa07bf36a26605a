"""Floors: what a candidate must keep to be chosen at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from rolecall.evaluate.choose.measures import MEASURES, Measure
from rolecall.evaluate.choose.nouns import Candidate, Figure, FloorCheck, Selection, Verdict


def check_floors(
    selection: Selection,
    candidate: Candidate,
    figures: Mapping[str, Figure],
    findings: Sequence[Mapping[str, Any]] = (),
) -> tuple[FloorCheck, ...]:
    """Hold a candidate against every floor of the file; ``findings`` are of ``rolecall verify``.

    The estimate decides; an interval that lies on both sides leaves it not resolved, which is
    said. A floor without a figure is not shown, which is not the same as held.
    """
    checks = [
        _check(MEASURES[name], floor, figures.get(name)) for name, floor in selection.floors.items()
    ]
    if selection.licences:
        checks.append(_licence(candidate.licence, selection.licences))
    checks += [_requirement(name, findings) for name in selection.requirements]
    return tuple(checks)


def _check(measure: Measure, floor: Fraction, figure: Figure | None) -> FloorCheck:
    least = "at least" if measure.better == "up" else "at most"
    goal = f"{least} {measure.shown(floor)}"
    if figure is None:
        text = f"no figure; {goal} is asked"
        return FloorCheck(floor=measure.name, verdict="not shown", resolved=False, text=text)
    held = measure.holds(figure.value, floor)
    text, resolved = measure.shown(figure.value), True
    if figure.low is not None and figure.high is not None:
        resolved = measure.holds(figure.low, floor) == measure.holds(figure.high, floor)
        text += f" ({measure.span(figure.low, figure.high)})"
    if figure.trace.declared:
        text += ", declared"
    text += f"; {goal} is asked"
    if not resolved:
        text += "; not resolved: the interval lies on both sides"
    verdict: Verdict = "held" if held else "broken"
    return FloorCheck(floor=measure.name, verdict=verdict, resolved=resolved, text=text)


def _requirement(name: str, findings: Sequence[Mapping[str, Any]]) -> FloorCheck:
    """A requirement of ADR-009: held if it passed, not shown if it was not run."""
    found = next((one for one in findings if one.get("id") == name), {})
    told = str(found.get("verdict") or "not verified").replace("_", " ")
    verdicts: Mapping[str, Verdict] = {"pass": "held", "fail": "broken"}
    verdict = verdicts.get(told, "not shown")
    said = "; ".join(str(found[key]) for key in ("figure", "reason") if found.get(key))
    text = f"{told}: {said}" if said else told
    return FloorCheck(floor=name, verdict=verdict, resolved=verdict != "not shown", text=text)


def _licence(licence: str, allowed: tuple[str, ...]) -> FloorCheck:
    goal = f"one of {', '.join(allowed)} is asked"
    if not licence:
        text = f"no licence is named; {goal}"
        return FloorCheck(floor="licence", verdict="not shown", resolved=False, text=text)
    # SPDX matches identifiers without regard to case.
    held = licence.casefold() in {one.casefold() for one in allowed}
    return FloorCheck(
        floor="licence",
        verdict="held" if held else "broken",
        resolved=True,
        text=f"{licence}; {goal}",
    )
