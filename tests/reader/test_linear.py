"""Scores and probabilities of a linear model."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.reader.linear import Linear, chances

SCORES = st.lists(st.floats(-1e3, 1e3), max_size=12)


def test_unknown_features_say_nothing() -> None:
    model = Linear({"bias": -1.0, "a": 2.0})
    assert model.score(["a", "new"]) == 1.0
    assert model.score([]) == -1.0
    assert Linear().probability(["a"]) == 0.5


def test_probability_is_the_logistic_of_the_score() -> None:
    assert Linear({"a": 2.0}).probability(["a"]) == pytest.approx(1 / (1 + math.exp(-2)))
    assert 0.0 <= Linear({"a": -1e9}).probability(["a"]) < 1e-9
    assert 1 - 1e-9 < Linear({"a": 1e9}).probability(["a"]) <= 1.0


@settings(deadline=None)
@given(SCORES)
def test_chances_are_shares_of_one_and_keep_the_order_of_scores(scores: list[float]) -> None:
    shares = chances(scores)
    assert len(shares) == len(scores)
    assert all(0.0 <= share <= 1.0 for share in shares)
    assert sum(shares) <= 1.0 + 1e-9
    for a, x in zip(scores, shares, strict=True):
        for b, y in zip(scores, shares, strict=True):
            assert not (a > b and x < y)


def test_one_proposal_of_score_zero_is_as_probable_as_none() -> None:
    assert chances([0.0]) == [0.5]
    assert chances([]) == []
