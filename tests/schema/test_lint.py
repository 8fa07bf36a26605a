import json

import pytest
from hypothesis import HealthCheck, given, settings
from tests.schema import strategies
from tests.schema.cases import CASES, load, needs, sample_files, suite

from rolecall.errors import SchemaError
from rolecall.schema.admit import admit, draft_of
from rolecall.schema.decoding import decoding_form
from rolecall.schema.dialect import CONSTRAINTS
from rolecall.schema.grammar import Grammar, Verdict, grammar
from rolecall.schema.limits import DEFAULT_LIMITS
from rolecall.schema.lint import lint, refusal
from rolecall.schema.tour import tour
from rolecall.schema.validator import knows_format, validator


def linted(schema, draft="2020-12", *, engine=None, impossible=frozenset()):
    asked = grammar() if engine is None else Grammar(engine)
    walked = tour(schema, draft, DEFAULT_LIMITS)
    return lint(walked, impossible, lambda name: knows_format(name, draft), asked)


def marks(found):
    return {row.pointer: row.mark for row in found.rows}


def reasons(found):
    return {row.pointer: row.reason for row in found.rows}


def saying(*answers):
    """An engine that gives these messages in turn, and then takes everything."""
    waiting = list(answers)

    def ask(form):
        return waiting.pop(0) if waiting else Verdict(False)

    return ask


needs_engine = pytest.mark.skipif(grammar().engine is None, reason="llguidance is not installed")


def test_an_engine_that_takes_all_enforces_all():
    found = linted({"type": "object", "not": {"type": "null"}, "title": "t"}, engine=saying())
    assert marks(found) == {
        "/type": "enforced",
        "/not": "enforced",
        "/not/type": "enforced",
        "/title": "annotation",
    }
    assert found.form == {"type": "object", "not": {"type": "null"}}


def test_what_the_engine_names_is_dropped_and_checked_after():
    found = linted(
        {"items": {"not": {"type": "null"}}, "contains": {}, "minContains": 2},
        engine=saying(Verdict(False, ('Unimplemented keys: ["contains", "not"] (2 times)',))),
    )
    assert found.form == {"items": {}}
    assert marks(found) == {
        "/items": "enforced",
        "/items/not": "checked",
        "/items/not/type": "checked",
        "/contains": "checked",
        "/minContains": "checked",
    }
    assert reasons(found)["/items/not/type"] == "stands inside a keyword that decoding leaves out"


def test_a_condition_goes_as_a_whole_and_old_spellings_are_known():
    found = linted(
        {"if": {}, "then": {"type": "null"}, "dependencies": {"a": ["b"]}},
        "7",
        engine=saying(Verdict(False, ('Unimplemented keys: ["if", "dependentRequired"]',))),
    )
    assert set(marks(found).values()) == {"checked"}
    assert found.form == {}


def test_a_choice_is_widened():
    message = "oneOf not fully supported, falling back to anyOf. (2 times)"
    found = linted({"oneOf": [{"type": "null"}]}, engine=saying(Verdict(False, (message,))))
    assert found.form == {"anyOf": [{"type": "null"}]}
    assert marks(found) == {"/oneOf": "checked", "/oneOf/0/type": "enforced"}


def test_what_would_turn_less_into_more_goes_with_the_first_loosening():
    """Without its format, a `not` would forbid what the schema allows."""
    found = linted(
        {"not": {"format": "iri", "type": "string"}},
        engine=saying(Verdict(False, ("Unknown format: iri",))),
    )
    assert found.form == {}
    assert marks(found)["/not"] == "checked"


def test_formats():
    schema = {"properties": {name: {"format": name} for name in ("email", "date", "iri", "wrong")}}
    found = linted(schema, engine=saying(Verdict(False, ("Unknown format: iri (3 times)",))))
    assert {pointer.split("/")[2]: mark for pointer, mark in marks(found).items() if
            pointer.endswith("format")} == {
        "email": "enforced", "date": "checked", "iri": "checked", "wrong": "annotation",
    }  # fmt: skip
    assert found.form["properties"]["wrong"] == {}
    assert found.form["properties"]["iri"] == {}


def test_a_message_that_nothing_is_known_of_ends_in_no_grammar():
    found = linted({"type": "null", "title": "t"}, engine=saying(Verdict(True, ("odd",))))
    assert found.form is None
    assert "odd" in found.failure
    assert marks(found) == {"/type": "checked", "/title": "annotation"}


def test_an_engine_that_is_never_content_is_given_up():
    def ask(form):
        return Verdict(True, ('Unimplemented keys: ["not"]',))

    assert linted({"not": {}, "type": "null"}, engine=ask).form is None


