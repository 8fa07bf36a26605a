"""Whether a server that says that it is well still gives tokens: its engine may have died."""

from __future__ import annotations

import asyncio
from typing import Final

from rolecall.launch.probe import Load, Probe
from rolecall.launch.server import Run

CPU_PATIENCE: Final = 8.0
"""A server on the CPU may take this many times as long to answer."""


async def why_dead(run: Run, key: str, load: Load | None, answer: float, step: float) -> str:
    """Why ``run`` is dead though it says that it is well; empty if it is not.

    It is asked for one token, and after ``step`` once more where it fails. One that has work to do,
    as its ``load`` says, may answer late; one that has none, and tells its load meanwhile, gives a
    token within ``answer`` seconds.
    """
    model = run.recipe.served
    seconds = answer * (CPU_PATIENCE if run.recipe.device is None else 1.0)
    async with Probe(run.port, key) as probe:
        said = await probe.answers(model, seconds)
        if said == "no":
            await asyncio.sleep(step)
            said = await probe.answers(model, seconds)
            failed = said == "no" and not run.ended
            return "it says that it is well, and fails requests" if failed else ""
        if said == "yes" or load is None or load.metrics.running + load.metrics.waiting:
            return ""
        after = await probe.load()
    silent = after is not None and after.tokens == load.tokens
    return f"no token in {seconds:.0f} s, with nothing else to do" if silent else ""
