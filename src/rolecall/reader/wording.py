"""What the text of a line says, wherever it stands: its words, label, heading, cues, look.

Menus, footers and headings come again and again, on one page and on the next, so that the wording
of a text that does is remembered, and with it whatever finders found in the text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

from msgspec import Struct

from rolecall.normalise.dates_relative import may_be_relative, may_open
from rolecall.normalise.triggers import ALL, DIGIT, called, triggers_in
from rolecall.reader.again import Again
from rolecall.reader.lexicon import HeadingMatch, Lexicon, lexicon, senses, split_words, words_of

HEADING_CHARS: Final = 100
LABEL_CHARS: Final = 42
CUE_WORDS: Final = 80
"""Words of a line that are looked at for cues."""

MOST_KNOWN: Final = 4096
"""Echoes, looks, counts and tones that are remembered."""

MOST_BYTES: Final = 8 << 20
"""Bytes reckoned for the wordings that are remembered, twice."""

FEW_WORDS: Final = 16
"""Words of a line that may repeat a title."""

SIZES: Final = ("1",) * 2 + ("3",) * 2 + ("6",) * 3 + ("12",) * 6 + ("25",) * 13 + ("60",) * 35
"""Names of counts of words up to 60; a line of more is ``61``."""

DIGITS: Final = re.compile(r"\d")
MONEY: Final = re.compile(r"[$€£₽₹]|\b(?:eur|usd|gbp|czk|kč|pln|zł|kr)\b", re.I)
ASCII_MONEY: Final = ("$", "eur", "usd", "gbp", "czk", "pln", "kr")


class Echo(NamedTuple):
    """What the block tagger hears from the lines around: size, class of the heading, cues that
    come more than once, whether there is a label, and whether there is any cue."""

    size: str
    topic: str | None
    strong: tuple[str, ...]
    labelled: bool
    cued: bool


class Look(NamedTuple):
    """What the block tagger sees of a text: how it ends and begins, what it holds, its label, and
    whether that is all of it."""

    end: str
    shape: str
    digit: bool
    money: bool
    mail: bool
    label: tuple[str, ...]
    alone: bool


class Counts(NamedTuple):
    """How often each cue comes, up to three times; the most frequent one; the size of the line."""

    cues: tuple[tuple[str, int], ...]
    best: str
    size: str


class Tone(NamedTuple):
    """The cues of a text, and that of its first words."""

    cues: tuple[str, ...]
    first: str | None


# Texts that are alike share these: they are few, and to look one up is less than to make it.
_echo: Final = lru_cache(maxsize=MOST_KNOWN)(Echo)
_look: Final = lru_cache(maxsize=MOST_KNOWN)(Look)
_counts: Final = lru_cache(maxsize=MOST_KNOWN)(Counts)
_tone: Final = lru_cache(maxsize=MOST_KNOWN)(Tone)

NO_PIECES: Final[frozenset[str]] = frozenset()

# Wordings and lines are made by the hundred a page. They are frozen for the type checker alone:
# what Python does to freeze an object takes longer than all the rest of making it.


class Wording(Struct):
    """What a text says.

    ``label`` names the fields that the text before the colon (or the whole line) labels;
    ``value_at`` is where the labelled value starts: the length of the text if it is only a label,
    0 if it has none. ``first_cue`` is the cue of the first or second word. ``triggers`` are the
    finders that should look at the line (see ``normalise.triggers``), ``dated`` whether that for
    dates should. ``pieces`` is what stands
    between spaces in a text of few words. ``heads`` says whether it may be a heading: it is short
    and does not go on. ``kept`` is what finders found in the text, by the finder and by all else
    that it went by: it is filled as they ask, and nobody changes what is in it.
    """

    words: Final[tuple[str, ...]]
    heading: Final[HeadingMatch | None]
    heads: Final[bool]
    label: Final[tuple[str, ...]]
    value_at: Final[int]
    cues: Final[dict[str, int]]
    first_cue: Final[str | None]
    triggers: Final[int]
    pieces: Final[frozenset[str]]
    echo: Final[Echo]
    look: Final[Look]
    counts: Final[Counts]
    tone: Final[Tone]
    dated: Final[bool]
    kept: Final[dict[Any, Any]]


def _wording(text: str) -> Wording:
    lists, pieces = lexicon(), text.lower().split()
    words = tuple(words_of(pieces))
    count = len(words)
    size = SIZES[count] if count <= 60 else "61"
    heading = None
    if len(text) <= HEADING_CHARS:
        heading = lists.heading(words)
    else:
        before, colon, _ = text[:60].partition(":")
        if colon:
            heading = lists.heading(split_words(before))
    label, value_at = _label(text, lists)
    cues, triggers = _heard(words)
    triggers |= triggers_in(text)
    first = _first_cue(words) if cues else None
    topic = heading.name if heading is not None else None
    strong = tuple([cue for cue, times in cues.items() if times > 1]) if cues else ()
    return Wording(
        words,
        heading,
        len(text) <= HEADING_CHARS and not text.endswith((";", ",")),
        label,
        value_at,
        cues,
        first,
        triggers,
        frozenset(pieces) if count <= FEW_WORDS else NO_PIECES,
        _echo(size, topic, strong, bool(label), bool(cues)),
        _look_of(text, triggers, label, value_at),
        _counts_of(cues, size),
        _tone(tuple(cues), first),
        triggers & DIGIT != 0 or (count > 0 and may_open(words[0]) and may_be_relative(text)),
        {},
    )


wording: Final = Again(_wording, MOST_BYTES).__getitem__
"""The wording of a line's text."""


