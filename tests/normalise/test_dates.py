import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.normalise.dates import find_dates, read_date

SHARED = Path(__file__).parents[3] / "shared"
SAVED = date(2026, 3, 31)


@pytest.mark.parametrize(
    ("text", "language", "iso"),
    [
        ("31.12.2026", "de", "2026-12-31"),
        ("31. 12. 2026", "cs", "2026-12-31"),
        ("01.08.26", "de", "2026-08-01"),
        ("05/11/2026", "fr", "2026-11-05"),
        ("21/04/2026", "en", "2026-04-21"),
        ("04/21/2026", "en", "2026-04-21"),
        ("07/07/2026", "en", "2026-07-07"),
        ("2026-12-31", None, "2026-12-31"),
        ("2026-12-31T10:00Z", None, "2026-12-31"),
        ("2026/12/31", None, "2026-12-31"),
        ("December 31, 2026", "en", "2026-12-31"),
        ("1st of May 2026", "en", "2026-05-01"),
        ("May 1st, 2026", "en", "2026-05-01"),
        ("5-Mar-2026", "en", "2026-03-05"),
        ("Jul 28 00:00:00 CEST 2021", "en", "2021-07-28"),
        ("1. Mai 2026", "de", "2026-05-01"),
        ("1er mai 2026", "fr", "2026-05-01"),
        ("3 maart 2026", "nl", "2026-03-03"),
        ("18 december 2026", "nl", "2026-12-18"),
        ("18de december 2026", "nl", "2026-12-18"),
        ("10 dezembro 2026", "pt", "2026-12-10"),
        ("10 dicembre 2026", "it", "2026-12-10"),
        ("10 de diciembre de 2026", "es", "2026-12-10"),
        ("3. července 2026", "cs", "2026-07-03"),
        ("3 de março de 2026", "pt", "2026-03-03"),
        ("3 settembre 2026", "it", "2026-09-03"),
        ("5 мая 2026", "ru", "2026-05-05"),
        ("1 de mayo de 2026", "es", "2026-05-01"),
        ("5. maj 2026", "da", "2026-05-05"),
        ("5 augusti 2026", "sv", "2026-08-05"),
        ("31 grudnia 2026", "pl", "2026-12-31"),
        ("31 грудня 2026", "uk", "2026-12-31"),
        ("2026年12月31日", "ja", "2026-12-31"),
    ],
)
def test_absolute_dates_are_read_whole(text, language, iso):
    (found,) = find_dates(text, language=language)
    assert (found.value, found.cue, found.problem) == (iso, "absolute", None)
    assert text[found.start : found.end] == text


@pytest.mark.parametrize("language", [None, "en"])
def test_day_and_month_that_could_change_places_stay_open(language):
    (found,) = find_dates("05/11/2026", language=language)
    assert (found.value, found.cue) == (None, "ambiguous")
    assert found.problem
    assert read_date("05/11/2026", language=language, day_first=True).value == "2026-11-05"
    assert read_date("05/11/2026", language=language, day_first=False).value == "2026-05-11"


@pytest.mark.parametrize("text", ["Posted Jan 20", "Deadline 15 March", "do 5. května"])
def test_a_date_without_its_year_has_no_value(text):
    (found,) = find_dates(text)
    assert (found.value, found.cue, found.problem) == (None, "no_year", "no year")


