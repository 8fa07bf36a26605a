"""Known places inside header lines."""

from hypothesis import given
from hypothesis import strategies as st

from rolecall.reader.known import known_places


def named(text: str) -> list[str]:
    return [text[a:b] for a, b in known_places(text)]


def test_places_are_found_without_separators() -> None:
    assert named("Acme Malmö heltid") == ["Malmö"]
    assert named("Acme, Gdańsk, pełny etat") == ["Gdańsk"]


def test_a_country_behind_a_comma_belongs_to_the_city() -> None:
    assert named("Taller Ruiz Valencia, España") == ["Valencia, España"]


def test_two_cities_stay_two() -> None:
    assert named("Uppsala, Malmö eller distans") == ["Uppsala", "Malmö"]


@given(st.text(max_size=200))
def test_spans_lie_in_order_within_the_text(text: str) -> None:
    at = 0
    for start, end in known_places(text):
        assert at <= start < end <= len(text)
        at = end
