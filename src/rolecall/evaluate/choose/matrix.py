"""The weighted matrix: points by criterion, exact totals, ranks; ties are said to be ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

from msgspec import structs

from rolecall.evaluate.choose.exact import exact, shown
from rolecall.evaluate.choose.measures import MEASURES
from rolecall.evaluate.choose.nouns import (
    Candidate,
    Figure,
    FloorCheck,
    Points,
    Scoring,
    Selection,
    Standing,
)

TOP: Final = Fraction(10)
"""The most points for a criterion."""


def linear(value: Fraction, worst: Fraction, best: Fraction) -> Fraction:
    """Points from 0 at ``worst`` to 10 at ``best``, never beyond: the one mapping there is."""
    return min(TOP, max(Fraction(0), TOP * (value - worst) / (best - worst)))


def points_of(candidate: Candidate, figures: Mapping[str, Figure]) -> tuple[Points, ...]:
    """The points of a candidate for every criterion, with how they came about."""
    return tuple(_points(name, one, figures) for name, one in candidate.scores.items())


def _points(criterion: str, scoring: Scoring, figures: Mapping[str, Figure]) -> Points:
    if not scoring.measure:
        return Points(criterion=criterion, score=scoring.score, how=scoring.reason)
    measure, figure = MEASURES[scoring.measure], figures.get(scoring.measure)
    if scoring.worst is None or scoring.best is None:  # the file was not read by read_selection
        raise ValueError(f"{criterion}: worst and best are needed")
    if figure is None:
        how = f"no figure for {measure.name}"
        return Points(criterion=criterion, score=None, how=how)
    how = f"{measure.name} {measure.shown(figure.value)}, linearly from 0 at "
    how += f"{measure.shown(scoring.worst)} to 10 at {measure.shown(scoring.best)}"
    return Points(
        criterion=criterion,
        score=linear(figure.value, scoring.worst, scoring.best),
        how=f"{how}; {scoring.reason}" if scoring.reason else how,
        figure=figure,
        worst=scoring.worst,
        best=scoring.best,
    )


def total_of(points: Sequence[Points], weights: Mapping[str, Fraction]) -> Fraction | None:
    """The weighted sum, exact; ``None`` where points of any weight are missing."""
    total = Fraction(0)
    for one in points:
        if weights[one.criterion] and one.score is None:
            return None
        total += weights[one.criterion] * (one.score or 0)
    return total


def stand(
    selection: Selection,
    figures: Mapping[str, Mapping[str, Figure]],
    floors: Mapping[str, tuple[FloorCheck, ...]],
    missing: Mapping[str, tuple[str, ...]],
) -> tuple[Standing, ...]:
    """Every candidate with its points, its total and its rank among those that stand.

    ``figures``, ``floors`` and ``missing`` go by the candidate's name. The order is the file's.
    """
    found = []
    for one in selection.candidates:
        points = points_of(one, figures[one.name])
        found.append(
            Standing(
                candidate=one,
                figures=figures[one.name],
                floors=floors[one.name],
                points=points,
                total=total_of(points, selection.weights),
                missing=missing[one.name],
            )
        )
    totals = [one.total for one in found if one.stands and one.total is not None]
    return tuple(
        structs.replace(one, rank=1 + sum(other > one.total for other in totals))
        if one.stands and one.total is not None
        else one
        for one in found
    )


def winners(standings: Sequence[Standing]) -> tuple[Standing, ...]:
    """Those with the greatest total among the candidates that stand; several are a tie."""
    return tuple(one for one in standings if one.rank == 1)


def stated(total: Fraction, told: Decimal) -> str:
    """What is to be said of a total that the file states beside the exact one."""
    written = f"{told}"
    exponent = told.as_tuple().exponent
    digits = max(0, -exponent) if isinstance(exponent, int) else 0
    if exact(told) == total:
        return f"{written}: right"
    step = Decimal(1).scaleb(-digits)
    # 30 digits are more than any sum of points needs before it is rounded
    near = Decimal(total.numerator) / Decimal(total.denominator)
    if told == near.quantize(step, ROUND_HALF_UP) or told == near.quantize(step, ROUND_HALF_EVEN):
        return f"{written}: {shown(total, digits + 1)}, rounded"
    return f"{written}: wrong, it is {shown(total)}"
