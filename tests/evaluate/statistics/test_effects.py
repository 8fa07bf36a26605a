"""Holm's adjustment against statsmodels', and sizes of effects."""

import math

import numpy as np
import pytest

from rolecall.evaluate.statistics import cohens_h, holm, standardised_difference


@pytest.mark.parametrize("count", [1, 2, 5, 30])
def test_holm_is_statsmodels(count):
    from statsmodels.stats.multitest import multipletests

    ps = [round(p, 2) for p in np.random.default_rng(count).random(count) ** 4]  # some are equal
    assert holm(ps) == pytest.approx(list(multipletests(ps, method="holm")[1]), abs=1e-12)


def test_holm_of_nothing():
    assert holm([]) == []


def test_cohens_h_is_statsmodels():
    from statsmodels.stats.proportion import proportion_effectsize

    assert cohens_h(0.95, 0.9) == pytest.approx(proportion_effectsize(0.95, 0.9))
    assert cohens_h(0.99, 0.94) > cohens_h(0.55, 0.5)


def test_a_difference_without_spread():
    assert standardised_difference(0.5, 0.5, 0.0, 0.0) == 0.0
    assert standardised_difference(0.9, 0.5, 0.0, 0.0) == math.inf
    assert standardised_difference(0.9, 0.5, 0.04, 0.04) == pytest.approx(2.0)
