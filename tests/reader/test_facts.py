"""Facts: what a finder sees, with where it stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reader import pages
from rolecall.reader import facts
from rolecall.reader.blocks import Tagged
from rolecall.reader.proposal import Proposal

FINDERS: dict[str, Callable[[Tagged], list[Proposal]]] = {
    "workplace": facts.propose_workplaces,
    "employment_type": facts.propose_employment,
    "salary": facts.propose_salaries,
    "experience": facts.propose_experience,
    "education": facts.propose_education,
    "languages_required": facts.propose_languages,
    "date_posted": lambda tagged: facts.propose_dates(tagged, "date_posted"),
    "valid_through": lambda tagged: facts.propose_dates(tagged, "valid_through"),
    "seniority": lambda tagged: facts.propose_levels(tagged, None),
}
BODY = (
    "<p>We run four homes for older people and look for somebody who likes quiet hours.</p>"
    "<h2>Your duties</h2><ul><li>Give medicines and dress wounds through the night</li></ul>"
    "<h2>Requirements</h2><ul><li>A valid licence</li></ul>"
)


@pytest.mark.parametrize("unit", sorted(FINDERS))
def test_proposals_stand_on_one_line_of_the_page(unit: str) -> None:
    for html in pages.ALL.values():
        tagged = pages.tagged(html)
        spans = [line.block.span for line in tagged.lines]
        for one in FINDERS[unit](tagged):
            assert one.unit == unit
            assert one.value is not None
            assert one.features
            assert one.span is not None
            assert one.span.start < one.span.end
            inside = (s.start <= one.span.start and one.span.end <= s.end for s in spans)
            assert any(inside)


@pytest.mark.parametrize("unit", sorted(FINDERS))
def test_a_page_without_lines_has_none(unit: str) -> None:
    assert FINDERS[unit](pages.tagged("")) == []


@pytest.mark.parametrize(
    ("unit", "line", "value"),
    [
        ("workplace", "Work type: Remote", "remote"),
        ("workplace", "Arbeitsmodell: Hybrid", "hybrid"),
        ("employment_type", "Employment type: Part-time", ["part_time"]),
        ("employment_type", "Vollzeit", ["full_time"]),
        ("date_posted", "Date posted: 2025-03-04", "2025-03-04"),
        ("date_posted", "Veröffentlicht am: 04.03.2025", "2025-03-04"),
        ("valid_through", "Application deadline: 30 April 2025", "2025-04-30"),
        ("valid_through", "Bewerbungsfrist: 30.04.2025", "2025-04-30"),
        ("seniority", "Seniority level: Senior", "senior"),
    ],
)
def test_a_labelled_field_is_read(unit: str, line: str, value: object) -> None:
    assert pages.values(f"<h1>Night Nurse</h1><p>{line}</p>{BODY}").get(unit) == value


def test_the_level_stands_in_the_title() -> None:
    found = pages.candidates(f"<h1>Senior Nurse</h1><p>Company: Larkfield</p>{BODY}")
    assert found["seniority"].value == "senior"
    assert found["seniority"].quotes == ("Senior",)


@pytest.mark.parametrize(
    ("line", "low", "high", "currency", "period"),
    [
        ("Salary: $90,000 - $110,000 per year", 90000, 110000, "USD", "year"),
        ("Gehalt: 3.200 € bis 3.800 € pro Monat", 3200, 3800, "EUR", "month"),
        ("Pay: £14.50 an hour", 14.5, 14.5, "GBP", "hour"),
    ],
)
def test_pay(line: str, low: float, high: float, currency: str, period: str) -> None:
    found = pages.values(f"<h1>Night Nurse</h1><p>{line}</p>{BODY}")["salary"]
    assert found["salary_min"] == low
    assert found["salary_max"] in (high, None)
    assert (found["salary_currency"], found["salary_period"]) == (currency, period)


def test_similar_postings_and_consent_texts_have_no_facts() -> None:
    html = (
        f"<h1>Night Nurse</h1>{BODY}<aside class='similar-jobs'><h3>Similar jobs</h3>"
        "<p>Cook, Remote, £9 an hour</p></aside>"
    )
    tagged = pages.tagged(html)
    roles = {tagged.lines[i].block.role for i in facts.seen_lines(tagged, chrome=True)}
    assert roles <= {"posting", "header", "chrome"}
    assert not facts.propose_salaries(tagged)
