"""Whether confidences mean what they say, and which threshold reaches an accuracy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from rolecall.evaluate.nouns import Interval
from rolecall.evaluate.statistics.proportions import wilson
from rolecall.evaluate.statistics.quantiles import normal_quantile

Array = npt.NDArray[np.float64]


class Bin(Struct, frozen=True, kw_only=True):
    """The values whose confidence lies from ``low`` to ``high``.

    ``confidence`` is their mean confidence and ``accuracy`` the mean score with its interval; both
    are ``None`` where ``n`` is 0.
    """

    low: float
    high: float
    n: int
    confidence: float | None = None
    accuracy: Interval | None = None


class Calibration(Struct, frozen=True, kw_only=True):
    """How far confidences are from what turned out right.

    ``ece`` is the expected calibration error (the bins' distances between confidence and accuracy,
    weighted by their values), ``brier`` the mean squared distance of confidence and score; both are
    ``None`` without values.
    """

    n: int
    confidence: float | None
    accuracy: float | None
    ece: float | None
    brier: float | None
    bins: tuple[Bin, ...]


class CoveragePoint(Struct, frozen=True, kw_only=True):
    """What is left when values less sure than ``threshold`` are left out.

    ``share`` of all values (``n`` of them) are kept, at ``accuracy``, which is at least ``low``.
    """

    threshold: float
    n: int
    share: float
    accuracy: float
    low: float


class Threshold(Struct, frozen=True, kw_only=True):
    """The least confidence from which on values are right often enough.

    ``value`` reaches the target with the lower bound of its accuracy, ``plain`` with the accuracy
    itself; ``None`` where no threshold does, and ``reason`` says why ``value`` is. ``at`` and
    ``plain_at`` tell what they keep.
    """

    target: float
    level: float
    value: float | None = None
    at: CoveragePoint | None = None
    plain: float | None = None
    plain_at: CoveragePoint | None = None
    reason: str = ""


def calibration(
    confidences: Sequence[float], scores: Sequence[float], bins: int = 10, level: float = 0.95
) -> Calibration:
    """Confidences held against scores, in ``bins`` of the same width from 0 to 1.

    The expected calibration error is that of Guo et al. (2017); the bins have Wilson intervals.
    """
    sure, right = _arrays(confidences, scores)
    place = np.minimum((sure * bins).astype(np.int64), bins - 1)
    out, error = [], 0.0
    for one in range(bins):
        here = place == one
        n = int(here.sum())
        mean = float(sure[here].mean()) if n else None
        accuracy = wilson(float(right[here].sum()), n, level)
        if mean is not None and accuracy is not None:
            error += n * abs(mean - accuracy.mid)
        out.append(
            Bin(low=one / bins, high=(one + 1) / bins, n=n, confidence=mean, accuracy=accuracy)
        )
    n = sure.size
    return Calibration(
        n=n,
        confidence=float(sure.mean()) if n else None,
        accuracy=float(right.mean()) if n else None,
        ece=error / n if n else None,
        brier=float(((sure - right) ** 2).mean()) if n else None,
        bins=tuple(out),
    )


def coverage_curve(
    confidences: Sequence[float],
    scores: Sequence[float],
    level: float = 0.95,
    design_effect: float = 1.0,
) -> tuple[CoveragePoint, ...]:
    """Accuracy against the share of values kept, for every threshold, the strictest first.

    ``low`` is the lower end of the Wilson interval at ``level``, of ``design_effect`` times fewer
    samples where pages of one site are alike.
    """
    curve = _curve(confidences, scores, level, design_effect)
    return tuple(curve.point(place) for place in range(curve.threshold.size))


def threshold_for(
    target: float,
    confidences: Sequence[float],
    scores: Sequence[float],
    level: float = 0.95,
    design_effect: float = 1.0,
) -> Threshold:
    """The least confidence from which on the values kept are right at the rate ``target``.

    Two answers: where the lower end of the accuracy's interval reaches the target, to rely on, and
    where the accuracy itself does, which half of the time is too low on new pages. Looking for the
    least threshold looks at many, which the two-sided interval makes up for (see the simulation in
    docs/evaluation.md).
    """
    curve = _curve(confidences, scores, level, design_effect)
    at, plain_at = (
        curve.point(int(np.flatnonzero(reached)[-1])) if reached.any() else None
        for reached in (curve.low >= target, curve.accuracy >= target)
    )
    return Threshold(
        target=target,
        level=level,
        value=at.threshold if at else None,
        at=at,
        plain=plain_at.threshold if plain_at else None,
        plain_at=plain_at,
        reason="" if at else _why_none(target, curve, level, design_effect),
    )


@dataclass(frozen=True, slots=True)
class _Curve:
    """The columns of `CoveragePoint`, the strictest threshold first."""

    threshold: Array
    n: Array
    accuracy: Array
    low: Array

    def point(self, place: int) -> CoveragePoint:
        return CoveragePoint(
            threshold=float(self.threshold[place]),
            n=int(self.n[place]),
            share=float(self.n[place] / self.n[-1]),
            accuracy=float(self.accuracy[place]),
            low=float(self.low[place]),
        )


def _curve(
    confidences: Sequence[float], scores: Sequence[float], level: float, design_effect: float
) -> _Curve:
    sure, right = _arrays(confidences, scores)
    order = np.argsort(-sure, kind="stable")
    sure, right = sure[order], right[order]
    ends = np.flatnonzero(np.append(sure[1:] != sure[:-1], sure.size > 0))
    n = (ends + 1).astype(np.float64)
    accuracy = np.clip(np.cumsum(right)[ends] / n, 0.0, 1.0)
    return _Curve(sure[ends], n, accuracy, _lower(accuracy, n / max(1.0, design_effect), level))


def _lower(share: Array, n: Array, level: float) -> Array:
    """The lower ends of Wilson intervals (see `wilson`)."""
    z = normal_quantile(0.5 + level / 2.0)
    half = z * np.sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
    low: Array = (share + z * z / (2.0 * n) - half) / (1.0 + z * z / n)
    return np.where(share <= 0.0, 0.0, np.maximum(0.0, low))


def _why_none(target: float, curve: _Curve, level: float, design_effect: float) -> str:
    if not curve.n.size:
        return "no value has a confidence"
    # all of n right is at least n / (n + z²)
    z = normal_quantile(0.5 + level / 2.0)
    needed = math.inf if target >= 1.0 else z * z * target / (1.0 - target) * max(1, design_effect)
    most = int(curve.n[-1])
    if math.isinf(needed):
        return "no number of values shows that all are right"
    if needed > most:
        return f"too few values: {most:,}, and if all were right it took {math.ceil(needed):,}"
    best = curve.point(int(curve.low.argmax()))
    return (
        f"the accuracy is at best {best.accuracy:.3f} (at least {best.low:.3f}), for the"
        f" {best.n:,} values at {best.threshold:.3f} or surer"
    )


def _arrays(confidences: Sequence[float], scores: Sequence[float]) -> tuple[Array, Array]:
    if len(confidences) != len(scores):
        raise ValueError(f"{len(confidences)} confidences and {len(scores)} scores")
    sure = np.clip(np.asarray(confidences, dtype=np.float64), 0.0, 1.0)
    return sure, np.asarray(scores, dtype=np.float64)
