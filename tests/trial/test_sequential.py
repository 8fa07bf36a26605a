"""Evidence of harm: a fair game as long as there is none, whenever it is looked at."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.errors import UsageError
from rolecall.trial.sequential import (
    RATIOS,
    Stretch,
    below,
    evidence,
    harm,
    harmless,
    limit,
    slow,
    together,
)

counts = st.integers(0, 3000)
chances = st.floats(0.005, 0.995)
rates = st.floats(0.0, 1.0)
stretches = st.lists(st.builds(Stretch, counts, counts, chances), min_size=1, max_size=14)


def after(past, ratio=1.0, anew=True):
    """By how much a hit and a miss in the last stretch move the e-value, as factors."""
    *rest, last = past
    now = evidence(past, ratio=ratio, anew=anew)
    hit = evidence([*rest, last._replace(hits=last.hits + 1)], ratio=ratio, anew=anew)
    miss = evidence([*rest, last._replace(misses=last.misses + 1)], ratio=ratio, anew=anew)
    return math.exp(hit - now), math.exp(miss - now)


@given(stretches, rates, rates, st.floats(0.3, 3.0), st.booleans())
def test_a_page_adds_nothing_on_average_if_the_challenger_is_no_worse(
    past, rate, part, ratio, anew
):
    other = rate  # of the champion
    mine = min(1.0, part * ratio * other)
    share = past[-1].chance
    hit, miss = after(past, ratio, anew)
    mean = 1.0 + share * mine * (hit - 1.0) + (1.0 - share) * other * (miss - 1.0)
    assert mean <= 1.0 + 1e-9


@given(stretches, rates)
def test_so_does_a_pair_or_a_comparison_that_is_a_hit_with_at_most_its_chance(past, part):
    hit, miss = after(past)
    rate = part * past[-1].chance
    assert rate * hit + (1.0 - rate) * miss <= 1.0 + 1e-9


@given(counts, counts, chances, rates, rates, st.floats(1.01, 3.0))
def test_nothing_speaks_for_no_worse_if_it_is_worse(bad, other_bad, share, part, rate, margin):
    other = part * rate / margin  # the challenger has at least ``margin`` times as many
    now = harmless([Stretch(bad, other_bad, share)], margin)
    mine = math.exp(harmless([Stretch(bad + 1, other_bad, share)], margin) - now)
    its = math.exp(harmless([Stretch(bad, other_bad + 1, share)], margin) - now)
    mean = 1.0 + share * rate * (mine - 1.0) + (1.0 - share) * other * (its - 1.0)
    assert mean <= 1.0 + 1e-9


@given(stretches, chances)
def test_a_new_stretch_changes_nothing_before_its_first_page(past, share):
    opened, before = evidence([*past, Stretch(0, 0, share)]), evidence(past)
    assert opened <= before + 1e-9
    if len(past) < 8:  # no older begin is left out
        assert opened == pytest.approx(before, abs=1e-9)


def test_the_chance_of_a_false_alarm_is_what_it_says_by_counting_every_way():
    share, alpha, ever = 0.3, 0.2, 0.0
    alive = {0: 1.0}
    for n in range(1, 300):
        then = {}
        for hits, mass in alive.items():
            for more, part in ((1, share), (0, 1.0 - share)):
                if harm(hits + more, n - hits - more, share) >= limit(alpha):
                    ever += mass * part
                else:
                    then[hits + more] = then.get(hits + more, 0.0) + mass * part
        alive = then
    assert 0.08 < ever <= alpha


def test_pages_may_be_worse_in_turn_as_long_as_all_so_far_are_not():
    """The challenger is bad on each second page only, the champion on the others."""
    share, alpha, ever = 0.5, 0.2, 0.0
    alive = {(0, 0): 1.0}
    for page in range(150):
        mine, then = page % 2, {}
        for (bad, other_bad), mass in alive.items():
            # the split decides whether the side that is bad on this page gets it
            for state in ((bad + mine, other_bad + 1 - mine), (bad, other_bad)):
                if harm(*state, share) >= limit(alpha):
                    ever += mass / 2
                else:
                    then[state] = then.get(state, 0.0) + mass / 2
        alive = then
    assert 0.01 < ever <= alpha


@given(counts, counts, chances, st.floats(0.3, 3.0))
def test_more_bad_pages_of_the_challenger_are_more_evidence(bad, other_bad, share, ratio):
    now = harm(bad, other_bad, share, ratio=ratio)
    assert harm(bad + 1, other_bad, share, ratio=ratio) > now
    assert harm(bad, other_bad + 1, share, ratio=ratio) < now
    assert harm(bad, other_bad, share, ratio=2 * ratio) <= now + 1e-9


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.floats(1e-9, 1.0, exclude_max=True))
def test_huge_counts_give_numbers(bad, other_bad, share):
    many = [Stretch(bad, other_bad, share)] * 20
    for value in (harm(bad, other_bad, share), evidence(many), harmless(many)):
        assert math.isfinite(value)


def test_even_counts_of_millions_are_no_alarm_and_a_worse_rate_is():
    assert harm(1_000_000, 1_000_000, 0.5) < 0.0
    assert harm(10_000_000, 990_000_000, 0.01) < 0.0
    assert harm(1_100_000, 1_000_000, 0.5) > limit(1e-9)


def test_one_ratio_gives_the_likelihood_ratio_of_the_mixture():
    by_hand = []
    for ratio in RATIOS:
        worse = 0.2 * ratio / (0.8 + 0.2 * ratio)
        by_hand.append((worse / 0.2) ** 9 * ((1 - worse) / 0.8) ** 14)
    assert math.exp(harm(9, 14, 0.2)) == pytest.approx(sum(by_hand) / len(by_hand))


@given(st.lists(st.builds(Stretch, st.integers(0, 20), st.integers(0, 20), chances), min_size=1,
                max_size=6))  # fmt: skip
def test_stretches_are_a_mean_over_where_harm_begins(past):
    mean = 0.25 / len(past)  # what is still to begin
    for begin in range(len(past)):
        stake = 0.25 / (begin * (begin + 1)) if begin else 0.75
        for ratio in RATIOS:
            value = stake / len(RATIOS)
            for hits, misses, chance in past[begin:]:
                value *= ratio**hits / (1.0 + chance * (ratio - 1.0)) ** (hits + misses)
            mean += value
    assert evidence(past) == pytest.approx(math.log(mean), abs=1e-9)


def test_slow_and_below_are_the_same_test():
    assert slow(70, 100) == pytest.approx(harm(70, 30, 0.5))
    assert slow(70, 100) > limit(0.05) > slow(55, 100)
    assert below(830, 1000, 0.9) == pytest.approx(harm(170, 830, 0.1))
    assert below(830, 1000, 0.9) > limit(0.05) > below(895, 1000, 0.9)


def test_a_challenger_that_breaks_late_is_found_sooner_with_stretches():
    well, broken = Stretch(50, 50, 0.5), Stretch(50, 10, 0.5)
    in_stretches = evidence([well] * 10 + [broken])
    as_one = evidence([Stretch(550, 510, 0.5)])
    assert in_stretches > limit(0.05) > as_one


def test_a_share_that_changes():
    small, half = Stretch(10, 95, 0.05), Stretch(40, 20, 0.5)
    both = evidence([small, half], anew=False)
    apart = evidence([small], anew=False) + evidence([half], anew=False)
    assert both > max(evidence([small], anew=False), evidence([half], anew=False))
    assert both > apart  # it pays for its mixture once


@pytest.mark.parametrize(
    "stretch",
    [
        Stretch(0, 0, 0.5),
        Stretch(-1, 5, 0.5),
        Stretch(5, -1, 0.5),
        Stretch(5, 5, 0.0),
        Stretch(5, 5, 1.0),
        Stretch(5, 5, math.nan),
        Stretch(math.nan, 5, 0.5),
        Stretch(math.inf, 5, 0.5),
    ],
)
def test_what_cannot_be_tells_nothing(stretch):
    assert evidence([]) == 0.0
    assert evidence([stretch]) == pytest.approx(0.0)
    assert evidence([stretch], anew=False) == pytest.approx(0.0)
    told = Stretch(30, 10, 0.5)
    assert evidence([stretch, told], anew=False) == pytest.approx(evidence([told], anew=False))


def test_nobody_is_bad():
    assert harm(0, 0, 0.1) == pytest.approx(0.0)
    assert harmless([Stretch(0, 0, 0.1)]) == pytest.approx(0.0)


@pytest.mark.parametrize("wrong", [0.0, 1.0, -0.1, math.nan])
def test_a_share_of_false_alarms_that_is_none(wrong):
    with pytest.raises(UsageError, match="alpha"):
        limit(wrong)


@pytest.mark.parametrize("wrong", [0.0, -1.0, math.inf, math.nan])
def test_a_ratio_that_is_none(wrong):
    with pytest.raises(UsageError, match="ratio"):
        harm(1, 1, 0.5, ratio=wrong)
    with pytest.raises(UsageError, match="margin"):
        harmless([], wrong)


logs = st.floats(-50, 800)


@given(st.dictionaries(st.text(max_size=3), logs, min_size=1, max_size=6))
def test_the_mean_of_kinds_is_never_later_than_a_split_of_alpha(found):
    assert together(found) >= max(found.values()) - math.log(len(found)) - 1e-9
    assert together(found) <= max(found.values()) + 1e-9


def test_kinds_by_weight():
    found = {"bad": math.log(60.0), "slow": 0.0}
    assert together(found) == pytest.approx(math.log(30.5))
    assert together(found, {"bad": 3.0, "slow": 1.0}) == pytest.approx(math.log(45.25))
    assert together(found, {"slow": 1.0}) == pytest.approx(0.0)
    assert together({}) == together(found, {}) == 0.0
    assert together({"bad": math.nan, "slow": 0.0}) == pytest.approx(math.log(0.5))
    assert together({"bad": -math.inf}) == -math.inf
    assert together({"bad": math.inf, "slow": 0.0}) == math.inf
