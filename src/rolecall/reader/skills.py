"""Skills of a posting: every hard-skill mention, as the shortest term that stands by itself.

A linear-chain tagger marks terms line by line; a logistic model then judges each distinct term
by all its mentions, and gives the confidence. Both are trained by
``rolecall.evaluate.training.skills`` and read from ``model/skills.json``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import orjson

from rolecall.reader.again import Again
from rolecall.reader.linear import Linear
from rolecall.reader.skill_chain import Segment, Steps, segments
from rolecall.reader.skill_features import (
    NONE,
    Hit,
    Terms,
    Traits,
    Word,
    ahead_features,
    behind_features,
    first_features,
    inside,
    line_traits,
    list_features,
    listed,
    paren_features,
    place_features,
    term_features,
)
from rolecall.reader.skill_groups import Judge, Mention, group, keep
from rolecall.reader.skill_words import EDGE, Pair, Sums, Vocabulary, Weighed, Weights

Section = Literal["requirements", "responsibilities", "benefits", "about", "header", "other"]
FILE = "skills.json"
UNREAD: frozenset[str] = frozenset({"benefits"})
SPARSE: frozenset[str] = frozenset({"about", "header", "other"})
TAIL = re.compile(r"[\s-]*(?:sprach|fach|grund)?kenntniss?en?$|(?<![\s-])[\s-]+$", re.I)
TAIL_PART = "kenntn"
HEAD = re.compile(r"^[\s,;:-]+")


class SkillLine(NamedTuple):
    """A line of the posting's body: its text, where it starts in ``Page.text``, its section."""

    text: str
    start: int
    section: Section = "other"
    kind: str = "paragraph"


class SkillSpan(NamedTuple):
    """A skill: characters of ``Page.text``, their text, and the probability that it is one."""

    start: int
    end: int
    text: str
    confidence: float


EDGES = (EDGE, EDGE)
MOST_BYTES = 2 << 20
"""Bytes reckoned for what is remembered of the lines of one kind of section, twice."""


