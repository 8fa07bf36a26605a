"""How the weights of a checkpoint are stored: its own word for it, else what its name says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from rolecall.models.nouns import Quantisation

FULL = Quantisation()
FP8_BLOCK = Quantisation(method="fp8", bits=8, scheme="block", group=128, scale_bytes=4)
FP8_TENSOR = Quantisation(method="fp8", bits=8, scheme="tensor", scale_bytes=4)
FP8_CHANNEL = Quantisation(method="fp8", bits=8, scheme="channel", scale_bytes=4)
INT8_CHANNEL = Quantisation(method="int8", bits=8, scheme="channel", scale_bytes=4)
AWQ = Quantisation(method="awq", bits=4, scheme="group", group=128, scale_bytes=2, zero_bits=4)
GPTQ = Quantisation(method="gptq", bits=4, scheme="group", group=128, scale_bytes=2)
GPTQ_8 = Quantisation(method="gptq", bits=8, scheme="group", group=128, scale_bytes=2)
W4A16 = Quantisation(method="w4a16", bits=4, scheme="group", group=128, scale_bytes=2)
NVFP4 = Quantisation(method="nvfp4", bits=4, scheme="group", group=16, scale_bytes=1)
MXFP4 = Quantisation(
    method="mxfp4", bits=4, scheme="group", group=32, scale_bytes=1, experts_only=True
)
BNB4 = Quantisation(method="bnb4", bits=4, scheme="group", group=64, scale_bytes=4)

NAMED: tuple[tuple[str, Quantisation, str], ...] = (
    (r"gguf|q[2-8]_(k|0|1)(_[sml])?", FULL, "a GGUF file: name the file itself for its size"),
    (r"nvfp4(a16)?|fp4", NVFP4, "NVFP4: groups of 16 with an FP8 scale"),
    (r"mxfp4", MXFP4, "MXFP4 experts: groups of 32, the rest in 16 bit"),
    (r"awq", AWQ, "AWQ: 4 bit in groups of 128"),
    (r"gptq-?int8|int8-?gptq|gptq-?8bits?", GPTQ_8, "GPTQ: 8 bit in groups of 128"),
    (r"gptq", GPTQ, "GPTQ: 4 bit in groups of 128"),
    (r"w4a16|int4", W4A16, "4 bit in groups of 128"),
    (r"w8a8|w8a16|int8", INT8_CHANNEL, "8-bit integers, a scale per output channel"),
    (r"(bnb|bitsandbytes)-?4bits?|4bits?-?bnb", BNB4, "bitsandbytes: 4 bit in groups of 64"),
    (r"bnb|4bit", BNB4, "bitsandbytes: 4 bit in groups of 64"),
    (r"fp8-?dynamic", FP8_CHANNEL, "FP8 with a scale per output channel"),
    (r"fp8-?(block|kv)?", FP8_BLOCK, "FP8 in blocks of 128 x 128"),
    (r"bf16|fp16|f16|bfloat16|float16", FULL, "16 bit"),
)
"""Endings of hub ids, what they mean, and how that is said."""

FROM_NAME = "from its name: "
LARGEST_SIDE = 65_536

FP8_IN_BLOCKS = ("qwen", "deepseek-ai", "zai-org", "unsloth")
"""Who publishes FP8 in blocks under the bare ending FP8; others use a scale per channel."""


def precision_of(config: Mapping[str, Any], name: str) -> tuple[Quantisation, tuple[str, ...]]:
    """How the linear layers are stored, and in words what was assumed.

    The configuration's own ``quantization_config`` is believed; without it the endings of the name
    are read. An unknown method counts as 16 bit, which is said, so that a plan errs to the safe
    side.
    """
    stated = _stated(config)
    if stated is None:
        return _named(name)
    method = str(stated.get("quant_method", stated.get("quant_algo", ""))).lower()
    if method == "fp8" or method == "fbgemm_fp8":
        return _fp8(stated, method), ()
    if method in ("awq", "gptq", "auto-round", "awq_marlin", "gptq_marlin"):
        return _packed(stated, method)
    if method == "compressed-tensors":
        return _compressed(stated)
    if method.startswith("modelopt") or method in ("nvfp4", "mixed_precision"):
        return _modelopt(stated)
    if method in ("mxfp4", "gpt_oss_mxfp4"):
        return MXFP4, ()
    if method == "bitsandbytes":
        return (BNB4 if stated.get("load_in_4bit", True) else INT8_CHANNEL), ()
    told = f"its quantization method {method!a} is not known here: counted as 16 bit"
    return FULL, (told,)


def _stated(config: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The configuration's word on precision, of the whole model or of its decoder."""
    for place in (config, config.get("text_config"), config.get("llm_config")):
        if isinstance(place, Mapping):
            for key in ("quantization_config", "compression_config"):
                value = place.get(key)
                if isinstance(value, Mapping) and value:
                    return value
    return None


def _fp8(stated: Mapping[str, Any], method: str) -> Quantisation:
    block = stated.get("weight_block_size")
    if isinstance(block, list | tuple) and block and _side(block[0]):
        return Quantisation(
            method="fp8", bits=8, scheme="block", group=int(block[0]), scale_bytes=4
        )
    return FP8_CHANNEL if method == "fbgemm_fp8" else FP8_TENSOR


