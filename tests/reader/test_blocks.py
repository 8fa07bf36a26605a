"""The tagger's reading: zones, the body's window, and what stays out of it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reader import pages
from rolecall.reader.block_features import block_features
from rolecall.reader.blocks import Tagged, body_window, tag
from rolecall.reader.lines import prepare

LABELS = frozenset("TFPHDRBO")


def zone_of(tagged: Tagged, start: str) -> str:
    return next(
        zone
        for zone, line in zip(tagged.zones, tagged.lines, strict=True)
        if line.text.startswith(start) and line.block.kind != "title"
    )


@pytest.mark.parametrize("language", sorted(pages.ALL))
def test_everything_runs_parallel_to_the_lines(language: str) -> None:
    tagged = pages.tagged(pages.ALL[language])
    count = len(tagged.lines)
    for row in (tagged.labels, tagged.inside, tagged.shares, tagged.zones, tagged.labelled):
        assert len(row) == count
    assert len(tagged.under) == count
    assert set(tagged.labels) <= LABELS
    assert all(0.0 <= share <= 1.0 + 1e-9 for share in tagged.inside)
    assert all(sum(shares.values()) < 1.0 + 1e-6 for shares in tagged.shares)
    assert 0 <= tagged.first < tagged.last <= count
    assert tagged == pages.tagged(pages.ALL[language])


def test_zones_of_a_posting() -> None:
    tagged = pages.tagged(pages.ENGLISH)
    assert zone_of(tagged, "Night Nurse") == "head"
    assert zone_of(tagged, "Location") == "head"
    assert zone_of(tagged, "We run four homes") == "P"
    assert zone_of(tagged, "Your duties") == "H"
    assert zone_of(tagged, "Give medicines") == "D"
    assert zone_of(tagged, "Registered nurse") == "R"
    assert zone_of(tagged, "Free meals") == "B"
    assert zone_of(tagged, "Privacy") == "chrome"
    assert tagged.zone(0) == tagged.zones[0]


def test_the_heading_above_each_line() -> None:
    tagged = pages.tagged(pages.GERMAN)
    under = {line.text: name for line, name in zip(tagged.lines, tagged.under, strict=True)}
    assert under["Gute Deutschkenntnisse"] == "requirements"
    assert under["Sie prüfen Anlagen und schreiben Protokolle"] == "duties"
    assert under["Betriebliche Altersvorsorge"] == "benefits"


def test_a_page_without_lines_has_no_body() -> None:
    tagged = tag(pages.page_of(""), pages.model().tagger)
    assert (tagged.lines, tagged.first, tagged.last, tagged.zones) == ((), 0, 0, ())


def test_a_consent_form_is_no_part_of_the_body() -> None:
    consent = (
        "<form><p>I consent that Larkfield Care processes my personal data under the privacy"
        " policy and the data protection law, GDPR, until the consent is withdrawn.</p>"
        "<p>Your personal data are protected; the data controller is named in the privacy"
        " notice and you may object to the processing of data at any time.</p></form>"
    )
    html = pages.ENGLISH.replace(
        '<p><a href="https://larkfield', consent + '<p><a href="https://larkfield'
    )
    assert consent in html
    tagged = pages.tagged(html)
    for share, line in zip(tagged.inside, tagged.lines, strict=True):
        if "/form" in line.block.path:
            assert share == 0.0
            assert not tagged.first <= line.index < tagged.last
    assert zone_of(tagged, "Give medicines") == "D"


def test_a_form_that_is_the_whole_page_is_read() -> None:
    html = pages.ENGLISH.replace(
        "<main>", "<form><p>Privacy, GDPR, personal data: see our privacy policy.</p>"
    ).replace("</main>", "</form>")
    tagged = pages.tagged(html)
    assert tagged.first < tagged.last
    assert zone_of(tagged, "Give medicines") == "D"


@settings(deadline=None)
@given(st.lists(st.floats(0.0, 1.0), min_size=0, max_size=40))
def test_the_window_is_a_run_of_lines(shares: list[float]) -> None:
    lines = prepare(pages.page_of("".join(f"<p>word {i} of the page</p>" for i in range(40))))
    lines = lines[: len(shares)]
    if not lines:
        return
    first, last = body_window(lines, shares)
    assert 0 <= first <= last <= len(lines)
    if all(share < 0.4 for share in shares):
        assert first == last


def test_the_window_holds_the_sure_lines() -> None:
    lines = prepare(pages.page_of("".join(f"<p>word {i} of the page</p>" for i in range(9))))
    assert body_window(lines, [0, 0, 0, 1, 1, 0.4, 1, 0, 0]) == (3, 7)


def test_features_run_parallel_to_lines_and_are_the_same_twice() -> None:
    for html in (*pages.ALL.values(), "<p>Hello</p>"):
        page = pages.page_of(html)
        found = block_features(page, prepare(page))
        assert len(found) == len(page.blocks)
        assert all(isinstance(name, str) and name for row in found for name in row)
        assert found == block_features(page, prepare(page))
    assert block_features(pages.page_of(""), ()) == []
