"""What each keyword of a schema will mean: enforced while decoding, checked after, or nothing.

The decoding form is put to the engine again and again; each time, what the engine says it cannot
keep to is taken out of the form and noted, until the engine has nothing left to say. So every
keyword that is called enforced was put to the engine and taken by it without a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from typing import Any, Final, Literal

from rolecall.errors import SchemaError
from rolecall.schema.decoding import COUNTS, Loosening, decoding_form, goals_by_name, kept
from rolecall.schema.dialect import CONSTRAINTS, NAMING, NEEDS, OLD, SHELVES, TELLING
from rolecall.schema.grammar import Grammar, Verdict
from rolecall.schema.tour import MOVING, Spot, Tour, step

Mark = Literal["enforced", "checked", "refused", "annotation"]

ROUNDS: Final = 40
LONGEST_REASON: Final = 200
ROUGH_FORMATS: Final = frozenset({"date", "time", "date-time", "hostname"})
"""Formats of which decoding keeps the outline only: it takes 30 February for a date."""

PLACES: Final = ("$ref", "$dynamicRef", "$recursiveRef", "allOf", "anyOf", "oneOf")
"""Keywords whose schemas speak of the same value, all or one of them."""

NOT_KEPT: Final = "decoding cannot keep to it"
MOST_COUNTED: Final = 2**31 - 1
COUNTED: Final = ("minProperties", "maxProperties")
TURNING: Final = (
    "not",
    "if",
    "then",
    "else",
    "contains",
    "minContains",
    "maxContains",
    "unevaluatedItems",
    "unevaluatedProperties",
)
"""Constraints that would ask for more than the schema does, once their inside asks for less."""

UNSEEN: Final = ("contentEncoding", "contentMediaType")
"""Constraints (in drafts 6 and 7) of which the engine says nothing, and does not keep."""

IN_QUOTES: Final = re.compile(r'"([^"]+)"')
UNIMPLEMENTED: Final = re.compile(r"Unimplemented keys: \[(.*)\]")
UNKNOWN_FORMAT: Final = re.compile(r"Unknown format: (.*?)(?: \(\d+ times\))?$", re.S)
OVERLAP: Final = re.compile(r"patternProperty regexes /(.*)/ and /(.*)/ are not disjoint", re.S)
EVERY_KEYWORD: Final = frozenset[str]().union(*CONSTRAINTS.values())


@dataclass(frozen=True, slots=True)
class Row:
    """What one occurrence of a keyword means; ``pointer`` leads to the keyword itself."""

    pointer: str
    word: str
    mark: Mark
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Lint:
    """What every keyword means, and the form that engines are sent.

    ``form`` is ``None`` where no grammar can be had: ``failure`` says why.
    """

    rows: tuple[Row, ...]
    form: dict[str, Any] | None
    failure: str = ""


def lint(
    tour: Tour,
    impossible: Set[str],
    knows_format: Callable[[str], bool],
    grammar: Grammar,
) -> Lint:
    """Ask the engine what it can keep to, and give every keyword of the schema its mark.

    ``impossible`` are the pointers of subschemas that no value meets; ``knows_format`` says whether
    the final check asserts a format.
    """
    blank = {
        step(spot.pointer, "format")
        for spot in tour.spots.values()
        if "format" in tour.words(spot) and not knows_format(tour.words(spot)["format"])
    }
    talk = _Talk(tour, impossible, grammar, blank)
    form = talk.agree()
    return Lint(_Marks(tour, talk).rows(), form, talk.failure)


def refusal(error: SchemaError) -> Row:
    """The row of a keyword for which the whole schema is refused."""
    pointer = error.pointer or ""
    return Row(pointer, pointer.rpartition("/")[2], "refused", str(error))


class _Talk:
    """What is said to the engine, and what is learnt from its answers."""

    def __init__(self, tour: Tour, impossible: Set[str], grammar: Grammar, blank: Set[str]) -> None:
        self.tour, self.impossible, self.blank = tour, impossible, blank
        self.engine, self.failure = grammar.engine, grammar.lacking
        self.places: dict[str, list[tuple[str, Spot]]] = {}
        for spot in tour.spots.values():
            for word in tour.words(spot):
                self.places.setdefault(word, []).append((step(spot.pointer, word), spot))
        self.loose = Loosening()
        self.loose.drop(blank, "it is not checked")
        for word in MOVING:
            moving = {at for at, spot in self.occurrences(word) if tour.moves(spot, word)}
            self.loose.drop(moving, "its goal depends on the way that led to it")
        for word in COUNTS:
            rows = self.occurrences(word)
            far = {at for at, spot in rows if self.tour.words(spot)[word] > MOST_COUNTED}
            self.loose.drop(far, "decoding cannot count that far")
        for word in UNSEEN:
            self.drop_all(word, "decoding does not look into the text")

    def occurrences(self, word: str) -> list[tuple[str, Spot]]:
        """Where a keyword stands and holds: the pointers of the keyword, and its schemas."""
        return self.places.get(word, [])

    def drop_all(self, word: str, reason: str) -> bool:
        """Leave out every occurrence of a keyword; whether there was one left."""
        return self.loose.drop({at for at, _ in self.occurrences(word)}, reason)

    def agree(self) -> dict[str, Any] | None:
        """The form that the engine takes without a word; ``None`` if there is none."""
        form = self._form()
        if self.engine is None:
            return None
        verdict = Verdict(False)
        for _ in range(ROUNDS):
            verdict = self.engine(form)
            if not verdict.refused and not verdict.messages:
                return form
            if not sum(self._learn(message) for message in verdict.messages):
                break
            form = self._form()
        said = " ".join(verdict.messages)[:LONGEST_REASON]
        self.failure = f"no grammar can be made of the schema: {said}"
        return None

    def _form(self) -> dict[str, Any]:
        """The decoding form as it is agreed on so far."""
        if self.loose.dropped.keys() - self.blank or self.loose.widened:
            for word in TURNING:
                self.drop_all(word, NOT_KEPT)
        return decoding_form(self.tour, self.loose, self.impossible)

    def _learn(self, message: str) -> bool:
        """Take out what a message names; whether there was anything."""
        keys = UNIMPLEMENTED.match(message)
        if keys:
            return sum(self._unimplemented(word) for word in IN_QUOTES.findall(keys[1])) > 0
        unknown = UNKNOWN_FORMAT.match(message)
        if unknown:
            found = {
                at
                for at, spot in self.occurrences("format")
                if self.tour.words(spot)["format"] == unknown[1]
            }
            return self.loose.drop(found, "decoding does not know the format")
        if message.startswith("oneOf"):
            return self._widen()
        if message.startswith("min/maxProperties"):
            return self._uncounted()
        overlap = OVERLAP.search(message)
        if overlap:
            return self._overlapping({overlap[1], overlap[2]})
        if message.startswith("circular references"):
            return self._circular(message.rpartition("/$defs/")[2])
        if "regex" in message.lower():
            return self._patterns()
        return False

    def _unimplemented(self, word: str) -> bool:
        words = {word, "dependencies"} if word.startswith("dependent") else {word}
        words |= {"then", "else"} if word == "if" else set()
        words |= {"minContains", "maxContains"} if word == "contains" else set()
        return sum(self.drop_all(one, NOT_KEPT) for one in words) > 0

    def _widen(self) -> bool:
        reason = "decoding takes it for `anyOf`"
        fresh = {at for at, _ in self.occurrences("oneOf")} - self.loose.widened.keys()
        self.loose.widened.update(dict.fromkeys(fresh, reason))
        return bool(fresh)

    def _uncounted(self) -> bool:
        reason = "decoding cannot count properties that may be left out"
        return sum(self.drop_all(word, reason) for word in COUNTED) > 0

    def _overlapping(self, patterns: Set[str]) -> bool:
        """Take out patterns of names that may both fit one name, and what is said of other names.

        Without its patterns a schema's ``additionalProperties`` would speak of more names than
        before.
        """
        rows = self.occurrences("patternProperties")
        named = [
            spot for _, spot in rows if patterns & self.tour.words(spot)["patternProperties"].keys()
        ]
        reason = "decoding cannot tell its patterns apart"
        return self._without_patterns(named, reason) or self._without_patterns(
            [spot for _, spot in rows], reason
        )

    def _without_patterns(self, spots: Iterable[Spot], reason: str) -> bool:
        found = set()
        for spot in spots:
            found.add(step(spot.pointer, "patternProperties"))
            if "additionalProperties" in self.tour.words(spot):
                found.add(step(spot.pointer, "additionalProperties"))
        return self.loose.drop(found, reason)

    def _circular(self, name: str) -> bool:
        """Take out what stands beside references that lead back to where they stand.

        ``name`` is that of the schema referred to; any other is the root's. One spot is taken at a
        time: the engine may be content with less.
        """
        goal = goals_by_name(self.tour, self.loose).get(name, "")
        inside = kept(self.tour, self.loose, goal)
        for pointer in self.tour.spots:
            if pointer in inside:
                found = self._beside(self.tour.spots[pointer], goal)
                if self.loose.drop(found, "decoding cannot keep to it beside a reference back"):
                    return True
        back = {
            step(spot.pointer, word)
            for spot in self.tour.spots.values()
            for word, at in self.tour.goals(spot)
            if at == goal
        }
        return self.loose.drop(back, "decoding cannot follow this reference")

    def _beside(self, spot: Spot, goal: str) -> set[str]:
        """What keeps a grammar from being made where a schema refers to ``goal`` again.

        Either what stands beside the reference, or the ``allOf`` or choice that holds it.
        """
        words = {
            word
            for word in self.tour.words(spot)
            if step(spot.pointer, word) not in self.loose.dropped
        }
        leading = words & {word for word, at in self._in_place(spot) if goal in self._same(at)}
        for word in sorted(leading, key=PLACES.index):
            others = words - {word}
            if word == "$ref" or others == {"type"}:
                return {step(spot.pointer, other) for other in others}
            if others or word == "allOf":
                return {step(spot.pointer, word)}
        return set()

    def _in_place(self, spot: Spot) -> Iterator[tuple[str, str]]:
        """The subschemas that speak of the same value, by keyword."""
        for word, _, pointer in self.tour.below(spot):
            if word in PLACES:
                yield word, pointer
        yield from self.tour.goals(spot)

    def _same(self, start: str) -> set[str]:
        """All subschemas that speak of the same value as the one at ``start``."""
        found, waiting = {start}, [start]
        while waiting:
            for word, pointer in self._in_place(self.tour.spots[waiting.pop()]):
                if pointer not in found and word in PLACES:
                    found.add(pointer)
                    waiting.append(pointer)
        return found

    def _patterns(self) -> bool:
        """Take out the patterns that the engine cannot compile."""
        found, spots = set(), []
        for at, spot in self.occurrences("pattern"):
            if at not in self.loose.dropped and not self._takes(self.tour.words(spot)["pattern"]):
                found.add(at)
        for _, spot in self.occurrences("patternProperties"):
            if not all(map(self._takes, self.tour.words(spot)["patternProperties"])):
                spots.append(spot)
        reason = "decoding cannot follow the pattern"
        dropped = self.loose.drop(found, reason)
        return self._without_patterns(spots, reason) or dropped

    def _takes(self, pattern: str) -> bool:
        return self.engine is not None and not self.engine({"pattern": pattern}).refused


class _Marks:
    """Gives every keyword of a schema its mark."""

    def __init__(self, tour: Tour, talk: _Talk) -> None:
        self.tour, self.talk = tour, talk
        self.decoded = kept(tour, talk.loose)
        self.used = kept(tour, Loosening())

    def rows(self) -> tuple[Row, ...]:
        """One row for each occurrence of a keyword."""
        rows = []
        for spot in self.tour.spots.values():
            words = self.tour.words(spot)
            for word in spot.schema if isinstance(spot.schema, dict) else ():
                at = step(spot.pointer, word)
                if word in words:
                    rows.append(self._constraint(at, spot, word))
                else:
                    rows.append(self._annotation(at, spot, word))
        return tuple(rows)

    def _constraint(self, at: str, spot: Spot, word: str) -> Row:
        loose = self.talk.loose
        if at in self.talk.blank:
            return Row(at, word, "annotation", "no known format: it is not checked")
        if spot.pointer not in self.used:
            return Row(at, word, "annotation", "nothing refers to the schema it stands in")
        reason = loose.dropped.get(at) or loose.widened.get(at) or ""
        if not reason and spot.pointer not in self.decoded:
            reason = "stands inside a keyword that decoding leaves out"
        if not reason and word == "format" and self.tour.words(spot)[word] in ROUGH_FORMATS:
            reason = "decoding keeps to the outline of the format"
        reason = reason or self.talk.failure
        return Row(at, word, "checked" if reason else "enforced", reason)

    def _annotation(self, at: str, spot: Spot, word: str) -> Row:
        schema, draft = spot.schema, self.tour.draft
        beside = draft in OLD and isinstance(schema, dict) and "$ref" in schema
        if word == "nullable" and isinstance(schema, dict) and schema[word] is True and not beside:
            return Row(at, word, "enforced", "read as: null is allowed too")
        if word == "x-rolecall":
            reason = "read by Rolecall, not passed on to engines"
        elif word.startswith("x-"):
            reason = "not passed on to engines"
        elif word in SHELVES:
            reason = "holds schemas to refer to"
        elif word in NAMING:
            reason = "names the schema"
        elif word in TELLING and word not in CONSTRAINTS[draft]:
            reason = "says nothing of what is valid"
        elif beside:
            reason = f"draft {draft} ignores what stands beside `$ref`"
        elif word in CONSTRAINTS[draft]:
            lacking = f" without `{NEEDS[word]}`" if word in NEEDS else " with this value"
            reason = f"says nothing{lacking}"
        elif word in EVERY_KEYWORD:
            reason = f"draft {draft} does not know it: it is not checked"
        else:
            reason = "no keyword: it is not checked"
        return Row(at, word, "annotation", reason)
