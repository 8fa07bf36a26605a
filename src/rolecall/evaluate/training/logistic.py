"""Fits a `Linear` model: a CRF over sequences of one is a logistic regression."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import pycrfsuite

from rolecall.reader.linear import Linear


def fit(rows: Iterable[tuple[Sequence[str], bool]], *, l1: float = 0.05, l2: float = 0.3) -> Linear:
    """A model of the probability that a row with these features is right. Deterministic."""
    settings = {
        "c1": l1,
        "c2": l2,
        "max_iterations": 200,
        "feature.minfreq": 2,
        "feature.possible_states": True,
    }
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", params=settings, verbose=False)
    for features, right in rows:
        trainer.append([[*features, "bias"]], ["1" if right else "0"])
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "model")
        trainer.train(path)
        tagger = pycrfsuite.Tagger()
        tagger.open(path)
        weights: dict[str, float] = {}
        for (name, label), weight in tagger.info().state_features.items():
            weights[name] = weights.get(name, 0.0) + (weight if label == "1" else -weight)
        tagger.close()
    return Linear({name: round(w, 4) for name, w in sorted(weights.items()) if abs(w) > 1e-3})
