"""Layers that keep a state of fixed size: Gated DeltaNet, Mamba 2, short convolutions."""

from __future__ import annotations

from rolecall.models.blocks import Counted, plain
from rolecall.models.fields import Fields
from rolecall.models.layers import Layers

BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


def state_weights(fields: Fields, kind: str) -> Counted:
    """The weights of one layer that keeps a state."""
    if kind == "linear":
        return _delta_net(fields)
    if kind == "mamba":
        return _mamba(fields)
    return _convolution(fields)


def state_bytes(fields: Fields, layers: Layers) -> int:
    """Bytes that one such layer keeps of a sequence: the last inputs of its convolution in 16 bit,
    and the matrix of its heads in the precision that the model asks for.
    """
    if "linear" in layers.kinds:
        keys, values, width = _delta_widths(fields)
        kernel = fields.count("linear_conv_kernel_dim", default=4)
        matrix = values * fields.count("linear_key_head_dim", default=128)
        return 2 * (2 * keys + values) * (kernel - 1) + matrix * width
    if "mamba" in layers.kinds:
        inner, mixed, _ = _mamba_widths(fields)
        kernel = fields.count("mamba_d_conv", "conv_kernel", default=4)
        width = BYTES.get(fields.word("mamba_ssm_cache_dtype"), 2)
        state = fields.count("mamba_d_state", "ssm_state_size")
        return 2 * mixed * (kernel - 1) + inner * state * width
    if "conv" in layers.kinds:
        kernel = fields.count("conv_L_cache", default=3)
        return 2 * fields.count("hidden_size") * (kernel - 1)
    return 0


def _delta_widths(fields: Fields) -> tuple[int, int, int]:
    """Widths of all keys and all values, and bytes of one value of the state."""
    keys = fields.count("linear_num_key_heads", default=16)
    keys *= fields.count("linear_key_head_dim", default=128)
    values = fields.count("linear_num_value_heads", default=32)
    values *= fields.count("linear_value_head_dim", default=128)
    return keys, values, BYTES.get(fields.word("mamba_ssm_dtype"), 2)


def _delta_net(fields: Fields) -> Counted:
    hidden = fields.count("hidden_size")
    keys, values, _ = _delta_widths(fields)
    heads = fields.count("linear_num_value_heads", default=32)
    kernel = fields.count("linear_conv_kernel_dim", default=4)
    linear = hidden * (2 * keys + 2 * values) + values * hidden
    # the projections of step and gate are small and stay in 16 bit
    other = hidden * 2 * heads + (2 * keys + values) * kernel + 2 * heads
    other += fields.count("linear_value_head_dim", default=128)
    return plain(linear, other)


def _mamba_widths(fields: Fields) -> tuple[int, int, int]:
    """Inner width, width of what is convolved, and heads of a Mamba 2 layer."""
    hidden = fields.count("hidden_size")
    heads = fields.count("mamba_n_heads", "mamba_num_heads")
    if fields.has("mamba_expand"):
        inner = fields.count("mamba_expand") * hidden
    else:
        inner = heads * fields.count("mamba_d_head", "mamba_head_dim")
    groups = fields.count("mamba_n_groups", "n_groups", default=1)
    state = fields.count("mamba_d_state", "ssm_state_size")
    return inner, inner + 2 * groups * state, heads


def _mamba(fields: Fields) -> Counted:
    hidden = fields.count("hidden_size")
    inner, mixed, heads = _mamba_widths(fields)
    kernel = fields.count("mamba_d_conv", "conv_kernel", default=4)
    linear = hidden * (inner + mixed + heads) + inner * hidden
    other = mixed * kernel + 3 * heads + inner
    if fields.flag("mamba_conv_bias", True):
        other += mixed
    if fields.flag("mamba_proj_bias"):
        other += inner + mixed + heads + hidden
    return plain(linear, other)


def _convolution(fields: Fields) -> Counted:
    hidden = fields.count("hidden_size")
    kernel = fields.count("conv_L_cache", default=3)
    return plain(4 * hidden * hidden, hidden * kernel)
