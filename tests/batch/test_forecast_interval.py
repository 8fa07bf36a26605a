"""Intervals of forecasts: they hold the truth about as often as they say."""

import math
import random
from bisect import bisect
from collections.abc import Callable
from itertools import accumulate

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rolecall.batch.forecast_interval import Interval, exactly, ratio, regression, share

WHOLE, SAMPLE, ROUNDS, EACH = 3_000, 150, 200, 20

Made = tuple[list[float], list[float]]


def steady(draw: random.Random) -> Made:
    """Time that goes with the size of a page, sizes as they are on the web."""
    sizes = [draw.lognormvariate(9, 1) for _ in range(WHOLE)]
    return [0.002 + size * 1e-7 * draw.lognormvariate(0, 0.3) for size in sizes], sizes


def asked(draw: random.Random) -> Made:
    """Tokens of prompts, of the third of the pages that an engine is asked about."""
    sizes = [draw.lognormvariate(9, 0.8) for _ in range(WHOLE)]
    return [draw.choice((0, 0, 400 + size / 20)) for size in sizes], sizes


def seldom(draw: random.Random) -> Made:
    """The same of one page in twenty."""
    sizes = [draw.lognormvariate(9, 0.8) for _ in range(WHOLE)]
    return [(400 + size / 20) * (draw.random() < 0.05) for size in sizes], sizes


def shards(draw: random.Random) -> Made:
    """Files that differ: in how long their pages are, and in how many of them are asked about."""
    values, sizes = [], []
    for _ in range(20):
        long, often = draw.uniform(7, 11), draw.random()
        for _ in range(WHOLE // 20):
            sizes.append(draw.lognormvariate(long, 0.5))
            values.append(sizes[-1] / 20 * (draw.random() < often))
    return values, sizes


def unrelated(draw: random.Random) -> Made:
    """Values that have nothing to do with sizes."""
    sizes = [draw.lognormvariate(9, 1) for _ in range(WHOLE)]
    return [draw.expovariate(1) for _ in sizes], sizes


def spread(draw: random.Random, whole: int, count: int) -> list[int]:
    """One of each of so many equal parts, as samples are drawn."""
    return [draw.randrange(k * whole // count, (k + 1) * whole // count) for k in range(count)]


@pytest.mark.parametrize("made", [steady, asked, seldom, shards, unrelated])
def test_sums_over_all_are_within_the_interval_as_often_as_it_says(
    made: Callable[[random.Random], Made],
) -> None:
    draw, inside = random.Random(11), 0
    for number in range(ROUNDS):
        if number % EACH == 0:
            values, sizes = made(draw)
        at = spread(draw, WHOLE, SAMPLE)
        told = regression([values[k] for k in at], [sizes[k] for k in at], WHOLE, sum(sizes))
        inside += told.low <= sum(values) <= told.high
    assert 0.83 <= inside / ROUNDS <= 0.99  # 0.90, give or take what 200 draws leave open


@pytest.mark.parametrize("part", [0.0, 0.004, 0.05, 0.5, 1.0])
def test_counts_are_within_the_interval_as_often_as_it_says(part: float) -> None:
    draw, inside, hits = random.Random(5), 0, round(part * WHOLE)
    for _ in range(400):
        seen = sum(one < hits for one in draw.sample(range(WHOLE), SAMPLE))
        told = share(seen, SAMPLE, WHOLE)
        inside += told.low <= hits <= told.high
    assert inside / 400 >= 0.85


def test_places_in_large_files_tell_of_all_their_bytes() -> None:
    draw, inside = random.Random(3), 0
    for number in range(300):
        if number % 30 == 0:
            levels = [draw.uniform(7, 10) for _ in range(40)]
            sizes = [draw.lognormvariate(levels[k // 100], 0.4) for k in range(4_000)]
            ends = list(accumulate(sizes))
            whole = ends[-1]
        found = []
        for place in range(40):
            first = bisect(ends, (place + draw.random()) * whole / 40) + 1  # the next whole line
            found.append(sizes[first : first + 10] or sizes[-10:])
        told = ratio([float(len(one)) for one in found], [sum(one) for one in found], whole)
        inside += told.low <= len(sizes) <= told.high
    assert 0.83 <= inside / 300 <= 0.99


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1e7)), min_size=1, max_size=40),
    st.integers(0, 1_000),
    st.floats(0.2, 5),
)
@example([(0.0, 0.0), (8e-128, 0.0)], 1, 1.0)
def test_an_interval_holds_what_is_expected_and_what_was_seen(
    pairs: list[tuple[float, float]], more: int, larger: float
) -> None:
    values, sizes = [one for one, _ in pairs], [one for _, one in pairs]
    whole = len(pairs) + more
    told = regression(values, sizes, whole, sum(sizes) / len(pairs) * whole * larger)
    assert told.low <= told.expected <= told.high
    assert told.low >= math.fsum(values) * (1 - 1e-9)
    if not more:
        assert told == exactly(math.fsum(values))


@given(st.integers(0, 50), st.integers(0, 50), st.integers(0, 10_000))
def test_a_count_is_never_more_than_there_are(hits: int, others: int, more: int) -> None:
    count = hits + others
    told = share(hits, count, count + more)
    assert hits <= told.low <= told.expected + 1e-9
    assert told.expected <= told.high + 1e-9
    assert told.high <= hits + more


def test_nothing_seen_in_a_small_sample_is_no_proof_of_nothing() -> None:
    told = share(0, 100, 100_000)
    assert told.low == told.expected == 0
    assert 2_000 < told.high < 3_000
    tokens = regression([0.0] * 100, [1.0] * 100, 100_000, 100_000.0, usual=1_000.0)
    assert (tokens.expected, tokens.high) == (0, told.high * 1_000)


def test_a_further_doubt_is_as_large_downwards_as_upwards() -> None:
    assert exactly(10).wider(1.0) == Interval(5, 10, 20)
    assert exactly(10).wider(9.0).low == pytest.approx(1)
