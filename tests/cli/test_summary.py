"""What a run says of itself when it ends, and the exit code it ends with."""

import json
import os
import resource
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.cli.shell import COMMAND, environment, folder, inside, page, rows, start
from tests.cli.test_engines import REPLAY
from tests.cli.test_extract import finish, wait_for
from tests.drive.test_engines import PAGE


def told(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((path / "s.json").read_bytes())
    return found


def test_a_complete_run_writes_its_figures(tmp_path: Path) -> None:
    folder(tmp_path / "d", 12)
    (tmp_path / "d" / "notes.pdf").write_bytes(b"")
    done = inside(
        "extract", "d", "--workers", "1", "--out", "o.jsonl", "--summary", "s.json", cwd=tmp_path
    )
    assert done.returncode == 0
    assert done.stderr.decode().splitlines()[-1] == "  left out other files: 1"
    summary, lines = told(tmp_path), (tmp_path / "o.jsonl").read_bytes()
    assert (summary["summary_version"], summary["ended"], summary["exit_code"]) == (
        "1", "complete", 0,
    )  # fmt: skip
    run = summary["run"]
    assert (run["inputs"], run["outcomes"]) == (12, {"ok": 12})
    assert run["bytes_in"] == sum(len(page(number).encode()) for number in range(12))
    assert run["bytes_out"] == len(lines)
    written = [json.loads(line) for line in lines.splitlines()]
    assert summary["config"] == written[0]["config"]
    for stage, spent in run["stages"].items():
        whole = sum(record["seconds"].get(stage, 0.0) for record in written)
        assert spent["seconds"] == pytest.approx(whole, abs=0.001)
    assert sum(one["share"] for one in run["stages"].values()) == pytest.approx(1, abs=0.01)
    assert run["workers"]["cpu_seconds"] > 0
    assert run["routes"] == {"stated": 0, "reader": 12, "local": 0, "cloud": 0, "none": 0}
    assert summary["output"]["records"] == 12
    assert summary["beside"]["left_out"] == 1
    assert sorted(os.listdir(tmp_path)) == ["d", "o.jsonl", "s.json"]


def test_what_was_kept_is_told_from_what_this_run_did(tmp_path: Path) -> None:
    folder(tmp_path / "d", 10)
    (tmp_path / "d" / "p0003.html").unlink()
    (tmp_path / "d" / "p0003.html").symlink_to("nowhere")
    words = ("extract", "d", "--workers", "1", "--out", "o.jsonl", "--summary", "s.json")
    assert inside(*words, cwd=tmp_path).returncode == 3
    (tmp_path / "d" / "p0004.html").write_text(page(99))
    (tmp_path / "d" / "p0009.html").unlink()
    assert inside(*words, "--resume", cwd=tmp_path).returncode == 3
    summary = told(tmp_path)
    assert summary["run"]["outcomes"] == {"ok": 1, "failed": 1}
    assert summary["run"]["reasons"] == {"failed": {"unreadable": 1}}
    output = summary["output"]
    assert (output["records"], output["kept"], output["failed"]) == (9, 7, 1)
    assert summary["beside"]["others"] == 1


def test_more_is_said_where_it_is_asked_for(tmp_path: Path) -> None:
    folder(tmp_path / "d", 3)
    words = ("extract", "d", "--out", "o.jsonl", "--force")
    short = inside(*words, cwd=tmp_path).stderr.decode().splitlines()
    assert len(short) == 1
    long = inside(*words, "--verbose", cwd=tmp_path).stderr.decode().splitlines()
    assert long[0].startswith("done: 3 inputs")
    assert any("worker" in line and "reader" in line for line in long)
    quiet = inside(*words, "--quiet", "--verbose", "--summary", "s.json", cwd=tmp_path)
    assert quiet.stderr == b""
    assert told(tmp_path)["run"]["inputs"] == 3


def test_engines_are_told_with_calls_tokens_and_cost(tmp_path: Path) -> None:
    folder(tmp_path / "d", 0)
    for number in range(4):
        (tmp_path / "d" / f"{number}.html").write_text(PAGE.replace("25", f"{number + 20}"))
    far = REPLAY.replace("small", "far").replace("local = true", "local = false")
    price = "price = {input = 10.0, cached = 5.0, output = 100.0}\n"
    (tmp_path / "rolecall.toml").write_text('data_folder = "data"\n' + far + price)
    usage = {"input_tokens": 1_000, "cached_tokens": 400, "output_tokens": 10}
    line = {"contains": "Answer:", "text": json.dumps({"company": "crumb"}), "usage": usage}
    (tmp_path / "answers.jsonl").write_text(json.dumps(line))
    words = (
        "extract",
        "d",
        "--workers",
        "1",
        "--policy",
        "cloud-on-doubt",
        "--cloud",
        "far",
        "--summary",
        "s.json",
    )
    words += ("--out", "o.jsonl", "--force")
    done = inside(*words, cwd=tmp_path, HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    said = "engine far: 4 calls, tokens 4,000 in (1,600 cached), 40 out, $0.0360"
    assert said in done.stderr.decode()
    run = told(tmp_path)["run"]
    assert run["engines"]["far"] == run["asked"] | {"local": False}
    assert run["asked"]["cost_usd"] == pytest.approx(4 * (600 * 10 + 400 * 5 + 10 * 100) / 1e6)
    assert run["routes"]["cloud"] == 4
    assert run["stages"]["ask"]["share"] is None
    inside(*words, cwd=tmp_path, HOME=str(tmp_path))
    again = told(tmp_path)["run"]["asked"]
    assert (again["calls"], again["kept_answers"], again["cost_usd"]) == (0, 4, 0)


def test_a_run_that_a_signal_stops_has_its_summary(tmp_path: Path) -> None:
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        out = f"{code}.jsonl"
        run = start("extract", "-", "--out", out, "--summary", "s.json", cwd=tmp_path)
        assert run.stdin is not None
        run.stdin.write(rows(20))
        run.stdin.flush()
        wait_for(run, tmp_path / out, 15)
        run.send_signal(number)
        assert finish(run)[0] == code
        summary = told(tmp_path)
        assert (summary["ended"], summary["exit_code"]) == ("stopped", code)
        assert summary["run"]["inputs"] >= 15


def test_a_full_disk_ends_with_1_and_a_summary(tmp_path: Path) -> None:
    folder(tmp_path / "d", 30)

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    done = subprocess.run(
        [*COMMAND, "extract", "d", "--out", "o.jsonl", "--summary", "s.json"],
        cwd=tmp_path, env=environment(), capture_output=True, preexec_fn=small, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    summary = told(tmp_path)
    assert (summary["ended"], summary["exit_code"]) == ("unwritable", 1)
    assert "file too large" in summary["error"]
    assert 0 < summary["run"]["inputs"] < 30


def test_a_summary_that_cannot_be_written_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    run = start("extract", "-", "--out", "o.jsonl", "--summary", "in/s.json", cwd=tmp_path)
    assert run.stdin is not None
    run.stdin.write(rows(2))
    run.stdin.flush()
    wait_for(run, tmp_path / "o.jsonl", 1)
    (tmp_path / "in").rmdir()
    code, said = finish(run)
    assert code == 1
    assert "cannot write the summary in/s.json" in said


def test_a_file_that_is_no_summary_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(page())
    for name, why in (
        ("a.html", "is no summary"),
        ("o.jsonl", "the same file"),
        (".", "is a folder"),
        ("no/s.json", "there is no folder"),
    ):
        words = ("extract", "a.html", "--out", "o.jsonl", "--summary", name)
        done = inside(*words, cwd=tmp_path)
        assert done.returncode == 2
        assert why in done.stderr.decode()
    assert os.listdir(tmp_path) == ["a.html"]
