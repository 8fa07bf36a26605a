import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.plan.laptop import LAPTOP, POSTINGS, qwen3_4b

from rolecall.errors import UsageError
from rolecall.models.catalogue import entries
from rolecall.models.config import shape_of
from rolecall.models.nouns import Attention, Shape
from rolecall.plan.devices import device_named, devices
from rolecall.plan.keyvalues import block_bytes, sequence_bytes
from rolecall.plan.nouns import GIB, MIB, Calibration, Device, Load
from rolecall.plan.reckon import Reckoned, reckon, share_within, usual_batch, usual_length
from rolecall.plan.wanted import Wanted

SHAPE = qwen3_4b()
SHAPES = (
    SHAPE,
    qwen3_4b(
        "Qwen/Qwen3-4B-Instruct-2507",
        quantisation=replace(SHAPE.quantisation, method="none", bits=16),
    ),
    qwen3_4b(
        "windows",
        attention=Attention(
            full=6, full_width=2_048, window=30, window_width=2_048, window_tokens=1_024
        ),
    ),
    qwen3_4b(
        "states", attention=Attention(full=9, full_width=2_048, state=27, state_bytes=2 * MIB)
    ),
)
caps = st.integers(int(0.01 * GIB), 24 * GIB)
shapes = st.sampled_from(SHAPES)
cards = st.sampled_from(devices()) | st.just(LAPTOP)


LEARNED = Calibration(
    device=LAPTOP.name, model="m", version=(0, 33), overhead=GIB, expected=GIB, weights=40 * MIB
)


def found(
    wanted: Wanted,
    shape: Shape = SHAPE,
    device: Device = LAPTOP,
    known: Calibration | None = None,
) -> Reckoned:
    return reckon(shape, device, POSTINGS, wanted, known)


def test_the_records_model_under_the_records_cap() -> None:
    plan = found(Wanted(mode="capped"))
    assert plan.fits
    assert 4.17 <= plan.memory.weights.low / GIB <= plan.memory.weights.high / GIB <= 4.24
    assert plan.at_once.expected >= 20
    assert plan.serving.kv_dtype == "fp8"
    assert plan.memory.kv_token == 73_728


def test_the_modes_are_those_of_the_record() -> None:
    balanced, most = found(Wanted()), found(Wanted(mode="maximum_throughput"))
    assert balanced.serving.utilisation == 0.85
    assert most.serving.utilisation == 0.9
    assert most.at_once.expected > balanced.at_once.expected
    assert balanced.serving.sequences <= 128


@given(
    shape=shapes,
    device=cards,
    cap=caps,
    more=st.integers(0, 4 * GIB),
    known=st.sampled_from((None, LEARNED)),
)
def test_more_cap_never_holds_less(
    shape: Shape, device: Device, cap: int, more: int, known: Calibration | None
) -> None:
    try:
        less = found(Wanted(cap=cap), shape, device, known)
    except UsageError:  # less than a ten-thousandth of the card
        return
    larger = found(Wanted(cap=cap + more), shape, device, known)
    assert larger.memory.budget >= less.memory.budget
    assert larger.memory.kv.low >= less.memory.kv.low
    assert larger.memory.tokens.expected >= less.memory.tokens.expected
    assert larger.at_once.low >= less.at_once.low
    assert larger.at_once.expected >= less.at_once.expected
    assert larger.serving.sequences >= less.serving.sequences
    assert larger.fits or not less.fits


@given(shape=shapes, device=cards, context=st.integers(16, 60_000), more=st.integers(0, 60_000))
def test_a_longer_context_never_holds_more_postings(
    shape: Shape, device: Device, context: int, more: int
) -> None:
    short = found(Wanted(context=context), shape, device)
    long = found(Wanted(context=context + more), shape, device)
    assert long.at_once.expected <= short.at_once.expected
    assert long.at_once.low <= short.at_once.low
    assert long.lacks >= short.lacks


