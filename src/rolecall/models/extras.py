"""What some decoders have beside attention and feed-forward: embeddings per layer, positions."""

from __future__ import annotations

from rolecall.models.blocks import Counted, plain
from rolecall.models.fields import Fields

PER_LAYER = ("gemma4_text", "gemma3n_text")
OPT_OFFSET = 2
"""OPT's table of positions begins with two rows that no position uses."""


def model_extras(fields: Fields) -> Counted:
    """What stands beside the layers, once in the model."""
    kind = fields.word("model_type")
    if kind == "opt":
        hidden = fields.count("hidden_size")
        return plain(0, (fields.count("max_position_embeddings") + OPT_OFFSET) * hidden)
    width = _per_layer(fields)
    if not width:
        return Counted()
    wide = fields.count("num_hidden_layers") * width
    hidden = fields.count("hidden_size")
    vocabulary = fields.count("vocab_size_per_layer_input", "vocab_size")
    # the table is looked up and not multiplied, so no token reads it all; it stays in 16 bit
    return plain(0, vocabulary * wide + width) + plain(hidden * wide)


def layer_extras(fields: Fields) -> Counted:
    """What stands in each layer beside attention, feed-forward and their norms."""
    kind = fields.word("model_type")
    hidden = fields.count("hidden_size", "n_embd", "d_model")
    total = Counted()
    width = _per_layer(fields)
    if width:
        total += plain(2 * hidden * width, hidden)
    if kind == "gemma4_text" and fields.flag("enable_moe_block"):
        total += _dense_beside(fields, hidden)
    return total


def _per_layer(fields: Fields) -> int:
    if fields.word("model_type") not in PER_LAYER:
        return 0
    return fields.count("hidden_size_per_layer_input", default=0, least=0)


def _dense_beside(fields: Fields, hidden: int) -> Counted:
    """Gemma 4's dense layer beside the experts, with three norms and the router's scales."""
    dense = 3 * hidden * fields.count("intermediate_size")
    scales = hidden + fields.count("num_experts")
    return plain(dense, 3 * hidden + scales)
