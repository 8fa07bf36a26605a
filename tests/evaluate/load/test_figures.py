"""Figures of a load: percentiles, latencies as vLLM defines them, goodput, schedules."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.core import Usage
from rolecall.errors import UsageError
from rolecall.evaluate.load.figures import (
    breaks,
    held,
    percentile,
    point,
    read_slo,
    sequential_gaps,
    spread,
    tpot,
    ttft,
)
from rolecall.evaluate.load.nouns import Point, Sent
from rolecall.evaluate.load.schedule import constant, next_level, order, poisson, within

NUMBERS = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60)


def sent(number=0, start=0.0, first=0.5, gap=0.1, tokens=6, **more):
    """An answer of ``tokens`` chunks, ``gap`` seconds apart."""
    chunks = tuple(start + first + gap * n for n in range(tokens))
    told = {
        "number": number,
        "sent": start,
        "chunks": chunks,
        "ended": chunks[-1],
        "usage": Usage(input_tokens=100, cached_tokens=40, output_tokens=tokens),
        "counted": True,
        "valid": True,
        "truncated": False,
    }
    return Sent(**(told | more))


def failure(number=0, start=0.0, ended=1.0, kind="timeout"):
    return Sent(number=number, sent=start, ended=ended, failure=kind)


@settings(deadline=None)
@given(NUMBERS, st.floats(0, 1))
def test_percentiles_are_those_of_numpy(values, share):
    ours = percentile(sorted(values), share)
    theirs = float(np.percentile(values, 100 * share))
    assert ours == pytest.approx(theirs, rel=1e-9, abs=1e-6)


@settings(deadline=None)
@given(NUMBERS)
def test_a_spread_is_in_order(values):
    found = spread(values)
    assert found.least <= found.p50 <= found.p95 <= found.p99 <= found.most
    assert found.least - 1e-6 <= found.mean <= found.most + 1e-6
    assert spread([]) is None


def test_latencies_follow_the_definitions_of_vllm():
    one = sent(first=0.5, gap=0.1, tokens=6)
    assert ttft(one) == pytest.approx(0.5)
    assert tpot(one) == pytest.approx((1.0 - 0.5) / 5)
    found = point([one], loop="closed", level=1)
    assert found.ttft_ms.mean == pytest.approx(500)
    assert found.tpot_ms.mean == pytest.approx(100)
    assert found.itl_ms.p99 == pytest.approx(100)
    assert found.e2el_ms.p50 == pytest.approx(1000)


def test_with_several_tokens_in_a_chunk_tpot_counts_tokens_and_itl_chunks():
    one = sent(gap=0.1, tokens=6, usage=Usage(input_tokens=1, output_tokens=11))
    assert tpot(one) == pytest.approx(0.05)
    assert point([one], loop="closed", level=1).itl_ms.mean == pytest.approx(100)


def test_rates_are_of_answers_over_the_whole_time():
    rows = [sent(0), sent(1, start=1.0), failure(2, start=1.0, ended=4.0, kind="http_503")]
    found = point(rows, loop="closed", level=2, postings=0.5)
    assert found.seconds == pytest.approx(4.0)
    assert (found.requests, found.failed, found.failures) == (3, 1, {"http_503": 1})
    assert found.requests_per_s == pytest.approx(0.5)
    assert found.postings_per_min == pytest.approx(15)
    assert (found.input_tokens, found.output_tokens, found.cached_tokens) == (200, 12, 80)
    assert found.output_tokens_per_s == pytest.approx(3)
    assert found.input_length.p50 == 100
    assert (found.schema_valid, found.truncated) == (1.0, 0.0)
    assert found.cost_per_1000_usd is None


def test_what_cannot_be_had_is_none_and_says_why():
    plain = Sent(number=0, sent=0.0, ended=1.0, valid=False, truncated=True)
    found = point([plain], loop="closed", level=1)
    assert (found.ttft_ms, found.tpot_ms, found.itl_ms) == (None, None, None)
    assert found.reasons["ttft_ms"] == "the answers were not streamed"
    assert found.output_tokens is None
    assert "tokens" in found.reasons
    assert (found.schema_valid, found.truncated) == (0.0, 1.0)
    nothing = point([failure()], loop="open", level=2.5)
    assert (nothing.rate, nothing.concurrency) == (2.5, None)
    assert (nothing.requests_per_s, nothing.e2el_ms, nothing.schema_valid) == (None, None, None)
    assert point([], loop="closed", level=1).requests == 0


def test_tokens_of_a_server_that_counts_only_some_are_not_summed():
    found = point([sent(0), sent(1, counted=False)], loop="closed", level=1)
    assert found.output_tokens_per_s is None


def test_goodput_counts_answers_that_keep_every_promise():
    rows = [sent(0), sent(1, first=2.0), failure(2)]
    slo = read_slo("ttft:600,tpot:150,e2el:1200")
    found = point(rows, loop="closed", level=1, slo=slo)
    assert found.goodput_per_s == pytest.approx(1 / found.seconds)
    assert breaks(found, slo)
    assert not breaks(found, read_slo("tpot:150"))
    plain = Sent(number=0, sent=0.0, ended=1.0)
    assert point([plain], loop="closed", level=1, slo=slo).goodput_per_s is None
    assert point([plain], loop="closed", level=1, slo={"e2el": 2000}).goodput_per_s == 1.0


@pytest.mark.parametrize("text", ["", "ttft", "ttft:", "ttft:x", "ttft:-1", "itl:5", "ttft:nan"])
def test_a_promise_that_is_none_is_refused(text):
    with pytest.raises(UsageError, match="--slo"):
        read_slo(text)


def test_failed_requests_are_paid_by_the_answered_ones():
    rows = [sent(0, cost_usd=0.002), sent(1, cost_usd=0.002), failure(2)]
    rows[2] = Sent(number=2, sent=0.0, ended=1.0, failure="timeout", cost_usd=0.002)
    found = point(rows, loop="closed", level=1, paid=True)
    assert found.cost_per_1000_usd == pytest.approx(3.0)


def test_gaps_lie_between_an_end_and_the_next_request():
    rows = [sent(0), sent(1, start=1.02), sent(2, start=2.05)]
    assert sequential_gaps(rows) == pytest.approx([0.02, 0.03])
    assert point(rows, loop="closed", level=1).gap_ms.most == pytest.approx(30)
    assert point(rows, loop="closed", level=2).gap_ms is None


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0.01, 10)), min_size=1, max_size=40))
def test_what_is_held_never_exceeds_what_was_sent(spans):
    rows = [
        Sent(number=n, sent=start, ended=start + length) for n, (start, length) in enumerate(spans)
    ]
    found = held(rows)
    assert 1 <= found["peak"] <= len(rows)
    assert found["mean"] <= found["peak"] + 1e-6


@settings(deadline=None)
@given(st.floats(0.1, 1e4), st.integers(0, 2**31), st.integers(1, 50))
def test_schedules_go_forward_and_are_the_same_for_a_seed(rate, seed, count):
    for times in (
        within(poisson(rate, seed), count, None),
        within(constant(rate), count, None),
    ):
        assert len(times) == count
        assert times[0] == 0.0
        assert all(a <= b for a, b in itertools.pairwise(times))
    assert within(poisson(rate, seed), count, None) == within(poisson(rate, seed), count, None)


def test_a_poisson_schedule_has_the_rate_and_the_spread_of_one():
    """Mean and standard deviation of the gaps are both 1 / rate: within 4 standard errors."""
    times = within(poisson(5.0, 1), 20_000, None)
    gaps = np.diff(times)
    assert gaps.mean() == pytest.approx(0.2, abs=4 * 0.2 / math.sqrt(len(gaps)))
    assert gaps.std() == pytest.approx(0.2, abs=4 * 0.2 * math.sqrt(2 / len(gaps)))
    assert within(constant(4.0), None, 1.0) == [0.0, 0.25, 0.5, 0.75]


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(0, 99))
def test_each_item_comes_once_in_a_round(count, seed):
    found = list(itertools.islice(order(count, seed), 3 * count))
    for turn in range(3):
        part = found[turn * count : (turn + 1) * count]
        assert {number for number, _ in part} == {turn}
        assert sorted(index for _, index in part) == list(range(count))


def swept(*rates, failed=0):
    return [
        Point(
            loop="closed", concurrency=2**n, seconds=1.0, requests=10, failed=failed,
            requests_per_s=rate,
        )
        for n, rate in enumerate(rates)
    ]  # fmt: skip


def test_a_sweep_doubles_until_more_gives_no_more():
    assert next_level([], 128, False) == (1, "")
    assert next_level(swept(1.0), 128, False) == (2, "")
    assert next_level(swept(1.0, 2.0, 4.0), 128, False) == (8, "")
    level, why = next_level(swept(1.0, 2.0, 2.09), 128, False)
    assert level is None
    assert "saturated" in why
    assert next_level(swept(1.0, 2.0), 128, True)[0] is None
    assert next_level(swept(1.0, 2.0), 2, False)[0] is None
    assert next_level(swept(1.0, 2.0), 3, False) == (3, "")
    assert next_level(swept(None, failed=10), 128, False)[0] is None
