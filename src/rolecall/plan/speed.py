"""The roofline: postings a minute that a card can do, and what engines have been seen to reach.

For ``B`` sequences under way, each with a prompt of which some is shared, and an answer::

    memory     = (weights + B x cache of one sequence) / bandwidth        seconds a step
    arithmetic = B x operations of one token / operations a second        seconds a step
    bound      = B / max(answer x memory, B x prefill + answer x arithmetic)
    serial     = B / (B x prefill + answer x max(memory, arithmetic))

``bound`` has prompts computed while answers are read from memory, perfectly; ``serial`` has the one
wait for the other. ``expected`` is a fraction of ``serial``, by measured runs of vLLM:

* an RTX 4090 with Qwen3-4B and Qwen3-8B reached 44 to 74 %, a 5070 Ti 75 to 79 %: `CONSUMER`;
* an H100 with Qwen3-8B-FP8 reached 34 and 53 %, as a step of 3 ms leaves the host little time:
  `DATACENTRE`, for cards whose memory is as fast;
* nobody has published such a run for the others (L4, A10, T4, workstation cards, slices of a card),
  whose steps are long: `OTHER` is set between the two, and unproved.

Those runs wrote freely. Our answers are held to a grammar, whose mask costs the host
``MASK_SECONDS`` a sequence and step; the low end waits for it, the expected and the high end hide
it behind the step as long as it is shorter. Speculation is not reckoned with: it helps few
sequences and hinders many.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.models.nouns import Shape
from rolecall.plan.nouns import Device, Load, Serving, Speed
from rolecall.plan.work import (
    Rates,
    Step,
    cache_bytes,
    prefill_seconds,
    rates_of,
    weight_bytes,
    write_seconds,
)

Fractions = tuple[float, float, float]

CONSUMER: Final[Fractions] = (0.55, 0.65, 0.75)
DATACENTRE: Final[Fractions] = (0.35, 0.45, 0.55)
OTHER: Final[Fractions] = (0.50, 0.60, 0.70)
"""Low, usual and high share of the serial bound that engines reach, by the card's grade."""

FRACTIONS: Final = {"consumer": CONSUMER, "datacentre": DATACENTRE, "other": OTHER}

MASK_SECONDS: Final = 50e-6
"""One mask of llguidance: 46 microseconds at the median of 11,306 schemas, 64 on average."""

MINUTE: Final = 60.0


class Mean(Struct, frozen=True, kw_only=True):
    """A load's mean request.

    ``answer`` is its tokens, ``context`` how long a sequence is while it writes, weighted by how
    long it does; ``fresh`` the tokens of a prompt that are not computed already, ``prefill`` the
    seconds of arithmetic for them. A posting takes ``each`` requests.
    """

    answer: float
    context: float
    fresh: float
    prefill: float
    each: float


def mean_request(shape: Shape, rates: Rates, load: Load) -> Mean:
    """The mean over the load's histogram.

    Raises:
        UsageError: the load has no request, or one of no tokens.
    """
    whole = sum(count for _, _, count in load.requests)
    if whole <= 0 or load.postings <= 0:
        raise UsageError(f"the load {load.name!r} has no request", hint="see: rolecall plan --help")
    if any(prompt < 1 or answer < 0 or count < 0 for prompt, answer, count in load.requests):
        raise UsageError(f"the load {load.name!r} has a request of no tokens")
    answers = sum(max(answer, 1) * count for _, answer, count in load.requests)
    contexts = sum(
        max(answer, 1) * count * (prompt + answer / 2) for prompt, answer, count in load.requests
    )
    fresh = sum(
        (prompt - min(load.shared, prompt - 1)) * count for prompt, _, count in load.requests
    )
    prefill = sum(
        prefill_seconds(shape, rates, prompt, load.shared) * count
        for prompt, _, count in load.requests
    )
    return Mean(
        answer=answers / whole,
        context=contexts / answers,
        fresh=fresh / whole,
        prefill=prefill / whole,
        each=whole / load.postings,
    )


def step_of(
    shape: Shape, device: Device, serving: Serving, *, sequences: int, context: float
) -> Step:
    """A step that writes one token for each of ``sequences`` of ``context`` tokens."""
    weights = weight_bytes(shape, serving, sequences)
    cache = sequences * cache_bytes(shape, serving, context)
    rates = rates_of(shape, device, serving)
    return Step(
        sequences=sequences,
        weights=weights,
        cache=cache,
        memory=(weights + cache) / (device.bandwidth * serving.cards),
        arithmetic=sequences * write_seconds(shape, rates, context),
    )


def speed_of(shape: Shape, device: Device, load: Load, serving: Serving, at_once: int) -> Speed:
    """Postings a minute with ``at_once`` requests under way; a posting may take several requests.

    No more than ``serving.sequences`` run together, the others wait. Whether so many fit in the KV
    cache is for the caller to know: ask for no more than do. Several ``serving.cards`` count as one
    that is so much faster; what passes between them is not reckoned with.

    Raises:
        UsageError: nothing is at once, or the load is empty.
    """
    if at_once < 1:
        raise UsageError(f"{at_once} postings at once are none", hint="at least 1")
    batch = min(at_once, max(serving.sequences, 1))
    rates = rates_of(shape, device, serving)
    mean = mean_request(shape, rates, load)
    step = step_of(shape, device, serving, sequences=batch, context=mean.context)
    prefill = batch * _prefill(shape, device, serving, mean, batch)
    reading = mean.answer * step.memory
    computing = batch * mean.prefill + mean.answer * step.arithmetic
    each_minute = MINUTE * batch / mean.each
    bound = each_minute / max(reading, computing)
    serial = each_minute / (prefill + mean.answer * step.seconds)
    fractions = FRACTIONS[device.grade]
    low, usual, high = (
        each_minute / (prefill / share + mean.answer * written)
        for share, written in zip(fractions, _written(step, fractions), strict=True)
    )
    alone = _prefill(shape, device, serving, mean, 1)
    return Speed(
        at_once=at_once,
        bound=bound,
        serial=min(serial, bound),
        expected=(low, usual, high),
        answer_tokens=usual / MINUTE * mean.each * mean.answer,
        limit="bandwidth" if reading >= computing else "arithmetic",
        first_token=alone / fractions[1],
        stream_tokens=1 / _written(step, fractions)[1],
    )


def _prefill(shape: Shape, device: Device, serving: Serving, mean: Mean, batch: int) -> float:
    """Seconds of one prompt, where ``batch`` of them share the passes over the weights.

    A pass takes ``batched_tokens`` of prompts at most, and reads all weights once.
    """
    pass_tokens = max(serving.batched_tokens, 1)
    passes = max(1 / batch, mean.fresh / pass_tokens)
    tokens = min(batch * mean.fresh, pass_tokens)
    weights = weight_bytes(shape, serving, tokens) / (device.bandwidth * serving.cards)
    return max(mean.prefill, passes * weights)


def _written(step: Step, fractions: Fractions) -> Fractions:
    """Seconds of a real step at each fraction, with the masks of its sequences."""
    masks = step.sequences * MASK_SECONDS
    low, usual, high = (step.seconds / share for share in fractions)
    return low + masks, max(usual, masks), max(high, masks)
