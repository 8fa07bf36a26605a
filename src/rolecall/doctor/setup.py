"""What is left of the set-up, step by step, against the two hours of the decision record."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from rolecall.doctor.nouns import Finding, Step, finding
from rolecall.launch.where import Installed
from rolecall.plan.sizes import gib
from rolecall.table import aligned

MOST_SECONDS: Final = 2 * 3_600.0
"""NFR-3 of the decision record."""
MBIT: Final = 50.0
"""Megabits a second of a line that is not stated."""
INSTALL_BYTES: Final = 9 * 10**9
"""What vLLM with its CUDA libraries takes on the disk: more than is fetched, for it is packed."""
UNPACK_SECONDS: Final = 180.0
DISK_RATE: Final = 500 * 10**6
"""Bytes a second at which weights are loaded from a slow solid-state disk."""
COMPILE_SECONDS: Final = 240.0
"""Start of the processes, compiling and CUDA graphs, on the slow side; later starts take less."""
BESIDE: Final = frozenset({"ready", "draining", "waiting", "stopped", "downloading"})
"""Phases of a recorded start that are no part of loading and compiling."""


class Situation(Struct, frozen=True, kw_only=True):
    """What is there of ``model``: bytes to fetch and of its weights, the vLLM, whether a server has
    it already, and the seconds by phase of its last start."""

    model: str
    to_fetch: int
    weights: int
    installed: Installed | None
    served: bool = False
    times: dict[str, float] = {}
    mbit: float = MBIT


def steps_of(now: Situation) -> tuple[Step, ...]:
    """The steps with what each will still take."""
    rate = now.mbit * 1e6 / 8
    line = f"at {now.mbit:g} Mbit/s"
    steps = [Step(name="Rolecall", seconds=0.0, done=True, basis="installed")]
    if now.installed is not None or now.served:
        slow = now.installed is not None and now.installed.cpu and not now.served
        basis = "installed, but for the CPU: slow, and not for every model" if slow else "installed"
        steps.append(Step(name="vLLM", seconds=0.0, done=True, basis=basis))
    else:
        seconds = INSTALL_BYTES / rate + UNPACK_SECONDS
        basis = f"at most {INSTALL_BYTES / 1e9:.0f} GB {line}, and unpacking"
        steps.append(Step(name="vLLM", seconds=seconds, done=False, basis=basis))
    if now.to_fetch and not now.served:
        basis = f"{now.to_fetch / 1e9:.1f} GB {line}"
        steps.append(Step(name="the model", seconds=now.to_fetch / rate, done=False, basis=basis))
    else:
        steps.append(Step(name="the model", seconds=0.0, done=True, basis="on disk"))
    steps.append(_start(now))
    return tuple(steps)


def _start(now: Situation) -> Step:
    name = "load and compile"
    if now.served:
        return Step(name=name, seconds=0.0, done=True, basis="it is running")
    if now.times:
        seconds = sum(value for phase, value in now.times.items() if phase not in BESIDE)
        return Step(name=name, seconds=seconds, done=False, basis="as its last start took")
    seconds = now.weights / DISK_RATE + COMPILE_SECONDS
    basis = f"{gib(now.weights)} from a slow disk, and {COMPILE_SECONDS:.0f} s: assumed"
    return Step(name=name, seconds=seconds, done=False, basis=basis)


def setup_finding(model: str, steps: tuple[Step, ...]) -> Finding:
    """The table with its total, held to two hours."""
    total = sum(one.seconds for one in steps)
    rows = [(one.name, "done" if one.done else minutes(one.seconds), one.basis) for one in steps]
    drawn = aligned(
        *rows, ("in all", minutes(total), "the decision record allows 2 hours"), worded=True
    )
    told = f"{minutes(total)} are left until {model} answers"
    told += "".join(f"\n      {line}" for line in drawn.rstrip("\n").split("\n"))
    remedy = ""
    if total >= MOST_SECONDS:
        remedy = "a faster line (--mbit N, if yours is), or a smaller model: rolecall models list"
    return finding(
        "set-up", "note" if remedy else "ok", told, remedy, model=model, seconds=round(total, 1),
        steps={one.name: round(one.seconds, 1) for one in steps},
    )  # fmt: skip


def minutes(seconds: float) -> str:
    """A time in words: seconds below two minutes, else minutes."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
