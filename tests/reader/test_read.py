"""Reading a page: the candidates of every unit, and what holds for all of them."""

from __future__ import annotations

import html

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from reader import pages
from rolecall.core import Page, Span
from rolecall.reader.linear import Linear
from rolecall.reader.proposal import Proposal
from rolecall.reader.read import choose_places, ranked, read_page
from rolecall.schema.posting import LIST_UNITS, UNITS

LINES = (
    "Night Nurse",
    "Elektroniker (m/w/d) - Tannhof GmbH",
    "Company: Larkfield Care Ltd",
    "Arbeitsort: Kassel",
    "Leeds, United Kingdom | Full-time",
    "Salary: £31,000 - £34,500 per year",
    "Date posted: 4 March 2025",
    "Requirements",
    "Your duties",
    "Wir bieten",
    "Votre profil :",
    "At least 3 years of experience",
    "Give medicines and dress wounds through the night.",
    "Thirty days of paid leave",
    "Fluent English and French",
    "Python, SQL and Docker",
    "Write to nights@larkfield.example or a@b.example",
    "Apply now",
    "© Larkfield 2025",
    "Remote",
    "We use cookies to improve your experience",
    "• first\u00a0• second",
    "\u200b",
    ":",
    "e\u0301🙂",
    "We run four homes for older people. You join a team of nine; you work in pairs! Ok?",
    "Bachelor's degree in nursing or equivalent",
    "Location:",
    "Berlin",
    "до 100 000 руб. в месяц",
    "Москва",
    "  - ",
    "About Larkfield",
    "Similar jobs",
    "x" * 300,
    "A (B [C",
    "Skills: welding",
)
LAYOUTS = (
    "<p>{}</p>",
    "<h1>{}</h1>",
    "<h2>{}</h2>",
    "<ul><li>{}</li></ul>",
    "<li>{}</li>",
    "<b>{}</b><br>",
    "<div class='job-location'>{}</div>",
    "<table><tr><td>{}</td></tr></table>",
    "<dt>{}</dt>",
    "<dd>{}</dd>",
    "<footer>{}</footer>",
    "<nav><a href='/x'>{}</a></nav>",
    "<form><p>{}</p></form>",
    "<p><a href='mailto:me@there.example?subject=x'>{}</a></p>",
    "<a href='/apply?id=1'>{}</a>",
    "<aside>{}</aside>",
    "<span>{}</span>",
    "<title>{}</title>",
    "{}\n",
)
LINE = st.one_of(st.sampled_from(LINES), st.text(max_size=60))
PAGES = st.lists(st.tuples(st.sampled_from(LAYOUTS), LINE), max_size=24)


def built(rows: list[tuple[str, str]]) -> Page:
    body = "".join(layout.format(html.escape(line)) for layout, line in rows)
    return pages.page_of(f"<html><body>{body}</body></html>", "https://larkfield.example/jobs/1")


def check(page: Page) -> None:
    found = read_page(page, pages.model())[1]
    assert found == read_page(page, pages.model())[1]
    assert len({one.unit for one in found}) == len(found)
    for one in found:
        assert one.unit in UNITS
        assert one.origin == "reader"
        assert one.value not in (None, "", [], {})
        assert one.confidence is not None
        assert 0.0 <= one.confidence <= 1.0
        assert len(one.quotes) == len(one.spans) > 0
        if one.unit in LIST_UNITS:
            assert len(one.value) == len(one.spans)
        for quote, span in zip(one.quotes, one.spans, strict=True):
            if span is None:
                assert one.pointer
            else:
                assert 0 <= span.start < span.end <= len(page.text)
                assert span.of(page.text) == quote


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PAGES)
def test_every_candidate_quotes_what_stands_at_its_span(rows: list[tuple[str, str]]) -> None:
    check(built(rows))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(pages.ALL)), st.integers(0, 3000), st.integers(0, 3000))
def test_pages_that_were_cut_anywhere_are_read(language: str, start: int, size: int) -> None:
    check(pages.page_of(pages.ALL[language][start : start + size]))