@pytest.mark.parametrize(
    ("text", "language", "iso"),
    [
        ("3 days ago", "en", "2026-03-28"),
        ("vor 3 Tagen", "de", "2026-03-28"),
        ("il y a 3 jours", "fr", "2026-03-28"),
        ("3 dagen geleden", "nl", "2026-03-28"),
        ("hace 2 días", "es", "2026-03-29"),
        ("há 3 dias", "pt", "2026-03-28"),
        ("5 giorni fa", "it", "2026-03-26"),
        ("před 2 dny", "cs", "2026-03-29"),
        ("2 дня назад", "ru", "2026-03-29"),
        ("for 3 dage siden", "da", "2026-03-28"),
        ("för 2 dagar sedan", "sv", "2026-03-29"),
        ("2 dni temu", "pl", "2026-03-29"),
        ("1 month ago", "en", "2026-02-28"),
        ("a week ago", "en", "2026-03-24"),
        ("vor einer Woche", "de", "2026-03-24"),
        ("today", "en", "2026-03-31"),
        ("yesterday", "en", "2026-03-30"),
        ("gestern", "de", "2026-03-30"),
        ("2d", "en", "2026-03-29"),
    ],
)
def test_relative_dates_count_back_from_the_day_the_page_was_saved(text, language, iso):
    (found,) = find_dates(text, language=language, captured=SAVED)
    assert (found.value, found.cue) == (iso, "relative")
    assert text[found.start : found.end] == text
    (open_,) = find_dates(text, language=language)
    assert (open_.value, open_.problem) == (None, "relative")


@pytest.mark.parametrize(
    "text", ["Posted 30+ days ago", "il y a plus de 30 jours", "vor mehr als 30 Tagen"]
)
def test_a_bound_is_no_date(text):
    (found,) = find_dates(text, captured=SAVED)
    assert found.value is None
    assert found.problem == "relative: at least"


@pytest.mark.parametrize(
    "text",
    [
        "31/02/2026",
        "31.04.2026",
        "2026-13-01",
        "1 May 1850",
        "10.0.0.1 and 1.2.10",
        "2019-2024",
        "tel. 030-12-05-20",
        "Apply today and join a team of 30",
        "you may 2 times",
        "20260131",
        "",
    ],
)
def test_what_is_no_date_is_left_out(text):
    assert find_dates(text) == []


def test_short_forms_count_behind_a_label():
    assert read_date("20260131", labelled=True).value == "2026-01-31"
    assert read_date("31.12.", labelled=True).cue == "no_year"


def test_an_absolute_date_is_preferred():
    text = "Posted 3 days ago\nApply until 15 April 2026"
    assert [found.cue for found in find_dates(text, language="en")] == ["relative", "absolute"]
    assert read_date(text, language="en").value == "2026-04-15"
    assert read_date("no date here") is None


@settings(deadline=None)
@given(st.text() | st.text("0123456789./-: TZagodysMrchvt\n"), st.booleans())
def test_no_text_makes_it_raise_and_spans_lie_in_order_inside(text, labelled):
    end = 0
    for found in find_dates(text, captured=SAVED, labelled=labelled):
        assert end <= found.start < found.end <= len(text)
        end = found.end
        assert found.value is None or 1990 <= date.fromisoformat(found.value).year <= 2100


@settings(deadline=None)
@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_the_normal_form_reads_back_as_itself(day):
    assert read_date(day.isoformat()).value == day.isoformat()


@settings(deadline=None)
@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(0, 999))
def test_days_ago_are_days(day, count):
    found = read_date(f"{count} days ago", captured=day)
    assert found.value == (day - timedelta(days=count)).isoformat()


@settings(deadline=None)
@given(
    st.dates(date(2000, 1, 1), date(2100, 12, 31)),
    st.integers(0, 999),
    st.sampled_from(["months", "weeks", "years", "hours"]),
)
def test_no_count_makes_it_raise(day, count, unit):
    for found in find_dates(f"{count} {unit} ago", captured=day):
        assert found.value <= day.isoformat()


def test_hostile_strings_never_raise():
    path = SHARED / "cases" / "blns" / "blns.json"
    if not path.exists():
        pytest.skip("../shared/cases/blns/blns.json is absent")
    for text in json.loads(path.read_text("utf-8")):
        find_dates(text, captured=SAVED, labelled=True)


@pytest.mark.parametrize("piece", ["1 ", "1.", "1/", "vor 1 ", "1 ago ", "may 1 ", "a ", "\n1"])
def test_long_repetitions_are_answered(piece):
    text = piece * (200_000 // len(piece))
    assert all(found.end <= len(text) for found in find_dates(text))
