"""The roofline against its formulas written out, published tables, and what must always hold."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from tests.plan.anchors import AFTERWARDS, ANCHORS, FIRSTS, expected_first, inside, main, predicted
from tests.plan.shapes import AWQ, PLAIN, dense, eight, mixture

from rolecall.errors import UsageError
from rolecall.models.nouns import Attention
from rolecall.plan.devices import device_named, devices
from rolecall.plan.nouns import Load, Serving
from rolecall.plan.speed import reaches, speed_of
from rolecall.plan.work import (
    attention_operations,
    cache_bytes,
    rates_of,
    share_of_experts,
    weight_bytes,
)

SHARED = Path(__file__).parents[3] / "shared" / "facts" / "roofline.md"
LAPTOP = device_named("4090 laptop")
SERVING = Serving(sequences=1024)


def load(answer=90, prompt=900, shared=350):
    return Load(name="t", requests=((prompt, answer, 1),), shared=shared, postings=1)


def by_hand(card, answer, batch, cache=147_456):
    """The formulas for Qwen3-4B-FP8 with 900 tokens of prompt, 350 of them shared."""
    linear, head = 3_633_315_840, 388_956_160
    weights = linear + 4 * linear / 128**2 + 2 * head
    context = 900 + answer / 2
    memory = (weights + batch * context * cache) / card.bandwidth
    attention = 4 * 36 * 32 * 128
    compute = batch * (2 * linear / card.flops_8 + (2 * head + attention * context) / card.flops_16)
    prefill = (
        550 * 2 * linear / card.flops_8
        + (attention * sum(range(351, 901)) + 2 * head) / card.flops_16
    )
    bound = batch / max(answer * memory, batch * prefill + answer * compute)
    return 60 * bound, 60 * batch / (batch * prefill + answer * max(memory, compute))


@pytest.mark.parametrize("card", ["4090 laptop", "4090", "l4", "h200"])
@pytest.mark.parametrize("answer", [90, 700])
@pytest.mark.parametrize("batch", [1, 10, 64, 128])
def test_speed_is_the_formula(card, answer, batch):
    device = device_named(card)
    told = speed_of(dense(), device, load(answer), SERVING, batch)
    bound, serial = by_hand(device, answer, batch)
    assert told.bound == pytest.approx(bound, rel=1e-3)
    assert told.serial == pytest.approx(serial, rel=1e-3)
    assert told.at_once == batch


def test_the_published_table_is_reproduced():
    if not SHARED.exists():
        pytest.skip("the table of ../shared/facts/roofline.md is not here")
    cards = {
        "RTX 4090 Laptop 16GB, 150": LAPTOP,
        "RTX 4090 Laptop 16GB, 80": structs.replace(
            LAPTOP, flops_8=110 * 10**12, flops_16=55 * 10**12
        ),
        "RTX 4090 desktop": device_named("4090"),
        "NVIDIA L4": device_named("l4"),
        "H200 SXM": device_named("h200"),
    }
    text = SHARED.read_text(encoding="utf-8").split("## Postings per minute")[1].split("##")[0]
    compared = 0
    for line in text.splitlines():
        cells = [one.strip() for one in line.strip("|").split("|")]
        device = next((cards[one] for one in cards if cells[0].startswith(one)), None)
        if device is None:
            continue
        for batch, cell in zip((1, 10, 64, 128), cells[2:], strict=True):
            bound, serial = (float(one.replace(",", "")) for one in cell.split(" / "))
            told = speed_of(dense(), device, load(int(cells[1])), SERVING, batch)
            # the table is in whole postings
            assert told.bound == pytest.approx(bound, rel=0.01, abs=0.51), line
            assert told.serial == pytest.approx(serial, rel=0.01, abs=0.51), line
            compared += 1
    assert compared == 40


def test_what_others_have_measured_lies_in_the_interval():
    off = [one.tokens / predicted(one)[3] - 1 for one in ANCHORS]
    assert all(map(inside, ANCHORS))
    assert sum(abs(one) <= 0.16 for one in off) >= len(ANCHORS) - 3
    assert sum(abs(one) <= 0.10 for one in off) >= 0.7 * len(ANCHORS)
    for one in ANCHORS:
        bound, serial, low, _, high = predicted(one)
        assert one.tokens < serial <= bound
        assert high < 2.2 * low  # an interval that says something


def test_so_do_runs_that_nothing_was_fitted_to():
    assert all(map(inside, AFTERWARDS))
    off = [abs(one.tokens / predicted(one)[3] - 1) for one in AFTERWARDS]
    assert sum(one < 0.14 for one in off) >= len(off) - 1


def test_the_docs_hold_these_tables(capsys):
    main()
    page = (Path(__file__).parents[2] / "docs" / "planning-speed.md").read_text(encoding="utf-8")
    assert not set(capsys.readouterr().out.splitlines()) - set(page.splitlines())


def test_first_tokens_come_as_measured():
    for one in FIRSTS:
        assert one.seconds / expected_first(one) == pytest.approx(1, abs=0.25), one


def test_published_expectations_are_met():
    """The table of what good engines reach, made by shares of the serial bound alone."""
    if not SHARED.exists():
        pytest.skip("the table of ../shared/facts/roofline.md is not here")
    cards = {"RTX 4090 Laptop 16GB, 150": "4090 laptop", "RTX 4090 desktop": "4090",
             "NVIDIA L4": "l4", "H200 SXM": "h200"}  # fmt: skip
    text = SHARED.read_text(encoding="utf-8").split("## Expected good results")[1].split("##")[0]
    compared = 0
    for line in text.splitlines():
        cells = [one.strip() for one in line.strip("|").split("|")]
        named = next((cards[one] for one in cards if cells[0].startswith(one)), None)
        if named is None:
            continue
        for answer, cell in ((90, cells[1]), (700, cells[2])):
            for batch, said in zip((1, 10, 64), cell.split(" / "), strict=True):
                least, most = (float(one.replace(",", "")) for one in said.split("-"))
                told = speed_of(dense(), device_named(named), load(answer), SERVING, batch)
                assert told.expected[0] < most, line
                assert told.expected[2] > least, line
                compared += 1
    assert compared == 24


def test_short_steps_reach_less_of_what_the_card_could():
    shares = {}
    for name in ("4090 laptop", "4090", "h100", "h200", "b200"):
        told = speed_of(dense(PLAIN), device_named(name), load(), SERVING, 1)
        shares[name] = told.expected[1] / told.serial
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    assert shares["4090 laptop"] > 0.75
    assert shares["h200"] < 0.55


def test_blocks_of_eight_bits_are_slow_on_ada_only():
    for name, slow in (("4090", True), ("l4", True), ("h100", False), ("5090", False)):
        device = device_named(name)
        blocks, whole = (reaches(one, device, SERVING)[1] for one in (dense(), dense(PLAIN)))
        assert (blocks.memory < whole.memory) is slow
    old = device_named("3090")  # which unpacks them
    assert reaches(dense(), old, SERVING) == reaches(dense(PLAIN), old, SERVING)


def test_a_grammar_costs_the_low_end_and_hides_behind_longer_steps():
    h200 = device_named("h200")
    free, held = (speed_of(dense(), h200, load(), SERVING, 64, held=one) for one in (False, True))
    assert 0.6 < held.expected[0] / free.expected[0] < 0.9
    assert held.expected[1:] == free.expected[1:]
    assert (held.bound, held.serial) == (free.bound, free.serial)
    # a tiny model in a large batch waits for its masks
    tiny = structs.replace(dense(), linear_params=10**7, embedding_params=10**6)
    short = load(90, prompt=20, shared=0)
    free, held = (speed_of(tiny, h200, short, SERVING, 512, held=one) for one in (False, True))
    assert held.expected[1] < free.expected[1]


def test_half_the_cache_is_read_with_keys_and_values_in_eight_bits():
    fp8 = structs.replace(SERVING, kv_dtype="fp8")
    assert cache_bytes(dense(), SERVING, 1000) == 147_456_000
    assert cache_bytes(dense(), fp8, 1000) == 73_728_000
    slow, fast = (speed_of(dense(), LAPTOP, load(700), one, 64) for one in (SERVING, fp8))
    assert fast.serial / slow.serial == pytest.approx(267 / 178, rel=0.02)
    assert fast.serial == pytest.approx(by_hand(LAPTOP, 700, 64, 73_728)[1], rel=1e-3)


def test_a_card_without_eight_bit_floats_reads_half_and_computes_the_same():
    old = device_named("3090")
    fp8, bf16 = (speed_of(one, old, load(), SERVING, 1) for one in (dense(), dense(PLAIN)))
    assert 1.6 < fp8.serial / bf16.serial < 2
    assert rates_of(dense(), old, SERVING) == rates_of(dense(PLAIN), old, SERVING)
    many = [speed_of(one, old, load(1), SERVING, 64) for one in (dense(), dense(PLAIN))]
    assert many[0].bound == pytest.approx(many[1].bound, rel=0.01)
    assert {one.limit for one in many} == {"arithmetic"}


def test_four_bits_of_weights_are_read_and_sixteen_computed():
    four = weight_bytes(eight(AWQ), SERVING, 1)
    linear, head = eight().linear_params, eight().embedding_params
    assert four == pytest.approx(linear * (0.5 + 2.5 / 128) + 2 * head, rel=0.001)
    assert rates_of(eight(AWQ), LAPTOP, SERVING).linear == LAPTOP.flops_16
    one, many = (
        [
            speed_of(eight(how), LAPTOP, load(), SERVING, batch).bound
            for how in (AWQ, eight().quantisation)
        ]
        for batch in (1, 128)
    )
    assert one[0] > 1.3 * one[1]  # alone, four bits win
    assert many[0] < many[1]  # in a full batch, arithmetic in eight does


def test_a_checkpoint_quantised_while_loading_is_one_in_eight_bits():
    online = structs.replace(SERVING, quantise="fp8")
    assert weight_bytes(dense(PLAIN), online, 1) == pytest.approx(
        weight_bytes(dense(), SERVING, 1), rel=0.001
    )
    assert rates_of(dense(PLAIN), LAPTOP, online).linear == LAPTOP.flops_8


def test_a_mixture_reads_the_experts_that_its_batch_chooses():
    assert share_of_experts(dense(), 5) == 1
    assert share_of_experts(mixture(), 1) == pytest.approx(8 / 128)
    assert share_of_experts(mixture(), 4) == pytest.approx(1 - (120 / 128) ** 4)
    assert share_of_experts(mixture(), 2000) == pytest.approx(1)
    alone = weight_bytes(mixture(), SERVING, 1)
    assert alone == pytest.approx(mixture().active_params, rel=0.15)
    assert weight_bytes(mixture(), SERVING, 64) > 8 * alone
    # for one stream the mixture is faster than the 8B model, whose active weights are more
    card = device_named("a100 80gb")
    assert (
        speed_of(mixture(), card, load(), SERVING, 1).serial
        > speed_of(eight(), card, load(), SERVING, 1).serial
    )


def test_window_layers_read_their_window_only():
    mixed = dense(
        attention=Attention(
            full=6, full_width=2048, window=30, window_width=2048, window_tokens=512
        )
    )
    assert cache_bytes(mixed, SERVING, 300) == cache_bytes(dense(), SERVING, 300)
    assert cache_bytes(mixed, SERVING, 5000) == (6 * 5000 + 30 * 512) * 2048 * 2
    for first, last in ((1, 100), (351, 900), (600, 900), (512, 512)):
        by_place = sum(4 * 4096 * (6 * at + 30 * min(at, 512)) for at in range(first, last + 1))
        assert attention_operations(mixed, first, last) == pytest.approx(by_place)


def test_states_are_read_whatever_the_length():
    hybrid = dense(attention=Attention(full=9, full_width=1024, state=27, state_bytes=1_000_000))
    short, long = (cache_bytes(hybrid, SERVING, one) for one in (0, 1000))
    assert short == 54_000_000
    assert long - short == 9 * 1024 * 2 * 1000


def test_layers_that_share_a_cache_read_it_all_the_same():
    sharing = dense(attention=Attention(full=18, full_width=2048))
    assert cache_bytes(sharing, SERVING, 100) == cache_bytes(dense(), SERVING, 100)


def test_a_posting_of_several_requests_takes_as_long_as_they_do():
    one = speed_of(dense(), LAPTOP, load(), SERVING, 8)
    two = Load(name="t", requests=((900, 90, 4),), shared=350, postings=2)
    assert speed_of(dense(), LAPTOP, two, SERVING, 8).bound == pytest.approx(one.bound / 2)
    same = Load(name="t", requests=((900, 90, 2), (900, 90, 5)), shared=350, postings=7)
    assert speed_of(dense(), LAPTOP, same, SERVING, 8).bound == pytest.approx(one.bound)


def test_no_more_run_together_than_the_server_lets():
    few = structs.replace(SERVING, sequences=8)
    told = speed_of(dense(), LAPTOP, load(), few, 64)
    assert told.at_once == 64
    assert told.bound == speed_of(dense(), LAPTOP, load(), SERVING, 8).bound


def test_a_stream_and_its_first_token():
    told = speed_of(eight(AWQ), device_named("4090"), load(1000, 20, 0), SERVING, 1)
    assert told.stream_tokens == pytest.approx(told.answer_tokens, rel=0.02)
    long = speed_of(eight(AWQ), device_named("4090"), load(1000, 10_000, 0), SERVING, 1)
    assert long.first_token > 20 * told.first_token
    # a prompt of one token still reads all weights
    least = speed_of(dense(), LAPTOP, load(1, 1, 0), SERVING, 1).first_token
    assert least > 4.4e9 / LAPTOP.bandwidth


@pytest.mark.parametrize(
    ("wrong", "at_once"),
    [
        (Load(name="t", requests=(), shared=0, postings=1), 1),
        (Load(name="t", requests=((9, 9, 1),), shared=0, postings=0), 1),
        (Load(name="t", requests=((0, 9, 1),), shared=0, postings=1), 1),
        (Load(name="t", requests=((9, 9, 0),), shared=0, postings=1), 1),
        (load(), 0),
        (load(), -3),
    ],
)
def test_what_says_nothing_is_refused(wrong, at_once):
    with pytest.raises(UsageError):
        speed_of(dense(), LAPTOP, wrong, SERVING, at_once)


SHAPES = st.sampled_from([dense(), dense(PLAIN), eight(AWQ), mixture(), mixture(AWQ)])
LOADS = st.builds(
    lambda requests, shared, postings: Load(
        name="t", requests=tuple(requests), shared=shared, postings=postings
    ),
    st.lists(
        st.tuples(st.integers(1, 20_000), st.integers(0, 4_000), st.integers(1, 50)),
        min_size=1,
        max_size=5,
    ),
    st.integers(0, 2_000),
    st.integers(1, 100),
)
SERVINGS = st.builds(
    Serving,
    kv_dtype=st.sampled_from(["auto", "fp8"]),
    batched_tokens=st.sampled_from([512, 2048, 8192]),
    sequences=st.sampled_from([4, 256, 1024]),
    cards=st.sampled_from([1, 2]),
)


@given(SHAPES, st.sampled_from(devices()), LOADS, SERVINGS, st.integers(1, 2000))
def test_what_always_holds(shape, device, loaded, serving, at_once):
    told = speed_of(shape, device, loaded, serving, at_once)
    low, usual, high = told.expected
    assert 0 < low <= usual <= high <= told.serial <= told.bound
    assert told.first_token > 0
    assert told.stream_tokens > 0
    more = speed_of(shape, device, loaded, serving, at_once + 1)
    assert more.bound >= told.bound * (1 - 1e-9)
    assert more.serial >= told.serial * (1 - 1e-9)
    assert all(b >= a * (1 - 1e-9) for a, b in zip(told.expected, more.expected, strict=True))


@given(SHAPES, st.sampled_from(devices()), LOADS, SERVINGS, st.integers(1, 500), st.data())
def test_a_faster_card_is_never_slower(shape, device, loaded, serving, at_once, data):
    named = data.draw(st.sampled_from(["bandwidth", "flops_16", "flops_8"]))
    faster = structs.replace(device, **{named: int(getattr(device, named) * 1.5)})
    before, after = (speed_of(shape, one, loaded, serving, at_once) for one in (device, faster))
    assert after.bound >= before.bound * (1 - 1e-9)
    assert after.serial >= before.serial * (1 - 1e-9)
    assert all(b >= a * (1 - 1e-9) for a, b in zip(before.expected, after.expected, strict=True))


@given(LOADS, SERVINGS, st.integers(1, 500))
def test_more_of_a_shared_beginning_is_never_slower(loaded, serving, at_once):
    none = structs.replace(loaded, shared=0)
    assert speed_of(dense(), LAPTOP, loaded, serving, at_once).bound >= speed_of(
        dense(), LAPTOP, none, serving, at_once
    ).bound * (1 - 1e-9)
