"""All sources of stated postings together."""

import json

from selectolax.lexbor import LexborHTMLParser

from rolecall.page.statements import read_statements

LD = json.dumps({"@type": "JobPosting", "title": "Diver", "description": "Dive."})
MICRO = """<div itemscope itemtype="https://schema.org/JobPosting"><b itemprop="title">Diver</b>
<i itemprop="description">Dive.</i></div>"""


def read(html):
    return read_statements(LexborHTMLParser(html))


def test_json_ld_comes_before_microdata():
    statements, notices = read(f"{MICRO}<script type=application/ld+json>{LD}</script>")
    assert [one.syntax for one in statements] == ["jsonld", "microdata"]
    assert notices == ()


def test_escaped_and_capital_types_are_read():
    for kind in ("application/ld&#x2B;json", "Application/LD+JSON", "application/ld+json;x=1"):
        statements, _ = read(f'<script type="{kind}">{LD}</script>')
        assert [one.data["title"] for one in statements] == ["Diver"]


def test_scripts_outside_of_head_and_body_fragments_are_read():
    statements, _ = read(f"<li>a</li><script type='application/ld+json'>{LD}</script><p>b")
    assert len(statements) == 1


def test_a_cut_off_page_gives_a_repaired_statement():
    statements, notices = read(f"<p>x</p><script type=application/ld+json>{LD[:-4]}")
    assert statements[0].repaired
    assert statements[0].data["title"] == "Diver"
    assert [notice.code for notice in notices] == ["jsonld_repaired"]


def test_pages_without_data_state_nothing():
    for html in ("", "<p>Hello</p>", "<script>var a = {};</script>", "<script type=x></script>"):
        assert read(html) == ((), ())
