"""Kept answers are those of the function, and a long question leaves nothing behind."""

from rolecall.page.memory import LONGEST, kept


def test_short_questions_are_asked_once_and_long_ones_each_time():
    asked = []

    @kept(2)
    def size(text: str, more: int) -> int:
        asked.append(text)
        return len(text) + more

    long = "x" * (LONGEST + 1)
    assert [size("ab", 1), size("ab", 1), size("ab", 2)] == [3, 3, 4]
    assert [size(long, 0), size(long, 0)] == [len(long)] * 2
    assert asked == ["ab", "ab", long, long]
