"""The reader's word lists in twelve languages: section headings, field labels, and cue words.

The lists live in ``data/*.txt`` (``class language: phrase | phrase``) and are read once per
process.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from rolecall.normalise.triggers import triggers_of

WORD = re.compile(r"[^\W_]+(?:['\-/][^\W_]+)*")
EDGES: Final = ".,:;!?()[]\"'-–—/’‘“”„•·*&|…%+#»«"
"""Marks that stand before and after words, and are none."""

LABEL_START = re.compile(
    r"(?:(?:the|your|our|job|jobs|posting|position|current|primary|main|full|required|minimum|vacancy"
    r"|stellen|deine?|ihre?|der|die|das|le|la|les|votre|il|o|a|de|je|het|tipo|typ|din|ditt) )+"
)
LONGEST_WORD = 60
STEM_SIZES = (4, 5, 6, 7, 8, 9, 10)
DATA: Final = Path(__file__).with_name("data")
MOST_KNOWN: Final = 20_000
"""Words whose meaning is remembered in a process: more than the pages of one language use."""

LONGEST_KNOWN: Final = 40
"""Letters of a word that is remembered; longer strings are no words."""


class Sense(NamedTuple):
    """What a word says of its line: its cue, and the finders that should look at the line."""

    cue: str | None
    triggers: int


class HeadingMatch(NamedTuple):
    """The class of a heading and the share of its words that the matched phrase covers."""

    name: str
    cover: float


@dataclass(frozen=True, slots=True)
class Lexicon:
    """All lists, arranged for one dictionary lookup per word.

    ``headings`` maps phrases to their classes, ``openings`` the first word of each to the sizes of
    the phrases that it begins, the longest first.
    """

    headings: dict[tuple[str, ...], str]
    openings: dict[str, tuple[int, ...]]
    labels: dict[str, tuple[str, ...]]
    cue_words: dict[str, str]
    cue_stems: dict[str, str]
    cue_heads: frozenset[str]
    role_words: frozenset[str]
    role_stems: frozenset[str]
    known_roles: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)
    known_cues: dict[str, str | None] = field(default_factory=dict, compare=False, repr=False)

    def heading(self, words: Sequence[str]) -> HeadingMatch | None:
        """The class of the longest heading phrase among ``words`` (lower case), if any."""
        openings = self.openings
        if openings.keys().isdisjoint(words):
            return None
        best, longest = None, 0
        total = len(words)
        words = tuple(words)
        for i, sizes in enumerate(map(openings.get, words)):
            for size in sizes or ():
                if size <= longest or i + size > total:
                    continue
                name = self.headings.get(words[i : i + size])
                if name is not None:
                    best, longest = name, size
                    break
        return HeadingMatch(best, longest / total) if best else None

    def label(self, text: str) -> tuple[str, ...]:
        """The fields that ``text`` (lower case, no colon) may label; empty if it is no label."""
        found = self.labels.get(text)
        if found is None and "_" in text:  # as programs write them: "date_posted"
            found = self.labels.get(text.replace("_", " "))
        if found is None and " " in text:
            start = LABEL_START.match(text)
            if start is not None:
                found = self.labels.get(text[start.end() :])
        return found or ()

    def cue(self, word: str) -> str | None:
        """The class of line that ``word`` (lower case) hints at."""
        known = self.known_cues
        if word in known:
            return known[word]
        found = self.cue_of(word)
        if len(word) <= LONGEST_KNOWN:
            if len(known) >= MOST_KNOWN:
                known.clear()
            known[word] = found
        return found

    def cue_of(self, word: str) -> str | None:
        """The same, worked out anew."""
        found = self.cue_words.get(word)
        if found is not None:
            return found
        if word[: STEM_SIZES[0]] not in self.cue_heads:
            return None
        for size in STEM_SIZES:
            if size > len(word):
                return None
            found = self.cue_stems.get(word[:size])
            if found is not None:
                return found
        return None

    def names_role(self, word: str) -> bool:
        """Whether ``word`` (lower case) names an occupation or a rank."""
        known = self.known_roles.get(word)
        if known is None:
            known = self._names_role(word)
            if len(word) <= LONGEST_KNOWN:
                if len(self.known_roles) >= MOST_KNOWN:
                    self.known_roles.clear()
                self.known_roles[word] = known
        return known

    def _names_role(self, word: str) -> bool:
        if word in self.role_words:
            return True
        word = word[:LONGEST_WORD]
        starts = (0, *range(3, len(word) - 4)) if len(word) > 9 else (0,)
        return any(
            word[at : at + size] in self.role_stems
            for at in starts
            for size in range(4, min(len(word) - at, 13) + 1)
        )


def data_rows(name: str) -> list[tuple[str, list[str]]]:
    """The rows of a list in ``data``: the class, and its phrases in one language."""
    rows = []
    text = (DATA / name).read_text("utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            head, _, tail = line.partition(":")
            rows.append((head.split(" ")[0], [p for x in tail.split("|") if (p := x.strip())]))
    return rows


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lists, read from the package's data on first use."""
    headings: dict[tuple[str, ...], str] = {}
    openings: dict[str, set[int]] = {}
    for name, phrases in data_rows("headings.txt"):
        for phrase in phrases:
            parts = tuple(split_words(phrase))
            headings.setdefault(parts, name)
            openings.setdefault(parts[0], set()).add(len(parts))
    labels: dict[str, tuple[str, ...]] = {}
    for name, phrases in data_rows("labels.txt"):
        for phrase in phrases:
            known = labels.get(phrase, ())
            if name not in known:
                labels[phrase] = (*known, name)
    words: dict[str, str] = {}
    stems: dict[str, str] = {}
    for name, phrases in data_rows("cues.txt"):
        for phrase in phrases:
            if phrase.endswith("*"):
                stems.setdefault(phrase[:-1], name)
            else:
                words.setdefault(phrase, name)
    roles = {phrase for _, phrases in data_rows("roles.txt") for phrase in phrases}
    return Lexicon(
        headings,
        {word: tuple(sorted(sizes, reverse=True)) for word, sizes in openings.items()},
        labels,
        words,
        stems,
        frozenset(stem[: STEM_SIZES[0]] for stem in stems),
        frozenset(role for role in roles if not role.endswith("*")),
        frozenset(role[:-1] for role in roles if role.endswith("*")),
    )


class Senses(dict[str, Sense | None]):
    """Word -> what it says of its line, ``None`` for the most; looked up once per process."""

    def __init__(self) -> None:
        self._lists = lexicon()

    def __missing__(self, word: str) -> Sense | None:
        cue, triggers = self._lists.cue_of(word), triggers_of(word)
        sense = Sense(cue, triggers) if cue is not None or triggers else None
        if len(word) <= LONGEST_KNOWN:
            if len(self) >= MOST_KNOWN:
                self.clear()
            self[word] = sense
        return sense


@lru_cache(maxsize=1)
def senses() -> Senses:
    """What words say, as far as they were met in this process."""
    return Senses()


def split_words(text: str) -> list[str]:
    """Lower-case words of ``text``; apostrophes and hyphens stay inside a word."""
    return words_of(text.lower().split())


def words_of(pieces: Iterable[str]) -> list[str]:
    """The words of what stands between spaces, in lower case."""
    out: list[str] = []
    add = out.append
    for piece in pieces:
        if piece.isalnum() or (piece := piece.strip(EDGES)).isalnum():  # nearly all
            add(piece)
        elif piece:
            out += WORD.findall(piece.replace("’", "'"))
    return out
