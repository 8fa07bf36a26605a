"""Resampling whole sites: the bootstrap interval of a mean, and the paired sign-flip test.

The units are clusters (sites): pages of one site are alike, so a site is drawn or flipped as a
whole. Arrays have clusters as rows and fields as columns; all fields share their draws.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from rolecall.evaluate.nouns import Interval
from rolecall.evaluate.statistics.proportions import all_alike
from rolecall.evaluate.statistics.quantiles import normal_cdf, normal_quantile, student_quantile

Array = npt.NDArray[np.float64]
DRAWS: Final = 4000
FLIPS: Final = 9999
ENUMERATED: Final = 14
"""Up to this many clusters that differ, every pattern of signs is tried."""
CHUNK: Final = 4_000_000
"""The most numbers that a block of draws may hold (32 MB)."""
ALIKE: Final = 1e-12
"""What rounding may put between two equal means."""
Bounds = tuple[float, float]


class Bootstrap:
    """Clusters drawn with replacement, once for all fields, and the intervals that come of it.

    ``sums`` and ``sizes`` are clusters x fields: a cluster's sum of scores (or of differences of
    scores) and its number of samples. Intervals are those of the bias-corrected accelerated
    bootstrap (Efron 1987), acceleration from the jackknife over clusters, widened for few clusters
    by the quantile of Student's distribution (Hesterberg 2015, The American Statistician 69:371).
    With 10 to 30 clusters of which few differ that is still too narrow, so each end is the farther
    one of it and of Student's interval with the jackknife's standard error (Tukey 1958).
    """

    def __init__(
        self,
        sums: npt.ArrayLike,
        sizes: npt.ArrayLike,
        level: float = 0.95,
        seed: int = 0,
        draws: int = DRAWS,
    ) -> None:
        self._level = level
        self._sums, self._sizes = _columns(sums), _columns(sizes)
        self.fields = self._sums.shape[1]
        self._drawn = _replicates(self._sums, self._sizes, seed, draws)
        self._left_out = _jackknife(self._sums, self._sizes)

    def interval(self, field: int, bounds: Bounds = (-1.0, 1.0)) -> Interval | None:
        """The interval of the field's sum of ``sums`` over its sum of ``sizes``.

        ``bounds`` are the least and the most that a score can be: where all clusters show the same
        mean, drawing shows no doubt and `all_alike` tells what there is. ``None`` without samples,
        and for a single cluster of several samples.
        """
        there = self._sizes[:, field] > 0
        sums, sizes = self._sums[there, field], self._sizes[there, field]
        if not sums.size:
            return None
        seen = float(sums.sum() / sizes.sum())
        if float(np.ptp(sums / sizes)) <= ALIKE:
            if sums.size == 1 and sizes[0] > 1:
                return None
            return all_alike(seen, sums.size, bounds, self._level)
        drawn, left_out = self._drawn[:, field], self._left_out[there, field]
        found = _interval(seen, drawn, left_out, self._level, bounds)
        return _with_the_unseen(found, sums / sizes, bounds)

    def interval_of_mean(
        self,
        fields: Sequence[int],
        bounds: Bounds = (-1.0, 1.0),
        weights: Sequence[float] | None = None,
    ) -> Interval | None:
        """The interval of the mean of these fields' ratios, each counting as its weight (as one).

        ``None`` where no field has samples, and for a single cluster.
        """
        sums, sizes = self._sums[:, fields], self._sizes[:, fields]
        weight = np.ones(len(fields)) if weights is None else np.asarray(weights, dtype=np.float64)
        kept, there = sizes.sum(axis=0) > 0, (sizes > 0).any(axis=1)
        if not kept.any() or there.sum() < 2:
            return None
        ratios = sums[:, kept].sum(axis=0) / sizes[:, kept].sum(axis=0)
        seen = float(ratios @ weight[kept] / weight[kept].sum())
        left_out = _rows_mean(self._left_out[:, fields], weight)[there]
        if float(np.ptp(left_out[np.isfinite(left_out)])) <= ALIKE:
            return all_alike(seen, int(there.sum()), bounds, self._level)
        drawn = _rows_mean(self._drawn[:, fields], weight)
        return _interval(seen, drawn, left_out, self._level, bounds)


def bca(
    sums: npt.ArrayLike,
    sizes: npt.ArrayLike,
    level: float = 0.95,
    seed: int = 0,
    draws: int = DRAWS,
    bounds: Bounds = (-1.0, 1.0),
) -> list[Interval | None]:
    """For each field, the interval of the sum of ``sums`` over that of ``sizes`` (`Bootstrap`)."""
    drawn = Bootstrap(sums, sizes, level, seed, draws)
    return [drawn.interval(field, bounds) for field in range(drawn.fields)]


def sign_flip(differences: npt.ArrayLike, seed: int = 0, draws: int = FLIPS) -> list[float]:
    """For each field, two-sided p that the clusters' ``differences`` are as large by chance.

    ``differences`` is clusters x fields: each cluster's sum of A's scores less B's. If A and B are
    equally good, each cluster's sign is a throw of a coin (Fisher's paired randomisation test).
    Exact, over all patterns, where few clusters differ; else over ``draws`` random ones, of which
    what was seen counts as one (Phipson and Smyth 2010). The least p of k clusters is 2 in 2^k.
    """
    array = _columns(differences)
    ps = [1.0] * array.shape[1]
    many = []
    for field in range(array.shape[1]):
        moved = array[array[:, field] != 0.0, field]
        if moved.size <= ENUMERATED:
            ps[field] = _all_flips(moved)
        else:
            many.append(field)
    if many:
        for field, p in zip(many, _random_flips(array[:, many], seed, draws), strict=True):
            ps[field] = p
    return ps


def _columns(values: npt.ArrayLike) -> Array:
    array = np.asarray(values, dtype=np.float64)
    return array[:, np.newaxis] if array.ndim == 1 else array


def _replicates(top: Array, under: Array, seed: int, draws: int) -> Array:
    """The ratios (draws x fields) of clusters drawn with replacement; NaN where none has any."""
    clusters, fields = top.shape
    both = np.concatenate([top, under], axis=1)
    out = np.empty((draws, fields))
    at = 0
    for weights in _weights(clusters, seed, draws):
        sums = weights @ both
        with np.errstate(invalid="ignore", divide="ignore"):
            out[at : at + len(weights)] = sums[:, :fields] / sums[:, fields:]
        at += len(weights)
    return out


def _weights(clusters: int, seed: int, draws: int) -> Iterator[Array]:
    """How often each cluster is drawn, in blocks of draws x clusters."""
    random = np.random.default_rng(seed)
    block = max(1, min(draws, CHUNK // 2 // max(1, clusters)))
    for start in range(0, draws, block):
        rows = min(block, draws - start)
        drawn = random.integers(0, clusters, size=(rows, clusters), dtype=np.int64)
        drawn += np.arange(rows, dtype=np.int64)[:, np.newaxis] * clusters
        counts = np.bincount(drawn.ravel(), minlength=rows * clusters)
        yield counts.reshape(rows, clusters).astype(np.float64)


def _jackknife(top: Array, under: Array) -> Array:
    """The ratios (clusters x fields) with one cluster left out; NaN where nothing is left."""
    with np.errstate(invalid="ignore", divide="ignore"):
        left_out: Array = (top.sum(axis=0) - top) / (under.sum(axis=0) - under)
    return left_out


def _rows_mean(array: Array, weight: Array) -> Array:
    """The weighted mean of each row, over its fields that are there; NaN where none is."""
    there = np.isfinite(array)
    with np.errstate(invalid="ignore", divide="ignore"):
        means: Array = (np.where(there, array, 0.0) @ weight) / (there @ weight)
    return means


def _interval(seen: float, drawn: Array, left_out: Array, level: float, bounds: Bounds) -> Interval:
    """The interval of what was ``seen``, from sorted draws and the jackknife (see `Bootstrap`)."""
    drawn = np.sort(drawn[np.isfinite(drawn)])
    left_out = left_out[np.isfinite(left_out)]
    count, clusters = drawn.size, left_out.size
    slack = ALIKE * max(1.0, abs(seen))
    under = np.searchsorted(drawn, seen - slack, "left")
    upto = np.searchsorted(drawn, seen + slack, "right")
    least = 0.5 / (count + 1)
    share = min(1.0 - least, max(least, float(under + upto) / (2 * count)))
    bias = normal_quantile(share)
    off = left_out.mean() - left_out
    spread = float((off * off).sum())
    pull = float((off**3).sum()) / (6.0 * spread**1.5) if spread > 0 else 0.0
    t = student_quantile(0.5 + level / 2.0, clusters - 1.0)
    z = t * math.sqrt(clusters / (clusters - 1.0))
    half = t * math.sqrt(spread * (clusters - 1.0) / clusters)
    low = min(_at(drawn, _corrected(-z, bias, pull)), seen - half)
    high = max(_at(drawn, _corrected(z, bias, pull)), seen + half)
    return Interval(max(low, bounds[0]), seen, min(high, bounds[1]), level)


def _with_the_unseen(found: Interval, means: Array, bounds: Bounds) -> Interval:
    """Differences of which one sign was never seen: the share that may have it (see `all_alike`).

    Where 2 pages of 100 differ, both for A, no draw shows one for B. A cluster for B is taken to be
    at most as far from 0 as the farthest one seen. Where most clusters differ, the draws do.
    """
    signed = bounds[0] < 0.0 < bounds[1] and math.isfinite(bounds[1] - bounds[0])
    if not signed or 2 * np.count_nonzero(means) > means.size:
        return found
    other = (1.0 - (0.5 - found.level / 2.0) ** (1.0 / means.size)) * float(np.abs(means).max())
    low = found.low if (means < 0.0).any() else min(found.low, found.mid - other)
    high = found.high if (means > 0.0).any() else max(found.high, found.mid + other)
    return Interval(max(low, bounds[0]), found.mid, min(high, bounds[1]), found.level)


def _corrected(z: float, bias: float, pull: float) -> float:
    """The share of the draws at which the interval ends (Efron 1987)."""
    moved = bias + z
    scale = 1.0 - pull * moved
    if scale <= 0.0:  # past the pole: all the draws on that side
        return float(z > 0)
    return normal_cdf(bias + moved / scale)


def _at(drawn: Array, share: float) -> float:
    """The value of the sorted draws at a share of (count + 1), between neighbours by line."""
    place = min(max(share * (drawn.size + 1) - 1.0, 0.0), drawn.size - 1.0)
    low = math.floor(place)
    high = min(low + 1, drawn.size - 1)
    return float(drawn[low] + (place - low) * (drawn[high] - drawn[low]))


def _all_flips(moved: Array) -> float:
    """The share of all patterns of signs whose sum is at least as far from 0."""
    if not moved.size:
        return 1.0
    sums = np.array([moved[0]])  # the first keeps its sign: the mirrored half says the same
    for one in moved[1:]:
        sums = np.concatenate([sums + one, sums - one])
    return float((np.abs(sums) >= _reach(moved)).mean())


def _random_flips(array: Array, seed: int, draws: int) -> list[float]:
    random = np.random.default_rng(seed)
    clusters, fields = array.shape
    reach = np.array([_reach(array[:, field]) for field in range(fields)])
    beyond = np.zeros(fields, dtype=np.int64)
    total = array.sum(axis=0)
    width = (clusters + 7) // 8
    block = max(1, min(draws, CHUNK // 2 // max(1, clusters, fields)))
    for start in range(0, draws, block):
        rows = min(block, draws - start)
        bits = np.frombuffer(random.bytes(rows * width), dtype=np.uint8).reshape(rows, width)
        kept = np.unpackbits(bits, axis=1, count=clusters).astype(np.float64)
        beyond += (np.abs(2.0 * (kept @ array) - total) >= reach).sum(axis=0)
    return [float(p) for p in (beyond + 1) / (draws + 1)]


def _reach(differences: Array) -> float:
    """How far from 0 the sum was, less what rounding may take from an equal one."""
    return abs(float(differences.sum())) - 1e-9 * float(np.abs(differences).sum())
