"""The fields of a user's schema: every place in its data that can hold a value of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from rolecall.errors import SchemaError
from rolecall.schema.dialect import OLD
from rolecall.schema.tour import Spot, Tour, step

Kind = Literal["text", "number", "integer", "boolean", "list", "rows", "object", "any"]

DEEPEST: Final = 8
"""Objects within objects that are looked into; a schema may contain itself."""

MOST_FIELDS: Final = 1_000
MARK: Final = "x-rolecall"
MARK_WORDS: Final = frozenset({"from", "verbatim", "long", "description"})
ALL_KINDS: Final = frozenset({"string", "number", "integer", "boolean", "array", "object", "null"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of the user's data.

    ``path`` are the names that lead to it. ``kind`` is what it holds; ``rows`` is a list of
    objects, whose ``members`` are fields of their own, with paths that begin in the row. ``rules``
    are the keywords that hold for it, references followed; for a list, ``item`` are those of its
    items. ``nullable`` says whether it may be null, ``required`` whether every answer must have it.
    ``mark`` is its ``x-rolecall`` annotation.
    """

    path: tuple[str, ...]
    kind: Kind
    rules: Mapping[str, Any]
    item: Mapping[str, Any]
    members: tuple[Field, ...] = ()
    nullable: bool = False
    required: bool = False
    mark: Mapping[str, Any]

    @property
    def pointer(self) -> str:
        """The field's JSON pointer in the data."""
        return step("", *self.path)

    @property
    def values(self) -> tuple[Any, ...] | None:
        """The values that the field (or each item) may have, if they are listed."""
        rules = self.item if self.kind == "list" else self.rules
        if "const" in rules:
            return (rules["const"],)
        return tuple(rules["enum"]) if isinstance(rules.get("enum"), list) else None


class _Reader:
    """Reads the fields below one schema."""

    def __init__(self, tour: Tour) -> None:
        self.tour = tour
        self.count = self.depth = 0

    def fields(
        self, rules: Mapping[str, Any], path: tuple[str, ...], required: bool
    ) -> Iterator[Field]:
        """The fields of an object, in the order of its properties."""
        if self.depth >= DEEPEST:
            return
        self.depth += 1
        asked = rules.get("required")
        asked = asked if isinstance(asked, list) else []
        for name, pointer in rules.get("properties", {}).items():
            yield from self.field(pointer, (*path, name), required and name in asked)
        self.depth -= 1

    def field(self, pointer: str, path: tuple[str, ...], required: bool) -> Iterator[Field]:
        """The field at ``path``, or those of the object that stands there."""
        if self.count >= MOST_FIELDS:
            return
        rules = self.rules(pointer)
        kinds = frozenset(rules["type"])
        nullable = "null" in kinds and ("enum" not in rules or None in _list(rules["enum"]))
        nullable = nullable and rules.get("const") is None
        kind = _kind(kinds, rules)
        mark = marks(rules, path)
        if kind == "object" and "properties" in rules and "from" not in mark:
            yield from self.fields(rules, path, required and not nullable)
            return
        item: Mapping[str, Any] = {}
        members: tuple[Field, ...] = ()
        if kind == "list":
            below = rules.get("items")
            item = self.rules(below) if isinstance(below, str) else {"type": ALL_KINDS}
            if "properties" in item:
                kind = "rows"
                members = tuple(self.fields(item, (), True))
        self.count += 1
        yield Field(
            path=path, kind=kind, rules=rules, item=item, members=members,
            nullable=nullable, required=required, mark=mark,
        )  # fmt: skip

    def rules(self, pointer: str, seen: frozenset[str] = frozenset()) -> dict[str, Any]:
        """The keywords that hold at ``pointer``: references followed, ``allOf`` joined.

        Of alternatives the first that is not null tells the keywords, and all of them the types.
        ``properties`` and ``items`` lead to the pointers of their schemas.
        """
        spot = self.tour.spots[pointer]
        if isinstance(spot.schema, bool) or pointer in seen:
            return {"type": ALL_KINDS if spot.schema is not False else frozenset()}
        seen |= {pointer}
        schema = spot.schema
        out: dict[str, Any] = {"type": ALL_KINDS}
        reference = schema.get("$ref")
        if isinstance(reference, str):
            out = self.rules(self.tour.target(spot, reference), seen)
            if self.tour.draft in OLD:
                return out
        own = _own(spot, schema)
        _join(out, own)
        for number, _ in enumerate(_list(schema.get("allOf"))):
            _join(out, self.rules(step(pointer, "allOf", number), seen))
        for word in ("anyOf", "oneOf"):
            count = len(_list(schema.get(word)))
            if count:
                rows = [self.rules(step(pointer, word, n), seen) for n in range(count)]
                _join(out, _either(rows))
        return out


