"""What headers of local files say: exact bytes, and a typed error for anything damaged."""

import json
import os
import struct
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.models.files import TINY, gguf, safetensors, tiny_tensors, write_model

from rolecall.errors import UsageError
from rolecall.models.catalogue import shape_named
from rolecall.models.folder import shape_in
from rolecall.models.weights import tensor_bytes

BUILT = Path(__file__).parents[2] / "build" / "tiny-qwen3"


def test_the_bytes_of_a_folder_are_those_of_its_tensors(tmp_path):
    shape = shape_in(write_model(tmp_path / "tiny"))
    assert shape.tensor_bytes == shape.params * 2
    assert shape.origin == "folder"
    assert not shape.assumed


def test_a_tied_head_that_is_stored_twice_counts_once(tmp_path):
    tensors = tiny_tensors() | {"lm_head.weight": ("BF16", (32, 8))}
    shape = shape_in(write_model(tmp_path / "tiny", tensors=tensors))
    assert shape.tensor_bytes == shape.params * 2
    assert any("twice" in one for one in shape.assumed)


def test_layers_for_speculation_are_not_counted(tmp_path):
    tensors = tiny_tensors(3) | {"mtp.fc.weight": ("BF16", (8, 16))}
    shape = shape_in(write_model(tmp_path / "tiny", tensors=tensors))
    assert shape.tensor_bytes == shape.params * 2
    assert any("not loaded" in one for one in shape.assumed)


def test_keys_of_layers_that_share_anothers_are_not_counted(tmp_path):
    shape = shape_in(write_model(tmp_path / "tiny", TINY | {"num_kv_shared_layers": 1}))
    unused = 2 * (4 * 8 + 4 * 8 + 4)
    assert shape.tensor_bytes == shape_in(write_model(tmp_path / "own")).tensor_bytes - unused
    assert shape.tensor_bytes == 2 * shape.params


def test_tensors_of_32_bit_are_loaded_in_16(tmp_path):
    shape = shape_in(write_model(tmp_path / "tiny", tensors=tiny_tensors(dtype="F32")))
    assert shape.tensor_bytes == shape.params * 2


def test_fp8_scales_take_32_bit(tmp_path):
    tensors = tiny_tensors()
    for name, (_, sizes) in list(tensors.items()):
        if name.endswith("proj.weight"):
            tensors[name] = ("F8_E4M3", sizes)
            tensors[name + "_scale_inv"] = ("BF16", (1, 1))
    config = TINY | {
        "quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}
    }
    shape = shape_in(write_model(tmp_path / "tiny", config, tensors))
    rest = shape.params - shape.linear_params
    assert shape.tensor_bytes == shape.linear_params + 2 * rest + 14 * 4
    assert shape.quantisation.scheme == "block"


def test_the_index_says_which_files_are_loaded(tmp_path):
    folder = write_model(tmp_path / "tiny")
    tensors = tiny_tensors()
    first = {name: one for name, one in tensors.items() if "layers.1" not in name}
    second = {name: one for name, one in tensors.items() if "layers.1" in name}
    (folder / "a-1.safetensors").write_bytes(safetensors(first))
    (folder / "a-2.safetensors").write_bytes(safetensors(second))
    told = dict.fromkeys(first, "a-1.safetensors") | dict.fromkeys(second, "a-2.safetensors")
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": told}))
    shape = shape_in(folder)
    assert shape.tensor_bytes == shape.params * 2
    (folder / "a-2.safetensors").unlink()
    with pytest.raises(UsageError, match=r"a-2\.safetensors is missing"):
        shape_in(folder)
    index.write_text(json.dumps({"weight_map": {"a": "../../etc/x.safetensors"}}))
    with pytest.raises(UsageError, match="damaged"):
        shape_in(folder)


def test_a_folder_without_weights_says_where_its_sizes_are_from(tmp_path):
    folder = write_model(tmp_path / "tiny")
    (folder / "model.safetensors").unlink()
    shape = shape_in(folder)
    assert shape.tensor_bytes is None
    assert any("config.json" in one for one in shape.assumed)


def test_a_file_cut_short_is_told_by_how_much(tmp_path):
    folder = write_model(tmp_path / "tiny")
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-100])
    with pytest.raises(UsageError, match="100 bytes are missing") as caught:
        shape_in(folder)
    assert caught.value.hint


@pytest.mark.parametrize(
    "damage",
    [
        b"", b"\x00" * 8, b"\xff" * 64, struct.pack("<Q", 2**62) + b"{}",
        struct.pack("<Q", 50_000_000) + b"{}", struct.pack("<Q", 2) + b"[]",
        struct.pack("<Q", 4) + b"{{{{",
        safetensors({"x": ("BF16", (4, 4))}).replace(b'"BF16"', b'"XX16"'),
        safetensors({"x": ("BF16", (4, 4))}).replace(b"[4, 4]", b"[4, 9]"),
        safetensors({"x": ("BF16", (4, 4))}).replace(b"[4, 4]", b"[-4,4]"),
    ],
)  # fmt: skip
def test_garbage_for_weights_is_refused(tmp_path, damage):
    folder = write_model(tmp_path / "tiny")
    (folder / "model.safetensors").write_bytes(damage)
    with pytest.raises(UsageError, match="damaged"):
        shape_in(folder)


