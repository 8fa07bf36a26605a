"""Which finders should look at a line: a cheap guard over its words, one bit per finder.

A finder of a closed vocabulary finds nothing in a line without one of its telling words. What a
word triggers is the same in every line, so that a caller can remember it; a line triggers what its
words do. A bit too many costs time and changes nothing.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from rolecall.normalise.education import TAILS
from rolecall.normalise.employment import HOUR_HEADS
from rolecall.normalise.words import HEAD, Lexicon, fold, lexicon, word_set

WORKPLACE: Final = 1
EMPLOYMENT: Final = 2
YEARS: Final = 4
EDUCATION: Final = 8
LANGUAGES: Final = 16
LEVEL: Final = 32
DIGIT: Final = 64
ALL: Final = 127

_BEGUN: Final = 7
"""Places by which a finder's bit is shifted for the first words of its phrases."""

_BOTH: Final = 1 + (1 << _BEGUN)

_BITS: Final = (
    ("workplace", WORKPLACE),
    ("employment", EMPLOYMENT),
    ("years", YEARS),
    ("education", EDUCATION),
    ("languages", LANGUAGES),
    ("levels", LEVEL),
    ("seniority", LEVEL),
)
_INSIDE: Final = re.compile(r"['\-/]")
_COMBINING: Final = re.compile("[\u0300-\u036f\u00ad]")
_DIGIT: Final = re.compile(r"\d")


@cache
def _lexicons() -> tuple[tuple[Lexicon, int], ...]:
    return tuple((lexicon(name), bit) for name, bit in _BITS)


def triggers_of(word: str) -> int:
    """What a word of a line (lower case; hyphens may join parts) says to ``called``.

    A finder is called by a telling word together with the first word of a phrase.
    """
    bits = 0
    for part in _INSIDE.split(word):
        key = fold(part)
        for known, bit in _lexicons():
            if known.told_by(key):
                bits |= bit
            if known.begun_by(key):
                bits |= bit << _BEGUN
        if key[:HEAD] in HOUR_HEADS:
            bits |= EMPLOYMENT * _BOTH
        if key in word_set("workplace", "days"):
            bits |= WORKPLACE * _BOTH
        if any(tail in part for tail in TAILS):
            bits |= EDUCATION * _BOTH
    return bits


def called(bits: int) -> int:
    """The finders that the joined bits of all words of a line call for."""
    return bits & (bits >> _BEGUN)


def triggers_in(text: str) -> int:
    """The finders that a line calls for whatever its words are."""
    if not text.isascii() and _COMBINING.search(text):
        return ALL  # letters that are written in parts: the words are not those of the finders
    bits = EMPLOYMENT if "_" in text else 0
    if "%" in text:
        bits |= WORKPLACE
    return bits | DIGIT if _DIGIT.search(text) else bits
