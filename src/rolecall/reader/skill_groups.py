"""The mentions of one term on a page, judged together, and how many terms to keep.

The tagger sees a line at a time; here a term's mentions, its overlap with other terms, and what
the page holds in all decide how probable it is that an annotator would list it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from rolecall.reader.linear import Linear
from rolecall.reader.skill_features import shape

LOOSE = re.compile(r"[^\w+#]+")
CAUTION = 1.15
MISSED = 0.5


@dataclass(frozen=True, slots=True)
class Mention:
    """One place where a term may be named.

    ``name`` is the term without a bracketed short form, which is the ``alias``. ``share`` is the
    tagger's probability, ``hit`` how it agrees with the known terms, ``family`` their class.
    """

    start: int
    end: int
    text: str
    share: float
    section: str
    hit: str
    family: str
    words: int
    name: str
    alias: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """All mentions of one term in page order, and the best of their shares."""

    key: str
    mentions: tuple[Mention, ...]
    best: Mention


def loose(text: str) -> str:
    """``text`` as it is compared: lower case, no marks but ``+`` and ``#``, no plural ``s``."""
    low = LOOSE.sub("", text.casefold())
    return low[:-1] if len(low) > 3 and low[-1] == "s" else low


def group(mentions: Sequence[Mention]) -> list[Group]:
    """Mentions by term; a short form in brackets belongs to the term before it, wherever it is."""
    same = {loose(m.alias): loose(m.name) for m in mentions if m.alias}
    found: dict[str, list[Mention]] = {}
    for mention in mentions:
        key = loose(mention.name)
        found.setdefault(same.get(key, key), []).append(mention)
    return [
        Group(key, tuple(ones), max(ones, key=lambda m: m.share))
        for key, ones in found.items()
        if key
    ]


def group_features(groups: Sequence[Group]) -> list[list[str]]:
    """One list of feature names per group, for the model of ``skills.json``."""
    names = [f" {' '.join(g.best.name.lower().split())} " for g in groups]
    every = "|".join(names)
    known = set(names)
    out = []
    for one, name in zip(groups, names, strict=True):
        best = one.best
        features = [
            f"share={_step(best.share)}",
            f"hit={best.hit}",
            f"count={min(4, len(one.mentions))}",
            f"section={one.mentions[0].section}",
            f"shape={shape(best.name.replace(' ', ''))}",
        ]
        if every.count(name) > 1:
            features.append("part")
        if best.words > 1 and _holds(name, known):
            features.append("whole")
        out.append(features)
    return out


def _step(share: float) -> int:
    """The log odds of ``share`` to the nearest half, within four either way, times two."""
    odds = log(max(share, 0.001) / max(1.0 - share, 0.001))
    return round(2 * max(-4.0, min(4.0, odds)))


def _holds(name: str, known: set[str]) -> bool:
    words = name.split()
    size = len(words)
    return any(
        f" {' '.join(words[i:j])} " in known
        for i in range(size)
        for j in range(i + 1, size + 1)
        if j - i < size
    )


def judge(groups: Sequence[Group], model: Linear) -> list[float]:
    """How probable each group is a skill, from 0 to 1."""
    return [model.probability(features) for features in group_features(groups)]


def keep(groups: Sequence[Group], chances: Sequence[float]) -> list[int]:
    """The indices of the groups whose list has the greatest expected F1, most probable first.

    ``CAUTION`` allows for terms that the tagger did not see, ``MISSED`` for pages with few terms.
    """
    order = sorted(range(len(groups)), key=lambda i: (-chances[i], groups[i].mentions[0].start))
    total = sum(chances)
    none = 1.0
    for chance in chances:
        none *= 1.0 - chance
    best, cut, sure = none, 0, 0.0
    for size, i in enumerate(order, 1):
        sure += chances[i]
        expected = 2 * sure / (size + CAUTION * total + MISSED)
        if expected > best:
            best, cut = expected, size
    return order[:cut]
