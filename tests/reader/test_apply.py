"""Where to apply: addresses that are shown or linked, and apply links."""

from __future__ import annotations

import time

import pytest

from reader import pages
from rolecall.core import Block, Page, Span
from rolecall.reader.apply import propose_emails, propose_urls
from rolecall.reader.blocks import tag

BODY = (
    "<p>We run four homes for older people and look for somebody who likes quiet hours.</p>"
    "<h2>Your duties</h2><ul><li>Give medicines and dress wounds through the night</li></ul>"
    "<h2>Requirements</h2><ul><li>A valid licence</li></ul>"
)


def test_an_address_on_the_page_has_its_span() -> None:
    found = pages.candidates(pages.ENGLISH)["application_email"]
    assert found.value == "nights@larkfield.example"
    assert found.pointer is None
    assert found.spans[0] is not None


def test_the_target_of_a_mail_link_has_a_pointer_and_no_span() -> None:
    found = pages.candidates(pages.GERMAN)["application_email"]
    assert found.value == "werkstatt@tannhof.example"
    assert found.spans == (None,)
    assert found.pointer is not None
    assert found.pointer.endswith("/a/@href")


def test_an_address_that_is_shown_and_linked_is_proposed_once_as_shown() -> None:
    tagged = pages.tagged(
        f"<h1>Cook</h1>{BODY}<p><a href='mailto:a@b.example?subject=Cook'>a@b.example</a></p>"
    )
    (one,) = propose_emails(tagged)
    assert one.value == "a@b.example"
    assert one.span is not None
    assert one.span.of(tagged.page.text) == "a@b.example"


@pytest.mark.parametrize("text", ["a@b", "@b.example", "mail me", "a @ b.example", "a@-"])
def test_what_is_no_address(text: str) -> None:
    assert propose_emails(pages.tagged(f"<h1>Cook</h1><p>{text}</p>")) == []


def test_a_full_stop_after_an_address_is_left_out() -> None:
    (one,) = propose_emails(pages.tagged("<p>Write to jobs@larkfield.example.</p>"))
    assert one.value == "jobs@larkfield.example"


def test_an_address_of_an_office_for_privacy_is_not_taken() -> None:
    html = f"<h1>Cook</h1>{BODY}<p>Questions on data protection: privacy@larkfield.example</p>"
    assert "application_email" not in pages.values(html)


def test_an_apply_link_has_a_pointer_and_no_span() -> None:
    found = pages.candidates(pages.ENGLISH)["application_url"]
    assert found.value == "https://larkfield.example/apply/77"
    assert found.spans == (None,)
    assert found.pointer is not None
    assert found.pointer.endswith("/@href")


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("Apply for this position", "https://larkfield.example/x/9"),
        ("Jetzt bewerben", "https://tannhof.example/x/9"),
        ("Postuler", "https://verdier.example/x/9"),
        ("Aplikuj teraz", "https://polana.example/x/9"),
        ("Откликнуться", "https://mir.example/x/9"),
        ("Next", "https://larkfield.example/apply/9"),
    ],
)
def test_links_that_say_or_lead_to_applying_are_proposed(text: str, href: str) -> None:
    found = propose_urls(pages.tagged(f"<h1>Cook</h1>{BODY}<p><a href='{href}'>{text}</a></p>"))
    assert [one.value for one in found] == [href]


@pytest.mark.parametrize(
    "link",
    [
        "<a href='mailto:a@b.example'>Apply</a>",
        "<a href='tel:123'>Apply</a>",
        "<a href='https://larkfield.example/story'>Story</a>",
    ],
)
def test_other_links_are_not(link: str) -> None:
    assert propose_urls(pages.tagged(f"<h1>Cook</h1>{BODY}<p>{link}</p>")) == []


def test_a_page_without_lines_has_neither() -> None:
    tagged = pages.tagged("")
    assert propose_emails(tagged) == []
    assert propose_urls(tagged) == []


@pytest.mark.parametrize("part", ["a@", "@", "a.", "a@b.", "a-", "a@b.c "])
def test_addresses_are_looked_for_in_linear_time(part: str) -> None:
    text = part * (100_000 // len(part))
    block = Block(kind="paragraph", role="posting", span=Span(0, len(text)), path="/html/body/p")
    page = Page(source_id="0", url=None, text=text, blocks=(block,))
    tagged = tag(page, pages.model().tagger)
    start = time.process_time()
    found = propose_emails(tagged)
    assert time.process_time() - start < 5.0
    assert len(found) <= 20
