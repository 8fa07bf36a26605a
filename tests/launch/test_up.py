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

from rolecall.cli import main
from rolecall.launch import guard
from rolecall.launch.folder import folder_of, is_kept

from .kept import FAKE

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="rolecall up is for Linux")
SECONDS = 30.0


class Line:
    """The command line with a state folder of its own.

    What only asks or starts others runs in this process, what keeps a server in one of its own.
    """

    def __init__(
        self, folder: Path, patched: pytest.MonkeyPatch, said: pytest.CaptureFixture[str]
    ) -> None:
        self.folder, self._patched, self._said = folder, patched, said
        for name in os.environ:
            if name.startswith("ROLECALL_"):
                patched.delenv(name)
        self.set(
            XDG_STATE_HOME=str(folder / "state"),
            XDG_CONFIG_HOME=str(folder / "config"),
            FAKE_VLLM=str(folder / "orders.json"),
            ROLECALL_VLLM_COMMAND=shlex.join([sys.executable, "-IS", str(FAKE)]),
            VLLM_TARGET_DEVICE="cpu",
            HF_HUB_OFFLINE="1",
        )
        patched.chdir(folder)
        self.order()
        model = folder / "small"
        model.mkdir()
        (model / "config.json").write_text("{}")

    def set(self, **variables: str) -> None:
        """Set variables of the environment; an empty one is as good as none."""
        for name, value in variables.items():
            self._patched.setenv(name, value)

    def order(self, **orders: Any) -> None:
        (self.folder / "orders.json").write_text(json.dumps(orders))

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "rolecall", "up", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        self._said.readouterr()
        code = main(["up", *words])
        out, err = self._said.readouterr()
        return subprocess.CompletedProcess(words, code, out, err)

    def status(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self("--status", "--json").stdout)
        return found

    def processes(self, name: str = "vllm") -> list[int]:
        mark = folder_of(name, os.environ).mark
        return [one for entry in guard.entries_beginning(mark) for one in guard.marked(entry)]


@pytest.fixture
def line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Line]:
    found = Line(tmp_path, monkeypatch, capfd)
    yield found
    for path in (tmp_path / "state" / "rolecall" / "up").glob("*.json"):
        folder = folder_of(path.stem, os.environ)
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
    logged = line("--logs").stdout
    assert "Available KV cache memory" in logged
    assert "--- rolecall: engine vllm at http" in logged
    for words in (["./small"], ["./small", "--detach"]):
        again = line(*words)
        assert again.returncode == 2
        assert "kept already" in again.stderr
    beside = line("./small", "--detach", "--name", "other")
    assert beside.returncode == 0, beside.stderr
    assert {one["name"] for one in line.status()} == {"vllm", "other"}
    assert "vllm" not in line("--status", "other").stdout.partition("\n")[0]
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
        _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert "vllm has ended" in said
    assert line.processes() == []


def test_it_runs_with_all_of_its_outputs_closed(line: Line) -> None:
    command = shlex.join([sys.executable, "-m", "rolecall", "up", "./small"])
    with subprocess.Popen(["sh", "-c", f"exec {command} >&- 2>&-"]) as process:
        until(lambda: any(one["phase"] == "ready" for one in line.status()))
        process.terminate()
    assert process.returncode == 0


def test_a_killed_keeper_leaves_nothing_and_is_cleaned_up(line: Line) -> None:
    line("./small", "--detach")
    os.kill(line.status()[0]["keeper"], signal.SIGKILL)
    until(lambda: not line.processes())
    [one] = line.status()
    assert one["phase"] == "failed"
    assert "was killed" in one["told"]
    assert line("./small", "--detach").returncode == 0


