"""Where a card's memory goes: exact where it can be, an interval elsewhere."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from rolecall.errors import UsageError
from rolecall.models.nouns import Attention, Experts, Quantisation, Shape
from rolecall.models.weights import rotary_bytes, stored, tensor_bytes, weights_of
from rolecall.plan.calibration import calibration_from
from rolecall.plan.keyvalues import block_bytes, sequence_bytes, state_bytes, token_bytes
from rolecall.plan.memory import memory_of, tokens_in
from rolecall.plan.nouns import GIB, Device, Reported, Serving

BLOCK_FP8 = Quantisation(method="fp8", bits=8, scheme="block", group=128, scale_bytes=4)
AWQ = Quantisation(method="awq", bits=4, scheme="group", group=128, scale_bytes=2, zero_bits=4)
QWEN = Shape(
    name="Qwen3-4B",
    layers=36,
    hidden=2_560,
    heads=32,
    head_dim=128,
    intermediate=9_728,
    vocabulary=151_936,
    context=262_144,
    tied=True,
    attention=Attention(full=36, full_width=2 * 8 * 128),
    linear_params=3_633_315_840,
    embedding_params=388_956_160,
    other_params=196_096,
    active_params=3_633_315_840 + 388_956_160,
    rotary=128,
    quantisation=BLOCK_FP8,
)
LAPTOP = Device(
    name="laptop", memory=int(15.6 * GIB), bandwidth=576_000_000_000, flops_16=75 * 10**12
)
CARD = Device(
    name="card",
    memory=int(79.18 * GIB),
    bandwidth=1,
    flops_16=1,
    grade="datacentre",
)


def gib(figure):
    return figure / GIB


def test_the_weights_of_the_records_model():
    low, expected, high = weights_of(QWEN)
    assert tensor_bytes(QWEN) == pytest.approx(4_412_507_392, rel=1e-6)
    assert 4.17 <= gib(low) <= gib(expected) <= gib(high) <= 4.24
    assert rotary_bytes(QWEN) == 262_144 * 128 * 2


def test_embeddings_stay_in_16_bit_when_weights_have_4():
    awq = tensor_bytes(replace(QWEN, quantisation=AWQ))
    assert awq - stored(QWEN.linear_params, AWQ) == 2 * (QWEN.embedding_params + 196_096)
    whole = tensor_bytes(replace(QWEN, quantisation=Quantisation()))
    assert whole == 2 * QWEN.params


def test_quantising_while_loading_leaves_the_head():
    plain = replace(QWEN, quantisation=Quantisation())
    assert gib(tensor_bytes(plain, quantise="fp8")) == pytest.approx(4.1087, abs=0.001)
    with pytest.raises(UsageError, match="awq"):
        tensor_bytes(replace(QWEN, quantisation=AWQ), quantise="fp8")
    with pytest.raises(UsageError, match="int3"):
        tensor_bytes(plain, quantise="int3")


def test_mxfp4_experts_are_padded_and_all_else_is_not():
    experts = Experts(count=32, active=4, width=2_880)
    expert_params = 24 * 32 * 3 * 2_880 * 2_880
    how = Quantisation(
        method="mxfp4", bits=4, scheme="group", group=32, scale_bytes=1, experts_only=True
    )
    one = replace(
        QWEN, hidden=2_880, experts=experts, expert_params=expert_params, quantisation=how,
        linear_params=expert_params + 600_000_000,
    )  # fmt: skip
    padded = 24 * 32 * 3 * 2_944 * 3_072
    bare = replace(one, linear_params=expert_params)
    assert tensor_bytes(one) - tensor_bytes(bare) == 2 * 600_000_000
    assert tensor_bytes(bare) - 2 * 389_152_256 == pytest.approx(padded * 17 / 32, rel=1e-9)


def test_bytes_of_a_token():
    assert token_bytes(QWEN, Serving()) == 147_456
    assert token_bytes(QWEN, Serving(kv_dtype="fp8")) == 73_728
    assert token_bytes(QWEN, Serving(cards=2)) == 73_728
    assert token_bytes(QWEN, Serving(cards=16)) == 36 * 2 * 128 * 2  # a head is never cut
    latent = replace(QWEN, attention=Attention(full=27, full_width=576))
    assert token_bytes(latent, Serving(cards=2)) == 27 * 576 * 2  # nor is what all heads share


def test_layers_with_a_window_are_padded_to_groups():
    gemma = replace(
        QWEN,
        attention=Attention(
            full=5, full_width=2_048, window=29, window_width=2_048, window_tokens=1_024
        ),
    )
    serving = Serving(context=4_096, batched_tokens=8_192)
    assert token_bytes(gemma, serving) == pytest.approx(35 * 4_096, rel=0.005)
    long = replace(serving, context=131_072)
    assert token_bytes(gemma, long) < 6 * 4_096 + 30 * 4_096 // 10


def test_a_state_takes_whole_blocks_of_a_sequence():
    """Three printed starts of Qwen3.5 and 3.6, to the token and to the block."""
    mixed = replace(
        QWEN, attention=Attention(full=10, full_width=1_024, state=30, state_bytes=2_146_304)
    )
    serving = Serving(version=(0, 24), context=131_072, kv_dtype="fp8")
    block = block_bytes(mixed, serving)
    assert block == 10 * 2_096 * 1_024
    whole = int(6.01 * GIB) // block * block
    per_token, state = token_bytes(mixed, serving), state_bytes(mixed, serving)
    assert state == 2 * 3 * block  # the state that is read is kept beside the one that is written
    assert tokens_in(whole, per_token, state, 131_072) == pytest.approx(569_878, abs=50)
    assert sequence_bytes(mixed, serving, 131_072) == pytest.approx(
        per_token * 131_072 + state, abs=131_072
    )
    small = replace(
        QWEN, attention=Attention(full=8, full_width=2_048, state=24, state_bytes=2_146_304)
    )
    assert 1.74 * GIB // block_bytes(small, Serving()) in (107, 108)  # vLLM counted 108
    large = replace(
        QWEN, attention=Attention(full=16, full_width=2_048, state=48, state_bytes=3_207_168)
    )
    pair = replace(serving, cards=2)
    block = block_bytes(large, pair)
    whole = int(4.99 * GIB) // block * block
    held = tokens_in(whole, token_bytes(large, pair), state_bytes(large, pair), 131_072)
    assert held == pytest.approx(302_921, abs=50)
    old = replace(serving, version=(0, 11))
    assert state_bytes(mixed, old) == state // 2


def test_the_records_laptop_with_its_cap():
    serving = Serving(kv_dtype="fp8", utilisation=8 / 15.6, sequences=64)
    memory = memory_of(QWEN, LAPTOP, serving)
    assert memory.budget == math.ceil(LAPTOP.memory * 8 / 15.6)
    assert 32_000 <= memory.tokens.expected <= 44_000
    assert memory.tokens.expected >= 20 * 1_600


def test_sampling_over_many_sequences_is_the_peak_of_an_old_version():
    serving = Serving(
        version=(0, 11), utilisation=0.9, context=16_000, sequences=1_024, batched_tokens=8_192
    )
    memory = memory_of(QWEN, CARD, serving)
    assert gib(memory.activation.expected) == pytest.approx(5.6, abs=0.1)
    twice = memory_of(QWEN, CARD, replace(serving, context=32_000))
    assert twice.activation == memory.activation


@pytest.mark.parametrize(
    "change",
    [
        {"context": 0},
        {"context": 10**9},
        {"sequences": 0},
        {"batched_tokens": -1},
        {"cards": 0},
        {"utilisation": 0.0},
        {"utilisation": 1.5},
        {"utilisation": math.nan},
        {"kv_bytes": 0},
    ],
)
def test_figures_that_cannot_be_are_refused(change):
    with pytest.raises(UsageError):
        memory_of(QWEN, LAPTOP, replace(Serving(), **change))


servings = st.builds(
    Serving,
    version=st.sampled_from([(0, 6), (0, 11), (0, 24), (0, 28), (0, 33)]),
    kv_dtype=st.sampled_from(["auto", "fp8"]),
    context=st.integers(1, 262_144),
    sequences=st.integers(1, 2_048),
    batched_tokens=st.integers(1, 65_536),
    utilisation=st.floats(0.05, 1.0),
    eager=st.booleans(),
    ngram=st.booleans(),
)
devices = st.builds(
    Device,
    name=st.just("any"),
    memory=st.integers(4 * GIB, 200 * GIB),
    bandwidth=st.just(1),
    flops_16=st.just(1),
    grade=st.sampled_from(["consumer", "datacentre", "other"]),
    shared=st.booleans(),
)


@given(servings, devices)
def test_terms_add_up_to_the_budget(serving, device):
    memory = memory_of(QWEN, device, serving)
    for part in (memory.weights, memory.activation, memory.graphs, memory.other):
        assert 0 <= part.low <= part.expected <= part.high
    assert memory.kv.low <= memory.kv.expected <= memory.kv.high
    if not serving.ngram:
        taken = memory.weights + memory.overhead
        assert memory.kv.low + taken.high == memory.budget
        assert memory.kv.expected + taken.expected == memory.budget
        assert memory.kv.high + taken.low == memory.budget


@given(servings, devices)
def test_the_interval_is_no_wider_than_three_gib(serving, device):
    memory = memory_of(QWEN, device, serving)
    assert memory.kv.high - memory.kv.low <= 3 * GIB


@given(servings, devices, st.floats(0.05, 1.0))
def test_more_budget_is_never_less_cache(serving, device, other):
    low, high = sorted((serving.utilisation, other))
    less = memory_of(QWEN, device, replace(serving, utilisation=low))
    more = memory_of(QWEN, device, replace(serving, utilisation=high))
    assert less.kv.low <= more.kv.low
    assert less.tokens.expected <= more.tokens.expected


@given(servings, devices, st.integers(1, 2_048), st.integers(1, 65_536))
def test_more_sequences_or_batched_tokens_never_leave_more(serving, device, sequences, tokens):
    more = replace(
        serving,
        sequences=max(sequences, serving.sequences),
        batched_tokens=max(tokens, serving.batched_tokens),
    )
    before, after = memory_of(QWEN, device, serving), memory_of(QWEN, device, more)
    assert after.kv.low <= before.kv.low
    assert after.kv.expected <= before.kv.expected


@given(servings, devices, st.integers(GIB // 16, 4 * GIB))
def test_one_start_teaches_the_next(serving, device, overhead):
    serving = replace(serving, ngram=False)
    first = memory_of(QWEN, device, serving)
    kv = first.budget - first.weights.expected - overhead
    reported = Reported(weights=first.weights.expected, kv=kv)
    learned = calibration_from(first, device, serving, reported, model="m")
    assert learned.overhead == overhead
    second = memory_of(QWEN, device, serving, learned)
    assert second.calibrated
    assert second.kv.low <= second.kv.expected <= second.kv.high
    assert second.kv.expected == kv
    assert second.kv.low <= kv <= second.kv.high
    for part in (second.activation, second.graphs, second.other):
        assert 0 <= part.low <= part.expected <= part.high


def test_nothing_is_learned_from_a_start_that_says_nothing():
    memory = memory_of(QWEN, LAPTOP, Serving())
    with pytest.raises(UsageError, match="nothing can be learned"):
        calibration_from(memory, LAPTOP, Serving(), Reported(), model="m")
