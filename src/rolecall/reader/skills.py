"""Skills of a posting: every hard-skill mention, as the shortest term that stands by itself.

A linear-chain tagger marks terms line by line; a logistic model then judges each distinct term
by all its mentions, and gives the confidence. Both are trained by
``rolecall.evaluate.training.skills`` and read from ``model/skills.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from rolecall.reader.linear import Linear
from rolecall.reader.skill_chain import Segment, Steps, segments
from rolecall.reader.skill_features import (
    NONE,
    TOKEN,
    Hit,
    Ring,
    Terms,
    Traits,
    first_features,
    inside,
    key,
    line_traits,
    near_features,
    own_features,
    paren_features,
    place_features,
    ring_features,
    rings,
    shape,
    spans,
)
from rolecall.reader.skill_groups import Mention, group, judge, keep

Section = Literal["requirements", "responsibilities", "benefits", "about", "header", "other"]
FILE = "skills.json"
UNREAD: frozenset[str] = frozenset({"benefits"})
SPARSE: frozenset[str] = frozenset({"about", "header", "other"})
MEMORY = 60_000
MAX_WORDS = 2_000
TAIL = re.compile(r"[\s-]*(?:sprach|fach|grund)?kenntniss?en?$|[\s-]+$", re.I)
SHORTEST_TAIL = 10
HEAD = re.compile(r"^[\s,;:-]+")


@dataclass(frozen=True, slots=True)
class SkillLine:
    """A line of the posting's body: its text, where it starts in ``Page.text``, its section."""

    text: str
    start: int
    section: Section = "other"
    kind: str = "paragraph"


@dataclass(frozen=True, slots=True)
class SkillSpan:
    """A skill: characters of ``Page.text``, their text, and the probability that it is one."""

    start: int
    end: int
    text: str
    confidence: float


Word = tuple[str, str, Sequence[int], complex, complex, complex, complex, complex]
"""What is kept of a word: key, shape, the lengths of known terms that begin with its key, and its
weights for itself, and as the word two and one before and one and two after another."""

EDGE: Word = ("", "", (), 0j, 0j, 0j, 0j, 0j)
EDGES = [EDGE, EDGE]


@dataclass(frozen=True, slots=True)
class Weights:
    """The tagger's weights by feature: one for B and one for I."""

    pairs: Mapping[str, Sequence[float]]

    def sum(self, features: Sequence[str]) -> complex:
        """The weights of ``features`` together: for B in the real, for I in the imaginary part."""
        get = self.pairs.get
        found = [pair for name in features if (pair := get(name)) is not None]
        return complex(sum([pair[0] for pair in found]), sum([pair[1] for pair in found]))


class Words(dict[str, Word]):
    """What is kept of each word, computed when first asked for."""

    def __init__(self, weights: Weights, terms: Terms) -> None:
        self.weights, self.terms = weights, terms

    def __missing__(self, word: str) -> Word:
        before2, before, after, after2 = (
            self.weights.sum(near_features(word, offset)) for offset in (-2, -1, 1, 2)
        )
        own = self.weights.sum(own_features(word))
        stem = key(word, self.terms.stems)
        starts = self.terms.lengths.get(stem, ())
        entry = (stem, shape(word), starts, own, before2, before, after, after2)
        if len(self) > MEMORY:
            self.clear()
        self[word] = entry
        return entry


class Shapes(dict[str, complex]):
    """The weights of one kind of place for each shape of word, computed when first asked for."""

    def __init__(self, weights: Weights, features: Callable[[str], list[str]]) -> None:
        self.weights, self.features = weights, features

    def __missing__(self, letters: str) -> complex:
        self[letters] = total = self.weights.sum(self.features(letters))
        return total


