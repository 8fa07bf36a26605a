"""Trains the block tagger: a linear-chain CRF over the lines of a page."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pycrfsuite

from rolecall.evaluate.annotated import Annotated
from rolecall.evaluate.training.augment import drop_words, vary
from rolecall.evaluate.training.invented import Invented, invented
from rolecall.evaluate.training.labels import label_blocks
from rolecall.reader.block_features import block_features
from rolecall.reader.lines import prepare

MOST_COPIES, ROWS_PER_SITE = 5, 20
SETTINGS = {
    "c1": 0.2,
    "c2": 0.5,
    "max_iterations": 120,
    "feature.possible_transitions": True,
    "feature.minfreq": 2,
}


def train_blocks(
    samples: Sequence[Annotated], path: Path, written: Sequence[Invented] | None = None
) -> None:
    """Write a tagger trained on ``samples`` to ``path``. Deterministic.

    ``written`` are the invented postings to learn from, all of them if it is left out.
    """
    trainer = pycrfsuite.Trainer(algorithm="lbfgs", params=SETTINGS, verbose=False)
    pages = Counter(sample.site for sample in samples)
    for sample in samples:
        for features, labels in training_rows(sample, copies(pages[sample.site])):
            trainer.append(features, labels)
    for one in invented() if written is None else written:
        trainer.append(*invented_row(one))
    path.parent.mkdir(parents=True, exist_ok=True)
    trainer.train(str(path))


def copies(pages: int) -> int:
    """How many varied copies each page of a site with so many pages gets: few of a big site's."""
    return max(1, min(MOST_COPIES, ROWS_PER_SITE // pages))


def training_rows(sample: Annotated, count: int) -> list[tuple[list[list[str]], list[str]]]:
    """The features and labels of a page as it is, and of ``count`` copies in other layouts."""
    lines = prepare(sample.page)
    labels = label_blocks(lines, sample.gold)
    rows = [(block_features(sample.page, lines), labels)]
    draw = random.Random(sample.id)
    for _ in range(count):
        features = block_features(sample.page, vary(lines, draw))
        rows.append((drop_words(features, draw), labels))
    return rows


def invented_row(one: Invented) -> tuple[list[list[str]], list[str]]:
    """The features and labels of an invented page."""
    page = one.sample.page
    return block_features(page, prepare(page)), list(one.labels)
