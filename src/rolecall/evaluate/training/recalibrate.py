"""Curves of confidence fitted to a user's values, where held-out sites say that they are better."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from rolecall.evaluate.training.calibrate import LEAST, Value, curve, expected_error
from rolecall.schema.posting import UNITS
from rolecall.settle import Rules

Curve = Sequence[tuple[float, float]]
LEAST_SITES: Final = 3
MOST_GROUPS: Final = 10


class Recalibrated(Struct, frozen=True):
    """What became of a unit's curve: how many values spoke, and the expected calibration error on
    held-out sites with the old curve and with new ones. ``changed`` says which is kept."""

    unit: str
    values: int
    before: float | None
    after: float | None
    changed: bool


def recalibrated(
    values: Mapping[str, Sequence[Value]], old: Mapping[str, Curve], *, raw: bool = False
) -> tuple[dict[str, Curve], list[Recalibrated]]:
    """Unit -> its curve, and what became of each.

    ``values`` have raw confidences. A unit takes a new curve if curves fitted without a value's
    site come closer to its score (in the mean square, by more than the standard error over sites).
    ``raw`` says that the old model had no curves at all, so that its confidences were the raw ones.
    """
    curves, told = dict(old), []
    for unit in UNITS:
        found = values.get(unit, ())
        sites = sorted({value.site for value in found})
        if len(found) < LEAST or len(sites) < LEAST_SITES:
            told.append(Recalibrated(unit, len(found), None, None, False))
            continue
        found = _grouped(found, sites)
        sites = sorted({value.site for value in found})
        was = [_read(unit, old, value.confidence, raw) for value in found]
        now = _held_out(found, sites)
        changed = None in was or _gains(found, [one or 0.0 for one in was], now)
        before = None
        if None not in was:
            pairs = zip(was, found, strict=True)
            before = expected_error([(one or 0.0, value.score) for one, value in pairs])
        after = expected_error([(one, v.score) for one, v in zip(now, found, strict=True)])
        told.append(Recalibrated(unit, len(found), before, after, changed))
        if changed:
            curves[unit] = tuple(curve(found))
    return curves, told


def _grouped(values: Sequence[Value], sites: Sequence[str]) -> list[Value]:
    """The values with sites joined to at most ``MOST_GROUPS`` groups: each that is held out costs
    fits that grow with the square of their number."""
    group = {site: f"{number % MOST_GROUPS}" for number, site in enumerate(sites)}
    return [Value(group[one.site], one.confidence, one.score) for one in values]


def _read(unit: str, curves: Mapping[str, Curve], raw: float, bare: bool) -> float | None:
    if bare:
        return raw
    rules = Rules(calibration={name: tuple(points) for name, points in curves.items()})
    return rules.calibrated(unit, raw)


def _held_out(values: Sequence[Value], sites: Sequence[str]) -> list[float]:
    """Each value's confidence by a curve fitted without its site."""
    fitted = {site: curve([one for one in values if one.site != site]) for site in sites}
    out = []
    for value in values:
        one = Rules(calibration={"unit": tuple(fitted[value.site])})
        out.append(one.calibrated("unit", value.confidence) or 0.0)
    return out


def _gains(values: Sequence[Value], was: Sequence[float], now: Sequence[float]) -> bool:
    """Whether ``now`` is closer to the scores than ``was``, by more than its standard error."""
    by_site: dict[str, float] = {}
    for value, old, new in zip(values, was, now, strict=True):
        gain = (old - value.score) ** 2 - (new - value.score) ** 2
        by_site[value.site] = by_site.get(value.site, 0.0) + gain
    mean = sum(by_site.values()) / len(by_site)
    spread = sum((gain - mean) ** 2 for gain in by_site.values()) / max(1, len(by_site) - 1)
    return mean > math.sqrt(spread / len(by_site))
