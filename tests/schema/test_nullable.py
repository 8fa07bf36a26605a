import pytest

from rolecall.schema.limits import DEFAULT_LIMITS
from rolecall.schema.nullable import allow_null
from rolecall.schema.tour import tour
from rolecall.schema.validator import Check


def rewritten(schema, draft="2020-12"):
    return allow_null(tour(schema, draft, DEFAULT_LIMITS))


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "nullable": True},
        {"type": ["string", "integer"], "nullable": True},
        {"type": "string", "enum": ["a", "b"], "nullable": True},
        {"const": "a", "nullable": True},
        {"anyOf": [{"type": "string"}], "nullable": True},
        {"oneOf": [{"type": "string"}], "type": "string", "nullable": True},
        {"allOf": [{"type": "string"}], "nullable": True},
        {"allOf": [{"type": "string"}], "anyOf": [{"const": "a"}], "nullable": True},
        {"$ref": "#/$defs/s", "nullable": True, "$defs": {"s": {"type": "string"}}},
    ],
)
@pytest.mark.parametrize("draft", ["7", "2020-12"])
def test_null_is_allowed_and_nothing_else(schema, draft):
    whole = {"properties": {"f": schema}, "$defs": {"s": {"type": "string"}}}
    found, (notice,) = rewritten(whole, draft)
    assert notice.code == "nullable"
    assert "/properties/f/nullable" in notice.message
    check = Check(found, draft)
    assert check.fault({"f": None}) is None
    assert check.fault({"f": "a"}) is None
    assert check.fault({"f": 1.5}) is not None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "string", "nullable": False},
        {"type": ["string", "null"], "nullable": True},
        {"nullable": True},
        {"properties": {"nullable": {"const": True}}},
        {"const": None, "nullable": True},
    ],
)
def test_what_allows_null_already_stays_as_it_is(schema):
    assert rewritten(schema) == (schema, ())


def test_the_given_schema_is_left_alone():
    schema = {"type": "object", "properties": {"a": {"type": "string", "nullable": True}}}
    found, _ = rewritten(schema)
    assert schema["properties"]["a"]["type"] == "string"
    assert found["properties"]["a"]["type"] == ["string", "null"]


def test_one_within_another():
    inner = {"type": "string", "nullable": True}
    schema = {"allOf": [{"type": "object", "properties": {"a": inner}}], "nullable": True}
    found, _ = rewritten(schema)
    check = Check(found, "2020-12")
    assert check.fault(None) is None
    assert check.fault({"a": None}) is None
    assert check.fault({"a": 1}) is not None


def test_many_places_are_counted():
    schema = {"properties": {f"p{n}": {"type": "string", "nullable": True} for n in range(9)}}
    _, (notice,) = rewritten(schema)
    assert notice.message.endswith("and 4 more")
