"""Words of a line, folded for comparison, and lexicons of phrases over them.

All finders of closed vocabularies share the words of a line, so that it is taken apart once. Words
are lower case, without accents, soft hyphens or combining marks: "Télétravail", "TELETRAVAIL" and
"te\u0301le\u0301travail" are the same. Positions are those of the string as it came in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

LONGEST: Final = 30_000
"""Characters of a line that are read; what comes after them is ignored."""

MOST_HITS: Final = 100
"""Finds of one line that are read; a line of text has far fewer."""

DATA: Final = Path(__file__).with_name("data")

WORD: Final = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f\u00ad])*")
HEAD: Final = 4
"""Letters of a word by which stems are looked up first."""
_LONGEST_WORD: Final = 40
"""Letters of a word whose folded form is remembered."""

_ASCII_WORD: Final = re.compile("[0-9A-Za-z]+")
_EXTRA: Final = {
    "ø": "o",
    "ł": "l",
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "đ": "d",
    "ı": "i",
    "ё": "е",
    "ʼ": "",
}
_GAP: Final = frozenset(
    (" ", "-", "‐", "‑", "–", "'", "’", "ʼ", ".", "·", ". ", " - ", "-\u200b", " -", "- ", "‧", "∙")
)


@lru_cache(maxsize=512)
def _fold_letter(letter: str) -> str:
    plain = unicodedata.normalize("NFD", _EXTRA.get(letter, letter))
    return "".join(c for c in plain if not unicodedata.combining(c) and c != "\u00ad")


def fold(word: str) -> str:
    """``word`` in lower case, without accents, combining marks and soft hyphens."""
    low = word.lower()
    if low.isascii():
        return low
    return _folded(low) if len(low) <= _LONGEST_WORD else "".join(map(_fold_letter, low))


@lru_cache(maxsize=16_384)
def _folded(low: str) -> str:
    return "".join(map(_fold_letter, low))


class Words(NamedTuple):
    """The words of one line: folded ``keys`` and where each stands, and the guards over them."""

    text: str
    keys: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    heads: tuple[str, ...]
    key_set: frozenset[str]
    head_set: frozenset[str]

    def gap(self, index: int) -> str:
        """What stands between word ``index - 1`` and word ``index``."""
        return self.text[self.ends[index - 1] : self.starts[index]]

    def joined(self, index: int) -> bool:
        """Whether word ``index`` belongs to the same phrase as the one before it."""
        return self.gap(index) in _GAP

    def before(self, index: int, count: int) -> tuple[str, ...]:
        """Up to ``count`` words before ``index``."""
        return self.keys[max(0, index - count) : index]

    def after(self, index: int, count: int) -> tuple[str, ...]:
        """Up to ``count`` words from ``index`` on."""
        return self.keys[index : index + count]


def keys_of(text: str) -> list[str]:
    """The folded words of ``text``, for those that need no positions."""
    if text.isascii():
        return _ASCII_WORD.findall(text[:LONGEST].lower())
    return [fold(word) for word in WORD.findall(text, 0, LONGEST)]


@lru_cache(maxsize=64)
def words_of(text: str) -> Words:
    """The words of ``text``, taken apart once for all finders."""
    if text.isascii():
        found = list(_ASCII_WORD.finditer(text, 0, LONGEST))
        keys = _ASCII_WORD.findall(text[:LONGEST].lower())
    else:
        found = list(WORD.finditer(text, 0, LONGEST))
        keys = [fold(m.group()) for m in found]
    heads = [key[:HEAD] for key in keys]
    spans = [m.span() for m in found]
    return Words(
        text,
        tuple(keys),
        tuple([start for start, _ in spans]),
        tuple([end for _, end in spans]),
        tuple(heads),
        frozenset(keys),
        frozenset(heads),
    )


class _Node:
    """A step in the trie: what may come next, and what ends here."""

    __slots__ = ("exact", "longest", "stems", "tag", "wild")

    def __init__(self) -> None:
        self.exact: dict[str, _Node] = {}
        self.stems: dict[str, _Node] = {}
        self.wild: _Node | None = None
        self.tag: str | None = None
        self.longest = 0

    def step(self, pattern: str) -> _Node:
        """The node behind one word pattern, made if it is not there."""
        if pattern == "?":
            if self.wild is None:
                self.wild = _Node()
            return self.wild
        table = self.exact
        if pattern.endswith("*"):
            table = self.stems
            self.longest = max(self.longest, len(pattern) - 1)
        return table.setdefault(pattern.rstrip("*"), _Node())

    def follow(self, key: str) -> Iterator[_Node]:
        """The nodes that ``key`` leads to, the most particular first."""
        node = self.exact.get(key)
        if node is not None:
            yield node
        if self.stems:
            for size in range(min(len(key), self.longest), 1, -1):
                node = self.stems.get(key[:size])
                if node is not None:
                    yield node
        if self.wild is not None:
            yield self.wild


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase of a lexicon in a line: its tag, and its first and behind-the-last word."""

    tag: str
    first: int
    last: int


