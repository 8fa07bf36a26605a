import pytest

from rolecall.normalise.place_finder import find_places
from rolecall.normalise.places import is_place, read_place


@pytest.mark.parametrize(
    ("text", "city", "region", "country"),
    [
        ("Copenhagen, Denmark", "Copenhagen", None, "Denmark"),
        ("San Francisco, CA, USA", "San Francisco", "CA", "United States"),
        ("San Francisco, CA", "San Francisco", "CA", "United States"),
        ("Praha 4", "Praha", None, None),
        ("München, Bayern", "München", "Bayern", None),
        ("Munich, DE", "Munich", None, "Germany"),
        ("Dover, DE", "Dover", "DE", "United States"),
        ("US-IL-Smallville", "Smallville", "IL", "United States"),
        ("Toronto, ON M5V 2T6", "Toronto", "ON", "Canada"),
        ("10115 Berlin", "Berlin", None, None),
        ("Location: Lyon, France", "Lyon", None, "France"),
        ("Remote, Canada", None, None, "Canada"),
        ("Singapore", None, None, "Singapore"),
        ("Trinidad and Tobago", None, None, "Trinidad and Tobago"),
        ("Smallville, Poland", "Smallville", None, "Poland"),
        ("Dlouhá 12/3, Brno – Lesná", "Brno", None, None),
        ("somewhere nice", None, None, None),
    ],
)
def test_a_place_is_split_into_what_it_states(text, city, region, country):
    assert read_place(text) == {"text": text, "city": city, "region": region, "country": country}


@pytest.mark.parametrize(
    "text",
    [
        "Copenhagen, Denmark", "Berlin", "Paris", "Москва", "Łódź", "North Smallville, NJ", "India",
        "Plzeňský kraj", "Hiring Remotely in India", "110 00 Praha 1", "São Paulo, SP",
    ],
)  # fmt: skip
def test_places_are_plausible(text):
    assert is_place(text) >= 0.7


@pytest.mark.parametrize(
    "text",
    [
        "5 Locations", "Anywhere", "Remote", "Apply now", "Senior Developer", "CI/CD", "AI/ML",
        "CAD",
        "jobs@example.org", "https://example.org", "", "Salary: 50,000", "Full-time", "Reading",
        "Design of offices for people who love their work", "Posted 3 days ago", "us",
    ],
)  # fmt: skip
def test_other_strings_are_not(text):
    assert is_place(text) < 0.5


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("You join our Berlin office.", [("known", "Berlin")]),
        ("We are based in Toronto, Canada and grow.", [("known", "Toronto, Canada")]),
        ("The shop is located in Smallville near the lake.", [("pattern", "Smallville")]),
        ("Pracuj w Krakowie", [("known", "Krakowie")]),
        ("Most of our team finds reading nice in March.", []),
    ],
)
def test_places_in_running_text(text, places):
    assert [(f.cue, text[f.start : f.end]) for f in find_places(text)] == places
