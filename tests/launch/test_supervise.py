"""Keeping a server: what becomes of it when all goes well, and when it does not."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rolecall.engines.state import STATE_FILE
from rolecall.launch import guard
from rolecall.launch.compare import planned_of
from rolecall.launch.failures import LaunchError
from rolecall.launch.folder import read_server
from rolecall.launch.learned import calibrations
from rolecall.launch.limits import LIMITS, pause
from rolecall.plan.nouns import GIB, Device, Estimate, Memory, exactly

from .kept import QUICK, Kept, until


def run(coroutine):
    return asyncio.run(coroutine)


def test_a_server_is_proved_announced_and_gone_when_stopped(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as supervisor:
            table = kept.tables["small"]
            assert table["url"] == f"http://127.0.0.1:{supervisor.server.port}/v1"
            assert table["model"] == "small"
            key = Path(table["key_file"])
            assert key.read_text() == supervisor.key
            assert stat.S_IMODE(key.stat().st_mode) == 0o600
            assert supervisor.server.phase == "ready"
            assert "grounded" in supervisor.server.forms
            assert supervisor.server.reported.tokens == 111_392
            assert set(supervisor.server.times) >= {"starting", "loading", "capturing", "proving"}
            status = await supervisor.status()
            assert status["load"]["kv_usage"] == 0.25
            assert status["pid"] in kept.processes()
            shown = list(dict.fromkeys(one.phase for one in kept.progress))
            assert shown == [
                "starting", "loading", "compiling", "profiling", "capturing", "proving", "ready",
            ]  # fmt: skip
        assert kept.tables == {}
        assert kept.processes() == []
        assert read_server(kept.folder).phase == "stopped"

    run(scene())


def test_the_key_is_on_no_command_line(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as supervisor:
            for number in kept.processes():
                words = Path(f"/proc/{number}/cmdline").read_bytes()
                assert supervisor.key.encode() not in words
            written = kept.folder.server.read_bytes() + kept.folder.log.read_bytes()
            assert supervisor.key.encode() not in written

    run(scene())


def test_a_killed_server_is_started_again_where_it_was(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as supervisor:
            pid, port = supervisor.server.pid, supervisor.server.port
            os.kill(pid, signal.SIGKILL)
            await until(lambda: not supervisor.served.is_set())
            await until(lambda: supervisor.served.is_set())
            assert supervisor.server.pid not in (0, pid)
            assert supervisor.server.restarts == 1
            assert kept.tables["small"]["url"] == f"http://127.0.0.1:{port}/v1"
            assert any("killed" in one for one in kept.said)
        assert kept.processes() == []

    run(scene())


def test_even_a_killed_guard_leaves_nothing_behind(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as supervisor:
            before = set(kept.processes())
            keeper = next(
                one for one in before if b"guard.py" in Path(f"/proc/{one}/cmdline").read_bytes()
            )
            os.kill(keeper, signal.SIGKILL)
            await until(lambda: supervisor.server.restarts == 1 and supervisor.served.is_set())
            assert not before & set(kept.processes())

    run(scene())


@pytest.mark.parametrize("steps", range(6))
def test_an_end_amid_the_very_start_leaves_nothing(tmp_path: Path, steps: int) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path, mute=True)
        starting = asyncio.create_task(kept.make().run())
        await until(lambda: kept.supervisor.run_now is not None)
        for _ in range(steps):
            await asyncio.sleep(0)
        kept.supervisor.stop()
        await asyncio.wait_for(starting, 15)
        assert kept.processes() == []

    run(scene())


def test_what_lost_its_mark_holds_up_no_restart(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path, unmarked=True)
        async with kept.running() as supervisor:
            served = supervisor.run_now.pid
            [child] = [one for one in guard.descendants(served) if _name(one) == "sleep"]
            guarded = guard.descendants(os.getpid())
            os.kill(next(one for one in guarded if served in guard.descendants(one)), 9)
            try:
                await until(lambda: supervisor.server.restarts == 1 and supervisor.served.is_set())
            finally:
                os.kill(child, signal.SIGKILL)
            assert "does not end" in kept.folder.log.read_text()

    run(scene())


def _name(process: int) -> str:
    return Path(f"/proc/{process}/comm").read_text().strip()


def test_what_cannot_be_announced_is_given_up_and_leaves_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        (kept.folder.base / STATE_FILE).mkdir()
        with pytest.raises(LaunchError, match="cannot be written"):
            await kept.make().run()
        assert kept.processes() == []
        assert read_server(kept.folder).phase == "failed"

    run(scene())


def test_a_log_that_cannot_be_written_ends_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        kept.folder.log.mkdir()
        async with kept.running() as supervisor:
            assert supervisor.server.reported.tokens == 111_392

    run(scene())


def test_a_server_that_hangs_is_started_again(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        async with kept.running() as supervisor:
            kept.order(ill=True)
            await until(lambda: supervisor.server.phase == "waiting" or supervisor.server.restarts)
            kept.order()
            await until(lambda: supervisor.served.is_set())
            assert any("hung" in one for one in kept.said)

    run(scene())


def test_a_server_that_hangs_can_be_stopped_all_the_same(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        began = time.monotonic()
        async with kept.running(limits=replace(QUICK, drain=0.1)):
            kept.order(hang=True)
            await asyncio.sleep(0.2)
        assert time.monotonic() - began < 15  # far below what an answer may take, twice
        assert kept.processes() == []

    run(scene())


@pytest.mark.parametrize(
    ("order", "why"), [("dead", "fails requests"), ("silent", "with nothing else to do")]
)
def test_an_engine_that_died_behind_a_server_that_says_it_is_well(
    tmp_path: Path, order: str, why: str
) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        async with kept.running(limits=replace(QUICK, answer=0.05)) as supervisor:
            kept.order(**{order: True})
            await until(lambda: supervisor.server.restarts == 1)
            kept.order()
            await until(lambda: supervisor.served.is_set())
            assert any(why in one for one in kept.said)

    run(scene())


def test_an_engine_with_work_may_answer_late(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path, running=2)
        async with kept.running(limits=replace(QUICK, answer=0.02)) as supervisor:
            kept.order(silent=True, running=2)
            await asyncio.sleep(0.5)
            assert supervisor.server.restarts == 0
            kept.order()

    run(scene())


def test_an_engine_at_work_that_its_counts_do_not_tell_may_answer_late(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        async with kept.running(limits=replace(QUICK, answer=0.05)) as supervisor:
            kept.order(silent=True, spinning=True)
            await asyncio.sleep(1)
            assert supervisor.server.restarts == 0
            kept.order()
            await asyncio.sleep(0.3)
            assert supervisor.server.restarts == 0
            kept.order(silent=True)
            await until(lambda: supervisor.server.restarts == 1)
            kept.order()

    run(scene())


def test_a_server_that_refuses_us_and_gives_others_tokens_is_alive(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        async with kept.running(limits=QUICK) as supervisor:
            for tokens in range(8, 40):
                kept.order(dead=True, tokens=tokens)
                await asyncio.sleep(0.015)
            assert supervisor.server.restarts == 0
            kept.order()

    run(scene())


def test_work_that_does_not_move_is_a_hang(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path, running=2, tokens=70)
        async with kept.running(limits=replace(QUICK, stuck=0.3)) as supervisor:
            await until(lambda: supervisor.server.restarts == 1)
            assert any("no token in" in one for one in kept.said)
            kept.order()

    run(scene())


def test_work_that_moves_is_none(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path, running=2, tokens=1)
        async with kept.running(limits=replace(QUICK, stuck=0.5)) as supervisor:
            for tokens in range(2, 30):
                kept.order(running=2, tokens=tokens)
                await asyncio.sleep(0.03)
            assert supervisor.server.restarts == 0
            kept.order()

    run(scene())


@pytest.mark.parametrize(
    ("death", "reason"),
    [("memory", "no_memory"), ("flag", "bad_flag"), ("model", "no_model"), ("odd", "crashed")],
)
def test_a_first_start_that_fails_is_not_tried_again(
    tmp_path: Path, death: str, reason: str
) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path, die=death)
        with pytest.raises(LaunchError) as caught:
            await kept.make().run()
        assert caught.value.reason == reason
        assert caught.value.hint
        server = read_server(kept.folder)
        assert (server.phase, server.reason) == ("failed", reason)
        assert kept.tables == {}
        assert kept.processes() == []

    run(scene())


def test_a_server_that_cannot_be_held_to_anything_is_not_announced(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path, unheld=True)
        with pytest.raises(LaunchError) as caught:
            await kept.make().run()
        assert caught.value.reason == "not_proved"
        assert kept.tables == {}
        assert kept.processes() == []

    run(scene())


def test_it_gives_up_after_failures_in_a_row(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        supervisor = kept.make()
        task = asyncio.create_task(supervisor.run())
        await until(lambda: supervisor.served.is_set())
        kept.order(die="memory")
        os.kill(supervisor.server.pid, signal.SIGKILL)
        with pytest.raises(LaunchError) as caught:
            await task
        assert caught.value.reason == "no_memory"
        assert "given up after 3 starts" in str(caught.value)
        assert kept.processes() == []

    run(scene())


def test_what_another_start_cannot_mend_is_not_tried_again(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        supervisor = kept.make()
        task = asyncio.create_task(supervisor.run())
        await until(lambda: supervisor.served.is_set())
        kept.order(die="model")
        os.kill(supervisor.server.pid, signal.SIGKILL)
        with pytest.raises(LaunchError) as caught:
            await task
        assert caught.value.reason == "no_model"
        assert supervisor.server.restarts == 1

    run(scene())


def test_a_start_that_says_nothing_for_long_is_given_up(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path, mute=True)
        with pytest.raises(LaunchError) as caught:
            await kept.make(limits=replace(QUICK, patience=0.3)).run()
        assert caught.value.reason == "timeout"
        assert "--patience" in (caught.value.hint or "")
        assert kept.processes() == []

    run(scene())


def test_a_stop_during_a_start_ends_it(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path, mute=True)
        supervisor = kept.make()
        task = asyncio.create_task(supervisor.run())
        await until(lambda: any(one.phase == "capturing" for one in kept.progress))
        supervisor.stop()
        await task
        assert supervisor.server.phase == "stopped"
        assert kept.processes() == []

    run(scene())


def test_the_entry_is_gone_before_the_work_is_done(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path, running=1)
        supervisor = kept.make()
        task = asyncio.create_task(supervisor.run())
        await until(lambda: supervisor.served.is_set())
        supervisor.stop()
        await until(lambda: supervisor.server.phase == "draining")
        assert kept.tables == {}
        assert kept.processes()
        assert not task.done()
        kept.order(running=0)
        await task
        assert supervisor.server.phase == "stopped"

    run(scene())


def test_draining_has_an_end_and_a_second_stop_ends_at_once(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path, running=1)
        async with kept.running(limits=replace(QUICK, drain=0.2)):
            pass
        assert kept.processes() == []
        supervisor = kept.make(limits=replace(QUICK, drain=600))
        task = asyncio.create_task(supervisor.run())
        await until(lambda: supervisor.served.is_set())
        supervisor.stop()
        await until(lambda: supervisor.server.phase == "draining")
        supervisor.stop()
        await asyncio.wait_for(task, 10)
        assert kept.processes() == []

    run(scene())


def test_a_port_that_was_asked_for_and_is_taken_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            kept = Kept(tmp_path)
            with pytest.raises(LaunchError) as caught:
                await kept.make(port=other.getsockname()[1]).run()
        assert caught.value.reason == "port_taken"

    run(scene())


def test_a_port_that_is_lost_during_the_start_is_changed(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path, die="port")
        supervisor = kept.make()
        first = supervisor.server.port
        with socket.socket() as other:
            task = asyncio.create_task(supervisor.run())
            await until(lambda: supervisor.run_now is not None)
            other.bind(("127.0.0.1", first))
            other.listen()
            kept.order()
            await until(lambda: supervisor.served.is_set() or task.done())
            assert supervisor.server.port != first
            supervisor.stop()
            await task

    run(scene())


def test_a_start_teaches_about_the_device(tmp_path: Path) -> None:
    around = Estimate(GIB, 2 * GIB, 3 * GIB)
    memory = Memory(
        budget=14 * GIB,
        weights=Estimate(int(4.19 * GIB), int(4.2 * GIB), int(4.25 * GIB)),
        rotary=0,
        activation=around,
        graphs=exactly(0),
        other=exactly(0),
        kv=Estimate(7 * GIB, 8 * GIB, 9 * GIB),
        kv_token=73_728,
        state=0,
        tokens=Estimate(100_000, 110_000, 120_000),
    )
    device = Device(name="A card", memory=16 * GIB, bandwidth=1, flops_16=1)

    async def scene() -> None:
        kept = Kept(tmp_path)
        more = {"memory": memory, "device": device, "planned": planned_of(memory)}
        async with kept.running(**more) as supervisor:
            known = calibrations(kept.environ)["A card"]
            assert known.overhead == 14 * GIB - round(4.2 * GIB) - round(7.65 * GIB)
            assert known.model == "small"
            said = "\n".join(kept.said)
            assert "KV tokens" in said
            assert "within, +1.3% of expected" in said
            rows = {one["name"]: one for one in (await supervisor.status())["compared"]}
            assert rows["kv"]["verdict"] == "within"
            assert rows["activation"]["verdict"] == "not printed"

    run(scene())


def test_the_mark_finds_only_its_own(tmp_path: Path) -> None:
    assert guard.sweep(f"KEPT_BY_ROLECALL={tmp_path}:nobody") == 0


@given(st.integers(1, 100), st.floats(0, 1))
def test_pauses_grow_and_have_an_end(failures: int, chance: float) -> None:
    now = pause(failures, LIMITS, chance)
    assert LIMITS.first / 2 <= now <= LIMITS.longest
    assert pause(failures + 1, LIMITS, chance) >= now


def test_well_for_a_while_begins_the_count_anew(tmp_path: Path) -> None:
    async def scene() -> None:
        kept = Kept(tmp_path)
        limits = replace(QUICK, tries=1, well=0.05)
        async with kept.running(limits=limits) as supervisor:
            for count in (1, 2):
                began = time.monotonic()
                await until(lambda began=began: time.monotonic() - began > 0.1)
                os.kill(supervisor.server.pid, signal.SIGKILL)
                await until(
                    lambda count=count: (
                        supervisor.server.restarts == count and supervisor.served.is_set()
                    )
                )

    run(scene())
