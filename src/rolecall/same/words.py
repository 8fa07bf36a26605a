"""Text as words: what every comparison of wordings stands on.

A word is a run of letters and digits, with the marks that belong to it (``C++``, ``CI/CD``,
``node.js``). Values are folded first: markup, case, Unicode forms and white space do not count.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"\w+(?:[.+#/&'’-]*\w+|[+#]+)*")
_TAG: Final = re.compile(r"<[^>]+>")
_NEVER_IN_WORDS: Final = (",", ";", ":", "(", ")", "!", "?", '"', "•", ". ", "- ")
"""What stands between words only; most pieces of a text are single words without them."""

_KEPT: Final = 64
"""Characters of a piece whose words are kept, for the next text that has it."""


def fold(text: object) -> str:
    """``text`` without markup, case and runs of white space."""
    plain = html.unescape(str(text))
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain)
    plain = plain.casefold()
    if "<" in plain:
        plain = _TAG.sub(" ", plain)
    return " ".join(plain.split())


def words(text: object) -> list[str]:
    """The words of ``text`` as it stands, in lower case; no word goes over white space."""
    plain = str(text)
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain)
    out: list[str] = []
    for piece in plain.casefold().split():
        if piece.isalnum():
            out.append(piece)
        else:
            out += _parts(piece)
    return out


def value_words(value: object) -> list[str]:
    """The words of a value, folded."""
    return words(fold(value))


def jaccard(a: object, b: object) -> float:
    """The share of the words of either that both have; 0 where neither has any."""
    if a == b:
        return float(_WORD.search(fold(a)) is not None)
    one, two = _word_set(str(a)), _word_set(str(b))
    both = len(one & two)
    either = len(one) + len(two) - both
    return both / either if either else 0.0


def text_f1(a: object, b: object) -> float:
    """F1 of the bags of words of two values; 0 where one has none."""
    if a == b:
        return float(_WORD.search(fold(a)) is not None)
    one, two = _bag(str(a)), _bag(str(b))
    if not one or not two:
        return 0.0
    both = one.keys() & two.keys()
    shared = sum(map(min, map(one.__getitem__, both), map(two.__getitem__, both)))
    return 2 * shared / (sum(one.values()) + sum(two.values()))


def bag_f1(a: Sequence[str], b: Sequence[str]) -> float:
    """F1 of two bags of words; 0 where one is empty."""
    if not a or not b:
        return 0.0
    return 2 * sum((Counter(a) & Counter(b)).values()) / (len(a) + len(b))


@lru_cache(maxsize=16)
def _word_set(text: str) -> frozenset[str]:
    """The words of a value, folded."""
    pieces = set(_pieces(text))
    plain = set(filter(str.isalnum, pieces))
    for piece in pieces - plain:
        plain.update(_parts(piece))
    return frozenset(plain)


@lru_cache(maxsize=16)
def _bag(text: str) -> Mapping[str, int]:
    """The words of a value, folded, each with how often it stands there."""
    pieces = _pieces(text)
    bag = Counter(filter(str.isalnum, pieces))
    for piece in pieces:
        if not piece.isalnum():
            for word in _parts(piece):
                bag[word] = bag.get(word, 0) + 1
    return bag


def _pieces(text: str) -> list[str]:
    """A value, folded, between white space and the marks that no word can hold."""
    plain = fold(text)
    for mark in _NEVER_IN_WORDS:
        plain = plain.replace(mark, " ")
    return plain.split()


def _parts(piece: str) -> Sequence[str]:
    return _kept_parts(piece) if len(piece) <= _KEPT else _WORD.findall(piece)


@lru_cache(maxsize=1 << 15)
def _kept_parts(piece: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(piece))
