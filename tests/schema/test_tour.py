import pytest

from rolecall.errors import SchemaError
from rolecall.schema.dialect import URIS, dialect_of, identifier, parts
from rolecall.schema.limits import DEFAULT_LIMITS, SchemaLimits
from rolecall.schema.tour import find, step, tour


def walk(schema, draft="2020-12"):
    return tour(schema, draft, DEFAULT_LIMITS)


@pytest.mark.parametrize("draft", URIS)
def test_every_draft_is_known_by_its_uri(draft):
    uri = URIS[draft]
    for spelling in (uri, uri.removesuffix("#"), uri.replace("https:", "http:")):
        assert dialect_of(spelling) == draft


@pytest.mark.parametrize("uri", ["", "http://example.com/schema", "draft-07", "http://json-schema"])
def test_other_uris_are_no_draft(uri):
    assert dialect_of(uri) is None


def test_identifiers_by_draft():
    assert identifier({"$id": "x", "id": "y"}, "2020-12") == "x"
    assert identifier({"$id": "x", "id": "y"}, "4") == "y"
    assert identifier({"$id": "x", "$ref": "#"}, "7") is None
    assert identifier({"$id": "x", "$ref": "#"}, "2020-12") == "x"


def test_parts_pass_over_what_is_no_schema():
    schema = {
        "properties": {"a": {}, "b": 1},
        "allOf": [True, "x"],
        "items": [{}],
        "enum": [{}],
        "dependencies": {"a": ["b"], "c": {}},
        "prefixItems": [{}],
        "$defs": {"a": {}},
    }
    paths = [path for _, path, _ in parts(schema, "7")]
    assert paths == [("properties", "a"), ("allOf", 0), ("items", 0), ("dependencies", "c")]


def test_pointers_escape():
    assert step("", "a/b", "c~d", 0) == "/a~1b/c~0d/0"
    assert find({"a/b": {"c~d": [True]}}, "/a~1b/c~0d/0") is True
    assert find({"a": 1}, "/a") is None
    assert find({"a": []}, "/a/0") is None


def test_all_subschemas_are_found():
    schema = {
        "properties": {"a": {"items": {"not": {}}}, "$ref": {"type": "string"}},
        "$defs": {"x": {"anyOf": [{}, True]}},
        "if": {},
        "prefixItems": [{}],
    }
    assert set(walk(schema).spots) == {
        "", "/properties/a", "/properties/a/items", "/properties/a/items/not", "/properties/$ref",
        "/$defs/x", "/$defs/x/anyOf/0", "/$defs/x/anyOf/1", "/if", "/prefixItems/0",
    }  # fmt: skip


def test_references_lead_to_pointers_anchors_and_identifiers():
    schema = {
        "$id": "https://example.com/root",
        "$defs": {
            "a b": {"type": "string"},
            "c": {"$id": "c", "$anchor": "there", "$defs": {"in": {}}},
        },
    }
    walked = walk(schema)
    root = walked.spots[""]
    for reference, goal in [
        ("#", ""),
        ("#/$defs/a%20b", "/$defs/a b"),
        ("root", ""),
        ("c", "/$defs/c"),
        ("https://example.com/c#there", "/$defs/c"),
        ("c#/$defs/in", "/$defs/c/$defs/in"),
    ]:
        assert walked.target(root, reference) == goal
    inner = walked.spots["/$defs/c"]
    assert walked.target(inner, "#/$defs/in") == "/$defs/c/$defs/in"
    assert walked.target(inner, "#there") == "/$defs/c"


def test_what_is_referred_to_is_walked_wherever_it_stands():
    schema = {"$ref": "#/components/A", "components": {"A": {"items": {"$ref": "#/other/B"}}},
              "other": {"B": True}}  # fmt: skip
    assert set(walk(schema).spots) == {"", "/components/A", "/components/A/items", "/other/B"}


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("http://127.0.0.1:1/x", "leaves the schema"),
        ("other.json", "leaves the schema"),
        ("file:///etc/passwd", "leaves the schema"),
        ("http://[", "leaves the schema"),
        ("#/$defs/none", "leads nowhere"),
        ("#none", "leads nowhere"),
        ("#/properties", "leads nowhere"),
    ],
)
def test_references_that_lead_out_or_nowhere_are_refused(reference, said):
    schema = {"properties": {"a": {"$ref": reference}}} if said else {}
    if reference == "#/properties":
        schema = {"properties": {"a": {"$ref": "#/properties/a/type"}}}
    with pytest.raises(SchemaError, match=said) as caught:
        walk(schema)
    assert caught.value.pointer == "/properties/a"


def test_too_many_subschemas_are_refused():
    with pytest.raises(SchemaError, match="more than 3 subschemas"):
        tour({"allOf": [{}, {}, {}]}, "2020-12", SchemaLimits(subschemas=3))


def test_words_are_those_that_can_make_a_value_invalid():
    walked = walk({"type": "string", "title": "t", "then": {}, "uniqueItems": False, "x-a": 1})
    assert dict(walked.words(walked.spots[""])) == {"type": "string"}
    old = walk({"$ref": "#/definitions/a", "type": "string", "definitions": {"a": {}}}, "7")
    assert dict(old.words(old.spots[""])) == {"$ref": "#/definitions/a"}
    four = walk({"const": 1, "minimum": 1, "exclusiveMinimum": True}, "4")
    assert set(four.words(four.spots[""])) == {"minimum", "exclusiveMinimum"}


def test_references_whose_goal_moves_are_no_goals():
    schema = {
        "$dynamicAnchor": "node",
        "properties": {"a": {"$dynamicRef": "#node"}, "b": {"$dynamicRef": "#plain"}},
        "$defs": {"p": {"$anchor": "plain"}},
    }
    walked = walk(schema)
    assert walked.moves(walked.spots["/properties/a"], "$dynamicRef")
    assert walked.goals(walked.spots["/properties/a"]) == ()
    assert walked.goals(walked.spots["/properties/b"]) == (("$dynamicRef", "/$defs/p"),)
