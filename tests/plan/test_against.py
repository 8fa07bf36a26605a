"""The planner held against logged starts of vLLM."""

import json
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.cli.plan_against import held_against
from rolecall.errors import UsageError
from rolecall.models.find import find_shape
from rolecall.plan.against import against, against_document, read_starts, summary, table
from rolecall.plan.devices import device_named
from rolecall.plan.starts import cleaned, hold, serving_of, version_of

LOGS = Path(__file__).parents[3] / "shared" / "facts" / "vram_logs.jsonl"
PAGE = Path(__file__).parents[2] / "docs" / "planning-memory.md"

START = {
    "model": "Qwen/Qwen3-8B",
    "quantization": "none (bf16)",
    "kv_cache_dtype": "auto",
    "gpu": "RTX 4090 24GB",
    "gpu_mem_gib": 23.52,
    "gpu_memory_utilization": 0.9,
    "max_model_len": 8_192,
    "tp": 1,
    "vllm_version": "0.33.0",
    "weights_gib": 15.27,
    "kv_cache_gib": 4.6,
    "kv_cache_tokens": 33_488,
    "other": {"max_num_seqs": 128},
}


def find_shape_here(name):
    return find_shape(name, {}, reach=False)


def held(**changes):
    return hold(START | changes, find_shape_here, device_named)


def test_a_start_that_the_plan_foresaw():
    one = held()
    assert one.model == "Qwen/Qwen3-8B"
    assert {check.name: check.well for check in one.checks} == {
        "weights": True,
        "kv_token": True,
        "kv": True,
    }


def test_one_that_it_did_not():
    checks = {check.name: check for check in held(kv_cache_gib=0.4, weights_gib=12.0).checks}
    assert not checks["kv"].well
    assert not checks["weights"].well
    assert checks["weights"].off == pytest.approx(0.27, abs=0.02)


def test_what_was_not_logged_is_not_compared():
    assert [check.name for check in held(gpu_mem_gib=None).checks] == ["weights", "kv_token"]
    assert [check.name for check in held(quantization=None).checks] == ["kv_token", "kv"]
    assert held(model="nobody/knows-this").checks == ()
    assert "catalogue" in held(model="nobody/knows-this").reason
    assert "no model" in held(model=None).reason


def test_the_precision_is_read_from_the_log_where_the_name_has_none():
    one = held(quantization="awq int4", weights_gib=5.71, kv_cache_gib=None, kv_cache_tokens=None)
    assert one.model.endswith("-AWQ")
    assert one.checks[0].well
    online = held(quantization="fp8 online per-tensor", weights_gib=8.8)
    assert online.serving.quantise == "fp8"
    assert "precision" in held(quantization="q3_k_s").reason


def test_defaults_follow_the_card_and_the_version():
    large = serving_of({"gpu_mem_gib": 139.8, "vllm_version": "0.33.0"})
    assert (large.sequences, large.batched_tokens) == (1_024, 8_192)
    small = serving_of({"gpu_mem_gib": 15.6, "vllm_version": "0.33.0"})
    assert (small.sequences, small.batched_tokens) == (256, 2_048)
    first = serving_of({"vllm_version": "V0 (2024)", "max_model_len": 20_000})
    assert first.batched_tokens == 20_000
    assert version_of("0.26.1rc1.dev608") == (0, 26)


