"""What the skill tagger sees of a line: words, their shapes, their neighbours, known terms.

Features come in families, each a function of few small values, so that the reader can look up the
summed weights of a family instead of building its strings again (see ``skills.py``).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from msgspec import Struct

TOKEN = re.compile(r"[^\W_]+(?:[.'’][^\W_]+)*[+#]*|\S")
LONGEST = 8
LONGEST_STEM = 14
MAX_WORDS = 2_000
"""Words of a line that are read."""
NONE = "-"
NO_WORDS: frozenset[str] = frozenset()
STEM = re.compile(r"[^\W\d_]{4,14}\*")
JOINERS = frozenset(",/;|•·")
SIZES = "01234567"

Hit = str
"""``B`` or ``I`` (first or later word), ``1`` or ``2`` (one or more words), the case, the class."""
Traits = tuple[str, str, str, str]
Feature = tuple[str, str]
"""A family and a value: the name of a weight is ``family=value``, or the mere family."""


class Word(Struct):
    """A word or mark as it is written, its key, and its shape.

    ``alone`` is the hit of the known term that it is by itself, if it is one; ``longer`` holds the
    lengths of the terms of several words that begin with its key, the longest first, and ``then``
    the keys of their second words. ``opens`` says that there are such terms, of one or more words,
    and ``joins`` that it is a mark between the items of a list.

    Nobody changes one: it is not frozen because there are many, made in a fifth of the time so.
    """

    text: str
    stem: str
    shape: str
    alone: Hit
    longer: Sequence[int]
    then: frozenset[str]
    opens: bool
    joins: bool


def spans(text: str) -> list[tuple[int, int]]:
    """Where the words and marks of ``text`` stand; hyphens and slashes are marks of their own."""
    return [match.span() for match in TOKEN.finditer(text)]


def shape(word: str) -> str:
    """The kind of writing: ``x`` lower, ``X`` upper, ``Xx`` title, ``xX`` mixed, ``xd`` digits."""
    if word.islower():
        return "x" if word.isalpha() else "x."
    if word.isupper():
        return ("X" if len(word) > 1 else "X1") if word.isalpha() else "X."
    if word.isdigit():
        return "d"
    if word.istitle():
        return "Xx" if word.isalpha() else "Xx."
    if word.isalpha():
        return "xX"
    if len(word) == 1:
        return word
    return "xd" if any(c.isdigit() for c in word) else "sym"


def key(word: str, stems: Collection[str] = ()) -> str:
    """A word without its inflection, roughly: its listed stem, or lower case with long words cut
    and the plural ``s`` dropped."""
    low = word.lower()
    size = len(low)
    if stems and size > 3:
        for end in range(4, min(size, LONGEST_STEM) + 1):
            if low[:end] in stems:
                return low[:end] + "*"
    if size > 7 or (size > 5 and not low.isascii()):
        return low[: max(5, size - 2)]
    return low[:-1] if size > 3 and low[-1] == "s" else low


@dataclass(frozen=True, slots=True)
class Terms:
    """Known skill terms, by the keys of their words: class, and the spellings that are listed."""

    entries: Mapping[str, str]
    lengths: Mapping[str, Sequence[int]]
    stems: frozenset[str]
    names: Sequence[str] = field(init=False, repr=False, compare=False)
    heads: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put the terms in order, so that those with the same first word are found together, and
        note the first four letters of stems, which few words share."""
        object.__setattr__(self, "names", sorted(self.entries))
        object.__setattr__(self, "heads", frozenset([stem[:4] for stem in self.stems]))

    @classmethod
    def of(cls, entries: Mapping[str, str]) -> Terms:
        """Index ``entries`` (``"key key" -> "class|spelling|spelling"``) by first word."""
        lengths: dict[str, set[int]] = {}
        stems: set[str] = set()
        for name in entries:
            words = name.split(" ")
            stems.update(word[:-1] for word in words if len(word) > 4 and word[-1] == "*")
            lengths.setdefault(words[0], set()).add(len(words))
        return cls(
            entries,
            {k: tuple(sorted(v, reverse=True)) for k, v in lengths.items()},
            frozenset(stems),
        )

    def read(self, text: str) -> Word:
        """A word as the known terms see it."""
        return Word(*self.look(text))

    def look(
        self, text: str
    ) -> tuple[str, str, str, Hit, Sequence[int], frozenset[str], bool, bool]:
        """The fields of a ``Word``."""
        stems = self.stems if text[:4].lower() in self.heads else ()
        stem, letters = key(text, stems), shape(text)
        sizes = self.lengths.get(stem)
        if sizes is None:
            return text, stem, letters, "", (), NO_WORDS, False, text in JOINERS
        alone = _agreement(self.entries[stem], text, 1) if 1 in sizes else ""
        longer = tuple([size for size in sizes if size > 1])
        then = self._second_words(stem) if longer else NO_WORDS
        return text, stem, letters, alone, longer, then, True, text in JOINERS

    def _second_words(self, stem: str) -> frozenset[str]:
        names, start = self.names, f"{stem} "
        out = set()
        for at in range(bisect_left(names, start), len(names)):
            if not names[at].startswith(start):
                break
            out.add(names[at].split(" ", 2)[1])
        return frozenset(out)

    def mark(self, words: Sequence[Word]) -> dict[int, Hit]:
        """The longest known term at each word, from left to right; words without one are absent."""
        out: dict[int, Hit] = {}
        last, free = len(words) - 1, 0
        for i in [i for i, word in enumerate(words) if word.opens]:
            if i < free:
                continue
            word = words[i]
            if word.longer and i < last and words[i + 1].stem in word.then:
                size = self._longer(words, i, out)
                if size:
                    free = i + size
                    continue
            if word.alone:
                out[i] = word.alone
        return out

    def _longer(self, words: Sequence[Word], at: int, out: dict[int, Hit]) -> int:
        """Note the longest term of several words at ``at``; its length, or 0."""
        for size in words[at].longer:
            found = self.entries.get(" ".join([word.stem for word in words[at : at + size]]))
            if found is not None and at + size <= len(words):
                said = " ".join([word.text for word in words[at : at + size]])
                out[at] = hit = _agreement(found, said, size)
                for i in range(at + 1, at + size):
                    out[i] = "I" + hit[1:]
                return size
        return 0


