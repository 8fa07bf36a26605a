"""A linear-chain tagger with labels B, I, O: exact probabilities of segments in plain Python.

Scores are relative to O, whose own score is zero. Words that are surely O cut a line into short
runs, and only these are computed; a run of three words costs a few microseconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import exp

from msgspec import Struct

QUIET = -3.0
LEAST = 0.07
LONGEST = 9

Row = tuple[float, float, float, float, float, float]
"""What is known of a word from behind: the worth of O, B and I there, up to a common factor, and
their sums as what follows O, B and I."""


Segment = tuple[int, int, float]
"""The first and the last word of a term (both included), and how probable it is."""


class Steps(Struct, frozen=True):
    """Exponentials of the transition weights; O to I does not exist."""

    oo: float
    ob: float
    bo: float
    bb: float
    bi: float
    io: float
    ib: float
    ii: float

    @classmethod
    def of(cls, weights: Mapping[str, float]) -> Steps:
        """From weights named ``OO``, ``OB`` and so on; a missing one is zero."""
        names = ("OO", "OB", "BO", "BB", "BI", "IO", "IB", "II")
        return cls(*(exp(weights.get(name, 0.0)) for name in names))


def segments(
    begins: Sequence[float], goes_on: Callable[[int], float], steps: Steps
) -> list[Segment]:
    """The best segments of a line that do not overlap, each with a share of at least ``LEAST``.

    ``begins`` holds the score of B at each word; ``goes_on`` gives that of I, which few words need.
    """
    out: list[Segment] = []
    size, free = len(begins), 0
    for start in [i for i, score in enumerate(begins) if score > QUIET]:
        if start < free:
            continue
        free = start + 1
        inner = [0.0]  # no term goes on at the first word of a run, which follows an O
        while free < size:
            score = goes_on(free)
            if score <= QUIET and begins[free] <= QUIET:
                break
            inner.append(score)
            free += 1
        at_end = free == size
        if free == start + 1:
            odds = exp(begins[start])
            odds *= steps.ob / steps.oo if start else 1.0
            odds *= 1.0 if at_end else steps.bo / steps.oo
            share = odds / (1.0 + odds)
            if share >= LEAST or (odds > LEAST and start and not at_end):
                out.append((start, start, share))
        elif free == start + 2:
            odds_of_pair = exp(begins[start]), exp(begins[start + 1]), exp(inner[1])
            out += _pair(odds_of_pair, start, at_end, steps)
        else:
            rows = _from_behind(begins[start:free], inner, at_end, steps)
            _keep(_likely(rows, start, steps), out)
    return out


def _pair(
    odds: tuple[float, float, float], start: int, at_end: bool, steps: Steps
) -> list[Segment]:
    """The segments of a run of two words, the most frequent one, from its five ways to be read.

    ``odds`` are those of B at both words and of I at the second one.
    """
    none, one, more = (1.0, 1.0, 1.0) if at_end else (steps.oo, steps.bo, steps.io)
    one *= odds[1]
    more *= odds[2]
    before_none, before_one = (steps.oo, steps.ob) if start else (1.0, 1.0)
    before_one *= odds[0]
    late = before_none * steps.ob * one
    twice = before_one * steps.bb * one
    short = before_one * steps.bo * none + twice
    longer = before_one * steps.bi * more
    total = before_none * steps.oo * none + late + short + longer
    first = (start, start, short / total) if short >= longer else (start, start + 1, longer / total)
    second = (start + 1, start + 1, (late + twice) / total)
    here, next_ = first[2] >= LEAST, second[2] >= LEAST
    if here and next_ and first[1] > start:
        return [first] if first[2] >= second[2] else [second]
    return [first, second][not here : 1 + next_]


def _from_behind(
    begins: Sequence[float], goes_on: Sequence[float], at_end: bool, steps: Steps
) -> list[Row]:
    """A row for each word of a run, the last one first; ``at_end`` if the line ends with it."""
    oo, ob, bo, bb, bi = steps.oo, steps.ob, steps.bo, steps.bb, steps.bi
    io, ib, ii = steps.io, steps.ib, steps.ii
    rows: list[Row] = []
    o, b, i = (1.0, 1.0, 1.0) if at_end else (oo, bo, io)
    for begin, inner in zip(reversed(begins), reversed(goes_on), strict=True):
        top = 1.0 / (o + b + i)
        none, one, more = o * top, exp(begin) * b * top, exp(inner) * i * top
        o = oo * none + ob * one
        b = bo * none + bb * one + bi * more
        i = io * none + ib * one + ii * more
        rows.append((none, one, more, o, b, i))
    return rows


def _likely(rows: list[Row], start: int, steps: Steps) -> list[Segment]:
    """The segments of a run that begin at a word with a share of B of at least ``LEAST``."""
    oo, ob, bo, bb, bi = steps.oo, steps.ob, steps.bo, steps.bb, steps.bi
    io, ib, ii = steps.io, steps.ib, steps.ii
    rows.reverse()
    none, one, _, o, _, _ = rows[0]
    # the shares of the labels at a word, from those at the word before
    po, pb = (oo * none / o, ob * one / o) if start else (none / (none + one), one / (none + one))
    pi = 0.0
    found = [_longest(rows, 0, pb, start, steps)] if pb >= LEAST else []
    for at in range(1, len(rows)):
        none, one, more, o, b, i = rows[at]
        no, nb, ni = po / o, pb / b, pi / i
        po = none * (no * oo + nb * bo + ni * io)
        pb = one * (no * ob + nb * bb + ni * ib)
        pi = more * (nb * bi + ni * ii)
        if pb >= LEAST:
            found.append(_longest(rows, at, pb, start, steps))
    return found


def _longest(rows: Sequence[Row], first: int, share: float, start: int, steps: Steps) -> Segment:
    """The most probable end of a segment that begins at word ``first`` of a run."""
    best, end, at = 0.0, first, first
    last = min(len(rows) - 1, first + LONGEST)
    while at < last:
        _, _, more, _, b, i = rows[at + 1]
        stay = steps.bi * more / b if at == first else steps.ii * more / i
        if share * (1.0 - stay) > best:
            best, end = share * (1.0 - stay), at
        share *= stay
        if share <= best:
            return start + first, start + end, best
        at += 1
    if share > best:
        best, end = share, at
    return start + first, start + end, best


def _keep(found: list[Segment], out: list[Segment]) -> None:
    """Add the segments that do not overlap a more probable one, in order."""
    if len(found) > 1 and any(one[1] >= two[0] for one, two in pairwise(found)):
        kept: list[Segment] = []
        for one in sorted(found, key=lambda segment: (-segment[2], segment[0])):
            if all(one[1] < first or one[0] > last for first, last, _ in kept):
                kept.append(one)
        found = sorted(kept)
    out += [one for one in found if one[2] >= LEAST]
