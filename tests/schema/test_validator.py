import time

import pytest
from tests.schema.cases import CASES, load, needs, sample_files, suite

from rolecall.schema.admit import draft_of
from rolecall.schema.validator import Check, knows_format, pattern_fault, place, short, validator

SUITE = CASES / "json-schema-test-suite"


def pointers(schema, data, draft="2020-12"):
    return [problem.pointer for problem in Check(schema, draft).problems(data)]


def test_problems_come_in_document_order():
    schema = {
        "properties": {"a": {"type": "string"}, "b": {"items": {"type": "null"}}},
        "additionalProperties": {"type": "integer"},
        "required": ["z"],
    }
    data = {"y": "x", "b": [None, 1, None, 2], "a": 1, "c/d": "x"}
    assert pointers(schema, data) == ["", "/y", "/b/1", "/b/3", "/a", "/c~1d"]


def test_a_problem_says_what_is_wrong():
    (problem,) = Check({"type": "null"}, "7").problems("x" * 1_000)
    assert problem.kind == "schema"
    assert problem.message.endswith('is not of type "null"')
    assert len(problem.message) <= 200
    assert Check({"type": "null"}, "7").problems(None) == []


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), "\ud800", {1: 2}, [object()]])
def test_what_is_no_json_is_one_problem_at_the_root(value):
    check = Check({"type": "object"}, "2020-12")
    assert [problem.pointer for problem in check.problems(value)] == [""]
    assert check.fault(value)


def test_of_a_value_with_very_many_faults_some_are_told():
    assert len(pointers({"items": {"type": "null"}}, list(range(100_000)))) == 200


def test_fault_is_the_first_thing_wrong():
    check = Check({"type": "string", "maxLength": 2}, "2020-12")
    assert check.fault("ab") is None
    assert "longer than 2" in check.fault("abc")


@pytest.mark.parametrize(
    ("draft", "schema", "value"),
    [
        ("2020-12", {"format": "date"}, "2024-02-30"),
        ("4", {"format": "email"}, "nobody"),
        ("2020-12", {"dependencies": {"a": ["b"]}}, {"a": 1}),
        ("2019-09", {"dependencies": {"a": {"required": ["b"]}}}, {"a": 1}),
        ("2020-12", {"$ref": "#/definitions/a", "definitions": {"a": {"type": "null"}}}, 1),
        ("2020-12", {"$ref": "#/components/a", "components": {"a": {"type": "null"}}}, 1),
        ("4", {"minimum": 1, "exclusiveMinimum": True}, 1),
        ("7", {"contentMediaType": "application/json"}, "{"),
    ],
)
def test_what_is_asserted(draft, schema, value):
    assert Check(schema, draft).problems(value)


def test_formats_by_draft():
    assert knows_format("date", "4")
    assert knows_format("uuid", "2020-12")
    assert not knows_format("uuid", "7")
    assert not knows_format("colour", "2020-12")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("^a+$", None),
        (r"\d{3}-\w+", None),
        ("(", "no regular expression"),
        ("a{1,1000000}", "too much memory"),
        ("(?=a)b", "looks around or refers back"),
        (r"(a)\1", "looks around or refers back"),
    ],
)
def test_patterns(pattern, said):
    found = pattern_fault(pattern)
    assert found is None if said is None else said in found


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(x+x+)+y", "^(a|aa)+$", "(.*a){20}"])
def test_patterns_match_in_linear_time(pattern):
    check = Check({"pattern": pattern}, "2020-12")
    start = time.process_time()
    check.fault("a" * 5_000 + "!")
    assert time.process_time() - start < 1.0


def test_places_sort_as_the_document_stands():
    data = {"b": [1, {"c": 2}], "a": 3}
    paths = [["a"], ["b", 1, "c"], ["b"], ["b", 0], [], ["gone"]]
    assert sorted(paths, key=lambda path: place(data, path)) == [
        [], ["b"], ["b", 0], ["b", 1, "c"], ["a"], ["gone"],
    ]  # fmt: skip
    assert place(1, ["x", 3]) == (0, 3)


def test_messages_are_cut_in_the_middle():
    assert short("short") == "short"
    assert len(short("x" * 500)) == 200
    assert short("a" * 300 + "z").endswith("z")


def kinds():
    import jsonschema_rs

    return {"2020-12": jsonschema_rs.Draft202012Validator, "7": jsonschema_rs.Draft7Validator}


def remotes(draft):
    """The schemas that the suite expects to be found elsewhere."""
    import jsonschema_rs

    folder = SUITE / "remotes"
    files = [file.relative_to(folder) for file in sorted(folder.rglob("*.json"))]
    files = [file for file in files if file.parts[0] != "v1"]
    if draft == "7":  # what names no draft is of this one
        files = [file for file in files if not file.parts[0].startswith(("draft20", "draft4"))]
    pairs = [(f"http://localhost:1234/{file}", load(folder / file)) for file in files]
    kind = jsonschema_rs.Draft7 if draft == "7" else jsonschema_rs.Draft202012
    return jsonschema_rs.Registry(pairs, draft=kind)


@needs("json-schema-test-suite")
@pytest.mark.parametrize(
    ("draft", "folder", "total", "least"),
    [
        ("2020-12", ".", 1_299, 1_299),
        ("2020-12", "optional", 162, 159),
        ("2020-12", "optional/format", 764, 764),
        ("7", ".", 927, 927),
        ("7", "optional", 118, 118),
    ],
)
def test_the_suite_of_json_schema(draft, folder, total, least):
    """With patterns of linear time, and formats asserted where the suite asserts them."""
    from jsonschema_rs import RegexOptions

    registry = remotes(draft if folder == "." else "2020-12")
    right = seen = 0
    for _, schema, tests in suite(SUITE / "tests" / f"draft{draft}" / folder):
        check = kinds()[draft](
            schema,
            registry=registry,
            offline=True,
            pattern_options=RegexOptions(),
            validate_formats="format" in folder or None,
        )
        for test in tests:
            seen += 1
            right += check.is_valid(test["data"]) == test["valid"]
    assert seen == total
    assert right >= least


@needs("json-schema-test-suite")
def test_the_suite_through_the_final_check_itself():
    """All that needs no schema from elsewhere and does not count on formats being ignored."""
    from jsonschema_rs import ReferencingError, ValidationError

    seen = 0
    for draft in ("2020-12", "7"):
        for file, schema, tests in suite(SUITE / "tests" / f"draft{draft}"):
            try:
                check = validator(schema, draft)
            except (ReferencingError, ValidationError):
                continue
            for test in tests if file.name not in ("format.json", "vocabulary.json") else ():
                assert check.is_valid(test["data"]) == test["valid"], (file.name, test)
                seen += 1
    assert seen > 1_900


@needs("jsonschemabench-sample")
def test_the_instances_of_real_schemas():
    valid = invalid = 0
    for file, instances in sample_files():
        schema = load(file)
        check = Check(schema, draft_of(schema)[0])
        for test in load(instances)["tests"] if instances else ():
            problems = check.problems(test["data"])
            assert (problems == []) == test["valid"], (file.name, test["data"], problems)
            valid += test["valid"]
            invalid += not test["valid"]
    assert valid > 50
    assert invalid > 50
