"""Skills of a posting: every hard-skill mention, as the shortest term that stands by itself.

A linear-chain tagger marks terms line by line; a logistic model then judges each distinct term
by all its mentions, and gives the confidence. Both are trained by
``rolecall.evaluate.training.skills`` and read from ``model/skills.json``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rolecall.reader.linear import Linear
from rolecall.reader.skill_chain import Score, Segment, Steps, segments
from rolecall.reader.skill_features import (
    NONE,
    Hit,
    Terms,
    key,
    line_traits,
    listed,
    near_features,
    own_features,
    place_features,
    shape,
    spans,
    term_features,
)
from rolecall.reader.skill_groups import Mention, group, judge, keep

Section = Literal["requirements", "responsibilities", "benefits", "about", "header", "other"]
FILE = "skills.json"
UNREAD: frozenset[str] = frozenset({"benefits"})
MEMORY = 60_000
MAX_WORDS = 2_000
TAIL = re.compile(r"[\s-]*(?:sprach|fach|grund)?kenntniss?en?$|[\s-]+$", re.I)
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


Word = tuple[str, str, Score, Score, Score, Score, Score]
"""Key, shape, and a word's weights for itself, and for the words two and one before and after."""


@dataclass(slots=True)
class Chain:
    """The tagger's weights, with the sums of each feature family kept once computed."""

    weights: Mapping[str, Score]
    steps: Steps
    terms: Terms
    clusters: Mapping[str, str]
    _words: dict[str, Word] = field(default_factory=dict)
    _hits: dict[tuple[Hit, Hit, Hit, str, str], Score] = field(default_factory=dict)
    _places: dict[tuple[tuple[str, str, str, str], str, bool, bool], Score] = field(
        default_factory=dict
    )

    def mentions(self, line: SkillLine) -> list[Mention]:
        """The terms of one line, each with its probability."""
        text = line.text
        at = spans(text)[:MAX_WORDS]
        words = [text[a:b] for a, b in at]
        if not words:
            return []
        known = self._words
        entries = [known.get(word) or self._word(word) for word in words]
        hits = self.terms.mark(words, [entry[0] for entry in entries])
        found = segments(self._scores(line.section, words, entries, hits), self.steps)
        return self._mentions(line, at, hits, found)

    def _scores(
        self, section: str, words: Sequence[str], entries: Sequence[Word], hits: Sequence[Hit]
    ) -> list[Score]:
        traits = line_traits(section, words, hits)
        size = len(words)
        places, terms = self._places, self._hits
        inside = False
        scores = []
        for i, entry in enumerate(entries):
            word = words[i]
            if word == "(":
                inside = True
            elif word == ")":
                inside = False
            spot = (traits, entry[1], i == 0, inside)
            pair = places.get(spot) or self._place(spot)
            b, n = pair
            ring = (
                hits[i - 1] if i else NONE,
                hits[i],
                hits[i + 1] if i + 1 < size else NONE,
                entry[1],
                listed(i, words, hits),
            )
            pair = terms.get(ring) or self._hit(ring)
            own = entry[2]
            b += pair[0] + own[0]
            n += pair[1] + own[1]
            if i:
                pair = entries[i - 1][4]
                b += pair[0]
                n += pair[1]
                if i > 1:
                    pair = entries[i - 2][3]
                    b += pair[0]
                    n += pair[1]
            if i + 1 < size:
                pair = entries[i + 1][5]
                b += pair[0]
                n += pair[1]
                if i + 2 < size:
                    pair = entries[i + 2][6]
                    b += pair[0]
                    n += pair[1]
            scores.append((b, n))
        return scores

    def _mentions(
        self,
        line: SkillLine,
        at: Sequence[tuple[int, int]],
        hits: Sequence[Hit],
        found: Sequence[Segment],
    ) -> list[Mention]:
        text = line.text
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
                    family=hits[one.first][3:],
                    words=one.last - one.first + 1,
                    name=name,
                    alias=alias,
                )
            )
        return out

    def _sum(self, features: Sequence[str]) -> Score:
        get = self.weights.get
        b = i = 0.0
        for name in features:
            pair = get(name)
            if pair is not None:
                b += pair[0]
                i += pair[1]
        return b, i

    def _word(self, word: str) -> Word:
        cluster = self.clusters.get(word.lower(), NONE)
        own = self._sum(own_features(word, cluster))
        before2, before, after, after2 = (
            self._sum(near_features(word, cluster, offset)) for offset in (-2, -1, 1, 2)
        )
        entry = (key(word, self.terms.stems), shape(word), own, before2, before, after, after2)
        if len(self._words) > MEMORY:
            self._words.clear()
        self._words[word] = entry
        return entry

    def _place(self, spot: tuple[tuple[str, str, str, str], str, bool, bool]) -> Score:
        pair = self._places[spot] = self._sum(place_features(*spot))
        return pair

    def _hit(self, ring: tuple[Hit, Hit, Hit, str, str]) -> Score:
        if len(self._hits) > MEMORY:
            self._hits.clear()
        before, here, after, letters, near = ring
        pair = self._hits[ring] = self._sum(term_features((before, here, after), letters, near))
        return pair


def cover(hits: Sequence[Hit], first: int, last: int) -> Hit:
    """How a term and the known terms agree: ``=``, ``c`` or ``~`` all of it, ``+`` part, ``-``."""
    inner = hits[first : last + 1]
    if all(hit == NONE for hit in inner):
        return NONE
    ends = last + 1 >= len(hits) or not hits[last + 1].startswith("I")
    if hits[first].startswith("B") and ends and all(hit[0] == "I" for hit in inner[1:]):
        return hits[first][2]
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
            weights={name: (b, i) for name, (b, i) in data["weights"].items()},
            steps=Steps.of(data["steps"]),
            terms=Terms.of(data["terms"]),
            clusters=data["clusters"],
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
