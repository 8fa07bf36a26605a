"""What a model's tensors take on one card: exact sums, and what the allocator adds."""

from __future__ import annotations

from typing import Final

from rolecall.errors import UsageError
from rolecall.models.nouns import Quantisation, Shape

HALF: Final = 2
"""Bytes of a value in 16 bit, which embeddings, heads, norms and rotary tables keep."""

WASTE_LEAST: Final = 60 * 1024**2
WASTE_MOST: Final = 88 * 1024**2
WASTE_SHARE: Final = 0.01
"""The allocator's waste: starts of vLLM printed 0 to 0.06 GiB more than the tensors' sum for
models of 0.6 to 32 billion parameters, and once 0.08 GiB (0.9 %) more."""

ONLINE: Final = Quantisation(method="fp8", bits=8, scheme="tensor")
"""What vLLM makes of a 16-bit checkpoint with ``--quantization fp8``."""

MXFP4_WIDTH, MXFP4_HIDDEN = 128, 256
"""Kernels for mxfp4 experts pad the inner width and the hidden size to multiples of these."""


def stored(count: int, how: Quantisation) -> int:
    """Bytes of ``count`` linear weights stored so, with their scales and zero points."""
    if how.method == "none":
        return count * HALF
    body = -(-count * how.bits // 8)
    if how.scheme == "block":
        return body + -(-count // how.group**2) * how.scale_bytes
    if how.scheme == "group":
        scales = -(-count // how.group)
        return body + scales * how.scale_bytes + -(-scales * how.zero_bits // 8)
    return body  # a scale per tensor or channel is a thousandth and less


def rotary_bytes(shape: Shape) -> int:
    """The tables of positions: as long as the model's own context, whatever the server's."""
    return shape.context * shape.rotary * HALF


def tensor_bytes(shape: Shape, *, quantise: str = "", text_only: bool = False) -> int:
    """All tensors as vLLM holds them, on however many cards, without rotary tables.

    ``quantise`` is ``fp8`` for a 16-bit checkpoint that is quantised while it is loaded.

    Raises:
        UsageError: another way of quantising, or a checkpoint that is quantised already.
    """
    how = _while_loading(shape, quantise)
    if shape.tensor_bytes is not None and not quantise:
        padding = 0
        if how.method == "mxfp4":  # the kernels pad what the files hold
            padding = stored(_padded_experts(shape, how), how) - stored(shape.expert_params, how)
        left_out = shape.encoder_params * HALF if text_only else 0
        return max(0, shape.tensor_bytes + padding - left_out)
    experts = _padded_experts(shape, how)
    plain = shape.linear_params - shape.expert_params
    linear = stored(experts, how) if experts else 0
    linear += plain * HALF if how.experts_only else stored(plain, how)
    heads = shape.embedding_params * (1 if shape.tied else 2)
    heads = stored(heads, how) if how.all_layers else heads * HALF
    encoders = 0 if text_only else shape.encoder_params * HALF
    return linear + heads + encoders + shape.other_params * HALF


def weights_of(
    shape: Shape, *, cards: int = 1, quantise: str = "", text_only: bool = False
) -> tuple[int, int, int]:
    """Low, expected and high bytes of weights on each of ``cards``, rotary tables included.

    The low end is the tensors' sum. The rest is the allocator's waste, see ``WASTE_LEAST``.

    Raises:
        UsageError: see `tensor_bytes`.
    """
    whole = -(-tensor_bytes(shape, quantise=quantise, text_only=text_only) // cards)
    least = whole + rotary_bytes(shape)
    waste = min(max(WASTE_LEAST, int(least * WASTE_SHARE)), WASTE_MOST)
    return least, least + min(waste // 3, least // 200), least + waste


def _while_loading(shape: Shape, quantise: str) -> Quantisation:
    if not quantise:
        return shape.quantisation
    if quantise != "fp8":
        raise UsageError(
            f"a model cannot be quantised to {quantise!r} while it is loaded",
            hint="fp8 can; others need a checkpoint that holds them, see: rolecall models list",
        )
    if shape.quantisation.method not in ("none", "fp8"):
        raise UsageError(
            f"{shape.name} is stored in {shape.quantisation.method} and cannot be made fp8",
            hint="leave the quantisation out: a checkpoint carries its own",
        )
    return ONLINE if shape.quantisation.method == "none" else shape.quantisation


def _padded_experts(shape: Shape, how: Quantisation) -> int:
    """Weights of experts as the kernels hold them."""
    experts = shape.experts
    if experts is None or how.method != "mxfp4":
        return shape.expert_params
    inner = -(-experts.width // MXFP4_WIDTH) * MXFP4_WIDTH
    hidden = -(-shape.hidden // MXFP4_HIDDEN) * MXFP4_HIDDEN
    return shape.expert_params * inner * hidden // (experts.width * shape.hidden)
