"""Near-copies among texts, by MinHash: which postings are the same but for a few words?

One hash for each run of five words; the smallest in each of 128 bins is a text's sketch (one
permutation hashing, Li 2012; empty bins take their right neighbour's, Shrivastava 2014). Two texts
share about as many bins as their runs are alike (Jaccard). Only texts that agree in all three bins
of some band are compared, so the time grows with the number of texts and not with its square.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import Final

from rolecall.same.words import words

RUN: Final = 5
BINS: Final = 128
ROWS: Final = 3
"""Bins of a band: texts that are half alike agree in one of the 42 bands in 99 of 100 cases."""

ALIKE: Final = 0.5
CROWD: Final = 30
"""Texts in one bucket up to which each is compared with each; more are compared in a chain."""

Sketch = tuple[int, ...]


def sketch(text: str) -> Sketch | None:
    """The sketch of a text; ``None`` for one that is too short to have near-copies."""
    found = words(text)
    if len(found) < 2 * RUN:
        return None
    bins: list[int | None] = [None] * BINS
    for at in range(len(found) - RUN + 1):
        run = " ".join(found[at : at + RUN]).encode("utf-8", "surrogatepass")
        value = int.from_bytes(hashlib.blake2b(run, digest_size=8).digest(), "big")
        place = value % BINS
        least = bins[place]
        if least is None or value < least:
            bins[place] = value
    out: list[int] = [0] * BINS
    near = next(value for value in bins if value is not None)
    for place in range(BINS - 1, -1, -1):
        own = bins[place]
        near = own if own is not None else near
        out[place] = near
    return tuple(out)


def alike(a: Sketch, b: Sketch) -> float:
    """About the share of runs of words that two texts have in common (Jaccard)."""
    return sum(x == y for x, y in zip(a, b, strict=True)) / BINS


def near_copies(sketches: Sequence[Sketch | None]) -> Iterator[tuple[int, int, float]]:
    """Pairs of texts that are at least half alike: their places, and how alike they are.

    Every near-copy is in some pair; where many texts are copies of one another, not each pair of
    them is told.
    """
    seen: set[tuple[int, int]] = set()
    for band in range(0, BINS - ROWS + 1, ROWS):
        buckets: dict[Sketch, list[int]] = {}
        for number, one in enumerate(sketches):
            if one is not None:
                buckets.setdefault(one[band : band + ROWS], []).append(number)
        for bucket in buckets.values():
            for pair in combinations(bucket, 2) if len(bucket) <= CROWD else pairwise(bucket):
                if pair in seen:
                    continue
                seen.add(pair)
                a, b = sketches[pair[0]], sketches[pair[1]]
                share = alike(a, b) if a is not None and b is not None else 0.0
                if share >= ALIKE:
                    yield (*pair, share)
