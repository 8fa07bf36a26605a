"""Bootstrap and sign flips: against scipy, against enumeration, and where little is drawn."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.evaluate.statistics import Bootstrap, bca, sign_flip
from rolecall.evaluate.statistics.resampling import ENUMERATED


def skewed(n, seed=3):
    return np.random.default_rng(seed).exponential(size=n)


def test_bca_is_scipys_where_each_cluster_is_one_sample():
    from scipy import stats

    values = skewed(1000)  # so many that widening for few clusters does not show
    ours = bca(values, np.ones(1000), draws=10_000, bounds=(0, 10))[0]
    theirs = stats.bootstrap((values,), np.mean, n_resamples=10_000, rng=1).confidence_interval
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.03 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.03 * width)
    assert ours.mid == values.mean()


def test_bca_of_clusters_is_scipys_of_a_ratio():
    from scipy import stats

    random = np.random.default_rng(5)
    sizes = random.integers(1, 9, 600).astype(float)
    sums = random.binomial(sizes.astype(int), random.beta(8, 2, 600)).astype(float)
    ours = bca(sums, sizes, draws=20_000, bounds=(0, 1))[0]
    ratio = lambda s, n, axis=-1: s.sum(axis=axis) / n.sum(axis=axis)  # noqa: E731
    theirs = stats.bootstrap(
        (sums, sizes), ratio, paired=True, n_resamples=20_000, rng=1
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.04 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.04 * width)


def test_few_clusters_widen_the_interval():
    from scipy import stats

    values = skewed(10)
    ours = bca(values, np.ones(10), draws=20_000, bounds=(0, 10))[0]
    theirs = stats.bootstrap((values,), np.mean, n_resamples=20_000, rng=1).confidence_interval
    assert ours.high - ours.low > 1.1 * (theirs.high - theirs.low)


def test_many_fields_share_their_draws():
    sums, sizes = np.random.default_rng(1).random((40, 3)), np.ones((40, 3))
    together = bca(sums, sizes)
    for field, one in enumerate(together):
        alone = bca(sums[:, field], sizes[:, field])[0]
        assert (one.low, one.high) == pytest.approx((alone.low, alone.high))
    assert together == bca(sums, sizes)
    assert together != bca(sums, sizes, seed=1)


def test_blocks_of_draws_do_not_show(monkeypatch):
    sums, sizes = np.random.default_rng(1).random((40, 3)), np.ones((40, 3))
    whole = bca(sums, sizes), sign_flip(sums - 0.5)
    monkeypatch.setattr("rolecall.evaluate.statistics.resampling.CHUNK", 40 * 64)
    blocks = bca(sums, sizes), sign_flip(sums - 0.5)
    assert [one.low for one in blocks[0]] == pytest.approx([one.low for one in whole[0]])
    assert blocks[1] == whole[1]


def test_a_field_that_few_clusters_have():
    sums, sizes = np.zeros((30, 2)), np.zeros((30, 2))
    sums[:, 0], sizes[:, 0] = np.random.default_rng(2).random(30), 1
    sums[:4, 1], sizes[:4, 1] = [1, 0, 1, 1], 1
    wide = bca(sums, sizes, bounds=(0, 1))[1]
    assert 0.0 <= wide.low < wide.mid == 0.75 < wide.high <= 1.0
    assert wide.high - wide.low > 0.5


def test_all_alike_is_no_certainty():
    perfect = bca(np.full(50, 2.0), np.full(50, 2.0), bounds=(0, 1))[0]
    assert 0.9 < perfect.low < 0.94
    assert perfect.mid == perfect.high == 1.0
    never = bca(np.zeros(50), np.ones(50))[0]
    assert never.low == -never.high < -0.05
    assert (
        Bootstrap(np.zeros((50, 3)), np.ones((50, 3))).interval_of_mean([0, 1]).high == never.high
    )


def test_a_side_that_was_never_seen_is_not_ruled_out():
    few = bca([1.0, 1.0] + [0.0] * 98, np.ones(100))[0]
    assert few.mid == 0.02
    assert few.low == pytest.approx(0.02 - (1 - 0.025 ** (1 / 100)))
    paid = bca([1.0, 1.0] + [0.0] * 98, np.ones(100), bounds=(-np.inf, np.inf))[0]
    assert paid.low > few.low


def test_what_cannot_be_known_is_not_available():
    assert bca(np.zeros(4), np.zeros(4)) == [None]
    assert bca([3.0], [9.0]) == [None]
    assert Bootstrap([[3.0]], [[9.0]]).interval_of_mean([0]) is None
    assert Bootstrap(np.zeros((3, 2)), np.zeros((3, 2))).interval_of_mean([0, 1]) is None
    assert bca(np.zeros((0, 2)), np.zeros((0, 2))) == [None, None]


def test_the_mean_of_fields_counts_each_the_same():
    sums = np.array([[9.0, 0], [9, 1], [8, 0], [10, 1], [9, 0], [7, 1]])
    sizes = np.array([[10.0, 1], [10, 1], [10, 1], [10, 1], [10, 1], [10, 1]])
    found = Bootstrap(sums, sizes).interval_of_mean([0, 1], (0.0, 1.0))
    assert found.mid == pytest.approx((52 / 60 + 3 / 6) / 2)
    assert found.low < found.mid < found.high


counts = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=0, max_size=25)


@settings(max_examples=60, deadline=None)
@given(counts)
def test_an_interval_is_a_number_holds_its_middle_and_has_a_width(pairs):
    sizes = np.array([max(n, k) for k, n in pairs], dtype=float)
    sums = np.array([k for k, n in pairs], dtype=float)
    found = bca(sums, sizes, draws=200, bounds=(0, 1))[0]
    if found is None:
        assert (sizes > 0).sum() < 2
    else:
        assert -1e-12 <= found.low <= found.mid <= found.high <= 1 + 1e-12
        assert found.low < found.high


def by_hand(values):
    seen = abs(sum(values))
    flips = [abs(np.dot(values, signs)) for signs in itertools.product((1, -1), repeat=len(values))]
    return np.mean([flip >= seen - 1e-9 for flip in flips])


@settings(deadline=None)
@given(st.lists(st.integers(-6, 6), min_size=1, max_size=8))
def test_few_clusters_are_enumerated(values):
    assert sign_flip(np.array(values, dtype=float))[0] == pytest.approx(by_hand(values))


def test_more_clusters_are_drawn_and_agree_with_scipy():
    from scipy import stats

    values = np.random.default_rng(11).normal(0.2, 1.0, ENUMERATED + 20)
    theirs = stats.permutation_test(
        (values,), np.sum, permutation_type="samples", n_resamples=50_000, rng=1
    ).pvalue
    assert sign_flip(values)[0] == pytest.approx(theirs, abs=0.015)


def test_the_least_p_is_never_0():
    assert sign_flip(np.ones(400), draws=999)[0] == 1 / 1000
    assert sign_flip(np.ones(5))[0] == 2 / 2**5
    assert sign_flip(np.zeros(9)) == [1.0]
