"""A linear-chain tagger with labels B, I, O: exact probabilities of segments in plain Python.

Scores are relative to O, whose own score is zero. Words that are surely O cut a line into short
runs, and only these are computed; a run of three words costs a few microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

Score = complex
"""The summed weights at a word, relative to O: of B in the real, of I in the imaginary part."""

QUIET = -3.0
LEAST = 0.07
LONGEST = 9


@dataclass(frozen=True, slots=True)
class Segment:
    """Words ``first`` to ``last`` (both included) as one term, and how probable that is."""

    first: int
    last: int
    share: float


@dataclass(frozen=True, slots=True)
class Steps:
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


def segments(scores: Sequence[Score], steps: Steps) -> list[Segment]:
    """The best segments of a line that do not overlap, each with a share of at least ``LEAST``."""
    out: list[Segment] = []
    size, free = len(scores), 0
    alone = steps.ob * steps.bo / (steps.oo * steps.oo)
    for start in [i for i, score in enumerate(scores) if score.real > QUIET]:
        if start >= free:
            free = start + 1
            while free < size and (scores[free].real > QUIET or scores[free].imag > QUIET):
                free += 1
            if free == start + 1 and 0 < start < size - 1:
                odds = alone * exp(scores[start].real)
                if odds > LEAST:
                    out.append(Segment(start, start, odds / (1.0 + odds)))
            else:
                _run(scores, start, free, steps, out)
    return out


def _run(scores: Sequence[Score], start: int, end: int, steps: Steps, out: list[Segment]) -> None:
    """Segments of the words ``start`` to ``end`` between two words that are O."""
    size = end - start
    grow = [(exp(score.real), exp(score.imag)) for score in scores[start:end]]
    after = [(1.0, 1.0, 1.0)] * size
    o, b, i = (1.0, 1.0, 1.0) if end == len(scores) else (steps.oo, steps.bo, steps.io)
    for at in range(size - 1, -1, -1):
        top = 1.0 / (o + b + i)
        o, b, i = o * top, b * top, i * top
        after[at] = (o, b, i)
        eb, ei = grow[at]
        ob, bb, bi = steps.ob * eb * b, steps.bb * eb * b, steps.bi * ei * i
        ib, ii = steps.ib * eb * b, steps.ii * ei * i
        o, b, i = steps.oo * o + ob, steps.bo * o + bb + bi, steps.io * o + ib + ii
    found: list[Segment] = []
    po, pb, pi = 1.0, 0.0, 0.0
    for at in range(size):
        ao, ab, ai = after[at]
        eb, ei = grow[at]
        # the shares of the labels here, given the shares of the labels before
        fo, fb = (steps.oo * ao, steps.ob * eb * ab) if at + start else (ao, eb * ab)
        go, gb, gi = steps.bo * ao, steps.bb * eb * ab, steps.bi * ei * ai
        ho, hb, hi = steps.io * ao, steps.ib * eb * ab, steps.ii * ei * ai
        no, nb, ni = po / (fo + fb), pb / (go + gb + gi), pi / (ho + hb + hi)
        po, pb, pi = no * fo + nb * go + ni * ho, no * fb + nb * gb + ni * hb, nb * gi + ni * hi
        if pb >= LEAST:
            found.append(_longest(at, pb, grow, after, steps))
    _keep(found, start, out)


def _longest(
    first: int,
    share: float,
    grow: Sequence[tuple[float, float]],
    after: Sequence[tuple[float, float, float]],
    steps: Steps,
) -> Segment:
    """The most probable end of a segment that begins at ``first``."""
    best, end, at = 0.0, first, first
    so, sb, si = steps.bo, steps.bb, steps.bi
    last = min(len(grow) - 1, first + LONGEST)
    while at < last:
        ao, ab, ai = after[at + 1]
        eb, ei = grow[at + 1]
        stay = si * ei * ai
        more = stay / (so * ao + sb * eb * ab + stay)
        if share * (1.0 - more) > best:
            best, end = share * (1.0 - more), at
        share *= more
        if share <= best:
            return Segment(first, end, best)
        at += 1
        so, sb, si = steps.io, steps.ib, steps.ii
    return Segment(first, at, share) if share > best else Segment(first, end, best)


def _keep(found: list[Segment], start: int, out: list[Segment]) -> None:
    """Add the segments that do not overlap a more probable one, in order."""
    if len(found) > 1:
        kept: list[Segment] = []
        for one in sorted(found, key=lambda s: (-s.share, s.first)):
            if all(one.last < two.first or one.first > two.last for two in kept):
                kept.append(one)
        found = sorted(kept, key=lambda s: s.first)
    out.extend(Segment(s.first + start, s.last + start, s.share) for s in found if s.share >= LEAST)
