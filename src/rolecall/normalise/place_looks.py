"""A quick look at the words of a text: whether any of them can make, or begin, a place's name.

What a word may be does not depend on its text, so that it is remembered; a look costs one step a
word. A needless yes costs time and changes nothing; a no is certain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from rolecall.normalise.gazetteer import (
    begins_name,
    country_of_code,
    find_key,
    lands_of_region_code,
)
from rolecall.normalise.place_parts import JOINS, fills, place_words
from rolecall.normalise.words import fold

NAME: Final = 1
"""The word is a place's name by itself."""

COMMON: Final = 2
"""That name is a common word too, and needs more to be believed in a text."""

OPENS: Final = 4
"""A place's name begins with the word."""

LONGEST_PLACE: Final = 90
"""Characters of a string that may be a place."""

NO_PLACE: Final = re.compile(r"[@?!=<>{}\\€$£%+#&]")
"""What no place string holds."""

SITE: Final = 128
"""The word is one such as "based"."""

SITES: Final = frozenset(
    "based located office offices situated headquartered campus standort".split()
)
_CODE: Final = 8
_WORD: Final = 16
_NUMBER: Final = 32
_SKIPPED: Final = 64
_TELLS: Final = NAME | _CODE | _WORD | _NUMBER

_HOLDS: Final = 1
"""A chunk that holds a name, a code, a number or a word of places; ``OPENS`` stands beside it."""


_MOST_KNOWN: Final = 16_384
"""Words whose look is remembered in a process, each of at most ``_LONGEST_KNOWN`` letters."""

_LONGEST_KNOWN: Final = 40
_MOST_BEHIND: Final = 3
"""Words that may follow a name of one word in the same part: a district, a number, "only"."""

_ASCII_WORD: Final = re.compile("[0-9A-Za-z]+")
_WORD_OF_PARTS: Final = re.compile("[^\\W_]+(?:[\u0300-\u036f\u00ad][^\\W_]*)*")
"""The same words as those of ``WORD``, found faster."""

_DIGIT: Final = re.compile(r"\d")
_CAPITALS: Final = re.compile(r"[A-Z]{1,3}")
_MARK: Final = re.compile(r"[,;|·•()\[\]\n/:–—-]")
"""What may part a place string, or may end its label."""

_DOUBTFUL: Final = re.compile(r"[/:–—-]|\d(?: ?[A-Z]{2})? \D")
"""Marks that do not part it everywhere, and numbers that may be taken out of its middle."""

_PARTS: Final = re.compile(r"[,;|·•()\[\]\n]+")


class _Looks(dict[str, int]):
    """Word as it is written -> what it may be in a place string, worked out when first met."""

    def __missing__(self, word: str) -> int:
        look = _look(word)
        if len(word) <= _LONGEST_KNOWN:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[word] = look
        return look


def _look(word: str) -> int:
    key = fold(word)
    out = 0
    if begins_name(key):
        name = find_key(key)
        out = OPENS if name is None else OPENS | NAME | COMMON if name.common else OPENS | NAME
    if _DIGIT.search(word):
        return out | _SKIPPED | _NUMBER if len(word) > 1 else out | _SKIPPED
    if _CAPITALS.fullmatch(word):
        out |= _SKIPPED
        if lands_of_region_code(word) or country_of_code(word):
            out |= _CODE
    if key in place_words("place word"):
        out |= _WORD
    if key in SITES:
        out |= SITE
    return out | _SKIPPED if fills(key) else out


LOOKS: Final = _Looks()


class _Chunks(dict[str, int]):
    """What stands between two spaces -> what it may be, worked out when first met."""

    def __missing__(self, chunk: str) -> int:
        look = _look_at_chunk(chunk)
        if len(chunk) <= _LONGEST_KNOWN:
            if len(self) >= _MOST_KNOWN:
                self.clear()
            self[chunk] = look
        return look


def _look_at_chunk(chunk: str) -> int:
    words = words_in(chunk)
    out, last = 0, len(words) - 1
    for i, word in enumerate(words):
        look = LOOKS[word]
        if look & _TELLS or (i < last and look & OPENS and opens_with(word, words[i + 1])):
            out |= _HOLDS
        if i == last:
            out |= look & OPENS
    return out


CHUNKS: Final = _Chunks()


def may_hold_place(text: str) -> bool:
    """Whether ``is_place`` may see more than 0.3 in any part of ``text``."""
    chunks = text.split()
    for i, look in enumerate(map(CHUNKS.__getitem__, chunks)):
        if look & _HOLDS or (look & OPENS and _goes_on(chunks, i)):
            return True
    return False


def may_be_place(text: str) -> bool:
    """Whether ``is_place`` may see more than 0.3 in ``text``.

    A name must begin a part of it, behind nothing but a label, fillers, numbers and codes.
    """
    whole = text.strip()
    if not 2 <= len(whole) <= LONGEST_PLACE or NO_PLACE.search(whole):
        return False
    if _MARK.search(whole):
        if _DOUBTFUL.search(whole) is None and not any(map(_may_be_part, _PARTS.split(whole))):
            return False
        return may_hold_place(whole)
    return _may_be_part(whole)


def _may_be_part(part: str) -> bool:
    """The same for a part of a place string that no mark parts."""
    words = words_in(part)
    if not JOINS.isdisjoint(words):
        return may_hold_place(part)
    last = len(words) - 1
    for i, word in enumerate(words):
        look = LOOKS[word]
        if look & (_WORD | _NUMBER) or (look & NAME and last - i <= _MOST_BEHIND):
            return True
        if look & _CODE and i == last:
            return True
        if look & OPENS and i < last and opens_with(word, words[i + 1]):
            return True
        if not look & _SKIPPED:
            return LOOKS[words[last]] & _WORD != 0
    return False


def _goes_on(chunks: Sequence[str], at: int) -> bool:
    """Whether a place's name begins with the last word of a chunk and the first one behind it."""
    for i in range(at + 1, len(chunks)):
        after = words_in(chunks[i])
        if after:
            return opens_with(words_in(chunks[at])[-1], after[0])
    return False


def words_in(text: str) -> list[str]:
    """The words of a text as they are written."""
    return (_ASCII_WORD if text.isascii() else _WORD_OF_PARTS).findall(text)


def opens_with(word: str, after: str) -> bool:
    """Whether a place's name begins with these two words."""
    return begins_name(f"{fold(word)} {fold(after)}")
