"""How a model is served as it is wanted, what memory that takes, and what of it is lacking."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from rolecall.errors import UsageError
from rolecall.models.nouns import Shape
from rolecall.plan.command import ADA, AMPERE, FLAGS, spelled
from rolecall.plan.kernels import refusals
from rolecall.plan.keyvalues import BLOCK, block_bytes, paged, sequence_bytes, token_bytes
from rolecall.plan.memory import memory_of
from rolecall.plan.nouns import GIB, MIB, Calibration, Device, Estimate, Load, Memory, Serving
from rolecall.plan.sizes import gib
from rolecall.plan.wanted import CONTEXT, MODES, Wanted, check_wanted

STEPS: Final = 10_000
"""``gpu_memory_utilization`` is given in ten-thousandths."""

OWN_CONTEXT: Final = 512 * MIB
"""vLLM looks at what is free when its own CUDA context is there already."""

DESKTOP: Final = GIB
"""What a desktop takes of a card that it shares, where nothing was read."""

LEAST_CONTEXT: Final = 4_096
CONTEXT_STEP: Final = 256
"""A context that nobody asked for is shortened in these steps, and not below the least."""

ANY_BATCH: Final = (0, 32)
"""From this version on a batch may be smaller than a block; earlier ones stop with ``In Mamba cache
align mode, block_size must be <= max_num_batched_tokens``, or hang."""

GRAIN: Final = 8
"""Sequences are counted in steps that CUDA graphs are captured for."""


class Reckoned(Struct, frozen=True, kw_only=True):
    """A plan before anything is said about it.

    ``asked`` is the context that was asked for, which the server's may be less than. ``length`` is
    the tokens of a usual posting, prompt and answer. ``lacks`` is how many bytes are lacking,
    negative where some are left over. ``refused`` says why vLLM would not start it whatever the
    memory.
    """

    asked: int

    serving: Serving
    memory: Memory
    length: int
    at_once: Estimate
    lacks: int
    refused: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether vLLM starts, and holds the postings that it must hold."""
        return self.lacks <= 0 and not self.refused


def reckon(
    shape: Shape, device: Device, load: Load, wanted: Wanted, calibration: Calibration | None
) -> Reckoned:
    """Reckon ``shape`` on ``device``. Raises `UsageError` for wishes that make no sense.

    It fits when the low end of the KV cache holds one sequence of the whole context, for else vLLM
    refuses to start, and its expected end the postings that are wanted at once.
    """
    check_wanted(wanted)
    _check_shape(shape, wanted)
    most = ceiling(device, wanted)
    sequences = wanted.sequences or wanted.at_once or _usual_sequences(wanted)
    asked = wanted.context or min(CONTEXT, shape.context)
    serving = Serving(
        version=wanted.version,
        kv_dtype=wanted.kv_dtype or ("fp8" if device.capability >= ADA else "auto"),
        quantise=wanted.quantise,
        context=asked,
        sequences=sequences,
        batched_tokens=wanted.batched_tokens or max(sequences, usual_batch(device, wanted)),
        utilisation=_told(wanted, most, device),
        kv_bytes=wanted.kv_bytes,
        eager=wanted.eager,
        text_only=wanted.text_only and shape.encoder_params > 0,
        ngram=wanted.ngram,
        cards=wanted.cards,
    )
    _check_serving(serving, device, wanted)
    serving = _batched(shape, device, serving, wanted)
    memory = memory_of(shape, device, serving, calibration)
    if wanted.context is None and (context := _held(shape, serving, memory)) < asked:
        serving = replace(serving, context=context)
        memory = memory_of(shape, device, serving, calibration)
    length = usual_length(load, asked)
    at_once = postings_at_once(shape, load, serving, memory.kv, length)
    lacks = sequence_bytes(shape, serving, serving.context) - memory.kv.low
    if wanted.kv_bytes is not None:  # the cache is as large as it is told: does the rest fit?
        lacks = max(lacks, memory.weights.high + memory.overhead.high + wanted.kv_bytes - most)
    if wanted.at_once is not None:
        held = bytes_of_postings(shape, load, serving, length, wanted.at_once)
        lacks = max(lacks, held - memory.kv.expected)
    if wanted.sequences is None and wanted.at_once is None:
        # More than the cache ever holds would only be put out of it again. The memory is that of
        # the mode's number all the same, so that a larger cap can never come out as less.
        most_held = min(sequences, _in_grains(at_once.high), _states_held(shape, serving, memory))
        serving = replace(serving, sequences=most_held)
    elif _captures_states(shape, serving):
        lacks = max(lacks, sequences * block_bytes(shape, serving) - memory.kv.low)
    return Reckoned(
        asked=asked, serving=serving, memory=memory, length=length, at_once=at_once, lacks=lacks,
        refused=refusals(shape, device, serving),
    )  # fmt: skip


