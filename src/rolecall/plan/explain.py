"""Every term of a plan in words: what it is, how it is reckoned, and why it is an interval."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rolecall.models.nouns import Shape
from rolecall.models.weights import rotary_bytes, tensor_bytes
from rolecall.plan.command import spelled
from rolecall.plan.keyvalues import BLOCK, width_of
from rolecall.plan.nouns import Estimate, Plan
from rolecall.plan.sizes import gib

RECORD_MODEL = "qwen3-4b-instruct-2507-fp8"
"""The decision record says of this model that its weights take 1.2 GB."""

NAMED = 18
"""Columns of the names."""


def explained(plan: Plan, width: int) -> str:
    """One paragraph for each term."""
    parts = [("budget", _budget(plan)), *_weights(plan), *_overhead(plan), *_cache(plan)]
    if plan.load.source:
        parts.append(("load", f"{plan.load.name}: {plan.load.source}."))
    return "".join(
        textwrap.fill(
            text, width, initial_indent=name.ljust(NAMED), subsequent_indent=" " * NAMED,
            break_long_words=False, break_on_hyphens=False,
        )
        + "\n"
        for name, text in parts
    )  # fmt: skip


def _budget(plan: Plan) -> str:
    share, card = plan.serving.utilisation, plan.device
    rounded = ", rounded down to a ten-thousandth"
    why = "the mode's share of the card"
    if plan.cap is not None and plan.cap < card.memory * share + card.memory // 5_000:
        why = f"the cap of {gib(plan.cap)}"
    elif plan.stated:
        why, rounded = "what was stated", ""
    elif card.free is not None:
        why = f"the mode's share, and no more than is free ({gib(card.free)})"
    return (
        f"{share:g} x {card.memory:,} bytes = {plan.memory.budget:,}: what vLLM asks for, a share"
        f" of the card's total and not of what is free. It follows from {why}{rounded}."
        " vLLM refuses to start where less is free."
    )


def _weights(plan: Plan) -> Iterator[tuple[str, str]]:
    shape, serving = plan.shape, plan.serving
    tensors = tensor_bytes(shape, quantise=serving.quantise, text_only=serving.text_only)
    text = (
        f"{shape.params:,} parameters, {_stored(shape, serving.quantise)}: {tensors:,} bytes"
        f" ({gib(tensors)}) of tensors"
    )
    text += f" on {serving.cards} cards" if serving.cards > 1 else ""
    text += ", the encoders of pictures and sound left out" if serving.text_only else ""
    if shape.tensor_bytes is not None:
        text += ", as the headers of its files have them"
    text += f". With the allocator's waste {_between(plan.memory.weights)}."
    if RECORD_MODEL in shape.name.lower():
        text += (
            " The decision record's 1.2 GB for them cannot be: 4 billion parameters of a byte each"
            " are 4 GB."
        )
    yield "weights", text
    yield (
        "rotary tables",
        f"{shape.context:,} positions of the model's own context x {shape.rotary} values x 2 bytes"
        f" = {gib(rotary_bytes(shape))}, whatever --max-model-len says; part of the weights.",
    )


def _stored(shape: Shape, quantise: str) -> str:
    how = shape.quantisation
    if quantise:
        return f"made {quantise} while loading, embeddings and head in 16 bit"
    if how.method == "none":
        return "2 bytes each"
    shared = {
        "block": f"a scale for each {how.group} x {how.group} block",
        "group": f"a scale for each {how.group} inputs",
        "channel": "a scale for each output",
        "tensor": "a scale for each tensor",
        "none": "no scales",
    }[how.scheme]
    where = "all layers" if how.all_layers else "linear layers"
    if how.experts_only:
        where = "experts"
    return f"{where} in {how.method} ({how.bits} bit, {shared}), the rest in 16 bit"


def _overhead(plan: Plan) -> Iterator[tuple[str, str]]:
    serving, memory = plan.serving, plan.memory
    yield (
        "activations",
        f"the most that vLLM sees while it tries a batch of {serving.batched_tokens:,} tokens, and"
        f" the logits of {plan.shape.vocabulary:,} words for each sequence:"
        f" {_between(memory.activation)}. They follow from those two flags and the model's widths,"
        " not from the context.",
    )
    if serving.eager:
        yield "CUDA graphs", "none are captured (--enforce-eager)."
    else:
        yield (
            "CUDA graphs",
            f"{_between(memory.graphs)}: vLLM estimates them from a trial capture and takes"
            " them off the cache beforehand.",
        )
    text = (
        f"{_between(memory.other)}: CUDA's context, libraries, kernels compiled at the first start,"
        " and what others take on the card meanwhile."
    )
    if memory.calibrated:
        text += " An earlier start on this card has narrowed it."
    else:
        text += (
            " Nothing tells them beforehand: starts with the same flags on the same card have"
            " differed by 2.55 GiB, which is why the cache is an interval."
        )
    yield "all else", text


def _cache(plan: Plan) -> Iterator[tuple[str, str]]:
    memory, serving, shape = plan.memory, plan.serving, plan.shape
    width = width_of(serving.kv_dtype)
    layers = shape.attention
    if serving.kv_bytes is not None:
        yield "KV cache", f"{gib(serving.kv_bytes)}, set outright."
    else:
        yield (
            "KV cache",
            f"budget - weights - all of the above: {_between(memory.kv)}. Its low end goes with the"
            " high end of the others.",
        )
    if not layers.window and not layers.state:
        yield (
            "a token",
            f"{layers.full} layers x {layers.full_width:,} values x {width} byte"
            f"{'s' if width > 1 else ''}{_dealt(serving.cards)} ="
            f" {memory.kv_token:,} bytes; exact.",
        )
    else:
        kept = [f"{layers.full} layers keep the whole context"]
        if layers.window:
            kept.append(f"{layers.window} the last {layers.window_tokens:,} tokens")
        if layers.state:
            kept.append(f"{layers.state} a state of {gib(layers.state_bytes)} for each sequence")
        yield (
            "a token",
            f"{', '.join(kept)}: {memory.kv_token:,} bytes for each token of a sequence as long as"
            f" the context{_state(memory.state)}.",
        )
    shared = min(plan.load.shared, plan.length - 1) // BLOCK * BLOCK
    if layers.window or layers.state:
        shared = 0
    yield (
        "postings at once",
        f"(cache - {shared:,} shared tokens) / what {plan.length:,} - {shared:,} tokens take, in"
        f" blocks of {BLOCK}: {plan.at_once.low:,} to {plan.at_once.high:,},"
        f" {plan.at_once.expected:,} expected. {plan.length:,} tokens is a posting in work, prompt"
        " and answer, the long ones weighted by how long they take.",
    )
    yield (
        "version",
        f"the figures are those of vLLM {spelled(serving.version)}; older ones reckon activations"
        " and graphs otherwise.",
    )


def _dealt(cards: int) -> str:
    return f", dealt out to {cards} cards," if cards > 1 else ""


def _state(state: int) -> str:
    return f", and {gib(state)} for each sequence whatever its length" if state else ""


def _between(figure: Estimate) -> str:
    if figure.certain:
        return gib(figure.low)
    return f"{gib(figure.low)} to {gib(figure.high)}, {gib(figure.expected)} expected"
