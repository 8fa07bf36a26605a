"""From a sample to the whole: sums and counts with an interval that holds the truth in 9 of 10.

``regression``  a sum, where the sizes of all pages are known: the sample's mean, moved by as much
                as its pages are larger or smaller than all are (the regression estimator)
``ratio``       a sum, from places in large files: what a byte there gives, for all bytes
``share``       a count, such as that of failures, by Wilson's interval

All are for a sample without replacement that is spread over the whole in order: pages that stand
side by side are alike, so doubt is taken from the differences of neighbours (von Neumann 1941), and
what the sample holds is no doubt any more (the correction for a finite whole). The interval is
bent to the side to which the pages are skewed (Johnson 1978), and is Student's for few pages.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import NormalDist
from typing import Final

from msgspec import Struct

LEVEL: Final = 0.90
Z: Final = NormalDist().inv_cdf(0.5 + LEVEL / 2)

FEW: Final = 10
"""Pages below which nothing is learned from their sizes."""

SPARSE: Final = 0.2
"""Where no more of the pages add to a sum, those that do are counted first."""


ENDLESS: Final = 1e300
"""The upper end of an interval that has none; a number that JSON can hold."""


class Interval(Struct, frozen=True):
    """A figure that is foreseen: ``low`` <= ``expected`` <= ``high``."""

    low: float
    expected: float
    high: float

    def __add__(self, other: Interval) -> Interval:
        """The sum of two that are independent of each other."""
        down = math.hypot(self.expected - self.low, other.expected - other.low)
        up = math.hypot(self.high - self.expected, other.high - other.expected)
        middle = self.expected + other.expected
        return Interval(middle - down, middle, min(middle + up, ENDLESS))

    def times(self, factor: float) -> Interval:
        """All of it, so many times (``factor`` is not negative)."""
        low, middle, high = self.low * factor, self.expected * factor, self.high * factor
        return Interval(low, middle, min(high, ENDLESS))

    def within(self, least: float, most: float = ENDLESS) -> Interval:
        """The same between two bounds."""
        low, middle, high = (
            min(max(one, least), most) for one in (self.low, self.expected, self.high)
        )
        return Interval(low, middle, high)

    def wider(self, share: float) -> Interval:
        """The same with a further doubt, independent of its own: that all of it is less or more by
        so large a share. Twice as much is as likely as half."""
        middle = self.expected
        down = math.hypot(middle - self.low, middle - middle / (1 + share))
        up = math.hypot(self.high - middle, middle * share)
        return Interval(max(0.0, middle - down), middle, min(middle + up, ENDLESS))


NOTHING: Final = Interval(0.0, 0.0, 0.0)


def exactly(figure: float) -> Interval:
    """An interval without doubt."""
    return Interval(figure, figure, figure)


def regression(
    values: Sequence[float],
    sizes: Sequence[float],
    whole: int,
    all_sizes: float,
    usual: float = 0.0,
) -> Interval:
    """The sum of ``values`` over all ``whole`` pages, of which these are a sample.

    ``sizes`` are the sample's, ``all_sizes`` the sum over all pages. Values are not negative, so
    that the whole holds at least what the sample does. ``usual`` is what a page adds that adds
    something: where none of the sample does, a few others may.
    """
    count = len(values)
    seen = math.fsum(values)
    if count >= whole:
        return exactly(seen)
    if count < 2:
        return Interval(seen, seen * whole / max(count, 1), ENDLESS)
    nonzero = [place for place, value in enumerate(values) if value]
    if len(nonzero) <= SPARSE * count:
        added = [values[place] for place in nonzero]
        return _sparse(added, count, whole, usual).within(seen)
    mean, mean_size = seen / count, math.fsum(sizes) / count
    spread = math.fsum((size - mean_size) ** 2 for size in sizes)
    if count < FEW or spread <= 0:
        rests = [whole * (value - mean) for value in values]
        return _around(whole * mean, rests, 1 - count / whole, 1).within(seen)
    pairs = list(zip(values, sizes, strict=True))
    slope = math.fsum((v - mean) * (s - mean_size) for v, s in pairs) / spread
    off = all_sizes / whole - mean_size  # by how much all pages are larger than the sample's
    rests = []
    for value, size in pairs:
        pull = (size - mean_size) / spread
        held = min(0.9, 1 / count + pull * (size - mean_size))  # how much it bends the line to it
        rest = (value - mean - slope * (size - mean_size)) / (1 - held)
        rests.append(whole * rest * (1 + count * off * pull))
    moved = max(seen, whole * (mean + slope * off))
    return _around(moved, rests, 1 - count / whole, 2).within(seen)


def _sparse(values: Sequence[float], count: int, whole: int, usual: float) -> Interval:
    """A sum to which few of ``count`` pages add something: how many do, times how much."""
    hits = share(len(values), count, whole)
    if not values:
        return hits.times(usual)
    mean = math.fsum(values) / len(values)
    rests = [value - mean for value in values]
    each = _around(mean, rests, 1.0, 1) if len(values) > 1 else Interval(0.0, mean, 2 * mean)
    few, many = hits.low / hits.expected, hits.high / hits.expected
    down = math.hypot(1 - few, 1 - each.low / mean)
    up = math.hypot(many - 1, each.high / mean - 1)
    middle = hits.expected * mean
    return Interval(max(0.0, middle * (1 - down)), middle, middle * (1 + up))


def ratio(values: Sequence[float], sizes: Sequence[float], all_sizes: float) -> Interval:
    """The sum of ``values`` over files of ``all_sizes`` bytes, of which places were read.

    One value and one size for each place: what its pages hold, and their bytes. Places stand evenly
    over the bytes, so that each speaks for as many of them, however few bytes were read there.
    """
    seen, read = math.fsum(values), math.fsum(sizes)
    if read >= all_sizes:
        return exactly(seen)
    pairs = zip(values, sizes, strict=True)
    rates = [all_sizes * value / size for value, size in pairs if size > 0]
    if not rates:
        return Interval(seen, seen, ENDLESS)
    middle = max(seen, math.fsum(rates) / len(rates))
    if len(rates) < 2:
        return Interval(seen, middle, ENDLESS)
    rests = [rate - middle for rate in rates]
    return _around(middle, rests, 1 - read / all_sizes, 1).within(seen)


def share(hits: int, count: int, whole: float) -> Interval:
    """How many of ``whole`` pages have something that ``hits`` of ``count`` sampled ones have."""
    if count >= whole:
        return exactly(hits)
    if not count:
        return Interval(0.0, 0.0, whole)
    part = hits / count
    # A sample that is most of the whole leaves less doubt: as if it were larger.
    counted = count * (whole - 1) / (whole - count) if whole > count + 1 else count * whole
    square = Z * Z / counted
    middle = (part + square / 2) / (1 + square)
    half = Z / (1 + square) * math.sqrt(part * (1 - part) / counted + square / (4 * counted))
    found = Interval(whole * (middle - half), whole * part, whole * (middle + half))
    low, high = (0.0 if not hits else found.low), (whole if hits == count else found.high)
    return Interval(low, found.expected, high).within(hits, whole - (count - hits))


def _around(middle: float, rests: Sequence[float], left: float, lost: int) -> Interval:
    """The interval of a mean that was found to be ``middle``: ``rests`` are the deviations of the
    sample, ``left`` the share of the whole that is not in it, ``lost`` what was fitted."""
    count = len(rests)
    steps = math.fsum((b - a) ** 2 for a, b in pairwise(rests))
    variance = steps / (2 * (count - 1))
    if variance <= 0:
        return exactly(middle)
    free = max(1.0, (count - lost) * 2 / 3)  # differences of neighbours tell two thirds as much
    error = math.sqrt(max(0.0, left) * variance / count)
    t = student(free)
    spread = math.sqrt(variance)  # divided by first: the power of a tiny one is nothing
    third = math.fsum((one / spread) ** 3 for one in rests) / count
    bend = third * (1 + 2 * t * t) / (6 * math.sqrt(count))
    low, high = -t + min(bend, t / 2), t + max(bend, -t / 2)
    return Interval(middle + min(low, 0.0) * error, middle, middle + max(high, 0.0) * error)


def student(free: float) -> float:
    """The quantile of Student's t that ``LEVEL`` of the draws are within (Cornish and Fisher)."""
    z = Z
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    fourth = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + first / free + second / free**2 + third / free**3 + fourth / free**4
