"""How often a candidate comes first within the intervals of what was measured."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from statistics import NormalDist
from typing import Final

from msgspec import Struct

from rolecall.evaluate.choose.nouns import Figure, Points, Standing

DRAWS: Final = 10_000
_NEAR: Final = 1e-9


class Chances(Struct, frozen=True, kw_only=True):
    """Name -> the share of ``draws`` in which a candidate is first, alone or level with others.

    ``moved`` are the (candidate, measure) that were drawn, ``fixed`` those without an interval.
    """

    chances: Mapping[str, float]
    draws: int
    seed: int
    moved: tuple[tuple[str, str], ...] = ()
    fixed: tuple[tuple[str, str], ...] = ()


def chances(
    standings: Sequence[Standing],
    weights: Mapping[str, Fraction],
    *,
    seed: int = 0,
    draws: int = DRAWS,
) -> Chances:
    """Draw every measured figure within its interval, and count who comes first.

    A figure is drawn from a normal distribution in two halves, the lower one as wide as the
    interval reaches below the estimate, the upper as it reaches above. A candidate's figure is the
    same for all criteria that use it; candidates are drawn apart from each other, though they were
    measured on the same samples: that makes the chances more even than they are, not less.
    """
    standing = [one for one in standings if one.stands]
    source = random.Random(seed)
    base = {one.name: float(one.total or 0) for one in standing}
    moving = {one.name: _moving(one) for one in standing}
    counts = dict.fromkeys(base, 0)
    for _ in range(draws):
        totals = dict(base)
        for name, figures in moving.items():
            for figure, uses in figures:
                value = _drawn(figure, source.random())
                for points in uses:
                    change = _score(points, value) - float(points.score or 0)
                    totals[name] += float(weights[points.criterion]) * change
        best = max(totals.values(), default=0.0)
        for name, total in totals.items():
            counts[name] += total >= best - _NEAR
    return Chances(
        chances={name: count / draws for name, count in counts.items()},
        draws=draws,
        seed=seed,
        moved=tuple((name, one.measure) for name, found in moving.items() for one, _ in found),
        fixed=tuple(
            dict.fromkeys(
                (one.name, points.figure.measure)
                for one in standing
                for points in one.points
                if points.figure is not None and not _has_interval(points.figure)
            )
        ),
    )


def _has_interval(figure: Figure) -> bool:
    return figure.low is not None and figure.high is not None and figure.low < figure.high


def _moving(standing: Standing) -> list[tuple[Figure, list[Points]]]:
    """The figures with an interval that give points, each with the criteria it gives them for."""
    found: dict[str, tuple[Figure, list[Points]]] = {}
    for points in standing.points:
        if points.figure is not None and _has_interval(points.figure):
            found.setdefault(points.figure.measure, (points.figure, []))[1].append(points)
    return list(found.values())


def _drawn(figure: Figure, uniform: float) -> float:
    """The value of the figure at a quantile of its distribution."""
    middle, low, high = float(figure.value), float(figure.low or 0), float(figure.high or 0)
    reach = NormalDist().inv_cdf(0.5 + figure.level / 2)
    z = NormalDist().inv_cdf(min(max(uniform, 1e-12), 1 - 1e-12))
    return middle + z / reach * (middle - low if z < 0 else high - middle)


def _score(points: Points, value: float) -> float:
    worst, best = float(points.worst or 0), float(points.best or 0)
    return min(10.0, max(0.0, 10 * (value - worst) / (best - worst)))
