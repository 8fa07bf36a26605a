"""Words of a line, folded for comparison, and lexicons of phrases over them.

All finders of closed vocabularies share the words of a line, so that it is taken apart once. Words
are lower case, without accents, soft hyphens or combining marks: "Télétravail", "TELETRAVAIL" and
"te\u0301le\u0301travail" are the same. Positions are those of the string as it came in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

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

_MOST_FOLDED: Final = 16_384

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


class _Folds(dict[str, str]):
    """Word -> its folded form, computed when first asked for."""

    def __missing__(self, word: str) -> str:
        folded = fold(word)
        if len(word) <= _LONGEST_WORD:
            if len(self) >= _MOST_FOLDED:
                self.clear()
            self[word] = folded
        return folded


_FOLDS: Final = _Folds()


class Words:
    """The words of one line: folded ``keys`` and where each stands, and the guards over them.

    Where the words stand is worked out when it is first asked for.
    """

    __slots__ = ("_ends", "_starts", "head_set", "heads", "key_set", "keys", "text")

    def __init__(self, text: str, keys: tuple[str, ...]) -> None:
        self.text, self.keys = text, keys
        self.heads = tuple([key[:HEAD] for key in keys])
        self.key_set, self.head_set = frozenset(keys), frozenset(self.heads)
        self._starts: tuple[int, ...] | None = None
        self._ends: tuple[int, ...] = ()

    @property
    def starts(self) -> tuple[int, ...]:
        """Where each word begins in ``text``."""
        return self._starts if self._starts is not None else self._stand()

    @property
    def ends(self) -> tuple[int, ...]:
        """Where each word ends in ``text``."""
        if self._starts is None:
            self._stand()
        return self._ends

    def _stand(self) -> tuple[int, ...]:
        text = self.text
        found = (_ASCII_WORD if text.isascii() else WORD).finditer(text, 0, LONGEST)
        spans = [match.span() for match in found]
        self._starts = starts = tuple([start for start, _ in spans])
        self._ends = tuple([end for _, end in spans])
        return starts

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
    return list(map(_FOLDS.__getitem__, WORD.findall(text, 0, LONGEST)))


@lru_cache(maxsize=256)
def words_of(text: str) -> Words:
    """The words of ``text``, taken apart once for all finders."""
    return Words(text, tuple(keys_of(text)))


class _Node:
    """A step in the trie: what may come next, and what ends here."""

    __slots__ = ("exact", "head", "heads", "longest", "stems", "tag", "wild")

    def __init__(self) -> None:
        self.exact: dict[str, _Node] = {}
        self.stems: dict[str, _Node] = {}
        self.wild: _Node | None = None
        self.tag: str | None = None
        self.longest = 0
        self.head = HEAD
        self.heads: set[str] = set()

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
            self.head = min(self.head, len(pattern) - 1)
            self.heads = {stem[: self.head] for stem in (*self.stems, pattern[:-1])}
        return table.setdefault(pattern.rstrip("*"), _Node())

    def leads(self, key: str) -> bool:
        """Whether ``key`` may lead anywhere: the cheap guard of ``follow``."""
        return key in self.exact or self.wild is not None or key[: self.head] in self.heads

    def follow(self, key: str) -> list[_Node]:
        """The nodes that ``key`` leads to, the most particular first."""
        node = self.exact.get(key)
        out = [] if node is None else [node]
        if key[: self.head] in self.heads:
            for size in range(min(len(key), self.longest), 1, -1):
                node = self.stems.get(key[:size])
                if node is not None:
                    out.append(node)
        if self.wild is not None:
            out.append(self.wild)
        return out


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase of a lexicon in a line: its tag, and its first and behind-the-last word."""

    tag: str
    first: int
    last: int


def _weight(part: str) -> int:
    """How telling a word of a phrase is: its size, and nothing where its stem is too short."""
    return 0 if part.endswith("*") and len(part) <= HEAD else len(part)


def telling(parts: Sequence[str]) -> str:
    """The word pattern of a phrase by which it is looked for: the longest, the last of several."""
    return max(reversed(parts), key=_weight)


class Lexicon:
    """Phrases with tags. A word ending in ``*`` is a stem, ``?`` stands for any one word."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        self._root = _Node()
        exact: set[str] = set()
        stems: set[str] = set()
        rare: set[str] = set()
        rare_stems: set[str] = set()
        for tag, phrase in rows:
            parts = phrase.split()
            node = self._root
            for part in parts:
                node = node.step(part)
            node.tag = tag if node.tag is None else node.tag
            if parts[0].endswith("*"):
                stems.add(parts[0][:-1][:HEAD])
            else:
                exact.add(parts[0])
            longest = telling(parts)
            if longest.endswith("*"):
                rare_stems.add(longest[:-1][:HEAD])
            else:
                rare.add(longest)
        short = sorted(stem for stem in stems | rare_stems if len(stem) < HEAD)
        if short:
            raise ValueError(f"stems of fewer than {HEAD} letters: {short}")
        self._exact, self._stems = frozenset(exact), frozenset(stems)
        self._rare, self._rare_stems = frozenset(rare), frozenset(rare_stems)

    def touches(self, words: Words) -> bool:
        """Whether the longest word of any phrase is among these words: the cheap guard."""
        return not (
            self._rare.isdisjoint(words.key_set) and self._rare_stems.isdisjoint(words.head_set)
        )

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
        best, end = None, 0
        open_ = [(node, first + 1) for node in self._root.follow(key)][::-1]
        size = len(words.keys)
        while open_:
            node, index = open_.pop()
            if node.tag is not None and index > end:
                best, end = node.tag, index
            if index < size and node.leads(words.keys[index]) and words.joined(index):
                steps = [(after, index + 1) for after in node.follow(words.keys[index])]
                open_.extend(reversed(steps))
        return Hit(best, first, end) if best is not None else None


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
    rows: list[tuple[str, str]] = []
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
                rows.extend((tag, part) for part in parts if part)
    return rows, sets


def phrases(name: str) -> Sequence[tuple[str, str]]:
    """Tag and phrase of each row of ``data/NAME.txt``, as ``lexicon`` reads them."""
    return _sections(name)[0]


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
