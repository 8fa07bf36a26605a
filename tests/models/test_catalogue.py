"""Which model of the catalogue a name means: never one of another size or architecture."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.models.catalogue import entries, entry_named, match, shape_named

FACTS = Path(__file__).parents[3] / "shared" / "facts"


@pytest.mark.parametrize(
    ("name", "meant", "method"),
    [
        ("Qwen/Qwen3-8B", "Qwen/Qwen3-8B", "none"),
        ("qwen/qwen3-8b", "Qwen/Qwen3-8B", "none"),
        ("Qwen3-8B-FP8", "Qwen/Qwen3-8B", "fp8"),
        ("JunHowie/Qwen3-8B-GPTQ-Int4", "Qwen/Qwen3-8B", "gptq"),
        ("Qwen/Qwen3-4B-Instruct-2507-FP8", "Qwen/Qwen3-4B-Instruct-2507", "fp8"),
        ("unsloth/Qwen3-4B-Thinking-2507", "Qwen/Qwen3-4B-Thinking-2507", "none"),
        ("qwen3-4b fp16", "Qwen/Qwen3-4B", "none"),
        (
            "RedHatAI/Llama-3.3-70B-Instruct-FP8-dynamic",
            "meta-llama/Llama-3.3-70B-Instruct",
            "fp8",
        ),
        ("hugging-quants/Llama-3.1-8B-AWQ-INT4", "meta-llama/Llama-3.1-8B-Instruct", "awq"),
        ("llama3.1-8b", "meta-llama/Llama-3.1-8B-Instruct", "none"),
        ("someone/My-Qwen2.5-7B-finetune-W4A16", "Qwen/Qwen2.5-7B-Instruct", "w4a16"),
        ("Qwen3.8-27B-FP8", "Qwen/Qwen3.8-27B", "fp8"),
        ("nvidia/Qwen3-30B-A3B-NVFP4", "Qwen/Qwen3-30B-A3B", "nvfp4"),
        ("openai/gpt-oss-20b", "openai/gpt-oss-20b", "mxfp4"),
        ("NousResearch/Hermes-3-Llama-3.1-8B", "meta-llama/Llama-3.1-8B-Instruct", "none"),
        ("someone/GLM-4.5-Air-AWQ", "zai-org/GLM-4.5-Air", "awq"),
        ("Phi-4-mini", "microsoft/Phi-4-mini-instruct", "none"),
        ("someone/Qwen3-8B-jobs-v2", "Qwen/Qwen3-8B", "none"),
        ("google/gemma-4-E2B", "google/gemma-4-E2B-it", "none"),
        ("Gemma 4 E2B", "google/gemma-4-E2B-it", "none"),
        ("unsloth/Meta-Llama-3.1-8B-Instruct-bnb-4bit", "meta-llama/Llama-3.1-8B-Instruct", "bnb4"),
    ],
)
def test_names_as_people_write_them(name, meant, method):
    assert entry_named(name).name == meant
    assert shape_named(name).quantisation.method == method


@pytest.mark.parametrize(
    "name",
    [
        "", "x", "qwen3", "Qwen3-7B", "Qwen3-VL-7B", "Qwen3-Omni-30B-A3B", "Qwen4-8B",
        "Qwen3-Embedding-8B", "Qwen3-Reranker-4B", "Llama-3.1-205B", "Llama-3.1", "Llama-4-8B",
        "Mistral-Large-24B", "gemma-4-E3B", "DeepSeek-R1-Distill-Qwen-3B", "8B", "model-8b",
        "Llama-3.1-Nemotron-Nano-8B-v1", "Qwen3.7-27B", "Qwen2.5-Math-7B", "Qwen2.5-Omni-7B",
        "qwen3-5-4b", "Qwen2.5-14B-Instruct-1M", "gemma-3n-E4B-it", "phi-4-vision", "DeepSeek-V3.1",
        "Mistral-7B-Instruct-v0.1",
    ],
)  # fmt: skip
def test_what_is_not_known_is_not_guessed(name):
    assert entry_named(name) is None


def test_what_was_found_by_likeness_says_so():
    shape = shape_named("someone/Qwen3-8B-jobs")
    assert shape.origin == "name"
    assert any("Qwen/Qwen3-8B" in one for one in shape.assumed)
    assert shape_named("Qwen/Qwen3-8B").assumed == ()


def test_a_figure_from_memory_is_said_to_be_one():
    loose = next(one for one in entries() if not one.checked)
    assert any("memory" in one or "not checked" in one for one in shape_named(loose.name).assumed)


def test_every_entry_and_variant_is_found_by_its_own_name():
    for entry in entries():
        for name in (entry.name, *entry.variants):
            assert match(name).entry.name == entry.name, name


@given(st.text(max_size=40))
def test_any_text_is_a_model_or_none(text):
    match(text)


@pytest.mark.skipif(not FACTS.exists(), reason="the facts are not beside this checkout")
def test_the_models_of_real_logs_are_known():
    rows = [json.loads(one) for one in (FACTS / "vram_logs.jsonl").read_text().splitlines()]
    named = {one["model"] for one in rows if one.get("model")}
    unknown = {name for name in named if entry_named(name) is None}
    assert unknown <= {
        "zai-org/GLM-5.3-Flash (FP8)", "Gemma-4 E-series (study rig)", "qwen38-27b nvfp4"
    }  # fmt: skip
