"""Places named in running text: known names of the gazetteer, and names behind "based in"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from rolecall.normalise.found import Found
from rolecall.normalise.gazetteer import country_of_code, find_key, find_name, lands_of_region_code
from rolecall.normalise.place_looks import (
    COMMON,
    LOOKS,
    NAME,
    OPENS,
    SITE,
    SITES,
    opens_with,
    words_in,
)
from rolecall.normalise.place_parts import place_words
from rolecall.normalise.places import read_place
from rolecall.normalise.words import LONGEST, MOST_HITS, fold

_LONGEST_NAME: Final = 4
_BETWEEN: Final = frozenset((" ", "-", ". ", "'", "’", " - ", "."))
_SITED: Final = tuple(sorted(SITES - {"offices"}))
_IN: Final = frozenset(("in", "at", "en", "a", "i"))
_MOST_PATTERN: Final = 3
"""Words of an unknown name."""

_NEAR: Final = 60
"""Characters before a name in which the words before it are looked for first."""

_UPPER: Final = "".join(filter(str.isupper, map(chr, range(0x2200)))) + "\ua640"
"""Capitals; no name of the gazetteer begins with another."""

_MARKS: Final = "\u0300-\u036f\u00ad"
"""Accents that are written behind their letters; a word goes on behind them."""

_CAPITALISED: Final = re.compile(rf"[{_UPPER}](?<![^\W_].)[^\W_]*(?:[{_MARKS}][^\W_]*)*")
_FOLLOWING: Final = re.compile(rf"(?: - |\. |[ '’.-])([^\W_]+(?:[{_MARKS}][^\W_]*)*)")
"""The word that may belong to the one before it."""

_SITED_IN: Final = re.compile(r"[^\W_]+[\W_]+([^\W_]+)[\W_]+(?=[^\W\d_a-z])")
"""A word and the one behind it, before one that may have a capital."""

_WORD: Final = re.compile(rf"[^\W_]+(?:[{_MARKS}][^\W_]*)*")
_INSIDE: Final = re.compile(rf"[^\W_][{_MARKS}]+$")


def find_places(text: str, *, language: str | None = None) -> list[Found]:
    """Places named in running text, in order of position. ``language`` is not needed.

    ``value`` is what ``read_place`` makes of the wording. Cues: ``known`` (a name of the gazetteer
    behind a preposition, beside an office word, or with its region or country), ``pattern`` (an
    unknown name behind "based in" or "located in"), ``mention`` (a known name by itself).
    """
    return [
        Found(value=read_place(text[start:end]), start=start, end=end, cue=cue)
        for start, end, cue in islice(spans_of_places(text), MOST_HITS)
    ]


def spans_of_places(text: str) -> Iterator[tuple[int, int, str]]:
    """Where the places that ``find_places`` finds begin and end, and their cues."""
    text = text[:LONGEST]
    done = 0
    for start in _starts(text):
        if start < done:
            continue
        words = _Words(text, start)
        last = _known_at(words, 0)
        cue = "pattern"
        if last is None:
            if not (text[start].isupper() and _behind_site(text, start)):
                continue
            last = _unknown_at(words)
        else:
            last, chained = _chain(words, last)
            cue = "known" if chained or _in_context(words, 0, last) else "mention"
            name = find_key(words.key(0, last))
        done = words.end(last)
        if cue != "mention" or not (name and (name.common or not name.big)):
            yield start, done, cue


def _starts(text: str) -> list[int]:
    """Where the words with a capital stand that may begin a place's name, in order."""
    capitals = _CAPITALISED.findall(text)
    looks = list(map(LOOKS.__getitem__, capitals))
    found: set[int] = set()
    if any(looks):
        for word, look in set(zip(capitals, looks, strict=True)):
            if look & OPENS:
                found.update([at for at in _places_of(word, text) if _may_begin(word, text, at)])
            if look & SITE:
                found.update(_behind(word, text))
    if len(capitals) > 1 or text[:1] not in _UPPER or not text.isascii():
        for word in _SITED:
            if word in text:
                found.update(_behind(word, text))
    return sorted(found)


def _behind(word: str, text: str) -> Iterator[int]:
    """Where something stands behind a word such as "based" and one such as "in"."""
    for at in _places_of(word, text):
        m = _SITED_IN.match(text, at)
        if m is not None and fold(m.group(1)) in _IN:
            yield m.end()


def _places_of(word: str, text: str) -> Iterator[int]:
    """Where a text has a word, or another that begins with the same letters."""
    at = text.find(word)
    while at >= 0:
        if not (at and (text[at - 1].isalnum() or _inside(text, at))):
            yield at
        at = text.find(word, at + 1)


def _may_begin(word: str, text: str, at: int) -> bool:
    """Whether a place's name may begin with a word: by itself, or with the one that follows."""
    look, end = LOOKS[word], at + len(word)
    if look & NAME and (not look & COMMON or text.startswith(", ", end)):
        return True
    following = _FOLLOWING.match(text, end)
    return following is not None and opens_with(word, following.group(1))


