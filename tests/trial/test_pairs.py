"""Pairs of pages: fair by the split alone."""

import math
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from rolecall.trial.pairs import Timed, is_slow, paired


def dealt(times, sides):
    """Pairs and those in which the challenger was slow."""
    waiting, found = None, []
    for seconds, challenger in zip(times, sides, strict=True):
        waiting, slow = paired(waiting, Timed(challenger, seconds))
        found += [] if slow is None else [slow]
    return len(found), sum(found)


@given(
    st.lists(st.floats(0.0, 100.0), min_size=2, max_size=8),
    st.floats(0.01, 0.99),
)
def test_whatever_the_times_are_the_split_makes_the_challenger_slow_in_at_most_half(times, share):
    surplus = 0.0
    for sides in product((True, False), repeat=len(times)):
        pairs, wins = dealt(times, sides)
        surplus += math.prod(share if one else 1 - share for one in sides) * (wins - pairs / 2)
    assert surplus <= 1e-9


def test_each_page_is_in_one_pair_at_most():
    assert dealt([1.0] * 6, [True, False] * 3) == (3, 0)
    assert dealt([1.0, 1.3, 1.3, 1.0], [False, True, True, False]) == (2, 2)
    assert dealt([1.0, 9.0, 1.0, 9.0], [True, True, False, False]) == (0, 0)  # two of one side


def test_slow_is_more_than_the_margin():
    assert is_slow(1.21, 1.0)
    assert not is_slow(1.2, 1.0)
    assert not is_slow(0.0, 0.0)
    assert is_slow(1.0, 0.0)


def test_a_time_that_is_none_makes_no_pair():
    waits = Timed(False, 1.0)
    for wrong in (-1.0, math.nan, math.inf):
        assert paired(waits, Timed(True, wrong)) == (waits, None)
        assert paired(None, Timed(True, wrong)) == (None, None)