def test_a_file_of_starts(tmp_path):
    path = tmp_path / "starts.jsonl"
    again = START | {"kv_cache_gib": 4.5, "kv_cache_tokens": 32_768}
    path.write_bytes(b"\n".join(orjson.dumps(one) for one in (START, again, {})))
    found = against(read_starts(path), find_shape_here, device_named)
    assert [pair.well for pair in found.pairs] == [True, True]
    assert len(table(found)) == 1 + 3 + 3 + 1
    assert any("2 of 2" in line for line in summary(found))
    for body, told in ((b"[1]", "object"), (b"{", "line 1")):
        path.write_bytes(body)
        with pytest.raises(UsageError, match=told):
            read_starts(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_starts(tmp_path / "none.jsonl")


@pytest.mark.skipif(not LOGS.exists(), reason="no logged starts beside this checkout")
def test_the_docs_hold_the_table_of_real_starts():
    page = PAGE.read_text("utf-8").partition("```text\n")[2].partition("```\n")[0]
    told = held_against(LOGS, {}, as_json=False, unicode=True)
    assert page == told


@pytest.mark.skipif(not LOGS.exists(), reason="no logged starts beside this checkout")
def test_real_starts():
    """The goals of the planner, on printed starts of vLLM that are no part of the project."""
    found = against(read_starts(LOGS), find_shape_here, device_named)
    tokens, weights = found.checks("kv_token", dense=True), found.checks("weights")
    caches = found.checks("kv")
    assert len(caches) >= 10
    assert sum(not one.well for one in tokens) <= 1  # one log rounds its figure to whole GiB
    assert sum(not one.well for one in caches) <= 1
    assert sum(not one.well for one in weights) <= len(weights) // 10
    assert all(one.planned.high - one.planned.low <= 3 * 1024**3 for one in caches)


figures = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
    st.sampled_from(["0.9", "8,192", "23.52 GiB", "NaN", "1e999", "-0", "\u0663", "a\0b"]),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=3), st.integers()),
)  # fmt: skip
names = st.sampled_from([*START, "consumed_gib", "cuda_graph_gib", "non_torch_gib", "note"])
inner = st.sampled_from(
    ["max_num_seqs", "max_num_batched_tokens", "enforce_eager", "language_model_only",
     "speculative"]
)  # fmt: skip


@given(
    st.dictionaries(names, figures),
    st.one_of(figures, st.dictionaries(inner, figures)),
    st.booleans(),
)
def test_no_start_makes_it_fail(changes, other, whole):
    start = (START if whole else {}) | changes | {"other": other}
    found = against([start, START, start], find_shape_here, device_named)
    assert len(found.held) == 3
    assert len(found.held[1].checks) == 3
    assert all(isinstance(cell, str) for row in table(found) for cell in row)
    json.dumps(against_document(found), allow_nan=False)
    assert summary(found)


def test_figures_that_stand_as_text_are_read():
    told = cleaned(
        START
        | {"gpu_mem_gib": "23.52 GiB", "kv_cache_tokens": "33,488", "tp": "1", "weights_gib": "-"}
        | {"gpu_memory_utilization": 90, "other": {"enforce_eager": "false", "max_num_seqs": "64"}}
    )
    assert (told["gpu_mem_gib"], told["kv_cache_tokens"], told["tp"]) == (23.52, 33_488, 1)
    assert "weights_gib" not in told
    assert "gpu_memory_utilization" not in told  # 90 is no share
    assert told["other"]["max_num_seqs"] == 64
    assert not serving_of(told).eager


def test_names_as_logs_have_them():
    assert held(model="Qwen/Qwen3-8B-FP8 + n-gram (k=3, lookup 2-4)").model == "Qwen/Qwen3-8B-FP8"
    assert "Qwen3.8-27B" in held(model="qwen38-27b nvfp4", quantization="nvfp4").assumed[0]
    for gpu, name, grade, shared in (
        ("RTX 4090 24GB (WSL2, shared with Windows desktop)", "RTX 4090 24GB", "consumer", True),
        ("MIG 1g.16gb", "MIG 1g.16gb", "datacentre", False),
        ("H100 80GB HBM3", "H100 SXM 80GB", "datacentre", False),
        ("NVIDIA L4 23034 MiB", "L4 24GB", "datacentre", False),
        ("2x RTX 3090", "RTX 3090 24GB", "consumer", False),
    ):
        device = held(gpu=gpu).device
        assert (device.name, device.grade, device.shared) == (name, grade, shared)
    for text, version in (
        ("V0 (Dec 2024)", (0, 6)), ("v0.24.1.dev3+g12.4", (0, 24)), ("CUDA 12.4, 0.9", (0, 9)),
        ("nightly 2026.04", (0, 11)), ("", (0, 11)),
    ):  # fmt: skip
        assert version_of(text) == version
