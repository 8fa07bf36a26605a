import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from tests.cli.shell import folder, inside

from rolecall.cli import main
from rolecall.models.catalogue import entries
from rolecall.plan.devices import device_named
from rolecall.plan.nouns import Calibration

GIB = 1024**3
NOWHERE = {"XDG_STATE_HOME": "/nonexistent", "HF_HOME": "/nonexistent"}
LAPTOP = ("--gpu", "rtx4090-laptop")


def plan(
    *words: str | Path, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[bytes]:
    """The command where nothing was learned or fetched."""
    return inside("plan", *words, cwd=cwd, **(NOWHERE | more))


def test_the_records_model_card_and_cap() -> None:
    done = plan(*LAPTOP, "--vram-cap", "8GiB", "--json")
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert told["fits"]
    assert told["model"]["name"] == "Qwen/Qwen3-4B-Instruct-2507-FP8"
    weights = told["memory"]["weights"]
    assert 4.17 <= weights["low"] / GIB <= weights["high"] / GIB <= 4.235
    assert told["serving"]["kv_cache_dtype"] == "fp8"
    assert told["postings_at_once"]["expected"] >= 20
    assert told["memory"]["budget"] <= 8 * GIB
    few = told["postings_at_once"]["low"] < 10
    assert few == any("ten of PR-3" in one for one in told["warnings"])
    assert told["command"][:3] == ["vllm", "serve", "Qwen/Qwen3-4B-Instruct-2507-FP8"]


def test_people_get_a_table_a_bar_and_the_command() -> None:
    done = plan(*LAPTOP, "--mode", "capped", "--explain", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode("ascii")
    assert "|WWW" in text
    assert "\x1b" not in text
    assert "vllm serve Qwen/Qwen3-4B-Instruct-2507-FP8" in text
    assert "rotary tables" in text


def test_what_does_not_fit_has_its_own_exit_code_and_remedies() -> None:
    done = plan("Qwen/Qwen3-14B", *LAPTOP)
    assert done.returncode == 3
    text = done.stdout.decode()
    assert "DOES NOT FIT" in text
    assert "another card" in text
    assert "vllm serve" not in text


def test_models_are_compared() -> None:
    done = plan("--gpu", "l4", "--compare", "Qwen/Qwen3-8B", "Qwen/Qwen3-32B")
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert [line.split()[0] for line in lines[1:4]] == [
        "Qwen/Qwen3-4B-Instruct-2507-FP8",
        "Qwen/Qwen3-8B",
        "Qwen/Qwen3-32B",
    ]
    assert "short" in lines[3]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--vram-cap", "8"), "has no unit"),
        (("--vram-cap", "-8GiB"), "--vram-cap"),
        (("--vram-cap", "0GiB"), "no memory of a card"),
        (("--vram-cap", "nan"), "no amount of memory"),
        (("--context", "0"), "no whole number"),
        (("--context", "300000"), "262,144"),
        (("--postings-at-once", "2.5"), "no whole number"),
        (("--cards", "3"), "dealt out"),
        (("--vllm", "newest"), "no version"),
        (("--mode", "fast"), "invalid choice"),
        (("--port", "99999"), "no port"),
        (("--quantise", "fp8"), "already"),
        (("--load", "nothing-like-it"), "no load"),
        (("no/such-model-anywhere",), "no/such-model-anywhere"),
    ],
)
def test_a_wrong_call_is_one_line_and_a_hint(
    words: tuple[str, ...],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in NOWHERE.items():
        monkeypatch.setenv(name, value)
    assert main(["plan", *LAPTOP, "--vllm", "0.33", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert "Traceback" not in err


def test_a_card_that_nobody_knows_is_refused() -> None:
    done = plan("--gpu", "abacus")
    assert done.returncode == 2
    assert b"abacus" in done.stderr


def test_the_cards_are_listed() -> None:
    done = plan("--gpus")
    assert done.returncode == 0
    lines = done.stdout.decode().splitlines()
    assert len(lines) > 20
    assert any("4090 Laptop" in line and "8.9" in line for line in lines)


def test_a_cache_that_is_set_outright_is_kept_to() -> None:
    told = json.loads(plan(*LAPTOP, "--kv-cache", "2GiB", "--json").stdout)
    assert told["memory"]["kv_cache"] == {"low": 2 * GIB, "expected": 2 * GIB, "high": 2 * GIB}
    assert str(2 * GIB) in told["command"]
    assert plan(*LAPTOP, "--kv-cache", "14GiB").returncode == 3


def test_without_a_card_the_records_is_planned_for_and_said() -> None:
    done = plan("--json", CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 0
    assert "4090 Laptop" in json.loads(done.stdout)["device"]["name"]
    assert b"--gpu names another" in done.stderr


def test_the_records_settings_are_wishes(tmp_path: Path) -> None:
    record = {
        "GPU_MEMORY_UTILIZATION": "0.7",
        "MAX_NUM_SEQS": "24",
        "VLLM_HOST": "0.0.0.0",
        "VLLM_PORT": "8123",
        "SWAP_SPACE": "4",
    }
    done = plan(*LAPTOP, "--json", cwd=tmp_path, **record)
    assert done.returncode == 0
    serving = json.loads(done.stdout)["serving"]
    assert (serving["gpu_memory_utilization"], serving["max_num_seqs"]) == (0.7, 24)
    command = json.loads(done.stdout)["command"]
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == "8123"
    assert b"swap_space is left out" in done.stderr
    assert b"0.0.0.0 is not followed" in done.stderr


def test_an_older_vllm_gets_its_own_flags() -> None:
    done = plan(*LAPTOP, "--vllm", "0.11.0", "--json")
    command = json.loads(done.stdout)["command"]
    assert "--guided-decoding-backend" in command
    assert "--shutdown-timeout" not in command


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_folder_may_have_any_name(tmp_path: Path, form: tuple[str, ...]) -> None:
    there = tmp_path / "модель é 1"
    there.mkdir()
    (there / "config.json").write_bytes(msgspec.json.encode(dict(entries()[0].config)))
    done = plan(there, "--gpu", "l4", *form, PYTHONIOENCODING="ascii")
    assert done.returncode in (0, 3)
    assert b"Traceback" not in done.stderr
    if form:
        assert json.loads(done.stdout)["model"]["name"] == str(there)


def test_a_smaller_terminal_gets_shorter_lines() -> None:
    done = plan(*LAPTOP, COLUMNS="50")
    bar = next(line for line in done.stdout.decode().splitlines() if line.startswith("|"))
    assert len(bar) == 50


def test_a_short_name_becomes_the_hub_id_that_vllm_wants() -> None:
    command = json.loads(plan("qwen3-8b-fp8", "--gpu", "l4", "--json").stdout)["command"]
    assert command[2] == "Qwen/Qwen3-8B-FP8"


def test_the_load_of_ones_own_pages_is_measured_and_kept(tmp_path: Path) -> None:
    pages, kept = folder(tmp_path / "pages", 3), tmp_path / "load.json"
    words = (*LAPTOP, "--json", "--save-load", kept, "--sample", pages)
    measured = json.loads(plan(*words).stdout)
    assert measured["load"]["postings"] == 3
    again = json.loads(plan(*LAPTOP, "--json", "--load", kept).stdout)
    assert again["load"] == measured["load"]
    assert again["postings_at_once"] == measured["postings_at_once"]
    assert plan(*words).returncode == 2  # what is there is not overwritten


def test_an_earlier_start_on_the_card_is_used_and_said(tmp_path: Path) -> None:
    bare = json.loads(plan(*LAPTOP, "--mode", "capped", "--json").stdout)
    card = device_named("rtx4090-laptop").name
    known = Calibration(
        device=card, model="m", version=(0, 33), overhead=GIB, expected=int(1.33 * GIB)
    )
    state = tmp_path / "rolecall"
    state.mkdir()
    (state / "calibrations.json").write_bytes(msgspec.json.encode({card: known}))
    words = (*LAPTOP, "--mode", "capped")
    told = json.loads(plan(*words, "--json", XDG_STATE_HOME=str(tmp_path)).stdout)
    assert told["memory"]["calibrated"]
    assert not bare["memory"]["calibrated"]
    assert told["postings_at_once"]["low"] > bare["postings_at_once"]["low"]
    assert b"learned" in plan(*words, XDG_STATE_HOME=str(tmp_path)).stdout


def vllm(tmp_path: Path, unknown: str) -> dict[str, str]:
    """A setting that names an interpreter whose vLLM does not know ``unknown``."""
    site = tmp_path / "site"
    for name in ("vllm/entrypoints/launchers", "vllm/utils", "vllm-0.32.1.dist-info"):
        (site / name).mkdir(parents=True)
    for name in ("vllm", "vllm/entrypoints", "vllm/entrypoints/launchers", "vllm/utils"):
        (site / name / "__init__.py").touch()
    (site / "vllm/utils/argparse_utils.py").write_text(
        "def FlexibleArgumentParser(prog): return None\n"
    )
    (site / "vllm/entrypoints/launchers/cli_args.py").write_text(
        "class Parser:\n"
        "    def parse_known_args(self, words):\n"
        f"        return None, [one for one in words if one == {unknown!r}]\n"
        "def make_arg_parser(_): return Parser()\n"
    )
    (site / "vllm-0.32.1.dist-info/METADATA").write_text("Name: vllm\nVersion: 0.32.1\n")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{site}" exec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return {"ROLECALL_VLLM_PYTHON": str(python)}


def test_the_installed_vllm_is_planned_for_and_asked(tmp_path: Path) -> None:
    there = vllm(tmp_path, "--no-such-flag")
    done = plan(*LAPTOP, "--check", **there)
    assert done.returncode == 0
    assert b"for vLLM 0.32 (0.32.1 of vllm_python" in done.stdout
    assert b"takes every flag" in done.stdout


def test_a_flag_that_the_installed_vllm_lacks_is_named(tmp_path: Path) -> None:
    there = vllm(tmp_path, "--max-num-seqs")
    done = plan(*LAPTOP, "--check", "--json", **there)
    assert done.returncode == 3
    assert json.loads(done.stdout)["checked"]["unknown"] == ["--max-num-seqs"]


def test_without_a_vllm_nothing_can_be_checked(tmp_path: Path) -> None:
    done = plan(*LAPTOP, "--check", cwd=tmp_path, PATH="/nonexistent")
    assert done.returncode == 2
    assert b"no vLLM was found" in done.stderr


def test_a_start_is_stated_exactly() -> None:
    words = ("Qwen/Qwen3-8B", "--gpu", "4090", "--memory", "23.52GiB", "--vllm", "0.24")
    more = ("--gpu-memory-utilization", "0.975", "--sequences", "64", "--batched-tokens", "4096")
    done = plan(*words, *more, "--context", "4096", "--kv-dtype", "auto", "--eager", "--json")
    told = json.loads(done.stdout)
    assert told["device"]["memory_bytes"] == int(23.52 * GIB)
    assert told["memory"]["budget"] == -(-int(23.52 * GIB) * 975 // 1000)
    serving = told["serving"]
    assert (serving["gpu_memory_utilization"], serving["max_num_seqs"]) == (0.975, 64)
    assert (serving["max_num_batched_tokens"], serving["max_model_len"]) == (4_096, 4_096)
    assert serving["enforce_eager"]
    assert "0.975" in told["command"]
    assert any("then it refuses to start" in one for one in told["warnings"])
    text = plan(*words, *more, "--explain").stdout
    assert b"a stated share; of 23.52 GiB" in text
    assert b"what was stated" in text
    guessed = json.loads(plan(*words, "--ngram", "--json").stdout)
    assert guessed["serving"]["ngram"]
    assert guessed["memory"]["kv_cache"]["expected"] < told["memory"]["kv_cache"]["expected"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--gpu-memory-utilization", "0.9", "--vram-cap", "8g"), b"as well"),
        (("--gpu-memory-utilization", "0.9", "--mode", "balanced"), b"as well"),
        (("--gpu-memory-utilization", "nan"), b"no share"),
        (("--gpu-memory-utilization", "1.1"), b"no share"),
        (("--gpu-memory-utilization", "-0"), b"no share"),
        (("--memory", "0GiB"), b"no memory"),
        (("--text-only", "--with-encoders"), b"opposites"),
        (("--against", "/nonexistent"), b"cannot be read"),
    ],
)
def test_a_start_that_cannot_be_is_refused(words: tuple[str, ...], told: bytes) -> None:
    done = plan(*LAPTOP, *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_planner_is_held_against_logged_starts(tmp_path: Path) -> None:
    path = tmp_path / "starts.jsonl"
    start = {
        "model": "/srv/models/Qwen3-8B", "quantization": "none", "gpu": "RTX 4090 24GB",
        "gpu_mem_gib": 23.52, "gpu_memory_utilization": 0.9, "max_model_len": 8_192,
        "vllm_version": "0.33.0", "weights_gib": 15.27, "kv_cache_gib": 4.6,
        "kv_cache_tokens": 33_488,
    }  # fmt: skip
    unknown = {"model": "no\u0007body/knows", "gpu": None, "tp": "two"}
    path.write_text(json.dumps(start) + "\n" + json.dumps(unknown) + "\n")
    done = plan("--against", path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"KV cache inside the interval: 1 of 1" in done.stdout
    assert b"not planned: 1 of 2" in done.stdout
    assert b"\x07" not in done.stdout
    told = json.loads(plan("--against", path, "--json").stdout)
    assert [check["name"] for check in told["starts"][0]["checks"]] == ["weights", "kv_token", "kv"]
    assert told["starts"][1]["planned_as"] is None
    path.write_text("[]")
    assert plan("--against", path).returncode == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("a" * 300,), b"in no folder"),
        (("a" * 5_000,), b"no name of a model"),
        (("~nobody-has-this-name/x",), b"no such user"),
        (("",), b"no model is named"),
        (("--vram-cap", "\u0663GiB"), b"no amount of memory"),
        (("--vllm", "\u0660.33"), b"no version"),
        (("--gpu", "\u0663GiB@5GB/s"), b"no card called"),
        (("--served-name", "a\x1b[31m"), b"no name that a request"),
        (("--against", "/dev/zero"), b"is no file"),
        (("--load", "\x1b[31m"), b"there is no load"),
    ],
)
def test_garbage_is_one_line_and_steers_no_terminal(words: tuple[str, ...], told: bytes) -> None:
    done = plan(*words, HF_HUB_OFFLINE="1")
    assert done.returncode == 2
    assert told in done.stderr
    assert b"Traceback" not in done.stderr
    assert b"\x1b" not in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_a_version_that_is_not_there_yet_is_planned_as_the_newest() -> None:
    done = plan("--gpu", "l4", "--vllm", "1.0", "--json")
    assert done.returncode == 0
    assert any("newer than the flags" in one for one in json.loads(done.stdout)["warnings"])


def test_a_stream_that_takes_nothing_is_one_line() -> None:
    words = [sys.executable, "-m", "rolecall", "plan", "--gpu", "l4"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert b"not whole" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    shut = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *words], stderr=subprocess.PIPE, check=False
    )
    assert b"Traceback" not in shut.stderr


def test_what_the_catalogue_knows_is_not_called_assumed() -> None:
    known = json.loads(plan("--gpu", "l4", "--json").stdout)
    assert known["model"]["assumed"] == []
    guessed = json.loads(plan("someone/Qwen3-8B-AWQ", "--gpu", "l4", "--json").stdout)
    assert any("from its name" in one for one in guessed["model"]["assumed"])


def test_the_table_names_the_load_and_the_explanation_tells_it() -> None:
    assert b"embedded reader" not in plan("--gpu", "l4").stdout
    assert b"prompts are counted" in plan("--gpu", "l4", "--explain").stdout.replace(b"\n", b" ")


def test_the_name_of_a_folder_steers_no_terminal(tmp_path: Path) -> None:
    there = tmp_path / "a\x1b[31m\nb"
    there.mkdir()
    (there / "config.json").write_bytes(msgspec.json.encode(dict(entries()[0].config)))
    done = plan(there, "--gpu", "l4", "--explain")
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"\x1b" not in done.stdout
    assert json.loads(plan(there, "--gpu", "l4", "--json").stdout)["command"][2] == str(there)