def test_without_an_engine_everything_is_checked_after():
    walked = tour({"type": "null", "title": "t"}, "2020-12", DEFAULT_LIMITS)
    found = lint(walked, set(), lambda name: True, Grammar(None, "there is none"))
    assert found.form is None
    assert reasons(found)["/type"] == "there is none"
    assert marks(found) == {"/type": "checked", "/title": "annotation"}


@pytest.mark.parametrize(
    ("draft", "schema", "pointer", "said"),
    [
        (
            "7",
            {"$ref": "#/definitions/a", "type": "null", "definitions": {"a": {}}},
            "/type",
            "bes",
        ),
        ("4", {"const": 1}, "/const", "draft 4 does not know"),
        ("2020-12", {"then": {}}, "/then", "says nothing without `if`"),
        ("2020-12", {"additionalItems": {}}, "/additionalItems", "does not know"),
        ("7", {"items": {}, "additionalItems": {}}, "/additionalItems", "says nothing"),
        ("2020-12", {"uniqueItems": False}, "/uniqueItems", "with this value"),
        ("2020-12", {"typ": "null"}, "/typ", "no keyword"),
        ("2020-12", {"x-guidance": {}}, "/x-guidance", "not passed on"),
        ("2020-12", {"x-rolecall": {}}, "/x-rolecall", "read by Rolecall"),
        ("2020-12", {"$defs": {"a": {"type": "null"}}}, "/$defs/a/type", "nothing refers"),
        ("2020-12", {"$id": "https://e.org/a"}, "/$id", "names"),
        ("2020-12", {"contentEncoding": "base64"}, "/contentEncoding", "says nothing of"),
        ("2020-12", {"nullable": False}, "/nullable", "no keyword"),
    ],
)
def test_annotations_are_told_apart(draft, schema, pointer, said):
    found = linted(schema, draft, engine=saying())
    assert marks(found)[pointer] == "annotation"
    assert said in reasons(found)[pointer]


def test_nullable_counts_as_what_it_is_read_as():
    found = linted({"type": ["string", "null"], "nullable": True}, engine=saying())
    assert marks(found)["/nullable"] == "enforced"


def test_encodings_of_old_drafts_are_checked_after():
    found = linted({"contentEncoding": "base64"}, "7", engine=saying())
    assert marks(found) == {"/contentEncoding": "checked"}
    assert found.form == {}


def test_a_refusal_has_a_row():
    row = refusal(SchemaError("wrong", pointer="/a/type", hint="h"))
    assert (row.pointer, row.word, row.mark) == ("/a/type", "type", "refused")
    assert "wrong" in row.reason


# With llguidance itself.


@needs_engine
@pytest.mark.parametrize(
    ("schema", "checked"),
    [
        ({"type": "string", "pattern": "^a+$", "minLength": 2}, set()),
        ({"enum": ["a", 1]}, set()),
        ({"not": {"type": "null"}}, {"/not", "/not/type"}),
        ({"if": {}, "then": {}, "else": {}}, {"/if", "/then", "/else"}),
        ({"uniqueItems": True}, {"/uniqueItems"}),
        ({"type": "string", "pattern": r"\bword\b"}, {"/pattern"}),
        ({"properties": {"a": {}}, "minProperties": 1}, {"/minProperties"}),
        ({"patternProperties": {"a": {}, "b": {}}, "additionalProperties": False},
         {"/patternProperties", "/additionalProperties"}),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, set()),
        ({"oneOf": [{"type": "string"}, {"minLength": 1}]}, {"/oneOf"}),
        ({"maxLength": 10**12}, {"/maxLength"}),
    ],
)  # fmt: skip
def test_what_the_engine_keeps(schema, checked):
    found = linted(schema)
    assert {pointer for pointer, mark in marks(found).items() if mark == "checked"} == checked
    assert found.form is not None


@needs_engine
def test_a_schema_within_itself_keeps_what_it_can():
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "child": {"$ref": "#", "minProperties": 1, "description": "d"},
            "other": {"allOf": [{"$ref": "#"}], "required": ["name"]},
        },
    }
    found = linted(schema)
    assert found.form is not None
    assert marks(found)["/properties/name/type"] == "enforced"
    assert marks(found)["/properties/child/$ref"] == "enforced"
    assert marks(found)["/properties/child/minProperties"] == "checked"


@needs_engine
def test_a_property_that_can_never_be_there_is_no_obstacle():
    schema = {"properties": {"a": {"$ref": "#/$defs/no"}, "b": {}}, "$defs": {"no": {"not": {}}}}
    walked, sizes = admit(schema, "2020-12", DEFAULT_LIMITS)
    impossible = {pointer for pointer, size in sizes.sizes.items() if size == float("inf")}
    found = linted(schema, impossible=impossible)
    assert found.form is not None
    assert len(walked.spots) == 5