def _agreement(entry: str, said: str, size: int) -> Hit:
    """The hit of the first of ``size`` words ``said``, which have the keys of a known term."""
    name, *spellings = entry.split("|")
    if said in spellings:
        case = "="
    elif said.lower() in spellings:
        case = "c"
    else:
        case = "~"
    return f"B{1 if size == 1 else 2}{case}{name}"


def compile_terms(rows: Iterable[str]) -> dict[str, str]:
    """The entries of ``Terms`` from lines ``class language: term; term``.

    A ``*`` at the end of a word stands for any ending; such words keep it in their key.
    """
    entries: dict[str, list[str]] = {}
    terms = []
    stems: set[str] = set()
    for row in rows:
        head, colon, tail = row.strip().partition(": ")
        if colon and not row.startswith("#"):
            name = head.partition(" ")[0]
            for term in filter(None, map(str.strip, tail.split(";"))):
                terms.append((name, term))
                stems.update(word[:-1].lower() for word in term.split(" ") if STEM.match(word))
    for name, term in terms:
        words = [term[a:b] for a, b in spans(term) if term[a:b] != "*"]
        if words and len(words) <= LONGEST:
            known = entries.setdefault(" ".join(key(word, stems) for word in words), [name])
            if (spelling := " ".join(words)) not in known:
                known.append(spelling)
    return {k: "|".join(v) for k, v in entries.items()}


