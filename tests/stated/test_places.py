"""Stated places of work."""

import pytest

from stated.pages import SHOWN, base, by_unit, page, value

ADDRESS = {"addressLocality": "Odense", "addressRegion": "Funen", "addressCountry": "DK"}


@pytest.mark.parametrize(
    ("stated_as", "expected"),
    [
        ({"address": ADDRESS}, ("Odense", "Funen", "Denmark")),
        ([{"address": ADDRESS}], ("Odense", "Funen", "Denmark")),
        ([[{"address": [ADDRESS]}]], ("Odense", "Funen", "Denmark")),
        (ADDRESS, ("Odense", "Funen", "Denmark")),
        ({"address": {"addressCountry": {"@type": "Country", "name": "Denmark"}}},
         (None, None, "Denmark")),
        ({"address": {**ADDRESS, "addressRegion": None}}, ("Odense", None, "Denmark")),
        ({"address": {**ADDRESS, "addressLocality": "5000"}}, (None, "Funen", "Denmark")),
        ({"address": "Odense, Denmark"}, ("Odense", None, "Denmark")),
        ({"name": "Odense, Denmark"}, ("Odense", None, "Denmark")),
        ("Odense, Denmark", ("Odense", None, "Denmark")),
    ],
)  # fmt: skip
def test_places(stated_as, expected):
    (place,) = value("places", jobLocation=stated_as)
    assert (place["city"], place["region"], place["country"]) == expected
    assert place["text"]


@pytest.mark.parametrize(
    "nothing",
    [None, "", [], {}, "Remote", "Anywhere", {"address": {"addressLocality": "N/A"}}, 5000, "-"],
)
def test_no_place(nothing):
    assert value("places", jobLocation=nothing) is None


def test_several_places_keep_their_order_and_come_once():
    cities = ["Odense", "Aarhus", "Odense"]
    places = value("places", jobLocation=[{"address": {"addressLocality": c}} for c in cities])
    assert [place["city"] for place in places] == ["Odense", "Aarhus"]
    assert len(value("places", jobLocation="Odense; Aarhus")) == 2


def test_a_place_is_worded_as_the_page_words_it():
    shown = SHOWN + "<p>Location: Odense, Southern Denmark, Denmark</p>"
    one = page(
        base(jobLocation={"address": {"addressLocality": "Odense", "addressCountry": "DK"}}), shown
    )
    found = by_unit(one)["places"]
    assert found.value[0]["text"] == "Odense, Southern Denmark, Denmark"
    assert found.value[0]["country"] == "Denmark"
    assert found.spans[0] is not None
