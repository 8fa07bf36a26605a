import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Source
from rolecall.errors import SourceError
from rolecall.page import clean
from rolecall.page.limits import Limits
from rolecall.page.prescan import check_size, prescan


def page(html):
    return clean(Source(body=html.encode(), media_type="text/html"))


def codes(found):
    return [notice.code for notice in found.warnings]


def test_ordinary_markup_is_returned_as_it_came():
    html = "<div><p class=a>Text<br><b>bold</b></p></div>"
    assert prescan(html) == (html, ())


def test_size_is_refused_above_the_limit():
    with pytest.raises(SourceError) as caught:
        check_size("x" * 11, Limits(chars=10))
    assert caught.value.code == "too_large"
    with pytest.raises(SourceError):
        clean(Source(body=b"x" * 11, media_type="text/plain"), Limits(chars=10))


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 12_000),
    st.sampled_from(["div", "span", "b", "ul", "blockquote", "section", "table", "a", "font"]),
    st.booleans(),
)
def test_text_at_any_depth_is_kept(depth, tag, closed):
    html = f"<{tag}>" * depth + "NEEDLE" + f"</{tag}>" * depth * closed + "<p>AFTER</p>"
    found = page(html)
    assert "NEEDLE" in found.text
    assert "AFTER" in found.text
    assert all(len(block.path) < 3000 for block in found.blocks)


def test_nesting_that_costs_square_time_is_cut_with_a_notice():
    html = "".join(f"<b a={n}><p>" for n in range(20_000)) + "NEEDLE"
    found = page(html)
    assert "NEEDLE" in found.text
    assert "nesting_cut" in codes(found)


def test_stray_end_tags_do_not_hide_the_depth():
    found = page("<span></x>" * 60_000 + "NEEDLE")
    assert "NEEDLE" in found.text
    assert "nesting_cut" in codes(found)


def test_hidden_text_stays_hidden_below_the_depth_limit():
    deep = "<div>" * 5000
    found = page(
        f"{deep}<p style='display:none'>SECRET<i>SECRET</i></p><template>SECRET</template>"
        "<script>SECRET</script><p>NEEDLE"
    )
    assert "NEEDLE" in found.text
    assert "SECRET" not in found.text


@pytest.mark.parametrize("attribute", ["a{}=1", "a{}", 'a{}=">"', "a{}='x'", "a{}<b"])
def test_a_hundred_thousand_attributes_are_cut_with_a_notice(attribute):
    crowd = " ".join(attribute.format(n) for n in range(100_000))
    found = page(f"<p {crowd}>NEEDLE</p>")
    assert "NEEDLE" in found.text
    assert codes(found) == ["attributes_cut"]


def test_long_values_are_no_reason_to_cut():
    found = page(f"<p data-x='{'y' * 200_000}'>NEEDLE</p>")
    assert found.text == "NEEDLE"
    assert found.warnings == ()


def test_more_tags_than_the_limit_cut_the_page_with_a_notice():
    html = "<p>a</p>" * 3000
    text, notices = prescan(html, Limits(tags=1000))
    assert len(text) < len(html)
    assert [notice.code for notice in notices] == ["markup_cut"]


def test_one_line_of_nearly_ten_megabytes_is_read():
    found = page("<p>" + "word " * 1_900_000 + "NEEDLE")
    assert found.text.endswith("NEEDLE")


@settings(deadline=None, max_examples=150)
@given(st.text(alphabet="<>/='\"- !abpscritdv", max_size=300))
def test_taming_keeps_going_on_any_markup(html):
    tight = Limits(depth=2, formatting=1, attributes=2, tags=20)
    prescan("<i>" * 3100 + html, tight)
