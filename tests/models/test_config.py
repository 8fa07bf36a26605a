"""The shape that a config.json describes: counted exactly, or refused with the missing field."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import UsageError
from rolecall.models.catalogue import entries, entry_named
from rolecall.models.config import shape_of

FACTS = Path(__file__).parents[3] / "shared" / "facts" / "models.json"


def qwen3_4b(**more):
    return {
        "model_type": "qwen3", "num_hidden_layers": 36, "hidden_size": 2560,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128,
        "intermediate_size": 9728, "vocab_size": 151936, "max_position_embeddings": 262144,
        "tie_word_embeddings": True, **more,
    }  # fmt: skip


def test_qwen3_4b_is_counted_to_the_last_parameter():
    shape = shape_of(qwen3_4b(), "Qwen/Qwen3-4B-Instruct-2507")
    assert shape.params == 4_022_468_096
    assert shape.linear_params == 3_633_315_840
    assert shape.embedding_params == 388_956_160
    assert shape.attention.full * shape.attention.full_width * 2 == 147_456
    assert shape.rotary == 128
    assert shape.context == 262_144
    assert not shape.assumed


@pytest.mark.skipif(not FACTS.exists(), reason="the facts are not beside this checkout")
def test_the_catalogue_agrees_with_the_gathered_facts():
    facts = [one for one in json.loads(FACTS.read_text())["models"] if "total_params" in one]
    assert len(facts) >= 11
    for one in facts:
        shape = shape_of(entry_named(one["model"].split("(")[0].strip()).config, one["model"])
        assert shape.params == one["total_params"], one["model"]
        assert shape.embedding_params == one.get("embedding_params", shape.embedding_params)
        assert shape.linear_params == one.get("linear_params", shape.linear_params)
        kept = shape.attention.full * shape.attention.full_width * 2
        assert kept == one["kv_bytes_per_token_bf16"], one["model"]
        active = one.get("active_params_incl_head", shape.active_params)
        assert shape.active_params == active


@pytest.mark.parametrize("entry", entries(), ids=lambda one: one.name)
def test_every_entry_has_a_shape_a_licence_and_a_source(entry):
    shape = shape_of(entry.config, entry.name)
    assert shape.params > 0
    assert shape.linear_params >= shape.expert_params
    assert entry.licence
    assert entry.source
    assert entry.checked or entry.note
    assert not any("not known" in one for one in shape.assumed)
    assert all(score.source for score in entry.scores)


@pytest.mark.parametrize(
    "field", ["num_hidden_layers", "hidden_size", "vocab_size", "max_position_embeddings"]
)
def test_a_missing_field_is_named(field):
    config = qwen3_4b()
    del config[field]
    with pytest.raises(UsageError, match=field):
        shape_of(config, "some/model")


def test_an_unknown_architecture_is_taken_for_a_plain_decoder_and_says_so():
    shape = shape_of(qwen3_4b(model_type="novel"), "some/model")
    assert any("novel" in one for one in shape.assumed)


@pytest.mark.parametrize("value", [0, -1, 2**40, "36", True, 1.5, [36], float("inf"), float("nan")])
def test_garbage_is_refused(value):
    with pytest.raises(UsageError, match="num_hidden_layers"):
        shape_of(qwen3_4b(num_hidden_layers=value), "some/model")


ODD = [
    None,
    True,
    0,
    -1,
    1,
    7,
    10**6,
    2**31,
    2**70,
    1.5,
    1e308,
    "",
    "x",
    [],
    [1, "a"],
    {},
    {"a": 1},
]


@given(st.dictionaries(st.sampled_from(sorted(qwen3_4b())), st.sampled_from(ODD)))
def test_any_fields_give_a_shape_or_a_typed_error(odd):
    try:
        shape = shape_of(qwen3_4b(**odd), "some/model")
    except UsageError:
        return
    assert shape.params > 0


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("openai/gpt-oss-20b", 20_914_757_184),
        ("openai/gpt-oss-120b", 116_829_156_672),
        ("google/gemma-3-4b-it", 4_300_079_472),
        ("google/gemma-4-26B-A4B-it", 25_805_933_872),
        ("Qwen/Qwen3-VL-8B-Instruct", 8_767_123_696),
        ("Qwen/Qwen2.5-VL-7B-Instruct", 8_292_166_656),
        ("Qwen/Qwen3-Next-80B-A3B-Instruct", 79_674_391_296),
        ("ibm-granite/granite-4.0-h-small", 32_207_337_984),
        ("mistralai/Ministral-3-3B-Instruct-2512", 3_849_090_048),
        ("mistralai/Mistral-Small-3.2-24B-Instruct-2506", 24_011_361_280),
        ("deepseek-ai/DeepSeek-V2-Lite-Chat", 15_706_484_224),
        ("microsoft/Phi-4-mini-instruct", 3_836_021_760),
    ],
)
def test_totals_that_their_hub_counts(name, params):
    assert shape_of(entry_named(name).config, name).params == params


def test_layers_remember_what_their_kind_remembers():
    hybrid = shape_of(entry_named("Qwen/Qwen3.5-4B").config, "Qwen/Qwen3.5-4B").attention
    assert (hybrid.full, hybrid.state) == (8, 24)
    assert hybrid.full * hybrid.full_width * 2 == 32_768
    assert hybrid.state_bytes == 32 * 128 * 128 * 4 + (2 * 16 * 128 + 32 * 128) * 3 * 2
    windows = shape_of(entry_named("google/gemma-3-4b-it").config, "x").attention
    assert (windows.full, windows.window, windows.window_tokens) == (5, 29, 1024)
    sharing = shape_of(entry_named("google/gemma-4-E2B-it").config, "x").attention
    assert (sharing.full, sharing.window) == (3, 12)
    latent = shape_of(entry_named("deepseek-ai/DeepSeek-V3").config, "x").attention
    assert latent.full_width == 576


def test_rotary_tables_have_the_length_that_the_engine_gives_them():
    lengths = {
        "Qwen/Qwen3-8B": 128, "Qwen/Qwen3-VL-2B-Instruct": 4 * 128,
        "google/gemma-3-4b-it": 256 + 8 * 256, "google/gemma-4-E2B-it": 256 + 512,
        "microsoft/Phi-4-mini-instruct": 96, "ibm-granite/granite-4.0-h-small": 0,
    }  # fmt: skip
    for name, values in lengths.items():
        assert shape_of(entry_named(name).config, name).rotary == values, name
