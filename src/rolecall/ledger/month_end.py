"""Where a month's spending will end, of what single days cost so far."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from math import sqrt
from statistics import fmean
from typing import Final

WINDOW: Final = 28
"""Days that are looked back: four weeks, so that each day of the week counts as often."""
FEWEST: Final = 3
"""Whole days from which on their spread is believed; before, days are taken to differ by as much as
one costs."""

_T90: Final = (
    3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372, 1.363, 1.356, 1.350,
    1.345, 1.341, 1.337, 1.333, 1.330, 1.328, 1.325, 1.323, 1.321, 1.319, 1.318, 1.316, 1.315,
    1.314,
)  # fmt: skip
"""Quantiles of Student's t distribution at 90 %, for 1 degree of freedom and more."""


def forecast(spent: Mapping[date, float], now: datetime) -> tuple[float, float, float]:
    """Low, mean and high of what the month of ``now`` will have cost (days are those of UTC).

    The rest of the month is taken to cost what a day cost over the last four weeks (``WINDOW``;
    fewer, if the first spending is younger; the first day counts as a whole one). Low and high hold
    four ends of five, if days cost independently of each other: the interval of a sum of r days
    still to come, whose mean and spread are known from n days only, is
    t(n - 1) * s * sqrt(r + r * r / n) to either side (a prediction interval; Hahn and Meeker,
    Statistical Intervals, 1991, section 4.8, for a sum instead of a mean). A change of how much is
    handed in is foreseen by nothing.
    """
    utc = now.astimezone(UTC)
    today, first = utc.date(), utc.date().replace(day=1)
    oldest = min((day for day, cost in spent.items() if cost > 0), default=None)
    if oldest is None:
        return 0.0, 0.0, 0.0
    begins = max(oldest, today - timedelta(days=WINDOW))
    passed = (utc - datetime(today.year, today.month, today.day, tzinfo=UTC)).total_seconds()
    days = (today - begins).days
    whole = [spent.get(begins + timedelta(days=one), 0.0) for one in range(days)]
    rate = (sum(whole) + spent.get(today, 0.0)) / max(1.0, days + passed / 86_400)
    month = sum(cost for day, cost in spent.items() if first <= day <= today)
    elapsed = max(1.0, (today - first).days + passed / 86_400)
    left = monthrange(today.year, today.month)[1] - elapsed
    mean = month + rate * left
    half = _quantile(days) * _spread(whole, rate) * sqrt(left + left * left / max(1, days))
    return max(month, mean - half), mean, mean + half


def _spread(whole: list[float], rate: float) -> float:
    if len(whole) < FEWEST:
        return rate
    mean = fmean(whole)
    return sqrt(sum((one - mean) ** 2 for one in whole) / (len(whole) - 1))


def _quantile(days: int) -> float:
    return _T90[min(max(FEWEST, days) - 1, len(_T90)) - 1]
