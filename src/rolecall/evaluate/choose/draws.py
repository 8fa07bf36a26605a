"""How often a candidate comes first within the intervals of what was measured."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from statistics import NormalDist
from typing import Final

from msgspec import Struct

from rolecall.evaluate.choose.nouns import Figure, Points, Standing
from rolecall.evaluate.choose.together import correlations, mixed, root

DRAWS: Final = 10_000
_NEAR: Final = 1e-9
_NORMAL: Final = NormalDist()


class Chances(Struct, frozen=True, kw_only=True):
    """Name -> the share of ``draws`` in which a candidate is first, alone or level with others.

    ``moved`` are the (candidate, measure) that were drawn, ``fixed`` those without an interval.
    ``together`` are the correlations of the drawn ones that move together, by their places in
    ``moved``.
    """

    chances: Mapping[str, float]
    draws: int
    seed: int
    moved: tuple[tuple[str, str], ...] = ()
    fixed: tuple[tuple[str, str], ...] = ()
    together: tuple[tuple[int, int, float], ...] = ()


class _Moving(Struct, frozen=True):
    """A figure with an interval, whose it is, and the points that come from it."""

    name: str
    figure: Figure
    uses: tuple[Points, ...]


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
    same for all criteria that use it. Figures on the same samples move together as their means by
    site do (`together.correlation`); others are drawn apart.
    """
    standing = [one for one in standings if one.stands]
    source = random.Random(seed)
    base = {one.name: float(one.total or 0) for one in standing}
    moving = [found for one in standing for found in _moving(one)]
    matrix = correlations([one.figure for one in moving])
    lower = root(matrix)
    counts = dict.fromkeys(base, 0)
    for _ in range(draws):
        normals = mixed(lower, [_normal(source) for _ in moving])
        totals = dict(base)
        for one, z in zip(moving, normals, strict=True):
            value = _drawn(one.figure, z)
            for points in one.uses:
                change = _score(points, value) - float(points.score or 0)
                totals[one.name] += float(weights[points.criterion]) * change
        best = max(totals.values(), default=0.0)
        for name, total in totals.items():
            counts[name] += total >= best - _NEAR
    return Chances(
        chances={name: count / draws for name, count in counts.items()},
        draws=draws,
        seed=seed,
        moved=tuple((one.name, one.figure.measure) for one in moving),
        fixed=_fixed(standing),
        together=tuple(
            (i, j, row[j]) for i, row in enumerate(matrix) for j in range(i) if row[j] != 0.0
        ),
    )


def _fixed(standing: Sequence[Standing]) -> tuple[tuple[str, str], ...]:
    """The figures that give points and have no interval."""
    found = (
        (one.name, points.figure)
        for one in standing
        for points in one.points
        if points.figure is not None
    )
    return tuple(
        dict.fromkeys((name, figure.measure) for name, figure in found if not _has_interval(figure))
    )


def _has_interval(figure: Figure) -> bool:
    return figure.low is not None and figure.high is not None and figure.low < figure.high


def _moving(standing: Standing) -> list[_Moving]:
    """The figures with an interval that give points, each with the criteria it gives them for."""
    found: dict[str, tuple[Figure, list[Points]]] = {}
    for points in standing.points:
        if points.figure is not None and _has_interval(points.figure):
            found.setdefault(points.figure.measure, (points.figure, []))[1].append(points)
    return [_Moving(standing.name, figure, tuple(uses)) for figure, uses in found.values()]


def _normal(source: random.Random) -> float:
    return _NORMAL.inv_cdf(min(max(source.random(), 1e-12), 1 - 1e-12))


def _drawn(figure: Figure, z: float) -> float:
    """The value of the figure, ``z`` standard deviations from its middle."""
    middle, low, high = float(figure.value), float(figure.low or 0), float(figure.high or 0)
    reach = _NORMAL.inv_cdf(0.5 + figure.level / 2)
    return middle + z / reach * (middle - low if z < 0 else high - middle)


def _score(points: Points, value: float) -> float:
    worst, best = float(points.worst or 0), float(points.best or 0)
    return min(10.0, max(0.0, 10 * (value - worst) / (best - worst)))
