"""Places of work: in fields, in header lines, and in the running text."""

from __future__ import annotations

import pytest

from reader import pages
from rolecall.reader.place import propose_places

BODY = (
    "<p>We run four homes for older people and look for somebody who likes quiet hours.</p>"
    "<h2>Your duties</h2><ul><li>Give medicines and dress wounds through the night</li>"
    "<li>Write a short report for the day team</li></ul>"
    "<h2>Requirements</h2><ul><li>A valid licence</li><li>Three years of experience</li></ul>"
)


def cities(html: str) -> list[str]:
    found = pages.values(f"<h1>Night Nurse</h1>{html}").get("places", [])
    return [place["city"] or place["text"] for place in found]


@pytest.mark.parametrize(
    ("html", "city"),
    [
        ("<p>Location: Leeds, United Kingdom</p>", "Leeds"),
        ("<p>Arbeitsort: München</p>", "München"),
        ("<p>Lieu : Lyon (69)</p>", "Lyon"),
        ("<p>Ubicación: Sevilla</p>", "Sevilla"),
        ("<dl><dt>Location</dt><dd>Toronto, Canada</dd></dl>", "Toronto"),
        ("<p>Berlin, Germany</p>", "Berlin"),
        ("<p>Full-time | Chicago, IL | On-site</p>", "Chicago"),
        ("<p>Larkfield Care Ltd - Leeds, UK</p>", "Leeds"),
    ],
)
def test_in_the_header(html: str, city: str) -> None:
    assert cities(html + BODY) == [city]


def test_a_field_may_name_a_place_that_no_list_has() -> None:
    tagged = pages.tagged(f"<h1>Night Nurse</h1><p>Location: Brambleholt Weir Edge</p>{BODY}")
    found = [one for one in propose_places(tagged) if one.value == "Brambleholt Weir Edge"]
    assert any("lab=mine" in one.features for one in found)


def test_in_the_running_text_where_the_header_has_none() -> None:
    html = BODY.replace("quiet hours.", "quiet hours. Our office is located in Leeds.")
    assert cities(html) == ["Leeds"]


def test_several_places_of_one_field() -> None:
    assert cities(f"<p>Locations: Berlin; Hamburg; Köln</p>{BODY}") == ["Berlin", "Hamburg", "Köln"]


def test_a_footers_address_is_not_taken_over_the_field() -> None:
    html = f"<p>Location: Leeds</p>{BODY}<footer><p>Larkfield, 4 High Street, Bath</p></footer>"
    assert cities(html) == ["Leeds"]


def test_proposals_stand_where_they_say() -> None:
    for html in pages.ALL.values():
        tagged = pages.tagged(html)
        found = propose_places(tagged)
        assert found
        for one in found:
            assert one.unit == "places"
            assert one.span is not None
            assert one.span.of(tagged.page.text) == one.value


def test_a_page_without_lines_has_no_places() -> None:
    assert propose_places(pages.tagged("")) == []


@pytest.mark.parametrize(
    ("line", "places"),
    [
        ("Burlington, VT. Part time, 24 hours a week.", ["Burlington, VT"]),
        ("Locations: Rotterdam, Antwerp and Hamburg", ["Rotterdam", "Antwerp", "Hamburg"]),
        ("Mission d'intérim de 3 mois - Saint-Priest (69)", ["Saint-Priest (69)"]),
        ("Standplaats: 's-Hertogenbosch", ["'s-Hertogenbosch"]),
        ("St. Gallen, Switzerland", ["St. Gallen, Switzerland"]),
    ],
)
def test_a_place_is_no_more_than_the_place(line: str, places: list[str]) -> None:
    found = pages.values(f"<h1>Night Nurse</h1><p>{line}</p>{BODY}")["places"]
    assert [place["text"] for place in found] == places


@pytest.mark.parametrize("name", ["Larkfield Music School", "The Larkfield Music School"])
def test_the_employers_name_is_no_part_of_the_place(name: str) -> None:
    html = f"<h1>Violin Teacher</h1><p>{name}, Nelson, New Zealand</p>{BODY}"
    found = pages.values(f"<title>Violin Teacher - Larkfield Music School</title>{html}")
    assert [place["text"] for place in found["places"]] == ["Nelson, New Zealand"]
