"""From a plan to what is started: the recipe of a model on a card, or on the CPU."""

from __future__ import annotations

from typing import Final

from rolecall.launch.compare import planned_of, planned_on_cpu
from rolecall.launch.failures import LaunchError
from rolecall.launch.recipe import CPU_KV_BYTES, CPU_SEQUENCES, Recipe, cpu_flags
from rolecall.launch.where import Installed
from rolecall.models.nouns import Shape
from rolecall.plan.memory import memory_of
from rolecall.plan.nouns import Plan, Serving
from rolecall.plan.sizes import gib
from rolecall.plan.wanted import CONTEXT, Wanted, check_wanted

SETTLED: Final = frozenset({"--host", "--port", "--served-model-name", "--shutdown-timeout"})
"""Flags of a plan's command that are set anew, each with one value."""


def on_card(plan: Plan, model: str, served: str, installed: Installed) -> Recipe:
    """The recipe of a plan that fits.

    ``model`` is what vLLM is told, ``served`` the name by which requests ask for it.

    Raises:
        LaunchError: ``unsupported``: vLLM would not start it on this card, whatever the memory;
            ``no_memory``: it does not fit; the hint says what would make it fit.
    """
    if plan.refused:
        raise LaunchError("unsupported", "; ".join(plan.refused), hint="rolecall plan says more")
    if not plan.fits:
        enough = [one.change for one in plan.remedies if one.enough]
        raise LaunchError(
            "no_memory",
            f"{plan.shape.name} does not fit {plan.device.name}: {gib(plan.short)} are missing",
            hint="; or ".join(enough[:3]) or "rolecall plan says what would help, and how much",
        )
    return Recipe(
        model=model,
        served=served,
        installed=installed,
        serving=plan.serving,
        flags=flags_of(plan),
        environment=plan.environment,
        planned=planned_of(plan.memory),
        device=plan.device,
        # What a start teaches is the difference to a plan that knows nothing of earlier starts.
        memory=memory_of(plan.shape, plan.device, plan.serving),
    )


def flags_of(plan: Plan) -> tuple[str, ...]:
    """The flags of a plan's command but those of the address, the name and the end."""
    words, found = iter(plan.command[3:]), []
    for word in words:
        if word in SETTLED:
            next(words, None)
        else:
            found.append(word)
    return tuple(found)


def on_cpu(
    shape: Shape | None, wanted: Wanted, model: str, served: str, installed: Installed
) -> Recipe:
    """The recipe of a start on the CPU; without a ``shape`` nothing is planned of it.

    A cache of `CPU_KV_BYTES` unless another is wanted: there is no card whose memory is shared out.

    Raises:
        UsageError: wishes that make no sense.
    """
    check_wanted(wanted)
    longest = CONTEXT if shape is None else min(CONTEXT, shape.context)
    serving = Serving(
        version=wanted.version,
        kv_dtype=wanted.kv_dtype or "auto",
        context=wanted.context or longest,
        sequences=wanted.sequences or CPU_SEQUENCES,
        kv_bytes=wanted.kv_bytes or CPU_KV_BYTES,
        eager=True,
    )
    flags, environment = cpu_flags(serving)
    return Recipe(
        model=model,
        served=served,
        installed=installed,
        serving=serving,
        flags=flags,
        environment=environment,
        planned={} if shape is None else planned_on_cpu(shape, serving),
    )