def fields_of(tour: Tour) -> tuple[Field, ...]:
    """The fields of a schema in order; none if its data are no object."""
    reader = _Reader(tour)
    return tuple(reader.fields(reader.rules(""), (), True))


def marks(rules: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    """A field's ``x-rolecall`` annotation; raises ``SchemaError`` for one that is misspelled."""
    mark = rules.get(MARK, {})
    place = step("", *path)
    if not isinstance(mark, dict):
        raise SchemaError(
            f"{place}: {MARK} must be an object", hint=f"known: {', '.join(sorted(MARK_WORDS))}"
        )
    unknown = mark.keys() - MARK_WORDS
    if unknown:
        raise SchemaError(
            f"{place}: {MARK} has no {', '.join(map(repr, sorted(unknown)))}",
            hint=f"known: {', '.join(sorted(MARK_WORDS))}",
        )
    for word in ("verbatim", "long"):
        if not isinstance(mark.get(word, False), bool):
            raise SchemaError(f"{place}: {MARK}.{word} must be true or false")
    return mark


def _own(spot: Spot, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema's own keywords, with pointers in place of subschemas."""
    out = {
        word: value
        for word, value in schema.items()
        if word not in ("$ref", "allOf", "anyOf", "oneOf", "type", "properties", "items", "not")
    }
    kinds = schema.get("type")
    if kinds is not None:
        out["type"] = frozenset((kinds,) if isinstance(kinds, str) else kinds)
        if "number" in out["type"]:
            out["type"] |= {"integer"}
    elif isinstance(schema.get("properties"), dict):
        out["type"] = frozenset({"object"})
    elif "items" in schema or "prefixItems" in schema:
        out["type"] = frozenset({"array"})
    if isinstance(schema.get("properties"), dict):
        names = schema["properties"]
        out["properties"] = {name: step(spot.pointer, "properties", name) for name in names}
    below = schema.get("items")
    if isinstance(below, (dict, bool)):
        out["items"] = step(spot.pointer, "items")
    elif isinstance(below, list) and below:
        out["items"] = step(spot.pointer, "items", 0)
    return out


def _join(out: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Let the keywords of ``more`` hold as well; what speaks of the nearer schema wins."""
    for word, value in more.items():
        if word == "type":
            both = out["type"] & value
            out["type"] = both if both else value
        elif word == "properties" and word in out:
            out[word] = {**out[word], **value}
        elif word == "required" and isinstance(value, list) and isinstance(out.get(word), list):
            out[word] = [*out[word], *(name for name in value if name not in out[word])]
        else:
            out[word] = value


def _either(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What holds of a value that may be any of several: the keywords of the first with a type."""
    telling = [row for row in rows if row["type"] != frozenset({"null"})]
    kinds = frozenset().union(*(row["type"] for row in rows))
    listed = [row["enum"] if "enum" in row else [row["const"]] for row in telling if _lists(row)]
    out = dict(telling[0]) if telling else {}
    if len(listed) == len(telling) > 1:
        out.pop("const", None)
        out["enum"] = [value for values in listed for value in values]
    elif len(telling) > 1:
        out.pop("enum", None)
        out.pop("const", None)
    out.pop("required", None) if len(telling) > 1 else None
    return {**out, "type": kinds}


def _lists(row: Mapping[str, Any]) -> bool:
    return "const" in row or isinstance(row.get("enum"), list)


def _kind(kinds: frozenset[str], rules: Mapping[str, Any]) -> Kind:
    """What a field of these types holds; one with listed values holds what they are."""
    if kinds >= ALL_KINDS and (values := _listed(rules)):
        kinds = frozenset(values)
    if "array" in kinds and kinds < ALL_KINDS:
        return "list"
    if "object" in kinds and kinds < ALL_KINDS:
        return "object"
    for kind, name in (("string", "text"), ("number", "number"), ("integer", "integer")):
        if kind in kinds and kinds < ALL_KINDS:
            return name  # type: ignore[return-value]
    return "boolean" if "boolean" in kinds and kinds < ALL_KINDS else "any"


def _listed(rules: Mapping[str, Any]) -> set[str]:
    values = [rules["const"]] if "const" in rules else _list(rules.get("enum"))
    names = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}
    return {names.get(type(value), "object") for value in values if value is not None}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
