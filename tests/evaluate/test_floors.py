"""Floors of any set of samples: pinned under the figures, broken by name, lowered with a reason."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import UsageError
from rolecall.evaluate.floors import (
    SLACK,
    Floors,
    broken,
    floors_under,
    lower,
    pinned_anew,
    reached_by,
    read_floors,
    write_floors,
)
from rolecall.evaluate.nouns import Judged, Judgement, Score
from rolecall.evaluate.score import Figures, figures

TODAY = date(2026, 3, 31)
REACHED = st.dictionaries(st.sampled_from("abcdef"), st.floats(0, 1).map(lambda x: round(x, 4)))


def measured(right: int = 30) -> Figures:
    rows = [
        Judged(
            id=f"{n}",
            site="oven" if n else "mill",
            language="en",
            tokens=10,
            outcome="ok",
            scores={"title": Score(float(n < right), True)},
            adr009=float(n < right),
            marks={"schema_valid": True, "right_outcome": True},
        )
        for n in range(40)
    ]
    return figures(Judgement(name="x", samples="f00d", config="", rows=tuple(rows)))


def test_floors_stand_a_little_under_what_was_reached() -> None:
    found = measured()
    floors = floors_under(reached_by(found), found)
    assert floors["adr009"] == pytest.approx(0.75 - SLACK)
    assert floors["field title"] == pytest.approx(0.75 - 2 * SLACK)
    assert floors["schema_valid"] == 1.0
    assert floors["site oven macro"] == pytest.approx(29 / 39 - SLACK - 0.34 / 39, abs=1e-4)
    assert "site mill macro" not in floors
    assert "grounded" not in floors
    pinned = Floors(corpus="f00d", floors=floors)
    assert broken(pinned, reached_by(found)) == []
    assert broken(pinned, reached_by(measured(29)))
    assert broken(pinned, {}) != []


@given(REACHED, REACHED, REACHED)
def test_without_a_reason_floors_never_go_down(
    first: dict[str, float], second: dict[str, float], third: dict[str, float]
) -> None:
    pinned: Floors | None = None
    for reached in (first, second, third):
        try:
            now = pinned_anew(pinned, "c", reached, "", TODAY)
        except UsageError:
            assert lower(pinned, reached)
            continue
        for name, floor in (pinned.floors if pinned else {}).items():
            assert now.floors[name] >= floor
        assert now.lowered == {}
        pinned = now


@given(REACHED, REACHED)
def test_with_a_reason_they_are_what_was_reached_and_it_is_kept(
    first: dict[str, float], second: dict[str, float]
) -> None:
    pinned = pinned_anew(None, "c", first, "", TODAY)
    now = pinned_anew(pinned, "d", second, "a new board", TODAY)
    assert (now.corpus, now.floors) == ("d", second)
    down = {name for name, floor in first.items() if second.get(name, -1.0) < floor}
    assert set(now.lowered) == down
    for name in down:
        told = {"from": first[name], "to": second.get(name)}
        assert now.lowered[name] == told | {"reason": "a new board", "date": "2026-03-31"}


def test_floors_go_through_a_file(tmp_path: Path) -> None:
    path = tmp_path / "floors.json"
    floors = Floors(corpus="f00d", floors={"adr009": 0.5}, lowered={"a": {"reason": "é"}})
    write_floors(path, floors)
    assert read_floors(path) == floors
    assert [one.name for one in tmp_path.iterdir()] == ["floors.json"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"corpus": "a", "floors": {"a": "b"}}',
        '{"corpus": "a", "floors": {"a": NaN}}',
        '{"corpus": "a", "floors": {}}',
    ],
)
def test_a_file_that_holds_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "floors.json"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError, match="holds no floors"):
        read_floors(path)
    with pytest.raises(UsageError, match="no floors at"):
        read_floors(tmp_path / "none.json")
