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
from rolecall.normalise.words import HEAD, fold, phrases, telling, word_set

WORKPLACE: Final = 1
EMPLOYMENT: Final = 2
YEARS: Final = 4
EDUCATION: Final = 8
LANGUAGES: Final = 16
LEVEL: Final = 32
DIGIT: Final = 64
ALL: Final = 127

_FINDERS: Final = (WORKPLACE, EMPLOYMENT, YEARS, EDUCATION, LANGUAGES, LEVEL)
_LEXICONS: Final = (
    ("workplace", WORKPLACE),
    ("employment", EMPLOYMENT),
    ("years", YEARS),
    ("education", EDUCATION),
    ("languages", LANGUAGES),
    ("levels", LEVEL),
    ("seniority", LEVEL),
)
_CLASSES: Final = 96
"""Classes into which the phrases of a finder are dealt, so that a word of one phrase and the first
word of another seldom meet; more would cost more than the needless calls that are left."""

_WIDTH: Final = _CLASSES + 1
_SIZE: Final = len(_FINDERS) * _WIDTH
"""Bits for all classes; they come three times, once for each word that is looked for."""

_WITH_DIGIT: Final = 1 << (3 * _SIZE)
"""The bit of a word with a digit, above those of all classes."""

_MASKS: Final = tuple(
    (finder, ((1 << _WIDTH) - 1) << (place * _WIDTH)) for place, finder in enumerate(_FINDERS)
)
_INSIDE: Final = re.compile(r"['\-/]")
_SHORTEST_TAIL: Final = min(map(len, TAILS))
_SHORT: Final = HEAD - 1
"""Letters of the stems that are shorter than the usual head; none has fewer."""

_COMBINING: Final = re.compile("[\u0300-\u036f\u00ad]")
_DIGITS: Final = re.compile(r"\d")


class _Patterns:
    """Word patterns, with the bits of the phrases whose first or longest other words they are."""

    def __init__(self) -> None:
        self.exact: dict[str, int] = {}
        self.stems: dict[str, dict[str, int]] = {}
        self.short: dict[str, int] = {}
        self.days = word_set("workplace", "days")

    def add(self, pattern: str, bits: int) -> None:
        """Note that ``pattern`` (a stem where it ends in ``*``) has ``bits``."""
        table = self.exact
        if pattern.endswith("*"):
            pattern = pattern[:-1]
            if len(pattern) < _SHORT:
                raise ValueError(f"a stem of fewer than {_SHORT} letters: {pattern}")
            short = len(pattern) == _SHORT
            table = self.short if short else self.stems.setdefault(pattern[:HEAD], {})
        table[pattern] = table.get(pattern, 0) | bits

    def bits(self, key: str) -> int:
        """The joined bits of all patterns that the folded word ``key`` fits."""
        out = self.exact.get(key, 0)
        if key[:_SHORT] in self.short:
            out |= self.short[key[:_SHORT]]
        stems = self.stems.get(key[:HEAD])
        if stems is not None:
            for stem, bits in stems.items():
                if key.startswith(stem):
                    out |= bits
        return out


@cache
def _patterns() -> _Patterns:
    out = _Patterns()
    for name, finder in _LEXICONS:
        at = _FINDERS.index(finder) * _WIDTH
        for number, (_, phrase) in enumerate(phrases(name)):
            first, *rest = phrase.split()
            rest = [part for part in rest if part != "?"] or [first]
            second = telling(rest)
            others = [part for part in rest if part != second] if len(rest) > 1 else []
            third = telling(others or [second])
            bit = 1 << (at + number % _CLASSES)
            for part, place in ((first, 0), (second, _SIZE), (third, 2 * _SIZE)):
                out.add(part, bit << place)
    return out


def _always(finder: int) -> int:
    """The bits of a word that calls for a finder all by itself."""
    bit = 1 << (_FINDERS.index(finder) * _WIDTH + _CLASSES)
    return bit | bit << _SIZE | bit << 2 * _SIZE


def triggers_of(word: str) -> int:
    """What a word of a line (lower case; hyphens may join parts) says to ``called``.

    A finder is called by the first word of a phrase together with the two longest others.
    """
    bits = 0 if word.isalpha() or not _DIGITS.search(word) else _WITH_DIGIT
    known = _patterns()
    for part in (word,) if word.isalnum() else _INSIDE.split(word):
        key = fold(part)
        if found := known.bits(key):  # else the bits stay the one number that all share
            bits |= found
        if key[:HEAD] in HOUR_HEADS:
            bits |= _always(EMPLOYMENT)
        if key in known.days:
            bits |= _always(WORKPLACE)
        if len(part) >= _SHORTEST_TAIL and any(map(part.__contains__, TAILS)):
            bits |= _always(EDUCATION)
    return bits


def called(bits: int) -> int:
    """The finders that the joined bits of all words of a line call for."""
    every = bits & (bits >> _SIZE) & (bits >> 2 * _SIZE)
    out = DIGIT if bits & _WITH_DIGIT else 0
    if every:
        for finder, mask in _MASKS:
            if every & mask:
                out |= finder
    return out


def triggers_in(text: str) -> int:
    """The finders that a line calls for whatever its words are."""
    if not text.isascii() and _COMBINING.search(text):
        return ALL  # letters that are written in parts: the words are not those of the finders
    bits = EMPLOYMENT if "_" in text else 0
    if "%" in text:
        bits |= WORKPLACE
    return bits
