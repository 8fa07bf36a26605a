"""``rolecall up`` as its user meets it, with a program that behaves like vLLM."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rolecall.cli.up import size_of
from rolecall.launch import guard
from rolecall.launch.folder import folder_of, is_kept

from .kept import FAKE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="rolecall up is for Linux")
SECONDS = 30.0


class Line:
    """The command line with a state folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")
        } | {
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "FAKE_VLLM": str(folder / "orders.json"),
            "ROLECALL_VLLM_COMMAND": shlex.join([sys.executable, "-IS", str(FAKE)]),
            "VLLM_TARGET_DEVICE": "cpu",
        }
        self.order()
        model = folder / "small"
        model.mkdir()
        (model / "config.json").write_text("{}")

    def order(self, **orders: Any) -> None:
        (self.folder / "orders.json").write_text(json.dumps(orders))

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "rolecall", "up", *words],
            cwd=self.folder,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        with self.start(*words) as process:
            out, err = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def status(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self("--status", "--json").stdout)
        return found

    def processes(self, name: str = "vllm") -> list[int]:
        mark = folder_of(name, self.environ).mark
        return [one for entry in guard.entries_beginning(mark) for one in guard.marked(entry)]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    found = Line(tmp_path)
    yield found
    for path in (tmp_path / "state" / "rolecall" / "up").glob("*.json"):
        folder = folder_of(path.stem, found.environ)
        if is_kept(folder):
            os.kill(json.loads(path.read_text())["keeper"], signal.SIGKILL)
        until(lambda name=path.stem: not found.processes(name))


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def test_in_the_background_looked_at_and_stopped(line: Line) -> None:
    started = line("./small", "--detach")
    assert started.returncode == 0, started.stderr
    assert "engine vllm at http://127.0.0.1:" in started.stderr
    assert started.stdout == ""
    [one] = line.status()
    assert (one["phase"], one["model"], one["restarts"]) == ("ready", "small", 0)
    assert one["load"]["running"] == 0
    shown = line("--status")
    assert shown.returncode == 0
    assert "vllm: ready" in shown.stdout
    assert "Available KV cache memory" in line("--logs").stdout
    again = line("./small")
    assert again.returncode == 2
    assert "kept already" in again.stderr
    beside = line("./small", "--detach", "--name", "other")
    assert beside.returncode == 0, beside.stderr
    assert {one["name"] for one in line.status()} == {"vllm", "other"}
    unclear = line("--stop")
    assert unclear.returncode == 2
    assert "other, vllm" in unclear.stderr
    for name in ("other", "vllm"):
        assert line("--stop", name).returncode == 0
        assert line.processes(name) == []
    assert line("--status").returncode == 3
    assert line("--stop").returncode == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(line: Line, number: signal.Signals) -> None:
    with line.start("./small") as process:
        assert process.stderr
        for text in process.stderr:
            if text.startswith("engine vllm"):
                break
        process.send_signal(number)
        process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert line.processes() == []


def test_a_killed_keeper_leaves_nothing_and_is_cleaned_up(line: Line) -> None:
    line("./small", "--detach")
    os.kill(line.status()[0]["keeper"], signal.SIGKILL)
    until(lambda: not line.processes())
    [one] = line.status()
    assert one["phase"] == "failed"
    assert "was killed" in one["told"]
    assert line("./small", "--detach").returncode == 0


@pytest.mark.parametrize("words", [["./small"], ["./small", "--detach"]])
def test_a_start_that_fails_says_why_and_what_to_do(line: Line, words: list[str]) -> None:
    line.order(die="memory")
    done = line(*words)
    assert done.returncode == 3
    assert "rolecall: no_memory: vLLM ended: torch.OutOfMemoryError" in done.stderr
    assert "hint: lower --context" in done.stderr
    assert "Traceback" not in done.stderr
    assert line.processes() == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["./nothing"], 3, "there is no folder ./nothing"),
        (["."], 3, "holds no model"),
        ([], 2, "no MODEL was named"),
        (["./small", "--port", "70000"], 3, "port 70000 cannot be used"),
        (["./small", "--port", "abc"], 2, "--port"),
        (["./small", "--kv-cache", "lots"], 2, "--kv-cache"),
        (["./small", "--name", "No Good"], 2, "cannot be called"),
        (["./small", "--name", "auto"], 2, "cannot be called"),
        (["./small", "--", "--host", "0.0.0.0"], 2, "--host is not passed on"),
        (["./small", "--", "--api_key=x"], 2, "--api-key is not passed on"),
        (["--logs", "nobody"], 2, "no log"),
    ],
)
def test_what_cannot_be_done_is_refused(line: Line, words: list[str], code: int, said: str) -> None:
    done = line(*words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_any_vllm_it_says_how_to_get_one(line: Line) -> None:
    del line.environ["ROLECALL_VLLM_COMMAND"]
    line.environ["PATH"] = str(line.folder)
    done = line("./small")
    assert done.returncode == 3
    assert "no_vllm" in done.stderr
    assert "make vllm" in done.stderr


@pytest.mark.parametrize(
    ("text", "size"),
    [("256MiB", 2**28), ("2G", 2**31), ("1.5GB", 3 * 2**29), ("100", 100), ("64 k", 2**16)],
)
def test_sizes(text: str, size: int) -> None:
    assert size_of(text) == size
