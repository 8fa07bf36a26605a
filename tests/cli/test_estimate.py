"""``rolecall extract --estimate``: what a run will take, and how far off that was."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.cli.shell import folder, inside, page, rows
from tests.cli.test_engines import REPLAY
from tests.drive.test_engines import PAGE

from rolecall.ask.compose import Voice
from rolecall.ask.tokens import qwen
from rolecall.batch.forecast import Forecast, with_rate
from rolecall.batch.forecast_interval import exactly
from rolecall.cli.estimate_rates import rates_of
from rolecall.cli.estimate_words import Wish
from rolecall.core import EngineInfo
from rolecall.errors import UsageError

PRICE = "price = {input = 10.0, cached = 5.0, output = 100.0}\n"


def estimate(path: Path, *words: str, **more: str) -> dict[str, Any]:
    told = ("extract", *words, "--json", "--workers", "1")
    done = inside(*told, cwd=path, HOME=str(path), XDG_STATE_HOME=str(path / "s"), **more)
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
    words = ("extract", "d", "--workers", "1", "--out", "o.jsonl", "--summary", "s.json")
    none = inside(*words, cwd=tmp_path, **state)
    assert none.returncode == 3
    assert b"forecast" not in none.stderr
    assert json.loads((tmp_path / "s.json").read_bytes())["forecast"] is None
    shown = inside("extract", "d", "--estimate", "--workers", "1", cwd=tmp_path, **state)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith(b"forecast from all 40 pages")
    run = inside(*words, "--force", cwd=tmp_path, **state)
    assert b"forecast: time " in run.stderr
    told = json.loads((tmp_path / "s.json").read_bytes())["forecast"]
    assert told["reason"] is None
    failed = told["figures"]["outcomes.failed"]
    assert (failed["low"], failed["actual"], failed["error"], failed["inside"]) == (1, 1, 0, True)
    assert told["figures"]["bytes_in"]["inside"]
    again = inside(*words, "--resume", cwd=tmp_path, **state)
    assert b"not held against this run, as records of an earlier run were kept" in again.stderr
    other = inside(*words, "--force", "--captured", "2026-01-02", cwd=tmp_path, **state)
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
    words = ("extract", "d", "--estimate", "--policy", "cloud-on-doubt", "--cloud", "far")
    state = {"XDG_STATE_HOME": str(tmp_path / "s"), "HOME": str(tmp_path)}
    done = inside(*words, "--workers", "1", cwd=tmp_path, **state)
    assert done.returncode == 0, done.stderr
    (kept,) = (tmp_path / "s" / "rolecall" / "forecasts").iterdir()
    figures = json.loads(kept.read_bytes())["figures"]
    assert figures["asked_pages"]["expected"] >= 12
    assert figures["engines.far.calls"] == figures["asked_pages"]
    prompt = figures["engines.far.input_tokens"]["expected"] / figures["asked_pages"]["expected"]
    assert 300 < prompt < 2_000
    assert figures["asked.cost_usd"]["expected"] > 0.01
    shown = done.stdout.decode()
    assert "far: cost" in shown
    assert "the cost is more than what this month's cap of $0.01" in shown
    assert "--engine-rate says it" in shown
    assert not (tmp_path / "data").exists()


def foreseen(engine: str) -> Forecast:
    """A forecast in which an engine is asked about 600 postings."""
    return Forecast(
        sampled=10,
        listed=600,
        sample_seconds=1.0,
        workers=1,
        startup=1.0,
        noise=0.05,
        figures={
            "seconds": exactly(9.0),
            "asked_pages": exactly(600.0),
            f"engines.{engine}.calls": exactly(600.0),
        },
        loads={engine: ((1_100, 40, 10),)},
    )


def voice(name: str, model: str, *, local: bool = True) -> Voice:
    info = EngineInfo(name=name, kind="vllm", model=model, local=local, concurrency=64)
    return Voice(info=info, tokens=qwen(), form="grounded", most=8_192)


def test_the_hours_of_a_card_are_a_plans() -> None:
    voices = {"small": voice("small", "Qwen/Qwen3-4B-Instruct-2507-FP8")}
    hours = []
    for gpu in ("h100", "4090 laptop"):
        cards = rates_of(foreseen("small"), voices, Wish(pages=9, gpu=gpu))
        (rate,) = cards.rates
        told = with_rate(foreseen("small"), rate).figures
        hours.append(told["gpu_hours.small"].expected)
        assert told["seconds"].expected >= 9.0
    assert 0 < hours[0] < hours[1] < 1
    with pytest.raises(UsageError, match="no card"):
        rates_of(foreseen("small"), voices, Wish(pages=9, gpu="abacus"))


def test_an_engine_whose_speed_nobody_knows_is_said_to_be_one() -> None:
    odd = {"odd": voice("odd", "a-model-of-ones-own")}
    told = rates_of(foreseen("odd"), odd, Wish(pages=9, gpu="h100")).notes
    assert "the model of odd is not known here" in told[0]
    far = rates_of(foreseen("far"), {"far": voice("far", "m", local=False)}, Wish(pages=9))
    assert far.rates == ()
    assert "--engine-rate" in far.notes[0]
    said = rates_of(foreseen("far"), {"far": voice("far", "m")}, Wish(pages=9, rate=2.0))
    seconds = with_rate(foreseen("far"), said.rates[0]).figures["seconds"]
    assert 16_000 < seconds.low < 18_001 < seconds.high


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
        (["a.html", "--estimate", "--summary", "s.json"], "writes no summary"),
        (["a.html", "--estimate", "--gpu", "h100", "--engine-rate", "5"], "keep one of them"),
    ],
)
def test_wrong_calls_are_refused(tmp_path: Path, words: list[str], told: str) -> None:
    folder(tmp_path / "empty", 0)
    (tmp_path / "a.html").write_text(page())
    done = inside("extract", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert told in done.stderr.decode()
