"""Whether confidences mean what they say, and which threshold reaches an accuracy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from rolecall.evaluate.nouns import Interval
from rolecall.evaluate.statistics.proportions import wilson

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

    ``low`` is the one-sided lower bound (Wilson) at ``level``, of ``design_effect`` times fewer
    samples where pages of one site are alike.
    """
    sure, right = _arrays(confidences, scores)
    order = np.argsort(-sure, kind="stable")
    sure, right = sure[order], right[order]
    ends = np.flatnonzero(np.append(sure[1:] != sure[:-1], sure.size > 0))
    sums = np.cumsum(right)
    points = []
    for end in ends.tolist():
        n, accuracy = end + 1, float(sums[end]) / (end + 1)
        points.append(
            CoveragePoint(
                threshold=float(sure[end]),
                n=n,
                share=n / sure.size,
                accuracy=min(1.0, accuracy),
                low=_lower(accuracy, n / max(1.0, design_effect), level),
            )
        )
    return tuple(points)


def threshold_for(
    target: float,
    confidences: Sequence[float],
    scores: Sequence[float],
    level: float = 0.95,
    design_effect: float = 1.0,
) -> Threshold:
    """The least confidence from which on the values kept are right at the rate ``target``.

    Two answers: where the lower bound of the accuracy reaches the target, to rely on, and where the
    accuracy itself does, which half of the time is too low on new pages.
    """
    curve = coverage_curve(confidences, scores, level, design_effect)
    reached = [point for point in curve if point.low >= target]
    plain = [point for point in curve if point.accuracy >= target]
    sure_of_it, plain_at = reached[-1:], plain[-1:]
    return Threshold(
        target=target,
        level=level,
        value=sure_of_it[0].threshold if sure_of_it else None,
        at=sure_of_it[0] if sure_of_it else None,
        plain=plain_at[0].threshold if plain_at else None,
        plain_at=plain_at[0] if plain_at else None,
        reason="" if sure_of_it else _why_none(target, curve, level, design_effect),
    )


def _why_none(
    target: float, curve: tuple[CoveragePoint, ...], level: float, design_effect: float
) -> str:
    if not curve:
        return "no value has a confidence"
    needed = 1
    while needed < 10_000_000 and _lower(1.0, needed / max(1.0, design_effect), level) < target:
        needed += max(1, needed // 100)
    most = curve[-1].n
    if needed > most:
        return f"too few values: {most:,}, and even if all were right it took about {needed:,}"
    best = max(curve, key=lambda point: point.low)
    return (
        f"the accuracy is at best {best.accuracy:.3f} (at least {best.low:.3f}), for the"
        f" {best.n:,} values at {best.threshold:.3f} or surer"
    )


def _lower(accuracy: float, n: float, level: float) -> float:
    bound = wilson(min(1.0, accuracy) * n, n, 2.0 * level - 1.0)
    return 0.0 if bound is None else bound.low


def _arrays(confidences: Sequence[float], scores: Sequence[float]) -> tuple[Array, Array]:
    if len(confidences) != len(scores):
        raise ValueError(f"{len(confidences)} confidences and {len(scores)} scores")
    sure = np.clip(np.asarray(confidences, dtype=np.float64), 0.0, 1.0)
    return sure, np.asarray(scores, dtype=np.float64)
