import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.normalise.dollars import dollars_of, says_us_dollars
from rolecall.normalise.places import read_place


@pytest.mark.parametrize(
    ("place", "codes"),
    [
        ("Ballarat, Victoria, Australia", {"AUD"}),
        ("Geelong VIC", {"AUD"}),
        ("Toronto, ON", {"CAD"}),
        ("Victoria, British Columbia", {"CAD"}),
        ("Auckland", {"NZD"}),
        ("Singapore", {"SGD"}),
        ("León, Guanajuato, México", {"MXN"}),
        ("Boise, Idaho", {"USD"}),
        ("Austin, TX", {"USD"}),
        ("Berlin, Germany", set()),
        ("London", set()),
        ("Remote", set()),
    ],
)
def test_the_place_says_which_dollar(place, codes):
    assert dollars_of([read_place(place)]) == codes


def test_a_name_in_several_countries_is_settled_by_the_pages_own():
    place = read_place("Melbourne")
    assert dollars_of([place]) == {"AUD", "USD"}
    assert dollars_of([place], near="AU") == {"AUD"}
    assert dollars_of([place], near="NZ") == {"AUD", "USD"}


def test_several_places_may_have_several_dollars():
    places = [read_place("Toronto, ON"), read_place("Austin, TX")]
    assert dollars_of(places) == {"CAD", "USD"}


def test_a_page_may_say_that_it_means_us_dollars():
    assert says_us_dollars("$90,000 (all figures in USD)")
    assert says_us_dollars("Paid in US dollars: $40 an hour")
    assert not says_us_dollars("$90,000 in Sydney, AUS")


@given(st.dictionaries(st.sampled_from(["text", "city", "region", "country"]), st.text()))
def test_any_place_is_read(place):
    assert all(len(code) == 3 for code in dollars_of([place]))
