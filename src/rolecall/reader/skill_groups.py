"""The mentions of one term on a page, judged together, and how many terms to keep.

The tagger sees a line at a time; here a term's mentions, its overlap with other terms, and what
the page holds in all decide how probable it is that an annotator would list it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from math import exp
from typing import NamedTuple

from rolecall.reader.linear import Linear
from rolecall.reader.skill_features import shape

LOOSE = re.compile(r"[^\w+#]+")
CAUTION = 1.15
MISSED = 0.5
LONGEST = 80
"""Letters of a term whose form is remembered."""
MEMORY = 4096
"""Forms, and looks of groups, that are remembered."""
MOST_STEPS = 8
STEPS = tuple([1.0 / (1.0 + exp(-(half + 0.5) / 2)) for half in range(-MOST_STEPS, MOST_STEPS)])
"""The shares at which the log odds, to the nearest half within four either way, go up."""

GroupTraits = tuple[int, str, int, str, str, bool, bool]
"""The step of the best share, how it agrees with known terms, the number of mentions up to four,
the first one's section, the shape; whether it is part of another term, and whether one of it."""


class Mention(NamedTuple):
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


class Group(NamedTuple):
    """All mentions of one term in page order, and the best of their shares."""

    key: str
    mentions: tuple[Mention, ...]
    best: Mention


class _Form(NamedTuple):
    """What the wording of a term says of it by itself.

    ``key`` is what ``loose`` makes of it, ``words`` its words in lower case with a space on each
    side, ``parts`` holds the shorter runs of them in the same way, ``shape`` is that of all its
    letters together.
    """

    key: str
    words: str
    parts: tuple[str, ...]
    shape: str


def loose(text: str) -> str:
    """``text`` as it is compared: lower case, no marks but ``+`` and ``#``, no plural ``s``."""
    low = LOOSE.sub("", text.casefold())
    return low[:-1] if len(low) > 3 and low[-1] == "s" else low


def _form(name: str) -> _Form:
    return _known_form(name) if len(name) <= LONGEST else _new_form(name)


def _new_form(name: str) -> _Form:
    words = name.lower().split()
    size = len(words)
    parts = [
        f" {' '.join(words[i:j])} "
        for i in range(size)
        for j in range(i + 1, size + 1)
        if j - i < size
    ]
    together = f" {' '.join(words)} "
    return _Form(loose(name), together, tuple(parts), shape(name.replace(" ", "")))


_known_form = lru_cache(maxsize=MEMORY)(_new_form)


def group(mentions: Sequence[Mention]) -> list[Group]:
    """Mentions by term; a short form in brackets belongs to the term before it, wherever it is."""
    same = {_form(m.alias).key: _form(m.name).key for m in mentions if m.alias}
    found: dict[str, list[Mention]] = {}
    for mention in mentions:
        key = _form(mention.name).key
        found.setdefault(same.get(key, key), []).append(mention)
    return [
        Group(key, tuple(ones), max(ones, key=_share) if len(ones) > 1 else ones[0])
        for key, ones in found.items()
        if key
    ]


def _share(mention: Mention) -> float:
    return mention.share


def group_traits(groups: Sequence[Group]) -> list[GroupTraits]:
    """What is looked at of each group."""
    forms = [_form(one.best.name) for one in groups]
    names = [form.words for form in forms]
    every = "|".join(names)
    known = set(names)
    out = []
    for (_, mentions, best), form in zip(groups, forms, strict=True):
        whole = best.words > 1 and not known.isdisjoint(form.parts)
        count, part = len(mentions), every.count(form.words) > 1
        section = mentions[0].section
        step = bisect_right(STEPS, best.share)
        out.append((step, best.hit, count if count < 4 else 4, section, form.shape, part, whole))
    return out


def group_features(traits: GroupTraits) -> list[str]:
    """The names of the features of a group, for the model of ``skills.json``."""
    step, hit, count, section, letters, part, whole = traits
    features = [
        f"share={step - MOST_STEPS}",
        f"hit={hit}",
        f"count={count}",
        f"section={section}",
        f"shape={letters}",
    ]
    return features + ["part"] * part + ["whole"] * whole


class Judge:
    """How probable each group is a skill; groups that look the same are judged once."""

    def __init__(self, model: Linear) -> None:
        self._model = model
        self._known: dict[GroupTraits, float] = {}

    def chances(self, groups: Sequence[Group]) -> list[float]:
        """The probability of each group, from 0 to 1."""
        known = self._known
        out = []
        for traits in group_traits(groups):
            chance = known.get(traits)
            if chance is None:
                if len(known) >= MEMORY:
                    known.clear()
                chance = known[traits] = self._model.probability(group_features(traits))
            out.append(chance)
        return out


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
