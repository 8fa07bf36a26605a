"""What one start taught about a device: the plan held against what vLLM printed."""

from __future__ import annotations

from typing import Final

from rolecall.errors import UsageError
from rolecall.plan.nouns import (
    GIB,
    MIB,
    Calibration,
    Device,
    Estimate,
    Memory,
    Reported,
    Serving,
)

BELOW: Final = GIB // 4
ABOVE: Final = GIB // 2
ABOVE_SHARED: Final = 3 * GIB // 2
"""How far a further start may come from the first: on a card that a desktop shares, more."""

LEAST: Final = 64 * MIB
"""CUDA's context alone takes more than this."""


def calibration_from(
    memory: Memory,
    device: Device,
    serving: Serving,
    reported: Reported,
    *,
    model: str,
    made: str = "",
) -> Calibration:
    """What ``reported`` says about the device, for a start that was planned as ``memory``.

    ``memory`` is the plan without any calibration.

    Raises:
        UsageError: nothing was reported that the overhead follows from.
    """
    kv = reported.kv
    if kv is None and reported.tokens is not None:
        kv = reported.tokens * memory.kv_token
        kv += memory.state * reported.tokens // serving.context
    if kv is None or serving.kv_bytes is not None:
        raise UsageError(
            "nothing can be learned from this start",
            hint="vLLM must have sized the KV cache itself and printed it",
        )
    total = reported.total if reported.total is not None else device.memory
    budget = -(-memory.budget * total // device.memory)
    weights = reported.weights if reported.weights is not None else memory.weights.expected
    return Calibration(
        device=device.name,
        model=model,
        version=serving.version,
        overhead=budget - weights - kv,
        expected=memory.overhead.expected,
        weights=weights - memory.weights.expected,
        made=made,
    )


def corrected(
    calibration: Calibration, device: Device, weights: Estimate, overhead: Estimate
) -> tuple[Estimate, Estimate]:
    """Weights and overhead, moved by what the earlier start differed, and their doubt drawn in."""
    expected = max(LEAST, overhead.expected + calibration.overhead - calibration.expected)
    above = ABOVE_SHARED if device.shared else ABOVE
    shift = max(weights.low - weights.expected, calibration.weights)
    middle = min(weights.high, weights.expected + shift)
    moved = Estimate(weights.low, middle, weights.high)
    return moved, Estimate(max(LEAST, expected - BELOW), expected, expected + above)
