"""Right or wrong: the interval of a share, the exact paired test, and the case of no variation."""

from __future__ import annotations

import math

from rolecall.evaluate.nouns import Interval
from rolecall.evaluate.statistics.quantiles import normal_quantile


def wilson(right: float, n: float, level: float = 0.95) -> Interval | None:
    """The score interval of a share (Wilson 1927); ``None`` where ``n`` is 0.

    ``right`` may be a sum of scores from 0 to 1: a graded score varies less than right-or-wrong of
    the same mean, so the interval is then too wide and never too narrow. ``n`` may be an effective
    number of samples.
    """
    if n <= 0:
        return None
    z = normal_quantile(0.5 + level / 2.0)
    share = right / n
    centre = (share + z * z / (2.0 * n)) / (1.0 + z * z / n)
    half = z / (1.0 + z * z / n) * math.sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
    low = 0.0 if right <= 0 else max(0.0, centre - half)
    high = 1.0 if right >= n else min(1.0, centre + half)
    return Interval(low, share, high, level)


def all_alike(
    value: float, n: int, bounds: tuple[float, float], level: float = 0.95
) -> Interval | None:
    """The interval of a mean of which ``n`` independent units all showed the same ``value``.

    At most a share ``u`` of the units can be different, and those lie within ``bounds``. ``u`` is
    the upper end of the exact interval for none of ``n`` (Clopper and Pearson 1934), about the
    "rule of three": 3.7 in ``n`` at two-sided 95 %. ``None`` where ``n`` is 0 or nothing bounds
    the values.
    """
    if n <= 0 or not all(map(math.isfinite, bounds)):
        return None
    other = 1.0 - (0.5 - level / 2.0) ** (1.0 / n)
    low, high = bounds
    return Interval(value - other * (value - low), value, value + other * (high - value), level)


def mcnemar_midp(only_a: int, only_b: int) -> float:
    """Two-sided mid-p of McNemar's exact test, from the pairs in which just one was right.

    Fagerland, Lydersen and Laake (2013), BMC Medical Research Methodology 13:91: the exact
    conditional p less half the probability of what was seen, which holds its level where the exact
    test is too careful. 1 where no pair differs.
    """
    n, fewer = only_a + only_b, min(only_a, only_b)
    if n == 0:
        return 1.0
    seen = math.exp(
        math.lgamma(n + 1) - math.lgamma(fewer + 1) - math.lgamma(n - fewer + 1) - n * math.log(2.0)
    )
    if only_a == only_b:
        return 1.0 - 0.5 * seen
    term, tail = seen, 0.0
    for i in range(fewer, 0, -1):
        term *= i / (n - i + 1)
        tail += term
        if term < 1e-17 * tail:
            break
    return min(1.0, 2.0 * tail + seen)
