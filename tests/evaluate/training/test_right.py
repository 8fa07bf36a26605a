"""When a proposal is right for an annotated page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.evaluate.training.right import has_value, right
from rolecall.reader.proposal import Proposal
from rolecall.same.values import same_company_words as same_company
from rolecall.same.values import same_place_words as same_place
from rolecall.same.words import bag_f1, words

GOLD: dict[str, Any] = {
    "title": "Senior Night Nurse for Homes",
    "company": "Larkfield Care Ltd",
    "location": ["Leeds, United Kingdom", "Bath"],
    "salary_min": 31000,
    "salary_max": None,
    "experience_years_min": None,
    "experience_years_max": None,
    "education": "nursing degree",
    "employment_type": ["full_time"],
    "languages_required": [],
    "application_url": "../apply/77/?from=list",
    "application_email": "nights@larkfield.example",
    "workplace": None,
    "date_posted": "2025-03-04",
}


@pytest.mark.parametrize(
    ("unit", "value", "wanted"),
    [
        ("title", "senior night nurse FOR homes", True),
        ("title", "Senior Night Nurse for Homes (Leeds)", None),
        ("title", "Night Nurse", False),
        ("company", "Larkfield Care", True),
        ("company", "Oakbridge", False),
        ("places", "Leeds", True),
        ("places", "Bath, UK", True),
        ("places", "United Kingdom", False),
        ("salary", {"salary_min": 31000.0, "salary_max": None}, True),
        ("salary", {"salary_min": 31000, "salary_max": 35000}, False),
        ("salary", {"salary_min": None, "salary_max": 31000}, False),
        ("experience", {"experience_years_min": 3, "experience_years_max": None}, False),
        ("education", "degree in nursing", True),
        ("education", "driving licence", False),
        ("employment_type", "full_time", True),
        ("employment_type", "part_time", False),
        ("languages_required", "English", False),
        ("application_url", "https://larkfield.example/apply/77?x=1", True),
        ("application_url", "https://larkfield.example/", False),
        ("application_email", "Nights@Larkfield.example", True),
        ("workplace", "remote", False),
        ("date_posted", "2025-03-04", True),
    ],
)
def test_right(unit: str, value: Any, wanted: bool | None) -> None:
    assert right(unit, Proposal(unit=unit, value=value, span=None, features=()), GOLD) is wanted


def test_a_page_without_an_annotated_value_has_no_right_proposal() -> None:
    for unit in ("title", "company", "education", "application_url", "workplace"):
        one = Proposal(unit=unit, value="Night Nurse", span=None, features=())
        assert right(unit, one, GOLD | {unit: None}) is False


def test_units_that_are_annotated() -> None:
    units = ("places", "salary", "title", "employment_type")
    assert all(has_value(unit, GOLD) for unit in units)
    assert not any(
        has_value(unit, GOLD) for unit in ("experience", "languages_required", "workplace")
    )
    assert has_value("salary", GOLD | {"salary_min": 0})


WORDS = st.lists(st.sampled_from(["acme", "care", "ltd", "of", "leeds"]), max_size=4)


@settings(deadline=None)
@given(WORDS, WORDS)
def test_comparisons_are_symmetric_shares(a: list[str], b: list[str]) -> None:
    assert same_company(a, b) == same_company(b, a)
    assert bag_f1(a, b) == bag_f1(b, a)
    assert 0.0 <= bag_f1(a, b) <= 1.0
    assert bag_f1(a, a) == float(bool(a))
    assert same_place(a, a) == bool(a)


def test_legal_forms_alone_are_compared_as_they_are() -> None:
    assert same_company(["group"], ["group"])
    assert not same_company(["group"], ["ltd"])
    assert not same_company([], ["ltd"])
    assert words("C++ & Node.js, Ⅳ") == ["c++", "node.js", "iv"]
