import json
from pathlib import Path

import pytest
from tests.cli.shell import rolecall

GIB = 1024**3
LAPTOP = ("--gpu", "rtx4090-laptop")


def test_the_records_model_card_and_cap() -> None:
    done = rolecall("plan", *LAPTOP, "--vram-cap", "8GiB", "--json")
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
    done = rolecall("plan", *LAPTOP, "--mode", "capped", "--explain", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode("ascii")
    assert "|WWW" in text
    assert "\x1b" not in text
    assert "vllm serve Qwen/Qwen3-4B-Instruct-2507-FP8" in text
    assert "rotary tables" in text


def test_what_does_not_fit_has_its_own_exit_code_and_remedies() -> None:
    done = rolecall("plan", "Qwen/Qwen3-14B", *LAPTOP)
    assert done.returncode == 3
    text = done.stdout.decode()
    assert "DOES NOT FIT" in text
    assert "another card" in text
    assert "vllm serve" not in text


def test_models_are_compared() -> None:
    done = rolecall("plan", "--gpu", "l4", "--compare", "Qwen/Qwen3-8B", "Qwen/Qwen3-32B")
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
        (("--vram-cap", "8"), b"has no unit"),
        (("--vram-cap", "-8GiB"), b"--vram-cap"),
        (("--vram-cap", "0GiB"), b"no memory of a card"),
        (("--vram-cap", "nan"), b"no amount of memory"),
        (("--context", "0"), b"no whole number"),
        (("--context", "300000"), b"262,144"),
        (("--postings-at-once", "2.5"), b"no whole number"),
        (("--cards", "3"), b"dealt out"),
        (("--vllm", "newest"), b"no version"),
        (("--mode", "fast"), b"invalid choice"),
        (("--port", "99999"), b"no port"),
        (("--quantise", "fp8"), b"already"),
        (("--load", "nothing-like-it"), b"no load"),
        (("no/such-model-anywhere",), b"no/such-model-anywhere"),
    ],
)
def test_a_wrong_call_is_one_line_and_a_hint(words: tuple[str, ...], told: bytes) -> None:
    done = rolecall("plan", *LAPTOP, *words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert told in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_card_that_nobody_knows_is_refused() -> None:
    done = rolecall("plan", "--gpu", "abacus")
    assert done.returncode == 2
    assert b"abacus" in done.stderr


def test_the_records_settings_are_wishes(tmp_path: Path) -> None:
    record = {
        "GPU_MEMORY_UTILIZATION": "0.7",
        "MAX_NUM_SEQS": "24",
        "VLLM_HOST": "0.0.0.0",
        "VLLM_PORT": "8123",
        "SWAP_SPACE": "4",
    }
    done = rolecall("plan", *LAPTOP, "--json", cwd=tmp_path, **record)
    assert done.returncode == 0
    serving = json.loads(done.stdout)["serving"]
    assert (serving["gpu_memory_utilization"], serving["max_num_seqs"]) == (0.7, 24)
    command = json.loads(done.stdout)["command"]
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == "8123"
    assert b"swap_space is left out" in done.stderr
    assert b"0.0.0.0 is not followed" in done.stderr


def test_an_older_vllm_gets_its_own_flags() -> None:
    done = rolecall("plan", *LAPTOP, "--vllm", "0.11.0", "--json")
    command = json.loads(done.stdout)["command"]
    assert "--guided-decoding-backend" in command
    assert "--shutdown-timeout" not in command


def test_a_smaller_terminal_gets_shorter_lines() -> None:
    done = rolecall("plan", *LAPTOP, COLUMNS="50")
    bar = next(line for line in done.stdout.decode().splitlines() if line.startswith("|"))
    assert len(bar) == 50