def _usual_sequences(wanted: Wanted) -> int:
    """The mode's number of sequences; vLLM wants no more of them than batched tokens."""
    usual = MODES[wanted.chosen].sequences
    return min(usual, wanted.batched_tokens or usual)


def ceiling(device: Device, wanted: Wanted) -> int:
    """The most bytes of one card that vLLM may take: the mode's share, the cap, and what is free.

    Raises `UsageError` where nothing is free.
    """
    share = (
        wanted.utilisation if wanted.utilisation is not None else MODES[wanted.chosen].utilisation
    )
    most = math.ceil(device.memory * share)
    if not wanted.exact or wanted.utilisation is None:
        most = min(most, room(device))
    elif device.free is not None and most > room(device):
        raise UsageError(
            f"vLLM would refuse to start: {share:g} of {device.name} is {gib(most)}, and"
            f" {gib(room(device))} of it can be had",
            hint="without --gpu-memory-utilization the plan takes what is free",
        )
    if wanted.most is not None:
        most = min(most, wanted.most)
    if most < -(-device.memory // STEPS):
        raise UsageError(
            f"{gib(max(0, most))} of {device.name} is nothing to serve a model in",
            hint="see what takes its memory: nvidia-smi" if device.free is not None else None,
        )
    return most


def room(device: Device) -> int:
    """What is free on a card for vLLM to ask for, at the low end."""
    if device.free is not None:
        return max(0, device.free - OWN_CONTEXT)
    return device.memory - OWN_CONTEXT - (DESKTOP if device.shared else 0)


def share_within(most: int, device: Device) -> float:
    """The largest ``gpu_memory_utilization`` with which vLLM asks for at most ``most`` bytes."""
    steps = min(STEPS, most * STEPS // device.memory)
    while steps > 1 and math.ceil(device.memory * (steps / STEPS)) > most:
        steps -= 1
    return steps / STEPS


def _told(wanted: Wanted, most: int, device: Device) -> float:
    """The ``gpu_memory_utilization`` that vLLM is told."""
    if wanted.exact and wanted.utilisation is not None and wanted.most is None:
        return wanted.utilisation
    return share_within(most, device)


def usual_batch(device: Device, wanted: Wanted) -> int:
    """``max_num_batched_tokens`` as vLLM's server has it for such a card; under a cap the least."""
    if wanted.chosen == "capped" or device.memory < 70 * GIB:
        return 2_048
    if device.memory >= 160 * GIB:
        return 16_384
    return 2_048 if "a100" in device.name.lower() else 8_192


def _whole(device: Device, wanted: Wanted) -> bool:
    """Whether a prompt is worked on as a whole, so that a batch must hold the longest: in the first
    generation of vLLM, which later versions still used on cards below Ampere.
    """
    return wanted.version < (0, 8) or (wanted.version < (0, 11) and 0 < device.capability < AMPERE)


def _batched(shape: Shape, device: Device, serving: Serving, wanted: Wanted) -> Serving:
    """``serving`` with batches no smaller than this model wants in this version.

    Raises `UsageError` where smaller ones were asked for.
    """
    version, asked = spelled(serving.version), serving.context
    least, why = 0, ""
    if _whole(device, wanted):
        least = asked
        why = f"vLLM {version} works on prompts as a whole there, and the context is {asked:,}"
    elif (pages := paged(shape, serving)) is not None:
        least = pages.tokens
        why = f"a block of {shape.name} is {least:,} tokens, which vLLM {version} works on at once"
    if wanted.batched_tokens is None:
        return replace(serving, batched_tokens=max(serving.batched_tokens, least))
    if serving.batched_tokens < least and serving.version < ANY_BATCH:
        raise UsageError(
            f"{why}: {serving.batched_tokens:,} batched tokens are too few",
            hint=f"--batched-tokens {least}, or a newer version",
        )
    return serving


def usual_length(load: Load, context: int) -> int:
    """Tokens of a posting in work, prompt and answer, as one met at any moment is.

    Those that write long answers are met more often. Postings that the context cannot hold are not
    sent. Raises `UsageError` for a load without requests.
    """
    if not load.requests or any(min(one) < 0 for one in load.requests):
        raise UsageError(f"the load {load.name!r} holds no postings")
    held = [one for one in load.requests if one[0] + one[1] <= context] or [(context, 0, 1)]
    weights = [(prompt + answer, max(1, answer) * count) for prompt, answer, count in held]
    whole = sum(weight for _, weight in weights)
    if not whole:
        raise UsageError(f"the load {load.name!r} holds no postings")
    return max(1, -(-sum(tokens * weight for tokens, weight in weights) // whole))


def postings_at_once(
    shape: Shape, load: Load, serving: Serving, kv: Estimate, length: int
) -> Estimate:
    """How many postings of ``length`` tokens a KV cache holds."""
    first, own = _posting_bytes(shape, load, serving, length)
    return Estimate(*(max(0, one - first) // own for one in (kv.low, kv.expected, kv.high)))


def bytes_of_postings(shape: Shape, load: Load, serving: Serving, length: int, count: int) -> int:
    """Bytes of the KV cache that ``count`` postings of ``length`` tokens take."""
    first, own = _posting_bytes(shape, load, serving, length)
    return first + count * own


def _posting_bytes(shape: Shape, load: Load, serving: Serving, length: int) -> tuple[int, int]:
    """What all postings share, and what each has for itself.

    Whole blocks of the same first tokens are kept once, where every layer keeps the whole context.
    """
    whole = sequence_bytes(shape, serving, length)
    if shape.attention.window or shape.attention.state:
        return 0, max(1, whole)
    blocks = min(load.shared, length - 1) // BLOCK
    shared = blocks * BLOCK * token_bytes(shape, serving)
    return shared, max(1, whole - shared)


def _held(shape: Shape, serving: Serving, memory: Memory) -> int:
    """The longest context whose sequence the low end of the cache holds, within reason."""
    for context in range(serving.context, LEAST_CONTEXT - 1, -CONTEXT_STEP):
        if sequence_bytes(shape, serving, context) <= memory.kv.low:
            return context
    return serving.context


def _captures_states(shape: Shape, serving: Serving) -> bool:
    """Whether vLLM refuses to start with more sequences than blocks: each graph of so many
    sequences wants as many states (``config/compilation.py`` of vLLM 0.32).
    """
    return not serving.eager and paged(shape, serving) is not None


def _states_held(shape: Shape, serving: Serving, memory: Memory) -> int:
    """The most sequences that vLLM starts with at the low end of the cache."""
    if not _captures_states(shape, serving):
        return serving.sequences
    blocks = max(1, memory.kv.low // block_bytes(shape, serving))
    return blocks // GRAIN * GRAIN if blocks >= GRAIN else blocks


def _in_grains(count: int) -> int:
    return max(GRAIN, -(-count // GRAIN) * GRAIN)


def _check_shape(shape: Shape, wanted: Wanted) -> None:
    """Wishes that the model itself stands against."""
    if wanted.context is not None and wanted.context > shape.context:
        raise UsageError(
            f"{shape.name} was made for {shape.context:,} tokens, not {wanted.context:,}",
            hint=f"--context {shape.context} is the most",
        )
    if shape.heads % wanted.cards:
        raise UsageError(
            f"{shape.heads} attention heads cannot be dealt out to {wanted.cards} cards",
            hint="vLLM wants a number of cards that divides them",
        )
    if wanted.quantise and shape.quantisation.method != "none":
        raise UsageError(
            f"{shape.name} is stored in {shape.quantisation.method} already",
            hint="leave out --quantise: a checkpoint carries its own",
        )


def _check_serving(serving: Serving, device: Device, wanted: Wanted) -> None:
    """Wishes that the card, vLLM or another wish stands against."""
    if wanted.at_once is not None and serving.sequences < wanted.at_once:
        raise UsageError(
            f"{serving.sequences:,} sequences cannot be {wanted.at_once:,} postings at once",
            hint="--sequences is what vLLM works on at once: leave it out, or ask for fewer",
        )
    if serving.kv_dtype == "fp8" and 0 < device.capability < AMPERE:
        raise UsageError(
            f"{device.name} is too old for a KV cache in fp8: no kernel of vLLM reads it there",
            hint="--kv-dtype auto keeps 16 bit; fp8 came with Ada (RTX 40) and Hopper",
        )
    flag = "--kv-cache-memory-bytes"
    if serving.kv_bytes is not None and not FLAGS[flag].known_to(serving.version):
        raise UsageError(
            f"vLLM {spelled(serving.version)} has no {flag}, so its KV cache cannot be set",
            hint="a cap does it there: --vram-cap",
        )
    if serving.batched_tokens < serving.sequences:
        raise UsageError(
            f"vLLM wants at least as many batched tokens ({serving.batched_tokens:,}) as sequences"
            f" ({serving.sequences:,})"
        )
