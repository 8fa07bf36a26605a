"""Beliefs are told of units and features that exist."""

from rolecall.evaluate.training.priors import DRAW, EPOCHS, PRIORS
from rolecall.evaluate.training.reader import THRESHOLDS
from rolecall.reader.read import CHOSEN, LISTED
from rolecall.schema.posting import UNITS

RANKED = {*CHOSEN, "places", "seniority"}


def test_beliefs_are_of_units_that_are_ranked() -> None:
    assert set(PRIORS) <= RANKED
    assert set(EPOCHS) <= RANKED
    assert set(DRAW) <= RANKED


def test_beliefs_are_moderate_log_odds() -> None:
    for weights in PRIORS.values():
        assert all(name and abs(weight) <= 5.0 for name, weight in weights.items())


def test_every_unit_that_is_read_has_a_threshold() -> None:
    assert set(THRESHOLDS) == RANKED | set(LISTED)
    assert set(THRESHOLDS) <= set(UNITS)
    assert all(0.0 < share < 1.0 for share in THRESHOLDS.values())