def _heard(words: tuple[str, ...]) -> tuple[dict[str, int], int]:
    """How often each cue stands in a line, and the finders that its words call for."""
    meaning = senses().__getitem__
    cues: dict[str, int] = {}
    bits = 0
    for cue, triggers in filter(None, map(meaning, words[:CUE_WORDS])):
        bits |= triggers
        if cue is not None:
            cues[cue] = cues.get(cue, 0) + 1
    for _, triggers in filter(None, map(meaning, words[CUE_WORDS:])):
        bits |= triggers
    return cues, called(bits) if bits else 0


def _first_cue(words: tuple[str, ...]) -> str | None:
    meaning = senses()
    for word in words[:2]:
        sense = meaning[word]
        if sense is not None and sense.cue is not None:
            return sense.cue
    return None


def _counts_of(cues: dict[str, int], size: str) -> Counts:
    best, most = "none", 0
    for cue, count in cues.items():
        if count > most:
            best, most = cue, count
    times = tuple([(cue, count if count < 3 else 3) for cue, count in cues.items()])
    return _counts(times, best, size)


def _look_of(text: str, triggers: int, label: tuple[str, ...], value_at: int) -> Look:
    end = text[-1:]
    digit = triggers & DIGIT != 0
    if triggers == ALL:
        digit = DIGITS.search(text) is not None
    return _look(
        end if end and end in ":?.!;," else "x",
        _shape(text),
        digit,
        digit and _has_money(text),
        "@" in text,
        label,
        value_at >= len(text),
    )


def _has_money(text: str) -> bool:
    if text.isascii():
        low = text.lower()
        for mark in ASCII_MONEY:
            if mark in low:
                break
        else:
            return False
    return MONEY.search(text) is not None


def _shape(text: str) -> str:
    first = text[:1]
    if first.isupper():
        return "AA" if len(text) > 3 and text.isupper() else "A"
    if first.islower() and first.isalpha():
        return "a"
    if first.isdigit():
        return "9"
    if not first.isalpha():
        return "-"
    return "AA" if len(text) > 3 and text.isupper() else "A"


def _label(text: str, lists: Lexicon) -> tuple[tuple[str, ...], int]:
    head, colon, _ = text[: LABEL_CHARS + 1].partition(":")
    if colon:
        fields = lists.label(head.strip().lower())
        if fields:
            at = len(head) + 1
            while at < len(text) and text[at] in " :\t\xa0":
                at += 1
            return fields, at
        return (), 0
    if len(text) <= LABEL_CHARS:
        fields = lists.label(text.strip(" .?!-–").lower())
        if fields:
            return fields, len(text)
    return (), 0