def test_what_outlived_keeper_and_guard_is_ended_by_the_next_look(line: Line) -> None:
    line("./small", "--detach")
    guards = [
        one for one in line.processes() if b"guard.py" in Path(f"/proc/{one}/cmdline").read_bytes()
    ]
    for number in (line.status()[0]["keeper"], *guards):
        os.kill(number, signal.SIGKILL)
    until(lambda: not is_kept(folder_of("vllm", os.environ)))
    assert line.processes()
    assert line.status()[0]["phase"] == "failed"
    until(lambda: not line.processes())


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
        (["./small", "--kv-cache", "lots"], 2, "no amount of memory"),
        (["./small", "--patience", "-1"], 2, "no number of seconds"),
        (["./small", "--drain", "nan"], 2, "--drain"),
        (["./small", "--name", "No Good"], 2, "cannot be called"),
        (["./small", "--name", "auto"], 2, "cannot be called"),
        (["./small", "--", "--host", "0.0.0.0"], 2, "--host is not passed on"),
        (["./small", "--", "--api_key=x"], 2, "--api-key is not passed on"),
        (["./small", "--", "--hos", "0.0.0.0"], 2, "--host is not passed on"),
        (["--stop", "--logs"], 2, "one at a time"),
        (["./small", "--json"], 2, "--json goes with"),
        (["./small", "--after"], 2, "--after goes with"),
        (["--logs", "nobody"], 2, "no log"),
    ],
)
def test_what_cannot_be_done_is_refused(line: Line, words: list[str], code: int, said: str) -> None:
    done = line(*words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr
    assert "hint:" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [["./small"], ["--status"], ["--stop"], ["--logs"]])
def test_what_lies_in_the_way_is_named(line: Line, words: list[str]) -> None:
    for kind in ("lock", "log"):
        (folder_of("vllm", os.environ).base / "up" / f"vllm.{kind}").mkdir()
    done = line(*words)
    assert done.returncode in (2, 3)
    assert "vllm.l" in done.stderr
    assert "hint:" in done.stderr


def test_without_any_vllm_it_says_how_to_get_one(line: Line) -> None:
    line.set(ROLECALL_VLLM_COMMAND="", PATH=str(line.folder))
    done = line("./small")
    assert done.returncode == 3
    assert "no_vllm" in done.stderr
    assert "make vllm" in done.stderr


def test_a_model_on_a_card_is_planned_compared_and_learned_from(line: Line) -> None:
    line.set(VLLM_TARGET_DEVICE="")
    model = "Qwen/Qwen3-4B-Instruct-2507-FP8"
    words = (model, "--gpu", "rtx4090-laptop", "--vram-cap", "14GiB", "--detach")
    started = line(*words, "--", "--disable-log-stats")
    assert started.returncode == 0, started.stderr
    assert "KV tokens" in started.stderr
    assert "111,392  within" in started.stderr
    [one] = line.status()
    command = one["command"]
    assert "--disable-log-stats" in command
    for flag in ("--host", "--port", "--served-model-name", "--shutdown-timeout"):
        assert command.count(flag) == 1
    assert command[command.index("--kv-cache-dtype") + 1] == "fp8"
    kept = json.loads((line.folder / "state/rolecall/calibrations.json").read_text())
    [learned] = kept.values()
    assert learned["model"] == model
    assert line("--stop").returncode == 0
    again = line(*words)
    assert again.returncode == 0, again.stderr
    rows = {row["name"]: row for row in line.status()[0]["compared"]}
    first = {row["name"]: row for row in one["compared"]}
    assert abs(rows["kv"]["share"]) < abs(first["kv"]["share"])


def test_what_does_not_fit_is_not_started(line: Line) -> None:
    line.set(VLLM_TARGET_DEVICE="")
    done = line("Qwen/Qwen3-32B", "--gpu", "l4")
    assert done.returncode == 3
    assert "no_memory: Qwen/Qwen3-32B does not fit" in done.stderr
    assert "are missing" in done.stderr
    assert not (line.folder / "state/rolecall/up/vllm.log").exists()


def test_a_model_of_which_nothing_is_known_is_not_planned(line: Line) -> None:
    line.set(VLLM_TARGET_DEVICE="")
    done = line("nobody/nothing-of-the-kind", "--gpu", "l4")
    assert done.returncode == 2
    assert "nobody/nothing-of-the-kind" in done.stderr
    assert "hint:" in done.stderr
