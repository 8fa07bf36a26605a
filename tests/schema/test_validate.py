from datetime import date

import pytest

from rolecall.schema.posting import FIELDS, POSTING_SCHEMA
from rolecall.schema.validate import fault, pointer, validate

WHOLE = {"title": "Baker", "company": "Crumb", "description": "Bake bread."}


def test_a_posting_with_its_required_fields_is_valid():
    assert validate(WHOLE) == []


def test_a_null_field_counts_as_absent():
    assert validate(WHOLE | dict.fromkeys(name for name in FIELDS if name not in WHOLE)) == []
    assert [p.message for p in validate(WHOLE | {"title": None})] == [
        '"title" is a required property'
    ]


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("skills", ["Rye", 3], "/skills/1"),
        ("salary_currency", "euro", "/salary_currency"),
        ("salary_min", -5, "/salary_min"),
        ("salary_max", 10**30, "/salary_max"),
        ("workplace", "moon", "/workplace"),
        ("date_posted", "12.05.2026", "/date_posted"),
        ("locations", [{"text": "Lyon"}], "/locations/0"),
        ("employment_type", ["contract", "contract"], "/employment_type"),
        ("surprise", 1, ""),
    ],
)
def test_a_problem_points_to_the_value(field, value, where):
    problems = validate(WHOLE | {field: value})
    assert {p.pointer for p in problems} == {where}
    assert {p.kind for p in problems} == {"schema"}


@pytest.mark.parametrize("data", [None, [], 3, {1, 2}, {"title": {1}}, {"title": "\ud800"}])
def test_what_is_no_posting_is_a_problem_and_no_exception(data):
    assert validate(data)


def test_fault_says_why_one_field_is_refused():
    assert fault("title", "Baker") is None
    assert "shorter" in fault("title", "")
    assert "no field" in fault("wage", 3)
    assert fault("title", date(2026, 1, 1))


def test_messages_stay_short():
    assert len(fault("workplace", "x" * 10_000)) <= 210


def test_pointers_are_escaped():
    assert pointer(["a/b", 0, "~"]) == "/a~1b/0/~0"


def test_every_field_of_a_unit_is_in_the_schema():
    assert set(FIELDS) == set(POSTING_SCHEMA["properties"])
