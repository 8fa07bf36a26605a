"""What pages without a vacancy say, in twelve languages: phrases by class, found in one pass."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from importlib.resources import files
from itertools import product
from typing import NamedTuple

from rolecall.reader.lexicon import split_words

CHOICE = re.compile(r"\[([^\[\]]*)\]")
UNSURE = frozenset(
    "until till when once if after before unless bis wenn sobald falls solange jusqu'à jusqu'au si"
    " lorsque tot zodra als wanneer dokud než jakmile pokud až até quando caso se finché fino пока"
    " если когда до hasta cuando indtil når hvis tills när om dopóki jeśli gdy may might"
    " could".split()
)
"""Words before a closing phrase that make it a condition: "open until the position is filled"."""


LONGEST_LINE = 40


class Said(NamedTuple):
    """A phrase found: its class and where it starts, in words of the line."""

    name: str
    at: int


NOTHING: tuple[Said, ...] = ()


class Phrases:
    """All phrases, looked up by their longest word so that most lines cost one set comparison."""

    def __init__(self, rows: Iterator[tuple[str, str]]) -> None:
        self.known: dict[str, list[tuple[int, tuple[str, ...], str]]] = {}
        for name, phrase in rows:
            words = tuple(split_words(phrase))
            if not words:
                continue
            at = max(range(len(words)), key=lambda i: len(words[i]))
            entry = (at, words, name)
            if entry not in self.known.setdefault(words[at], []):
                self.known[words[at]].append(entry)
        self.keys = frozenset(self.known)

    def only(self, name: str) -> Phrases:
        """The phrases of one class."""
        out = Phrases(iter(()))
        for word, entries in self.known.items():
            kept = [entry for entry in entries if entry[2] == name]
            if kept:
                out.known[word] = kept
        out.keys = frozenset(out.known)
        return out

    def find(self, words: Sequence[str]) -> Sequence[Said]:
        """Every phrase that stands in ``words`` (lower case), without conditional closings.

        A line of more than ``LONGEST_LINE`` words is running text and says nothing of the page.
        """
        if len(words) > LONGEST_LINE:
            return NOTHING
        if self.keys.isdisjoint(words):
            return NOTHING
        known, out = self.known, []
        words = tuple(words)
        for i, entries in enumerate(map(known.get, words)):
            for at, phrase, name in entries or ():
                start = i - at
                if start < 0 or words[start : start + len(phrase)] != phrase:
                    continue
                if name == "gone" and not UNSURE.isdisjoint(words[max(0, start - 6) : start]):
                    continue
                out.append(Said(name, start))
        return out


def _expand(phrase: str) -> Iterator[str]:
    parts = CHOICE.split(phrase)
    choices = [part.split(",") if i % 2 else [part] for i, part in enumerate(parts)]
    for chosen in product(*choices):
        yield "".join(chosen)


def _rows(text: str) -> Iterator[tuple[str, str]]:
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        head, _, tail = line.partition(":")
        name = head.partition(" ")[0]
        for phrase in tail.split("|"):
            for one in _expand(phrase.strip()):
                yield name, one


@lru_cache(maxsize=1)
def phrases() -> Phrases:
    """The lists of ``data/verdict.txt``, read on first use."""
    text = (files("rolecall.reader") / "data" / "verdict.txt").read_text("utf-8")
    return Phrases(_rows(text))


@lru_cache(maxsize=1)
def closings() -> Phrases:
    """Those of them that say that a vacancy is gone."""
    return phrases().only("gone")