@given(shape=shapes, device=cards, count=st.integers(1, 2_000), more=st.integers(0, 2_000))
def test_more_postings_at_once_never_take_less(
    shape: Shape, device: Device, count: int, more: int
) -> None:
    few = found(Wanted(at_once=count), shape, device)
    many = found(Wanted(at_once=count + more), shape, device)
    assert many.lacks >= few.lacks
    assert many.memory.tokens.expected <= few.memory.tokens.expected


@given(shape=shapes, device=cards, cap=caps, kv=st.sampled_from((None, "auto")))
def test_a_plan_that_fits_holds_what_vllm_asks_for(
    shape: Shape, device: Device, cap: int, kv: str | None
) -> None:
    try:
        plan = found(Wanted(cap=cap, kv_dtype=kv), shape, device)  # type: ignore[arg-type]
    except UsageError:
        return
    assert plan.memory.budget == math.ceil(device.memory * plan.serving.utilisation) <= cap
    assert plan.serving.batched_tokens >= plan.serving.sequences
    if plan.fits:
        whole = sequence_bytes(shape, plan.serving, plan.serving.context)
        assert plan.memory.kv.low >= whole
        assert plan.memory.tokens.low > 0
        assert plan.at_once.expected >= 1


@given(memory=st.integers(GIB, 300 * GIB), most=st.integers(GIB // 2, 300 * GIB))
def test_vllm_is_never_told_to_ask_for_more_than_the_cap(memory: int, most: int) -> None:
    device = replace(LAPTOP, memory=memory)
    most = min(most, memory)
    share = share_within(most, device)
    assert math.ceil(memory * share) <= most
    assert math.ceil(memory * (share + 0.0002)) > most or share == 1
    assert float(f"{share:.4f}") == share


def test_what_others_have_taken_is_left_to_them() -> None:
    busy = replace(LAPTOP, free=6 * GIB, used=9 * GIB)
    assert found(Wanted(), device=busy).memory.budget <= 6 * GIB - 512 * MIB
    with pytest.raises(UsageError, match="nothing to serve"):
        found(Wanted(), device=replace(LAPTOP, free=100 * MIB))


def test_a_context_that_nobody_asked_for_is_shortened_rather_than_refused() -> None:
    tight = found(
        Wanted(
            cap=next(
                cap for cap in range(6 * GIB, 9 * GIB, 64 * MIB) if found(Wanted(cap=cap)).fits
            )
        )
    )
    assert 4_096 <= tight.serving.context < tight.asked == 8_192
    assert found(Wanted(cap=tight.memory.budget, context=8_192)).fits is False


def test_the_cache_is_kept_in_8_bit_where_the_card_can() -> None:
    assert found(Wanted(), device=device_named("L4")).serving.kv_dtype == "fp8"
    assert found(Wanted(), device=device_named("RTX 3090")).serving.kv_dtype == "auto"
    with pytest.raises(UsageError, match="too old"):
        found(Wanted(kv_dtype="fp8"), device=device_named("T4"))


def test_large_cards_get_the_batches_that_vllm_gives_them() -> None:
    assert usual_batch(LAPTOP, Wanted()) == 2_048
    assert usual_batch(device_named("H100 SXM"), Wanted()) == 8_192
    assert usual_batch(device_named("H100 SXM"), Wanted(cap=8 * GIB)) == 2_048
    assert usual_batch(device_named("A100 80GB"), Wanted()) == 2_048


def test_a_set_cache_must_fit_beside_the_rest() -> None:
    assert found(Wanted(kv_bytes=2 * GIB)).fits
    assert not found(Wanted(kv_bytes=14 * GIB)).fits
    assert not found(Wanted(kv_bytes=64 * MIB)).fits


def test_wishes_against_the_version_are_refused() -> None:
    with pytest.raises(UsageError, match="cannot be set"):
        found(Wanted(kv_bytes=GIB, version=(0, 10)))
    with pytest.raises(UsageError, match="older than what is known"):
        found(Wanted(version=(0, 5)))


def test_wishes_against_the_model_are_refused() -> None:
    with pytest.raises(UsageError, match="262,144"):
        found(Wanted(context=300_000))
    with pytest.raises(UsageError, match="dealt out"):
        found(Wanted(cards=3))
    with pytest.raises(UsageError, match="already"):
        found(Wanted(quantise="fp8"))
    with pytest.raises(UsageError, match="cannot be 20 postings"):
        found(Wanted(sequences=8, at_once=20))
    with pytest.raises(UsageError, match="batched tokens"):
        found(Wanted(sequences=64, batched_tokens=32))
    assert found(Wanted(batched_tokens=32)).serving.sequences <= 32


def test_what_vllm_would_not_start_whatever_the_memory_does_not_fit() -> None:
    for changes, card, wanted, told in (
        ({}, "V100 32GB", Wanted(), "7.5 on"),
        ({"architecture": "Gemma3ForCausalLM"}, "T4", Wanted(), "not served in float16"),
        ({}, "H100 SXM", Wanted(cards=8), "whole groups of 128"),  # 9,728 / 8 is 9.5 blocks
        ({"heads": 30}, "H100 SXM", Wanted(cards=3), "8 key heads"),
    ):
        plan = found(wanted, replace(SHAPE, **changes), device_named(card))
        assert not plan.fits
        assert any(told in one for one in plan.refused)
    assert found(Wanted(cards=2), device=device_named("H100 SXM")).fits


def test_a_sequence_of_a_model_with_states_has_one_when_its_graph_is_captured() -> None:
    states = SHAPES[-1]
    usual = found(Wanted(mode="capped", cap=9 * GIB), states)
    block = block_bytes(states, usual.serving)
    assert usual.fits
    assert usual.serving.sequences * block <= usual.memory.kv.low
    many = Wanted(mode="capped", cap=9 * GIB, sequences=256)
    assert not found(many, states).fits
    assert found(many, states).lacks == 256 * block - found(many, states).memory.kv.low
    assert found(replace(many, eager=True), states).fits


def test_a_batch_holds_a_block_of_a_model_with_states() -> None:
    states = replace(
        SHAPE, attention=Attention(full=9, full_width=1_024, state=27, state_bytes=2_146_304)
    )
    usual = found(Wanted(version=(0, 24)), states)
    assert usual.serving.batched_tokens == 2_096  # as printed of Qwen3.6 with fp8 keys
    with pytest.raises(UsageError, match="2,096 tokens"):
        found(Wanted(version=(0, 24), batched_tokens=2_048), states)
    assert found(Wanted(version=(0, 33), batched_tokens=2_048), states).fits


def test_a_version_that_works_on_prompts_as_a_whole_gets_batches_as_long() -> None:
    old = Wanted(version=(0, 6), context=12_000)
    assert found(old).serving.batched_tokens == 12_000
    with pytest.raises(UsageError, match="as a whole"):
        found(replace(old, batched_tokens=2_048))
    assert found(Wanted(version=(0, 10))).serving.batched_tokens == 2_048
    turing = replace(old, version=(0, 10), kv_dtype="auto")
    assert found(turing, device=device_named("T4")).serving.batched_tokens == 12_000


def test_postings_that_are_too_long_do_not_count_towards_the_usual_one() -> None:
    load = Load(name="l", requests=((1_000, 100, 9), (50_000, 100, 1)), shared=0, postings=10)
    assert usual_length(load, 8_192) == 1_100
    assert usual_length(load, 60_000) > 1_100
    with pytest.raises(UsageError, match="no postings"):
        usual_length(replace(load, requests=()), 8_192)
    with pytest.raises(UsageError, match="no postings"):
        usual_length(replace(load, requests=((-5, 1, 1),)), 8_192)


def test_every_model_of_the_catalogue_has_a_plan_on_every_card() -> None:
    for entry in entries():
        shape = shape_of(entry.config, entry.name)
        for device in devices():
            plan = found(Wanted(), shape, device)
            assert plan.memory.weights.low > 0
            assert plan.fits == (plan.lacks <= 0 and not plan.refused)


def test_what_a_start_taught_draws_the_interval_in() -> None:
    before, after = found(Wanted(mode="capped")), found(Wanted(mode="capped"), known=LEARNED)
    assert after.memory.kv.high - after.memory.kv.low < before.memory.kv.high - before.memory.kv.low
    assert after.serving.context >= before.serving.context
