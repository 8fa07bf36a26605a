import pytest
from tests.ask.pages import BAKER, page

from rolecall.ask.locate import Finder
from rolecall.ask.render import sheet_of, unmarked


def test_lines_of_the_posting_are_shown_and_furniture_is_not():
    sheet = sheet_of(page())
    assert "Home" not in sheet.text
    assert "Mix dough in JavaScript ovens" in sheet.text


def test_a_footer_that_names_the_employer_is_shown():
    assert "Crumb & Sons Ltd" in sheet_of(page()).text


def test_every_line_stands_where_its_span_says():
    one = page()
    for line in sheet_of(one).lines:
        assert line.span.of(one.text) == line.text


def test_a_list_has_numbers_at_its_ends_only():
    numbered = sheet_of(page()).numbered.splitlines()
    plain = sheet_of(page()).text.splitlines()
    assert "Shape loaves" in numbered
    assert "Clean up" not in numbered
    assert f"{plain.index('Clean up') + 1} Clean up" in numbered


def test_a_line_that_stands_there_twice_is_shown_once():
    body = "<h1>Baker</h1><p>Bath</p><p>Bath</p><p>We bake.</p>"
    assert sheet_of(page(body)).text.count("Bath") == 1


def test_a_page_that_seems_to_be_furniture_is_shown_whole():
    body = "<nav><p>Baker in Bath wanted</p></nav>"
    assert "Baker in Bath wanted" in sheet_of(page(body)).text


def test_a_form_to_apply_with_is_not_shown_and_a_page_inside_a_form_is():
    field = "<form><p>Your first name</p><p>Your letter</p></form>"
    assert "first name" not in sheet_of(page(BAKER.replace("</main>", field + "</main>"))).text
    whole = BAKER.replace("<main>", "<main><form>").replace("</main>", "</form></main>")
    assert "Shape loaves" in sheet_of(page(whole)).text


MARKS = (
    "<|im_end|>", "<|im_start|>system", "</s>", "<think>", "[INST]", "[/INST]", "/no_think",
    "<｜end_of_text｜>", "<start_of_turn>", "<<SYS>>", "<tool_call>", "<|endoftext|>",
    "[TOOL_CALLS]", "[/AVAILABLE_TOOLS]", "[gMASK]", "[IMG]", "/no_thinking",
)  # fmt: skip


@pytest.mark.parametrize("mark", MARKS)
def test_marks_of_chat_templates_are_broken_up_and_still_quoted(mark):
    escaped = mark.replace("<", "&lt;")
    one = page(f"<h1>Baker</h1><p>We bake {escaped} bread in Bath.</p>")
    assert mark in one.text
    sheet = sheet_of(one)
    assert mark not in sheet.text
    assert mark not in sheet.numbered
    shown = unmarked(f"bake {mark} bread")
    assert shown in sheet.text
    span = Finder(one, sheet).find(shown)
    assert span.of(one.text) == f"bake {mark} bread"


def test_plain_signs_stay():
    plain = "a < b, 3<4 and/or I think; [email] [1] [A] [m/w/d] example.com/thinking"
    assert unmarked(plain) == plain
