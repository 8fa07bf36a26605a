from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Source
from rolecall.page import clean


def page(html, **more):
    return clean(Source(body=html.encode(), media_type="text/html", **more))


def lines(html):
    return page(html).text.split("\n")


def test_every_block_level_element_and_line_break_starts_a_line():
    assert lines("<p>One <b>and</b> two<br>three</p><ul><li>four<li>five</ul>six") == [
        "One and two", "three", "four", "five", "six",
    ]  # fmt: skip


def test_the_document_title_is_the_first_line():
    found = page("<body><svg><title>icon</title></svg><p>Text</p><title>Baker</title>")
    assert found.text == "Baker\nText"
    assert (found.blocks[0].kind, found.blocks[0].role) == ("title", "header")


def test_white_space_in_the_source_parts_words_and_its_absence_does_not():
    assert lines("<p>hy<i>phen</i>ated <span>a</span>\n<span>b</span>") == ["hyphenated a b"]


def test_neighbours_that_a_browser_sets_apart_are_not_glued():
    assert lines("<p><span>Berlin</span><span>Full-time</span></p>") == ["Berlin Full-time"]
    assert lines("<a href=1>python</a><a href=2>sql</a>") == ["python sql"]
    assert lines("<span class=tag>AWS</span><span class=tag>GCP</span>") == ["AWS GCP"]
    assert lines("<p><b>S</b>enior <b>Java</b><i>Script</i></p>") == ["Senior JavaScript"]


def test_cells_of_a_row_are_blocks_in_order():
    found = page(
        "<table><tr><th>Pay</th><td><p>40k</p></td></tr></table><dl><dt>Where<dd>Oslo</dl>"
    )
    assert found.text.split("\n") == ["Pay", "40k", "Where", "Oslo"]
    assert [block.kind for block in found.blocks] == ["row"] * 4


def test_a_bullet_mark_stays_in_the_text_and_out_of_the_span():
    found = page("<p>• Bake bread</p>")
    assert found.text == "• Bake bread"
    assert found.line(found.blocks[0]) == "Bake bread"
    assert found.blocks[0].kind == "item"


def test_headings_carry_their_level_and_bold_lines_say_so():
    found = page(
        "<h2>Duties</h2><p><b>We offer</b></p><p style='font-weight:700'>Pay</p>"
        "<div role=heading aria-level=3>More</div>"
    )
    assert [(b.kind, b.level, b.bold) for b in found.blocks] == [
        ("heading", 2, False), ("paragraph", 0, True), ("paragraph", 0, True),
        ("heading", 3, False),
    ]  # fmt: skip


def test_lines_of_preformatted_text_are_kept():
    assert lines("<pre>One\n  two\n\nthree</pre>") == ["One", "two", "three"]
    assert lines("<div style='white-space: pre-line'>a\nb<b>c</b>\nd</div>") == ["a", "bc", "d"]


def test_blank_lines_and_bullets_within_a_text_part_it():
    raw = "We bake bread for all of you.\n\nYour part:\n - rise early\n - knead the dough"
    assert lines(f"<div>{raw}</div>") == [
        "We bake bread for all of you.", "Your part:", "- rise early", "- knead the dough",
    ]  # fmt: skip


def test_white_space_at_the_ends_of_a_text_that_is_parted_still_parts_words():
    assert lines(
        "<p>We look for people with this:\n- Two years with <b>rye</b> or with oats in a bakery;\n"
        "- Hands that are good at <i>shaping</i> loaves, which we sell in town;\n- Early hours.</p>"
    ) == [
        "We look for people with this:",
        "- Two years with rye or with oats in a bakery;",
        "- Hands that are good at shaping loaves, which we sell in town;",
        "- Early hours.",
    ]


def test_line_ends_shown_as_letters_and_escaped_tags_part_a_text():
    assert lines("<p>We bake.\\nYou rise early.\\nWe pay.</p>") == [
        "We bake.", "You rise early.", "We pay.",
    ]  # fmt: skip
    assert lines("<p>&lt;p&gt;We &lt;b&gt;bake&lt;/b&gt;.&lt;/p&gt;&lt;p&gt;You rise.") == [
        "We bake.", "You rise.",
    ]  # fmt: skip


def test_links_point_at_their_text_and_are_resolved_where_the_base_is_known():
    html = "<p>Write or <a href='/apply?id=1'>apply <b>here</b></a>.</p>"
    found = page(html, url="https://ex.org/jobs/7")
    (first, second) = found.links
    assert found.text[first.span.start : second.span.end] == "apply here"
    assert first.href == "https://ex.org/apply?id=1"
    assert page(html).links[0].href == "/apply?id=1"
    based = page("<head><base href='https://a.ex/x/'></head><a href=y>z</a>")
    assert based.links[0].href == "https://a.ex/x/y"
    assert (
        page("<a href='mailto:a@ex.org'>a</a>", url="https://e.x/").links[0].href[:7] == "mailto:"
    )


def test_paths_count_siblings_of_one_name():
    found = page("<body><div>a</div><div hidden>b</div><div><p>c</p></div></body>")
    assert [block.path for block in found.blocks] == ["/html/body/div", "/html/body/div[3]/p"]


def test_hints_name_the_element_and_its_ancestors():
    found = page("<div id=Main class='job body'><p itemprop=title>Baker</p></div>")
    assert found.blocks[0].hints == "title job body main"


def test_lines_broken_to_a_width_by_hand_are_joined_and_links_stay_right():
    words = "we bake bread for the people of the town and for all who pass through it " * 8
    rows, row = [], ""
    for word in words.split():
        if len(row) + len(word) >= 60:
            rows.append(row)
            row = ""
        row = f"{row} {word}".strip()
    found = page("<p>" + "<br>".join(rows) + f"<br>{row[:20]} <a href=x>more</a></p>")
    assert found.text.startswith(words[:200])
    assert found.links[0].span.of(found.text) == "more"


_TAGS = ("p", "div", "b", "a href=x", "li", "td", "br", "span", "h2", "pre", "ul")
_PIECES = st.one_of(
    st.sampled_from([f"<{tag}>" for tag in _TAGS] + ["</p>", "</div>", "</a>", "</span>", "</li>"]),
    st.text(max_size=12).map(lambda text: text.replace("<", "&lt;")),
    st.sampled_from(["\n", " ", "•", "- ", "\\n", "&nbsp;", "&#0;", "&shy;", "&lt;p&gt;"]),
)


@settings(deadline=None, max_examples=200)
@given(st.lists(_PIECES, max_size=30).map("".join))
def test_blocks_and_links_lie_within_the_lines(html):
    found = page(html)
    found.text.encode("utf-8")
    starts = {0}
    for line in found.text.split("\n"):
        starts.add(max(starts) + len(line) + 1)
    assert len(found.blocks) == (len(found.text.split("\n")) if found.text else 0)
    for block in found.blocks:
        assert 0 <= block.span.start < block.span.end <= len(found.text)
        assert "\n" not in found.line(block)
        assert block.span.end + 1 in starts
    for link in found.links:
        assert link.span.of(found.text).strip()
        assert "\n" not in link.span.of(found.text)
