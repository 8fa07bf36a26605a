"""``rolecall choose`` as a user runs it."""

import json
import os
import shutil
from pathlib import Path

import pytest
from tests.cli.shell import inside

EXAMPLES = Path(__file__).parents[2] / "examples" / "choose"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLES, tmp_path / "choose")
    return tmp_path / "choose"


def test_the_decision_is_printed_and_the_records_are_written(folder: Path) -> None:
    words = (
        "choose",
        "candidates.toml",
        "--out",
        "r.md",
        "--html",
        "r.html",
        "--date",
        "2026-01-02",
    )
    done = inside(*words, cwd=folder)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"alder-4b fp8 is chosen" in done.stdout
    first = [(folder / name).read_bytes() for name in ("r.md", "r.html")]
    assert b"2026-01-02" in first[0]
    assert first[1].startswith(b"<!doctype html>")
    refused = inside(*words, cwd=folder)
    assert refused.returncode == 2
    assert b"--force" in refused.stderr
    again = inside(*words, "--force", cwd=folder)
    assert again.stdout == done.stdout
    now = [(folder / name).read_bytes() for name in ("r.md", "r.html")]
    assert [one.replace(b" --force", b"") for one in now] == first


def test_since_says_what_changed_and_which_trigger_fired(folder: Path) -> None:
    assert inside("choose", "candidates.toml", "--out", "old.md", cwd=folder).returncode == 0
    path = folder / "candidates.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("vram_gib = 8\n", "vram_gib = 12\n", 1), "utf-8")
    done = inside("choose", "candidates.toml", "--since", "old.md", "--out", "new.md", cwd=folder)
    assert done.returncode == 0
    told = done.stdout.decode()
    assert "- floor vram_gib: 8 before, 12 now" in told
    assert "trigger requirements: fired" in told
    assert "fired: " in (folder / "new.md").read_text("utf-8")
    third = inside("choose", "candidates.toml", "--since", "new.md", "--json", cwd=folder)
    since = json.loads(third.stdout)["since"]
    assert since["changes"] == []
    assert not any(one["fired"] for one in since["triggers"])


def test_programs_get_json(folder: Path) -> None:
    done = inside("choose", "adr-009.toml", "--json", cwd=folder)
    told = json.loads(done.stdout)
    totals = [one["total"] for one in told["candidates"].values()]
    assert totals == [9.05, 7.7, 7.3, 6.2]
    assert told["resolved"] is False


def test_where_nothing_can_be_chosen_the_exit_code_says_so(folder: Path) -> None:
    path = folder / "candidates.toml"
    path.write_text(path.read_text("utf-8").replace("accuracy = 0.85", "accuracy = 0.99"), "utf-8")
    done = inside("choose", "candidates.toml", cwd=folder)
    assert done.returncode == 3
    assert b"No candidate can be chosen" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere.toml",), b"cannot be read"),
        ((".",), b"cannot be read"),
        (("adr-009.toml", "--date", "yesterday"), b"no day"),
        (("adr-009.toml", "--draws", "1"), b"--draws"),
        (("adr-009.toml", "--since", "adr-009.toml"), b"holds no decision of ours"),
        (("adr-009.toml", "--out", "adr-009.toml", "--force"), b"the same one"),
        (("adr-009.toml", "--out", "x.md", "--html", "x.md"), b"the same one"),
        (("adr-009.toml", "--out", "no/such/x.md"), b"there is no folder"),
        ((), b"FILE"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    words: tuple[str, ...], told: bytes, folder: Path
) -> None:
    done = inside("choose", *words, cwd=folder)
    assert done.returncode in (1, 2)
    assert told in done.stderr
    assert b"Traceback" not in done.stderr
    assert (folder / "adr-009.toml").read_bytes() == (EXAMPLES / "adr-009.toml").read_bytes()


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "endless").symlink_to("/dev/zero")
    (tmp_path / "run").mkdir()
    os.mkfifo(tmp_path / "run" / "run.json")
    for words in (
        ("choose", "pipe"),
        ("choose", "endless"),
        ("verify", "--only", "PR-1", "--bench", "endless"),
        ("verify", "--only", "FR-1", "--run", "run"),
        ("eval", "report", "run"),
    ):
        done = inside(*words, cwd=tmp_path)
        assert done.returncode == 2, words
        assert b"it is no file" in done.stderr


def test_a_floor_that_only_a_declaration_keeps_is_no_measurement(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        '[weights]\na = 1\n[floors]\naccuracy = 0.9\n[[candidate]]\nname = "A"\n'
        'declared.accuracy = {value = 0.99, reason = "they say so"}\n'
        'scores.a = {score = 9, reason = "known here"}\n',
        "utf-8",
    )
    assert (
        b"nothing that was measured speaks for it"
        in inside("choose", "c.toml", cwd=tmp_path).stdout
    )
    assert not json.loads(inside("choose", "c.toml", "--json", cwd=tmp_path).stdout)["resolved"]
