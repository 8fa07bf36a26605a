"""Each scorer alone: what it calls right, and what holds of all of them."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.same.scorers import MEANINGS, POSTING, SCORERS, Claim
from rolecall.same.words import fold, text_f1, words
from rolecall.schema.posting import FIELDS

DOCS = Path(__file__).parents[3] / "docs" / "evaluation.md"
TEXTS = st.text("abc dé,.-+#/&'’_<>;()\n\u00a0ﬁÅ1", max_size=40)
VALUES = st.none() | TEXTS | st.integers(-3, 10**6) | st.lists(TEXTS, max_size=3)


def score(name: str, found: Any, wanted: Any, *also: Any, **more: Any) -> float | None:
    return SCORERS[name](Claim(found, wanted, also, **more))


@pytest.mark.parametrize(
    ("name", "found", "wanted", "right"),
    [
        ("exact", True, True, 1.0),
        ("exact", 1, True, 0.0),
        ("exact", 5, 5.0, 1.0),
        ("exact", "Senior", "senior", 0.0),
        ("exact", False, False, 1.0),
        ("exact", None, False, 0.0),
        ("normalised", " SENIOR\u00a0", "senior", 1.0),
        ("normalised", {"a": "X", "b": None}, {"a": "x"}, 1.0),
        ("normalised", 5, "5", 1.0),
        ("text", "Night baker (m/f)", "night baker", 0.0),
        ("text", "a b c d", "a b c d e", 1.0),
        ("text", "-", "-", 0.0),
        ("phrase", "a degree in baking", "degree in baking", 1.0),
        ("company", "Oven GmbH", "OVEN", 1.0),
        ("company", "The Oven Bakery of Leeds", "Oven Bakery", 0.0),
        ("number", "44,600", 45000, 0.0),
        ("number", 44600, 45000, 1.0),
        ("number", [1], 1, 0.0),
        ("money", "£30,000 to £35,000 a year", "30000-35000 GBP per annum", 1.0),
        ("money", "€30,000 a year", "£30,000 a year", 0.0),
        ("money", 30000, "£30,000", 1.0),
        ("money", {"min": 30000, "max": 35000, "currency": "GBP"}, "£30,000 - £35,000", 1.0),
        ("money", {"value": {"minValue": 3, "maxValue": 4}, "currency": "EUR"}, {"min": 3}, 0.0),
        ("money", "competitive", "Competitive", 1.0),
        ("money", "competitive", "£30,000", 0.0),
        ("date", "2026-03-31T08:00:00Z", "2026-03-31", 1.0),
        ("url", "https://oven.example/a?x=1", "https://oven.example/a/", 1.0),
        ("place", [{"text": "Leeds, UK"}], [{"text": "Leeds"}], 1.0),
        ("place", "Leeds", ["Leeds", "Bath"], 2 / 3),
        ("place", [{"text": None, "city": "Leeds", "country": "UK"}], ["Leeds"], 1.0),
        ("same_set", ["b", "A"], ["a", "b"], 1.0),
        ("same_set", ["a"], ["a", "b"], 0.0),
        ("set_f1", ["a", "b"], ["A", "c"], 0.5),
        ("set_f1", [{"name": "a"}], [{"name": "A", "level": None}], 1.0),
        ("set_f1", "a", ["abc"], 0.0),
        ("skills", ["REST APIs"], ["rest api"], 1.0),
        ("text_coverage", ["a b", "c"], ["a", "b c"], 1.0),
        ("text_coverage", "a b", ["a b"], 1.0),
        ("text_coverage", ["a"], ["a a a"], 0.5),
    ],
)
def test_one_comparison(name: str, found: Any, wanted: Any, right: float) -> None:
    assert score(name, found, wanted) == pytest.approx(right)


@pytest.mark.parametrize("name", SCORERS)
@pytest.mark.parametrize("nothing", [None, "", []])
def test_nothing_is_right_where_there_is_nothing(name: str, nothing: Any) -> None:
    assert score(name, nothing, None) == 1.0
    assert score(name, nothing, [] if name in ("skills", "set_f1") else "") == 1.0
    assert score(name, nothing, "baker") == 0.0


@pytest.mark.parametrize("name", sorted(set(SCORERS) - {"block_overlap"}))
def test_other_values_can_be_right_too(name: str) -> None:
    value: Any = ["baker"] if name in ("skills", "set_f1", "same_set", "text_coverage") else "12"
    assert score(name, value, None) == 0.0
    assert score(name, value, None, value) == 1.0
    assert score(name, value, ["xyz"] if isinstance(value, list) else "99", value) == 1.0


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(SCORERS)), VALUES, VALUES, VALUES)
def test_scores_are_shares_of_anything(name: str, found: Any, wanted: Any, other: Any) -> None:
    value = score(name, found, wanted, other)
    assert value is None or 0.0 <= value <= 1.0


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_words_are_those_of_the_pattern(text: str) -> None:
    pattern = r"\w+(?:[.+#/&'’-]*\w+|[+#]+)*"
    plain = unicodedata.normalize("NFKC", text).casefold()
    assert words(text) == re.findall(pattern, plain)
    assert text_f1(text, text) == float(bool(words(fold(text))))
    folded = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", plain)).strip()
    if "&" not in text:
        assert fold(text) == folded


TEXT = "Night Baker\nHarbour Bakery\nYou bake bread.\nYou clean the ovens.\nYou bake bread."


def located(start: int, end: int, wanted: Any, text: str | None = TEXT) -> float | None:
    record = {"evidence": {"/d/0": {"start": start, "end": end}}, "text": text}
    return score("block_overlap", ["x"], wanted, pointer="/d", record=record)


def test_overlap_of_evidence_and_label() -> None:
    at = TEXT.index("You clean")
    assert located(at, at + 20, ["you  CLEAN the ovens."]) == 1.0
    assert located(at, at + 10, ["You clean the ovens."]) == pytest.approx(0.5)
    assert located(0, 5, ["You clean the ovens."]) == 0.0
    last = TEXT.rindex("You bake")
    assert located(last, last + 15, ["You bake bread."]) == 1.0
    assert located(0, 5, ["You sing."]) is None
    assert located(0, 5, ["Night"], None) is None
    assert score("block_overlap", ["x"], None) == 0.0


def test_every_scorer_and_field_is_explained() -> None:
    assert set(MEANINGS) == set(SCORERS)
    assert set(POSTING) == set(FIELDS)
    page = DOCS.read_text("utf-8")
    for name, meaning in MEANINGS.items():
        fields = ", ".join(f"`{field}`" for field, scorer in POSTING.items() if scorer == name)
        assert f"| `{name}` | {meaning} | {fields or '-'} |" in page, name
