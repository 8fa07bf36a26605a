"""The distributions, held against scipy's."""

import math

import pytest

from rolecall.evaluate.statistics import (
    normal_cdf,
    normal_quantile,
    student_cdf,
    student_quantile,
)

SHARES = (1e-6, 0.001, 0.025, 0.2, 0.5, 0.7, 0.95, 0.975, 0.9999)


@pytest.mark.parametrize("freedom", [1, 2, 3, 9, 28, 99.5, 1000, 100_000])
def test_student_is_scipys(freedom):
    from scipy import stats

    for share in SHARES:
        t = stats.t.ppf(share, freedom)
        assert student_quantile(share, freedom) == pytest.approx(t, rel=1e-9, abs=1e-9)
        assert student_cdf(t, freedom) == pytest.approx(share, rel=1e-9)


def test_normal_is_scipys():
    from scipy import stats

    for share in SHARES:
        z = stats.norm.ppf(share)
        assert normal_quantile(share) == pytest.approx(z, abs=1e-12)
        assert normal_cdf(z) == pytest.approx(share, rel=1e-12)


def test_the_ends_are_infinite():
    assert normal_quantile(0.0) == -math.inf
    assert normal_quantile(1.0) == math.inf
    assert student_quantile(1.0, 3) == math.inf
    assert student_cdf(-math.inf, 3) == 0.0
