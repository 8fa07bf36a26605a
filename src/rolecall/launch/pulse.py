"""Whether a server that says that it is well still gives tokens: its engine may have died."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import Final

from rolecall.launch.guard import descendants
from rolecall.launch.probe import Load, Probe
from rolecall.launch.server import Run

CPU_PATIENCE: Final = 8.0
"""A server on the CPU may take this many times as long to answer."""
ASKED: Final = 2
"""Times that a server is asked before it counts as silent: a machine may have been frozen."""
BUSY: Final = 0.2
"""Share of one core: a server whose processes take more is at work on something, be it a first long
page, or a kernel or a grammar that it compiles, before its counts say so."""
BUSY_PATIENCE: Final = 8.0
"""One that is at work may take this many times as long to answer."""


async def why_dead(run: Run, key: str, load: Load | None, answer: float, step: float) -> str:
    """Why ``run`` is dead though it says that it is well; empty if it is not.

    It is asked for one token, and after ``step`` once more where it fails. One that has work to do,
    as its ``load`` says, may answer late; one that has none, and tells its load meanwhile, gives a
    token within ``answer`` seconds, or several times that while its processes are at work. Whoever
    has given others tokens meanwhile, or begun on their requests, is alive whatever we were told.
    """
    model = run.recipe.served
    seconds = answer * (CPU_PATIENCE if run.recipe.device is None else 1.0)
    waited = 0.0
    async with Probe(run.port, key) as probe:
        while waited < seconds * BUSY_PATIENCE:
            before = cpu_seconds(run.pid)
            said = await probe.answers(model, seconds / ASKED)
            if said == "no":
                await asyncio.sleep(step)
                said = await probe.answers(model, seconds)
                if said != "no" or run.ended:
                    return ""
                alive = load is not None and _moved(load, await probe.load())
                return "" if alive else "it says that it is well, and fails requests"
            if said == "yes" or load is None or load.metrics.running + load.metrics.waiting:
                return ""
            waited += seconds / ASKED
            after = await probe.load()
            if after is None or _moved(load, after):
                return ""
            busy = cpu_seconds(run.pid) - before > BUSY * seconds / ASKED
            if waited >= seconds and not busy:
                break
    return f"no token in {waited:.0f} s, with nothing else to do"


def _moved(before: Load, after: Load | None) -> bool:
    """Whether the engine has told anything new of itself; a dead one does not."""
    if after is None:
        return False
    doing = [one.metrics.running + one.metrics.waiting for one in (before, after)]
    return after.tokens != before.tokens or doing[0] != doing[1]


def cpu_seconds(root: int) -> float:
    """What ``root`` and all processes below it have taken of the processor; 0 where none knows."""
    ticks = 0
    for one in (root, *descendants(root)) if root else ():
        with contextlib.suppress(OSError, ValueError, IndexError):
            # The 14th and 15th word; the second may have spaces in it.
            words = Path(f"/proc/{one}/stat").read_text("utf-8").rpartition(")")[2].split()
            ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")
