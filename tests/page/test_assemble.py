import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Source
from rolecall.page import clean

SHARED = Path(__file__).parents[2].parent / "shared"


def again(page):
    return clean(Source(body=page.text.encode(), media_type="text/plain")).text


def test_a_page_carries_its_language_meta_and_day():
    html = (
        "<html lang=en><head><meta property='og:title' content=Baker><link rel=canonical href=/x>"
        "</head><p>We are looking for a baker to join our team and to bake bread for the town."
    )
    found = clean(Source(body=html.encode(), url="https://ex.org/1"))
    assert found.language == "en"
    assert found.meta == {"lang": "en", "og:title": "Baker", "canonical": "/x"}
    assert found.media_type == "text/html"
    assert found.url == "https://ex.org/1"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"<p>x", "text/html"),
        (b"<!-- x -->", "text/html"),
        (b"Baker<br>Oslo", "text/html"),
        (b"<img src=x>", "text/html"),
        (b"Baker\nOslo", "text/plain"),
        (b"pay < 40k and > 30k", "text/plain"),
        (b"# Baker\n\n**Pay:** 40k", "text/markdown"),
        (b"%PDF-1.4 ...", "application/pdf"),
        (b"", "text/plain"),
    ],
)
def test_what_the_bytes_are_is_found_out(body, media_type):
    assert clean(Source(body=body)).media_type == media_type


def test_bytes_that_are_no_text_give_a_page_without_text():
    found = clean(Source(body=b"\x89PNG\r\n\x1a\n" + bytes(100), media_type="text/html"))
    assert (found.text, found.blocks, found.media_type) == ("", (), "image/png")


@pytest.mark.parametrize("media_type", ["text/html", "text/plain", "text/markdown"])
def test_letters_in_parts_are_put_together(media_type):
    body = unicodedata.normalize("NFD", "Bäcker in Köln, café").encode()
    page = clean(Source(body=body, media_type=media_type))
    assert page.text == "Bäcker in Köln, café"
    assert page.text[page.blocks[0].span.start : page.blocks[0].span.end] == page.text


def test_nul_is_replaced_with_a_notice():
    for media_type in ("text/html", "text/plain"):
        found = clean(Source(body=b"<p>ba\0ker", media_type=media_type))
        assert "ba\ufffdker" in found.text
        assert [notice.code for notice in found.warnings] == ["nul_replaced"]


def test_stated_data_is_read_before_the_scripts_are_left_out():
    html = (
        '<script type="application/ld+json">{"@context":"https://schema.org",'
        '"@type":"JobPosting","title":"Baker"}</script><p>Text</p>'
    )
    found = clean(Source(body=html.encode()))
    assert found.text == "Text"
    assert found.statements[0].data["title"] == "Baker"


_HTML = st.lists(
    st.one_of(
        st.sampled_from(
            "<p> <div> <li> <br> <b> </b> <pre> </pre> <h1> <td> <title> &#8203;".split()
        ),
        st.text(max_size=15),
    ),
    max_size=25,
).map("".join)


@settings(deadline=None, max_examples=300)
@given(_HTML)
def test_cleaning_a_pages_own_text_changes_nothing(html):
    found = clean(Source(body=html.encode(), media_type="text/html"))
    assert again(found) == found.text


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from([None, "text/html", "text/plain", "text/markdown"]))
def test_any_bytes_give_a_page(body, media_type):
    if body[:2] != b"\x1f\x8b":
        clean(Source(body=body, media_type=media_type)).text.encode("utf-8")


@pytest.mark.skipif(not (SHARED / "corpus/pages").exists(), reason="shared corpus is absent")
def test_real_pages_are_cleaned_once_and_for_all():
    paths = sorted((SHARED / "corpus/pages").glob("*.html"))[::8]
    for path in paths:
        found = clean(Source(body=path.read_bytes(), media_type="text/html"))
        assert again(found) == found.text, path.name


@pytest.mark.skipif(not (SHARED / "cases/injection").exists(), reason="shared cases are absent")
def test_hidden_carriers_never_reach_the_text():
    import json

    seen = {"visible", "similar_jobs", "user_review", "zero_width"}
    path = SHARED / "cases/injection/field_targeted.jsonl"
    for line in path.read_text("utf-8").splitlines():
        case = json.loads(line)
        if case["carrier"] not in seen:
            body = f"<h1>Baker</h1>{case['html']}<p>Bread.</p>".encode()
            assert case["marker"] not in clean(Source(body=body)).text, case["id"]


def test_a_mark_behind_a_tag_does_not_become_a_part_of_it():
    html = "<h1>Koch in Ko\u0308ln</h1><div hidden>\u0338Secret</div><p>\u0338Pay: 5</p>"
    page = clean(Source(body=(html + '<a href="/Ko\u0308ln.pdf">PDF</a>').encode()))
    assert page.text.split("\n")[0] == "Koch in Köln"
    assert "Pay: 5" in page.text
    assert "Secret" not in page.text
    assert "PDF" in page.text
    assert page.links[0].href.endswith("Ko\u0308ln.pdf")  # the name that the server knows
