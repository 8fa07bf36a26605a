"""What the tensors of a checkpoint take on the card once vLLM has loaded them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rolecall.models.fields import decoder_fields
from rolecall.models.nouns import Quantisation, Shape
from rolecall.models.safetensors import Tensor

LAYER = re.compile(r"(?:^|\.)layers\.(\d+)\.")
HEAD = re.compile(r"(?:^|\.)lm_head\.weight$")
NEVER = re.compile(r"(?:^|\.)(?:mtp|nextn|draft|eagle)\.|rotary_emb\.inv_freq$|position_ids$")
ENCODER = re.compile(r"(?:^|\.)(?:visual|vision_\w+|audio_\w+|multi_modal_projector|embed_vision"
                     r"|embed_audio|patch_merger|image_newline)\.")  # fmt: skip
SCALE = re.compile(r"\.(?:weight_scale(?:_inv|_2)?|input_scale|input_global_scale"
                   r"|weight_global_scale|[kvq]_scale)$")  # fmt: skip
KEYED = re.compile(r"\.self_attn\.(?:k_proj|v_proj|k_norm)\.")
WIDE = ("F32", "F64")


def loaded_bytes(
    tensors: Iterable[Tensor], shape: Shape, config: Mapping[str, Any]
) -> tuple[int, tuple[str, ...]]:
    """Bytes of all tensors as vLLM keeps them, and in words how they differ from the files.

    A head that is tied counts once even where it is stored twice. Layers for speculation are not
    loaded, nor keys and values of layers that share another's. What is stored in 32 bit and is no
    scale is turned into 16 bit. A symmetric GPTQ checkpoint's zero points and unused order of
    groups are dropped.
    """
    total, dropped, narrowed, twice = 0, 0, 0, 0
    unused = _unused(shape.quantisation, config)
    fields = decoder_fields(config, shape.name)
    own = shape.layers - fields.count("num_kv_shared_layers", default=0, least=0)
    for one in tensors:
        if shape.tied and HEAD.search(one.name):
            twice += one.stored
        elif _left_out(one.name, shape.layers, own) or one.name.endswith(unused):
            dropped += one.stored
        elif one.dtype in WIDE and not SCALE.search(one.name):
            total += one.values * 2
            narrowed += one.stored - one.values * 2
        elif one.dtype in ("F16", "BF16") and _widened(one.name, shape.quantisation):
            total += one.values * 4
        else:
            total += one.stored
    told = (
        (twice, "of a tied head stored twice are loaded once"),
        (dropped, "of the files are not loaded (speculation, shared keys, unused indices)"),
        (narrowed, "are saved because 32-bit tensors are loaded in 16 bit"),
    )
    return total, tuple(f"{count:,} bytes {words}" for count, words in told if count)


def _left_out(name: str, layers: int, own: int) -> bool:
    """Whether a tensor is not loaded; the first ``own`` of the layers have keys of their own."""
    if NEVER.search(name):
        return True
    found = LAYER.search(name)
    if found is None or ENCODER.search(name):
        return False
    layer = int(found.group(1))
    return layer >= layers or (layer >= own and KEYED.search(name) is not None)


def _unused(quantisation: Quantisation, config: Mapping[str, Any]) -> tuple[str, ...]:
    """Endings of tensors that vLLM drops once a symmetric GPTQ checkpoint is loaded."""
    if quantisation.method != "gptq" or quantisation.zero_bits:
        return ()
    stated = config.get("quantization_config")
    ordered = isinstance(stated, Mapping) and bool(stated.get("desc_act"))
    return (".qzeros",) if ordered else (".qzeros", ".g_idx")


def _widened(name: str, quantisation: Quantisation) -> bool:
    """Scales of FP8 weights are kept in 32 bit, however they are stored."""
    return quantisation.method == "fp8" and SCALE.search(name) is not None
