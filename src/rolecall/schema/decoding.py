"""The form of a schema that an engine decodes by: one spelling, and constraints alone.

Whatever draft a schema is written in, its decoding form is draft 2020-12 without titles, defaults
and ``x-`` words (an engine might obey them), and every schema that is referred to lies under
``$defs``. It asks no more than the schema does: whatever the schema allows, its form allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from typing import Any, Final

from rolecall.schema.tour import REFERENCES, Spot, Tour, step

COUNTS: Final = frozenset(
    "minLength maxLength minItems maxItems minProperties maxProperties minContains"
    " maxContains".split()
)


@dataclass(slots=True)
class Loosening:
    """What an engine is not asked for: pointers of keywords, each with the reason.

    A keyword in ``dropped`` is left out, with everything inside it. A ``oneOf`` in ``widened`` is
    written as ``anyOf``.
    """

    dropped: dict[str, str] = field(default_factory=dict)
    widened: dict[str, str] = field(default_factory=dict)

    def drop(self, pointers: Iterator[str] | Set[str], reason: str) -> bool:
        """Leave out keywords; whether any of them was still in."""
        fresh = [pointer for pointer in pointers if pointer not in self.dropped]
        self.dropped.update(dict.fromkeys(fresh, reason))
        return bool(fresh)


def kept(tour: Tour, loose: Loosening, start: str = "") -> set[str]:
    """The subschemas below ``start`` that take part in decoding, by pointer."""
    found = {start}
    waiting = [start]
    while waiting:
        for keyword, pointer in tour.edges(tour.spots[waiting.pop()]):
            if pointer not in found and keyword not in loose.dropped:
                found.add(pointer)
                waiting.append(pointer)
    return found


def targets(tour: Tour, spot: Spot, loose: Loosening) -> list[str]:
    """Where the references of a schema lead, as far as they take part in decoding."""
    return [
        goal for word, goal in tour.goals(spot) if step(spot.pointer, word) not in loose.dropped
    ]


def decoding_form(
    tour: Tour, loose: Loosening | None = None, impossible: Set[str] = frozenset()
) -> dict[str, Any]:
    """The decoding form of a schema, less what ``loose`` names.

    ``impossible`` are the pointers of subschemas that no value meets.
    """
    return _Form(tour, loose or Loosening(), impossible).whole()


def goals_by_name(tour: Tour, loose: Loosening) -> dict[str, str]:
    """The names under which the decoding form holds the schemas that are referred to."""
    reached = kept(tour, loose)
    spots = [spot for pointer, spot in tour.spots.items() if pointer in reached]
    goals = {goal for spot in spots for goal in targets(tour, spot, loose)}
    names: dict[str, str] = {}
    for spot in spots:
        if spot.pointer in goals and spot.pointer:
            last = spot.pointer.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
            first = last if last.isidentifier() else "schema"
            name, number = first, 1
            while name in names:
                number += 1
                name = f"{first}_{number}"
            names[name] = spot.pointer
    return names


class _Form:
    """Writes the decoding form of one schema."""

    def __init__(self, tour: Tour, loose: Loosening, impossible: Set[str]) -> None:
        self.tour, self.loose, self.impossible = tour, loose, impossible
        self.names = {at: name for name, at in goals_by_name(tour, loose).items()}

    def whole(self) -> dict[str, Any]:
        root = self._body("")
        form = root if isinstance(root, dict) else {} if root else {"not": {}}
        if self.names:
            form["$defs"] = {name: self._body(at) for at, name in self.names.items()}
        return form

    def _at(self, pointer: str) -> Any:
        """The schema at ``pointer``, written where it stands or referred to.

        One that nothing meets is written out as such: engines refuse a schema that refers to one,
        be it for a property that may be left out.
        """
        if pointer in self.impossible:
            return False
        if pointer in self.names:
            return {"$ref": step("#/$defs", self.names[pointer])}
        return self._body(pointer)

    def _body(self, pointer: str) -> Any:
        spot = self.tour.spots[pointer]
        if isinstance(spot.schema, bool):
            return spot.schema
        out: dict[str, Any] = {}
        also: list[Any] = []
        for word, value in self.tour.words(spot).items():
            if step(pointer, word) not in self.loose.dropped:
                self._write(spot, word, value, out, also)
        for one in also:
            if any(word in out for word in one):
                out.setdefault("allOf", []).append(one)
            else:
                out.update(one)
        return out

    def _write(
        self, spot: Spot, word: str, value: Any, out: dict[str, Any], also: list[Any]
    ) -> None:
        schema = _words(spot)
        if word in REFERENCES:
            if self.tour.moves(spot, word):
                return
            goal = self.tour.target(spot, value)
            also.append({"$ref": step("#/$defs", self.names[goal]) if goal else "#"})
        elif word in ("exclusiveMinimum", "exclusiveMaximum") and value is True:  # draft 4
            out[word] = schema[word.replace("exclusiveM", "m")]
        elif word in ("minimum", "maximum"):
            if schema.get(f"exclusive{word.capitalize()}") is not True:
                out[word] = value
        elif word in ("dependencies", "dependentRequired", "dependentSchemas"):
            self._split(spot, word, value, out)
        elif word == "oneOf" and step(spot.pointer, word) in self.loose.widened:
            also.append({"anyOf": self._inner(spot, word, value)})
        else:
            out[_spelling(word, value)] = self._inner(spot, word, value)

    def _inner(self, spot: Spot, word: str, value: Any) -> Any:
        """The value of a keyword, the schemas in it rewritten."""
        paths = [path for name, path, _ in self.tour.below(spot) if name == word]
        if not paths:
            return int(value) if word in COUNTS else value
        if len(paths[0]) == 1:
            return self._at(step(spot.pointer, *paths[0]))
        if isinstance(value, list):
            return [self._at(step(spot.pointer, *path)) for path in paths]
        return {str(path[1]): self._at(step(spot.pointer, *path)) for path in paths}

    def _split(self, spot: Spot, word: str, value: Any, out: dict[str, Any]) -> None:
        """Write ``dependencies`` as the two keywords that have taken its place."""
        for name, asked in value.items():
            if isinstance(asked, list):
                out.setdefault("dependentRequired", {})[name] = asked
            else:
                inner = self._at(step(spot.pointer, word, name))
                out.setdefault("dependentSchemas", {})[name] = inner


def _spelling(word: str, value: Any) -> str:
    if word == "items" and isinstance(value, list):
        return "prefixItems"
    return "items" if word == "additionalItems" else word


def _words(spot: Spot) -> dict[str, Any]:
    return spot.schema if isinstance(spot.schema, dict) else {}
