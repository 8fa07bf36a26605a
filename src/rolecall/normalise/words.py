"""Words of a line, folded for comparison, and lexicons of phrases over them.

All finders of closed vocabularies share the words of a line, so that it is taken apart once. Words
are lower case, without accents, soft hyphens or combining marks: "Télétravail", "TELETRAVAIL" and
"te\u0301le\u0301travail" are the same. Positions are those of the string as it came in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

LONGEST: Final = 50_000
"""Characters of a line that are read; what comes after them is ignored."""

DATA: Final = Path(__file__).with_name("data")

_WORD: Final = re.compile(r"[^\W_](?:[^\W_]|[\u0300-\u036f\u00ad])*")
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
    return low if low.isascii() else "".join(map(_fold_letter, low))


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one line: folded ``keys`` and where each stands, and the guards over them."""

    text: str
    keys: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    heads: frozenset[str]

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


@lru_cache(maxsize=16)
def words_of(text: str) -> Words:
    """The words of ``text``, taken apart once for all finders."""
    found = list(_WORD.finditer(text, 0, LONGEST))
    if text.isascii():
        keys = [m.group().lower() for m in found]
    else:
        keys = [fold(m.group()) for m in found]
    return Words(
        text,
        tuple(keys),
        tuple([m.start() for m in found]),
        tuple([m.end() for m in found]),
        frozenset([key[:3] for key in keys]),
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


class Lexicon:
    """Phrases with tags. A word ending in ``*`` is a stem, ``?`` stands for any one word."""

    def __init__(self, rows: Iterable[tuple[str, str]]) -> None:
        self._root = _Node()
        heads: set[str] = set()
        for tag, phrase in rows:
            parts = phrase.split()
            node = self._root
            for part in parts:
                node = node.step(part)
            node.tag = tag if node.tag is None else node.tag
            heads.add(parts[0].rstrip("*")[:3])
        self._heads = frozenset(head for head in heads if len(head) == 3)
        self._short = frozenset(head for head in heads if len(head) < 3)

    def touches(self, words: Words) -> bool:
        """Whether any phrase can begin in these words: the cheap guard."""
        heads = words.heads
        return not self._heads.isdisjoint(heads) or not self._short.isdisjoint(heads)

    def hits(self, words: Words) -> list[Hit]:
        """All phrases, longest first at each place, without overlaps."""
        if not self.touches(words):
            return []
        out: list[Hit] = []
        index, count = 0, len(words.keys)
        while index < count:
            hit = self._longest(words, index)
            if hit is None:
                index += 1
            else:
                out.append(hit)
                index = hit.last
        return out

    def at(self, words: Words, index: int) -> Hit | None:
        """The longest phrase that begins with word ``index``."""
        return self._longest(words, index) if index < len(words.keys) else None

    def _longest(self, words: Words, first: int) -> Hit | None:
        key = words.keys[first]
        if key[:3] not in self._heads and key not in self._short:
            return None
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

    def any(self, keys: Iterable[str]) -> bool:
        """Whether one of ``keys`` is in the set."""
        return any(key in self for key in keys)


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