@pytest.mark.parametrize("body", ["", "<p></p>", "<script>x()</script>"])
def test_an_empty_page_has_no_candidates(body: str) -> None:
    tagged, found = read_page(pages.page_of(body), pages.model())
    assert found == ()
    assert tagged.lines == ()
    assert tagged.first == tagged.last == 0


def test_a_page_of_one_word_has_no_body() -> None:
    found = pages.candidates("<p>Hello</p>")
    assert not found.keys() - {"title", "company"}
    assert all((one.confidence or 0.0) < 0.5 for one in found.values())


def test_a_page_of_menus_alone_has_no_body_and_no_facts() -> None:
    found = pages.candidates(
        "<header><nav><a href='/'>Home</a><a href='/a'>About us</a></nav></header>"
        "<footer><a href='/p'>Privacy policy</a><p>© 2025</p></footer>"
    )
    assert not found.keys() - {"title", "company"}


ROWS = {
    "en": ("Night Nurse", "Larkfield Care Ltd", "Leeds", "We run four homes", ["full_time"], 3),
    "de": (
        "Elektroniker (m/w/d)",
        "Tannhof Technik GmbH",
        "Kassel",
        "Die Tannhof",
        ["full_time"],
        2,
    ),
    "fr": ("Comptable (H/F)", "Moulins Verdier SAS", "Lyon", "Moulins Verdier fabrique", None, 2),
    "es": ("Camarero de sala", "Grupo Alcornoque S.L.", "Sevilla", "Somos un", ["full_time"], 1),
}


@pytest.mark.parametrize("language", sorted(ROWS))
def test_the_main_values_of_a_posting(language: str) -> None:
    title, company, city, start, types, years = ROWS[language]
    found = pages.values(pages.ALL[language])
    assert found["title"] == title
    assert found["company"] == company
    assert [place["city"] for place in found["places"]] == [city]
    assert found["description"].startswith(start)
    assert found.get("employment_type") == types
    assert found["experience"]["experience_years_min"] == years


def test_pay_and_dates_behind_their_labels() -> None:
    found = pages.values(pages.ENGLISH)
    assert found["salary"] == {
        "salary_min": 31000,
        "salary_max": 34500,
        "salary_currency": "GBP",
        "salary_period": "year",
    }
    assert found["date_posted"] == "2025-03-04"
    assert found["valid_through"] == "2025-04-30"


def test_an_empty_model_finds_lists_only_from_the_tagger() -> None:
    full = pages.model()
    rankers = {unit: Linear({"bias": -30.0}) for unit in full.rankers}
    bare = type(full)(**asdict(full) | {"rankers": rankers})
    units = {one.unit for one in read_page(pages.page_of(pages.ENGLISH), bare)[1]}
    assert {"description", "responsibilities", "requirements", "benefits"} <= units
    assert not units & {"title", "company", "places", "salary", "employment_type"}


def proposal(value: str, start: int, *features: str) -> Proposal:
    span = Span(start, start + len(value))
    return Proposal(unit="places", value=value, span=span, features=features)


def test_proposals_are_ranked_by_their_chance_and_then_by_their_order() -> None:
    ranker = Linear({"good": 2.0})
    rows = [proposal("a", 0), proposal("b", 2, "good"), proposal("c", 4), proposal("d", 6, "good")]
    order = ranked(rows, ranker)
    assert [one.value for _, one in order] == ["b", "d", "a", "c"]
    assert 0.0 < sum(share for share, _ in order) < 1.0
    assert ranked([], ranker) == []


def test_places_beside_the_best_one_are_kept_once_and_in_the_pages_order() -> None:
    ranker = Linear({"here": 3.0, "near": 2.5})
    same = "kind=field|z=head"
    rows = [
        proposal("Leeds", 10, "near", same),
        proposal("York", 20, "here", same),
        proposal("leeds", 30, "near", same),
        proposal("Hull", 40, same),
        proposal("Bath", 50, "near", "kind=run|z=P"),
        proposal("Ripon", 900, "near", same),
    ]
    assert [one.value for _, one in choose_places(rows, ranker)] == ["Leeds", "York"]
    assert choose_places([], ranker) == []
