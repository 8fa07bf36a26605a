"""How weights are stored, by the checkpoint's own word or by its name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.models.precision import precision_of

STATED = [
    ({"quant_method": "fp8", "weight_block_size": [128, 128]}, ("fp8", 8, "block", 128, 4, 0)),
    ({"quant_method": "fp8", "activation_scheme": "static"}, ("fp8", 8, "tensor", 0, 4, 0)),
    ({"quant_method": "fbgemm_fp8"}, ("fp8", 8, "channel", 0, 4, 0)),
    ({"quant_method": "awq", "bits": 4, "group_size": 128}, ("awq", 4, "group", 128, 2, 4)),
    (
        {"quant_method": "awq", "bits": 4, "group_size": 64, "zero_point": False},
        ("awq", 4, "group", 64, 2, 0),
    ),
    (
        {"quant_method": "gptq", "bits": 4, "group_size": 128, "sym": True, "desc_act": True},
        ("gptq", 4, "group", 128, 2, 0),
    ),
    (
        {"quant_method": "gptq", "bits": 8, "group_size": 32, "sym": False},
        ("gptq", 8, "group", 32, 2, 8),
    ),
    ({"quant_method": "gptq", "bits": 4, "group_size": -1}, ("gptq", 4, "channel", 0, 2, 0)),
    ({"quant_method": "mxfp4"}, ("mxfp4", 4, "group", 32, 1, 0)),
    ({"quant_method": "bitsandbytes", "load_in_4bit": True}, ("bnb4", 4, "group", 64, 4, 0)),
    ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, ("nvfp4", 4, "group", 16, 1, 0)),
    ({"quant_method": "modelopt", "quant_algo": "FP8"}, ("fp8", 8, "tensor", 0, 4, 0)),
]


def compressed(**weights):
    return {
        "quant_method": "compressed-tensors",
        "config_groups": {"group_0": {"targets": ["Linear"], "weights": weights}},
    }


STATED += [
    (compressed(num_bits=8, type="float", strategy="channel"), ("fp8", 8, "channel", 0, 4, 0)),
    (compressed(num_bits=8, type="float", strategy="tensor"), ("fp8", 8, "tensor", 0, 4, 0)),
    (
        compressed(num_bits=8, type="float", strategy="block", block_structure=[128, 128]),
        ("fp8", 8, "block", 128, 4, 0),
    ),
    (
        compressed(num_bits=4, type="int", strategy="group", group_size=128, symmetric=True),
        ("w4a16", 4, "group", 128, 2, 0),
    ),
    (
        compressed(num_bits=4, type="int", strategy="group", group_size=32, symmetric=False),
        ("w4a16", 4, "group", 32, 2, 4),
    ),
    (compressed(num_bits=8, type="int", strategy="channel"), ("int8", 8, "channel", 0, 2, 0)),
    (
        compressed(num_bits=4, type="float", strategy="tensor_group", group_size=16),
        ("nvfp4", 4, "group", 16, 1, 0),
    ),
]


@pytest.mark.parametrize(("stated", "expected"), STATED)
def test_the_checkpoints_own_word_is_believed(stated, expected):
    for config in (
        {"quantization_config": stated},
        {"text_config": {"quantization_config": stated}},
    ):
        found, assumed = precision_of(config, "some/Model-AWQ")
        told = (
            found.method, found.bits, found.scheme, found.group, found.scale_bytes,
            found.zero_bits,
        )  # fmt: skip
        assert told == expected
        assert not assumed


@pytest.mark.parametrize(
    ("name", "method", "scheme"),
    [
        ("Qwen/Qwen3-8B", "none", "none"),
        ("Qwen/Qwen3-8B-FP8", "fp8", "block"),
        ("RedHatAI/Qwen3-8B-FP8", "fp8", "channel"),
        ("RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic", "fp8", "channel"),
        ("x/y-AWQ", "awq", "group"),
        ("x/y-AWQ-INT4", "awq", "group"),
        ("x/y-GPTQ-Int4", "gptq", "group"),
        ("x/y-NVFP4", "nvfp4", "group"),
        ("x/y-quantized.w4a16", "w4a16", "group"),
        ("x/y-quantized.w8a8", "int8", "channel"),
        ("unsloth/y-bnb-4bit", "bnb4", "group"),
        ("unsloth/y-unsloth-bnb-4bit", "bnb4", "group"),
        ("x/y-MXFP4", "mxfp4", "group"),
        ("x/y-bf16", "none", "none"),
        ("y fp16", "none", "none"),
    ],
)
def test_without_it_the_name_is_read_and_that_is_said(name, method, scheme):
    found, assumed = precision_of({}, name)
    assert (found.method, found.scheme) == (method, scheme)
    assert bool(assumed) == (method != "none")


def test_gptq_in_8_bit_is_told_from_4():
    assert precision_of({}, "x/y-GPTQ-Int8")[0].bits == 8
    assert precision_of({}, "x/y-GPTQ-Int4")[0].bits == 4


@pytest.mark.parametrize(
    "stated",
    [{"quant_method": "novel"}, {"quant_method": "compressed-tensors"}, {"quant_method": 3},
     {"quant_method": "modelopt", "quant_algo": "X"}, compressed(num_bits=99, type="int")],
)  # fmt: skip
def test_what_is_not_known_counts_as_16_bit_and_says_so(stated):
    found, assumed = precision_of({"quantization_config": stated}, "x/y")
    assert found.bits == 16
    assert assumed


ODD = st.sampled_from([None, True, 0, -1, 4, 2**70, 1.5, "", "fp8", "awq", [], [128], {}, {"a": 1}])
KEYS = st.sampled_from(
    ["quant_method", "bits", "group_size", "sym", "config_groups", "weight_block_size", "weights",
     "quant_algo", "quantized_layers", "quantization"]
)  # fmt: skip


@given(st.sampled_from(["fp8", "awq", "gptq", "compressed-tensors", "modelopt", "bitsandbytes"]),
       st.dictionaries(KEYS, ODD), st.dictionaries(KEYS, ODD))  # fmt: skip
def test_any_word_gives_a_precision(method, stated, inner):
    told = {"quant_method": method, "config_groups": {"g": {"weights": inner}}, **stated}
    found, _ = precision_of({"quantization_config": told}, "x/y")
    assert 1 <= found.bits <= 16
    assert found.group >= 0
