"""Where the text says what is stated."""

from hypothesis import given
from hypothesis import strategies as st

from rolecall.core import Span
from rolecall.stated import find_visible
from stated.pages import SHOWN, base, by_unit, page


def test_a_description_is_found_though_the_page_splits_its_lines_otherwise():
    flat = (
        "The harbour needs you: we keep forty boats afloat, all year round. Your tasks Paint hulls"
        " in spring Mend nets & sails"
    )
    one = page(base(description=flat), SHOWN + "<footer>Cookies and more of this kind</footer>")
    found = by_unit(one)["description"]
    assert found.quotes[0].startswith("The harbour")
    assert found.quotes[0].endswith("sails")


def test_find_visible_folds_and_prefers_the_body():
    one = page({}, "<nav><a href=/x>Nord Yards</a></nav><p>NORD YARDS’ crew – “best”</p>")
    span = find_visible(one, 'nord  yards\' crew - "best"')
    assert span is not None
    assert span.of(one.text) == "NORD YARDS’ crew – “best”"
    plain = find_visible(one, "Nord Yards")
    assert plain is not None
    assert plain.of(one.text) == "NORD YARDS"
    assert find_visible(one, "ord Yards") is None
    assert find_visible(one, "") is None
    assert find_visible(one, "absent") is None


@given(st.text())
def test_no_text_raises_in_the_search(text):
    one = page(base())
    span = find_visible(one, text)
    assert span is None or isinstance(span, Span)
