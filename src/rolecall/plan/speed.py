"""The roofline: postings a minute that a card can do, and what engines have been seen to reach.

For ``B`` sequences under way, each with a prompt of which some is shared, and an answer::

    memory     = (weights + B x cache of one sequence) / bandwidth        seconds a step
    arithmetic = B x operations of one token / operations a second        seconds a step
    bound      = B / max(answer x memory, B x prefill + answer x arithmetic)
    serial     = B / (B x prefill + answer x max(memory, arithmetic))

``bound`` has prompts computed while answers are read from memory, perfectly; ``serial`` has the one
wait for the other. What engines reach is that, at a share of the card's peaks, and time of the host
that no card shortens (`Reach`)::

    step     = max(memory / share, arithmetic / share) + host a step + B x host a sequence
    expected = B / (B x prefill / share + answer x step)

Its constants are fitted to runs of vLLM 0.19 to 0.30 that others have published, on five cards and
with 1 to 512 requests under way, and held against others (``docs/planning-speed.md`` lists both,
and the misses). An engine reached 44 to 88 % of ``serial`` on consumers' cards and 34 to 66 % on an
H100, whose steps are so short that the host's time weighs more.

Those runs wrote freely. Our answers are held to a grammar, whose mask costs the host
``MASK_SECONDS`` a sequence and step; the low end waits for it, the expected and the high end hide
it behind the step as long as it is shorter. Speculation is not reckoned with: it helps few
sequences and hinders many.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct, structs

from rolecall.errors import UsageError
from rolecall.models.nouns import Shape
from rolecall.plan.nouns import Device, Load, Serving, Speed
from rolecall.plan.work import (
    Rates,
    Step,
    cache_bytes,
    prefill_seconds,
    rates_of,
    stored_as,
    weight_bytes,
    write_seconds,
)


class Reach(Struct, frozen=True, kw_only=True):
    """What an engine makes of a card.

    ``memory`` and ``arithmetic`` are shares of the bandwidth and of the operations a second.
    ``step`` is seconds of the host in each step, ``sequence`` those for each sequence in it.
    """

    memory: float
    arithmetic: float
    step: float
    sequence: float


LOW: Final = Reach(memory=0.80, arithmetic=0.50, step=3.5e-3, sequence=45e-6)
USUAL: Final = Reach(memory=0.92, arithmetic=0.75, step=2.0e-3, sequence=35e-6)
HIGH: Final = Reach(memory=0.96, arithmetic=0.90, step=1.0e-3, sequence=20e-6)
"""29 of the 33 runs are within 14 % of the usual one, and all between the others; of 12 that
nothing was fitted to, 11 and all."""

ADA: Final = 89
ADA_BLOCKS: Final = (0.50, 0.75, 0.92)
"""Shares of the bandwidth of weights in blocks of 8 bits on cards of NVIDIA's Ada generation, for
which vLLM has kernels that nobody has tuned: measured 44 to 70 % on an RTX 4090."""

UNPROVED_LEAST: Final = 0.70
"""The low share of the bandwidth of cards of which no usable run was found: those of data centres
and workstations that are slower than `FAST` (L4, A10, T4, slices), and those that are not NVIDIA's
or share the processor's memory, of which a GB10 reached 65 to 80 %."""

FAST: Final = 1_500 * 10**9
"""Bytes a second of the cards of data centres whose memory is stacked (A100, H100, H200, B200)."""

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


def reaches(shape: Shape, device: Device, serving: Serving) -> tuple[Reach, Reach, Reach]:
    """What engines make of this card with this model: low, usual, high."""
    found = (LOW, USUAL, HIGH)
    how = stored_as(shape, serving)
    if how.scheme == "block" and device.capability == ADA and device.flops_8:
        low, usual, high = (
            structs.replace(one, memory=share) for one, share in zip(found, ADA_BLOCKS, strict=True)
        )
        found = (low, usual, high)
    slow = device.grade == "datacentre" and device.bandwidth < FAST
    if slow or device.grade == "other":
        least = min(found[0].memory, UNPROVED_LEAST)
        found = (structs.replace(found[0], memory=least), *found[1:])
    return found


def speed_of(
    shape: Shape,
    device: Device,
    load: Load,
    serving: Serving,
    at_once: int,
    *,
    held: bool = True,
) -> Speed:
    """Postings a minute with ``at_once`` requests under way; a posting may take several requests.

    No more than ``serving.sequences`` run together, the others wait. Whether so many fit in the KV
    cache is for the caller to know: ask for no more than do. Several ``serving.cards`` count as one
    that is so much faster; what passes between them is not reckoned with. ``held`` says that
    answers are held to a grammar.

    Raises:
        UsageError: nothing is at once, or the load is empty.
    """
    if at_once < 1:
        raise UsageError(f"{at_once} postings at once are none", hint="at least 1")
    batch = min(at_once, max(serving.sequences, 1))
    rates = rates_of(shape, device, serving)
    mean = mean_request(shape, rates, load)
    step = step_of(shape, device, serving, sequences=batch, context=mean.context)
    reading = mean.answer * step.memory
    computing = batch * mean.prefill + mean.answer * step.arithmetic
    each_minute = MINUTE * batch / mean.each
    prefill = _Prefill(shape, device, serving, mean)
    serial = each_minute / (batch * prefill.seconds(batch) + mean.answer * step.seconds)
    masks = batch * MASK_SECONDS if held else 0.0
    low, usual, high = reaches(shape, device, serving)
    steps = (
        real_step(step, low) + masks,
        max(real_step(step, usual), masks),
        max(real_step(step, high), masks),
    )
    slow, expected, fast = (
        each_minute / (batch * prefill.seconds(batch, one) + mean.answer * seconds)
        for one, seconds in zip((low, usual, high), steps, strict=True)
    )
    return Speed(
        at_once=at_once,
        bound=each_minute / max(reading, computing),
        serial=serial,
        expected=(slow, expected, fast),
        answer_tokens=expected / MINUTE * mean.each * mean.answer,
        limit="bandwidth" if reading >= computing else "arithmetic",
        first_token=prefill.seconds(1, usual) + usual.step + usual.sequence,
        stream_tokens=1 / steps[1],
    )


def real_step(step: Step, reach: Reach) -> float:
    """Seconds of a step with what an engine makes of the card, and the host's part."""
    card = max(step.memory / reach.memory, step.arithmetic / reach.arithmetic)
    return card + reach.step + reach.sequence * step.sequences


class _Prefill:
    """How long a mean prompt takes."""

    def __init__(self, shape: Shape, device: Device, serving: Serving, mean: Mean) -> None:
        self._shape, self._serving, self._mean = shape, serving, mean
        self._bandwidth = device.bandwidth * serving.cards

    def seconds(self, batch: int, reach: Reach | None = None) -> float:
        """Seconds of one prompt, where ``batch`` of them share the passes over the weights.

        A pass takes ``batched_tokens`` of prompts at most, and reads all weights once. Without a
        ``reach`` the card does what its peaks say.
        """
        pass_tokens = max(self._serving.batched_tokens, 1)
        passes = max(1 / batch, self._mean.fresh / pass_tokens)
        tokens = min(batch * self._mean.fresh, pass_tokens)
        weights = passes * weight_bytes(self._shape, self._serving, tokens) / self._bandwidth
        if reach is None:
            return max(self._mean.prefill, weights)
        return max(self._mean.prefill / reach.arithmetic, weights / reach.memory)
