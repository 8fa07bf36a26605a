"""How many labels a question takes."""

import numpy as np
import pytest

from rolecall.evaluate.statistics import design_effect, more_samples


def test_graded_scores_take_what_statsmodels_says():
    from statsmodels.stats.power import TTestPower

    theirs = TTestPower().solve_power(effect_size=0.05 / 0.3, power=0.8, alpha=0.05)
    assert more_samples(0, 0.05, deviation=0.3) == pytest.approx(theirs, abs=3)


def test_pairs_that_seldom_differ_take_fewer_labels():
    often = more_samples(100, 0.05, discordance=0.3)
    seldom = more_samples(100, 0.05, discordance=0.1)
    assert 0 < seldom < often
    assert more_samples(1000, 0.05, discordance=0.1) == 0


def test_alike_pages_and_more_questions_take_more_labels():
    plain = more_samples(0, 0.05, discordance=0.2)
    assert more_samples(0, 0.05, discordance=0.2, design_effect=2.0) == pytest.approx(
        2 * plain, abs=2
    )
    assert more_samples(0, 0.05, discordance=0.2, alpha=0.0025) > plain
    assert more_samples(0, -0.05, discordance=0.2) == plain


def test_no_number_of_labels_finds_no_difference():
    assert more_samples(10, 0.0, discordance=0.2) is None


def test_copies_of_a_page_say_nothing_new():
    values = np.random.default_rng(0).random(40)
    sites = [f"s{i}" for i in range(40)]
    assert design_effect(np.repeat(values, 5), list(np.repeat(sites, 5))) == pytest.approx(
        5, rel=0.05
    )
    assert design_effect(values, sites) == pytest.approx(1.0)
    assert design_effect([1.0, 1.0], ["a", "b"]) == 1.0
    assert design_effect([1.0, 0.0], ["a", "a"]) == 1.0
    assert design_effect([], []) == 1.0
