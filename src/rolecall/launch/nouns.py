"""The nouns of running a server: how far a start is, why it failed, and what runs."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from rolecall.plan.nouns import Reported

Phase = Literal[
    "starting", "downloading", "loading", "compiling", "profiling", "capturing", "proving", "ready",
    "draining", "stopped", "waiting", "failed",
]  # fmt: skip
"""How far a server is; ``waiting`` is the pause before it is started again."""

Reason = Literal[
    "no_vllm", "no_memory", "no_model", "no_access", "no_room", "bad_driver", "port_taken",
    "bad_flag", "unsupported", "not_proved", "timeout", "crashed",
]  # fmt: skip
"""Why a start failed; each has its own remedy."""


class Progress(Struct, frozen=True, kw_only=True):
    """How far a start is: ``share`` of the phase from 0 to 1, where it is known."""

    phase: Phase
    told: str = ""
    share: float | None = None
    seconds: float = 0.0


class Server(Struct, frozen=True, kw_only=True):
    """One server that ``rolecall up`` keeps, as it is written down.

    ``name`` is its engine's name in the state file. ``planned`` and ``reported`` are figures for
    people and programs: what the plan had said and what vLLM then printed. ``times`` are seconds by
    phase of the last start, ``restarts`` how often it was started again. ``told`` is the message
    that goes with ``reason``. ``keeper`` is the process that keeps it, ``ready`` since when it has
    answered, ``forms`` what it was proved to hold to.
    """

    name: str
    model: str
    port: int
    pid: int
    phase: Phase
    command: tuple[str, ...]
    started: str
    version: str = ""
    planned: dict[str, Any] = {}
    reported: Reported | None = None
    times: dict[str, float] = {}
    restarts: int = 0
    reason: str = ""
    told: str = ""
    remedy: str = ""
    keeper: int = 0
    ready: str = ""
    forms: tuple[str, ...] = ()
