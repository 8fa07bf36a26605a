"""The shortest answer that a schema allows, in characters of compact JSON; infinite for none.

A lower bound for each kind of value, worked out as the least fixed point over all subschemas: what
it calls impossible is impossible, what it calls short may still be longer (patterns and most uses
of ``not`` are not looked into).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from math import ceil, floor, inf
from typing import Any, Final

from rolecall.schema.tour import Spot, Tour, step

Row = tuple[float, ...]
"""The shortest value of each kind, in the order of ``KINDS``."""

KINDS: Final = ("null", "boolean", "object", "array", "string", "integer", "fraction")
ANY: Final[Row] = (4.0, 4.0, 2.0, 2.0, 2.0, 1.0, 3.0)
NONE: Final[Row] = (inf,) * len(KINDS)
BY_TYPE: Final[dict[str, tuple[str, ...]]] = {
    **{kind: (kind,) for kind in KINDS if kind != "fraction"},
    "number": ("integer", "fraction"),
}
"""The kinds of value that each ``type`` lets in."""

IN_PLACE: Final = frozenset({"allOf", "anyOf", "oneOf"})
"""Keywords whose schemas speak of the same value."""

SHORT_NUMBER: Final = 1_000
"""From here on a number can be written with an exponent."""


@dataclass(frozen=True, slots=True)
class Least:
    """The shortest answer by pointer, and why there is none where there is none."""

    sizes: Mapping[str, float]
    reasons: Mapping[str, str]


def least(tour: Tour) -> Least:
    """The shortest answer of every subschema of ``tour``.

    Worked out from the shortest up, as Dijkstra does for ways: a value cannot be shorter than what
    it is made of, so that what is settled at one length stays, and each schema is looked at few
    times however its parts refer to one another.
    """
    search = _Search(tour)
    search.run()
    return Least(search.sizes, search.reasons)


class _Search:
    """The state of the search for the shortest answers."""

    def __init__(self, tour: Tour) -> None:
        self.rows = dict.fromkeys(tour.spots, NONE)
        self.sizes = dict.fromkeys(tour.spots, inf)
        self.reasons: dict[str, str] = {}
        self.same: dict[str, set[str]] = {}
        self.holders: dict[str, set[str]] = {}
        self.open: dict[str, int] = {}
        for pointer, spot in tour.spots.items():
            same = {goal for _, goal in tour.goals(spot)}
            held: set[str] = set()
            for word, _, part in tour.below(spot):
                (same if word in IN_PLACE else held).add(part)
            for part in same:
                self.same.setdefault(part, set()).add(pointer)
            for part in held - same:
                self.holders.setdefault(part, set()).add(pointer)
            self.open[pointer] = len(same | held)
        self.measures = {
            pointer: _Measure(tour, spot, self.rows, self.sizes)
            for pointer, spot in tour.spots.items()
        }
        self.due: dict[str, float] = {}
        self.heap: list[tuple[float, int, str]] = []
        self.pushes = 0

    def run(self) -> None:
        """Settle all subschemas: first those that no circle of references is part of."""
        ready = [pointer for pointer, count in self.open.items() if not count]
        while ready:
            pointer = ready.pop()
            self._settle(pointer, inf)
            for above in (*self.same.get(pointer, ()), *self.holders.get(pointer, ())):
                self.open[above] -= 1
                if not self.open[above]:
                    ready.append(above)
        self.due.clear()
        self.heap.clear()
        for pointer, count in self.open.items():
            if count:
                self._push(pointer, 0.0)
        while self.heap:
            key, _, pointer = heappop(self.heap)
            if self.due.get(pointer) == key:
                del self.due[pointer]
                self._settle(pointer, key)

    def _settle(self, pointer: str, key: float) -> None:
        """Take over what is not longer than ``key``; come back for the rest."""
        row, reason = self.measures[pointer].row()
        if min(row) == inf:
            self.reasons[pointer] = reason
            return
        self.reasons.pop(pointer, None)
        old = self.rows[pointer]
        settled = tuple(new if new <= key else was for new, was in zip(row, old, strict=True))
        for new, was in zip(row, settled, strict=True):
            if new < was:
                self._push(pointer, new)
        if settled != old:
            self.rows[pointer] = settled
            for above in self.same.get(pointer, ()):
                self._push(above, key)
        if min(settled) != self.sizes[pointer]:
            self.sizes[pointer] = min(settled)
            for above in self.holders.get(pointer, ()):
                self._push(above, key)

    def _push(self, pointer: str, key: float) -> None:
        if key < self.due.get(pointer, inf):
            self.due[pointer] = key
            heappush(self.heap, (key, self.pushes, pointer))
            self.pushes += 1


def fault(tour: Tour, found: Least) -> tuple[str, str] | None:
    """Where and why no answer is possible; ``None`` if one is."""
    if found.sizes[""] < inf:
        return None
    pointer, seen = "", set()
    while pointer not in seen:
        seen.add(pointer)
        reason = found.reasons.get(pointer, "")
        if not reason.startswith("->"):
            return pointer, reason or "nothing is allowed here"
        pointer = reason[2:]
    return pointer, "it contains itself without end: no finite value exists"


class _Measure:
    """The shortest answers of one subschema, given those of its parts."""

    def __init__(
        self, tour: Tour, spot: Spot, rows: Mapping[str, Row], sizes: Mapping[str, float]
    ) -> None:
        self.spot, self.rows, self.sizes = spot, rows, sizes
        self.words = tour.words(spot)
        self.goals = [pointer for _, pointer in tour.goals(spot)]
        self.listed = self._listed()
        self.asked = [(name, len(name) + 4.0) for name in self._required()]
        self.members = {
            name: step(spot.pointer, "properties", name)
            for name, _ in self.asked
            if name in self.words.get("properties", ())
        }

    def row(self) -> tuple[Row, str]:
        """The shortest value of each kind, and why there is none if there is none."""
        if isinstance(self.spot.schema, bool):
            return (ANY, "") if self.spot.schema else (NONE, "`false` allows nothing")
        bounds = [self.listed or self._own()]
        bounds += [(self.rows[goal], f"->{goal}") for goal in self.goals]
        for number, _ in enumerate(self.words.get("allOf", ())):
            bounds.append(self._at("allOf", number))
        for word in ("anyOf", "oneOf"):
            if self.words.get(word):
                bounds.append(self._either(word))
        if self.words.get("not") in (True, {}) and "not" in self.words:
            bounds.append((NONE, "`not` allows nothing"))
        whole = tuple(map(max, zip(*(row for row, _ in bounds), strict=True)))
        if min(whole) < inf:
            return whole, ""
        causes = [reason for row, reason in bounds if min(row) == inf]
        return whole, causes[0] if causes else "its parts allow no common type"

    def _at(self, *path: str | int) -> tuple[Row, str]:
        pointer = step(self.spot.pointer, *path)
        return self.rows.get(pointer, ANY), f"->{pointer}"

    def _shortest(self, *path: str | int) -> tuple[float, str]:
        pointer = step(self.spot.pointer, *path)
        return self.sizes.get(pointer, 1.0), f"->{pointer}"

    def _required(self) -> dict[str, None]:
        return dict.fromkeys(self.words.get("required", ()))

    def _either(self, word: str) -> tuple[Row, str]:
        rows = [self._at(word, number) for number, _ in enumerate(self.words[word])]
        return tuple(map(min, zip(*(row for row, _ in rows), strict=True))), rows[0][1]

    def _kinds(self) -> list[str]:
        said = self.words.get("type")
        if said is None:
            return list(KINDS)
        types = [said] if isinstance(said, str) else said
        return [kind for name in types for kind in BY_TYPE.get(name, ())]

    def _listed(self) -> tuple[Row, str] | None:
        """The shortest of the values that ``const`` or ``enum`` names."""
        if "const" in self.words:
            values, reason = [self.words["const"]], "`const` is of another `type`"
        elif "enum" in self.words:
            values, reason = self.words["enum"], "no value of `enum` is of the `type`"
        else:
            return None
        sizes = dict.fromkeys(KINDS, inf)
        allowed = set(self._kinds())
        for value in values:
            kind = _kind(value)
            if kind in allowed:
                sizes[kind] = min(sizes[kind], _length(value))
        return tuple(sizes.values()), reason

    def _own(self) -> tuple[Row, str]:
        sizes = dict.fromkeys(KINDS, inf)
        reasons = []
        for kind in self._kinds():
            sizes[kind], reason = self._of_kind(kind)
            reasons.append(reason)
        return tuple(sizes.values()), next(iter(reasons), "`type` is an empty list")

    def _of_kind(self, kind: str) -> tuple[float, str]:
        if kind == "string":
            low, high = self._limit("minLength", 0), self._limit("maxLength", inf)
            return (inf, "`minLength` is greater than `maxLength`") if low > high else (low + 2, "")
        if kind in ("integer", "fraction"):
            return _number(self.words, kind)
        if kind == "array":
            return self._array()
        return self._object() if kind == "object" else (4.0, "")

    def _limit(self, word: str, default: float) -> float:
        return float(self.words.get(word, default))

    def _array(self) -> tuple[float, str]:
        low, high = self._limit("minItems", 0), self._limit("maxItems", inf)
        if "contains" in self.words:
            low = max(low, self._limit("minContains", 1))
        if low > high:
            return inf, "`minItems` is greater than `maxItems`"
        word = "items" if isinstance(self.words.get("items"), list) else "prefixItems"
        first = self.words.get(word, ())
        rest = "additionalItems" if word == "items" else "items"
        total, worst = 2.0, ""
        for number in range(int(min(low, len(first)))):
            size, reason = self._shortest(word, number)
            total, worst = total + size + 1.0, worst or (reason if size == inf else "")
        more = low - len(first)
        if more > 0:
            size, reason = self._shortest(rest) if rest in self.words else (1.0, "")
            total, worst = total + more * (size + 1.0), worst or (reason if size == inf else "")
            held = self.words.get(rest)
            values = held.get("enum") if isinstance(held, dict) else None
            if self.words.get("uniqueItems") and isinstance(values, list) and len(values) < more:
                return inf, "`minItems` asks for more different items than `enum` has"
        return total - (low > 0), worst

    def _object(self) -> tuple[float, str]:
        asked = self.asked
        low, high = self._limit("minProperties", 0), self._limit("maxProperties", inf)
        if max(low, len(asked)) > high:
            return inf, "`maxProperties` is less than what is required"
        closed = self.words.get("additionalProperties") is False
        total, worst = 2.0, ""
        for name, length in asked:
            size, reason = self._property(name, closed=closed)
            total += length + size
            worst = worst or (reason if size == inf else "")
        more = max(0.0, low - len(asked))
        if more:
            named = len(self.words.get("properties", ()))
            if closed and not self.words.get("patternProperties") and low > named:
                return inf, "`minProperties` asks for more properties than there are"
            total += 5.0 * more
        if self.words.get("propertyNames") is False and low + len(asked) > 0:
            return inf, "`propertyNames` allows no name, but some are required"
        return total - (more + len(asked) > 0), worst

    def _property(self, name: str, *, closed: bool) -> tuple[float, str]:
        pointer = self.members.get(name)
        if pointer is not None:
            return self.sizes.get(pointer, 1.0), f"->{pointer}"
        if any(_may_match(pattern, name) for pattern in self.words.get("patternProperties", ())):
            return 1.0, ""
        if closed:
            return inf, f"`required` asks for {name!r}, which `additionalProperties` forbids"
        if "additionalProperties" in self.words:
            return self._shortest("additionalProperties")
        return 1.0, ""


def _may_match(pattern: str, name: str) -> bool:
    """Whether a property's name may fit a pattern; said of every pattern that is not plain."""
    return not re.fullmatch(r"\^?[A-Za-z0-9_-]+\$?", pattern) or pattern.strip("^$") in name


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return "integer"
    if isinstance(value, float):
        return "fraction"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def _length(value: Any) -> float:
    """Characters that a value takes, at least; its depth is bounded by the schema's."""
    if isinstance(value, bool) or value is None:
        return 5.0 if value is False else 4.0
    if isinstance(value, (int, float)):
        return float(len(str(int(value)))) if abs(value) < SHORT_NUMBER else 1.0
    if isinstance(value, str):
        return float(len(json.dumps(value, ensure_ascii=False)))
    if isinstance(value, list):
        return 2.0 + sum(_length(one) + 1 for one in value) - bool(value)
    names = sum(len(name) + 4 + _length(one) for name, one in value.items())
    return 2.0 + names - bool(value)


def _number(words: Mapping[str, Any], kind: str) -> tuple[float, str]:
    low, high = words.get("minimum", -inf), words.get("maximum", inf)
    above, below = words.get("exclusiveMinimum"), words.get("exclusiveMaximum")
    open_low, open_high = above is True, below is True  # draft 4
    if above is not None and above is not True and above >= low:
        low, open_low = above, True
    if below is not None and below is not True and below <= high:
        high, open_high = below, True
    if low > high or (low == high and (open_low or open_high)):
        return inf, "`minimum` is greater than `maximum`"
    if kind == "fraction":
        return (1.0, "") if low < high or low != floor(low) else (inf, "only a whole number fits")
    if -inf < low and high < inf:
        first = floor(low) + 1 if open_low and low == floor(low) else ceil(low)
        last = ceil(high) - 1 if open_high and high == ceil(high) else floor(high)
        if first > last:
            return inf, "no whole number lies between `minimum` and `maximum`"
    return 1.0, ""
