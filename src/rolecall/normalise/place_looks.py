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
from rolecall.normalise.words import WORD, fold

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

_CODE: Final = 8
_WORD: Final = 16
_NUMBER: Final = 32
_SKIPPED: Final = 64
_TELLS: Final = NAME | _CODE | _WORD | _NUMBER

_MOST_KNOWN: Final = 16_384
"""Words whose look is remembered in a process, each of at most ``_LONGEST_KNOWN`` letters."""

_LONGEST_KNOWN: Final = 40
_MOST_BEHIND: Final = 3
"""Words that may follow a name of one word in the same part: a district, a number, "only"."""

_ASCII_WORD: Final = re.compile("[0-9A-Za-z]+")
_DIGIT: Final = re.compile(r"\d")
_CAPITALS: Final = re.compile(r"[A-Z]{1,3}")
_MARK: Final = re.compile(r"[,;|·•()\[\]\n/:–—-]")
"""What may part a place string, or may end its label."""


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
    return out | _SKIPPED if fills(key) else out


LOOKS: Final = _Looks()


def may_hold_place(text: str) -> bool:
    """Whether ``is_place`` may see more than 0.3 in any part of ``text``."""
    return _telling(_words(text))


def may_be_place(text: str) -> bool:
    """Whether ``is_place`` may see more than 0.3 in ``text``.

    A name must begin a part of it, behind nothing but a label, fillers, numbers and codes.
    """
    whole = text.strip()
    if not 2 <= len(whole) <= LONGEST_PLACE or NO_PLACE.search(whole):
        return False
    words = _words(whole)
    if _MARK.search(whole) or not JOINS.isdisjoint(words):
        return _telling(words)
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
            return fold(words[last]) in place_words("place word")
    return False


def _words(text: str) -> list[str]:
    return (_ASCII_WORD if text.isascii() else WORD).findall(text)


def _telling(words: Sequence[str]) -> bool:
    """Whether a name may begin at a word, or one is a code, a number or a word of places."""
    looks = list(map(LOOKS.__getitem__, words))
    if not any(looks):
        return False
    last = len(looks) - 1
    for i, look in enumerate(looks):
        if look & _TELLS or (look & OPENS and i < last and opens_with(words[i], words[i + 1])):
            return True
    return False


def opens_with(word: str, after: str) -> bool:
    """Whether a place's name begins with these two words."""
    return begins_name(f"{fold(word)} {fold(after)}")
