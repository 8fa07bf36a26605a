"""No finder raises on any string, and every find lies within the string it was found in."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.normalise.education import find_education
from rolecall.normalise.employment import find_employment
from rolecall.normalise.languages import find_languages
from rolecall.normalise.place_finder import find_places
from rolecall.normalise.places import is_place, read_place
from rolecall.normalise.seniority import find_title_level, read_level
from rolecall.normalise.workplace import find_workplace
from rolecall.normalise.years import find_years

LISTS = (
    find_workplace, find_employment, find_years, find_education, find_languages, find_places,
)  # fmt: skip
ONES = (read_level, find_title_level)
BLNS = Path(__file__).parents[3] / "shared/cases/blns/blns.json"
PIECES = st.sampled_from(
    "remote hybrid office or not 3 days per week in the full-time contract type: senior lead 5+ "
    "years Jahre experience Bachelor's degree in MS ( ) . , ; / - – & % English fluent Deutsch "
    "Berlin DE CA Praha 4 10115 USA лет опыт от двух İ ß \u0308 \u00ad \u202e ٣ 𝟓 ① ² . \n".split(
        " "
    )
)


def check(text):
    found = [f for find in LISTS for f in find(text)]
    found += [f for read in ONES if (f := read(text)) is not None]
    for one in found:
        assert 0 <= one.start < one.end <= len(text)
        assert one.cue
    for one in find_education(text):
        assert one.value == text[one.start : one.end]
    assert 0.0 <= is_place(text) <= 1.0
    assert set(read_place(text)) == {"text", "city", "region", "country"}


@given(st.text(max_size=200))
def test_any_string(text):
    check(text)


@given(st.lists(PIECES, max_size=24).map(" ".join))
def test_strings_of_their_own_words(text):
    check(text)


@pytest.mark.skipif(not BLNS.exists(), reason="../shared/cases/blns is not there")
def test_naughty_strings():
    for text in json.loads(BLNS.read_text("utf-8")):
        check(text)


@pytest.mark.parametrize(
    "piece",
    [
        "5 years ",
        "remote or ",
        "degree (",
        "English, ",
        "Paris ",
        "3 days in ",
        "1",
        "- ",
        "(",
        "50% ",
    ],
)
def test_a_long_line(piece):
    text = piece * (1_000_000 // len(piece))
    check(text)
