"""What the KV cache takes: bytes for a sequence, by its length."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from rolecall.models.nouns import Shape
from rolecall.plan.nouns import Device, Serving

BLOCK: Final = 16
"""Tokens in one block of vLLM's cache."""

TWO_STATES: Final = (0, 20)
"""Since about this version; what logs of 0.24 and later say about hybrid models asks for it."""

MOST_UNEVEN: Final = 1.25
"""Up to this many times more layers of one kind than of the other, they fill groups of the larger
size; see ``v1/core/kv_cache_utils.py`` of vLLM 0.32."""


class Paged(Struct, frozen=True, kw_only=True):
    """The one kind of block that a model with states has, and what a sequence takes of it.

    A block holds either ``tokens`` tokens or one state, of all layers of a group: ``size`` bytes on
    each card. A sequence has ``full`` blocks for every ``tokens`` tokens that are begun, and
    ``state`` blocks whatever its length.
    """

    tokens: int
    size: int
    full: int
    state: int


def paged(shape: Shape, serving: Serving) -> Paged | None:
    """The blocks of a model whose layers keep a state or the whole context; ``None`` for others.

    vLLM makes a block of tokens no smaller than a state, in steps of 16 tokens, and pads the state
    to it. Four printed starts of 0.24 to 0.27 hold exactly the tokens that follow from this.
    """
    attention = shape.attention
    if not attention.state or not attention.full or attention.window or not attention.full_width:
        return None
    token = _per_card(attention.full_width, shape, serving) * width_of(serving.kv_dtype)
    state = -(-attention.state_bytes // serving.cards)
    tokens = BLOCK * max(1, -(-state // (BLOCK * token)))
    group = _group(attention.full, attention.state)
    kept = 2 if serving.version >= TWO_STATES else 1
    return Paged(
        tokens=tokens,
        size=group * tokens * token,
        full=-(-attention.full // group),
        state=kept * -(-attention.state // group),
    )


def block_bytes(shape: Shape, serving: Serving) -> int:
    """Bytes in which the cache of a model with states is dealt out; 1 where it does not matter."""
    pages = paged(shape, serving)
    return 1 if pages is None else pages.size


def width_of(value: str) -> int:
    """Bytes of one value in the cache."""
    return 1 if value == "fp8" else 2


def sequence_bytes(shape: Shape, serving: Serving, tokens: int) -> int:
    """Bytes that one sequence of ``tokens`` takes, on each card.

    Layers that see a window keep the last window and what one step brings. Where a model has
    layers of several kinds, vLLM puts them in groups of equal size, so that the last group of a
    kind may be padded.
    """
    attention = shape.attention
    if (pages := paged(shape, serving)) is not None:
        return pages.size * (-(-tokens // pages.tokens) * pages.full + pages.state)
    blocks = -(-tokens // BLOCK)
    full, window = _grouped(attention.full, attention.window)
    per_token = full * _per_card(attention.full_width, shape, serving)
    kept = min(tokens, attention.window_tokens - 1 + serving.batched_tokens)
    seen = min(blocks, -(-kept // BLOCK) + 1) if window else 0
    in_window = window * _per_card(attention.window_width, shape, serving)
    return BLOCK * width_of(serving.kv_dtype) * (
        blocks * per_token + seen * in_window
    ) + state_bytes(shape, serving)


def state_bytes(shape: Shape, serving: Serving) -> int:
    """Bytes that one sequence takes whatever its length: the states of linear attention.

    With the prefix cache, newer versions keep the state that is read beside the one that is
    written.
    """
    if (pages := paged(shape, serving)) is not None:
        return pages.size * pages.state
    attention = shape.attention
    kept = 2 if serving.version >= TWO_STATES else 1
    return -(-kept * attention.state * attention.state_bytes // serving.cards)


def token_bytes(shape: Shape, serving: Serving) -> int:
    """Bytes for each token of a sequence that fills the context, its state left aside.

    For a model whose layers all keep the whole context this is the same for every length:
    2 x layers x KV heads x head size x bytes of a value.
    """
    attention = shape.attention
    if not attention.window and paged(shape, serving) is None:
        one = attention.full * _per_card(attention.full_width, shape, serving)
        return one * width_of(serving.kv_dtype)
    whole = sequence_bytes(shape, serving, serving.context) - state_bytes(shape, serving)
    return -(-whole // serving.context)


def as_kept(shape: Shape, device: Device) -> Shape:
    """The model as ``device`` keeps its sequences: off NVIDIA's cards a window is kept whole.

    One printed start on ROCm keeps the whole context for every layer, to 0.1 %.
    """
    one = shape.attention
    if device.grade != "other" or not one.window or one.full_width <= 0:
        return shape
    widths = one.full * one.full_width + one.window * one.window_width
    return replace(shape, attention=replace(one, full=1, full_width=widths, window=0))


def _per_card(width: int, shape: Shape, serving: Serving) -> int:
    """Values per token and layer on one card: heads are dealt out, and never cut.

    What is no whole number of heads is the latent of a compressed form, which every card keeps.
    """
    if serving.cards == 1 or width % (2 * shape.head_dim):
        return width
    least = min(width, 2 * shape.head_dim)
    return max(least, -(-width // serving.cards))


def _group(first: int, second: int) -> int:
    """How many layers a group has where there are so many of two kinds."""
    small, large = sorted((first, second))
    return large if large < small * MOST_UNEVEN else small


def _grouped(full: int, window: int) -> tuple[int, int]:
    """The layers of each kind as they count when groups are filled up."""
    if not full or not window:
        return full, window
    size = _group(full, window)
    return -(-full // size) * size, -(-window // size) * size
