"""``rolecall up --swap`` with a real vLLM: two models swap places under load, and no call is lost.

They use the server that ``up`` keeps (see conftest), and a second one beside it: 5.2 GB more than
the server under test, and about five minutes.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from line import Line
from rolecall.core import Prompt
from rolecall.engines.connect import connect
from rolecall.engines.protocol import Engine, EngineSettings

AT_ONCE = 4
SETTINGS = EngineSettings(name="vllm", kind="vllm", running="vllm", call_seconds=300.0)


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
