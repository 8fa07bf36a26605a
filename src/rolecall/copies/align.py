"""Which line of a copy is which line of its original."""

from __future__ import annotations

import re
from collections import Counter, deque
from typing import Final

from msgspec import Struct

from rolecall.copies.original import Lines

NEAR: Final = 0.6
"""The share of words (Dice, numbers counted as equal) from which on two lines are one, edited."""

MOST: Final = 80
"""Lines without an equal on either page up to which edited ones are looked for."""

REPLACED: Final = 2
LONG: Final = 8
"""Lines of as many words, ``REPLACED`` of them in one place on either page, are other duties."""

_TOKEN: Final = re.compile(r"\d+|[^\W\d]+|[^\w\s]")
_WORD: Final = re.compile(r"\w+")


class Aligned(Struct, frozen=True):
    """``to`` gives for each line of the original its line in the copy, ``back`` the reverse.

    ``edited`` holds the lines of the original whose line in the copy is not the same word for word.
    """

    to: list[int | None]
    back: list[int | None]
    edited: frozenset[int]

    @property
    def changed(self) -> list[int]:
        """Lines of the copy that do not stand in the original as they are."""
        return [at for at, own in enumerate(self.back) if own is None or own in self.edited]


def align(original: Lines, copy: Lines) -> Aligned:
    """Equal lines of the same role first, in their order, then edited ones by their words."""
    waiting: dict[tuple[str, str], deque[int]] = {}
    for at in range(len(copy)):
        waiting.setdefault((copy.roles[at], copy.line(at)), deque()).append(at)
    to: list[int | None] = []
    back: list[int | None] = [None] * len(copy)
    for at in range(len(original)):
        there = waiting.get((original.roles[at], original.line(at)))
        to.append(there.popleft() if there else None)
        if (found := to[at]) is not None:
            back[found] = at
    return Aligned(to, back, _edited(original, copy, to, back))


def _edited(
    original: Lines, copy: Lines, to: list[int | None], back: list[int | None]
) -> frozenset[int]:
    """Pair what is left over of the vacancy's lines; the most alike of each, the first on ties."""
    mine = [at for at, one in enumerate(to) if one is None and original.roles[at] == "v"]
    theirs = [at for at, one in enumerate(back) if one is None and copy.roles[at] == "v"]
    if len(mine) > MOST or len(theirs) > MOST:
        return frozenset()
    words = {at: _tokens(copy.line(at)) for at in theirs}
    edited = set()
    for at in mine:
        own = _tokens(original.line(at))
        best, found = NEAR, None
        for there in theirs:
            if back[there] is None and (alike := _dice(own, words[there])) > best:
                best, found = alike, there
        if found is not None:
            to[at], back[found] = found, at
            edited.add(at)
    return frozenset(edited)


def _tokens(line: str) -> Counter[str]:
    return Counter("#" if one.isdigit() else one for one in _TOKEN.findall(line.casefold()))


def _dice(a: Counter[str], b: Counter[str]) -> float:
    size = a.total() + b.total()
    if not size or 2 * min(a.total(), b.total()) < NEAR * size:
        return 0.0
    return 2 * (a & b).total() / size


def dice(a: str, b: str) -> float:
    """The share of words that two texts have in common, numbers counted as equal."""
    return _dice(_tokens(a), _tokens(b))


def replaced(original: Lines, copy: Lines, found: Aligned) -> bool:
    """Whether a part of the vacancy was replaced by another: long lines in place of long lines.

    A line that was only added or only left out, moved, broken or joined replaces nothing.
    """
    gone = _gaps(original, found.to)
    new = _gaps(copy, found.back)
    for (before, after), lines in gone.items():
        ends = (_partner(found.to, before), _partner(found.to, after))
        others = new.get(ends, [])
        if min(len(lines), len(others)) < REPLACED:
            continue
        was = " ".join(original.line(at) for at in lines)
        now = " ".join(copy.line(at) for at in others)
        if dice(was, now) < NEAR:
            return True
    return False


def _partner(to: list[int | None], at: int) -> int:
    """The line of the other page for the edge of a gap; the edges of pages stay as they are."""
    if at < 0 or at >= len(to):
        return at if at < 0 else 1 << 30
    there = to[at]
    return there if there is not None else -2


def _gaps(page: Lines, pairs: list[int | None]) -> dict[tuple[int, int], list[int]]:
    """Long lines without a partner, by the lines with one that stand around them."""
    seen = [at for at in range(len(page)) if page.roles[at] == "v"]
    gaps: dict[tuple[int, int], list[int]] = {}
    before, run = -1, []
    for at in [*seen, 1 << 30]:
        if at != 1 << 30 and pairs[at] is None:
            if len(_WORD.findall(page.line(at))) >= LONG:
                run.append(at)
            continue
        if run:
            gaps[(before, at)] = run
        before, run = at, []
    return gaps
