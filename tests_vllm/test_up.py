"""``rolecall up`` with a real vLLM: started, compared with its plan, killed, found again, stopped.

These tests start a server of their own beside the one under test: 2.6 GB more, about four minutes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rolecall.core import Prompt
from rolecall.engines.settings import read_engine
from rolecall.engines.state import running
from rolecall.engines.vllm import connect
from rolecall.launch import guard
from rolecall.launch.folder import folder_of

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "build" / "tiny-qwen3"
PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
SECONDS = 400.0


class Line:
    """The command line with a state folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.environ = os.environ | {
            "XDG_STATE_HOME": str(folder),
            "ROLECALL_VLLM_PYTHON": str(PYTHON),
            "HF_HUB_OFFLINE": "1",
        }

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "rolecall", *words],
            env=self.environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def status(self) -> Mapping[str, Any]:
        [one] = json.loads(self("up", "--status", "--json").stdout)
        found: Mapping[str, Any] = one
        return found

    def processes(self) -> list[int]:
        mark = folder_of("vllm", self.environ).mark
        return [one for entry in guard.entries_beginning(mark) for one in guard.marked(entry)]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    found = Line(tmp_path_factory.mktemp("state"))
    yield found
    found("up", "--stop")
    assert found.processes() == []


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.5)


def test_a_start_is_proved_and_as_it_was_planned(line: Line) -> None:
    started = line("up", str(MODEL), "--detach", "--drain", "300")
    assert started.returncode == 0, started.stderr
    told = line.status()
    assert told["phase"] == "ready"
    assert "grounded" in told["forms"]
    rows = {row["name"]: row for row in told["compared"]}
    # The cache is set in bytes, and so its tokens are known beforehand, to the last one.
    assert rows["tokens"]["reported"] == rows["tokens"]["planned"]["expected"] == 65_536
    assert {row["verdict"] for row in rows.values()} == {"within"}
    assert set(told["times"]) >= {"starting", "loading", "proving"}


def test_the_pipeline_finds_it(line: Line) -> None:
    page = ROOT / "examples" / "01-gardener-company-site.html"
    done = line("extract", str(page), "--engine", "vllm", "--no-cache")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] in ("ok", "partial")


def test_a_killed_server_comes_back_at_its_place(line: Line) -> None:
    before = line.status()
    os.kill(before["pid"], signal.SIGKILL)
    until(lambda: not running(line.environ))
    until(lambda: bool(running(line.environ)))
    after = line.status()
    assert (after["port"], after["restarts"]) == (before["port"], 1)
    assert after["pid"] != before["pid"]


def test_a_stop_lets_what_is_in_work_end(line: Line) -> None:
    async def scene() -> None:
        table = running(line.environ)["vllm"]
        prompt = Prompt(messages=(("user", "Count."),), form="text", max_tokens=60)
        async with connect(read_engine("vllm", table), line.environ) as engine:
            asked = asyncio.create_task(engine.complete(prompt))
            while not (await engine.metrics()).running:
                await asyncio.sleep(0.05)
            stopping = asyncio.create_task(asyncio.to_thread(line, "up", "--stop"))
            answer = await asked
            assert answer.usage.output_tokens > 0
            assert (await stopping).returncode == 0

    asyncio.run(scene())
    assert line.processes() == []
    assert running(line.environ) == {}


def test_a_cache_that_is_too_small_is_told_with_what_would_fit(line: Line) -> None:
    done = line("up", str(MODEL), "--kv-cache", "8MiB")
    assert done.returncode == 3
    assert "no_memory" in done.stderr
    assert "lower --context: " in done.stderr
    assert line.processes() == []
