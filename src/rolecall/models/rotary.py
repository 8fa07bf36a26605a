"""How long the tables of rotary positions are that an engine keeps on the card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rolecall.models.blocks import heads_of
from rolecall.models.fields import Fields
from rolecall.models.layers import Layers

AXES = 4
"""vLLM makes the table of a model with positions of three axes four times as long, for films."""

LENGTHENED = ("linear", "dynamic", "ntk")
"""Kinds of scaling whose table is as much longer as the scaling says."""

NO_TABLE = ("opt",)


def rotary_values(fields: Fields, layers: Layers, context: int) -> int:
    """Values per position of the context, of all tables together.

    A table is as wide as the rotated part of a head. Window layers and full layers have a
    table each where their bases differ. Scaling lengthens a table; it is counted as so many
    more values per position.
    """
    if fields.word("model_type") in NO_TABLE or fields.word("position_embedding_type") == "nope":
        return 0
    rope = Fields(_rope(fields), fields.name)
    share = rope.share("partial_rotary_factor", fields.share("partial_rotary_factor", 1.0))
    if fields.has("kv_lora_rank"):
        return _longer(rope, fields.count("qk_rope_head_dim"), context)
    kinds = [kind for kind in ("window", "full") if kind in layers.kinds]
    if not kinds:
        return 0
    full = rope.inside("full_attention")
    if full.values and len(kinds) == 2:
        return sum(_of_kind(fields, rope, kind, context) for kind in kinds)
    if fields.has("rope_local_base_freq") and len(kinds) == 2:
        local = heads_of(fields, "window").width
        return local + _longer(rope, heads_of(fields, "full").width, context)
    width = int(heads_of(fields, kinds[-1]).width * share)
    return _longer(rope, width, context) * (AXES if rope.has("mrope_section") else 1)


def _rope(fields: Fields) -> Mapping[str, Any]:
    """What is said of rotary positions, under its new or its old name."""
    return fields.table("rope_parameters") or fields.table("rope_scaling")


def _of_kind(fields: Fields, rope: Fields, kind: str, context: int) -> int:
    inner = rope.inside("full_attention" if kind == "full" else "sliding_attention")
    width = heads_of(fields, kind).width
    if inner.word("rope_type") != "proportional":  # that kind fills up with zeros
        width = int(width * inner.share("partial_rotary_factor", 1.0))
    return _longer(inner, width, context)


def _longer(rope: Fields, width: int, context: int) -> int:
    """The width of a table times by how much it is longer than the context."""
    kind = rope.word("rope_type") or rope.word("type")
    factor = rope.values.get("factor")
    if isinstance(factor, bool) or not isinstance(factor, int | float) or not 1 <= factor <= 1_000:
        return width
    if kind in LENGTHENED:
        return int(width * factor)
    if kind == "yarn" and rope.has("original_max_position_embeddings"):
        original = rope.count("original_max_position_embeddings")
        return max(int(width * original * factor / context), 1)
    return width
