"""Annotations become one label per line."""

from __future__ import annotations

from typing import Any

import pytest

from rolecall.core import Source
from rolecall.evaluate.training.labels import fold, is_heading, label_blocks, same_words
from rolecall.page import clean
from rolecall.reader.lines import Line, prepare

HTML = """<title>Night Nurse | Larkfield</title><nav><a href="/">Home</a></nav>
<h1>Night Nurse</h1><p>Larkfield Care Ltd</p><p>Leeds, United Kingdom</p><p>Full-time</p>
<p>We run four homes for older people and look for a nurse who likes quiet hours.</p>
<h2>Your duties</h2><ul><li>Give medicines through the night</li>
<li>Write a report for the day team</li></ul>
<h2>Requirements</h2><ul><li>A valid licence as a nurse</li></ul>
<h2>Benefits</h2><ul><li>Free meals on every shift</li></ul>
<footer><p>Privacy policy and imprint of the site</p></footer>"""
DUTIES = ["Give medicines through the night", "Write a report for the day team"]
GOLD: dict[str, Any] = {
    "title": "Night Nurse",
    "company": "Larkfield Care Ltd",
    "location": ["Leeds, United Kingdom"],
    "employment_type_quote": "Full-time",
    "responsibilities": DUTIES,
    "requirements": ["A valid licence as a nurse"],
    "benefits": ["Free meals on every shift"],
    "description": "\n".join(
        [
            "We run four homes for older people and look for a nurse who likes quiet hours.",
            "Your duties",
            *DUTIES,
            "Requirements",
            "A valid licence as a nurse",
            "Benefits",
            "Free meals on every shift",
        ]
    ),
}


def lines(html: str = HTML) -> tuple[Line, ...]:
    return prepare(clean(Source(body=html.encode())))


def labels(gold: dict[str, Any]) -> dict[str, str]:
    found = lines()
    return dict(zip((line.text for line in found), label_blocks(found, gold), strict=True))


def test_every_kind_of_line() -> None:
    found = labels(GOLD)
    assert found["Night Nurse"] == "T"
    assert found["Larkfield Care Ltd"] == "F"
    assert found["Leeds, United Kingdom"] == "F"
    assert found["Full-time"] == "F"
    assert (
        found["We run four homes for older people and look for a nurse who likes quiet hours."]
        == "P"
    )
    assert [found[text] for text in ("Your duties", "Requirements", "Benefits")] == ["H"] * 3
    assert [found[text] for text in DUTIES] == ["D", "D"]
    assert found["A valid licence as a nurse"] == "R"
    assert found["Free meals on every shift"] == "B"
    assert found["Home"] == "O"
    assert found["Privacy policy and imprint of the site"] == "O"


def test_items_that_are_no_section_are_text() -> None:
    found = labels(GOLD | {"responsibilities": [], "benefits": []})
    assert found[DUTIES[0]] == "P"
    assert found["Free meals on every shift"] == "P"
    assert found["A valid licence as a nurse"] == "R"


@pytest.mark.parametrize("description", [None, ""])
def test_without_a_description_there_is_no_body(description: str | None) -> None:
    found = labels(GOLD | {"description": description})
    assert set(found.values()) <= {"T", "F", "O"}
    assert found["Night Nurse"] == "T"


def test_a_page_without_lines_has_no_labels() -> None:
    assert label_blocks((), GOLD) == []


def test_folding_leaves_words_between_spaces() -> None:
    assert fold(" Night\u00ad shift, C++! ") == " night shift c++ "
    assert fold("…") == "  "
    assert same_words(" night nurse leeds ", " night nurse ")
    assert not same_words(" night ", " nurse ")
    assert not same_words("  ", "  ")


def test_headings_by_mark_by_colon_and_by_words() -> None:
    found = lines("<h2>Our town</h2><p>What we do:</p><p>Requirements</p><p>We bake bread</p>")
    assert [is_heading(line) for line in found] == [True, True, True, False]
