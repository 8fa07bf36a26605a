"""Names of organisations on a page, and where each was seen."""

import time

import pytest

from reader import pages
from rolecall.core import Block, Page, Span
from rolecall.reader.blocks import tag
from rolecall.reader.names import anchor_line, domains_of, gather, mail_hosts


def names(html: str, url: str | None = None) -> set[str]:
    tagged = pages.tagged(html, url)
    return {span.of(tagged.page.text) for span in gather(tagged).spans.values()}


@pytest.mark.parametrize(
    ("html", "name"),
    [
        ("<h1>Cook</h1><p>Company: Larkfield Care</p>", "Larkfield Care"),
        ("<h1>Cook</h1><p>We at Larkfield Foods Ltd bake bread for three towns.</p>", "Larkfield"),
        ("<h1>Cook</h1><h2>About Larkfield</h2><p>We bake bread for three towns.</p>", "Larkfield"),
        ("<h1>Cook</h1><p>Die Tannhof Technik GmbH baut Mühlen.</p>", "Tannhof Technik GmbH"),
        ("<h1>Cook</h1><footer>© 2025 Larkfield Foods</footer>", "Larkfield Foods"),
        ("<title>Cook | Larkfield Foods</title><h1>Cook</h1>", "Larkfield Foods"),
        ("<h1>Cook</h1><div class='company-name'>Larkfield Foods</div>", "Larkfield Foods"),
    ],
)
def test_names_are_gathered(html: str, name: str) -> None:
    assert any(found.startswith(name) for found in names(html))


def test_every_name_says_how_it_was_seen() -> None:
    for html in pages.ALL.values():
        found = gather(pages.tagged(html))
        assert found.spans.keys() == found.seen.keys()
        assert all(found.seen.values())


def test_no_names_on_a_page_without_lines() -> None:
    found = gather(pages.tagged(""))
    assert found.spans == {}
    assert found.seen == {}


def test_the_sites_own_domain_and_its_mail_hosts() -> None:
    html = "<h1>Cook</h1><p>Write to cook@mail.larkfield.example please.</p>"
    tagged = pages.tagged(html, "https://jobs.oakbridge.example/7")
    assert any("oakbridge" in domain for domain in domains_of(tagged))
    assert any("larkfield.example" in host for host in mail_hosts(tagged))


def test_the_anchor_is_a_line_of_the_page() -> None:
    for html in pages.ALL.values():
        tagged = pages.tagged(html)
        assert 0 <= anchor_line(tagged) < len(tagged.lines)


@pytest.mark.parametrize("part", ["A", "Aa ", "Aa & ", "A. ", "©", "@a.", "a-A'", "G.m.b.H. "])
def test_long_lines_take_linear_time(part: str) -> None:
    text = part * (50_000 // len(part))
    span = Span(0, len(text))
    block = Block(kind="paragraph", role="posting", span=span, path="/html/body/p")
    page = Page(source_id="0", url=None, text=text, blocks=(block,))
    tagged = tag(page, pages.model().tagger)
    start = time.process_time()
    gather(tagged)
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize("broken", ["http://[x", "//]", "https://[::1"])
def test_an_address_that_is_none_is_no_host(broken: str) -> None:
    html = f"<link rel=canonical href='{broken}'><meta property=og:url content='{broken}'><h1>Cook"
    assert domains_of(pages.tagged(html, url=broken)) == []
