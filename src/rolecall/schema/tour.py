"""A schema's subschemas in one walk, and what its references lead to. Nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

from rolecall.errors import SchemaError
from rolecall.schema.dialect import OLD, Draft, identifier, parts
from rolecall.schema.limits import SchemaLimits

ROOT = "https://schema.invalid/"
"""The base of a schema that gives itself no identifier."""


def step(pointer: str, *path: str | int) -> str:
    """A JSON pointer, some steps further down (RFC 6901)."""
    return pointer + "".join(f"/{str(p).replace('~', '~0').replace('/', '~1')}" for p in path)


@dataclass(frozen=True, slots=True)
class Spot:
    """A subschema: where it stands, the keyword it stands under, and the base of its references."""

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

    def below(self, spot: Spot) -> Iterator[tuple[str, tuple[str | int, ...], str]]:
        """The subschemas of a spot: keyword, path below it, pointer."""
        if isinstance(spot.schema, dict):
            for word, path, _ in parts(spot.schema, self.draft):
                yield word, path, step(spot.pointer, *path)

    def target(self, spot: Spot, reference: str) -> str:
        """The pointer of the subschema that ``reference`` (at ``spot``) leads to.

        Raises ``SchemaError`` for one that leaves the schema or leads nowhere.
        """
        address, fragment = urldefrag(_joined(spot.base, reference))
        at = self.addresses.get(address)
        if at is None:
            raise SchemaError(
                f"{spot.pointer or '/'}: the reference {_short(reference)} leaves the schema;"
                " nothing is fetched",
                hint="put the schema it means under $defs and refer to that",
            )
        if fragment and not fragment.startswith("/"):
            found = self.addresses.get(f"{address}#{fragment}")
        else:
            found = at + unquote(fragment)
        if found is None or (found not in self.spots and not self._exists(found)):
            raise SchemaError(
                f"{spot.pointer or '/'}: the reference {_short(reference)} leads nowhere",
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
                    _walk(found, Spot(at, value, "$ref", _base(found, at)), spots, addresses, limits)
                    waiting.extend(list(spots.values())[before:])
    return found


def references(schema: dict[str, Any] | bool) -> list[str]:
    """The references of a schema, its subschemas left aside."""
    if isinstance(schema, bool):
        return []
    words = ("$ref", "$dynamicRef", "$recursiveRef")
    return [schema[word] for word in words if isinstance(schema.get(word), str)]


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
            base = _named(spot, found.draft, addresses)
            spot = Spot(spot.pointer, spot.schema, spot.word, base)
        spots[spot.pointer] = spot
        below: Sequence[tuple[str, tuple[str | int, ...], str]] = list(found.below(spot))
        for word, path, pointer in reversed(below):
            value = find(spot.schema, step("", *path))
            if value is not None:
                waiting.append(Spot(pointer, value, word, base))


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
            base = urldefrag(_joined(base, own))[0]
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


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")
