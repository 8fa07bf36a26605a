"""Decision records and reports as documents: nothing in a name or a reason is markup."""

import pytest

from rolecall.evaluate.report.document import (
    Document,
    Grid,
    Items,
    Part,
    Prose,
    to_html,
    to_markdown,
)

ATTACKS = [
    "<script>alert(1)</script>",
    "`<script>alert(1)</script>``x```",  # Markdown pairs back quotes by how many there are
    "`a` <script>alert(1)</script> `b",
    "\x1b[2J<script>",
    "half a \ud800 character <script>",
    "a | b\n# heading <script>",
]


def document(words):
    blocks = (Prose(words), Items((words,)), Grid(head=("a", words), rows=((words, words),)))
    return Document(title=words, lead=words, parts=(Part(title=words, blocks=blocks),))


@pytest.mark.parametrize("words", ATTACKS)
def test_words_of_a_user_are_no_markup_and_no_command_of_a_terminal(words):
    markdown, html = to_markdown(document(words)), to_html(document(words))
    assert "<script" not in markdown
    assert "<script" not in html
    for told in (markdown, html):
        assert "\x1b" not in told
        told.encode("utf-8")
    assert markdown.count("\n# ") == 0


def test_code_between_back_quotes_stays_code():
    assert "by `rolecall verify`, on\n" in to_markdown(document("by `rolecall verify`, on"))
    assert "<code>rolecall verify</code>" in to_html(document("by `rolecall verify`, on"))
