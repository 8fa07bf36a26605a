import pytest
from hypothesis import HealthCheck, given, settings
from tests.schema import strategies

from rolecall.errors import SchemaError
from rolecall.schema.admit import admit
from rolecall.schema.limits import DEFAULT_LIMITS
from rolecall.schema.posting import POSTING_SCHEMA
from rolecall.schema.tour import tour
from rolecall.schema.typical import MOST, typical_tokens


def tokens(schema, draft="2020-12"):
    return typical_tokens(tour(schema, draft, DEFAULT_LIMITS))


def text(**words):
    return {"type": "string", **words}


@pytest.mark.parametrize(
    ("less", "more"),
    [
        ({"type": "null"}, {"type": "integer"}),
        (text(), text(format="date-time")),
        (text(maxLength=4), text()),
        (text(), {"properties": {"a": text()}}),
        ({"properties": {"a": text()}}, {"properties": {"a": text(), "b": text()}}),
        ({"properties": {"name": text()}}, {"properties": {"description": text()}}),
        ({"properties": {"name": text()}}, {"properties": {"name": text(**{"x-rolecall": {
            "long": True}})}}),
        (text(), {"type": "array", "items": text()}),
        ({"type": "array", "items": text(), "maxItems": 1}, {"type": "array", "items": text()}),
        ({"type": "array", "items": text()}, {"type": "array", "items": text(), "minItems": 9}),
        ({"enum": ["a"]}, {"enum": ["a much longer value than the other one was"]}),
        ({"anyOf": [{"type": "null"}]}, {"anyOf": [{"type": "null"}, text()]}),
        ({"allOf": [{"properties": {"a": text()}}]},
         {"allOf": [{"properties": {"a": text()}}, {"properties": {"b": text()}}]}),
        ({"type": "object"}, {"type": "object", "additionalProperties": text()}),
        ({"type": "object"}, {"type": "object", "patternProperties": {"^a": text()}}),
        ({"prefixItems": [text()]}, {"prefixItems": [text(), text()]}),
        ({"$ref": "#/$defs/a", "$defs": {"a": text()}},
         {"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"b": text(), "c": text()}}}}),
    ],
)  # fmt: skip
def test_more_to_say_takes_more_tokens(less, more):
    assert 0 < tokens(less) < tokens(more)


def test_a_schema_within_itself_is_counted_once():
    node = {"type": "object", "properties": {"n": text(), "all": {"type": "array", "items": {
        "$ref": "#"}}}}  # fmt: skip
    assert tokens(node) < 40


def test_doubling_is_capped():
    steps = {
        f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]}
        for n in range(60)
    }
    assert tokens({"$ref": "#/$defs/d0", "$defs": {**steps, "d60": text()}}) == MOST


def test_the_default_posting_is_of_a_plausible_length():
    assert 500 < tokens(POSTING_SCHEMA) < 4_000


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(schema=strategies.schemas)
def test_every_admitted_schema_has_an_estimate(schema):
    try:
        walked, _ = admit(schema, "2020-12", DEFAULT_LIMITS)
    except SchemaError:
        return
    assert 1 <= typical_tokens(walked) <= MOST
