"""Another model in the place of the one that is kept, under load: no request is lost."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace

from rolecall.core import Prompt
from rolecall.engines.connect import connect
from rolecall.engines.protocol import EngineSettings
from rolecall.engines.state import awaited
from rolecall.errors import UsageError
from rolecall.launch.awaited import AHEAD_SECONDS, Awaited
from rolecall.launch.failures import LaunchError
from rolecall.launch.folder import read_server
from rolecall.launch.room import fits_here, memory_here, needed_on_cpu
from rolecall.launch.supervise import Supervisor
from rolecall.launch.swap import Wish, swapped
from rolecall.models.catalogue import shape_named
from rolecall.plan.nouns import GIB, Serving

from .kept import QUICK, Kept, until
from .test_up import Line, line

__all__ = ["line"]

LIMITS = replace(QUICK, grace=0.05)
PROMPT = Prompt(messages=(("user", "A nurse is wanted."),))


async def hush(_: object) -> None:
    return


def wish(supervisor: Supervisor, model: str, *, beside: bool = True, **more: object) -> Wish:
    recipe = replace(supervisor.recipe, served=model, **more)
    return Wish(recipe=recipe, beside=beside, why="because")


class Load:
    """Calls without end through our own engine, counted by the model that answered."""

    def __init__(self) -> None:
        self.answered, self.over, self.engine = Counter[str](), False, None

    @asynccontextmanager
    async def on(self, kept: Kept, at_once: int = 3) -> AsyncIterator[Load]:
        settings = EngineSettings(name="small", kind="vllm", running="small", call_seconds=20.0)
        async with connect(settings, kept.environ) as engine:
            self.engine = engine
            tasks = [asyncio.create_task(self._ask()) for _ in range(at_once)]
            try:
                yield self
            finally:
                self.over = True
                await asyncio.gather(*tasks)

    async def _ask(self) -> None:
        while not self.over:
            answer = await self.engine.complete(PROMPT)
            self.answered[answer.model] += 1

    async def more(self, model: str) -> None:
        """Wait until ``model`` has answered some more."""
        seen = self.answered[model]
        await until(lambda: self.answered[model] > seen + 5)


@pytest.mark.parametrize("beside", [True, False])
def test_a_swap_and_back_under_load_loses_no_request(tmp_path: Path, beside: bool) -> None:
    async def scene() -> None:
        kept, told = Kept(tmp_path), []

        async def tell(line: object) -> None:
            told.append(line)

        async with kept.running(limits=LIMITS) as supervisor, Load().on(kept) as load:
            await load.more("small")
            first = supervisor.server.pid
            done = await swapped(supervisor, wish(supervisor, "large", beside=beside), tell)
            assert (done["model"], done["before"], done["emptied"]) == ("large", "small", True)
            await load.more("large")
            assert supervisor.server.model == "large"
            assert first not in kept.processes()
            assert supervisor.server.pid in kept.processes()
            assert kept.tables["small"]["model"] == "large"
            assert awaited(kept.environ) == {}
            assert {"progress", "said"} <= {key for line in told for key in line}
            back = await swapped(supervisor, wish(supervisor, "small", beside=beside), hush)
            assert back["model"] == "small"
            await load.more("small")
            assert supervisor.server.restarts == 0
        assert kept.processes() == []
        assert kept.tables == {}

    asyncio.run(scene())


def test_requests_wait_where_the_old_server_ends_during_the_swap(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        mute, quiet = tmp_path / "mute.json", {"FAKE_VLLM": str(tmp_path / "mute.json")}
        kept.write(mute, mute=True)
        async with kept.running(limits=LIMITS) as supervisor:
            wanted = wish(supervisor, "large", environment=quiet)
            swapping = asyncio.create_task(swapped(supervisor, wanted, hush))
            await until(lambda: supervisor.swap is not None and supervisor.swap.new is not None)
            os.kill(supervisor.server.pid, signal.SIGKILL)
            await until(lambda: "small" in awaited(kept.environ))
            supervisor.stop()
            with pytest.raises(LaunchError):
                await swapping
        assert kept.processes() == []
        assert kept.tables == {}

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("beside", "orders", "reason"),
    [
        (True, {"die": "flag"}, "bad_flag"),
        (True, {"unheld": True}, "not_proved"),
        (False, {"die": "memory"}, "no_memory"),
    ],
)
def test_where_the_new_one_fails_the_old_one_serves_on(
    tmp_path: Path, beside: bool, orders: dict[str, object], reason: str
) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        async with kept.running(limits=LIMITS) as supervisor, Load().on(kept) as load:
            await load.more("small")
            before, forms = supervisor.server.pid, supervisor.server.forms
            bad = tmp_path / "bad.json"
            kept.write(bad, **orders)
            asked = wish(supervisor, "large", beside=beside, environment={"FAKE_VLLM": str(bad)})
            with pytest.raises(LaunchError) as caught:
                await swapped(supervisor, asked, hush)
            assert caught.value.reason == reason
            await load.more("small")
            assert load.answered.keys() == {"small"}
            server = supervisor.server
            assert (server.model, server.forms, server.phase) == ("small", forms, "ready")
            assert (server.pid == before) is beside
            assert kept.tables["small"]["model"] == "small"
            await swapped(supervisor, wish(supervisor, "other"), hush)  # the next one works
            await load.more("other")

    asyncio.run(scene())


@pytest.mark.parametrize(("beside", "phase"), [(True, "ready"), (False, "starting")])
def test_status_tells_both_and_a_second_swap_is_refused(
    tmp_path: Path, beside: bool, phase: str
) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        async with kept.running(limits=LIMITS) as supervisor:
            mute = tmp_path / "mute.json"
            kept.write(mute, mute=True)
            more = {"environment": {"FAKE_VLLM": str(mute)}}
            asked = wish(supervisor, "large", beside=beside, **more)
            swapping = asyncio.create_task(swapped(supervisor, asked, hush))
            await until(lambda: supervisor.swap is not None and supervisor.swap.new is not None)
            status = await supervisor.status()
            assert (status["model"], status["phase"]) == ("small", phase)
            assert (status["swap"]["model"], status["swap"]["switched"]) == ("large", False)
            with pytest.raises(UsageError, match="under way"):
                await swapped(supervisor, asked, hush)
            supervisor.stop()
            with pytest.raises(LaunchError, match="stopped before"):
                await swapping
        assert kept.processes() == []
        assert read_server(kept.folder).phase == "stopped"

    asyncio.run(scene())


def test_a_killed_server_costs_no_request_while_it_is_started_again(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        async with kept.running(limits=LIMITS) as supervisor, Load().on(kept) as load:
            await load.more("small")
            os.kill(supervisor.server.pid, signal.SIGKILL)
            await until(lambda: supervisor.server.restarts == 1)
            await until(lambda: supervisor.served.is_set())
            await load.more("small")

    asyncio.run(scene())


def test_an_old_server_that_dies_during_the_swap_is_not_missed(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        async with kept.running(limits=LIMITS) as supervisor:
            swapping = asyncio.create_task(swapped(supervisor, wish(supervisor, "large"), hush))
            await until(lambda: supervisor.swap is not None and supervisor.swap.new is not None)
            os.kill(supervisor.server.pid, signal.SIGKILL)
            assert (await swapping)["model"] == "large"
            assert kept.tables["small"]["model"] == "large"

    asyncio.run(scene())


def test_what_fits_beside_on_the_cpu(tmp_path: Path) -> None:
    shape = shape_named("Qwen/Qwen3-0.6B") or shape_named("Qwen/Qwen3-4B-Instruct-2507-FP8")
    assert shape is not None
    serving = Serving(kv_bytes=GIB)
    needed = needed_on_cpu(shape, serving)
    assert needed is not None
    assert needed > needed_on_cpu(shape, Serving(kv_bytes=GIB // 2))
    assert fits_here(needed, needed)[0]
    assert not fits_here(needed, needed - 1)[0]
    assert not fits_here(None, needed)[0]
    assert needed_on_cpu(None, serving) is None
    assert needed_on_cpu(None, serving, 10 * GIB) - needed_on_cpu(None, serving, GIB) == 18 * GIB
    told = tmp_path / "meminfo"
    told.write_text("MemTotal: 9 kB\nMemAvailable:   2048 kB\n")
    assert memory_here(told) == 2 * 1024**2
    assert memory_here(tmp_path / "none") is None


def test_the_command_swaps_says_so_and_refuses_what_makes_no_sense(line: Line) -> None:
    for name in ("large", "broken"):
        (line.folder / name).mkdir()
    (line.folder / "large" / "config.json").write_text("{}")
    nothing = line("--swap", "./large")
    assert (nothing.returncode, "no server is running" in nothing.stderr) == (2, True)
    assert line("./small", "--detach").returncode == 0
    done = line("--swap", "./large", "--json", "--after")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["model"], told["before"], told["beside"]) == ("large", "small", False)
    assert "vllm serves large instead of small" in done.stderr
    assert "the old one ends first" in done.stderr
    [one] = line.status()
    assert (one["model"], one["phase"], one["swap"]) == ("large", "ready", None)
    broken = line("--swap", "./broken")
    assert (broken.returncode, "no_model" in broken.stderr) == (3, True)
    far = line("--swap", "nobody/nothing")
    assert (far.returncode, "rolecall models pull" in far.stderr) == (2, True)
    line.order(die="memory")
    died = line("--swap", "./small")
    assert (died.returncode, "no_memory" in died.stderr) == (3, True)
    assert line("--swap", "./small", "--stop").returncode == 2
    line.order()
    assert line("--stop").returncode == 0


def test_clients_are_told_to_wait_only_as_long_as_the_keeper_lives(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        saying = Awaited(kept.folder, lambda: 1_000.0)
        saying.begin({"kind": "vllm", "url": "http://127.0.0.1:1/v1"})
        saying.begin({"kind": "vllm", "url": "http://127.0.0.1:2/v1"})
        assert awaited(kept.environ) == {"small": 1_000.0 + AHEAD_SECONDS}
        assert kept.tables["small"]["url"].endswith(":2/v1")
        saying.over()
        saying.over()

    asyncio.run(scene())