class _TermSums(dict[tuple[Hit, str], tuple[Pair, Pair, Pair]]):
    """What a word of a known term says of itself, of the word behind it and the one before, by the
    hit and the word's shape."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights

    def __missing__(self, key: tuple[Hit, str]) -> tuple[Pair, Pair, Pair]:
        hit, letters = key
        total = self._weights.sum
        self[key] = found = (
            total(term_features(hit, letters)),
            total(behind_features(hit)),
            total(ahead_features(hit)),
        )
        return found


class Chain:
    """The tagger, with the sums of each feature family kept once computed."""

    def __init__(self, weights: Weights, steps: Steps, terms: Terms) -> None:
        self.weights, self.steps, self.terms = weights, steps, terms
        self._words = Vocabulary(weights, terms)
        self._lines: dict[Traits, Sums[str]] = {}
        self._first = Sums(weights, first_features)
        self._paren = Sums(weights, paren_features)
        self._beside = Sums(weights, list_features)
        self._terms = _TermSums(weights)
        self._again = {
            section: Again(partial(self._of, section), MOST_BYTES) for section in get_args(Section)
        }

    def mentions(self, line: SkillLine) -> Sequence[Mention]:
        """The terms of one line, each with its probability."""
        start, found = line.start, self._again[line.section][line.text]
        if not start:
            return found
        return [one._replace(start=one.start + start, end=one.end + start) for one in found]

    def _of(self, section: Section, text: str) -> Sequence[Mention]:
        """The terms of a line by its text, at the start of a page."""
        line = SkillLine(text, 0, section)
        words = self._words.read(line.text)
        if not words:
            return []
        hits = self.terms.mark(words)
        if not hits and line.section in SPARSE:
            return []
        found = self._segments(line, words, hits)
        return _mentions(line, words, hits, found) if found else []

    def _segments(
        self, line: SkillLine, words: Sequence[Weighed], hits: Mapping[int, Hit]
    ) -> list[Segment]:
        """The terms of a line, by the weights for B and I of each word, all features together."""
        traits = line_traits(line.section, line.text, words, len(hits))
        base = self._lines.get(traits)
        if base is None:
            base = self._lines[traits] = Sums(self.weights, partial(place_features, traits))
        padded = [*EDGES, *words, *EDGES]
        scores = [
            base[here.shape][0] + here.own + two.before2 + one.before + next_.after + last.after2
            for two, one, here, next_, last in zip(
                padded, padded[1:], words, padded[3:], padded[4:], strict=False
            )
        ]
        inner = self._add_rare(line, words, hits, scores)

        def goes_on(i: int) -> float:
            here = words[i]
            return (
                base[here.shape][1]
                + here.goes_on[0]
                + padded[i].goes_on[1]
                + padded[i + 1].goes_on[2]
                + padded[i + 3].goes_on[3]
                + padded[i + 4].goes_on[4]
                + inner[i]
            )

        return segments(scores, goes_on, self.steps)

    def _add_rare(
        self,
        line: SkillLine,
        words: Sequence[Weighed],
        hits: Mapping[int, Hit],
        scores: list[float],
    ) -> list[float]:
        """Add to the scores for B what few words have: known terms at or beside them, brackets,
        being the first of the line. What these say for I comes back, word by word."""
        inner = [0.0] * len(words)
        begins, goes_on = self._first[words[0].shape]
        scores[0] += begins
        inner[0] += goes_on
        if "(" in line.text:
            for i in inside(words):
                begins, goes_on = self._paren[words[i].shape]
                scores[i] += begins
                inner[i] += goes_on
        if hits:
            self._add_terms(words, hits, scores, inner)
        return inner

    def _add_terms(
        self,
        words: Sequence[Weighed],
        hits: Mapping[int, Hit],
        scores: list[float],
        inner: list[float],
    ) -> None:
        """Add what known terms say of their words and of those beside them."""
        known, last = self._terms, len(words) - 1
        for i, hit in hits.items():
            here, behind, ahead = known[hit, words[i].shape]
            scores[i] += here[0]
            inner[i] += here[1]
            if i:
                scores[i - 1] += ahead[0]
                inner[i - 1] += ahead[1]
            if i < last:
                scores[i + 1] += behind[0]
                inner[i + 1] += behind[1]
        for i, side in listed(words, hits).items():
            begins, goes_on = self._beside[side]
            scores[i] += begins
            inner[i] += goes_on


def _mentions(
    line: SkillLine,
    words: Sequence[Word],
    hits: Mapping[int, Hit],
    found: Sequence[Segment],
) -> list[Mention]:
    """The terms of a line as they stand on the page; a short form in brackets joins its term."""
    text, begin, section, _ = line
    at = stands(text, words[: found[-1][1] + 1])
    brackets = "(" in text
    out = []
    skip = False
    for number, (first, last, share) in enumerate(found):
        if skip:
            skip = False
            continue
        start, end = at[first], at[last] + len(words[last].text)
        alias = ""
        after = found[number + 1] if brackets and number + 1 < len(found) else None
        if after is not None and text[end : at[after[0]]].strip() == "(":
            stop = at[after[1]] + len(words[after[1]].text)
            short = text[at[after[0]] : stop]
            if text[stop : stop + 1] == ")" and abbreviates(short, text[start:end]):
                alias, skip, share = short, True, max(share, after[2])
        start, end = trim(text, start, end)
        if start >= end:
            continue
        name = whole = text[start:end]
        if alias:
            end = text.index(")", end) + 1
            whole = text[start:end]
        hit, family = cover(hits, first, last), hits.get(first, NONE)[3:]
        span, size = (begin + start, begin + end), last - first + 1
        out.append(Mention(*span, whole, share, section, hit, family, size, name, alias))
    return out


def stands(text: str, words: Sequence[Word]) -> list[int]:
    """Where the first ``words`` of ``text`` begin; between words is nothing but white space."""
    out = []
    at, find = 0, text.find
    for word in words:
        at = find(word.text, at)
        out.append(at)
        at += len(word.text)
    return out


def cover(hits: Mapping[int, Hit], first: int, last: int) -> Hit:
    """How a term and the known terms agree: ``=``, ``c`` or ``~`` all of it, ``+`` part, ``-``."""
    if first == last:
        hit, after = hits.get(first), hits.get(last + 1)
        if hit is None:
            return NONE
        return hit[2] if hit[0] == "B" and (after is None or after[0] != "I") else "+"
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
    plain = part[:1].isalnum() and part[-1:].isalnum() and "(" not in part
    if plain and TAIL_PART not in part.lower():
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
        self.judge = Judge(model)

    @classmethod
    def load(cls, folder: Path) -> SkillReader:
        """The reader of ``skills.json`` in ``folder``; raises ``OSError`` where there is none."""
        return cls.of(orjson.loads((folder / FILE).read_bytes()))

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> SkillReader:
        """The reader of a trained model's plain data (what ``train_skills`` writes)."""
        chain = Chain(
            weights=Weights.of(data["weights"]),
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
        chances = self.judge.chances(groups)
        found = []
        for i in keep(groups, chances):
            first = groups[i].mentions[0]
            found.append(SkillSpan(first.start, first.end, first.text, round(chances[i], 3)))
        return sorted(found, key=lambda skill: skill.start)
