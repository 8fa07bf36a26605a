"""``rolecall up --swap`` with a real vLLM: two models swap places under load, and no call is lost.

These tests start servers of their own beside the one under test, two at once: 5.2 GB more, and
about six minutes.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from rolecall.core import Prompt
from rolecall.engines.connect import connect
from rolecall.engines.protocol import Engine, EngineSettings
from rolecall.launch import guard
from rolecall.launch.folder import folder_of

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "build" / "tiny-qwen3"
PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
AT_ONCE = 4
SETTINGS = EngineSettings(name="vllm", kind="vllm", running="vllm", call_seconds=300.0)


class Line:
    """The command line with a state folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = os.environ | {
            "XDG_STATE_HOME": str(folder / "state"),
            "ROLECALL_VLLM_PYTHON": str(PYTHON),
            "HF_HUB_OFFLINE": "1",
        }

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "rolecall", *words]
        return subprocess.run(
            command, env=self.environ, capture_output=True, text=True, timeout=500, check=False
        )

    def model(self, name: str) -> Path:
        """The tiny model's folder under another name."""
        made = self.folder / name
        made.mkdir()
        for file in MODEL.iterdir():
            (made / file.name).symlink_to(file.resolve())
        return made

    def status(self) -> Mapping[str, Any]:
        [one] = json.loads(self("up", "--status", "--json").stdout)
        found: Mapping[str, Any] = one
        return found

    def processes(self) -> list[int]:
        mark = folder_of("vllm", self.environ).mark
        return [one for entry in guard.entries_beginning(mark) for one in guard.marked(entry)]


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    found = Line(tmp_path_factory.mktemp("swap"))
    started = found("up", str(MODEL), "--detach")
    assert started.returncode == 0, started.stderr
    yield found
    stopped = found("up", "--stop")
    assert (found.processes(), stopped.returncode) == ([], 0), stopped.stderr


class Load:
    """Calls without end, each held to a grammar; ``answered`` by model, ``failed`` for good."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.over = engine, False
        self.answered, self.failed = Counter[str](), list[BaseException]()

    async def ask(self, number: int) -> None:
        while not self.over:
            number += AT_ONCE
            messages = (("user", f"Posting {number}: a nurse is wanted in Leeds."),)
            prompt = Prompt(
                messages=messages, form="grammar", grammar='start: "a" | "b"', max_tokens=8
            )
            try:
                self.answered[(await self.engine.complete(prompt)).model] += 1
            except Exception as error:
                self.failed.append(error)


@asynccontextmanager
async def load(line: Line) -> AsyncIterator[Load]:
    async with connect(SETTINGS, line.environ) as engine:
        found = Load(engine)
        tasks = [asyncio.create_task(found.ask(number)) for number in range(AT_ONCE)]
        await more(found, engine.info.model)
        yield found
        found.over = True
        await asyncio.gather(*tasks)


async def more(found: Load, model: str) -> None:
    """Wait until ``model`` has answered some more."""
    seen = found.answered[model]
    async with asyncio.timeout(300):
        while found.answered[model] < seen + 2 * AT_ONCE:
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(("name", "how"), [("tiny-b", ()), ("tiny-c", ("--after",))])
def test_no_call_is_lost_whichever_server_ends_first(
    line: Line, name: str, how: tuple[str, ...]
) -> None:
    async def scene() -> tuple[Load, subprocess.CompletedProcess[str], str]:
        before = str(line.status()["model"])
        async with load(line) as found:
            words = ("up", "--swap", str(line.model(name)), "--json", *how)
            done = await asyncio.to_thread(line, *words)
            if done.returncode == 0:
                await more(found, name)
        return found, done, before

    found, done, before = asyncio.run(scene())
    assert done.returncode == 0, done.stderr
    assert found.failed == []
    assert found.answered.keys() == {before, name}
    told = json.loads(done.stdout)
    assert (told["beside"], told["emptied"]) == (how == (), True)
    status = line.status()
    assert (status["model"], status["phase"], status["restarts"]) == (name, "ready", 0)
    assert status["swap"] is None
    print(dict(found.answered), told)


def test_a_model_that_cannot_be_loaded_changes_nothing(line: Line) -> None:
    broken = line.model("broken")
    (broken / "config.json").unlink()
    (broken / "config.json").write_text('{"architectures": ["NoSuchModel"], "model_type": "x"}')

    async def scene() -> tuple[Load, subprocess.CompletedProcess[str], str]:
        before = str(line.status()["model"])
        async with load(line) as found:
            done = await asyncio.to_thread(line, "up", "--swap", str(broken))
            await more(found, before)
        return found, done, before

    found, done, before = asyncio.run(scene())
    assert done.returncode == 3, done.stderr
    assert found.failed == []
    assert found.answered.keys() == {before}
    assert line.status()["model"] == before