GGUF_DATA = {
    "general.architecture": "qwen3", "qwen3.block_count": 1, "qwen3.embedding_length": 256,
    "qwen3.feed_forward_length": 512, "qwen3.attention.head_count": 2,
    "qwen3.attention.head_count_kv": 1, "qwen3.attention.key_length": 128,
    "qwen3.context_length": 4096, "tokenizer.ggml.tokens": ["a", "bc", ""],
}  # fmt: skip
GGUF_TENSORS = {
    "token_embd.weight": (12, (256, 300)), "output_norm.weight": (0, (256,)),
    "blk.0.attn_q.weight": (12, (256, 256)), "blk.0.ffn_up.weight": (12, (256, 512)),
}  # fmt: skip


def test_a_gguf_file_is_counted_tensor_by_tensor(tmp_path):
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf(GGUF_DATA, GGUF_TENSORS))
    shape = shape_in(path)
    assert shape.tensor_bytes == (300 + 256 + 512) * 144 + 256 * 4
    assert shape.vocabulary == 300
    assert shape.tied
    assert shape.linear_params == 256 * 256 + 256 * 512
    assert shape.origin == "gguf"
    assert shape.quantisation.bits in (4, 5)
    assert shape_in(tmp_path).tensor_bytes == shape.tensor_bytes


@given(cut=st.integers(0, 1200), at=st.integers(0, 400), byte=st.integers(0, 255))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_damaged_gguf_file_gives_a_shape_or_a_typed_error(tmp_path, cut, at, byte):
    whole = bytearray(gguf(GGUF_DATA, GGUF_TENSORS))
    whole[at] = byte
    path = tmp_path / "m.gguf"
    path.write_bytes(bytes(whole[: len(whole) - cut]))
    try:
        shape = shape_in(path)
    except UsageError:
        return
    assert shape.tensor_bytes


@pytest.mark.parametrize("at", [8, 16])
def test_giant_counts_in_a_gguf_file_are_refused_at_once(tmp_path, at):
    whole = bytearray(gguf(GGUF_DATA, GGUF_TENSORS))
    whole[at : at + 8] = struct.pack("<Q", 2**60)
    path = tmp_path / "m.gguf"
    path.write_bytes(bytes(whole))
    with pytest.raises(UsageError, match="it claims"):
        shape_in(path)


def test_what_is_no_model_is_refused_with_a_remedy(tmp_path):
    (tmp_path / "page.html").write_text("x")
    for path in (tmp_path / "absent", tmp_path, tmp_path / "page.html"):
        with pytest.raises(UsageError) as caught:
            shape_in(path)
        assert caught.value.hint


@pytest.mark.skipif(not BUILT.exists(), reason="the tiny model is not built: make vllm-cpu")
def test_the_tiny_model_of_the_real_server(tmp_path):
    shape = shape_in(BUILT)
    assert shape.tensor_bytes == 2 * shape.params


def test_files_that_hold_too_little_are_not_taken_for_the_whole_model(tmp_path):
    whole = shape_in(write_model(tmp_path / "whole"))
    half = {name: one for name, one in tiny_tensors().items() if ".1." not in name}
    for name, tensors in (("half", half), ("few", {"model.norm.weight": ("BF16", (8,))})):
        shape = shape_in(write_model(tmp_path / name, tensors=tensors))
        assert tensor_bytes(shape) == tensor_bytes(whole)
        assert any("some may be missing" in one for one in shape.assumed)


def test_padded_experts_count_in_a_folder_as_in_the_catalogue():
    known = shape_named("openai/gpt-oss-20b")
    read = replace(known, tensor_bytes=13_761_264_768)  # what its published files hold
    assert tensor_bytes(read) == pytest.approx(tensor_bytes(known), rel=0.005)


def test_tensors_in_one_place_are_refused(tmp_path):
    folder = write_model(tmp_path / "tiny")
    twice = json.dumps(
        {name: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]} for name in ("a", "b")}
    ).encode()
    whole = struct.pack("<Q", len(twice)) + twice + b"\0" * 8
    (folder / "model.safetensors").write_bytes(whole)
    with pytest.raises(UsageError, match="one behind the other"):
        shape_in(folder)


def test_a_pipe_is_no_file_of_weights(tmp_path):
    folder = write_model(tmp_path / "tiny")
    (folder / "model.safetensors").unlink()
    os.mkfifo(folder / "model.safetensors")
    assert shape_in(folder).tensor_bytes is None


def test_a_configuration_that_python_wrote_is_read(tmp_path):
    folder = write_model(tmp_path / "tiny", TINY | {"time_step_limit": [0.0, float("inf")]})
    assert shape_in(folder).layers == 2
    (folder / "config.json").write_text('{"a": Infinity' + "[" * 100_000)
    with pytest.raises(UsageError, match="is not JSON"):
        shape_in(folder)


@pytest.mark.parametrize("side", [0, -128, 2**40, 1.5])
def test_blocks_without_a_side_are_not_counted(tmp_path, side):
    stated = {"quant_method": "fp8", "weight_block_size": [side, side]}
    shape = shape_in(write_model(tmp_path / "tiny", TINY | {"quantization_config": stated}))
    assert shape.quantisation.scheme == "tensor"
