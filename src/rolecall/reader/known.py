"""Known places inside a header line, where no separators part the place from the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rolecall.normalise.gazetteer import begins_name, find_key
from rolecall.normalise.words import words_of

ARTICLES: Final = ("'s-", "’s-", "'s ", "’s ")
"""What stands before some Dutch names: "'s-Hertogenbosch"."""

LONGEST_NAME: Final = 4
"""Words of a place's name."""


def known_places(text: str) -> list[tuple[int, int]]:
    """Where ``text`` names places of the gazetteer that are no common words.

    A region or country behind a comma belongs to the name before it.
    """
    words = words_of(text)
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(words.keys):
        size, within = 0, False
        if text[words.starts[at]].isupper() and begins_name(words.keys[at]):
            size, within = _known(words.keys, at)
        if size:
            start, end = words.starts[at], words.ends[at + size - 1]
            if text[:start].endswith(ARTICLES):
                start -= len(ARTICLES[0])
            if within and found and text[found[-1][1] : start] == ", ":
                start = found.pop()[0]
            found.append((start, end))
        at += max(1, size)
    return found


def _known(keys: Sequence[str], at: int) -> tuple[int, bool]:
    """The words of the longest known name that begins at word ``at``; whether it holds cities."""
    for size in range(min(LONGEST_NAME, len(keys) - at), 0, -1):
        name = find_key(" ".join(keys[at : at + size]))
        if name is not None and not name.common and (name.city or name.region or name.country):
            return size, bool(name.country or (name.region and not name.city))
    return 0, False
