"""The shortest answer that a schema allows, in characters of compact JSON; infinite for none.

A lower bound, worked out as the least fixed point over all subschemas: what it calls impossible is
impossible, what it calls short may still be longer (patterns and ``not`` are not looked into).
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, inf
from typing import Any, Final

from rolecall.schema.dialect import OLD
from rolecall.schema.tour import Spot, Tour, references, step

TYPES: Final = ("null", "boolean", "object", "array", "number", "string", "integer")


@dataclass(frozen=True, slots=True)
class Least:
    """The shortest answer by pointer, and why there is none where there is none."""

    sizes: Mapping[str, float]
    reasons: Mapping[str, str]


def least(tour: Tour) -> Least:
    """The shortest answer of every subschema of ``tour``."""
    sizes = dict.fromkeys(tour.spots, inf)
    reasons: dict[str, str] = {}
    above: dict[str, set[str]] = {}
    for spot in tour.spots.values():
        for _, _, pointer in tour.below(spot):
            above.setdefault(pointer, set()).add(spot.pointer)
        for reference in references(spot.schema):
            above.setdefault(tour.target(spot, reference), set()).add(spot.pointer)
    waiting = deque(reversed(list(tour.spots)))
    queued = set(waiting)
    while waiting:
        pointer = waiting.popleft()
        queued.discard(pointer)
        size, reason = _Measure(tour, tour.spots[pointer], sizes).size()
        if size < sizes[pointer]:
            sizes[pointer] = size
            fresh = above.get(pointer, set()) - queued
            queued |= fresh
            waiting.extend(fresh)
        if size == inf:
            reasons[pointer] = reason
        else:
            reasons.pop(pointer, None)
    return Least(sizes, reasons)


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
    """The shortest answer of one subschema, given those of its parts."""

    def __init__(self, tour: Tour, spot: Spot, sizes: Mapping[str, float]) -> None:
        self.tour, self.spot, self.sizes = tour, spot, sizes

    def size(self) -> tuple[float, str]:
        schema = self.spot.schema
        if isinstance(schema, bool):
            return (1.0, "") if schema else (inf, "`false` allows nothing")
        bounds = [self._own(schema)] if not self._hidden(schema) else []
        for reference in references(schema):
            target = self.tour.target(self.spot, reference)
            bounds.append((self.sizes[target], f"->{target}"))
        if not self._hidden(schema):
            bounds += self._combined(schema)
        return max(bounds, key=lambda row: row[0])

    def _hidden(self, schema: dict[str, Any]) -> bool:
        return self.tour.draft in OLD and "$ref" in schema

    def _at(self, *path: str | int) -> tuple[float, str]:
        pointer = step(self.spot.pointer, *path)
        return self.sizes.get(pointer, 1.0), f"->{pointer}"

    def _combined(self, schema: dict[str, Any]) -> list[tuple[float, str]]:
        out = []
        for number, _ in enumerate(_list(schema.get("allOf"))):
            out.append(self._at("allOf", number))
        for word in ("anyOf", "oneOf"):
            rows = [self._at(word, number) for number, _ in enumerate(_list(schema.get(word)))]
            if rows:
                out.append(min(rows, key=lambda row: row[0]))
        if schema.get("not") in (True, {}):
            out.append((inf, "`not` allows nothing"))
        return out

    def _own(self, schema: dict[str, Any]) -> tuple[float, str]:
        kinds = schema.get("type", TYPES)
        kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
        if "const" in schema:
            return _listed([schema["const"]], kinds, "`const` is of another `type`")
        if isinstance(schema.get("enum"), list):
            return _listed(schema["enum"], kinds, "no value of `enum` is of the `type`")
        rows = [self._of_kind(kind, schema) for kind in kinds]
        return min(rows, key=lambda row: row[0]) if rows else (inf, "`type` is an empty list")

    def _of_kind(self, kind: str, schema: dict[str, Any]) -> tuple[float, str]:
        if kind == "string":
            low, high = _whole(schema, "minLength", 0), _whole(schema, "maxLength", inf)
            if low > high:
                return inf, "`minLength` is greater than `maxLength`"
            return low + 2.0, "`minLength` is too great"
        if kind in ("number", "integer"):
            return _number(schema, kind)
        if kind == "array":
            return self._array(schema)
        return self._object(schema) if kind == "object" else (4.0, "")

    def _array(self, schema: dict[str, Any]) -> tuple[float, str]:
        low, high = _whole(schema, "minItems", 0), _whole(schema, "maxItems", inf)
        if "contains" in schema:
            low = max(low, _whole(schema, "minContains", 1))
        if low > high:
            return inf, "`minItems` is greater than `maxItems`"
        word = "items" if isinstance(schema.get("items"), list) else "prefixItems"
        first = _list(schema.get(word))
        rest = "additionalItems" if word == "items" else "items"
        total, worst = 2.0, ""
        for number in range(int(min(low, len(first)))):
            size, reason = self._at(word, number)
            total, worst = total + size + 1.0, reason if size == inf else worst
        more = max(0, low - len(first))
        if more:
            size, reason = self._at(rest) if rest in schema else (1.0, "")
            total, worst = total + more * (size + 1.0), reason if size == inf else worst
            held = schema.get(rest)
            if schema.get("uniqueItems") and isinstance(held, dict):
                values = held.get("enum")
                if isinstance(values, list) and len(values) < more:
                    return inf, "`minItems` asks for more different items than `enum` has"
        return total, worst or "`minItems` is too great"

    def _object(self, schema: dict[str, Any]) -> tuple[float, str]:
        asked = [name for name in _list(schema.get("required")) if isinstance(name, str)]
        low, high = _whole(schema, "minProperties", 0), _whole(schema, "maxProperties", inf)
        named = schema.get("properties")
        named = named if isinstance(named, dict) else {}
        if max(low, len(set(asked))) > high:
            return inf, "`maxProperties` is less than what is required"
        closed = schema.get("additionalProperties") is False
        total, worst = 2.0, ""
        for name in dict.fromkeys(asked):
            size, reason = self._property(name, schema, named, closed)
            total += len(name) + 4.0 + size
            worst = reason if size == inf else worst
        more = low - len(set(asked))
        if more > 0:
            if closed and not schema.get("patternProperties") and low > len(named):
                return inf, "`minProperties` asks for more properties than there are"
            total += 5.0 * more
        if schema.get("propertyNames") is False and low + len(asked) > 0:
            return inf, "`propertyNames` allows no name, but some are required"
        return total, worst or "what is required is too much"

    def _property(
        self, name: str, schema: dict[str, Any], named: dict[str, Any], closed: bool
    ) -> tuple[float, str]:
        if name in named:
            return self._at("properties", name)
        patterns = schema.get("patternProperties")
        if isinstance(patterns, dict) and any(map(_may_match, patterns, [name] * len(patterns))):
            return 1.0, ""
        if closed:
            return inf, f"`required` asks for {name!r}, which `additionalProperties` forbids"
        return self._at("additionalProperties") if "additionalProperties" in schema else (1.0, "")


def _may_match(pattern: str, name: str) -> bool:
    """Whether a property's name may fit a pattern; said of every pattern that is not plain."""
    return not re.fullmatch(r"\^?[\w-]+\$?", pattern) or pattern.strip("^$") in name


