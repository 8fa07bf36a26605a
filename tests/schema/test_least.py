import json
from math import inf

import pytest
from hypothesis import HealthCheck, given, settings
from tests.schema import strategies
from tests.schema.cases import CASES, load, needs, sample_files, suite

from rolecall.errors import SchemaError
from rolecall.schema.admit import admit
from rolecall.schema.least import fault, least
from rolecall.schema.limits import DEFAULT_LIMITS
from rolecall.schema.tour import tour
from rolecall.schema.validator import validator


def shortest(schema, draft="2020-12"):
    return least(tour(schema, draft, DEFAULT_LIMITS)).sizes[""]


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize(
    ("schema", "answer"),
    [
        (True, "1"),
        ({}, "1"),
        ({"type": "string", "minLength": 5}, '"abcde"'),
        ({"type": "null"}, "null"),
        ({"const": {"a": [1, "x"]}}, '{"a":[1,"x"]}'),
        ({"enum": ["long one", "short"]}, '"short"'),
        ({"type": "string", "enum": [1, "a"]}, '"a"'),
        ({"type": "array", "minItems": 3}, "[1,1,1]"),
        ({"type": "array"}, "[]"),
        ({"type": "array", "contains": {"type": "string"}}, "[1]"),
        ({"type": "object", "required": ["ab"]}, '{"ab":1}'),
        ({"type": "object", "minProperties": 1}, '{"":1}'),
        (
            {
                "type": "object",
                "required": ["a", "b"],
                "properties": {"a": {"type": "string"}, "b": {"type": "null"}},
            },
            '{"a":"","b":null}',
        ),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, '""'),
        ({"allOf": [{"type": "string"}, {"minLength": 2}]}, '"ab"'),
        ({"anyOf": [{"type": "string"}, {"type": "array"}], "type": "array"}, "[]"),
        (
            {
                "type": "object",
                "properties": {"n": {"$ref": "#"}},
                "required": ["n"],
                "minProperties": 1,
                "anyOf": [{"type": "object"}],
            },
            None,
        ),
        ({"type": "object", "properties": {"n": {"$ref": "#"}}}, "{}"),
    ],
)
def test_the_shortest_answer(schema, answer):
    assert shortest(schema) == (inf if answer is None else len(answer))


@pytest.mark.parametrize(
    ("schema", "pointer", "said"),
    [
        (False, "", "`false`"),
        ({"not": {}}, "", "`not`"),
        ({"type": "string", "minLength": 3, "maxLength": 2}, "", "`minLength`"),
        ({"type": "number", "minimum": 3, "maximum": 2}, "", "`minimum`"),
        ({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2}, "", "no whole number"),
        ({"type": "string", "const": 1}, "", "`const`"),
        ({"type": "string", "enum": [1, 2]}, "", "`enum`"),
        ({"allOf": [{"type": "string"}, {"type": "number"}]}, "", "no common type"),
        ({"type": "object", "required": ["a"], "additionalProperties": False}, "", "'a'"),
        ({"type": "object", "required": ["a"], "properties": {"a": False}}, "/properties/a", "fal"),
        ({"type": "object", "required": ["a", "b"], "maxProperties": 1}, "", "`maxProperties`"),
        ({"type": "object", "minProperties": 1, "propertyNames": False}, "", "`propertyNames`"),
        ({"type": "object", "minProperties": 1, "additionalProperties": False}, "", "`minProp"),
        ({"type": "array", "minItems": 2, "maxItems": 1}, "", "`minItems`"),
        ({"type": "array", "minItems": 1, "items": False}, "/items", "`false`"),
        (
            {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": [1, 2]}},
            "",
            "different items",
        ),
        ({"type": "object", "properties": {"n": {"$ref": "#"}}, "required": ["n"]}, "", "end"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"anyOf": [False]}}}, "/$defs/a/anyOf/0", "`false`"),
    ],
)
def test_what_is_impossible_is_told_with_its_place(schema, pointer, said):
    walked = tour(schema, "2020-12", DEFAULT_LIMITS)
    place, reason = fault(walked, least(walked))
    assert place == pointer
    assert said in reason


def test_words_that_the_draft_does_not_know_say_nothing():
    assert shortest({"const": "long enough"}, "4") == 1
    assert shortest({"contains": {}, "minContains": 0, "type": "array"}, "7") == 3
    assert shortest({"contains": {}, "minContains": 0, "type": "array"}) == 2


def test_a_ladder_of_choices_takes_one_pass():
    """Written the wrong way round, each step would improve all that were settled before it."""
    steps = 400
    ladder = {
        f"d{n}": {
            "anyOf": [
                {"type": "string", "minLength": 10 * (steps - n)},
                {"type": "array", "minItems": 1, "items": {"$ref": f"#/$defs/d{n + 1}"}},
            ]
        }
        for n in range(steps)
    }
    ladder[f"d{steps}"] = {"anyOf": [{"const": 1}, {"type": "array", "items": {"$ref": "#"}}]}
    schema = {"$ref": "#/$defs/d0", "$defs": dict(reversed(ladder.items()))}
    assert shortest(schema) == 2 * steps + 1


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(schema=strategies.schemas, value=strategies.values)
def test_no_valid_value_is_shorter(schema, value):
    said = ""
    try:
        _, sizes = admit(schema, "2020-12", DEFAULT_LIMITS)
        bound = sizes.sizes[""]
    except SchemaError as error:
        bound, said = inf, str(error)
    if "refers to itself" not in said and validator(schema, "2020-12").is_valid(value):
        assert bound <= len(compact(value)), (schema, value)


@needs("json-schema-test-suite")
@pytest.mark.parametrize(("draft", "count"), [("2020-12", 500), ("7", 300)])
def test_no_valid_value_of_the_suite_is_shorter(draft, count):
    seen = 0
    folder = CASES / "json-schema-test-suite" / "tests" / f"draft{draft}"
    for file, schema, tests in suite(folder):
        if file.name in ("vocabulary.json", "infinite-loop-detection.json"):
            continue
        try:
            bound = shortest(schema, draft)
        except SchemaError:
            continue  # it refers to schemas elsewhere
        for test in tests:
            if test["valid"] and not isinstance(test["data"], float):
                assert bound <= len(compact(test["data"])), (file.name, test)
                seen += 1
    assert seen >= count


@needs("jsonschemabench-sample")
def test_no_valid_value_of_the_sample_is_shorter():
    for file, instances in sample_files():
        if instances is None:
            continue
        schema = load(file)
        bound = shortest(schema, "4" if "draft-04" in str(schema.get("$schema")) else "2020-12")
        for test in load(instances)["tests"]:
            assert not test["valid"] or bound <= len(compact(test["data"])), file
