"""Shares and McNemar's test, held against scipy's and statsmodels' results."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.evaluate.statistics import all_alike, mcnemar_midp, wilson


@pytest.mark.parametrize(("right", "n"), [(0, 7), (7, 7), (3, 10), (95, 100), (1, 5000)])
@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_wilson_is_scipys(right, n, level):
    from scipy import stats

    theirs = stats.binomtest(right, n).proportion_ci(level, method="wilson")
    ours = wilson(right, n, level)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
    assert ours.mid == right / n


def test_nothing_measured_has_no_interval():
    assert wilson(0, 0) is None
    assert all_alike(1.0, 0, (0.0, 1.0)) is None


@given(st.integers(1, 400), st.data())
def test_wilson_holds_its_share_and_stays_within_0_and_1(n, data):
    right = data.draw(st.integers(0, n))
    found = wilson(right, n)
    assert 0.0 <= found.low <= found.mid <= found.high <= 1.0
    assert found.low < found.high


@pytest.mark.parametrize("pair", [(1, 0), (5, 2), (2, 5), (40, 60), (700, 601), (5000, 5300)])
def test_midp_is_the_exact_p_less_half_of_what_was_seen(pair):
    from scipy import stats
    from statsmodels.stats.contingency_tables import mcnemar

    b, c = pair
    exact = mcnemar([[0, b], [c, 0]], exact=True).pvalue
    seen = stats.binom.pmf(min(b, c), b + c, 0.5)
    assert mcnemar_midp(b, c) == pytest.approx(exact - seen, rel=1e-8)


def test_midp_where_neither_is_ahead():
    from scipy import stats

    assert mcnemar_midp(0, 0) == 1.0
    assert mcnemar_midp(6, 6) == pytest.approx(1 - 0.5 * stats.binom.pmf(6, 12, 0.5))


def test_midp_of_thousands_stays_a_number():
    assert mcnemar_midp(100_000, 0) == 0.0
    assert 0.9 < mcnemar_midp(1_000_000, 1_000_001) <= 1.0


@given(st.integers(0, 300), st.integers(0, 300))
def test_midp_is_the_same_from_both_sides(b, c):
    assert mcnemar_midp(b, c) == mcnemar_midp(c, b)
    assert 0.0 <= mcnemar_midp(b, c) <= 1.0


def test_all_right_is_not_certainty():
    from scipy import stats

    found = all_alike(1.0, 100, (0.0, 1.0))
    theirs = stats.binomtest(100, 100).proportion_ci(0.95, method="exact")
    assert found.low == pytest.approx(theirs.low)
    assert found.high == 1.0
    none = all_alike(0.0, 100, (-1.0, 1.0))
    assert none.low == pytest.approx(-none.high)
    assert 0.03 < none.high < 0.04
