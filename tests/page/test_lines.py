import time

from rolecall.page.lines import lines_of, starts_anew, unwrap


def test_a_text_without_marks_is_one_line():
    assert len(lines_of("  one\n   two ", kept=False)) == 1


def test_kept_lines_say_where_the_text_starts_and_ends_with_a_line_end():
    assert lines_of("a\nb\n", kept=True) == ["a", "b", ""]


def test_what_begins_something_new():
    assert starts_anew("- item")
    assert starts_anew("Salary: 40k")
    assert starts_anew("## Duties")
    assert not starts_anew("and so on")


def test_joining_is_done_to_the_end():
    rows = [["of words that go on and on until the very end of it"] for _ in range(9)]
    once = unwrap(rows)
    assert unwrap([once]) == once


def test_hostile_text_is_split_in_linear_time():
    start = time.process_time()
    for text in ("\n - " * 250_000, "\\n" * 500_000, "<p" * 500_000, "\n \n" * 300_000):
        lines_of(text, kept=False)
    assert time.process_time() - start < 20
