import pytest

from rolecall.normalise.currency import CODES, mark_after, mark_before, resolve


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("€", "EUR"), ("EUR ", "EUR"), ("US$", "USD"), ("CA$", "CAD"), ("A$", "AUD"),
        ("NZ$", "NZD"), ("R$ ", "BRL"), ("CHF ", "CHF"), ("Rs. ", "Rs"), ("kr. ", "kr"),
        ("$", "$"), ("XYZ ", None), ("", None),
    ],
)  # fmt: skip
def test_marks_in_front_of_a_number(text, mark):
    assert mark_before(f"pay {text}", 4 + len(text))[0] == mark


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        (" Kč", "CZK"), (" zł", "PLN"), (" euros", "EUR"), ("€", "EUR"), (" руб.", "RUB"),
        (" ₽", "RUB"), (" лв", "BGN"), (" Ft", "HUF"), (" lei", "RON"), (" kr", "kr"),
        (" USD", "USD"), (" krokodil", None), (" years", None), ("", None),
    ],
)  # fmt: skip
def test_marks_behind_a_number(text, mark):
    assert mark_after(f"5{text}", 1)[0] == mark


def test_a_symbol_before_the_next_number_is_not_behind_this_one():
    assert mark_after("5 €10", 1) == (None, 1)


@pytest.mark.parametrize(
    ("mark", "language", "hint", "code"),
    [
        ("$", None, None, "USD"),
        ("$", None, "CAD", "CAD"),
        ("$", None, "EUR", "USD"),
        ("kr", "sv", None, "SEK"),
        ("kr", "da", None, "DKK"),
        ("kr", "nb", None, "NOK"),
        ("kr", "en", None, None),
        ("kr", "en", "DKK", "DKK"),
        ("¥", "ja", None, "JPY"),
        ("¥", "zh", None, "CNY"),
        ("¥", "en", None, None),
        ("EUR", None, "USD", "EUR"),
    ],
)
def test_shared_marks_are_settled_by_language_and_hint(mark, language, hint, code):
    found, problem = resolve(mark, language, hint)
    assert found == code
    assert (problem is None) == (code is not None)


def test_codes_are_iso_shaped():
    assert all(len(code) == 3 and code.isupper() for code in CODES)