WORD_FAMILIES: Final = (
    ("w", "W", "e3", "e4", "p4", "n"),
    ("-2w",),
    ("-1w", "-1e3", "-1p5"),
    ("1w", "1e3", "1p5"),
    ("2w",),
)
SHAPE_FAMILIES: Final = ("s", "-2s", "-1s", "1s", "2s")
"""The families of features of a word: what it says of itself, of the word two places behind it, of
the next one, of the one in front of it, and of the one before that."""


def word_values(word: str) -> tuple[str, ...]:
    """The values of the ``WORD_FAMILIES``, in their order."""
    low, size = word.lower(), len(word)
    tail, start, count = low[-3:], low[:5], SIZES[size] if size < 8 else "8"
    return (
        low, word, tail, low[-4:], low[:4], count,
        low,
        low, tail, start,
        low, tail, start,
        low,
    )  # fmt: skip


def word_features(word: Word) -> list[list[Feature]]:
    """What a word says, by ``WORD_FAMILIES`` and ``SHAPE_FAMILIES``."""
    values = iter(word_values(word.text))
    return [
        [*zip(families, values, strict=False), (of_shape, word.shape)]
        for families, of_shape in zip(WORD_FAMILIES, SHAPE_FAMILIES, strict=True)
    ]


def term_features(hit: Hit, letters: str) -> list[Feature]:
    """What it says of a word of the shape ``letters`` to belong to a known term."""
    return [("g", hit), ("gs", hit + letters), ("g3", hit[:3]), ("g3s", hit[:3] + letters)]


def ahead_features(hit: Hit) -> list[Feature]:
    """What it says of a word that a known term stands behind it."""
    return [("+g", hit[:3])]


def behind_features(hit: Hit) -> list[Feature]:
    """What it says of a word that a known term stands in front of it."""
    return [("-g", hit[:3])]


def list_features(beside: str) -> list[Feature]:
    """What it says of a word to stand in a list with a known term, ``>`` before or ``<`` after."""
    return [("l", beside)]


def listed(words: Sequence[Word], hits: Collection[int]) -> dict[int, str]:
    """The words that only a comma or the like parts from a known term, and on which side it is."""
    last = len(words) - 1
    out: dict[int, str] = {}
    for i in hits:
        if i > 1 and words[i - 1].joins:
            out[i - 2] = out.get(i - 2, "") + ">"
        if i + 1 < last and words[i + 1].joins:
            out[i + 2] = "<" + out.get(i + 2, "")
    return out


def place_features(traits: Traits, letters: str) -> list[Feature]:
    """What the line says: its section, its length, how list-like and how full of terms it is."""
    section, size, commas, known = traits
    return [
        ("sec", section),
        ("size", size),
        ("commas", commas),
        ("known", known),
        ("sec", section + letters),
        ("commas", commas + letters),
        ("known", known + letters),
    ]


def first_features(letters: str) -> list[Feature]:
    """What it says to be the first word of a line."""
    return [("first", ""), ("first", letters)]


def paren_features(letters: str) -> list[Feature]:
    """What it says to stand in brackets."""
    return [("paren", ""), ("paren", letters)]


def inside(words: Sequence[Word]) -> list[int]:
    """The words in round brackets, with the opening one."""
    out = []
    opened = False
    for i, word in enumerate(words):
        opened = word.text == "(" or (opened and word.text != ")")
        if opened:
            out.append(i)
    return out


def line_traits(section: str, text: str, words: Sequence[Word], known: int) -> Traits:
    """Section, size, commas and known terms of a line, each in a few steps."""
    size = len(words)
    if size < MAX_WORDS:
        marks = sum([word.joins for word in words])
    else:
        marks = sum(map(text.count, JOINERS))
    share = known / size
    return (
        section,
        "s" if size < 6 else "m" if size < 25 else "l",
        "hi" if marks * 6 > size else "mid" if marks * 12 > size else "lo",
        "0" if not known else "lo" if share < 0.15 else "mid" if share < 0.4 else "hi",
    )