def occurrences(schema, draft):
    """Every keyword of a schema, found by a walk of its own: pointers of words in schemas."""
    single = {"additionalProperties", "additionalItems", "items", "contains", "not", "if", "then",
              "else", "propertyNames", "unevaluatedItems", "unevaluatedProperties"}  # fmt: skip
    waiting, found = [("", schema)], set()
    while waiting:
        at, one = waiting.pop()
        if not isinstance(one, dict):
            continue
        for word, value in one.items():
            name = word.replace("~", "~0").replace("/", "~1")
            found.add(f"{at}/{name}")
            shelves = {"definitions"} if draft in "467" else {"definitions", "$defs"}
            if word not in CONSTRAINTS[draft] | shelves or ("$ref" in one and draft in "467"):
                continue
            if word in single and isinstance(value, dict):
                waiting.append((f"{at}/{name}", value))
            elif word in ("allOf", "anyOf", "oneOf", "prefixItems", "items"):
                rows = enumerate(value) if isinstance(value, list) else ()
                waiting += [(f"{at}/{name}/{n}", inner) for n, inner in rows]
            elif word in ("properties", "patternProperties", "definitions", "$defs",
                          "dependentSchemas", "dependencies"):  # fmt: skip
                for key, inner in value.items():
                    step = key.replace("~", "~0").replace("/", "~1")
                    waiting.append((f"{at}/{name}/{step}", inner))
    return found


@needs("jsonschemabench-sample")
def test_no_keyword_of_a_real_schema_is_passed_over():
    for file, _ in sample_files():
        schema = load(file)
        draft, _ = draft_of(schema)
        found = linted(schema, draft)
        assert occurrences(schema, draft) <= marks(found).keys(), file.name
        assert len({row.pointer for row in found.rows}) == len(found.rows), file.name
        assert all(row.reason for row in found.rows if row.mark != "enforced"), file.name
        assert found.form is not None or grammar().engine is None, file.name


def accepts(form, value):
    """Whether constrained decoding by a form would let a value through, byte by byte."""
    from llguidance import LLMatcher, LLTokenizer

    text = LLMatcher.grammar_from_json_schema(json.dumps(form), overrides={"lenient": True})
    tokenizer = LLTokenizer("byte")
    matcher = LLMatcher(tokenizer, text, log_level=0)
    tokens = tokenizer.tokenize_str(json.dumps(value, separators=(",", ":"), ensure_ascii=False))
    if matcher.validate_tokens(tokens) < len(tokens):
        return False
    matcher.consume_tokens(tokens)
    return matcher.is_accepting()


@needs_engine
@needs("json-schema-test-suite")
@pytest.mark.parametrize("draft", ["2020-12", "7"])
def test_what_decoding_lets_through_in_error_is_said_to_be_checked(draft):
    """If a wrong value of the suite passes the grammar, some keyword must be marked as checked."""
    through = 0
    folder = CASES / "json-schema-test-suite" / "tests" / f"draft{draft}"
    for _, schema, tests in [*suite(folder), *suite(folder / "optional" / "format")]:
        try:
            found = linted(schema, draft)
        except SchemaError:
            continue  # it refers to schemas elsewhere
        if found.form is None or any(row.mark == "checked" for row in found.rows):
            continue
        check = validator(schema, draft)
        for test in tests:
            if not check.is_valid(test["data"]):
                assert not accepts(found.form, test["data"]), (schema, test)
                through += 1
    assert through > 200


@needs_engine
@needs("jsonschemabench-sample")
def test_what_decoding_lets_through_of_the_sample_is_said_to_be_checked():
    for file, instances in sample_files():
        schema = load(file)
        draft, _ = draft_of(schema)
        found = linted(schema, draft) if instances else None
        if found is None or any(row.mark == "checked" for row in found.rows):
            continue
        for test in load(instances)["tests"]:
            assert test["valid"] or not accepts(found.form, test["data"]), file.name


@needs_engine
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(schema=strategies.schemas, value=strategies.values)
def test_the_agreed_form_asks_no_more_than_the_schema(schema, value):
    try:
        walked, sizes = admit(schema, "2020-12", DEFAULT_LIMITS)
    except SchemaError:
        return
    impossible = {pointer for pointer, size in sizes.sizes.items() if size == float("inf")}
    found = lint(walked, impossible, lambda name: True, grammar())
    if found.form is None:
        assert found.failure
    elif validator(schema, "2020-12").is_valid(value):
        assert validator(found.form, "2020-12").is_valid(value)
    assert decoding_form(walked) is not None
