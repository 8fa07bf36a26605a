"""``rolecall extract --estimate``: what a run will take, and how far off that was."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.cli.shell import folder, inside, page, rolecall, rows
from tests.cli.test_engines import REPLAY
from tests.drive.test_engines import PAGE

PRICE = "price = {input = 10.0, cached = 5.0, output = 100.0}\n"


def estimate(path: Path, *words: str, **more: str) -> dict[str, Any]:
    done = rolecall(
        "extract", *words, "--json", cwd=path, HOME=str(path), XDG_STATE_HOME=str(path / "s"),
        **more,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_folder_is_sampled_and_nothing_is_written(tmp_path: Path) -> None:
    folder(tmp_path / "d", 60)
    (tmp_path / "o.jsonl").write_text("not ours\n")
    told = estimate(tmp_path, "--estimate", "20", "d", "--out", "o.jsonl")
    assert (told["sampled"], told["listed"]) == (20, 60)
    figures = told["figures"]
    assert figures["inputs"] == {"low": 60.0, "expected": 60.0, "high": 60.0}
    assert figures["outcomes.ok"]["low"] < figures["outcomes.ok"]["expected"] == 60
    assert figures["seconds"]["low"] < figures["seconds"]["expected"] < figures["seconds"]["high"]
    assert (tmp_path / "o.jsonl").read_text() == "not ours\n"
    assert sorted(os.listdir(tmp_path)) == ["d", "o.jsonl", "s"]


def test_the_run_says_how_far_off_its_forecast_was(tmp_path: Path) -> None:
    folder(tmp_path / "d", 40)
    (tmp_path / "d" / "p0007.html").unlink()
    (tmp_path / "d" / "p0007.html").symlink_to("nowhere")
    state = {"XDG_STATE_HOME": str(tmp_path / "s")}
    words = ("extract", "d", "--out", "o.jsonl", "--summary", "s.json")
    none = rolecall(*words, cwd=tmp_path, **state)
    assert none.returncode == 3
    assert b"forecast" not in none.stderr
    assert json.loads((tmp_path / "s.json").read_bytes())["forecast"] is None
    shown = rolecall("extract", "d", "--estimate", cwd=tmp_path, **state)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith(b"forecast from all 40 pages")
    run = rolecall(*words, "--force", cwd=tmp_path, **state)
    assert b"forecast: time " in run.stderr
    told = json.loads((tmp_path / "s.json").read_bytes())["forecast"]
    assert told["reason"] is None
    failed = told["figures"]["outcomes.failed"]
    assert (failed["low"], failed["actual"], failed["error"], failed["inside"]) == (1, 1, 0, True)
    assert told["figures"]["bytes_in"]["inside"]
    again = rolecall(*words, "--resume", cwd=tmp_path, **state)
    assert b"not held against this run, as records of an earlier run were kept" in again.stderr
    other = rolecall(*words, "--force", "--captured", "2026-01-02", cwd=tmp_path, **state)
    assert b"forecast" not in other.stderr


def test_lines_and_inputs_that_all_fail(tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_bytes(rows(30) + b"{nope\n" * 30)
    told = estimate(tmp_path, "l.jsonl", "--estimate", "30")
    failed = told["figures"]["outcomes.failed"]
    assert failed["low"] <= 30 <= failed["high"]
    (tmp_path / "bad.jsonl").write_bytes(b"{nope\n" * 30)
    told = estimate(tmp_path, "bad.jsonl", "--estimate=20")
    assert told["figures"]["outcomes.failed"]["expected"] == 30
    assert told["figures"]["bytes_in"]["high"] == 0


def test_engines_are_not_asked_and_what_they_will_cost_is_said(tmp_path: Path) -> None:
    folder(tmp_path / "d", 0)
    for number in range(24):
        text = PAGE.replace("25 days", f"{number} days") if number % 2 else page(number)
        (tmp_path / "d" / f"{number:02}.html").write_text(text)
    far = REPLAY.replace("small", "far").replace("local = true", "local = false") + PRICE
    (tmp_path / "rolecall.toml").write_text('data_folder = "data"\nbudget_month = 0.01\n' + far)
    (tmp_path / "answers.jsonl").write_text("")  # any call would fail
    words = ("d", "--estimate", "--policy", "cloud-on-doubt", "--cloud", "far")
    figures = estimate(tmp_path, *words)["figures"]
    assert figures["asked_pages"]["expected"] >= 12
    assert figures["engines.far.calls"] == figures["asked_pages"]
    prompt = figures["engines.far.input_tokens"]["expected"] / figures["asked_pages"]["expected"]
    assert 300 < prompt < 2_000
    assert figures["asked.cost_usd"]["expected"] > 0.01
    shown = rolecall("extract", *words, cwd=tmp_path, HOME=str(tmp_path)).stdout.decode()
    assert "far: cost" in shown
    assert "the cost is more than what this month's cap of $0.01" in shown
    assert "--engine-rate says it" in shown
    assert not (tmp_path / "data").exists()


def test_the_hours_of_a_card_are_a_plans(tmp_path: Path) -> None:
    folder(tmp_path / "d", 0)
    for number in range(10):
        text = PAGE.replace("25 days", f"{number} days")
        (tmp_path / "d" / f"{number:02}.html").write_text(text)
    (tmp_path / "rolecall.toml").write_text(REPLAY)
    (tmp_path / "answers.jsonl").write_text("")
    h100 = estimate(tmp_path, "d", "--estimate", "--gpu", "h100")["figures"]["gpu_hours.small"]
    laptop = estimate(tmp_path, "d", "--estimate", "--gpu", "4090 laptop")["figures"]
    assert 0 < h100["low"] < h100["expected"] < laptop["gpu_hours.small"]["expected"]
    slow = estimate(tmp_path, "d", "--estimate", "--engine-rate", "2")["figures"]["seconds"]
    assert 270 < slow["low"] < 310 < slow["high"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["-", "--estimate"], "standard input cannot be sampled"),
        (["empty", "--estimate"], "nothing to read in empty"),
        (["a.html", "--estimate", "1"], "a sample has 2 to"),
        (["a.html", "--estimate=many"], "invalid int value"),
        (["a.html", "--gpu", "h100"], "--gpu goes with --estimate"),
        (["a.html", "--json"], "--json goes with --estimate"),
        (["a.html", "--estimate", "--engine-rate", "0"], "above 0"),
        (["a.html", "--estimate", "--explain"], "--estimate is about records"),
        (["a.html", "--estimate", "--gpu", "h100", "--engine-rate", "5"], "keep one of them"),
    ],
)
def test_wrong_calls_are_refused(tmp_path: Path, words: list[str], told: str) -> None:
    folder(tmp_path / "empty", 0)
    (tmp_path / "a.html").write_text(page())
    done = inside("extract", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert told in done.stderr.decode()