class Chain:
    """The tagger, with the sums of each feature family kept once computed."""

    def __init__(self, weights: Weights, steps: Steps, terms: Terms) -> None:
        self.weights, self.steps, self.terms = weights, steps, terms
        self._words = Words(weights, terms)
        self._lines: dict[Traits, Shapes] = {}
        self._first = Shapes(weights, first_features)
        self._paren = Shapes(weights, paren_features)
        self._rings: dict[Ring, complex] = {}

    def mentions(self, line: SkillLine) -> list[Mention]:
        """The terms of one line, each with its probability."""
        text = line.text
        words = TOKEN.findall(text)[:MAX_WORDS]
        if not words:
            return []
        known = self._words
        entries = [known[word] for word in words]
        hits = self.terms.mark(words, entries)
        if not hits and line.section in SPARSE:
            return []
        found = segments(self._scores(line, words, entries, hits), self.steps)
        return self._mentions(line, hits, found) if found else []

    def _scores(
        self,
        line: SkillLine,
        words: Sequence[str],
        entries: Sequence[Word],
        hits: Mapping[int, Hit],
    ) -> list[complex]:
        """The weights for B and I of each word of a line, all features together."""
        traits = line_traits(line.section, line.text, len(words), len(hits))
        base = self._lines.get(traits)
        if base is None:
            base = self._lines[traits] = Shapes(self.weights, partial(place_features, traits))
        padded = [*EDGES, *entries, *EDGES]
        scores = [
            base[here[1]] + here[3] + two[4] + one[5] + next_[6] + last[7]
            for two, one, here, next_, last in zip(
                padded, padded[1:], entries, padded[3:], padded[4:], strict=False
            )
        ]
        scores[0] += self._first[entries[0][1]]
        if "(" in words:
            for i in inside(words):
                scores[i] += self._paren[entries[i][1]]
        if hits:
            known = self._rings
            for i, ring in rings(words, [entry[1] for entry in entries], hits):
                total = known.get(ring)
                if total is None:
                    total = known[ring] = self.weights.sum(ring_features(ring))
                scores[i] += total
        return scores

    def _mentions(
        self,
        line: SkillLine,
        hits: Mapping[int, Hit],
        found: Sequence[Segment],
    ) -> list[Mention]:
        text = line.text
        at = spans(text)
        out = []
        skip = False
        for number, one in enumerate(found):
            if skip:
                skip = False
                continue
            start, end = at[one.first][0], at[one.last][1]
            alias, share = "", one.share
            after = found[number + 1] if number + 1 < len(found) else None
            if after is not None and text[end : at[after.first][0]].strip() == "(":
                short = text[at[after.first][0] : at[after.last][1]]
                if text[at[after.last][1] :][:1] == ")" and abbreviates(short, text[start:end]):
                    alias, skip, share = short, True, max(share, after.share)
            start, end = trim(text, start, end)
            if start >= end:
                continue
            name = text[start:end]
            if alias:
                end = text.index(")", end) + 1
            hit = cover(hits, one.first, one.last)
            out.append(
                Mention(
                    start=line.start + start,
                    end=line.start + end,
                    text=text[start:end],
                    share=share,
                    section=line.section,
                    hit=hit,
                    family=hits.get(one.first, NONE)[3:],
                    words=one.last - one.first + 1,
                    name=name,
                    alias=alias,
                )
            )
        return out


def cover(hits: Mapping[int, Hit], first: int, last: int) -> Hit:
    """How a term and the known terms agree: ``=``, ``c`` or ``~`` all of it, ``+`` part, ``-``."""
    if first == last:
        hit = hits.get(first, NONE)
        if hit == NONE:
            return NONE
        return hit[2] if hit[0] == "B" and hits.get(last + 1, NONE)[0] != "I" else "+"
    inner = [hits.get(i, NONE) for i in range(first, last + 1)]
    if all(hit == NONE for hit in inner):
        return NONE
    ends = hits.get(last + 1, NONE)[0] != "I"
    if inner[0][0] == "B" and ends and all(hit[0] == "I" for hit in inner[1:]):
        return inner[0][2]
    return "+"


def abbreviates(short: str, long: str) -> bool:
    """Whether ``short`` takes its letters, in order, from the heads of the words of ``long``."""
    letters = short.rstrip("s").lower()
    heads = "".join(word[0] for word in re.findall(r"\w+", long.lower()))
    return (
        2 <= len(letters) <= 7
        and letters.isalnum()
        and letters[0] == heads[:1]
        and (letters == heads or (len(heads) > 1 and letters in heads) or heads in letters)
    )


def trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The term without stray marks, an unclosed bracket, or the German "-kenntnisse"."""
    part = text[start:end]
    if part.isalnum() and (len(part) < SHORTEST_TAIL or part[-1] not in "enEN"):
        return start, end  # no mark, no bracket and no "-kenntnisse" to take off
    opened = part.find("(")
    if opened >= 0 and ")" not in part:
        if opened and text[end : end + 1] == ")":
            end += 1
        else:
            end = start + opened
    elif opened < 0 and part.endswith(")"):
        end -= 1
    head = HEAD.match(text[start:end])
    if head:
        start += head.end()
    tail = TAIL.search(text[start:end])
    if tail and tail.start() > 0:
        end = start + tail.start()
    while end > start and text[end - 1] == " ":
        end -= 1
    return start, end


class SkillReader:
    """Finds the skills of a posting; loads in milliseconds."""

    def __init__(self, chain: Chain, model: Linear) -> None:
        self.chain = chain
        self.model = model

    @classmethod
    def load(cls, folder: Path) -> SkillReader:
        """The reader of ``skills.json`` in ``folder``; raises ``OSError`` where there is none."""
        return cls.of(json.loads((folder / FILE).read_text("utf-8")))

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> SkillReader:
        """The reader of a trained model's plain data (what ``train_skills`` writes)."""
        chain = Chain(
            weights=Weights(data["weights"]),
            steps=Steps.of(data["steps"]),
            terms=Terms(data["terms"], data["lengths"], frozenset(data["stems"])),
        )
        return cls(chain, Linear(data["judge"]))

    def mentions(self, lines: Sequence[SkillLine]) -> list[Mention]:
        """Every place of ``lines`` that may name a skill, with the tagger's probability."""
        return [
            mention
            for line in lines
            if line.section not in UNREAD
            for mention in self.chain.mentions(line)
        ]

    def find_skills(self, lines: Sequence[SkillLine]) -> list[SkillSpan]:
        """The skills named in ``lines``, each once, in order of first mention. Never raises."""
        groups = group(self.mentions(lines))
        chances = judge(groups, self.model)
        found = []
        for i in keep(groups, chances):
            first = groups[i].mentions[0]
            found.append(SkillSpan(first.start, first.end, first.text, round(chances[i], 3)))
        return sorted(found, key=lambda skill: skill.start)
