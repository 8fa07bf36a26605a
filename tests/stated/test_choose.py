"""Which of several stated postings is the page's own."""

from rolecall.stated import distinct_postings, stated
from stated.pages import SHOWN, base, by_unit, page


def test_of_several_postings_the_one_of_the_heading_is_taken():
    others = [base(title=name) for name in ("Sail maker", "Boat builder", "Cook")]
    one = page(others)
    assert by_unit(one)["title"].value == "Boat builder"
    assert by_unit(one)["title"].pointer == "jsonld[0]#/1/title"
    assert distinct_postings(one) == 1


def test_of_several_postings_the_one_of_the_address_is_taken():
    others = [base(title=f"Helper {n}", url=f"https://yards.example/jobs/{n}") for n in range(3)]
    one = page(others, "<h1>Jobs</h1>", url="http://www.yards.example/jobs/2/", title="Jobs")
    assert by_unit(one)["title"].value == "Helper 2"


def test_a_list_of_postings_states_none():
    others = [base(title=name) for name in ("Sail maker", "Boat builder", "Cook")]
    shown = "".join(f"<h2>{other['title']}</h2>" for other in others)
    one = page(others, f"<h1>Work with us</h1>{shown}", title="Work with us")
    assert stated(one) == ()
    assert distinct_postings(one) == 3


def test_a_posting_that_is_stated_twice_is_one():
    micro = (
        '<div itemscope itemtype="https://schema.org/JobPosting"><h1 itemprop="title">Boat builder'
        '</h1><meta itemprop="datePosted" content="2026-03-01"></div>'
    )
    one = page(base(), micro + SHOWN)
    found = by_unit(one)
    assert distinct_postings(one) == 1
    assert found["date_posted"].pointer == "microdata[0]#/datePosted"
    assert found["company"].pointer == "jsonld[0]#/hiringOrganization"
