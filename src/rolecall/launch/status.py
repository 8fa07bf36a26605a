"""All that is known of a kept server, for those who ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from rolecall.launch.compare import compared
from rolecall.launch.probe import Probe

if TYPE_CHECKING:
    from rolecall.launch.supervise import Supervisor


async def status_of(supervisor: Supervisor) -> dict[str, Any]:
    """What is known of the server now, with its load where it answers, and of a swap."""
    found: dict[str, Any] = to_builtins(supervisor.server)
    found["swap"] = supervisor.swap.status() if supervisor.swap is not None else None
    found["budget"] = (
        supervisor.recipe.memory.budget if supervisor.recipe.memory is not None else None
    )
    run = supervisor.run_now
    if run is not None:
        rows = compared(run.recipe.planned, run.reported) if run.well else ()
        found["compared"] = to_builtins(rows)
        found |= {"progress": to_builtins(run.progress), "pid": run.pid, "times": run.times}
        if run.well and not run.ended:
            async with Probe(run.port, supervisor.key) as probe:
                load = await probe.load()
            found["load"] = to_builtins(load.metrics) if load else None
    return found
