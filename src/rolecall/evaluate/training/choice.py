"""Fits a choice model: which of a page's proposals is right, or none of them.

Conditional logit with an outside option of score 0 (McFadden 1974): the probability of a set of
right proposals is the sum of their exponentiated scores over that of all proposals plus one.
Minimised by AdaGrad over pages in a fixed order, so that it is deterministic.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rolecall.reader.linear import Linear

Page = Sequence[tuple[Sequence[str], bool | None]]


def fit_choice(
    pages: Sequence[Page],
    *,
    prior: Mapping[str, float] | None = None,
    shares: Sequence[float] | None = None,
    l2: float = 2.0,
    epochs: int = 30,
    rate: float = 0.1,
) -> Linear:
    """A model whose scores rank proposals. ``None`` marks a proposal that is left out.

    ``prior`` holds what is believed before any page is seen: weights start there and are drawn back
    there by ``l2``, so that a hundred pages correct a belief and do not invent one.
    """
    index: dict[str, int] = {}
    counts: dict[str, int] = {}
    for page in pages:
        for name in {name for features, _ in page for name in features}:
            counts[name] = counts.get(name, 0) + 1
    for page in pages:
        for features, _ in page:
            for name in (*features, "bias"):
                if name == "bias" or counts[name] > 1:
                    index.setdefault(name, len(index))
    packed = [
        [([index[n] for n in (*f, "bias") if n in index], y) for f, y in page if y is not None]
        for page in pages
    ]
    for name in prior or ():
        index.setdefault(name, len(index))
    start = [(prior or {}).get(name, 0.0) for name in index]
    weights, sums = list(start), [0.1] * len(index)
    decay = l2 / max(1, len(packed))
    for _ in range(epochs):
        for packs, share in zip(packed, shares or [1.0] * len(packed), strict=True):
            _step(packs, weights, start, sums, (rate, decay, share))
    names = sorted(index, key=lambda name: index[name])
    return Linear({n: round(w, 4) for n, w in zip(names, weights, strict=True) if abs(w) > 1e-3})


def _step(
    page: Sequence[tuple[list[int], bool | None]],
    weights: list[float],
    start: list[float],
    sums: list[float],
    pace: tuple[float, float, float],
) -> None:
    rate, decay, share = pace
    scores = [sum(weights[i] for i in features) for features, _ in page]
    top = max([0.0, *scores])
    raised = [math.exp(score - top) for score in scores]
    none = math.exp(-top)
    every = none + sum(raised)
    right = sum(x for x, (_, y) in zip(raised, page, strict=True) if y)
    gradient: dict[int, float] = {}
    for value, (features, y) in zip(raised, page, strict=True):
        pull = share * (value / every - (value / right if y and right > 0 else 0.0))
        if abs(pull) > 1e-6:
            for i in features:
                gradient[i] = gradient.get(i, 0.0) + pull
    for i, g in gradient.items():
        g += decay * (weights[i] - start[i])
        sums[i] += g * g
        weights[i] -= rate * g / math.sqrt(sums[i])
