"""Words of menus and contract tags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.reader.menu import menu_marks, menu_share


@pytest.mark.parametrize(
    "text", ["hem", "lediga tjänster", "pełny etat", "strona główna aktualności", "about us"]
)
def test_menus_and_tags_are_told(text: str) -> None:
    assert menu_marks(text.split()) == ("menu",)


@pytest.mark.parametrize("text", ["gärtner", "acme kommun", "night porter", "nowy sącz"])
def test_names_are_no_menus(text: str) -> None:
    assert menu_marks(text.split()) == ()


@given(st.lists(st.text(max_size=12), max_size=20))
def test_share_lies_between_nothing_and_all(words: list[str]) -> None:
    assert 0.0 <= menu_share(words) <= 1.0
