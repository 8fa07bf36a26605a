"""A schema's subschemas in one walk, and what its references lead to. Nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urldefrag, urljoin

from rolecall.errors import SchemaError
from rolecall.schema.dialect import CONSTRAINTS, NEEDS, OLD, Draft, identifier, parts
from rolecall.schema.limits import SchemaLimits

ROOT = "https://schema.invalid/"
"""The base of a schema that gives itself no identifier."""

REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
MOVING: Final = {"$dynamicRef": "$dynamicAnchor", "$recursiveRef": "$recursiveAnchor"}
"""References that may lead elsewhere by another way, and what marks a goal that they pass by."""

Part = tuple[str, tuple[str | int, ...], str]
"""A subschema of a schema: keyword, path below the schema, pointer."""


def step(pointer: str, *path: str | int) -> str:
    """A JSON pointer, some steps further down (RFC 6901)."""
    for part in path:
        name = part if isinstance(part, str) else str(part)
        if "~" in name or "/" in name:
            name = name.replace("~", "~0").replace("/", "~1")
        pointer = f"{pointer}/{name}"
    return pointer


@dataclass(frozen=True, slots=True)
class Spot:
    """A subschema: where it stands, the keyword it stands under, and the base of its references.

    One that only references lead to, where the draft knows no schemas, stands under ``$ref``.
    """

    pointer: str
    schema: dict[str, Any] | bool
    word: str
    base: str


@dataclass(frozen=True, slots=True)
class Tour:
    """All subschemas of a schema by pointer, and the addresses that lead to them."""

    draft: Draft
    root: Any
    spots: Mapping[str, Spot]
    addresses: Mapping[str, str]
    _below: dict[str, tuple[Part, ...]] = field(default_factory=dict, repr=False)
    _edges: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict, repr=False)
    _goals: dict[str, tuple[tuple[str, str], ...]] = field(default_factory=dict, repr=False)
    _targets: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    _words: dict[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def below(self, spot: Spot) -> tuple[Part, ...]:
        """The subschemas of a spot: keyword, path below it, pointer."""
        if spot.pointer not in self._below:
            rows = parts(spot.schema, self.draft) if isinstance(spot.schema, dict) else ()
            found = tuple((word, path, step(spot.pointer, *path)) for word, path, _ in rows)
            self._below[spot.pointer] = found
        return self._below[spot.pointer]

    def words(self, spot: Spot) -> Mapping[str, Any]:
        """The keywords of a spot that can make a value invalid, with their values."""
        if spot.pointer not in self._words:
            self._words[spot.pointer] = self._constraints(spot)
        return self._words[spot.pointer]

    def _constraints(self, spot: Spot) -> dict[str, Any]:
        schema = spot.schema
        if isinstance(schema, bool):
            return {}
        if self.draft in OLD and "$ref" in schema:
            return {"$ref": schema["$ref"]}
        known = CONSTRAINTS[self.draft]
        return {
            word: value
            for word, value in schema.items()
            if word in known and not _silent(word, value, schema)
        }

    def goals(self, spot: Spot) -> tuple[tuple[str, str], ...]:
        """The references of a spot that hold: keyword, and the pointer of the goal.

        Left out are those whose goal depends on the way that led to them.
        """
        if spot.pointer not in self._goals:
            words = self.words(spot)
            self._goals[spot.pointer] = tuple(
                (word, self.target(spot, words[word]))
                for word in REFERENCES
                if word in words and not self.moves(spot, word)
            )
        return self._goals[spot.pointer]

    def edges(self, spot: Spot) -> tuple[tuple[str, str], ...]:
        """All subschemas that hold where a spot does: pointers of the keyword and the subschema."""
        if spot.pointer not in self._edges:
            words = self.words(spot)
            parts = [(word, pointer) for word, _, pointer in self.below(spot) if word in words]
            self._edges[spot.pointer] = tuple(
                (step(spot.pointer, word), pointer) for word, pointer in (*parts, *self.goals(spot))
            )
        return self._edges[spot.pointer]

    def moves(self, spot: Spot, word: str) -> bool:
        """Whether the goal of a reference depends on the way that led to it."""
        words = self.words(spot)
        if word not in MOVING or word not in words:
            return False
        goal = self.spots[self.target(spot, words[word])].schema
        return isinstance(goal, dict) and bool(goal.get(MOVING[word]))

    def target(self, spot: Spot, reference: str) -> str:
        """The pointer of the subschema that ``reference`` (at ``spot``) leads to.

        Raises ``SchemaError`` for one that leaves the schema or leads nowhere.
        """
        key = spot.base, reference
        if key not in self._targets:
            self._targets[key] = self._target(spot, reference)
        return self._targets[key]

    def _target(self, spot: Spot, reference: str) -> str:
        address, fragment = _parted(_joined(spot.base, reference))
        at = self.addresses.get(address)
        if at is None:
            raise SchemaError(
                f"the reference {_short(reference)} leaves the schema; nothing is fetched",
                pointer=spot.pointer,
                hint="put the schema it means under $defs and refer to that",
            )
        if fragment and not fragment.startswith("/"):
            found = self.addresses.get(f"{address}#{fragment}")
        else:
            found = at + unquote(fragment)
        if found is None or (found not in self.spots and not self._exists(found)):
            raise SchemaError(
                f"the reference {_short(reference)} leads nowhere",
                pointer=spot.pointer,
                hint="check the spelling of the reference",
            )
        return found

    def _exists(self, pointer: str) -> bool:
        return find(self.root, pointer) is not None


def find(root: Any, pointer: str) -> dict[str, Any] | bool | None:
    """The schema at ``pointer``; ``None`` where there is none."""
    value = root
    for raw in pointer.split("/")[1:]:
        name = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value if isinstance(value, (dict, bool)) else None


def tour(root: dict[str, Any] | bool, draft: Draft, limits: SchemaLimits) -> Tour:
    """Walk ``root`` and everything its references reach.

    Raises ``SchemaError`` for more subschemas than ``limits`` allow and for references that leave
    the schema or lead nowhere.
    """
    spots: dict[str, Spot] = {}
    addresses = {ROOT: ""}
    found = Tour(draft, root, spots, addresses)
    _walk(found, Spot("", root, "", ROOT), spots, addresses, limits)
    waiting = list(spots.values())
    while waiting:
        spot = waiting.pop()
        for reference in references(spot.schema):
            at = found.target(spot, reference)
            if at not in spots:  # under a keyword that the draft does not know
                value = find(root, at)
                if value is not None:
                    before = len(spots)
                    _walk(
                        found, Spot(at, value, "$ref", _base(found, at)), spots, addresses, limits
                    )
                    waiting.extend(list(spots.values())[before:])
    return found


def references(schema: dict[str, Any] | bool) -> list[str]:
    """The references of a schema, its subschemas left aside."""
    if isinstance(schema, bool):
        return []
    return [schema[word] for word in REFERENCES if isinstance(schema.get(word), str)]


def _silent(word: str, value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a keyword says nothing, for its value or for want of another one beside it."""
    if word == "additionalItems":
        return not isinstance(schema.get("items"), list)
    if word in ("uniqueItems", "exclusiveMinimum", "exclusiveMaximum"):
        return value is False
    return word in NEEDS and NEEDS[word] not in schema


