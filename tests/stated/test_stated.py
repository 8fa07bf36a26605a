"""The door of the room: nothing raises, and every span fits its quote."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Page, Statement
from rolecall.stated import distinct_postings, stated
from stated.pages import SHOWN, base, check, page


def test_no_statement_states_nothing():
    one = page({"@type": "Organization"})
    assert stated(one) == ()
    assert distinct_postings(one) == 0


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
    | st.sampled_from(["2026-01-01", "EUR", "HOUR", "FULL_TIME", "TELECOMMUTE", "<p>a</p>"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(["name", "value", "address", "addressLocality", "minValue", "@id", "email",
                         "currency", "monthsOfExperience", "target", "unitText", "@value"]),
        inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
PROPERTIES = (
    "title description hiringOrganization jobLocation jobLocationType employmentType baseSalary"
    " estimatedSalary salaryCurrency experienceRequirements educationRequirements skills url"
    " responsibilities qualifications jobBenefits potentialAction applicationContact datePosted"
    " validThrough inLanguage"
).split()


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(PROPERTIES), values), st.text(max_size=80))
def test_no_posting_raises(data, shown):
    text = "Boat builder\n" + " ".join(shown.split())
    first = page(base(**data))
    check(first, stated(first))
    bare = Page(
        source_id="0",
        url=None,
        text=text,
        blocks=first.blocks[:1],
        statements=(Statement(syntax="jsonld", pointer="jsonld[0]#", data=data),),
    )
    check(bare, stated(bare))


@pytest.mark.parametrize(
    "field",
    [
        "word " * 80_000,
        "a" * 400_000,
        "<li>" * 100_000,
        ", " * 200_000,
        "1 year " * 60_000,
        "@" * 400_000,
        "a@" * 100_000,
    ],
    ids=lambda field: field[:5],
)
def test_huge_fields_end_soon(field):
    one = page(base(**dict.fromkeys(PROPERTIES, field)), SHOWN + f"<p>{field[:100_000]}</p>")
    start = time.process_time()
    check(one, stated(one))
    assert time.process_time() - start < 4
