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
from rolecall.normalise.words import HEAD, Lexicon, fold, lexicon

WORKPLACE: Final = 1
EMPLOYMENT: Final = 2
YEARS: Final = 4
EDUCATION: Final = 8
LANGUAGES: Final = 16
LEVEL: Final = 32
DIGIT: Final = 64
ALL: Final = 127

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
    """The finders that a word of a line (lower case; hyphens may join parts) calls for."""
    bits = 0
    for part in _INSIDE.split(word):
        key = fold(part)
        for known, bit in _lexicons():
            if known.told_by(key):
                bits |= bit
        if key[:HEAD] in HOUR_HEADS:
            bits |= EMPLOYMENT
        if any(tail in part for tail in TAILS):
            bits |= EDUCATION
    return bits


def triggers_in(text: str) -> int:
    """The finders that a line calls for whatever its words are."""
    if not text.isascii() and _COMBINING.search(text):
        return ALL  # letters that are written in parts: the words are not those of the finders
    bits = EMPLOYMENT if "_" in text else 0
    return bits | DIGIT if _DIGIT.search(text) else bits
