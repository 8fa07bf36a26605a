"""Words of menus, buttons and contract tags: text that names no role, company or place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from rolecall.reader.lexicon import data_rows, split_words

MOST_WORDS: Final = 12
"""Longer lines are no menus of short words."""

LONGEST: Final = 4
"""Words of a phrase."""


@lru_cache(maxsize=1)
def _phrases() -> frozenset[tuple[str, ...]]:
    return frozenset(
        tuple(split_words(phrase)) for _, phrases in data_rows("menu.txt") for phrase in phrases
    )


@lru_cache(maxsize=1)
def _starts() -> frozenset[str]:
    return frozenset(phrase[0] for phrase in _phrases())


def menu_share(words: Sequence[str]) -> float:
    """The share of ``words`` (lower case) that stand in phrases of menus and tags, 0 to 1."""
    count = len(words)
    if not 0 < count <= MOST_WORDS or _starts().isdisjoint(words):
        return 0.0
    phrases = _phrases()
    found = at = 0
    while at < count:
        for size in range(min(LONGEST, count - at), 0, -1):
            if tuple(words[at : at + size]) in phrases:
                found += size
                at += size
                break
        else:
            at += 1
    return found / count


def menu_marks(words: Sequence[str]) -> tuple[str, ...]:
    """The feature of a proposal that is made of such words, if it is."""
    share = menu_share(words)
    return () if share < 0.5 else ("menu",) if share == 1.0 else ("menu+",)
