"""Scores of single fields, by hand and against the corpus' own scorer."""

from __future__ import annotations

import importlib.util
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.evaluate.nouns import Sample, Score
from rolecall.evaluate.samples.corpus import _statements, also_of, expected_of
from rolecall.evaluate.score.judge import judge
from rolecall.same.values import same_number, same_skill, same_text, set_f1
from rolecall.same.words import jaccard

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
GOLD: dict[str, Any] = {
    "title": "Night Nurse",
    "company": "Larkfield Care Ltd",
    "location": ["Leeds, United Kingdom"],
    "workplace": None,
    "employment_type": ["full_time"],
    "seniority": None,
    "salary_min": 31000,
    "salary_max": 34500,
    "salary_currency": "GBP",
    "salary_period": "year",
    "experience_years_min": 3,
    "experience_years_max": None,
    "education": "nursing degree",
    "skills": ["first aid", "wound care"],
    "languages_required": ["English"],
    "responsibilities": ["Give medicines", "Write a report"],
    "requirements": ["A valid licence"],
    "benefits": [],
    "description": "We run four homes for older people and look for a nurse",
    "date_posted": "2025-03-04",
    "valid_through": None,
    "application_email": "nights@larkfield.example",
    "application_url": "https://larkfield.example/apply/77?from=list",
    "posting_language": "en",
}
TEXTS = st.text("abc dé,.-", max_size=30)


def perfect(gold: dict[str, Any]) -> dict[str, Any]:
    data = {name: value for name, value in gold.items() if name != "location"}
    return data | {"locations": [{"text": place} for place in gold["location"]]}


def field_scores(data: dict[str, Any], gold: dict[str, Any], also: Any = None) -> dict[str, Score]:
    """Scores by the names of the guide, whose ``location`` is our ``locations``."""
    expected = expected_of(gold)
    sample = Sample(id="a", site="a", expected=expected, also=also or {})
    scores = judge({"outcome": "ok", "data": data}, sample).scores
    return {"location" if name == "locations" else name: one for name, one in scores.items()}


def score(field: str, value: object, **gold: object) -> float:
    name = "locations" if field == "location" else field
    return field_scores(perfect(GOLD) | {name: value}, GOLD | gold)[field].value


def test_the_annotation_itself_is_right_everywhere() -> None:
    scores = field_scores(perfect(GOLD), GOLD)
    assert {name: one.value for name, one in scores.items()} == dict.fromkeys(scores, 1.0)
    assert set(scores) == set(GOLD)


def test_no_data_is_right_where_there_is_no_value_alone() -> None:
    for name, one in field_scores({}, GOLD).items():
        assert one.has_value == bool(GOLD[name])
        assert one.value == float(not GOLD[name])


@pytest.mark.parametrize(
    ("field", "value", "right"),
    [
        ("title", "NIGHT nurse", 1.0),
        ("title", "Nurse", 0.0),
        ("title", "", 0.0),
        ("company", "Larkfield Care", 1.0),
        ("company", "Larkfield Care Group Ltd", 1.0),
        ("company", "Oakbridge Ltd", 0.0),
        ("location", [{"text": "Leeds"}], 1.0),
        ("location", [{"text": "London"}], 0.0),
        ("location", [{"text": "Leeds"}, {"text": "Bath"}], 2 / 3),
        ("location", [], 0.0),
        ("workplace", "remote", 0.0),
        ("employment_type", ["Full_time"], 1.0),
        ("employment_type", ["full_time", "part_time"], 0.0),
        ("salary_min", 31001.0, 1.0),
        ("salary_min", 32000, 0.0),
        ("salary_currency", "gbp", 1.0),
        ("education", "a nursing degree", 1.0),
        ("education", "a driving licence", 0.0),
        ("skills", ["First Aid"], 2 / 3),
        ("languages_required", ["english"], 1.0),
        ("benefits", ["Free meals"], 0.0),
        ("benefits", [], 1.0),
        ("requirements", ["A valid", "licence"], 1.0),
        ("responsibilities", ["Give medicines"], 2 * 2 / (2 + 5)),
        ("date_posted", "2025-03-04T10:00", 1.0),
        ("date_posted", "2025-04-03", 0.0),
        ("application_url", "https://larkfield.example/apply/77", 1.0),
        ("application_url", "https://larkfield.example/", 0.0),
        ("description", "We run four homes for older people and look for one nurse", 1.0),
        ("description", "We run four homes", 0.0),
    ],
)
def test_one_field(field: str, value: object, right: float) -> None:
    assert score(field, value) == pytest.approx(right)


