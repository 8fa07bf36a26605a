import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.normalise.numbers import NUMBER, read_number


@pytest.mark.parametrize(
    ("text", "language", "value"),
    [
        ("70.000,00", "de", 70000),
        ("70,000.00", "en", 70000),
        ("70 000", "cs", 70000),
        ("70\u00a0000", "fr", 70000),
        ("70\u202f000,50", "fr", 70000.5),
        ("1'200", "de", 1200),
        ("1’250’000", "de", 1250000),
        ("12,50", "de", 12.5),
        ("12.5", "en", 12.5),
        ("12,00,000", "en", 1200000),
        ("45k", "en", 45000),
        ("45 K", "fr", 45000),
        ("40 tis.", "cs", 40000),
        ("8,5 tys.", "pl", 8500),
        ("150 тыс.", "ru", 150000),
        ("1,5 mil.", "cs", 1500000),
        ("60 mil", "pt", 60000),
        ("2.3M", "en", 2300000),
        ("5 lakh", "en", 500000),
        ("2 Cr", "en", 20000000),
        ("５００,０００", "ja", 500000),
        ("0,125", "de", 0.125),
        ("0.5", "en", 0.5),
    ],
)
def test_numbers_are_read_by_the_habits_of_their_language(text, language, value):
    found = read_number(text, language=language)
    assert found is not None
    assert found.value == value
    assert (found.start, found.end) == (0, len(text))


@pytest.mark.parametrize(
    ("text", "language", "doubtful"),
    [
        ("1.234", None, True),
        ("1,234", None, True),
        ("1.234", "de", False),
        ("1,234", "en", False),
        ("1.234", "en", True),
        ("1 234", None, False),
        ("1.234,5", None, False),
    ],
)
def test_a_lone_mark_before_three_digits_groups_and_says_when_that_is_doubtful(
    text, language, doubtful
):
    found = read_number(text, language=language)
    assert found is not None
    assert found.value in (1234, 1234.5)
    assert (found.problem is not None) == doubtful


def test_pieces_of_dates_and_addresses_are_no_numbers():
    assert NUMBER.findall("31.12.2026 10.0.0.1") == []


@settings(deadline=None)
@given(st.text())
def test_no_text_makes_it_raise(text):
    found = read_number(text)
    assert found is None or 0 <= found.start < found.end <= len(text)


@settings(deadline=None)
@given(st.integers(0, 10**12) | st.decimals(0, 10**6, places=2).map(float))
def test_a_value_reads_back_as_itself(number):
    first = read_number(f"{number}")
    assert first is not None
    again = read_number(f"{first.value}")
    assert again is not None
    assert again.value == first.value == number
