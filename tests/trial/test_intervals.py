"""Intervals that hold at every look at once."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import UsageError
from rolecall.trial.intervals import difference_between, rate_between, ratio_between
from rolecall.trial.sequential import Stretch

counts = st.integers(0, 5000)
shares = st.floats(0.005, 0.995)
lists = st.lists(st.builds(Stretch, counts, counts, shares), min_size=1, max_size=5)


@given(lists)
def test_the_ratio_lies_in_its_interval(stretches):
    found = ratio_between(stretches)
    if found.mid is None:
        assert found == (0.0, None, math.inf)
    else:
        assert 0.0 <= found.low <= found.mid <= found.high
        assert (found.low == 0.0) == (sum(one.hits for one in stretches) == 0)
        assert (found.high == math.inf) == (sum(one.misses for one in stretches) == 0)
        wider = ratio_between(stretches, 0.01)
        assert wider.low <= found.low
        assert found.high <= wider.high


@given(st.integers(1, 200), st.integers(1, 200), shares)
def test_one_stretch_gives_the_plain_ratio(bad, other_bad, share):
    found = ratio_between([Stretch(bad, other_bad, share)])
    assert found.mid == pytest.approx(bad / share / (other_bad / (1.0 - share)))
    turned = ratio_between([Stretch(other_bad, bad, 1.0 - share)])
    assert turned.low == pytest.approx(1.0 / found.high, rel=1e-5)
    assert turned.high == pytest.approx(1.0 / found.low, rel=1e-5)


@given(st.integers(1, 200), st.integers(1, 200), shares)
def test_the_same_ratio_of_more_pages_is_surer(bad, other_bad, share):
    few = ratio_between([Stretch(bad, other_bad, share)])
    many = ratio_between([Stretch(9 * bad, 9 * other_bad, share)])
    assert math.log(many.high / many.low) < math.log(few.high / few.low)
    huge = ratio_between([Stretch(10**8 * bad, 10**8 * other_bad, share)])
    assert huge.high / huge.low < 1.03


def test_stretches_that_contradict_one_another_leave_an_interval():
    found = ratio_between([Stretch(0, 3000, 0.35), Stretch(1200, 0, 0.5)])
    assert found.low < 0.95 * found.mid
    assert found.high > 1.05 * found.mid


def test_stretches_of_one_share_are_one():
    assert ratio_between([Stretch(3, 4, 0.2), Stretch(5, 1, 0.2)]) == ratio_between(
        [Stretch(8, 5, 0.2)]
    )


def test_the_ratio_may_be_looked_at_after_every_page_by_counting_every_way():
    """Each way that ten bad pages can fall at one share, and then ten at another."""
    ratio, alpha = 2.0, 0.2
    ever, alive = 0.0, {(0, 0): 1.0}
    for n in range(1, 21):
        share = 0.1 if n <= 10 else 0.5
        theta = share * ratio / (1.0 - share + share * ratio)
        then = {}
        for (first, second), mass in alive.items():
            for more, part in ((1, theta), (0, 1.0 - theta)):
                state = (first + more, second) if n <= 10 else (first, second + more)
                told = [Stretch(state[0], min(n, 10) - state[0], 0.1)]
                told += [Stretch(state[1], n - 10 - state[1], 0.5)] if n > 10 else []
                found = ratio_between(told, alpha)
                if found.low <= ratio <= found.high:
                    then[state] = then.get(state, 0.0) + mass * part
                else:
                    ever += mass * part
        alive = then
    assert 0.0 < ever <= alpha


@pytest.mark.parametrize("rate", [0.02, 0.3, 0.9])
def test_a_rate_may_be_looked_at_after_every_page_by_counting_every_way(rate):
    alpha, ever, alive = 0.2, 0.0, {0: 1.0}
    for n in range(1, 120):
        then = {}
        for hits, mass in alive.items():
            for more, part in ((1, rate), (0, 1.0 - rate)):
                found = rate_between(hits + more, n, alpha)
                if found.low <= rate <= found.high:
                    then[hits + more] = then.get(hits + more, 0.0) + mass * part
                else:
                    ever += mass * part
        alive = then
    assert 0.02 < ever <= alpha


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_rate_lies_in_its_interval_and_more_pages_are_surer(hits, misses):
    found = rate_between(hits, hits + misses)
    if hits + misses == 0:
        assert found == (0.0, None, 1.0)
        return
    assert 0.0 <= found.low <= found.mid <= found.high <= 1.0
    many = rate_between(9 * hits, 9 * (hits + misses))
    assert many.high - many.low < found.high - found.low
    turned = rate_between(misses, hits + misses)
    assert turned.low == pytest.approx(1.0 - found.high, abs=1e-6)


@given(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300), st.integers(0, 300))
def test_a_difference_lies_in_its_interval(hits, misses, other_hits, other_misses):
    n, other_n = hits + misses, other_hits + other_misses
    found = difference_between(hits, n, other_hits, other_n)
    assert -1.0 <= found.low <= found.high <= 1.0
    if found.mid is None:
        assert not n or not other_n
        return
    assert found.low <= found.mid <= found.high
    turned = difference_between(other_hits, other_n, hits, n)
    assert turned.low == pytest.approx(-found.high, abs=1e-9)


def test_a_difference_says_something_where_nobody_is_bad():
    assert ratio_between([Stretch(0, 0, 0.3)]) == (0.0, None, math.inf)
    found = difference_between(0, 2000, 0, 2000)
    assert found.mid == 0.0
    assert -0.01 < found.low < 0.0 < found.high < 0.01
    assert difference_between(0, 0, 0, 0) == (-1.0, None, 1.0)


def test_the_ends_are_where_the_likelihood_is_least():
    """Held against a fine grid of all ratios."""
    bad, other_bad, share, alpha = 31, 55, 0.2, 0.05
    found = ratio_between([Stretch(bad, other_bad, share)], alpha)
    odds = share / (1.0 - share)
    a, b = (1.0 + odds) / 0.25, (1.0 + 1.0 / odds) / 0.25
    beta = lambda x, y: math.lgamma(x) + math.lgamma(y) - math.lgamma(x + y)  # noqa: E731
    least = math.log(alpha) + beta(a + bad, b + other_bad) - beta(a, b)
    held = []
    for step in range(1, 20_000):
        theta = odds * step / 2000 / (1.0 + odds * step / 2000)
        if bad * math.log(theta) + other_bad * math.log(1.0 - theta) >= least:
            held.append(step / 2000)
    assert found.low == pytest.approx(held[0], abs=2e-3)
    assert found.high == pytest.approx(held[-1], abs=2e-3)


@given(st.integers(0, 10**10), st.integers(0, 10**10), st.floats(1e-6, 1.0, exclude_max=True))
def test_huge_counts_have_intervals(bad, other_bad, share):
    found = ratio_between([Stretch(bad, other_bad, share)])
    assert not math.isnan(found.low)
    assert found.low <= found.high
    rate = rate_between(bad, bad + other_bad)
    assert 0.0 <= rate.low <= rate.high <= 1.0
    difference = difference_between(bad, bad + other_bad, other_bad, bad + other_bad)
    assert -1.0 <= difference.low <= difference.high <= 1.0


@pytest.mark.parametrize(("hits", "n"), [(-1, 5), (6, 5), (0, 0), (0, math.inf), (math.nan, 5)])
def test_what_cannot_be_tells_nothing_of_a_rate(hits, n):
    assert rate_between(hits, n) == (0.0, None, 1.0)
    assert difference_between(hits, n, hits, n) == (-1.0, None, 1.0)


@pytest.mark.parametrize("alpha", [0.0, 1.0, math.nan])
def test_a_level_that_is_none(alpha):
    for call in (
        lambda: ratio_between([], alpha),
        lambda: rate_between(1, 2, alpha),
        lambda: difference_between(1, 2, 1, 2, alpha),
    ):
        with pytest.raises(UsageError, match="alpha"):
            call()
