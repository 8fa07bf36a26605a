"""How long an answer will be, in tokens: every property present, a few items in each list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from rolecall.schema.limits import CHARS_PER_TOKEN
from rolecall.schema.tour import Spot, Tour, step

ITEMS: Final = 3
SHORT_TEXT: Final = 8
LONG_TEXT: Final = 300
LONG_NAMES: Final = re.compile(
    "description|summary|text|content|body|responsibilities|requirements|qualifications|benefits"
    "|details|notes",
    re.IGNORECASE,
)
"""Properties with such a name hold running text, if they hold text."""

BY_TYPE: Final = {"null": 1, "boolean": 1, "integer": 2, "number": 3}
BY_FORMAT: Final = {"date": 6, "time": 5, "date-time": 12, "uri": 16, "url": 16, "uuid": 20}
AGAIN: Final = 2
"""What a schema counts that contains itself, and one that lies too deep."""

DEEPEST: Final = 5
"""Objects within objects that are taken to be filled."""

MOST: Final = 1_000_000
"""More is not told apart; schemas can double their answers at every step."""


def typical_tokens(tour: Tour) -> int:
    """Tokens of a full answer, roughly; a schema within itself is counted once."""
    return round(min(MOST, _Estimate(tour).of("", "")))


class _Estimate:
    """The estimates of one schema's parts, each worked out once."""

    def __init__(self, tour: Tour) -> None:
        self.tour = tour
        self.known: dict[tuple[str, bool, int], float] = {}
        self.depth = 0
        self.open: set[str] = set()

    def of(self, pointer: str, name: str) -> float:
        """Tokens of a value for the schema at ``pointer``, which the property ``name`` holds."""
        long = LONG_NAMES.search(name) is not None
        spot = self.tour.spots.get(pointer)
        if spot is None or pointer in self.open or self.depth > DEEPEST:
            return AGAIN
        key = pointer, long, self.depth
        if key not in self.known:
            self.open.add(pointer)
            self.known[key] = min(MOST, self._spot(spot, name, long=long))
            self.open.discard(pointer)
        return self.known[key]

    def _spot(self, spot: Spot, name: str, *, long: bool) -> float:
        words = self.tour.words(spot)
        if "const" in words or words.get("enum"):
            values = [words["const"]] if "const" in words else words["enum"]
            return sum(len(str(value)) for value in values) / len(values) / CHARS_PER_TOKEN + 1
        marked = isinstance(spot.schema, dict) and _marked_long(spot.schema)
        parts = [self.of(goal, name) for _, goal in self.tour.goals(spot)]
        parts += [self._below(spot, name, "allOf", i) for i in range(len(words.get("allOf", ())))]
        for word in ("anyOf", "oneOf"):
            if word in words:
                rows = range(len(words[word]))
                parts.append(max(self._below(spot, name, word, i) for i in rows))
        own = self._own(spot, words, long=long or marked)
        return (own + sum(parts)) or AGAIN

    def _below(self, spot: Spot, name: str, *path: str | int) -> float:
        return self.of(step(spot.pointer, *path), name)

    def _own(self, spot: Spot, words: Mapping[str, Any], *, long: bool) -> float:
        """What the schema says itself, its references and choices left aside; 0 for nothing."""
        said = words.get("type", ())
        kinds = {said} if isinstance(said, str) else set(said)
        sizes = [0.0]
        if "object" in kinds or words.get("properties"):
            sizes.append(self._object(spot, words))
        if "array" in kinds or "items" in words or "prefixItems" in words:
            sizes.append(self._array(spot, words))
        if "string" in kinds or words.keys() & {"pattern", "format"}:
            sizes.append(_text(words, long=long))
        sizes += [float(BY_TYPE[kind]) for kind in kinds if kind in BY_TYPE]
        return max(sizes)

    def _object(self, spot: Spot, words: Mapping[str, Any]) -> float:
        self.depth += 1
        total = 2.0
        for name in words.get("properties", ()):
            total += _name(name) + self._below(spot, name, "properties", name)
        free: list[tuple[str, ...]]
        free = [("patternProperties", name) for name in words.get("patternProperties", ())]
        if not free and not words.get("properties"):
            free = [("additionalProperties",)] * isinstance(words.get("additionalProperties"), dict)
        for path in free:
            total += ITEMS * (_name("name") + self._below(spot, "", *path))
        self.depth -= 1
        return total

    def _array(self, spot: Spot, words: Mapping[str, Any]) -> float:
        word = "items" if isinstance(words.get("items"), list) else "prefixItems"
        first = range(len(words.get(word, ())))
        total: float = 1.0 + sum(self._below(spot, "", word, number) + 1 for number in first)
        rest = "additionalItems" if word == "items" else "items"
        if rest not in words:
            return total
        count: int = max(words.get("minItems", 0), min(ITEMS, words.get("maxItems", ITEMS)))
        return total + max(0, count - len(first)) * (self._below(spot, "", rest) + 1)


def _text(words: Mapping[str, Any], *, long: bool) -> float:
    usual = LONG_TEXT if long else BY_FORMAT.get(str(words.get("format")), SHORT_TEXT)
    least, most = words.get("minLength", 0), words.get("maxLength", usual * CHARS_PER_TOKEN)
    return float(max(least / CHARS_PER_TOKEN, min(usual, most / CHARS_PER_TOKEN), 1)) + 1


def _name(name: str) -> float:
    return len(name) / CHARS_PER_TOKEN + 2


def _marked_long(schema: Mapping[str, Any]) -> bool:
    mark = schema.get("x-rolecall")
    return isinstance(mark, Mapping) and mark.get("long") is True
