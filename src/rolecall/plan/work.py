"""What one step of a model reads and computes, in bytes and operations.

Weights that a step reads are those of all layers once, whatever the batch, and of experts those
that the batch's tokens choose. Keys and values are read for each sequence, its shared start too:
vLLM has computed and stored that once, but each sequence reads it (cascade attention is gone).
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from rolecall.models.nouns import Attention, Quantisation, Shape
from rolecall.models.weights import HALF, ONLINE, stored
from rolecall.plan.nouns import Device, Serving

FOUR_BIT_FLOATS: Final = 100
"""The compute capability (Blackwell) from which on cards have arithmetic with 4-bit floats."""

EIGHT_BIT_WHOLES: Final = 75
"""The one (Turing) from which on they have it with 8-bit whole numbers, at twice 16-bit's rate."""


class Step(Struct, frozen=True, kw_only=True):
    """One step that writes a token for each of ``sequences`` at once: bytes read, and seconds.

    ``weights`` and ``cache`` are the bytes, ``memory`` the seconds that reading both takes at the
    card's bandwidth, ``arithmetic`` those of the operations.
    """

    sequences: int
    weights: float
    cache: float
    memory: float
    arithmetic: float

    @property
    def seconds(self) -> float:
        """What the step takes where reading and computing overlap."""
        return max(self.memory, self.arithmetic)


def stored_as(shape: Shape, serving: Serving) -> Quantisation:
    """How the linear weights are held: as the checkpoint does, or quantised while loading."""
    if serving.quantise and shape.quantisation.method == "none":
        return ONLINE
    return shape.quantisation


def weight_bytes(shape: Shape, serving: Serving, tokens: float) -> float:
    """Bytes of weights, head included, that a step over ``tokens`` tokens reads."""
    how = stored_as(shape, serving)
    experts = round(shape.expert_params * share_of_experts(shape, tokens))
    plain, head = shape.linear_params - shape.expert_params, shape.embedding_params
    if how.method == "gguf" and shape.tensor_bytes is not None:
        return shape.tensor_bytes * (experts + plain + head) / shape.params
    return (
        stored(experts, how)
        + (plain * HALF if how.experts_only else stored(plain, how))
        + (stored(head, how) if how.all_layers else head * HALF)
        + shape.other_params * HALF
    )


def share_of_experts(shape: Shape, tokens: float) -> float:
    """The share of a layer's experts that ``tokens`` tokens choose, where each is as likely.

    Real routers prefer some, so that fewer are read; the share is the upper end.
    """
    if shape.experts is None or not shape.experts.count:
        return 1.0
    missed = 1 - min(1.0, shape.experts.active / shape.experts.count)
    return 1.0 - float(missed ** max(tokens, 1.0))


def cache_bytes(shape: Shape, serving: Serving, context: float) -> float:
    """Bytes of keys, values and states that writing one token reads in a sequence so long."""
    told = shape.attention
    each = 1 if serving.kv_dtype == "fp8" else HALF
    full = told.full * told.full_width * context
    window = told.window * told.window_width * min(context, told.window_tokens)
    states = 2 * told.state * told.state_bytes  # read, and written back
    return (full + window) * each * _readers(shape) + states


def _readers(shape: Shape) -> float:
    """Layers that read a cache for each that keeps one: some share that of another layer."""
    keeping = shape.attention.full + shape.attention.window
    reading = shape.layers - shape.attention.state
    return max(1.0, reading / keeping) if keeping else 1.0


class Rates(Struct, frozen=True, kw_only=True):
    """Operations a second: of linear layers, of the head, and of all else (attention)."""

    linear: float
    head: float
    plain: float


def rates_of(shape: Shape, device: Device, serving: Serving) -> Rates:
    """Which of the card's arithmetic the model's layers use.

    A format that the card has no arithmetic for is unpacked to 16 bit on the way (Marlin kernels):
    its bytes are fewer, its operations are not. Formats of which only the weights are in few bits
    (AWQ, GPTQ, w4a16, bitsandbytes, GGUF) are so on every card.
    """
    how = stored_as(shape, serving)
    plain = float(device.flops_16) * serving.cards
    eight = max(float(device.flops_8) * serving.cards, plain)
    linear = plain
    if how.method == "fp8":
        linear = eight
    elif how.method == "int8" and device.capability >= EIGHT_BIT_WHOLES:
        linear = max(eight, 2 * plain)
    elif how.method == "nvfp4" and device.capability >= FOUR_BIT_FLOATS:
        linear = 2 * eight
    elif how.method == "mxfp4" and device.capability >= FOUR_BIT_FLOATS:
        linear = eight
    return Rates(linear=linear, head=linear if how.all_layers else plain, plain=plain)


def active_linear(shape: Shape) -> float:
    """Linear weights that one token goes through."""
    plain = shape.linear_params - shape.expert_params
    if shape.experts is None or not shape.experts.count:
        return plain + shape.expert_params
    return plain + shape.expert_params * shape.experts.active / shape.experts.count


def prefill_seconds(shape: Shape, rates: Rates, prompt: int, shared: int) -> float:
    """Seconds of arithmetic of a prompt whose first ``shared`` tokens are computed already.

    At least its last token is computed again, as the answer begins from it. The head is computed
    for that one token only.
    """
    known = min(shared, prompt - 1)
    linear = 2 * active_linear(shape) * (prompt - known) / rates.linear
    attention = attention_operations(shape, known + 1, prompt) / rates.plain
    return linear + attention + 2 * shape.embedding_params / rates.head


def write_seconds(shape: Shape, rates: Rates, context: float) -> float:
    """Seconds of arithmetic of writing one token of a sequence so long."""
    window = min(context, shape.attention.window_tokens)
    read = _full_layers(shape) * context + _window_layers(shape) * window
    operations = 4 * shape.heads * shape.head_dim * read
    linear = 2 * active_linear(shape) / rates.linear
    return linear + operations / rates.plain + 2 * shape.embedding_params / rates.head


def attention_operations(shape: Shape, first: int, last: int) -> float:
    """Operations of attention for the tokens at the places ``first`` to ``last`` of a sequence."""
    full = _positions(first, last)
    told: Attention = shape.attention
    window = full
    if told.window:
        edge = max(first - 1, min(told.window_tokens, last))
        window = _positions(first, edge) + (last - edge) * told.window_tokens
    layers = _full_layers(shape) * full + _window_layers(shape) * window
    return 4 * shape.heads * shape.head_dim * layers


def _positions(first: int, last: int) -> float:
    """The sum of the whole numbers from ``first`` to ``last``."""
    return (first + last) * (last - first + 1) / 2 if last >= first else 0.0


def _full_layers(shape: Shape) -> float:
    return shape.attention.full * _readers(shape)


def _window_layers(shape: Shape) -> float:
    return shape.attention.window * _readers(shape)
