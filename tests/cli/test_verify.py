"""``rolecall verify`` as a user runs it."""

import json
from pathlib import Path

from tests.cli.shell import inside

BENCH = Path(__file__).parents[2] / "examples" / "choose" / "bench" / "alder.json"


def test_without_anything_it_says_what_is_not_run(tmp_path: Path) -> None:
    done = inside("verify", "--html", "v.html", "--json", cwd=tmp_path, XDG_STATE_HOME="/nowhere")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    verdicts = {one["id"]: one["verdict"] for one in told["findings"]}
    assert len(verdicts) == 14
    assert {name for name, one in verdicts.items() if one == "pass"} == {
        "FR-2",
        "FR-3",
        "FR-4",
        "IR-3",
    }
    assert all(one["reason"] for one in told["findings"] if one["verdict"] == "not_run")
    assert told["machine"]["cores"]
    assert b"not run" in (tmp_path / "v.html").read_bytes()
    again = inside("verify", "--html", "v.html", cwd=tmp_path)
    assert again.returncode == 2
    assert b"--force" in again.stderr


def test_a_failure_is_the_exit_code(tmp_path: Path) -> None:
    value = json.loads(BENCH.read_text("utf-8"))
    for finding in value["findings"]:
        if finding["id"] == "PR-1":
            finding |= {"verdict": "fail", "figure": "12.0 a minute"}
    (tmp_path / "slow.json").write_text(json.dumps(value))
    words = ("verify", "--only", "pr-1,nfr-1", "--bench")
    assert inside(*words, BENCH, cwd=tmp_path).returncode == 0
    done = inside(*words, "slow.json", cwd=tmp_path)
    assert done.returncode == 3
    assert b"FAIL    PR-1" in done.stdout
    assert b"pass    NFR-1" in done.stdout
    assert b"FR-3" not in done.stdout


def test_a_bench_of_another_engine_shows_nothing(tmp_path: Path) -> None:
    table = '[engines.{}]\nkind = "vllm"\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
    text = table.format("birch") + table.format("alder")
    (tmp_path / "rolecall.toml").write_text(text, "utf-8")
    words = ("verify", "--bench", BENCH, "--only", "PR-1,PR-2,PR-3,NFR-1", "--json", "--engine")
    for engine in ("birch", "reader"):
        told = json.loads(inside(*words, engine, cwd=tmp_path).stdout)["findings"]
        assert {one["verdict"] for one in told} == {"not_run"}
        assert all(one["reason"].startswith("the bench is of alder") for one in told)
    told = json.loads(inside(*words, "alder", cwd=tmp_path).stdout)["findings"]
    assert {one["verdict"] for one in told} == {"pass"}


def test_wrong_words_are_refused_with_a_remedy(tmp_path: Path) -> None:
    for words, told in (
        (("--only", "NFR-9"), b"did you mean NFR-"),
        (("--run", "nowhere"), b"rolecall eval run"),
        (("--bench", "nowhere"), b"rolecall bench"),
        (("--seconds", "0"), b"--seconds"),
        (("--engine", "nobody"), b"there is no engine"),
    ):
        done = inside("verify", *words, cwd=tmp_path, XDG_STATE_HOME="/nowhere")
        assert done.returncode == 2, words
        assert told in done.stderr
        assert b"Traceback" not in done.stderr
