"""Pages with lines taken away stay consistent."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Source
from rolecall.evaluate.training.layouts import layouts, without
from rolecall.page import clean
from rolecall.reader.blocks import Tagged, tag
from rolecall.reader.model import load_model

HTML = b"""<html><head><title>Night Nurse | Larkfield</title><meta property="og:title" content="X">
</head><body><h1>Night Nurse</h1><p>Leeds, United Kingdom</p>
<p>We run four homes for older people and look for somebody who likes quiet hours.</p>
<h2>Your duties</h2><ul><li>Give medicines and dress wounds</li><li>Write a report</li></ul>
<h2>Requirements</h2><ul><li>A valid licence</li><li>Three years of experience</li></ul>
<footer><p>Imprint</p><p>Privacy policy</p><p>Contact</p></footer>"""


@cache
def tagged() -> Tagged:
    return tag(clean(Source(body=HTML)), load_model().tagger)


def test_the_documents_title_and_then_the_headings_are_taken_away() -> None:
    first, second = layouts(tagged(), {"title": "Night Nurse"})
    assert [line.text for line in first.lines] == [line.text for line in tagged().lines[1:]]
    assert first.page.meta == {}
    assert all(
        line.block.kind == "title" or "Night Nurse" not in line.text for line in second.lines
    )
    assert second.page is tagged().page


def test_a_page_without_an_annotated_title_loses_its_document_title_alone() -> None:
    assert len(list(layouts(tagged(), {"title": None}))) == 1


@settings(deadline=None)
@given(st.sets(st.integers(0, len(HTML.split(b"<p")) + 4)))
def test_everything_stays_parallel(rows: set[int]) -> None:
    whole = tagged()
    rows = {row for row in rows if row < len(whole.lines)}
    cut = without(whole, rows)
    count = len(whole.lines) - len(rows)
    for part in (cut.lines, cut.labels, cut.inside, cut.shares, cut.zones, cut.labelled, cut.under):
        assert len(part) == count
    assert whole.last < len(whole.lines)
    body = {line.text for line in whole.lines[whole.first : whole.last]}
    gone = {whole.lines[row].text for row in rows}
    assert {line.text for line in cut.lines[cut.first : cut.last]} == body - gone
