"""The fields of a schema: where its data hold values."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall import Schema, SchemaError
from rolecall.schema.fields import Field

TEXT = {"type": "string"}


def fields(**properties: Any) -> dict[str, Field]:
    """The fields of an object with ``properties``, by pointer."""
    schema = Schema.from_json({"type": "object", "properties": properties, "required": ["a"]})
    return {one.pointer: one for one in schema.fields}


def test_nested_objects_give_their_own_fields() -> None:
    found = fields(a={"type": "object", "properties": {"b": TEXT, "c/d": {"type": "integer"}}})
    assert {pointer: one.kind for pointer, one in found.items()} == {
        "/a/b": "text",
        "/a/c~1d": "integer",
    }


def test_a_field_is_required_only_if_all_objects_around_it_are() -> None:
    inner = {"type": "object", "properties": {"x": TEXT}, "required": ["x"]}
    found = fields(a=inner, b=inner)
    assert found["/a/x"].required
    assert not found["/b/x"].required


@pytest.mark.parametrize(
    ("schema", "kind", "nullable"),
    [
        ({"type": ["string", "null"]}, "text", True),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, "number", True),
        ({"oneOf": [{"type": "null"}, {"type": "array", "items": TEXT}]}, "list", True),
        ({"enum": ["x", None]}, "text", True),
        ({"const": 3}, "integer", False),
        ({"allOf": [{"type": "string"}, {"minLength": 2}]}, "text", False),
        ({"$ref": "#/$defs/flag"}, "boolean", False),
        ({}, "any", True),
        (True, "any", True),
        ({"items": TEXT}, "list", False),
    ],
)
def test_the_kind_of_a_field(schema: Any, kind: str, nullable: bool) -> None:
    document = {
        "type": "object",
        "properties": {"a": schema},
        "$defs": {"flag": {"type": "boolean"}},
    }
    (one,) = Schema.from_json(document).fields
    assert one.kind == kind
    assert one.nullable is nullable or kind in ("text", "integer")


def test_rows_have_members_of_their_own() -> None:
    row = {"type": "object", "properties": {"city": TEXT, "n": {"type": "integer"}}}
    one = fields(a={"type": "array", "items": row})["/a"]
    assert one.kind == "rows"
    assert [(member.pointer, member.kind) for member in one.members] == [
        ("/city", "text"),
        ("/n", "integer"),
    ]


def test_a_schema_that_contains_itself_ends() -> None:
    tree = {
        "type": "object",
        "properties": {"v": TEXT, "kids": {"type": "array", "items": {"$ref": "#/$defs/t"}}},
    }
    schema = Schema.from_json(
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/t"}}, "$defs": {"t": tree}}
    )
    assert [one.pointer for one in schema.fields] == ["/a/v", "/a/kids"]


def test_alternatives_of_listed_values_are_joined() -> None:
    one = fields(a={"oneOf": [{"const": "x", "title": "X"}, {"const": "y"}]})["/a"]
    assert one.values == ("x", "y")


@pytest.mark.parametrize(
    "mark", [3, {"form": "title"}, {"verbatim": "yes"}, {"from": "wages"}, {"from": 7}]
)
def test_a_wrong_annotation_is_refused_with_its_place(mark: Any) -> None:
    with pytest.raises(SchemaError, match="/a"):
        fields(a={"type": "string", "x-rolecall": mark})


def test_an_annotation_that_cannot_fit_is_refused() -> None:
    with pytest.raises(SchemaError, match="cannot fill"):
        fields(a={"type": "boolean", "x-rolecall": {"from": "skills"}})
