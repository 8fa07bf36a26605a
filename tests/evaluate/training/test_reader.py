"""Rankers learn from pages as a tagger sees them."""

from __future__ import annotations

from functools import cache
from typing import Any

from rolecall.core import Source
from rolecall.evaluate.annotated import Annotated
from rolecall.evaluate.training.reader import train_rankers
from rolecall.page import clean
from rolecall.reader.blocks import Tagged, tag
from rolecall.reader.model import load_model
from rolecall.reader.read import CHOSEN, LISTED, ranked

ROWS = (
    ("Night Nurse", "Larkfield Care", "Leeds"),
    ("Pastry Cook", "Harbour Bakery", "Hull"),
    ("Truck Driver", "Oakbridge Haulage", "Bath"),
    ("Maths Teacher", "Elm Grove School", "York"),
)
HTML = """<title>{0} | {1}</title><h1>{0}</h1><p>Company: {1}</p><p>Location: {2}</p>
<p>Full-time</p><p>We are a friendly team of forty and look for somebody who likes quiet hours.</p>
<h2>Your duties</h2><ul><li>Give your best every day</li><li>Write a report</li></ul>
<h2>Requirements</h2><ul><li>Two years of experience</li><li>Good English</li></ul>"""
NONE: dict[str, Any] = dict.fromkeys(
    "salary_min salary_max experience_years_max education workplace seniority date_posted"
    " valid_through application_email application_url".split()
)


def sample(title: str, company: str, place: str) -> Annotated:
    gold = NONE | {
        "title": title,
        "company": company,
        "location": [place],
        "employment_type": ["full_time"],
        "languages_required": ["English"],
        "experience_years_min": 2,
    }
    page = clean(Source(body=HTML.format(title, company, place).encode()))
    return Annotated(id=title, site=title, language="en", page=page, gold=gold)


@cache
def tagged(one: str) -> Tagged:
    page = next(sample(*row).page for row in ROWS if row[0] == one)
    return tag(page, load_model().tagger)


def test_a_ranker_for_every_unit_that_prefers_what_is_right() -> None:
    samples = [sample(*row) for row in ROWS]
    pages = {one.id: tagged(one.id) for one in samples}
    rankers = train_rankers(samples[:-1], pages)
    assert set(rankers) == {*CHOSEN, *LISTED, "places", "seniority"}
    held = samples[-1]
    for unit in ("title", "company"):
        best = ranked(CHOSEN[unit](pages[held.id]), rankers[unit])[0][1]
        assert best.value == held.gold[unit]
    assert rankers == train_rankers(samples[:-1], pages)
