"""Confidence curves: monotone, cautious, and only where there are values enough."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.evaluate.training.calibrate import (
    GRID,
    LEAST,
    STRENGTHS,
    Value,
    best_strength,
    calibration_error,
    curve,
    fit_curve,
    values_of,
    write_curves,
)
from rolecall.reader.model import BLOCKS, CALIBRATION, MANIFEST, RANKERS, SKILLS

VALUES = st.lists(
    st.builds(Value, st.sampled_from("abcd"), st.floats(0.0, 1.0), st.floats(0.0, 1.0)),
    min_size=1,
    max_size=40,
)


def calibrated(count: int = 600) -> list[Value]:
    draw = random.Random(1)
    rows = [(draw.choice("abcdef"), draw.uniform(0.05, 0.95)) for _ in range(count)]
    return [Value(site, sure, float(draw.random() < sure)) for site, sure in rows]


def test_a_perfectly_calibrated_toy_has_a_small_error_and_a_straight_curve() -> None:
    values = calibrated()
    assert best_strength(values)[1] < 0.05
    for x, y in curve(values)[1:-1]:
        assert y == pytest.approx(x, abs=0.12)


def test_confidence_without_worth_becomes_the_mean() -> None:
    draw = random.Random(2)
    values = [Value(draw.choice("abc"), draw.random(), float(i % 4 != 0)) for i in range(200)]
    shares = [y for _, y in curve(values)]
    assert max(shares) - min(shares) < 0.25
    assert sum(shares) / len(shares) == pytest.approx(0.75, abs=0.1)


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_curves_are_monotone_shares_on_the_grid(values: list[Value]) -> None:
    points = curve(values)
    assert [x for x, _ in points] == list(GRID)
    shares = [y for _, y in points]
    assert shares == sorted(shares)
    assert all(0.0 <= y <= 1.0 for y in shares)


@settings(max_examples=40, deadline=None)
@given(VALUES, st.sampled_from(STRENGTHS))
def test_slopes_never_fall_and_errors_are_shares(
    values: list[Value], strength: tuple[float, float]
) -> None:
    assert fit_curve(values, strength)[1] >= 0.0
    assert 0.0 <= calibration_error(values, strength) <= 1.0 + 1e-9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (BLOCKS, RANKERS, SKILLS):
        (tmp_path / name).write_text("{}", "utf-8")
    start = {"thresholds": {"title": 0.1}, "curves": {"places": [[0, 0]]}}
    (tmp_path / CALIBRATION).write_text(json.dumps(start), "utf-8")
    return tmp_path


def test_units_with_few_values_get_no_curve(folder: Path) -> None:
    values = calibrated(LEAST)
    write_curves(folder, {"title": values, "company": values[:-1], "salary": []})
    written = json.loads((folder / CALIBRATION).read_text("utf-8"))
    assert set(written["curves"]) == {"title"}
    assert written["thresholds"] == {"title": 0.1}
    assert written["curves"]["title"] == [list(point) for point in curve(values)]
    assert (folder / MANIFEST).exists()


GOLD: dict[str, Any] = dict.fromkeys(
    "title company workplace seniority salary_min salary_max salary_currency salary_period"
    " experience_years_min experience_years_max education description date_posted valid_through"
    " application_email application_url posting_language".split()
) | {
    name: []
    for name in "location employment_type skills languages_required responsibilities requirements"
    " benefits".split()
}


def record(origin: str, data: dict[str, Any], pointer: str) -> dict[str, Any]:
    evidence = {pointer: {"confidence": 0.8, "origin": origin}}
    return {"source": "pages/p1.html", "data": data, "evidence": evidence}


def test_values_carry_their_site_confidence_and_score() -> None:
    gold = {"p1": GOLD | {"title": "Baker", "benefits": ["Free bread"]}}
    site = {"p1": "oven"}
    title = record("reader", {"title": "Baker"}, "/title")
    assert values_of([title], gold, site)["title"] == [Value("oven", 0.8, 1.0)]
    items = record("reader", {"benefits": ["Free bread"]}, "/benefits/0")
    assert values_of([items], gold, site)["benefits"] == [Value("oven", 0.8, 1.0)]
    wrong = record("reader", {"workplace": "remote"}, "/workplace")
    assert values_of([wrong], gold, site)["workplace"] == [Value("oven", 0.8, 0.0)]


def test_what_no_annotator_could_see_is_left_out() -> None:
    gold, site = {"p1": GOLD}, {"p1": "oven"}
    stated = record("stated", {"workplace": "remote"}, "/workplace")
    assert not any(values_of([stated], gold, site).values())
    assert not any(values_of([stated | {"data": None}], gold, site).values())
    assert not any(values_of([stated | {"source": "q9.html"}], gold, site).values())
