"""``rolecall up`` with a real vLLM: started, compared with its plan, killed, found again, stopped.

They go on with the server that ``up`` keeps (see conftest) and end it: about two minutes.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable

from line import MODEL, ROOT, SECONDS, Line
from rolecall.core import Prompt
from rolecall.engines.settings import read_engine
from rolecall.engines.state import running
from rolecall.engines.vllm import connect


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.5)


def test_what_runs_is_proved_and_as_it_was_planned(line: Line) -> None:
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
    # Clients wait for it meanwhile: its entry stays where it is.
    until(lambda: line.status()["restarts"] == 1)
    until(lambda: line.status()["phase"] == "ready")
    assert running(line.environ)
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
