"""What a page shows and the text does not hold is said."""

import pytest

from rolecall.core import Source
from rolecall.page import clean
from rolecall.page.limits import Limits


def cleaned(body: str, **limits: int):
    return clean(Source(body=body.encode()), Limits(**limits))


def codes(page):
    return [notice.code for notice in page.warnings]


@pytest.mark.parametrize(
    "drawing",
    [
        "<svg><text>Salary</text></svg>",
        "<svg><g><foreignObject><p>Salary</p></foreignObject></g></svg>",
        "<math><mi>Salary</mi></math>",
    ],
)
def test_words_in_drawings_are_no_text_and_that_is_said(drawing):
    page = cleaned(f"<h1>Baker</h1>{drawing}")
    assert page.text == "Baker"
    assert codes(page) == ["drawings_unread"]


def test_drawings_without_words_are_no_matter():
    page = cleaned("<h1>Baker</h1><svg><title>An icon</title><path d=M0/><text> </text></svg>")
    assert page.text == "Baker"
    assert codes(page) == []


@pytest.mark.parametrize("tag", ["map", "applet"])
def test_elements_that_browsers_show_are_read(tag):
    assert cleaned(f"<h1>Baker</h1><{tag} name=x>Bread</{tag}>").text == "Baker\nBread"


def test_links_past_the_limit_are_told():
    links = "<p><a href=/a>one</a> <a href=/b>two</a> <a href=/c>three</a></p>"
    page = cleaned(links, links=2)
    assert [link.href for link in page.links] == ["/a", "/b"]
    assert codes(page) == ["links_cut"]
    page = cleaned("See https://a.example and https://b.example now\n", links=1)
    assert len(page.links) == 1
    assert codes(page) == ["links_cut"]
