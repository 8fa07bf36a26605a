"""Words of a line, folded for comparison, and lexicons of phrases over them.

All finders of closed vocabularies share the words of a line, so that it is taken apart once. Words
are lower case, without accents, soft hyphens or combining marks: "Télétravail", "TELETRAVAIL" and
"te\u0301le\u0301travail" are the same. Positions are those of the string as it came in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from functools import cache, lru_cache
from itertools import compress
from pathlib import Path
from typing import Final, NamedTuple

from rolecall.normalise import phrase_tree
from rolecall.normalise.phrase_tree import Node, Starts

LONGEST: Final = 30_000
"""Characters of a line that are read; what comes after them is ignored."""

MOST_HITS: Final = 100
"""Finds of one line that are read; a line of text has far fewer."""

DATA: Final = Path(__file__).with_name("data")

WORD: Final = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u00ad][^\W_]*)*")
HEAD: Final = phrase_tree.HEAD
"""Letters of a word by which stems are looked up first."""
_LONGEST_WORD: Final = 40
"""Letters of a word whose folded form is remembered."""

_MOST_FOLDED: Final = 16_384

_PLAIN: Final = "".join(c.lower() if c.isalnum() else " " for c in map(chr, range(128)))
"""What becomes of ASCII characters where words are told by white space."""

_MARKS: Final = "’–•\u00a0“”—…®"
"""The marks that most often keep a line of English from being ASCII; they part words."""

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
    """The words of one line: folded ``keys``, where each stands, and the guards over them.

    Where the words stand, and the guards, are worked out when they are first asked for.
    """

    __slots__ = ("_ends", "_head_set", "_raw", "_starts", "keys", "text")

    def __init__(self, text: str, keys: tuple[str, ...], raw: Sequence[str] | None) -> None:
        """``raw`` are the words as they are written, where more than their case was folded."""
        self.text, self.keys, self._raw = text, keys, raw
        self._head_set: frozenset[str] | None = None
        self._starts: list[int] = []
        self._ends: list[int] = []

    @property
    def head_set(self) -> frozenset[str]:
        """The first letters of the keys, each once."""
        if self._head_set is None:
            self._head_set = frozenset([key[:HEAD] for key in self.keys])
        return self._head_set

    @property
    def starts(self) -> list[int]:
        """Where each word begins in ``text``."""
        return self._starts or self._stand()

    @property
    def ends(self) -> list[int]:
        """Where each word ends in ``text``."""
        if not self._starts:
            self._stand()
        return self._ends

    def _stand(self) -> list[int]:
        """Look the words up one behind the other: between them stands nothing that begins one."""
        text = self.text.lower() if self._raw is None else self.text
        starts, ends, end, find = self._starts, self._ends, 0, text.find
        for word in self.keys if self._raw is None else self._raw:
            start = find(word, end)
            end = start + len(word)
            starts.append(start)
            ends.append(end)
        return starts

    def gap(self, index: int) -> str:
        """What stands between word ``index - 1`` and word ``index``."""
        return self.text[self.ends[index - 1] : self.starts[index]]

    def joined(self, index: int) -> bool:
        """Whether word ``index`` belongs to the same phrase as the one before it."""
        return self.gap(index) in _GAP

    def together(self, first: int, last: int) -> bool:
        """Whether the words ``first`` to ``last - 1`` belong to the same phrase."""
        return all(map(self.joined, range(first + 1, last)))

    def before(self, index: int, count: int) -> tuple[str, ...]:
        """Up to ``count`` words before ``index``."""
        return self.keys[max(0, index - count) : index]

    def after(self, index: int, count: int) -> tuple[str, ...]:
        """Up to ``count`` words from ``index`` on."""
        return self.keys[index : index + count]


def _plain_keys(text: str) -> list[str] | None:
    """The words of a line of ASCII and the commonest other marks; ``None`` for any other line."""
    if not text.isascii():
        for mark in _MARKS:
            text = text.replace(mark, " ")
        if not text.isascii():
            return None
    return text.translate(_PLAIN).split()


def keys_of(text: str) -> list[str]:
    """The folded words of ``text``, for those that need no positions."""
    keys = _plain_keys(text[:LONGEST])
    return list(map(_FOLDS.__getitem__, WORD.findall(text, 0, LONGEST))) if keys is None else keys


@lru_cache(maxsize=256)
def words_of(text: str) -> Words:
    """The words of ``text``, taken apart once for all finders."""
    keys = _plain_keys(text[:LONGEST])
    if keys is not None:
        return Words(text, tuple(keys), None)
    raw = WORD.findall(text, 0, LONGEST)
    return Words(text, tuple(map(_FOLDS.__getitem__, raw)), raw)


class Hit(NamedTuple):
    """A phrase of a lexicon in a line: its tag, and its first and behind-the-last word."""

    tag: str
    first: int
    last: int


def _weight(part: str) -> int:
    """How telling a word of a phrase is: its size, and nothing where its stem is too short."""
    return 0 if part.endswith("*") and len(part) <= HEAD else len(part)


def telling(parts: Sequence[str]) -> str:
    """The word pattern of a phrase by which it is looked for: the longest, the last of several."""
    return parts[0] if len(parts) == 1 else max(reversed(parts), key=_weight)


class Lexicon:
    """Phrases with tags. A word ending in ``*`` is a stem, ``?`` stands for any one word."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        self._root = Node()
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
            longest = telling(parts)
            if longest.endswith("*"):
                rare_stems.add(longest[:-1][:HEAD])
            else:
                rare.add(longest)
        short = sorted(stem for stem in stems | rare_stems if len(stem) < HEAD)
        if short:
            raise ValueError(f"stems of fewer than {HEAD} letters: {short}")
        self._starts = Starts(self._root)
        self._rare, self._rare_stems = frozenset(rare), frozenset(rare_stems)

    def touches(self, words: Words) -> bool:
        """Whether the longest word of any phrase is among these words: the cheap guard."""
        return not (
            self._rare.isdisjoint(words.keys) and self._rare_stems.isdisjoint(words.head_set)
        )

    def hits(self, words: Words) -> list[Hit]:
        """All phrases, longest first at each place, without overlaps."""
        keys = words.keys
        starts = list(map(self._starts.__getitem__, keys))
        out: list[Hit] = []
        done, size = 0, len(keys)
        for index in compress(range(size), starts):
            if index < done:
                continue
            nodes = starts[index]
            for node in nodes:
                if node.tag is not None or (index + 1 < size and node.leads(keys[index + 1])):
                    break
            else:
                continue
            hit = self._longest(words, index, nodes)
            if hit is not None:
                out.append(hit)
                done = hit.last
                if len(out) >= MOST_HITS:
                    break
        return out

    def _longest(self, words: Words, first: int, nodes: Sequence[Node]) -> Hit | None:
        best, end = None, 0
        open_ = [(node, first + 1) for node in nodes][::-1]
        keys, size = words.keys, len(words.keys)
        while open_:
            node, index = open_.pop()
            if node.tag is not None and index > end and words.together(first, index):
                best, end = node.tag, index
            if index < size and node.leads(keys[index]):
                steps = [(after, index + 1) for after in node.follow(keys[index])]
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
        stems = self._stems
        return bool(stems) and any(key.startswith(stems) for key in keys)

    def places(self, keys: Sequence[str]) -> list[int]:
        """Where in ``keys`` its words stand."""
        exact, stems = self._exact, self._stems
        if not stems and exact.isdisjoint(keys):
            return []
        return [i for i, key in enumerate(keys) if key in exact or key.startswith(stems)]


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
