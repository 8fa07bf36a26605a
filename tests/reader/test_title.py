"""The role's title, without company, place and lead-in words."""

import pytest

from reader import pages
from rolecall.reader.title import propose_titles

BODY = (
    "<p>We run four homes for older people and look for somebody who likes quiet hours.</p>"
    "<h2>Your duties</h2><ul><li>Give medicines and dress wounds through the night</li>"
    "<li>Write a short report for the day team</li></ul>"
    "<h2>Requirements</h2><ul><li>A valid licence</li><li>Three years of experience</li></ul>"
)


@pytest.mark.parametrize(
    ("document", "heading", "title"),
    [
        ("Night Nurse | Larkfield Care", "Night Nurse", "Night Nurse"),
        ("Night Nurse - Leeds - Larkfield Care Ltd", "Night Nurse", "Night Nurse"),
        ("Larkfield Care Ltd: Night Nurse", "Night Nurse", "Night Nurse"),
        ("Careers", "Senior Software Engineer", "Senior Software Engineer"),
        ("Elektroniker (m/w/d) in Kassel", "Elektroniker (m/w/d)", "Elektroniker (m/w/d)"),
        ("Comptable (H/F) - Lyon", "Comptable (H/F)", "Comptable (H/F)"),
        ("Account Manager, Larkfield", "Account Manager", "Account Manager"),
    ],
)
def test_company_and_place_are_cut_off(document: str, heading: str, title: str) -> None:
    html = f"<title>{document}</title><h1>{heading}</h1>{BODY}"
    assert pages.values(html)["title"] == title


def test_a_labelled_title_without_a_heading() -> None:
    html = f"<title>Jobs</title><p>Job title: Warehouse Clerk</p><p>Location: Leeds</p>{BODY}"
    assert pages.values(html)["title"] == "Warehouse Clerk"


@pytest.mark.parametrize("lead", ["We are hiring: ", "Stellenangebot: ", "Job opening - "])
def test_parts_without_their_lead_in_words_are_proposed(lead: str) -> None:
    tagged = pages.tagged(f"<h1>{lead}Night Nurse</h1>{BODY}")
    assert "Night Nurse" in [one.value for one in propose_titles(tagged)]


@pytest.mark.parametrize(
    "line",
    [
        "Night Nurse - Leeds - Larkfield Ltd",
        "Larkfield Ltd | Night Nurse",
        "Night Nurse at Larkfield",
    ],
)
def test_parts_of_a_line_are_proposed(line: str) -> None:
    tagged = pages.tagged(f"<title>{line}</title>{BODY}")
    assert {"Night Nurse", line} <= {one.value for one in propose_titles(tagged)}


def test_proposals_stand_where_they_say() -> None:
    for html in pages.ALL.values():
        tagged = pages.tagged(html)
        found = propose_titles(tagged)
        assert found
        for one in found:
            assert one.unit == "title"
            assert one.span is not None
            assert one.span.of(tagged.page.text) == one.value
            assert one.features


def test_similar_postings_and_menus_are_no_titles() -> None:
    html = (
        f"<nav><a href='/cook'>Head Cook</a></nav><h1>Night Nurse</h1>{BODY}"
        "<aside class='similar-jobs'><h3>Similar jobs</h3><a href='/2'>Ward Clerk</a></aside>"
    )
    assert not {"Head Cook", "Ward Clerk"} & {
        one.value for one in propose_titles(pages.tagged(html))
    }


def test_a_page_without_lines_has_no_titles() -> None:
    assert propose_titles(pages.tagged("")) == []
