"""Confidences held against scores, and thresholds that reach a target."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.evaluate.statistics import calibration, coverage_curve, threshold_for, wilson


def truthful(n, seed=0):
    """Confidences that mean what they say."""
    random = np.random.default_rng(seed)
    sure = random.random(n)
    return list(sure), list((random.random(n) < sure).astype(float))


def test_confidences_that_mean_what_they_say():
    found = calibration(*truthful(20_000), level=0.999)
    assert found.ece < 0.02
    assert found.brier == pytest.approx(1 / 6, abs=0.01)
    assert all(one.accuracy.low <= one.confidence <= one.accuracy.high for one in found.bins[2:9])
    assert sum(one.n for one in found.bins) == found.n == 20_000


def test_confidences_that_boast():
    found = calibration([0.95] * 100, [1.0] * 60 + [0.0] * 40)
    assert found.ece == pytest.approx(0.35)
    assert found.bins[9].accuracy.mid == 0.6
    assert found.bins[0].accuracy is None
    assert found.bins[0].confidence is None


def test_certain_values_have_a_bin():
    assert calibration([1.0, 0.0], [1.0, 0.0]).bins[9].n == 1


def test_nothing_measured():
    found = calibration([], [])
    assert (found.n, found.ece, found.brier) == (0, None, None)
    assert coverage_curve([], []) == ()
    assert threshold_for(0.9, [], []).reason == "no value has a confidence"


def test_the_curve_keeps_equal_confidences_together():
    curve = coverage_curve([0.9, 0.9, 0.5, 0.2], [1, 0, 1, 0])
    assert [(point.threshold, point.n, point.accuracy) for point in curve] == [
        (0.9, 2, 0.5),
        (0.5, 3, pytest.approx(2 / 3)),
        (0.2, 4, 0.5),
    ]
    assert curve[-1].share == 1.0


def test_the_sure_threshold_is_stricter_than_the_plain_one():
    found = threshold_for(0.9, *truthful(5000))
    assert found.value > found.plain
    assert found.at.low >= 0.9
    assert found.plain_at.accuracy >= 0.9
    assert threshold_for(0.9, *truthful(5000), design_effect=4.0).value > found.value


def test_a_target_out_of_reach_says_why():
    few = threshold_for(0.95, [0.9] * 20, [1.0] * 20)
    assert few.value is None
    assert few.plain == 0.9
    assert few.reason == "too few values: 20, and if all were right it took 73"
    bad = threshold_for(0.95, [0.9] * 500, [1.0] * 400 + [0.0] * 100)
    assert bad.value is bad.plain is None
    assert bad.reason.startswith("the accuracy is at best 0.800 (at least 0.7")


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0])), max_size=60))
def test_a_threshold_keeps_what_it_says(pairs):
    sure, right = [one for one, _ in pairs], [one for _, one in pairs]
    found = threshold_for(0.6, sure, right)
    if found.plain is not None:
        kept = [score for one, score in pairs if one >= found.plain]
        assert np.mean(kept) == pytest.approx(found.plain_at.accuracy)
        assert len(kept) == found.plain_at.n
        assert np.mean(kept) >= 0.6 - 1e-12


def test_the_lower_end_is_wilsons_of_fewer_samples():
    point = coverage_curve([0.9] * 40, [1.0] * 30 + [0.0] * 10, 0.95, 2.0)[0]
    assert point.low == pytest.approx(wilson(15, 20).low)
    assert threshold_for(1.0, [0.9] * 40, [1.0] * 40).reason.startswith("no number of values")


def test_lists_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="2 confidences and 1 scores"):
        calibration([0.1, 0.2], [1.0])