def _weight(part: str) -> int:
    """How telling a word of a phrase is: its size, and nothing where its stem is too short."""
    return 0 if part.endswith("*") and len(part) <= HEAD else len(part)


class Lexicon:
    """Phrases with tags. A word ending in ``*`` is a stem, ``?`` stands for any one word."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        self._root = _Node()
        exact: set[str] = set()
        stems: set[str] = set()
        rare: set[str] = set()
        rare_stems: set[str] = set()
        rare_full: set[str] = set()
        first_full: set[str] = set()
        for tag, phrase in rows:
            parts = phrase.split()
            node = self._root
            for part in parts:
                node = node.step(part)
            node.tag = tag if node.tag is None else node.tag
            if parts[0].endswith("*"):
                stems.add(parts[0][:-1][:HEAD])
                first_full.add(parts[0][:-1])
            else:
                exact.add(parts[0])
            longest = max(reversed(parts), key=_weight)
            if longest.endswith("*"):
                rare_stems.add(longest[:-1][:HEAD])
                rare_full.add(longest[:-1])
            else:
                rare.add(longest)
        short = sorted(stem for stem in stems | rare_stems if len(stem) < HEAD)
        if short:
            raise ValueError(f"stems of fewer than {HEAD} letters: {short}")
        self._exact, self._stems = frozenset(exact), frozenset(stems)
        self._rare, self._rare_stems = frozenset(rare), frozenset(rare_stems)
        self._rare_full, self._first_full = tuple(sorted(rare_full)), tuple(sorted(first_full))

    def touches(self, words: Words) -> bool:
        """Whether the longest word of any phrase is among these words: the cheap guard."""
        return not (
            self._rare.isdisjoint(words.key_set) and self._rare_stems.isdisjoint(words.head_set)
        )

    def told_by(self, key: str) -> bool:
        """Whether this folded word is the longest one of any phrase."""
        return key in self._rare or key.startswith(self._rare_full)

    def begun_by(self, key: str) -> bool:
        """Whether this folded word is the first one of any phrase."""
        return key in self._exact or key.startswith(self._first_full)

    def hits(self, words: Words) -> list[Hit]:
        """All phrases, longest first at each place, without overlaps."""
        if not self.touches(words):
            return []
        exact, stems, heads = self._exact, self._stems, words.heads
        out: list[Hit] = []
        done = 0
        for index, key in enumerate(words.keys):
            if index >= done and (key in exact or heads[index] in stems):
                hit = self._longest(words, index)
                if hit is not None:
                    out.append(hit)
                    done = hit.last
                    if len(out) >= MOST_HITS:
                        break
        return out

    def _longest(self, words: Words, first: int) -> Hit | None:
        key = words.keys[first]
        best: Hit | None = None
        open_ = [(node, first + 1) for node in self._root.follow(key)][::-1]
        while open_:
            node, index = open_.pop()
            if node.tag is not None and (best is None or index > best.last):
                best = Hit(node.tag, first, index)
            more = node.exact or node.stems or node.wild
            if more and index < len(words.keys) and words.joined(index):
                steps = [(after, index + 1) for after in node.follow(words.keys[index])]
                open_.extend(reversed(steps))
        return best


class WordSet:
    """Single words and stems, for the question what stands beside a phrase."""

    def __init__(self, patterns: list[str]) -> None:
        self._exact = frozenset(p for p in patterns if not p.endswith("*"))
        self._stems = tuple(p[:-1] for p in patterns if p.endswith("*"))

    def __contains__(self, key: str) -> bool:
        return key in self._exact or (bool(self._stems) and key.startswith(self._stems))

    def any(self, keys: Collection[str]) -> bool:
        """Whether one of ``keys`` is in the set."""
        if not self._exact.isdisjoint(keys):
            return True
        return bool(self._stems) and any(key.startswith(self._stems) for key in keys)


@cache
def _sections(name: str) -> tuple[list[tuple[str, str]], dict[str, list[str]]]:
    phrases: list[tuple[str, str]] = []
    sets: dict[str, list[str]] = {}
    tag = ""
    for line in (DATA / f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            tag = line.strip("[] ")
        elif line and not line.startswith("#"):
            parts = [fold(part.strip()) for part in line.split("|")]
            if tag.startswith("="):
                sets.setdefault(tag[1:].strip(), []).extend(part for part in parts if part)
            else:
                phrases.extend((tag, part) for part in parts if part)
    return phrases, sets


@cache
def lexicon(name: str) -> Lexicon:
    """The phrases of ``data/NAME.txt``: sections ``[tag]``, separated by ``|`` or lines."""
    return Lexicon(_sections(name)[0])


@cache
def word_set(name: str, section: str) -> WordSet:
    """The section ``[= section]`` of ``data/NAME.txt``: single words and stems."""
    return WordSet(_sections(name)[1][section])


@cache
def word_list(name: str, section: str) -> tuple[str, ...]:
    """The section ``[= section]`` of ``data/NAME.txt`` as it is written, folded."""
    return tuple(_sections(name)[1].get(section, ()))
