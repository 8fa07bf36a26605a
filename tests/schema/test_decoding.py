import pytest
from hypothesis import HealthCheck, given, settings
from tests.schema import strategies
from tests.schema.cases import CASES, load, needs, sample_files, suite

from rolecall.errors import SchemaError
from rolecall.schema.admit import admit, draft_of
from rolecall.schema.decoding import Loosening, decoding_form, kept
from rolecall.schema.limits import DEFAULT_LIMITS
from rolecall.schema.tour import tour
from rolecall.schema.validator import validator


def form(schema, draft="2020-12", **loosening):
    return decoding_form(tour(schema, draft, DEFAULT_LIMITS), Loosening(**loosening))


@pytest.mark.parametrize(
    ("draft", "schema", "written"),
    [
        ("4", {"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ("4", {"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ("4", {"id": "x", "type": "string"}, {"type": "string"}),
        ("4", {"const": 1}, {}),
        ("7", {"items": [{}, True], "additionalItems": False},
         {"prefixItems": [{}, True], "items": False}),
        ("7", {"items": {"type": "null"}, "additionalItems": False}, {"items": {"type": "null"}}),
        ("7", {"dependencies": {"a": ["b"], "c": {"minProperties": 2}}},
         {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"minProperties": 2}}}),
        ("2020-12", {"dependencies": {"a": ["b"]}, "dependentRequired": {"c": ["d"]}},
         {"dependentRequired": {"a": ["b"], "c": ["d"]}}),
        ("7", {"$ref": "#/definitions/a", "minLength": 3, "definitions": {"a": {"type": "null"}}},
         {"$ref": "#/$defs/a", "$defs": {"a": {"type": "null"}}}),
        ("2020-12", {"title": "t", "description": "d", "default": 1, "examples": [1],
                     "x-guidance": {"lenient": True}, "foo": 1, "$comment": "c", "type": "null"},
         {"type": "null"}),
        ("2020-12", {"properties": {"x-guidance": {"x-a": 1}, "title": {"title": "t"}}},
         {"properties": {"x-guidance": {}, "title": {}}}),
        ("2020-12", {"enum": [{"title": "kept"}]}, {"enum": [{"title": "kept"}]}),
        ("2020-12", {"minLength": 2.0, "maxItems": 3}, {"minLength": 2, "maxItems": 3}),
        ("2020-12", {"properties": {"n": {"$ref": "#"}}}, {"properties": {"n": {"$ref": "#"}}}),
        ("2020-12", {"$ref": "#/properties/a", "properties": {"a": {"type": "object"}}},
         {"properties": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a",
          "$defs": {"a": {"type": "object"}}}),
        ("2019-09", {"properties": {"n": {"$recursiveRef": "#"}}},
         {"properties": {"n": {"$ref": "#"}}}),
        ("2019-09", {"$recursiveAnchor": True, "properties": {"n": {"$recursiveRef": "#"}}},
         {"properties": {"n": {}}}),
        ("2020-12", True, {}),
        ("2020-12", {"properties": {}, "allOf": [{}]}, {"properties": {}, "allOf": [{}]}),
    ],
)  # fmt: skip
def test_one_spelling(draft, schema, written):
    assert form(schema, draft) == written


def test_names_tell_schemas_apart():
    schema = {
        "$defs": {"a": {"$ref": "#/$defs/b/$defs/a"}, "b": {"$defs": {"a": {"type": "null"}}},
                  "c d": {"type": "string"}, "unused": {}},
        "properties": {"p": {"$ref": "#/$defs/a"}, "q": {"$ref": "#/$defs/c d"}},
    }  # fmt: skip
    assert form(schema)["$defs"] == {
        "a": {"$ref": "#/$defs/a_2"},
        "a_2": {"type": "null"},
        "schema": {"type": "string"},
    }


def test_the_given_schema_is_left_alone():
    schema = {"dependentRequired": {"a": ["b"]}, "dependencies": {"c": ["d"]}, "allOf": [{}]}
    before = repr(schema)
    form(schema)
    assert repr(schema) == before


def test_what_is_dropped_is_left_out_with_all_that_only_it_reaches():
    schema = {"not": {"$ref": "#/$defs/a"}, "type": "object", "$defs": {"a": {"type": "null"}}}
    assert form(schema, dropped={"/not": ""}) == {"type": "object"}
    walked = tour(schema, "2020-12", DEFAULT_LIMITS)
    assert kept(walked, Loosening({"/not": ""})) == {""}
    assert kept(walked, Loosening()) == {"", "/not", "/$defs/a"}


def test_a_widened_choice_stands_beside_another():
    schema = {"oneOf": [{"type": "null"}], "anyOf": [{}]}
    assert form(schema, widened={"/oneOf": ""}) == {
        "anyOf": [{}],
        "allOf": [{"anyOf": [{"type": "null"}]}],
    }


def test_what_nothing_meets_is_written_out():
    schema = {"properties": {"a": {"$ref": "#/$defs/no"}}, "$defs": {"no": {"not": {}}}}
    walked = tour(schema, "2020-12", DEFAULT_LIMITS)
    written = decoding_form(walked, impossible={"/properties/a", "/$defs/no"})
    assert written["properties"] == {"a": False}


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(schema=strategies.schemas, value=strategies.values)
def test_the_form_means_the_same(schema, value):
    try:
        walked, _ = admit(schema, "2020-12", DEFAULT_LIMITS)
    except SchemaError:
        return
    same = validator(decoding_form(walked), "2020-12").is_valid(value)
    assert same == validator(schema, "2020-12").is_valid(value), schema


@needs("json-schema-test-suite")
@pytest.mark.parametrize(("draft", "count"), [("2020-12", 1_000), ("7", 700)])
def test_the_form_means_the_same_in_the_suite(draft, count):
    """But for formats (asserted as the newest draft does) and references whose goal moves."""
    seen = 0
    folder = CASES / "json-schema-test-suite" / "tests" / f"draft{draft}"
    for file, schema, tests in suite(folder):
        try:
            walked = tour(schema, draft, DEFAULT_LIMITS)
        except SchemaError:
            continue  # it refers to schemas elsewhere
        moving = any(walked.moves(spot, "$dynamicRef") for spot in walked.spots.values())
        if moving or file.name in ("vocabulary.json", "format.json"):
            continue
        written = decoding_form(walked)
        check = validator(written, "2020-12")
        for test in tests:
            assert check.is_valid(test["data"]) == test["valid"], (file.name, written, test)
            seen += 1
    assert seen >= count


@needs("jsonschemabench-sample")
def test_the_form_of_real_schemas_means_the_same():
    for file, instances in sample_files():
        schema = load(file)
        draft = draft_of(schema)[0]
        check = validator(decoding_form(tour(schema, draft, DEFAULT_LIMITS)), "2020-12")
        for test in load(instances)["tests"] if instances else ():
            assert check.is_valid(test["data"]) == test["valid"], (file.name, test["data"])