def _walk(
    found: Tour,
    first: Spot,
    spots: dict[str, Spot],
    addresses: dict[str, str],
    limits: SchemaLimits,
) -> None:
    waiting = [first]
    while waiting:
        spot = waiting.pop()
        if spot.pointer in spots:
            continue
        if len(spots) >= limits.subschemas:
            raise SchemaError(
                f"more than {limits.subschemas:,} subschemas",
                hint="ask for fewer fields, or split the schema in two",
            )
        base = spot.base
        if isinstance(spot.schema, dict):
            _check_references(spot)
            base = _named(spot, found.draft, addresses)
            spot = Spot(spot.pointer, spot.schema, spot.word, base)
        spots[spot.pointer] = spot
        for word, path, pointer in reversed(found.below(spot)):
            value = find(spot.schema, step("", *path))
            if value is not None:
                waiting.append(Spot(pointer, value, word, base))


def _check_references(spot: Spot) -> None:
    """Refuse a reference that is no text; draft 4 has no rule of its own for that."""
    for word in REFERENCES:
        if isinstance(spot.schema, dict) and not isinstance(spot.schema.get(word, ""), str):
            raise SchemaError(
                "a reference is a string",
                pointer=step(spot.pointer, word),
                hint="write the address of a schema, such as #/$defs/name",
            )


def _named(spot: Spot, draft: Draft, addresses: dict[str, str]) -> str:
    """Note the addresses that a schema gives itself; its base."""
    schema, base = spot.schema, spot.base
    if isinstance(schema, bool):
        return base
    own = identifier(schema, draft)
    if own is not None:
        if own.startswith("#") and draft in OLD:
            addresses.setdefault(f"{base}{own}", spot.pointer)
        else:
            base = _parted(_joined(base, own))[0]
            addresses.setdefault(base, spot.pointer)
    for word in ("$anchor", "$dynamicAnchor"):
        name = schema.get(word)
        if isinstance(name, str):
            addresses.setdefault(f"{base}#{name}", spot.pointer)
    if schema.get("$recursiveAnchor") is True:
        addresses.setdefault(f"{base}#", spot.pointer)
    return base


def _base(found: Tour, pointer: str) -> str:
    """The base of the nearest known schema above ``pointer``."""
    while pointer:
        pointer = pointer.rpartition("/")[0]
        spot = found.spots.get(pointer)
        if spot is not None:
            return spot.base
    return ROOT


def _joined(base: str, reference: str) -> str:
    """The absolute form of a reference; ``urljoin`` forgets bases such as ``urn:name``."""
    if reference.startswith("#"):
        return base + reference
    try:
        return urljoin(base, reference)
    except ValueError:
        return reference


def _parted(address: str) -> tuple[str, str]:
    """An address without its fragment, and that; also one that is no address at all."""
    try:
        return urldefrag(address)
    except ValueError:
        bare, _, fragment = address.partition("#")
        return bare, fragment


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")
