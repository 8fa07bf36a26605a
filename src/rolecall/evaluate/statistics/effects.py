"""How large a difference is, and what p is worth when many fields are looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence


def holm(ps: Sequence[float]) -> list[float]:
    """The p of each, adjusted for all (Holm 1979): under 5 % all of them are true but for 5 %."""
    adjusted, highest = [1.0] * len(ps), 0.0
    for rank, place in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[place]))
        adjusted[place] = highest
    return adjusted


def cohens_h(a: float, b: float) -> float:
    """The distance of two shares in which 5 points at 95 % weigh more than 5 points at 50 %.

    Cohen (1988): 0.2 is small, 0.5 medium, 0.8 large.
    """
    return 2.0 * (math.asin(math.sqrt(_share(a))) - math.asin(math.sqrt(_share(b))))


def standardised_difference(a: float, b: float, variance_a: float, variance_b: float) -> float:
    """The difference of two means in standard deviations of the scores (Cohen's d).

    0 where no score varies and the means are the same, infinite where they are not.
    """
    deviation = math.sqrt((variance_a + variance_b) / 2.0)
    if deviation == 0.0:
        return 0.0 if a == b else math.copysign(math.inf, a - b)
    return (a - b) / deviation


def _share(value: float) -> float:
    return min(1.0, max(0.0, value))