def _listed(values: list[Any], kinds: tuple[str, ...], reason: str) -> tuple[float, str]:
    sizes = [
        float(len(json.dumps(value, separators=(",", ":"), ensure_ascii=False)))
        for value in values
        if any(kind in kinds for kind in _kinds(value))
    ]
    return (min(sizes), "its values are too long") if sizes else (inf, reason)


def _kinds(value: Any) -> tuple[str, ...]:
    if value is None:
        return ("null",)
    if isinstance(value, bool):
        return ("boolean",)
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return ("integer", "number")
    if isinstance(value, float):
        return ("number",)
    return ({str: "string", list: "array", dict: "object"}[type(value)],)


def _number(schema: dict[str, Any], kind: str) -> tuple[float, str]:
    low, high = _limit(schema, "minimum", -inf), _limit(schema, "maximum", inf)
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    open_low, open_high = above is True, below is True  # draft 4
    if above is not None and not isinstance(above, bool) and above >= low:
        low, open_low = above, True
    if below is not None and not isinstance(below, bool) and below <= high:
        high, open_high = below, True
    if low > high or (low == high and (open_low or open_high)):
        return inf, "`minimum` is greater than `maximum`"
    if kind == "integer" and -inf < low and high < inf:
        first = floor(low) + 1 if open_low and low == floor(low) else ceil(low)
        last = ceil(high) - 1 if open_high and high == ceil(high) else floor(high)
        if first > last:
            return inf, "no whole number lies between `minimum` and `maximum`"
    return 1.0, ""


def _limit(schema: dict[str, Any], word: str, default: float) -> float:
    value = schema.get(word)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else default


def _whole(schema: dict[str, Any], word: str, default: float) -> float:
    return _limit(schema, word, default)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