def _inside(text: str, start: int) -> bool:
    """Whether accents before a letter join it to the word before them."""
    if text[start - 1] < "\xad":
        return False
    return _INSIDE.search(text[max(0, start - _NEAR) : start]) is not None


class _Words:
    """The words of a text from one of them on, taken apart as far as they are asked for."""

    __slots__ = ("_behind", "_spans", "text")

    def __init__(self, text: str, start: int) -> None:
        self.text = text
        self._spans: list[tuple[int, int]] = []
        self._behind = _WORD.finditer(text, start)

    def has(self, index: int) -> bool:
        """Whether there is such a word."""
        while len(self._spans) <= index:
            found = next(self._behind, None)
            if found is None:
                return False
            self._spans.append(found.span())
        return True

    def __getitem__(self, index: int) -> str:
        """A word as it is written; ``has`` was asked for it."""
        start, end = self._spans[index]
        return self.text[start:end]

    def key(self, first: int, last: int) -> str:
        """The folded words from ``first`` to the one before ``last``."""
        return " ".join([fold(self[i]) for i in range(first, last)])

    def gap(self, index: int) -> str:
        """What stands between word ``index - 1`` and word ``index``."""
        return self.text[self._spans[index - 1][1] : self._spans[index][0]]

    def raw(self, first: int, last: int) -> str:
        """The text from word ``first`` to the end of the one before ``last``."""
        return self.text[self._spans[first][0] : self._spans[last - 1][1]]

    def end(self, last: int) -> int:
        """Where the word before ``last`` ends."""
        return self._spans[last - 1][1]

    def before(self, index: int) -> str:
        """The folded word before word ``index``, if there is one."""
        if index:
            return fold(self[index - 1])
        words = _words_before(self.text, self._spans[0][0], 1)
        return fold(words[-1]) if words else ""


def _words_before(text: str, start: int, count: int) -> list[str]:
    """At least the last ``count`` words before ``start``, if there are so many."""
    near = words_in(text[max(0, start - _NEAR) : start])
    # the first one may be cut
    return near if len(near) > count or start <= _NEAR else words_in(text[:start])


def _known_at(words: _Words, first: int) -> int | None:
    """Behind the longest known name that begins with a capital at word ``first``."""
    if not words.has(first):
        return None
    word = words[first]
    look = LOOKS[word]
    if not look & OPENS or not word[0].isupper() or len(fold(word)) < 2:
        return None
    for last in range(_reach(words, first), first, -1):
        single = last == first + 1
        if not look & NAME if single else not words[last - 1][0].isupper():
            continue
        name = find_key(words.key(first, last))
        if name is None or find_name(words.raw(first, last)) is None:
            continue
        if name.common and single and not _followed(words, last):
            continue
        if "C" in name.flags or "c" in name.flags or name.region or name.country:
            return last
        if name.city and _in_context(words, first, last):
            return last
    return None


def _reach(words: _Words, first: int) -> int:
    """Behind the last word that may belong to a name which begins at word ``first``."""
    last, most = first + 1, first + _LONGEST_NAME
    if not words.has(last) or not opens_with(words[first], words[last]):
        return last
    while last < most and words.has(last) and words.gap(last) in _BETWEEN:
        last += 1
    return last


def _followed(words: _Words, last: int) -> bool:
    """Whether ", " and a known name or code follow."""
    if not words.has(last) or words.gap(last) != ", ":
        return False
    return bool(lands_of_region_code(words[last])) or _known_at(words, last) is not None


def _chain(words: _Words, last: int) -> tuple[int, bool]:
    """Take in ", Region, Country" behind a name."""
    if not words.has(last) or words.gap(last) not in (", ", " ("):
        return last, False
    raw = words[last]
    if raw.isupper() and (lands_of_region_code(raw) or country_of_code(raw)):
        return last + 1, True
    following = _known_at(words, last)
    if following is None:
        return last, False
    name = find_key(words.key(last, following))
    if name is None or not (name.region or name.country):
        return last, False
    return following, True


def _in_context(words: _Words, first: int, last: int) -> bool:
    """Whether a preposition stands before a name, or a word such as "office" behind it."""
    if words.before(first) in place_words("before"):
        return True
    if not words.has(last) or words.gap(last) not in (" ", "-"):
        return False
    return fold(words[last]) in place_words("behind")


def _behind_site(text: str, start: int) -> bool:
    """Whether "based in", "located in", "office in" or the like stands before ``start``."""
    near = text[max(0, start - _NEAR) : start].rstrip()
    last = near[near.rfind(" ") + 1 :]
    if last.isalpha() and fold(last) not in _IN:
        return False
    words = _words_before(text, start, 2)
    return len(words) > 1 and fold(words[-1]) in _IN and fold(words[-2]) in SITES


def _unknown_at(words: _Words) -> int:
    """Behind an unknown name: words in capitals."""
    last = 1
    while (
        last < _MOST_PATTERN
        and words.has(last)
        and words.gap(last) in _BETWEEN
        and words[last][0].isupper()
    ):
        last += 1
    return last
