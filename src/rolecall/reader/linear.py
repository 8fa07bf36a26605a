"""A logistic model over named features: a dictionary of weights, read from JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

Group = tuple[str, ...]
"""Names of features that hold together wherever one of them does: a model sums them once."""

MOST_SUMS: Final = 20_000
"""Groups whose sums a model remembers."""


@dataclass(frozen=True, slots=True)
class Linear:
    """``probability`` is the logistic of the summed weights of the features that hold."""

    weights: Mapping[str, float] = field(default_factory=dict)
    sums: dict[Group, float] = field(default_factory=dict, init=False, compare=False, repr=False)

    def score(self, features: Iterable[str], groups: Iterable[Group] = ()) -> float:
        """The summed weights of the features that hold, and the bias."""
        get = self.weights.get
        total = get("bias", 0.0) + sum([get(name, 0.0) for name in features])
        known = self.sums
        for group in groups:
            part = known.get(group)
            if part is None:
                if len(known) >= MOST_SUMS:
                    known.clear()
                part = known[group] = sum([get(name, 0.0) for name in group])
            total += part
        return total

    def probability(self, features: Iterable[str]) -> float:
        """How probable it is that a candidate with these features is right (0 to 1)."""
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, self.score(features)))))


def chances(scores: Sequence[float]) -> list[float]:
    """The probability that each of a page's proposals is the right one, against none (score 0)."""
    top = max([0.0, *scores])
    raised = [math.exp(score - top) for score in scores]
    total = math.exp(-top) + sum(raised)
    return [value / total for value in raised]
