"""Where the memory of a card goes: the identity that vLLM computes, with its doubts.

::

    budget = ceil(total memory x gpu_memory_utilization)
    KV     = budget - weights - activations - graphs - other
    tokens = KV / bytes of a token, in whole blocks

``budget`` counts the card's total and not what is free; see ``v1/worker/gpu_worker.py`` of vLLM.
"""

from __future__ import annotations

import math
from typing import Final

from rolecall.errors import UsageError
from rolecall.models.nouns import Shape
from rolecall.models.weights import rotary_bytes, weights_of
from rolecall.plan.calibration import corrected
from rolecall.plan.keyvalues import BLOCK, as_kept, block_bytes, state_bytes, token_bytes
from rolecall.plan.nouns import Calibration, Device, Estimate, Memory, Serving, exactly
from rolecall.plan.overhead import activation_bytes, dealt, graph_bytes, overhead_of

SPECULATION: Final = 0.75
"""What speculation from the prompt leaves of the cache: 76,112 tokens became 56,832 (vLLM 0.28)."""

LARGEST_CONTEXT: Final = 16 * 1024**2
MOST_SEQUENCES: Final = 1024**2


def memory_of(
    shape: Shape, device: Device, serving: Serving, calibration: Calibration | None = None
) -> Memory:
    """Where the memory of one card goes when ``shape`` is served so on ``device``.

    ``calibration`` is of an earlier start on the same device; it moves the expected overhead and
    draws the interval in.

    Raises:
        UsageError: a figure that cannot be, such as a context of no tokens.
    """
    check(serving)
    budget = math.ceil(device.memory * serving.utilisation)
    low, expected, high = weights_of(
        shape, cards=serving.cards, quantise=serving.quantise, text_only=serving.text_only
    )
    weights = Estimate(low, expected, high)
    overhead = overhead_of(shape, device, serving)
    if calibration is not None:
        weights, overhead = corrected(calibration, device, weights, overhead)
    activation, graphs, other = dealt(
        overhead, activation_bytes(shape, device, serving), graph_bytes(serving)
    )
    taken = weights + overhead
    left = Estimate(budget - taken.high, budget - taken.expected, budget - taken.low)
    if serving.ngram:
        ends = (left.low, left.expected, left.high)
        left = Estimate(*(int(one * SPECULATION) if one > 0 else one for one in ends))
    if serving.kv_bytes is not None:
        left = exactly(serving.kv_bytes)
    shape = as_kept(shape, device)
    per_token, state = token_bytes(shape, serving), state_bytes(shape, serving)
    block = block_bytes(shape, serving)
    return Memory(
        budget=budget,
        weights=weights,
        rotary=rotary_bytes(shape),
        activation=activation,
        graphs=graphs,
        other=other,
        kv=left,
        kv_token=per_token,
        state=state,
        tokens=Estimate(
            *(
                tokens_in(one // block * block, per_token, state, serving.context)
                for one in (left.low, left.expected, left.high)
            )
        ),
        calibrated=calibration is not None,
    )


def tokens_in(kv: int, per_token: int, state: int, context: int) -> int:
    """Tokens in a cache of ``kv`` bytes, as vLLM prints them: whole blocks, never less than none.

    Where a sequence has a state as well, the count is for sequences that fill the context.
    """
    if kv <= 0:
        return 0
    if state:
        return int(kv * context // (per_token * context + state))
    return kv // (per_token * BLOCK) * BLOCK


def check(serving: Serving) -> None:
    """Refuse figures that cannot be.

    Raises:
        UsageError: names the figure.
    """
    whole = (
        ("context", serving.context, LARGEST_CONTEXT),
        ("number of sequences", serving.sequences, MOST_SEQUENCES),
        ("number of batched tokens", serving.batched_tokens, LARGEST_CONTEXT),
        ("number of cards", serving.cards, 1024),
    )
    for name, value, most in whole:
        if not 1 <= value <= most:
            raise UsageError(f"the {name} is from 1 to {most:,}, not {value:,}")
    if not 0 < serving.utilisation <= 1:  # also refuses what is no number
        raise UsageError(
            f"the share of memory is above 0 and at most 1, not {serving.utilisation}",
            hint="0.9 leaves a tenth of the card free",
        )
    if serving.kv_bytes is not None and serving.kv_bytes < 1:
        raise UsageError("a KV cache has at least one byte")
