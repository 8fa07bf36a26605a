"""What the doctor finds, with what it would find on other machines made up."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rolecall.cli import main
from rolecall.doctor.engines import engine_findings
from rolecall.doctor.look import Wanted, look
from rolecall.doctor.machine import Here, free_at, machine_findings
from rolecall.doctor.own import ledger_findings, settings_finding
from rolecall.doctor.servers import (
    Lying,
    last_times,
    model_findings,
    models_here,
    server_findings,
    vllm_finding,
    weights_to_fetch,
)
from rolecall.doctor.setup import MOST_SECONDS, Situation, setup_finding, steps_of
from rolecall.drive.running import with_running
from rolecall.launch.nouns import Server
from rolecall.launch.where import Installed
from rolecall.plan.nouns import GIB, Device, Reported
from rolecall.plan.nvml import Card
from rolecall.settings import Settings
from rolecall.settings_load import load

MODEL = "Qwen/Qwen3-4B-Instruct-2507-FP8"
CARD = Card(
    device=Device(
        name="RTX 4090 Laptop", memory=16 * GIB, free=15 * GIB, bandwidth=10**11, flops_16=10**13
    ),
    driver="581.42",
    cuda="13.0",
)
HERE = Here(
    cards=(CARD,), reason="", wsl=False, wsl_driver=False, memory=32 * GIB,
    cache=Path("huggingface/hub"), disk=100 * GIB,
)  # fmt: skip


def levels(here):
    return [(one.name, one.level) for one in machine_findings(here)]


def test_a_good_machine_is_all_ok():
    assert levels(HERE) == [("card", "ok"), ("driver", "ok"), ("disk", "ok")]


@pytest.mark.parametrize(
    ("changes", "name", "level", "remedy"),
    [
        ({"cards": (), "reason": "no driver"}, "card", "note", "CPU"),
        ({"cards": (replace(CARD, driver="535.1"),)}, "driver", "note", "renew the driver"),
        ({"disk": GIB}, "disk", "FAIL", "HF_HOME"),
        ({"disk": 9 * GIB}, "disk", "note", "HF_HOME"),
        ({"wsl": True}, "WSL", "note", "in Windows"),
        ({"wsl": True, "wsl_driver": True, "memory": 8 * GIB}, "WSL", "note", ".wslconfig"),
        ({"wsl": True, "wsl_driver": True, "cache": Path("/mnt/c/hub")}, "WSL", "note", "HF_HOME"),
    ],
)
def test_each_fault_of_a_machine_has_its_remedy(changes, name, level, remedy):
    [found] = [one for one in machine_findings(replace(HERE, **changes)) if one.level != "ok"]
    assert (found.name, found.level) == (name, level)
    assert found.well is (level != "FAIL")
    assert remedy in found.remedy


def test_disk_is_looked_at_where_the_folder_would_be_made(tmp_path):
    assert free_at(tmp_path / "not" / "there") == free_at(tmp_path)


def test_settings_are_told_with_where_they_come_from(tmp_path):
    (tmp_path / "rolecall.toml").write_text("workers = 3\n")
    found = settings_finding(load(project_toml=tmp_path / "rolecall.toml"))
    assert found.details["workers"]["value"] == 3
    assert "rolecall.toml" in found.told
    assert settings_finding(Settings()).told == "all at their defaults"


def test_the_budget_is_told_and_a_broken_database_is_a_fault(tmp_path):
    settings = Settings(data_folder=str(tmp_path))
    database, budget = ledger_findings(settings, {})
    assert "not made yet" in database.told
    assert "cap $30.00 for the month" in budget.told
    (tmp_path / "rolecall.db").write_bytes(b"no database" * 100)
    [broken] = ledger_findings(settings, {})
    assert (broken.name, broken.level) == ("database", "FAIL")


def cached(folder: Path, name: str, *, whole: bool) -> None:
    commit = "a" * 40
    home = folder / f"models--{name.replace('/', '--')}"
    snapshot = home / "snapshots" / commit
    (home / "blobs").mkdir(parents=True)
    snapshot.mkdir(parents=True)
    (home / "refs").mkdir()
    (home / "refs" / "main").write_text(commit)
    (snapshot / "config.json").write_text("{}")
    if whole:
        (snapshot / "model.safetensors").write_bytes(b"x" * 1_000)
    else:
        (home / "blobs" / "b.incomplete").write_bytes(b"x" * 500)


def test_models_on_disk_and_downloads_that_were_broken_off(tmp_path):
    environ = {"HF_HUB_CACHE": str(tmp_path)}
    cached(tmp_path, "me/whole", whole=True)
    cached(tmp_path, "me/half", whole=False)
    found = {one.name: one for one in models_here(environ)}
    assert (found["me/whole"].whole, found["me/half"].whole) == (True, False)
    assert found["me/half"].partial == 500
    first, second = model_findings(tuple(found.values()), tmp_path)
    assert first.details["models"] == {"me/whole": 1_002}
    assert second.remedy == "rolecall models pull me/half"


def test_only_what_is_missing_is_to_be_fetched():
    whole = weights_to_fetch(MODEL, {}, ())
    assert whole > 4 * 10**9
    half = Lying(name=MODEL, bytes_=10**9, partial=10**9, whole=False)
    assert weights_to_fetch(MODEL, {}, (half,)) == whole - 2 * 10**9
    assert weights_to_fetch(MODEL.lower(), {}, (replace(half, whole=True),)) == 0


def script(path: Path, text: str) -> str:
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


VERSIONS = 'print(\'{"vllm": "0.33.0", "torch": "2.9.0"}\')'


@pytest.mark.parametrize(
    ("body", "deep", "level", "told"),
    [
        (VERSIONS, False, "ok", "0.33.0"),
        (VERSIONS.replace("0.33.0", "0.9.1"), False, "FAIL", "0.9.1"),
        ("raise SystemExit(1)", False, "note", "no Python"),
        (
            f"import sys\nif 'torch.version' in sys.argv[-1]: sys.exit('ImportError: libcudart')\n"
            f"{VERSIONS}",
            True,
            "FAIL",
            "libcudart",
        ),
        (
            "import sys\nif 'torch.version' in sys.argv[-1]:\n"
            '    print(\'{"torch": "2.9", "cuda": "13.0", "works": false}\')\n'
            f"else: {VERSIONS}",
            True,
            "FAIL",
            "can use no card",
        ),
    ],
)
def test_a_vllm_that_is_old_or_broken_is_told(tmp_path, body, deep, level, told):
    python = script(tmp_path / "python3", body)
    _, found = vllm_finding(Settings(vllm_python=python), {}, tmp_path, deep=deep)
    assert (found.level, told in found.told) == (level, True)
    assert found.remedy or level == "ok"


def test_no_vllm_is_no_fault(tmp_path):
    installed, found = vllm_finding(Settings(), {"PATH": ""}, tmp_path, deep=False)
    assert (installed, found.level) == (None, "note")
    assert "make vllm" in found.remedy


SERVER = Server(
    name="vllm", model=MODEL, port=1, pid=1, phase="ready", command=(), started="",
    planned={"kv": {"low": 7 * GIB, "expected": 8 * GIB, "high": 9 * GIB}},
    times={"loading": 9.0, "compiling": 40.0, "ready": 9e4},
)  # fmt: skip


@pytest.mark.parametrize(
    ("server", "kept", "level", "told"),
    [
        (replace(SERVER, reported=Reported(kv=8 * GIB)), True, "ok", "KV cache"),
        (replace(SERVER, reported=Reported(kv=4 * GIB)), True, "note", "KV cache"),
        (replace(SERVER, planned={"kv": 1}, reported=Reported(kv=1)), True, "note", "no plan"),
        (SERVER, False, "FAIL", "killed"),
        (replace(SERVER, phase="failed", told="no room", remedy="less"), False, "note", "no room"),
        (replace(SERVER, phase="stopped"), False, "ok", "stopped"),
    ],
)
def test_servers_are_told_with_their_plans(server, kept, level, told):
    [found] = server_findings(((server, kept),))
    assert (found.level, told in found.told) == (level, True)


SITUATION = Situation(
    model=MODEL, to_fetch=45 * 10**8, weights=4 * GIB, installed=Installed(words=("x",))
)


@given(
    mbit=st.floats(0.1, 10_000),
    fetch=st.integers(0, 10**12),
    there=st.booleans(),
    served=st.booleans(),
)
def test_what_is_done_counts_nothing_and_a_faster_line_is_never_slower(mbit, fetch, there, served):
    installed = SITUATION.installed if there else None
    now = replace(SITUATION, mbit=mbit, to_fetch=fetch, installed=installed, served=served)
    steps = steps_of(now)
    assert [one.seconds == 0 for one in steps if one.done] == [True] * sum(x.done for x in steps)
    total = sum(one.seconds for one in steps)
    assert total >= sum(one.seconds for one in steps_of(replace(now, mbit=2 * mbit)))
    assert (total == 0) is served
    found = setup_finding(MODEL, steps)
    assert (found.level == "note") is (total >= MOST_SECONDS)
    assert found.well


def test_the_last_start_is_taken_for_the_next():
    times = last_times(((SERVER, False),), MODEL)
    *_, start = steps_of(replace(SITUATION, times=times))
    assert start.seconds == 49.0
    assert last_times(((SERVER, False),), "other") == {}


def test_all_together_raises_nothing_and_is_in_its_order(tmp_path, monkeypatch):
    environ = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state"), "PATH": ""}
    found = look(Settings(), environ, tmp_path, Wanted(model=MODEL))
    names = list(dict.fromkeys(one.name for one in found))
    assert names[:5] == ["rolecall", "settings", "reader", "tokens", "database"]
    assert names[-1] == "engines"
    assert {"budget", "card", "disk", "vLLM", "models on disk", "servers", "set-up"} <= set(names)
    orjson.dumps([one.details for one in found])
    (tmp_path / "state" / "rolecall").mkdir(parents=True)
    (tmp_path / "state" / "rolecall" / "engines.json").write_text("{")
    unknown = look(Settings(), environ, tmp_path, Wanted(model="nobody/nothing"))
    faults = {one.name: one.remedy for one in unknown if not one.well}
    assert faults.keys() == {"set-up", "engines"}
    assert all(faults.values())


def test_a_server_that_is_expected_back_is_not_waited_for(tmp_path):
    (tmp_path / "rolecall").mkdir()
    environ = {"XDG_STATE_HOME": str(tmp_path)}
    table = {"kind": "vllm", "url": "http://127.0.0.1:1/v1", "model": "m", "awaited_until": 60.0}
    (tmp_path / "rolecall" / "engines.json").write_text(json.dumps({"vllm": table}))
    settings = with_running(Settings(), environ)
    _, found = asyncio.run(engine_findings(settings, environ, now=59.0))
    assert (found.name, found.level) == ("engine vllm", "note")
    assert "expected back" in found.told
    assert found.remedy


def test_a_broken_file_of_servers_is_a_finding(tmp_path, monkeypatch, capsys):
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rolecall").mkdir()
    (tmp_path / "rolecall" / "engines.json").write_text("{")
    assert main(["doctor", "--json"]) == 3
    faults = [one for one in json.loads(capsys.readouterr().out) if not one["well"]]
    assert [one["name"] for one in faults] == ["engines"]
    assert faults[0]["remedy"] == "remove it"


def test_the_command_prints_levels_and_takes_no_nonsense(tmp_path, monkeypatch, capsys):
    for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["doctor", "--mbit", "100", "--model", MODEL]) == 0
    shown = capsys.readouterr().out
    assert "the decision record allows 2 hours" in shown
    assert {line[:4].strip() for line in shown.splitlines()} <= {"ok", "note", ""}
    assert main(["doctor", "--json"]) == 0
    assert {one["level"] for one in json.loads(capsys.readouterr().out)} <= {"ok", "note"}
    assert main(["doctor", "--mbit", "nan"]) == 2


def test_the_engine_of_audits_is_looked_at_and_one_that_may_get_no_pages_is_a_fault(tmp_path):
    answers = tmp_path / "answers.jsonl"
    answers.write_text("")
    tables = {
        "second": {"kind": "replay", "path": str(answers)},
        "far": {"kind": "openai", "url": "https://far.example/v1", "model": "m"},
    }
    environ = {"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)}
    settings = Settings(engines=tables, engine="none", audit_engine="second")
    found = asyncio.run(engine_findings(settings, environ, now=0.0))
    assert [one.name for one in found] == ["policy", "engine second"]
    settings = Settings(engines=tables, engine="none", audit_engine="far")
    found = asyncio.run(engine_findings(settings, environ, now=0.0))
    assert [(one.name, one.level) for one in found][1:] == [("audits", "FAIL")]
