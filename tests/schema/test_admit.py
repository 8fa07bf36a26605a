import pytest
from hypothesis import HealthCheck, given, settings
from tests.schema import strategies
from tests.schema.cases import CASES, load, needs, sample_files, suite

from rolecall.errors import SchemaError
from rolecall.schema.admit import admit, draft_of
from rolecall.schema.dialect import URIS
from rolecall.schema.limits import DEFAULT_LIMITS, SchemaLimits
from rolecall.schema.posting import POSTING_SCHEMA


def refused(schema, draft="2020-12", limits=DEFAULT_LIMITS):
    with pytest.raises(SchemaError) as caught:
        admit(schema, draft, limits)
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("draft", URIS)
def test_the_draft_is_the_one_named(draft):
    assert draft_of({"$schema": URIS[draft]}) == (draft, ())


@pytest.mark.parametrize(
    ("schema", "draft"),
    [
        ({"type": "string"}, "2020-12"),
        (True, "2020-12"),
        ({"items": [{}]}, "7"),
        ({"minimum": 1, "exclusiveMinimum": True}, "4"),
        ({"type": "strnig"}, "2020-12"),
    ],
)
def test_a_schema_that_names_no_draft_is_of_the_newest_that_it_obeys(schema, draft):
    found, notices = draft_of(schema)
    assert found == draft
    assert [one.code for one in notices] == (["draft_guessed"] if draft != "2020-12" else [])


@pytest.mark.parametrize("said", ["http://127.0.0.1:1/meta.json", "", 3, ["x"]])
def test_a_draft_that_is_not_known_is_refused(said):
    with pytest.raises(SchemaError, match="no known draft") as caught:
        draft_of({"$schema": said})
    assert caught.value.pointer == "/$schema"


@pytest.mark.parametrize(
    ("schema", "pointer", "said"),
    [
        ({"type": "strnig"}, "/type", "strnig"),
        ({"properties": {"a": {"required": "b"}}}, "/properties/a/required", "array"),
        ({"properties": {"a": {"enum": list(range(6_000))}}}, "/properties/a/enum", "6,000 values"),
        ({"pattern": "x" * 600}, "/pattern", "600 characters"),
        ({"patternProperties": {"x" * 600: {}}}, "/patternProperties/" + "x" * 600, "600 char"),
        ({"$ref": "#"}, "", "refers to itself"),
        ({"allOf": [{"$ref": "#"}]}, "", "refers to itself"),
        ({"not": {"$ref": "#"}}, "", "refers to itself"),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
         "/$defs/a", "refers to itself"),
        ({"type": "object", "required": ["n"], "properties": {"n": {"$ref": "#"}}}, "", "end"),
        ({"$ref": "#/x/a", "x": {"a": {"enum": 3}}}, "/x/a/enum", "3 is not"),
        ({"$defs": {"a": {"$id": "a", "$schema": "http://json-schema.org/draft-07/schema#"}}},
         "/$defs/a/$schema", "not the draft"),
        ({"minLength": 1_000_000, "type": "string"}, None, "250,000 tokens"),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_with_its_place(schema, pointer, said):
    error = refused(schema)
    assert error.pointer == pointer
    assert said in str(error)
    if pointer:
        assert str(error).startswith(pointer)


def test_an_identifier_that_is_no_address_is_no_crash():
    refused({"$id": "https://[.#x", "properties": {"a": {"$id": "//[y"}}})
    refused({"$id": "https://a.example", "properties": {"a": {"$ref": "//[b#/x"}}})


def test_chains_of_references_are_bounded():
    def chain(length):
        links = {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(length - 1)}
        return {"$ref": "#/$defs/a0", "$defs": {**links, f"a{length - 1}": {"type": "string"}}}

    admit(chain(64), "2020-12", DEFAULT_LIMITS)
    assert "chain of more than 64" in str(refused(chain(65)))


def test_recursion_through_properties_and_items_is_fine():
    schema = {
        "type": "object",
        "properties": {"next": {"$ref": "#"}, "all": {"type": "array", "items": {"$ref": "#"}}},
    }
    tour, sizes = admit(schema, "2020-12", DEFAULT_LIMITS)
    assert sizes.sizes[""] == 2
    assert len(tour.spots) == 4


def test_limits_are_those_given():
    assert "at most 1" in str(refused({"enum": [1, 2]}, limits=SchemaLimits(enum=1)))
    assert "the budget is 2" in str(refused({"minLength": 20, "type": "string"},
                                            limits=SchemaLimits(answer_tokens=2)))  # fmt: skip


def test_the_draft_of_a_part_without_a_name_says_nothing():
    schema = {"properties": {"a": {"$schema": "http://json-schema.org/draft-07/schema#"}}}
    admit(schema, "2020-12", DEFAULT_LIMITS)


def test_the_default_posting_is_admitted():
    assert draft_of(POSTING_SCHEMA) == ("2020-12", ())
    admit(POSTING_SCHEMA, "2020-12", DEFAULT_LIMITS)


def test_values_that_look_like_schemas_are_no_schemas():
    admit({"enum": [{"$ref": "http://x/"}], "default": {"$ref": "#/none"}}, "7", DEFAULT_LIMITS)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(document=strategies.json_values)
def test_arbitrary_json_is_admitted_or_refused(document):
    if not isinstance(document, (dict, bool)):
        return
    try:
        draft, _ = draft_of(document)
        admit(document, draft, DEFAULT_LIMITS)
    except SchemaError:
        return


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(schema=strategies.schemas)
def test_schemas_are_admitted_or_refused_in_any_draft(schema):
    for draft in URIS:
        try:
            admit(schema, draft, DEFAULT_LIMITS)
        except SchemaError:
            continue


@needs("json-schema-test-suite")
@pytest.mark.parametrize("draft", ["2020-12", "7"])
def test_a_schema_with_a_valid_value_is_refused_for_its_references_only(draft):
    allowed = ("leaves the schema", "leads nowhere", "no known draft", "refers to itself")
    refusals = []
    folder = CASES / "json-schema-test-suite" / "tests" / f"draft{draft}"
    for _, schema, tests in suite(folder):
        if not any(test["valid"] for test in tests):
            continue
        try:
            draft_of(schema)
            admit(schema, draft, DEFAULT_LIMITS)
        except SchemaError as error:
            refusals.append(str(error))
    assert [said for said in refusals if not any(words in said for words in allowed)] == []


@needs("jsonschemabench-sample")
def test_real_schemas_are_admitted():
    files = sample_files()
    refusals = []
    for file, _ in files:
        schema = load(file)
        try:
            admit(schema, draft_of(schema)[0], DEFAULT_LIMITS)
        except SchemaError as error:
            refusals.append((file.name, str(error)))
    assert len(refusals) <= 0.02 * len(files), refusals
