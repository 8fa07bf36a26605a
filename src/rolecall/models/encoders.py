"""How many weights the encoders of pictures and sound have, of a model that also sees or hears."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rolecall.models.fields import Fields

DEFAULTS: dict[str, dict[str, Any]] = {
    "siglip_vision_model": {
        "hidden_size": 1152, "intermediate_size": 4304, "num_hidden_layers": 27,
        "image_size": 896, "patch_size": 14,
    },
    "pixtral": {
        "hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 24, "patch_size": 14,
    },
    "qwen2_5_vl": {
        "hidden_size": 1280, "intermediate_size": 3420, "depth": 32, "patch_size": 14,
    },
    "gemma4_vision": {
        "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 16,
        "num_attention_heads": 12, "num_key_value_heads": 12, "head_dim": 64, "patch_size": 16,
        "position_embedding_size": 10_240,
    },
    "gemma4_audio": {
        "hidden_size": 1024, "num_hidden_layers": 12, "num_attention_heads": 8,
        "conv_kernel_size": 5, "output_proj_dims": 1536,
    },
}  # fmt: skip
"""What configurations leave out because the library's own default holds."""


def encoder_params(
    config: Mapping[str, Any], hidden: int, name: str
) -> tuple[int, tuple[str, ...]]:
    """Weights of all encoders and of what leads from them to the decoder's ``hidden`` width.

    The second value says in words which encoders are not known here and so not counted.
    """
    total, unknown = 0, []
    for key in ("vision_config", "audio_config"):
        inner = config.get(key)
        if not isinstance(inner, Mapping) or not inner:
            continue
        kind = str(inner.get("model_type") or _usual(config, key))
        count = COUNTED.get(kind)
        if count is None:
            unknown.append(f"the weights of its {key.split('_')[0]} encoder {kind!a} not counted")
            continue
        fields = Fields({**DEFAULTS.get(kind, {}), **dict(inner)}, name)
        total += count(fields, hidden)
    return total, tuple(unknown)


def _usual(config: Mapping[str, Any], key: str) -> str:
    """The kind of an encoder that does not name it, by that of the whole model."""
    kind = config.get("model_type")
    usual = {
        "gemma3": "siglip_vision_model", "mistral3": "pixtral", "gemma4": "gemma4_vision",
        "qwen2_5_vl": "qwen2_5_vl",
    }  # fmt: skip
    if key == "audio_config":
        return "gemma4_audio" if kind == "gemma4" else ""
    return usual.get(str(kind), str(kind))


def _siglip(fields: Fields, hidden: int) -> int:
    width, inner = fields.count("hidden_size"), fields.count("intermediate_size")
    patch = fields.count("patch_size")
    side = fields.count("image_size") // patch
    layer = 4 * (width * width + width) + 2 * width * inner + width + inner + 4 * width
    embedded = 3 * patch * patch * width + width + side * side * width
    layers = fields.count("num_hidden_layers") * layer
    return embedded + layers + 2 * width + width * hidden + width


def _pixtral(fields: Fields, hidden: int) -> int:
    width, inner = fields.count("hidden_size"), fields.count("intermediate_size")
    patch = fields.count("patch_size")
    layer = 4 * width * width + 3 * width * inner + 2 * width
    layers = fields.count("num_hidden_layers") * layer
    merged = fields.count("spatial_merge_size", default=2) ** 2
    joined = width + merged * width * width + width * hidden + hidden * hidden
    return 3 * patch * patch * width + width + layers + joined


def _qwen_vision(fields: Fields, hidden: int) -> int:
    width, inner = fields.count("hidden_size"), fields.count("intermediate_size")
    patch, frames = fields.count("patch_size"), fields.count("temporal_patch_size", default=2)
    positions = fields.count("num_position_embeddings", default=2304)
    layer = 4 * width * width + 4 * width + 2 * width * inner + inner + width + 4 * width
    layers = fields.count("depth") * layer
    wide = width * fields.count("spatial_merge_size", default=2) ** 2
    out = fields.count("out_hidden_size", default=hidden)
    merger = wide * wide + wide + wide * out + out
    told = fields.values.get("deepstack_visual_indexes")
    deep = len(told) if isinstance(told, list | tuple) else 0
    embedded = 3 * frames * patch * patch * width + width + positions * width
    return embedded + layers + merger + 2 * width + deep * (merger + 2 * wide)


def _qwen25_vision(fields: Fields, hidden: int) -> int:
    width, inner = fields.count("hidden_size"), fields.count("intermediate_size")
    patch, frames = fields.count("patch_size"), fields.count("temporal_patch_size", default=2)
    layer = 4 * width * width + 4 * width + 3 * width * inner + 2 * inner + width + 2 * width
    wide = width * fields.count("spatial_merge_size", default=2) ** 2
    out = fields.count("out_hidden_size", default=hidden)
    merger = width + wide * wide + wide + wide * out + out
    return 3 * frames * patch * patch * width + fields.count("depth") * layer + merger


def _gemma4_vision(fields: Fields, hidden: int) -> int:
    width, inner = fields.count("hidden_size"), fields.count("intermediate_size")
    head = fields.count("head_dim")
    queries = fields.count("num_attention_heads") * head
    keys = fields.count("num_key_value_heads") * head
    layer = 2 * width * (queries + keys) + 3 * width * inner + 4 * width + 2 * head
    layers = fields.count("num_hidden_layers") * layer
    patch = fields.count("patch_size")
    positions = 2 * fields.count("position_embedding_size") * width
    return 3 * patch * patch * width + positions + layers + width * hidden


def _gemma4_audio(fields: Fields, hidden: int) -> int:
    width, heads = fields.count("hidden_size"), fields.count("num_attention_heads")
    kernel, out = fields.count("conv_kernel_size"), fields.count("output_proj_dims")
    told = fields.values.get("subsampling_conv_channels")
    first, second = (128, 32)
    if isinstance(told, list | tuple) and len(told) == 2:
        channels = Fields({"first": told[0], "second": told[1]}, fields.name)
        first, second = channels.count("first"), channels.count("second")
    entry = 9 * first + first + 9 * first * second + second + (first // 4) * second * width
    attention = 5 * width * width + width // heads
    feeds = 2 * (8 * width * width + 2 * width)
    convolution = 3 * width * width + kernel * width + 2 * width
    layer = attention + feeds + convolution + 3 * width
    layers = fields.count("num_hidden_layers") * layer
    return entry + layers + width * out + out + out * hidden


COUNTED: dict[str, Callable[[Fields, int], int]] = {
    "siglip_vision_model": _siglip,
    "pixtral": _pixtral,
    "qwen3_vl": _qwen_vision,
    "qwen3_vl_vision": _qwen_vision,
    "qwen3_vl_moe": _qwen_vision,
    "qwen3_5": _qwen_vision,
    "qwen3_5_vision": _qwen_vision,
    "qwen3_5_moe": _qwen_vision,
    "qwen2_5_vl": _qwen25_vision,
    "gemma4_vision": _gemma4_vision,
    "gemma4_audio": _gemma4_audio,
}
"""Encoders by their ``model_type``."""
