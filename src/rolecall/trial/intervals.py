"""Intervals that hold at every look at once: confidence sequences.

With probability ``1 - alpha`` *all* intervals of a sequence hold the truth, so the narrowest so far
may be read at any time, and a decision may wait for it. They are the values that a mixture has not
rejected: those whose likelihood is at least ``alpha`` times the mean likelihood over a prior
(Robbins 1970; Howard, Ramdas, McAuliffe and Sekhon 2021). At the truth that mean is a martingale
which begins at 1, and Ville's inequality bounds how often it ever reaches ``1 / alpha``. The prior
says where intervals are narrow, not whether they hold.

Each is of *one* number that stays what it is. If a ratio drifts, its interval is about the mean,
without a guarantee; ``sequential.harm`` and ``harmless`` keep theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from rolecall.trial.sequential import Stretch, checked, merged

RATIO_SPREAD: Final = 0.25
"""Variance of the logarithm of a ratio in the prior: about 1, rather within a half and double."""

HALF: Final = 0.5
"""Both parameters of the Beta prior of a rate (Krichevsky and Trofimov 1981)."""


class Between(NamedTuple):
    """An interval about an estimate, which is ``None`` where nothing was seen."""

    low: float
    mid: float | None
    high: float


def ratio_between(stretches: Sequence[Stretch], alpha: float = 0.05) -> Between:
    """The challenger's rate of bad pages over the champion's.

    ``stretches`` are in the order of time, ``hits`` the challenger's bad pages and ``chance`` its
    share. The prior of a stretch is what those before have taught, which keeps the mean a
    martingale. From 0 to infinity where nobody was bad.

    Raises ``UsageError`` unless ``alpha`` lies between 0 and 1.
    """
    checked(alpha)
    seen = [one for one in merged(stretches) if one.hits + one.misses > 0]
    if not seen:
        return Between(0.0, None, math.inf)
    mean, centre, spread = 0.0, 1.0, RATIO_SPREAD
    for one in seen:
        odds = one.chance / (1.0 - one.chance)
        # a Beta distribution with these odds, and about this variance of their logarithm
        a, b = (1.0 + centre * odds) / spread, (1.0 + 1.0 / (centre * odds)) / spread
        mean += _log_beta(a + one.hits, b + one.misses) - _log_beta(a, b)
        centre = (a + one.hits) / (b + one.misses) / odds
        spread = 1.0 / (a + one.hits) + 1.0 / (b + one.misses)
    places = [
        (one.hits, one.misses, math.log(one.chance) - math.log1p(-one.chance)) for one in seen
    ]
    low, mid, high = _solve(places, mean, alpha)
    return Between(_exp(low), _exp(mid), _exp(high))


def rate_between(hits: int, n: int, alpha: float = 0.05) -> Between:
    """A rate of which ``hits`` of ``n`` were seen; from 0 to 1 where nothing was.

    Counts that cannot be tell nothing. Raises ``UsageError`` unless ``alpha`` lies between 0 and 1.
    """
    checked(alpha)
    if not _possible(hits, n):
        return Between(0.0, None, 1.0)
    low, mid, high = _solve([(hits, n - hits, 0.0)], _rate_mean(hits, n), alpha)
    return Between(_logistic(low), _logistic(mid), _logistic(high))


def difference_between(
    hits: int, n: int, other_hits: int, other_n: int, alpha: float = 0.05
) -> Between:
    """One rate less another, which says something also where nobody was bad.

    Each rate lies in its interval at ``alpha / 2``. The set of pairs of rates that a joint mixture
    has not rejected would be about a tenth narrower, and half as wide again where nobody was bad,
    which is when a difference is asked for.

    Raises ``UsageError`` unless ``alpha`` lies between 0 and 1.
    """
    one = rate_between(hits, n, checked(alpha) / 2.0)
    other = rate_between(other_hits, other_n, alpha / 2.0)
    mid = None if one.mid is None or other.mid is None else one.mid - other.mid
    return Between(one.low - other.high, mid, one.high - other.low)


def _possible(hits: int, n: int) -> bool:
    return 0 <= hits <= n and 0 < n < math.inf


def _rate_mean(hits: int, n: int) -> float:
    """Logarithm of the mean likelihood over the prior of a rate."""
    return _log_beta(hits + HALF, n - hits + HALF) - _log_beta(HALF, HALF)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _logistic(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    small = math.exp(x)
    return small / (1.0 + small)


def _exp(x: float) -> float:
    return math.exp(x) if x < 700.0 else math.inf


Places = Sequence[tuple[int, int, float]]
"""Hits, misses, and the log odds of a hit at 0."""


def _solve(places: Places, mean: float, alpha: float) -> tuple[float, float, float]:
    """Where the likelihood is at least ``alpha`` times the ``mean``, as log odds: low, best, high.

    Where stretches contradict one another no odds may be left, since each stretch's mean is its
    own; a mean above the greatest likelihood is lowered to it, which only widens the interval.
    """
    hits, misses = sum(one[0] for one in places), sum(one[1] for one in places)
    if not hits:
        best = -math.inf
    elif not misses:
        best = math.inf
    else:
        best = _best(places)
        mean = min(mean, _slope(places, best)[0])
    least = math.log(alpha) + mean
    low = -math.inf if not hits else _end(places, least, best, -1.0)
    high = math.inf if not misses else _end(places, least, best, 1.0)
    return low, best, high


def _best(places: Places) -> float:
    """The log odds of the greatest likelihood, where both hits and misses were seen."""
    hits, misses, offset = places[0]
    if len(places) == 1:
        return math.log(hits / misses) - offset
    each = [math.log((one[0] + 0.5) / (one[1] + 0.5)) - one[2] for one in places]
    low, high = min(each) - 1.0, max(each) + 1.0
    while _slope(places, low)[1] < 0.0:
        low -= 1.0
    while _slope(places, high)[1] > 0.0:
        high += 1.0
    x = (low + high) / 2.0
    for _ in range(60):
        slope = _slope(places, x)[1]
        low, high = (x, high) if slope > 0.0 else (low, x)
        bend = sum((one[0] + one[1]) * _bend(x + one[2]) for one in places)
        step = slope / bend if bend > 0.0 else math.inf
        if abs(step) < 1e-9:
            break
        x = x + step if low < x + step < high else (low + high) / 2.0
    return x


def _end(places: Places, least: float, best: float, side: float) -> float:
    """The end of the interval on this ``side`` (-1 or 1) of the best log odds.

    Newton's method from outside: the log likelihood is concave, so each step lands outside or on
    the end, and an end found with little care makes the interval wider, never too narrow.
    """
    value, slope = 1.0, 0.0
    x, step = (best, 1.0) if math.isfinite(best) else (side * 0.1, 1.0)
    if math.isfinite(best):
        gap = _slope(places, best)[0] - least
        bend = sum((one[0] + one[1]) * _bend(best + one[2]) for one in places)
        step = math.sqrt(2.0 * max(gap, 1e-9) / max(bend, 1e-300))
    while value > 0.0:
        x, step = x + side * step, 1.5 * step
        value, slope = _slope(places, x)
        value -= least
    for _ in range(50):
        if value > -1e-9 * (1.0 + abs(least)) or slope == 0.0:
            break
        x -= value / slope
        value, slope = _slope(places, x)
        value -= least
    return x


def _slope(places: Places, x: float) -> tuple[float, float]:
    """The log likelihood at ``x``, and its derivative."""
    value = slope = 0.0
    for hits, misses, offset in places:
        y = x + offset
        small = math.exp(-abs(y))
        log = math.log1p(small)
        n = hits + misses
        # log of the logistic function of y and of -y: they differ by y
        value -= n * log + (misses * y if y > 0.0 else -hits * y)
        slope += hits - n * (1.0 if y > 0.0 else small) / (1.0 + small)
    return value, slope


def _bend(x: float) -> float:
    small = math.exp(-abs(x))
    return small / (1.0 + small) ** 2
