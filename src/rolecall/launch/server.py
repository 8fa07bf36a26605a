"""One run of vLLM: started under the guard, followed through its log, asked until it answers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import sys
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Final

from rolecall.launch import guard
from rolecall.launch.failures import LaunchError, why_ended
from rolecall.launch.log import Lines, later, progress_of, reported
from rolecall.launch.nouns import Phase, Progress
from rolecall.launch.probe import Probe
from rolecall.launch.recipe import SHUTDOWN_SECONDS, Recipe, command_of, environment_of
from rolecall.plan.nouns import Reported

GRACE_SECONDS: Final = SHUTDOWN_SECONDS + 15
"""What vLLM has to end when asked, before it is killed with all that it started."""
LAST_LINES: Final = 800
LOG_BYTES: Final = 20_000_000
"""A log that grows beyond this is set aside once (``.1``), and a new one begun."""


class Log:
    """A log file for the user alone, kept to twice `LOG_BYTES` with the one before it."""

    def __init__(self, path: Path) -> None:
        self.path, self._size = path, 0
        self._file: BinaryIO | None = None
        with contextlib.suppress(OSError):
            self._file = self._opened()

    def _opened(self) -> BinaryIO:
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        file = os.fdopen(descriptor, "ab", buffering=0)
        self._size = file.tell()
        return file

    def write(self, data: bytes) -> None:
        """Append; a full disk must not stop the server, so what cannot be written is lost."""
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            if self._size > LOG_BYTES:
                self.path.replace(self.path.with_name(self.path.name + ".1"))
                full, self._file = self._file, self._opened()
                full.close()
            self._file.write(data)
            self._size += len(data)

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


def remark(path: Path, message: str) -> None:
    """Append a line of our own to a log, open elsewhere or not; lost where it cannot be written."""
    log = Log(path)
    log.write(f"--- rolecall: {message}\n".encode("utf-8", "replace"))
    log.close()


class Run:
    """One run of vLLM, from its start to its end.

    ``tell`` hears of each `Progress`; ``times`` are the seconds that each phase took; ``linger``
    are those for which processes may outlive it whose end we cannot bring about.
    """

    def __init__(
        self,
        recipe: Recipe,
        port: int,
        *,
        mark: str,
        log: Path,
        tell: Callable[[Progress], None],
        clock: Callable[[], float],
        linger: float,
    ) -> None:
        self.recipe, self.port = recipe, port
        self.command = command_of(recipe, port)
        self.reported = Reported(version=recipe.installed.version)
        self.progress = Progress(phase="starting")
        self.times: dict[str, float] = {}
        self.mark, self.linger, self.well = mark, linger, False
        self._tell, self._clock = tell, clock
        self._log, self._tail = Log(log), deque[str](maxlen=LAST_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._following: asyncio.Task[None] | None = None
        self._began = self._phase_began = self._heard = clock()

    async def start(self, environ: Mapping[str, str], key: str) -> None:
        """Start the process; raises `LaunchError` if that cannot be done."""
        words = [sys.executable, "-I", guard.__file__, str(GRACE_SECONDS), *self.command]
        remark(self._log.path, f"starts {shlex.join(self.command)}")
        creating = asyncio.create_task(
            asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=environment_of(self.recipe, environ, key, self.mark),
                start_new_session=True,  # a Ctrl-C reaches us alone: we ask it to end, in order
            )
        )
        try:
            await asyncio.shield(creating)
        except OSError as error:
            raise LaunchError("no_vllm", f"vLLM cannot be started: {error}") from error
        except asyncio.CancelledError:
            # Cancelled half-way, asyncio would kill the guard, which may just be starting vLLM.
            await asyncio.wait({creating})
            if creating.exception() is None:
                self._started(creating.result())
            raise
        self._started(creating.result())
        self._tell(self.progress)

    def _started(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._following = asyncio.create_task(self._follow())

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process is None or self._process.returncode is not None

    @property
    def pid(self) -> int:
        """The process of vLLM itself, or 0."""
        if self._process is None:
            return 0
        below = guard.descendants(self._process.pid)
        return below[0] if below else 0

    async def until_ready(self, probe: Probe, patience: float, step: float) -> None:
        """Wait until the server answers us under its model's name, looking every ``step`` seconds.

        Raises:
            LaunchError: it ended, or printed nothing for ``patience`` seconds.
        """
        while not await self._answered(probe, patience, step):
            await asyncio.sleep(step)
        self.show(Progress(phase="proving"))

    async def _answered(self, probe: Probe, patience: float, step: float) -> bool:
        """Ask once, and give up with the process: a stranger at the port may never answer."""
        asked = asyncio.create_task(self._is_ours(probe))
        try:
            while not asked.done():
                if self.ended:
                    raise await self.why()
                if self._clock() - self._heard > patience:
                    raise LaunchError(
                        "timeout",
                        f"vLLM printed nothing for {patience:.0f} s while {self.progress.phase}",
                        hint="rolecall up --logs shows its last lines; --patience SECONDS waits "
                        "longer",
                    )
                self._tell(self.progress)  # so that seconds are seen to pass
                await asyncio.wait({asked}, timeout=step)
            return asked.result()
        finally:
            asked.cancel()

    async def _is_ours(self, probe: Probe) -> bool:
        return await probe.healthy() and await probe.serves(self.recipe.served)

    def show(self, progress: Progress) -> None:
        """Go on to ``progress`` and tell of it; the phase before it gets its seconds."""
        now = self._clock()
        if progress.phase != self.progress.phase:
            self._took(self.progress.phase, now)
        self.progress = Progress(
            phase=progress.phase,
            told=progress.told,
            share=progress.share,
            seconds=now - self._began,
        )
        self._tell(self.progress)

    def _took(self, phase: Phase, now: float) -> None:
        self.times[phase] = round(self.times.get(phase, 0.0) + now - self._phase_began, 3)
        self._phase_began = now

    async def why(self) -> LaunchError:
        """Why the process ended, from its status and its last lines."""
        status = await self._settled()
        return why_ended(status, list(self._tail))

    async def stop(self) -> None:
        """Ask it to end, and see that nothing of it is left."""
        if self._process is None:
            self._log.close()
            return
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._settled()
        self._log.close()

    def kill(self) -> None:
        """End it at once, without a last word."""
        guard.sweep(self.mark)

    async def _settled(self) -> int:
        """Wait for the end; what a killed guard left behind is killed too."""
        assert self._process is not None
        status = await self._process.wait()
        await asyncio.to_thread(guard.sweep, self.mark)
        if self._following is not None:
            await asyncio.wait({self._following}, timeout=self.linger)
            if not self._following.done():  # somebody without our mark holds its output open
                self._following.cancel()
                remark(self._log.path, "something that it started does not end")
        return status if status >= 0 else 128 - status

    async def _follow(self) -> None:
        """Write down and read what is printed, until nobody can print any more."""
        assert self._process is not None
        assert self._process.stdout is not None
        lines = Lines()
        while data := await self._process.stdout.read(65_536):
            self._log.write(data)
            self._heard = self._clock()
            self._read(lines.feed(data))
        self._read(lines.end())

    def _read(self, lines: list[str]) -> None:
        self._tail.extend(lines)
        if self.well:
            return
        self.reported = reported(lines, self.reported)
        for line in lines:
            found = progress_of(line)
            if found is None or self.progress.phase in ("proving", "ready"):
                continue
            if found.phase == self.progress.phase or later(found.phase, self.progress.phase):
                self.show(found)
