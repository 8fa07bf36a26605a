"""A choice model learns which of a page's proposals is right, or none."""

from __future__ import annotations

import pytest

from rolecall.evaluate.training.choice import Page, fit_choice
from rolecall.reader.linear import Linear, chances

PAGES: list[Page] = [
    *([[(("good",), True), (("bad",), False), (("bad", "far"), False)]] * 30),
    *([[(("bad",), False), (("far",), False)]] * 10),
]


def shares(model: Linear, *proposals: tuple[str, ...]) -> list[float]:
    return chances([model.score(features) for features in proposals])


def test_a_separable_toy_is_learnt() -> None:
    good, bad = shares(fit_choice(PAGES, epochs=60), ("good",), ("bad",))
    assert good > 0.8
    assert bad < 0.1


def test_none_is_right_where_all_proposals_are_bad() -> None:
    assert sum(shares(fit_choice(PAGES, epochs=60), ("bad",), ("far",))) < 0.4


def test_training_is_deterministic() -> None:
    assert fit_choice(PAGES) == fit_choice(PAGES)


def test_the_prior_is_kept_where_there_are_no_pages() -> None:
    prior = {"good": 2.0, "bias": -1.0, "bad": -0.5}
    assert fit_choice([], prior=prior) == Linear(prior)
    assert fit_choice([[]], prior=prior) == Linear(prior)
    assert fit_choice([]) == Linear({})


def test_pages_correct_a_prior() -> None:
    model = fit_choice(PAGES, prior={"good": -1.0, "unseen": 1.5}, l2=0.5, epochs=60)
    assert model.weights["good"] > 0.5
    assert model.weights["unseen"] == 1.5


def test_a_strong_draw_keeps_weights_near_the_prior() -> None:
    prior = {"good": -2.0, "bad": 2.0}
    free = fit_choice(PAGES, prior=prior, l2=0.1).weights
    held = fit_choice(PAGES, prior=prior, l2=4000.0).weights
    for name, belief in prior.items():
        assert abs(held[name] - belief) < 0.5
        assert abs(held[name] - belief) < abs(free[name] - belief)


def test_a_proposal_that_is_left_out_teaches_nothing() -> None:
    more = [[*page, (("close",), None)] for page in PAGES]
    assert "close" not in {n for n, w in fit_choice(more).weights.items() if abs(w) > 1e-3}
    plain, with_close = fit_choice(PAGES), fit_choice(more)
    assert with_close.weights["good"] == plain.weights["good"]


def test_a_page_without_weight_teaches_nothing() -> None:
    odd: Page = [(("bad",), True), (("good",), False)]
    model = fit_choice([*PAGES, odd], shares=[*([1.0] * len(PAGES)), 0.0])
    good, bad = shares(model, ("good",), ("bad",))
    assert good > bad


def test_as_many_weights_as_pages_are_asked_for() -> None:
    with pytest.raises(ValueError, match="zip"):
        fit_choice(PAGES, shares=[1.0])
