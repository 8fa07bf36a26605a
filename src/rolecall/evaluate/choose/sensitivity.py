"""How firmly the first candidate stands: over which weights, and within which intervals.

All about weights is exact: totals are linear in them, so that each rival cuts the space of weights
(the simplex of those that are at least 0 and add up to 1) with one plane.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

from msgspec import Struct

from rolecall.evaluate.choose.nouns import Standing
from rolecall.evaluate.choose.pareto import dominated

Vector = tuple[Fraction, ...]
MOST_PIECES: Final = 3_000
"""Beyond so many pieces of the simplex, shares are estimated by drawing weights."""


class Range(Struct, frozen=True, kw_only=True):
    """Where the first candidate stands if one weight changes and the others keep their proportions.

    It stands from ``low`` to ``high``, both included; beyond, ``below`` and ``above`` come first.
    """

    criterion: str
    weight: Fraction
    low: Fraction
    high: Fraction
    below: tuple[str, ...] = ()
    above: tuple[str, ...] = ()


class Shift(Struct, frozen=True, kw_only=True):
    """The least weight that must be moved, from some criteria to one, for ``rival`` to draw level.

    ``moves`` are (from, to, how much).
    """

    rival: str
    amount: Fraction
    moves: tuple[tuple[str, str, Fraction], ...]


class Shares(Struct, frozen=True, kw_only=True):
    """The share of all weights under which each candidate is first, alone or level with others.

    ``draws`` is 0 where the shares are exact, else how many weights were drawn with ``seed``.
    """

    shares: Mapping[str, Fraction]
    draws: int = 0
    seed: int = 0


def scores_of(standings: Sequence[Standing]) -> dict[str, Vector]:
    """The points of the candidates that stand, by name, in the order of the criteria."""
    return {
        one.name: tuple(points.score or Fraction(0) for points in one.points)
        for one in standings
        if one.stands
    }


def ranges(
    scores: Mapping[str, Vector], weights: Mapping[str, Fraction], first: str
) -> tuple[Range, ...]:
    """For each criterion: how far its weight may change until ``first`` is no longer first."""
    return tuple(_range(scores, weights, first, at) for at in range(len(weights)))


def _range(
    scores: Mapping[str, Vector], weights: Mapping[str, Fraction], first: str, at: int
) -> Range:
    """Along the line on which the weight ``at`` goes from 0 to 1, every total is linear in it."""
    criterion, weight = list(weights.items())[at]
    ends = {name: _ends(vector, tuple(weights.values()), at) for name, vector in scores.items()}
    low, high = Fraction(0), Fraction(1)
    for name, (start, end) in ends.items():
        lead_start, lead_end = ends[first][0] - start, ends[first][1] - end
        if name == first or lead_start == lead_end:
            continue
        level = lead_start / (lead_start - lead_end)  # where the two have the same total
        if lead_start < lead_end and level > low:
            low = level
        if lead_start > lead_end and level < high:
            high = level

    def level_at(place: Fraction) -> tuple[str, ...]:
        totals = {name: (1 - place) * a + place * b for name, (a, b) in ends.items()}
        return tuple(n for n, total in totals.items() if n != first and total == totals[first])

    return Range(
        criterion=criterion,
        weight=weight,
        low=low,
        high=high,
        below=level_at(low) if low > 0 else (),
        above=level_at(high) if high < 1 else (),
    )


def _ends(vector: Vector, weights: Vector, at: int) -> tuple[Fraction, Fraction]:
    """The totals with the weight ``at`` at 0 and at 1, the others in their proportions.

    Where the others are all 0 they share equally.
    """
    rest = [(w, s) for i, (w, s) in enumerate(zip(weights, vector, strict=True)) if i != at]
    if not rest:
        return vector[at], vector[at]
    whole = sum((w for w, _ in rest), Fraction(0))
    if not whole:
        return sum((s for _, s in rest), Fraction(0)) / len(rest), vector[at]
    return sum((w * s for w, s in rest), Fraction(0)) / whole, vector[at]


def least_shift(
    scores: Mapping[str, Vector], weights: Mapping[str, Fraction], first: str
) -> Shift | None:
    """The least weight to move so that some rival draws level; ``None`` if none ever can.

    To move weight to where the lead is least from where it is greatest changes the most, so that
    taking from the greatest lead first is the least in all.
    """
    shifts = [
        one
        for rival in scores
        if rival != first and (one := _shift(scores, weights, first, rival)) is not None
    ]
    return min(shifts, key=lambda one: one.amount, default=None)


def _shift(
    scores: Mapping[str, Vector], weights: Mapping[str, Fraction], first: str, rival: str
) -> Shift | None:
    names = list(weights)
    lead = [a - b for a, b in zip(scores[first], scores[rival], strict=True)]
    ahead = sum((lead[i] * weights[name] for i, name in enumerate(names)), Fraction(0))
    target = min(range(len(names)), key=lambda i: lead[i])
    moves, moved = [], Fraction(0)
    for i in sorted(range(len(names)), key=lambda i: -lead[i]):
        gain = lead[i] - lead[target]
        if ahead <= 0 or gain <= 0:
            break
        amount = min(weights[names[i]], ahead / gain)
        if amount:
            moves.append((names[i], names[target], amount))
            moved, ahead = moved + amount, ahead - amount * gain
    return Shift(rival=rival, amount=moved, moves=tuple(moves)) if ahead <= 0 else None


def shares(scores: Mapping[str, Vector], *, seed: int = 0, draws: int = 20_000) -> Shares:
    """The share of all weights under which each candidate comes first.

    Exact as long as the simplex is cut into few pieces; else from ``draws`` weights.
    """
    beaten = dominated(scores)
    rivals = {name: vector for name, vector in scores.items() if name not in beaten}
    try:
        # One that is dominated leads nowhere but on an edge, and cuts off nothing of its own.
        found = {
            name: exact_share(rivals, name) if name in rivals else Fraction(0) for name in scores
        }
        return Shares(shares=found)
    except OverflowError:
        return sampled_shares(scores, seed=seed, draws=draws)


def exact_share(scores: Mapping[str, Vector], first: str) -> Fraction:
    """The volume of the weights under which ``first`` leads, as a share of all weights.

    A simplex that the plane of a rival cuts is split at an edge of which the two ends lie on
    different sides, until none is cut. Raises ``OverflowError`` beyond ``MOST_PIECES``.
    """
    leads = [
        tuple(a - b for a, b in zip(scores[first], other, strict=True))
        for name, other in scores.items()
        if name != first
    ]
    size = len(scores[first])
    corners = [tuple(lead[i] for lead in leads) for i in range(size)]
    pieces = [(Fraction(1), corners)]
    seen = 0
    for rival in range(len(leads)):
        kept = []
        while pieces:
            seen += 1
            if seen > MOST_PIECES:
                raise OverflowError("too many pieces")
            volume, points = pieces.pop()
            up = max(range(size), key=lambda i: points[i][rival])
            down = min(range(size), key=lambda i: points[i][rival])
            top, bottom = points[up][rival], points[down][rival]
            if bottom >= 0:
                kept.append((volume, points))
            elif top > 0:
                part = top / (top - bottom)
                cut = tuple(
                    a + part * (b - a) for a, b in zip(points[up], points[down], strict=True)
                )
                pieces.append((volume * part, [*points[:down], cut, *points[down + 1 :]]))
                pieces.append((volume * (1 - part), [*points[:up], cut, *points[up + 1 :]]))
        pieces = kept
    return sum((volume for volume, _ in pieces), Fraction(0))


def sampled_shares(scores: Mapping[str, Vector], *, seed: int, draws: int) -> Shares:
    """The same by drawing weights uniformly from the simplex (gaps between sorted uniforms)."""
    source, size = random.Random(seed), len(next(iter(scores.values()), ()))
    vectors = {name: tuple(map(float, vector)) for name, vector in scores.items()}
    counts = dict.fromkeys(scores, 0)
    for _ in range(draws):
        cuts = [0.0, *sorted(source.random() for _ in range(size - 1)), 1.0]
        weights = [b - a for a, b in pairwise(cuts)]
        totals = {name: _dot(weights, v) for name, v in vectors.items()}
        best = max(totals.values())
        for name, total in totals.items():
            counts[name] += total >= best - 1e-12
    found = {name: Fraction(count, draws) for name, count in counts.items()}
    return Shares(shares=found, draws=draws, seed=seed)


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))
