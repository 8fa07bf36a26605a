"""Duties, requirements, benefits and the description of a posting."""

from __future__ import annotations

import pytest

from reader import pages
from rolecall.reader.sections import MOST, description, section_labels, sections

BARE = """<h1>Night Nurse</h1><p>Company: Larkfield Care Ltd</p>
<p>We run four homes for older people and look for a nurse who likes quiet hours and clear words.
You will join a team of nine and always work in pairs.</p>
<p>You will give medicines, dress wounds and write a short report for the day team every morning.
You will teach new carers how to lift safely.</p>
<p>You must be a registered nurse with a valid licence and at least three years of experience.</p>
<p>We offer thirty days of paid leave, free meals on every shift and a company pension.</p>"""


@pytest.mark.parametrize(
    ("language", "unit", "items"),
    [
        ("en", "responsibilities", 3),
        ("en", "requirements", 3),
        ("en", "benefits", 2),
        ("de", "responsibilities", 2),
        ("de", "requirements", 3),
        ("de", "benefits", 2),
        ("fr", "responsibilities", 2),
        ("fr", "requirements", 2),
        ("fr", "benefits", 2),
        ("es", "responsibilities", 2),
        ("es", "requirements", 2),
        ("es", "benefits", 2),
    ],
)
def test_lists_under_headings(language: str, unit: str, items: int) -> None:
    found = pages.candidates(pages.ALL[language])[unit]
    assert len(found.value) == items
    assert tuple(found.value) == found.quotes


def test_lists_without_headings() -> None:
    found = pages.values(BARE)
    assert "four homes" in found["description"]
    assert "company pension" in found["description"]
    assert any("registered nurse" in item for item in found.get("requirements", []))


def test_a_long_line_is_cut_into_its_sentences() -> None:
    duties = (
        "Give medicines and dress wounds through the whole of the night. Write a short report for"
        " the day team every morning! Teach new carers how to lift safely and with good humour."
    )
    tagged = pages.tagged(
        pages.ENGLISH.replace("<h2>Your duties", f"<p>{duties}</p><h2>Your duties")
    )
    (at,) = (i for i, line in enumerate(tagged.lines) if line.text == duties)
    labels = ["D" if i == at else "P" for i in range(len(tagged.lines))]
    (found,) = sections(tagged, labels)
    assert found.unit == "responsibilities"
    items = found.quotes
    assert len(items) == 3
    assert " ".join(items) == duties


def test_more_items_than_a_list_may_have_are_cut_and_said() -> None:
    many = "".join(
        f"<li>Duty {i}: write report number {i} for the day team</li>" for i in range(40)
    )
    html = pages.ENGLISH.replace("<li>Give medicines", f"{many}<li>Give medicines")
    found = pages.candidates(html)["responsibilities"]
    assert len(found.value) == MOST["responsibilities"]
    (problem,) = found.problems
    assert problem.kind == "truncated"
    assert problem.pointer == "/responsibilities"


def test_the_items_of_a_list_have_one_label() -> None:
    tagged = pages.tagged(pages.ENGLISH)
    labels = section_labels(tagged)
    assert len(labels) == len(tagged.lines)
    marks = {
        line.text: label for line, label in zip(tagged.lines, labels, strict=True) if line.words
    }
    assert marks["Fluent English"] == marks["Registered nurse with a valid licence"] == "R"


@pytest.mark.parametrize("language", sorted(pages.ALL))
def test_the_description_leaves_menus_and_fields_out(language: str) -> None:
    tagged = pages.tagged(pages.ALL[language])
    found = description(tagged)
    assert found is not None
    chrome = [line.text for line in tagged.lines if line.block.role == "chrome"]
    rows = found.value.split("\n")
    assert not set(rows) & set(chrome)
    assert not any(
        row.startswith(("Company", "Arbeitgeber", "Entreprise", "Empresa")) for row in rows
    )
    (span,) = found.spans
    assert span is not None
    assert found.quotes == (span.of(tagged.page.text),)
    assert found.quotes[0].startswith(rows[0])
    assert found.quotes[0].endswith(rows[-1])


def test_the_description_leaves_a_form_out() -> None:
    form = (
        "<form><label>Your name</label><input name='n'><p>I agree that my personal data are"
        " processed under the privacy policy and GDPR, and may withdraw my consent.</p>"
        "<p>The data controller keeps personal data for a year; see the privacy notice.</p></form>"
    )
    html = pages.ENGLISH.replace("</main>", f"{form}</main>")
    text = pages.values(html)["description"]
    assert "personal data" not in text
    assert "Free meals on every shift" in text


def test_chrome_inside_the_body_is_left_out_of_the_value() -> None:
    html = pages.ENGLISH.replace(
        "<h2>Requirements</h2>",
        "<nav><a href='/f'>Facebook</a> <a href='/x'>Share</a></nav><h2>Requirements</h2>",
    )
    text = pages.values(html)["description"]
    assert "Facebook" not in text
    assert "Your duties" in text
    assert "Free meals on every shift" in text


def test_a_page_without_a_body_has_neither() -> None:
    tagged = pages.tagged("")
    assert description(tagged) is None
    assert sections(tagged, section_labels(tagged)) == []
