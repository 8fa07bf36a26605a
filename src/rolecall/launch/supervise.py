"""Keeping a server: started, proved, announced, watched, started again, drained, stopped."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections.abc import Callable, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from rolecall.errors import UsageError
from rolecall.launch.awaited import Awaited
from rolecall.launch.compare import compared, table
from rolecall.launch.failures import LASTING, LaunchError, unwritable
from rolecall.launch.folder import Folder, announce, write_key, write_server
from rolecall.launch.learned import remember
from rolecall.launch.limits import Limits, pause
from rolecall.launch.nouns import Phase, Progress, Server
from rolecall.launch.probe import Load, Probe, engine_table, proved
from rolecall.launch.pulse import why_dead
from rolecall.launch.recipe import Recipe, port_for
from rolecall.launch.server import Run, remark
from rolecall.launch.status import status_of
from rolecall.launch.swap import Swap
from rolecall.plan.calibration import calibration_from

Given = TypeVar("Given")


class Outside(Struct, frozen=True, kw_only=True):
    """What the keeper needs of the world: environment, time, chance, and who hears of progress."""

    environ: Mapping[str, str]
    tell: Callable[[Progress], None]
    say: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random


class Supervisor:
    """Keeps one server; `run` does all. ``server`` is what is known of it, and written down."""

    def __init__(
        self, folder: Folder, recipe: Recipe, outside: Outside, *, port: int | None, limits: Limits
    ) -> None:
        self.folder, self.recipe, self.outside, self.limits = folder, recipe, outside, limits
        self.wanted_port = port
        self.key = write_key(folder)
        self.run_now: Run | None = None
        self.stopping, self._at_once = asyncio.Event(), asyncio.Event()
        self.served = asyncio.Event()
        """Set while the server answers."""
        self.table: dict[str, Any] = {}
        """The engine's table as it was announced last."""
        self.awaited = Awaited(folder, outside.now)
        self.swap: Swap | None = None
        self.swapping: asyncio.Task[dict[str, Any]] | None = None
        self._starts = 0
        self.server = Server(
            name=folder.name,
            model=recipe.served,
            port=port or port_for(None),
            pid=0,
            phase="starting",
            command=(),
            started=_now(),
            version=recipe.installed.version,
            planned=dict(recipe.planned),
            keeper=os.getpid(),
        )

    def stop(self) -> None:
        """Ask for the end: at first in order, at the second time at once."""
        if self.stopping.is_set():
            self._at_once.set()
            if self.run_now is not None:
                self.run_now.kill()
        self.stopping.set()

    async def run(self) -> None:
        """Keep the server until it is asked to stop.

        Raises:
            LaunchError: it could not be started, or not kept.
        """
        failures = 0
        try:
            while not self.stopping.is_set():
                began = self.outside.clock()
                error = await self._kept()
                if error is None:
                    break
                self._await_again()
                if self.run_now is not None:
                    await self.run_now.stop()
                if self._is_final(error):
                    raise error
                failures = 1 if self._was_well(began) else failures + 1
                if failures > self.limits.tries:
                    raise LaunchError(
                        error.reason,
                        f"given up after {self.limits.tries} starts in a row: {error}",
                        hint=error.hint or "",
                    )
                await self._wait(error, failures)
            await self._end_swap()
            await self._drain()
            self.note(phase="stopped", pid=0, reason="", told="", remedy="")
        except LaunchError as error:
            self._withdraw()  # before it is said to be over, should we be killed in between
            self.note(phase="failed", pid=0, **_why(error))
            raise
        finally:
            await self._end_swap()
            self._withdraw()
            if self.run_now is not None:
                await self.run_now.stop()

    def _is_final(self, error: LaunchError) -> bool:
        """Whether another start would not mend it, or nobody has yet relied on the server.

        Between choosing a free port and listening there, vLLM loads for a minute: another program
        may take the port, and then another one is tried.
        """
        if error.reason == "port_taken" and self.wanted_port is None:
            return False
        return self.server.ready == "" or error.reason in LASTING

    def say(self, message: str) -> None:
        """Tell the user, and whoever reads the log later."""
        self.outside.say(message)
        remark(self.folder.log, message)

    def note(self, **changes: Any) -> None:
        """Change what is known of the server, and write it down."""
        self.server = replace(self.server, **changes)
        with contextlib.suppress(OSError):  # a full disk must not end a server that works
            write_server(self.folder, self.server)

    def switch(self, run: Run, table: Mapping[str, Any]) -> None:
        """Send new requests to ``run``, which has proved itself: one step in the state file."""
        self.table = dict(table)
        self.awaited.over()
        announce(self.folder.base, self.folder.name, table)
        self.run_now, self.recipe = run, run.recipe
        self.note(
            model=run.recipe.served, port=run.port, command=run.command, pid=run.pid,
            planned=dict(run.recipe.planned), phase="ready", reported=run.reported,
            times=run.times, ready=_now(), version=run.reported.version,
            reason="", told="", remedy="",
        )  # fmt: skip
        self.served.set()

    def new_run(
        self, recipe: Recipe, port: int, tell: Callable[[Progress], None] | None = None
    ) -> Run:
        """A run of ``recipe`` that is not started yet; its mark tells it from all others."""
        self._starts += 1
        return Run(
            recipe,
            port,
            mark=f"{self.folder.mark}#{os.getpid()}.{self._starts}",
            log=self.folder.log,
            tell=tell or self._told,
            clock=self.outside.clock,
            linger=self.limits.linger,
        )

    async def bring_up(self, run: Run) -> dict[str, Any]:
        """Start ``run`` and prove it; gives the engine's table, which is not announced yet.

        Raises:
            LaunchError: it did not come up; nothing of it is left then.
        """
        try:
            await run.start(self.outside.environ, self.key)
            async with Probe(run.port, self.key) as probe:
                await run.until_ready(probe, self.limits.patience, self.limits.step)
            serving = run.recipe.serving
            table = engine_table(
                run.port, run.recipe.served, str(self.folder.key), serving.context,
                serving.sequences,
            )  # fmt: skip
            forms = await proved(self.folder.name, table, self.outside.environ)
        except BaseException:
            if self._at_once.is_set():
                run.kill()
            await run.stop()
            raise
        run.show(Progress(phase="ready"))
        run.well = True
        self.note(forms=forms)
        return table

    async def status(self) -> dict[str, Any]:
        """See `status_of`."""
        return await status_of(self)

    async def _kept(self) -> LaunchError | None:
        """One run from its start to its end; `None` if it ended because we are to stop."""
        run = self.run_now = self.new_run(self.recipe, self._port())
        self.note(port=run.port, command=run.command, phase="starting", pid=0)
        starting = asyncio.create_task(self.bring_up(run))
        stopping = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                starting.cancel()
                with contextlib.suppress(asyncio.CancelledError, LaunchError):
                    await starting
                return None
            self.switch(run, starting.result())
        except LaunchError as error:
            return error
        except OSError as error:
            return unwritable(error)
        finally:
            stopping.cancel()
        self.say(
            f"engine {self.folder.name} at http://127.0.0.1:{run.port}/v1 with "
            f"{run.recipe.served}, proved to hold to {', '.join(self.server.forms)}"
        )
        self.learn(run)
        return await self._watched()

    def learn(self, run: Run) -> None:
        """Say how the plan and the report of ``run`` compare, and keep what that teaches."""
        rows = compared(run.recipe.planned, run.reported)
        for line in table(rows):
            self.say(line)
        device, memory = run.recipe.device, run.recipe.memory
        if device is None or memory is None:
            return
        try:
            calibration = calibration_from(
                memory, device, run.recipe.serving, run.reported,
                model=run.recipe.served, made=_now(),
            )  # fmt: skip
            remember(self.folder.base, calibration)
        except (UsageError, OSError):
            return  # it printed nothing to learn from, or nothing can be written
        self.say(f"noted for further plans on {device.name}")

    def _port(self) -> int:
        """The port of the last start if it is still free, so that clients find the server again."""
        try:
            return port_for(self.server.port)
        except LaunchError:
            if self.wanted_port is not None:
                raise
            return port_for(None)

    async def _watched(self) -> LaunchError | None:
        """Watch the run that serves until it fails, or until we are to stop."""
        misses, tokens, moved = 0, -1, self.outside.clock()
        while not self.stopping.is_set():
            run = self.run_now
            assert run is not None
            if self.swap is not None:  # which ends servers itself
                if run.ended and self.served.is_set():
                    self.say(f"{run.recipe.served} ended during the swap; requests wait")
                    self._await_again()
                await asyncio.sleep(self.limits.step)
                continue
            if run.ended:
                return await run.why()
            healthy, load = await self._asked(run)
            if run is not self.run_now or run.ended or self.stopping.is_set():
                continue
            misses = 0 if healthy else misses + 1
            if misses >= self.limits.misses:
                return await self._hung(run, f"it did not answer {misses} times in a row")
            if healthy and (load is None or load.tokens == tokens):
                asked = why_dead(run, self.key, load, self.limits.answer, self.limits.step)
                why = await self._unless_stopping(asked, "")
                if run is not self.run_now or run.ended or self.swap is not None:
                    continue  # what is being replaced may well refuse us
                if why:
                    return await self._hung(run, why)
            now = self.outside.clock()
            if load is not None and (load.tokens != tokens or not load.metrics.running):
                tokens, moved = load.tokens, now
            if load is not None and now - moved > self.limits.stuck:
                return await self._hung(run, f"no token in {self.limits.stuck:.0f} s of work")
            await self._until_stopping(self.limits.every, run)
        return None

    async def _asked(self, run: Run) -> tuple[bool, Load | None]:
        """How ``run`` is; without an answer where we are to stop, for that must not wait."""

        async def ask() -> tuple[bool, Load | None]:
            async with Probe(run.port, self.key) as probe:
                return await probe.healthy(), await probe.load()

        return await self._unless_stopping(ask(), (False, None))

    async def _unless_stopping(self, step: Coroutine[Any, Any, Given], else_: Given) -> Given:
        """What ``step`` gives, or ``else_`` where we are to stop, for that must not wait."""
        asked = asyncio.create_task(step)
        stopping = asyncio.create_task(self.stopping.wait())
        try:
            await asyncio.wait({asked, stopping}, return_when=asyncio.FIRST_COMPLETED)
            return asked.result() if asked.done() else else_
        finally:
            asked.cancel()
            stopping.cancel()

    async def _hung(self, run: Run, why: str) -> LaunchError:
        run.kill()
        await run.stop()
        return LaunchError("crashed", f"vLLM hung: {why}", hint="rolecall up --logs")

    async def _until_stopping(self, seconds: float, run: Run | None = None) -> None:
        """Sleep, but not beyond the request to stop or the end of ``run``."""
        end = self.outside.clock() + seconds
        while self.outside.clock() < end and not (run and run.ended):
            step = min(self.limits.step, max(0.0, end - self.outside.clock()))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), step)
                return

    def _was_well(self, began: float) -> bool:
        return self.outside.clock() - began > self.limits.well

    async def _wait(self, error: LaunchError, failures: int) -> None:
        """Pause before the next start."""
        seconds = pause(failures, self.limits, self.outside.chance())
        self.note(phase="waiting", pid=0, restarts=self.server.restarts + 1, **_why(error))
        self.say(f"{error}; starting it again in {seconds:.1f} s")
        await self._until_stopping(seconds)

    async def _end_swap(self) -> None:
        """Stop a swap that is under way; after the switch, let the old server finish."""
        if self.swap is not None and self.swapping is not None:
            if not self.swap.switched:
                self.swapping.cancel()
            await asyncio.gather(self.swapping, return_exceptions=True)

    def _await_again(self) -> None:
        """Have clients wait for the server that is started again, if any had found it."""
        self.served.clear()
        if self.table:
            self.awaited.begin(self.table)

    def _withdraw(self) -> None:
        self.served.clear()
        self.awaited.over()
        with contextlib.suppress(OSError):
            announce(self.folder.base, self.folder.name, None)

    async def _drain(self) -> None:
        """Take the server out of the state file, then let it finish what is in work."""
        self._withdraw()
        run = self.run_now
        if run is None or run.ended or not run.well:
            return
        self.note(phase="draining")
        run.show(Progress(phase="draining"))
        await self.emptied(run)

    async def emptied(self, run: Run) -> bool:
        """Wait until nothing is in work at ``run``; whether that came in time."""
        end, free = self.outside.clock() + self.limits.drain, 0
        while self.outside.clock() < end and not run.ended and not self._at_once.is_set():
            load: Load | None = None
            async with Probe(run.port, self.key) as probe:
                with contextlib.suppress(TimeoutError):
                    left = end - self.outside.clock()
                    load = await asyncio.wait_for(probe.load(), max(0.0, left))
            free = free + 1 if load and not load.metrics.running + load.metrics.waiting else 0
            if free == 2:  # a client may just be between two requests
                return True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._at_once.wait(), self.limits.step)
        return False

    def _told(self, progress: Progress) -> None:
        phase: Phase = progress.phase
        if self.run_now is not None and phase != self.server.phase and phase != "ready":
            self.note(phase=phase)
        self.outside.tell(progress)


def _why(error: LaunchError) -> dict[str, str]:
    return {"reason": error.reason, "told": str(error), "remedy": error.hint or ""}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
