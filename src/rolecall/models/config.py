"""The shape of a model from the fields of its ``config.json``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rolecall.models.blocks import (
    FAMILIES,
    UNNAMED,
    Counted,
    Family,
    attention_weights,
    dense_layers,
    expert_count,
    expert_width,
    feed_forward,
    heads_of,
    plain,
    shared_width,
)
from rolecall.models.encoders import encoder_params
from rolecall.models.extras import layer_extras, model_extras
from rolecall.models.fields import Fields, decoder_fields
from rolecall.models.layers import Layers, attention_of, layers_of
from rolecall.models.nouns import Experts, Origin, Quantisation, Shape
from rolecall.models.precision import precision_of
from rolecall.models.rotary import rotary_values
from rolecall.models.states import state_bytes, state_weights

LONGEST = 100_000_000


def shape_of(
    config: Mapping[str, Any],
    name: str,
    *,
    origin: Origin = "catalogue",
    quantisation: Quantisation | None = None,
) -> Shape:
    """The shape that a configuration describes.

    The precision is ``quantisation`` where it is given, else what `precision_of` finds. Raises
    `UsageError` that names the field which is missing or cannot be.
    """
    fields = decoder_fields(config, name)
    found, assumed = precision_of(config, name) if quantisation is None else (quantisation, ())
    kind = fields.word("model_type")
    family = FAMILIES.get(kind)
    if family is None:
        family = FAMILIES[UNNAMED]
        known = f"its architecture {kind!a}" if kind else "its configuration names no architecture:"
        assumed = (*assumed, f"{known} is not known here: counted as a decoder like Llama's")
    layers = layers_of(fields)
    context = _context(fields)
    hidden = fields.count("hidden_size", "n_embd", "d_model")
    vocabulary = fields.count("vocab_size")
    counted = _decoder(fields, family, layers)
    embedding = vocabulary * hidden
    encoders, unknown = encoder_params(config, hidden, name)
    assumed = (*assumed, *unknown)
    heads = heads_of(fields, "window" if "window" in layers.kinds else "full")
    return Shape(
        name=name,
        architecture=_architecture(config),
        layers=len(layers.kinds),
        hidden=hidden,
        heads=heads.query,
        head_dim=heads.width,
        intermediate=_widest(fields),
        vocabulary=vocabulary,
        context=context,
        tied=fields.flag("tie_word_embeddings", family.tied),
        attention=attention_of(layers, _widths(fields, layers), state_bytes(fields, layers)),
        linear_params=counted.linear,
        embedding_params=embedding,
        other_params=counted.other,
        encoder_params=encoders,
        active_params=counted.active + embedding,
        rotary=rotary_values(fields, layers, context),
        experts=_experts(fields),
        expert_params=counted.expert,
        quantisation=found,
        origin=origin,
        assumed=assumed,
    )


def _architecture(config: Mapping[str, Any]) -> str:
    named = config.get("architectures")
    if isinstance(named, list) and named and isinstance(named[0], str):
        return named[0]
    kind = config.get("model_type")
    return kind if isinstance(kind, str) else ""


def _decoder(fields: Fields, family: Family, layers: Layers) -> Counted:
    """All layers and the last norm."""
    hidden = fields.count("hidden_size", "n_embd", "d_model")
    norm = 2 * hidden if family.biased_norms else hidden
    total = Counted(other=norm) + model_extras(fields)
    for index, kind in enumerate(layers.kinds):
        if kind in ("full", "window"):
            total += attention_weights(fields, family, kind, layers.keyed[index])
        else:
            total += state_weights(fields, kind)
        total += feed_forward(fields, family, index)
        total += plain(0, family.norms * norm) + layer_extras(fields)
    return total


def _widths(fields: Fields, layers: Layers) -> tuple[int, int]:
    """Values kept per token by a full and by a window layer: keys and values, or a latent."""
    if fields.has("kv_lora_rank"):
        latent = fields.count("kv_lora_rank") + fields.count("qk_rope_head_dim")
        return latent, latent
    full, window = heads_of(fields, "full"), heads_of(fields, "window")
    return 2 * full.keyed * full.width, 2 * window.keyed * window.width


def _widest(fields: Fields) -> int:
    widths = fields.values.get("intermediate_size")
    if isinstance(widths, list | tuple) and widths:
        return max(
            Fields({"intermediate_size": one}, fields.name).count("intermediate_size")
            for one in widths
        )
    return fields.count(
        "intermediate_size", "ffn_dim", "n_inner", "shared_intermediate_size",
        "moe_intermediate_size",
    )  # fmt: skip


def _context(fields: Fields) -> int:
    told = fields.count("max_position_embeddings", "n_positions", "max_sequence_length")
    if told > LONGEST:
        raise fields.refused(f"max_position_embeddings is {told:,}, which no model has")
    return told


def _experts(fields: Fields) -> Experts | None:
    count = expert_count(fields)
    if not count:
        return None
    return Experts(
        count=count,
        active=fields.count("num_experts_per_tok", "top_k_experts", "num_experts_per_token"),
        width=expert_width(fields),
        shared_width=shared_width(fields),
        dense_layers=len(dense_layers(fields)),
    )
