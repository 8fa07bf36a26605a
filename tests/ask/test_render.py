from tests.ask.pages import page

from rolecall.ask.render import sheet_of


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