def _packed(stated: Mapping[str, Any], method: str) -> tuple[Quantisation, tuple[str, ...]]:
    bits = stated.get("bits", stated.get("w_bit", 4))
    group = stated.get("group_size", stated.get("q_group_size", 128))
    assumed: tuple[str, ...] = ()
    if not _whole(bits) or not 2 <= bits <= 8:
        bits, assumed = 4, (f"bits {bits!r:.40} is no precision: counted as 4",)
    name = "awq" if method.startswith("awq") else "gptq"
    # vLLM's kernels drop the zero points of a symmetric checkpoint once it is loaded
    symmetric = name == "gptq" and bool(stated.get("sym", True))
    zero = 0 if symmetric or not stated.get("zero_point", True) else int(bits)
    if not _whole(group) or group <= 0:
        channel = Quantisation(
            method=name, bits=int(bits), scheme="channel", scale_bytes=2, zero_bits=zero
        )
        return channel, assumed
    found = Quantisation(
        method=name, bits=int(bits), scheme="group", group=int(group), scale_bytes=2,
        zero_bits=zero, all_layers=bool(stated.get("lm_head", False)),
    )  # fmt: skip
    return found, assumed


def _compressed(stated: Mapping[str, Any]) -> tuple[Quantisation, tuple[str, ...]]:
    """What the library compressed-tensors wrote: the first group of layers speaks for all."""
    groups = stated.get("config_groups")
    first = next(iter(groups.values()), None) if isinstance(groups, Mapping) else None
    weights = first.get("weights") if isinstance(first, Mapping) else None
    if not isinstance(weights, Mapping):
        return FULL, ("its compressed-tensors groups say nothing of weights: counted as 16 bit",)
    assumed: tuple[str, ...] = ()
    if isinstance(groups, Mapping) and len(groups) > 1:
        assumed = (f"the first of {len(groups)} groups of layers speaks for all",)
    bits, kind = weights.get("num_bits"), str(weights.get("type", "int"))
    strategy = str(weights.get("strategy", "channel"))
    group = weights.get("group_size")
    if kind == "float" and bits == 4:
        return NVFP4, assumed
    if kind == "float":
        if strategy == "block":
            block = weights.get("block_structure")
            side = block[0] if isinstance(block, list | tuple) and block else 128
            side = side if _side(side) else 128
            found = Quantisation(method="fp8", bits=8, scheme="block", group=side, scale_bytes=4)
            return found, assumed
        return (FP8_TENSOR if strategy == "tensor" else FP8_CHANNEL), assumed
    if not _whole(bits) or not 2 <= bits <= 8:
        return FULL, (*assumed, f"num_bits is {bits!r:.40}: counted as 16 bit")
    zero = 0 if weights.get("symmetric", True) else int(bits)
    scheme = "group" if strategy == "group" and _whole(group) and group > 0 else "channel"
    method = "int8" if bits == 8 else "w4a16"
    return Quantisation(
        method=method, bits=int(bits), scheme="group" if scheme == "group" else "channel",
        group=int(group) if scheme == "group" and _whole(group) else 0,
        scale_bytes=2, zero_bits=zero,
    ), assumed  # fmt: skip


def _modelopt(stated: Mapping[str, Any]) -> tuple[Quantisation, tuple[str, ...]]:
    inner = stated.get("quantization")
    told = {**stated, **inner} if isinstance(inner, Mapping) else dict(stated)
    algorithm = str(told.get("quant_algo", told.get("quant_method", ""))).upper()
    if "MIXED" in algorithm:
        layers = told.get("quantized_layers")
        share = _share_of_fp4(layers) if isinstance(layers, Mapping) else None
        words = "NVFP4 and FP8 layers are mixed: counted as NVFP4"
        if share is not None and share < 0.5:
            return FP8_TENSOR, ("NVFP4 and FP8 layers are mixed: counted as FP8",)
        return NVFP4, (words,)
    if "FP4" in algorithm:
        return NVFP4, ()
    if "FP8" in algorithm:
        return (FP8_BLOCK if "PB" in algorithm else FP8_TENSOR), ()
    return FULL, (f"its modelopt precision {algorithm!a} is not known here: counted as 16 bit",)


def _share_of_fp4(layers: Mapping[str, Any]) -> float | None:
    kinds = [str(one.get("quant_algo", "")) for one in layers.values() if isinstance(one, Mapping)]
    return sum("FP4" in kind.upper() for kind in kinds) / len(kinds) if kinds else None


def _named(name: str) -> tuple[Quantisation, tuple[str, ...]]:
    """What the endings of a name say; a name that says nothing is one in 16 bit."""
    last = name.rstrip("/").rsplit("/", 1)[-1].lower().replace("_", "-").replace(" ", "-")
    owner = name.split("/", 1)[0].lower() if "/" in name else ""
    for pattern, found, words in NAMED:
        if not re.search(rf"(^|[-.])(?:{pattern.replace('_', '-')})($|[-.])", last):
            continue
        told = f"{FROM_NAME}{words}"
        if found is FP8_BLOCK and owner and owner not in FP8_IN_BLOCKS and "block" not in last:
            return FP8_CHANNEL, (f"{FROM_NAME}FP8 with a scale per output channel",)
        if found is FULL and "gguf" not in pattern:
            return FULL, ()
        return found, (told,)
    return FULL, ()


def _whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _side(value: object) -> TypeGuard[int]:
    """Whether a value can be the side of a block."""
    return _whole(value) and 0 < value <= LARGEST_SIDE
