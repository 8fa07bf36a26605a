"""A line's triggers never keep a finder from a line in which it finds something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.normalise import triggers
from rolecall.normalise.education import find_education
from rolecall.normalise.employment import find_employment
from rolecall.normalise.languages import find_languages
from rolecall.normalise.seniority import find_title_level, read_level
from rolecall.normalise.workplace import find_workplace
from rolecall.normalise.years import find_years
from rolecall.reader.lexicon import split_words

FINDERS = (
    (triggers.WORKPLACE, find_workplace),
    (triggers.EMPLOYMENT, find_employment),
    (triggers.YEARS, find_years),
    (triggers.EDUCATION, find_education),
    (triggers.LANGUAGES, find_languages),
    (triggers.LEVEL, read_level),
    (triggers.LEVEL, find_title_level),
)
PIECES = (
    "remote",
    "hybrid work",
    "work from home",
    "3 days per week in the office",
    "Télétravail",
    "te\u0301le\u0301travail",
    "home-office",
    "20% of the time",
    "full-time",
    "FULL_TIME",
    "Vollzeit",
    "40 hours per week",
    "stage",
    "5+ years of experience",
    "zweijährige",
    "3 roky praxe",
    "Bachelor's degree in Physics",
    "Hochschulstudium",
    "abgeschlossene Ausbildung",
    "M.Sc.",
    "fluent in English",
    "deutsch/englisch",
    "Senior",
    "mid-senior level",
    "Junior/Pleno",
    "опыт работы 3 года",
    "удалённо",
    "and",
    "the team",
    ",",
    ".",
    ":",
    "’",
    "-",
    "/",
    "IČO 123",
    "cv",
)


def called(text: str) -> int:
    """The finders that ``text`` calls for, as the reader works it out."""
    bits = 0
    for word in split_words(text):
        bits |= triggers.triggers_of(word)
    return triggers.called(bits) | triggers.triggers_in(text)


@given(st.lists(st.sampled_from(PIECES), max_size=8), st.sampled_from(("", " ")))
def test_a_find_is_always_called_for(pieces: list[str], gap: str) -> None:
    text = gap.join(pieces)
    for bit, find in FINDERS:
        if find(text):
            assert called(text) & bit, (text, find.__name__)


@pytest.mark.parametrize("text", ["We build bridges.", "Contact", "Žádné zprávy", ""])
def test_plain_lines_call_for_nothing(text: str) -> None:
    assert called(text) == 0


def test_digits_call_for_the_finders_of_numbers() -> None:
    assert called("from 1 May") & triggers.DIGIT
