"""The normal and Student's distribution: how likely, and where a share of it ends."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import Final

NORMAL: Final = NormalDist()
TINY: Final = 1e-300


def normal_cdf(z: float) -> float:
    """The share of the standard normal distribution at or under ``z``."""
    return 0.5 * math.erfc(-z / math.sqrt(2.0))


def normal_quantile(p: float) -> float:
    """The ``z`` under which the share ``p`` of the standard normal lies; infinite at 0 and 1."""
    if p <= 0.0 or p >= 1.0:
        return math.copysign(math.inf, p - 0.5)
    return NORMAL.inv_cdf(p)


def student_cdf(t: float, freedom: float) -> float:
    """The share of Student's distribution with ``freedom`` degrees at or under ``t``."""
    if math.isinf(t):
        return float(t > 0)
    tail = 0.5 * _incomplete_beta(freedom / (freedom + t * t), freedom / 2.0, 0.5)
    return 1.0 - tail if t > 0 else tail


@lru_cache(maxsize=4096)
def student_quantile(p: float, freedom: float) -> float:
    """The ``t`` under which the share ``p`` of Student's distribution lies.

    Starts from the expansion about the normal quantile (Hill 1970, CACM algorithm 396; Abramowitz
    and Stegun 26.7.5) and halves an interval around it until nothing is left of it.
    """
    if p <= 0.0 or p >= 1.0:
        return math.copysign(math.inf, p - 0.5)
    if p < 0.5:
        return -student_quantile(1.0 - p, freedom)
    z = normal_quantile(p)
    high = z + (z**3 + z) / (4.0 * freedom) + 1.0
    while student_cdf(high, freedom) < p:
        high *= 2.0
    low = 0.0
    while high - low > 1e-13 * max(1.0, high):
        middle = 0.5 * (low + high)
        if middle in (low, high):
            break
        if student_cdf(middle, freedom) < p:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function (Abramowitz and Stegun 26.5.8)."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1.0) / (a + b + 2.0):  # where the fraction converges fast
        return 1.0 - _incomplete_beta(1.0 - x, b, a)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return front * _fraction(x, a, b) / a


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function, by Lentz's method (1976)."""
    ratio, inverse = 1.0, 1.0 / _apart(1.0 - (a + b) * x / (a + 1.0))
    value = inverse
    for m in range(1, 1000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            inverse = 1.0 / _apart(1.0 + term * inverse)
            ratio = _apart(1.0 + term / ratio)
            value *= inverse * ratio
        if abs(inverse * ratio - 1.0) < 1e-15:
            break
    return value


def _apart(value: float) -> float:
    return value if abs(value) > TINY else TINY
