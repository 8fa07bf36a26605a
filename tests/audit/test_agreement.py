"""What counts as the same when a page is extracted twice."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.audit.agreement import OUTCOME, agreement

DEEP = []
for _ in range(3_000):
    DEEP = [DEEP]


def ok(**data):
    return {"outcome": "ok", "data": data}


def fields(first, second):
    """What is said of fields alone."""
    told = agreement(first, second)
    assert told.pop(OUTCOME) is True
    return told


@pytest.mark.parametrize(
    ("field", "a", "b", "same"),
    [
        ("title", "Data Engineer", "data  <b>engineer</b>", True),
        ("title", "Data Engineer (m/f/d) in Berlin", "Data Engineer", False),
        ("title", "+++", "+++", True),
        ("company", "Acme GmbH", "ACME", True),
        ("company", "Acme GmbH", "Umbrella GmbH", False),
        ("location", "Berlin, Germany", "Berlin", True),
        ("location", "Berlin", "Hamburg", False),
        ("location", "Bath, England", "England", False),
        ("locations", [{"text": "Berlin"}], [{"text": "Berlin, DE"}], True),
        ("locations", [{"text": "Berlin"}], [{"text": "Berlin"}, {"text": "Kiel"}], False),
        ("salary_min", 50_000, 50_000.0, True),
        ("salary_min", 50_000, 50_499, True),
        ("salary_min", 50_000, 51_000, False),
        ("salary_min", 0, 0, True),
        ("employment_type", ["full_time", "contract"], ["contract", "full_time"], True),
        ("employment_type", ["full_time"], ["full_time", "contract"], False),
        ("skills", ["Python", "SQL"], ["sql", "python"], True),
        ("skills", ["Python", "SQL", "Go"], ["Python"], False),
        ("benefits", ["Free lunch and a bicycle"], ["Free lunch", "and a bicycle"], True),
        ("date_posted", "2026-05-01", "2026-05-01T10:00:00Z", True),
        ("date_posted", "2026-05-01", "2026-05-02", False),
        ("application_url", "https://a.example/apply?x=1", "https://a.example/apply", True),
        # Fields of users' schemas, of any kind.
        ("shift", True, True, True),
        ("shift", True, 1, False),
        ("shift", False, None, False),
        ("pay", {"min": 1, "unit": "EUR"}, {"unit": "eur", "min": 1.0}, True),
        ("pay", {"min": 1, "unit": "EUR"}, {"min": 1}, False),
        ("pay", {"min": 1, "unit": None}, {"min": 1}, True),
        ("codes", [3, 1, 2], [1, 2, 3], True),
        ("codes", [1, 1], [1], False),
        ("rows", [{"a": "X"}, {"a": "y"}], [{"a": "Y"}, {"a": "x"}], True),
        ("number", "5", 5, True),
        # A user's field with a known name and another kind.
        ("title", ["a"], ["A"], True),
        ("skills", "python", {"name": "python"}, False),
        ("salary_min", "from 50", "from 50", True),
    ],
)
def test_what_says_the_same(field, a, b, same):
    assert fields(ok(**{field: a}), ok(**{field: b})) == {field: same}
    assert fields(ok(**{field: b}), ok(**{field: a})) == {field: same}


def test_a_field_that_only_one_of_them_has_differs_and_one_that_none_has_is_not_told():
    first = ok(title="Cook", education=None, skills=[], benefits=["Lunch"])
    second = {"outcome": "partial", "data": {"title": "Cook", "education": "", "company": "Inn"}}
    assert fields(first, second) == {"title": True, "benefits": False, "company": False}


def test_a_page_that_is_a_posting_to_one_alone_differs_in_that_and_in_nothing_else():
    none = {"outcome": "not_a_posting", "data": None}
    assert agreement(ok(title="Cook"), none) == {OUTCOME: False}
    assert agreement(none, ok(title="Cook")) == {OUTCOME: False}
    assert agreement(none, none) == {OUTCOME: True}


@pytest.mark.parametrize("outcome", ["failed", "", None, 7, "OK"])
def test_nothing_is_said_of_a_page_that_one_of_them_failed_on(outcome):
    assert agreement(ok(title="Cook"), {"outcome": outcome, "data": None}) == {}


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (DEEP, [*DEEP, 1]),
        (math.nan, 1.0),
        (10**400, 10**399),
        ([{1: {2}}], [{1: {3}}]),
        ([{"b": 1, 3: 2}], [{"b": 2, 3: 2}]),  # names without an order
        (["x"] * 100_000, ["y"] * 100_000),
    ],
)
@pytest.mark.parametrize("field", ["skills", "salary_min", "mine"])
def test_damaged_values_that_differ_differ(field, a, b):
    assert fields(ok(**{field: a}), ok(**{field: b})) == {field: False}


@pytest.mark.parametrize("data", [None, [], "text", 4, {3: "x"}])
def test_damaged_data_holds_no_fields(data):
    assert fields({"outcome": "ok", "data": data}, ok(title="Cook")) == {"title": False}


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)
RECORDS = st.fixed_dictionaries(
    {
        "outcome": st.sampled_from(["ok", "partial", "not_a_posting", "failed"]),
        "data": st.none()
        | st.dictionaries(
            st.sampled_from(["title", "skills", "salary_min", "locations", "mine", "benefits"]),
            VALUES,
        ),
    }
)


@given(first=RECORDS, second=RECORDS)
def test_it_takes_anything_and_does_not_care_which_was_first(first, second):
    told = agreement(first, second)
    assert told == agreement(second, first)
    assert all(isinstance(same, bool) for same in told.values())


@given(record=RECORDS)
def test_a_record_agrees_with_itself(record):
    def numbers(value):
        if isinstance(value, dict):
            return [x for item in value.values() for x in numbers(item)]
        if isinstance(value, list):
            return [x for item in value for x in numbers(item)]
        return [value] if isinstance(value, float) else []

    if not any(math.isnan(x) for x in numbers(record["data"])):
        assert all(agreement(record, record).values())