def test_numbers_within_one_per_cent() -> None:
    assert same_number(101, 100)
    assert same_number("99", 100.0)
    assert not same_number(102, 100)
    assert not same_number("many", 100)
    assert not same_number(None, 100)


def test_skills_but_for_case_plural_and_punctuation() -> None:
    assert same_skill("REST APIs", "rest api")
    assert same_skill("Node.js", "nodejs")
    assert same_skill("wound care", "modern wound care")
    assert not same_skill("care", "modern wound care")
    assert not same_skill("Java", "JavaScript")


def test_a_list_item_matches_once() -> None:
    assert set_f1(["a", "a"], ["a"], str.__eq__) == pytest.approx(2 / 3)
    assert set_f1([], [], str.__eq__) == 1.0
    assert set_f1(["a"], [], str.__eq__) == 0.0


@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_jaccard_is_symmetric_and_a_share(a: str, b: str) -> None:
    assert jaccard(a, b) == jaccard(b, a)
    assert 0.0 <= jaccard(a, b) <= 1.0
    assert same_text(a, b) == same_text(b, a)


@settings(deadline=None)
@given(TEXTS, st.lists(TEXTS, max_size=3), st.integers(-3, 3))
def test_any_data_has_scores_between_0_and_1(text: str, items: list[str], number: int) -> None:
    lists = ("skills", "languages_required", "requirements", "benefits", "employment_type")
    data: dict[str, Any] = dict.fromkeys(GOLD, text) | dict.fromkeys(lists, items)
    data |= {"locations": [{"text": item} for item in items], "salary_min": number}
    data["responsibilities"] = items
    assert all(0.0 <= one.value <= 1.0 for one in field_scores(data, GOLD).values())


def edited(data: dict[str, Any], other: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """``data`` with some values changed, dropped, or taken from another page."""
    out = {}
    for name, value in data.items():
        way = draw.choice(("keep", "keep", "none", "other", "change"))
        if way == "none":
            value = None
        elif way == "other":
            value = other[name]
        elif way == "change" and isinstance(value, str):
            words = value.split()
            value = " ".join(word for word in words if draw.random() < 0.9).upper()
        elif way == "change" and isinstance(value, int | float):
            value *= draw.choice((1.005, 1.2))
        elif way == "change" and isinstance(value, list):
            value = [*(x for x in value if draw.random() < 0.7), *(other[name] or [])[:1]]
        out[name] = value
    return out


@pytest.mark.skipif(not (CORPUS / "score.py").exists(), reason="no annotated pages here")
def test_scores_are_those_of_the_corpus_own_scorer() -> None:
    spec = importlib.util.spec_from_file_location("corpus_score", CORPUS / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = [json.loads(path.read_text("utf-8")) for path in sorted(CORPUS.glob("gold/*.json"))]
    rows = [row for row in rows if row["kind"] != "not_vacancy"][:120]
    draw = random.Random(7)
    for gold in rows:
        data = perfect({name: gold.get(name) for name in GOLD})
        other = draw.choice(rows)
        data = edited(data, perfect({name: other.get(name) for name in GOLD}), draw)
        stated = module.stated(CORPUS / "jsonld" / f"{gold['id']}.json")
        blocks = _statements(CORPUS / "jsonld" / f"{gold['id']}.json")
        wanted, _ = module.judge(data, gold, stated)
        found = field_scores(data, gold, also_of(blocks, expected_of(gold)))
        assert set(found) == set(wanted)
        for name, (value, has_value) in wanted.items():
            assert found[name].has_value == has_value
            assert found[name].value == pytest.approx(value), (gold["id"], name)
