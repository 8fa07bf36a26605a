"""Floors: pinned, compared, and never lowered by accident."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rolecall.evaluate import gate
from rolecall.evaluate.floors import SLACK
from rolecall.evaluate.gate import compare, fingerprint, floors_of, show, update

TODAY = date(2026, 3, 31)


def found(adr009: float = 0.9, corpus: str = "abc", **changes: Any) -> dict[str, Any]:
    row = {"all": 0.8, "value": 0.7, "null": 0.9, "n_value": 40, "n_null": 10}
    return {
        "corpus": corpus,
        "pages": 50,
        "scores": {"adr009": adr009, "macro": 0.85, "macro_value": 0.7},
        "fields": {"title": row, "salary_min": row | {"n_value": 3, "null": None}},
        "sites": {
            "oven": {"pages": 5, "adr009": 0.9, "macro": 0.8},
            "mill": {"pages": 2, "adr009": 0.1, "macro": 0.1},
        },
        "calibration": {"title": {"values": 40, "error": 0.03}},
        "not_vacancies": {"typed": 0.95, "ok": 1.0},
    } | changes


@pytest.fixture
def floors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "floors.json"
    monkeypatch.setattr(gate, "FLOORS", path)
    return path


def pinned(path: Path) -> dict[str, float]:
    floors: dict[str, float] = json.loads(path.read_text("utf-8"))["floors"]
    return floors


def test_floors_stand_a_little_under_the_figures() -> None:
    floors = floors_of(found())
    assert floors["adr009"] == pytest.approx(0.9 - SLACK)
    assert floors["field title"] == pytest.approx(0.8 - 2 * SLACK)
    assert floors["site oven adr009"] == pytest.approx(0.9 - SLACK - 0.34 / 5)
    assert floors["not vacancies typed"] == pytest.approx(0.95 - SLACK)
    assert floors["not vacancies not ok"] == -1.0


def test_small_sites_and_rare_fields_have_no_floor() -> None:
    floors = floors_of(found())
    assert "site mill adr009" not in floors
    assert "field salary_min" not in floors


def test_what_was_pinned_holds(floors: Path) -> None:
    assert update(found(), reason="", today=TODAY) == 0
    assert compare(found()) == 0
    assert compare(found(adr009=0.95)) == 0
    assert compare(found(adr009=0.9 - SLACK / 2)) == 0


def test_a_broken_floor_is_named(floors: Path, capsys: pytest.CaptureFixture[str]) -> None:
    update(found(), reason="", today=TODAY)
    capsys.readouterr()
    assert compare(found(adr009=0.8)) == 1
    out = capsys.readouterr().out
    assert "adr009: 0.8" in out
    assert "macro" not in out
    assert compare(found(not_vacancies={"typed": 0.95, "ok": 2.0})) == 1
    assert "not vacancies not ok" in capsys.readouterr().out


def test_a_figure_that_is_gone_breaks_its_floor(
    floors: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    update(found(), reason="", today=TODAY)
    assert compare(found(fields={})) == 1
    assert "field title" in capsys.readouterr().out


def test_another_corpus_breaks_the_gate(floors: Path, capsys: pytest.CaptureFixture[str]) -> None:
    update(found(), reason="", today=TODAY)
    assert compare(found(corpus="other")) == 1
    assert "corpus" in capsys.readouterr().out


def test_floors_are_not_lowered(floors: Path, capsys: pytest.CaptureFixture[str]) -> None:
    update(found(), reason="", today=TODAY)
    before = floors.read_bytes()
    capsys.readouterr()
    assert update(found(adr009=0.8), reason="", today=TODAY) == 1
    assert floors.read_bytes() == before
    out = capsys.readouterr().out
    assert "adr009" in out
    assert "--allow-regression" in out


def test_floors_are_lowered_where_that_is_allowed(floors: Path) -> None:
    update(found(), reason="", today=TODAY)
    assert update(found(adr009=0.8), reason="pay is an image now", today=TODAY) == 0
    assert pinned(floors)["adr009"] == pytest.approx(0.8 - SLACK)
    told = json.loads(floors.read_text("utf-8"))["lowered"]["adr009"]
    assert told == {
        "from": pytest.approx(0.9 - SLACK),
        "to": pytest.approx(0.8 - SLACK),
        "reason": "pay is an image now",
        "date": "2026-03-31",
    }


def test_a_reason_stays_when_floors_rise_again(floors: Path) -> None:
    update(found(), reason="", today=TODAY)
    update(found(adr009=0.8), reason="pay is an image now", today=TODAY)
    assert update(found(adr009=0.85), reason="", today=date(2026, 4, 1)) == 0
    assert "pay is an image now" in floors.read_text("utf-8")


def test_a_regression_needs_its_reason(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    corpus = ["--corpus", str(tmp_path / "none")]
    assert gate.main([*corpus, "--update", "--allow-regression"]) == 2
    assert "--reason" in capsys.readouterr().out
    assert gate.main([*corpus, "--update", "--reason", "because"]) == 2


def test_floors_rise_and_do_not_slip_by_the_slack(floors: Path) -> None:
    update(found(), reason="", today=TODAY)
    assert update(found(adr009=0.95), reason="", today=TODAY) == 0
    high = pinned(floors)["adr009"]
    assert high == pytest.approx(0.95 - SLACK)
    assert update(found(adr009=0.95 - SLACK / 2), reason="", today=TODAY) == 0
    assert pinned(floors)["adr009"] == high


def test_the_fingerprint_follows_pages_and_annotations(tmp_path: Path) -> None:
    for folder in ("gold", "pages", "not-vacancies"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a").write_text("a", "utf-8")
    first = fingerprint(tmp_path)
    assert fingerprint(tmp_path) == first
    (tmp_path / "gold" / "a").write_text("b", "utf-8")
    second = fingerprint(tmp_path)
    (tmp_path / "gold" / "a").rename(tmp_path / "gold" / "c")
    assert len({first, second, fingerprint(tmp_path)}) == 3


def test_figures_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show(found())
    out = capsys.readouterr().out
    for part in ("title", "80.0", "oven", "calibration error title", "typed 95.0 %", "adr009 90.0"):
        assert part in out


def test_pages_that_are_no_posting_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "not-vacancies"
    folder.mkdir()
    (folder / "empty.html").write_text("", "utf-8")
    shared = gate.refusals(tmp_path)
    assert shared == {"typed": 1.0, "ok": 0.0}


def test_no_corpus_skips_the_gate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["gate", "--corpus", str(tmp_path / "none")])
    assert gate.main() == 0
    assert "skipped" in capsys.readouterr().out
