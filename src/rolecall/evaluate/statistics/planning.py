"""How many labels a question takes, and how much less pages of one site say than others."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rolecall.evaluate.statistics.quantiles import normal_quantile


def design_effect(values: npt.ArrayLike, clusters: npt.ArrayLike) -> float:
    """How many times the variance of the mean grows because values of one cluster are alike.

    The cluster-robust variance of the mean over that of independent values (Kish 1965); at least 1,
    and 1 where nothing varies or there is but one cluster.
    """
    array = np.asarray(values, dtype=np.float64)
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    n, groups = array.size, names.size
    if n < 2 or groups < 2:
        return 1.0
    off = array - array.mean()
    alone = float(off @ off) / (n - 1) / n
    sums = np.bincount(place, weights=off, minlength=groups)
    together = float(sums @ sums) / (n * n) * groups / (groups - 1)
    return max(1.0, together / alone) if alone > 0 else 1.0


def more_samples(
    have: int,
    difference: float,
    *,
    discordance: float | None = None,
    deviation: float | None = None,
    alpha: float = 0.05,
    power: float = 0.8,
    design_effect: float = 1.0,
) -> int | None:
    """How many samples more find a true ``difference`` with ``power`` in a paired two-sided test.

    For right or wrong give ``discordance``, the share of the pairs in which just one is right
    (McNemar's test; Miettinen 1968, Biometrics 24:339); for graded scores ``deviation``, the
    standard deviation of the differences. ``design_effect`` times as many are needed where pages of
    one site are alike; the new ones must then come from new sites. ``None`` where the difference is
    0: no number would do.
    """
    gap = abs(difference)
    if gap == 0.0:
        return None
    sure, found = normal_quantile(1.0 - alpha / 2.0), normal_quantile(power)
    if discordance is not None:
        share = max(discordance, gap)
        rest = max(0.0, share * share - gap * gap * (3.0 + share) / 4.0)
        root = (sure * share + found * math.sqrt(rest)) / math.sqrt(share)
    else:
        root = (sure + found) * (deviation or 0.0)
    needed = math.ceil((root / gap) ** 2 * max(1.0, design_effect))
    return max(0, needed - have)
