import textwrap

from hypothesis import given
from hypothesis import strategies as st

from rolecall.core import Source
from rolecall.page import clean
from rolecall.page.plaintext import looks_like_markdown, read_markdown, read_plain


def plain(text):
    return clean(Source(body=text.encode(), media_type="text/plain"))


def markdown(text):
    return clean(Source(body=text.encode(), media_type="text/markdown"))


def shown(page):
    return [(block.kind, page.line(block)) for block in page.blocks]


def test_each_line_is_a_block_with_white_space_collapsed():
    assert plain("Baker\r\n\r\n  Oslo \t Norway\n").text == "Baker\nOslo Norway"


def test_marks_stay_in_the_text_and_out_of_the_span():
    found = plain("# Baker\n* bake bread\n- **Early hours**\n**We offer:**\nPay\n===")
    assert found.text.startswith("# Baker\n* bake bread\n")
    assert shown(found)[:4] == [
        ("heading", "Baker"), ("item", "bake bread"), ("item", "Early hours"),
        ("paragraph", "We offer:"),
    ]  # fmt: skip
    assert shown(found)[4] == ("heading", "Pay")
    assert found.blocks[3].bold


def test_paragraphs_wrapped_to_a_width_are_joined():
    body = "We bake bread for the people of the town and for everyone who passes through it. " * 3
    text = "Baker\n\n" + textwrap.fill(body, 60) + "\n\nDuties:\n- knead\n- bake"
    assert plain(text).text == f"Baker\n{body.strip()}\nDuties:\n- knead\n- bake"


def test_short_lines_are_left_alone():
    text = "Baker\nOslo\nFull time\nStart in May"
    assert plain(text).text == text


def test_addresses_become_links():
    found = plain("Apply at https://ex.org/jobs/7, soon.")
    assert [link.href for link in found.links] == ["https://ex.org/jobs/7"]
    assert found.links[0].span.of(found.text) == "https://ex.org/jobs/7"


def test_markdown_is_read_as_it_would_be_rendered():
    found = markdown(
        "Baker\n=====\n\nWe **bake** bread\nfor _all_ with [our oven](https://ex.org/o).\n\n"
        "## Duties ##\n\n1. knead\n2. bake `rye`\n\n| Pay | 40k |\n|---|---|\n| Hours | 38 |\n"
        "<!-- hidden -->\n---\nsnake_case stays"
    )
    assert shown(found) == [
        ("heading", "Baker"), ("paragraph", "We bake bread for all with our oven."),
        ("heading", "Duties"), ("paragraph", "1. knead"), ("paragraph", "2. bake rye"),
        ("row", "Pay"), ("row", "40k"), ("row", "Hours"), ("row", "38"),
        ("paragraph", "snake_case stays"),
    ]  # fmt: skip
    assert found.links[0].span.of(found.text) == "our oven"
    assert found.links[0].href == "https://ex.org/o"


def test_marks_of_markdown_leave_one_space():
    lines, _ = read_markdown("Shape <b> </b> loaves ![x](a.png) by ` hand ` <u></u> [ now](b)", 10)
    assert [line.text for line in lines] == ["Shape loaves by hand now"]
    begin, end, href = lines[0].links[0]
    assert (lines[0].text[begin:end], href) == ("now", "b")


def test_undeclared_markdown_is_recognised():
    assert looks_like_markdown("# Baker\n\n**Pay:** 40k")
    assert not looks_like_markdown("Baker\n- knead\n- bake\nPay: 40k * 2")


@given(st.text(max_size=400))
def test_reading_plain_text_again_changes_nothing(text):
    once = plain(text).text
    assert plain(once).text == once


@given(
    st.lists(st.text(alphabet="ab .:-*#\n", min_size=30, max_size=70), max_size=14).map("\n".join)
)
def test_reading_wrapped_text_again_changes_nothing(text):
    once = plain(text).text
    assert plain(once).text == once


@given(st.text(alphabet="a*_[]()`<>|#-=\\!\n .:/h", max_size=300))
def test_any_markdown_gives_lines_with_spans_inside(text):
    lines, _ = read_markdown(text, 1000)
    for line in lines:
        assert line.text
        assert "\n" not in line.text
        assert 0 <= line.start <= line.end <= len(line.text)
        assert all(0 <= begin < end <= len(line.text) for begin, end, _ in line.links)


def test_lines_beyond_the_limit_are_cut_and_said():
    assert read_plain("a\n" * 20, 5)[1]
    assert len(read_plain("a\n" * 20, 5)[0]) == 5


def test_a_bold_label_of_markdown_begins_a_line():
    found = markdown("# Baker\n\n**Company:** Rye & Sons\n**Location**: Hull\nand **more:** Leeds")
    assert shown(found)[1:] == [
        ("paragraph", "Company: Rye & Sons"),
        ("paragraph", "Location: Hull and more: Leeds"),
    ]
