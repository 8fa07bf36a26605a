"""A logistic model learns what separates right rows from wrong ones."""

from rolecall.evaluate.training.logistic import fit

ROWS = [(("a", f"n{i % 3}"), True) for i in range(30)] + [(("b", "n0"), False) for _ in range(30)]


def test_a_separable_toy_is_learnt() -> None:
    model = fit(ROWS)
    assert model.probability(["a"]) > 0.9
    assert model.probability(["b", "n0"]) < 0.1
    assert model.weights["a"] > 0 > model.weights.get("b", -1.0)


def test_training_is_deterministic() -> None:
    assert fit(ROWS) == fit(ROWS)


def test_rare_features_are_left_out() -> None:
    model = fit([*ROWS, (("once",), True)])
    assert "once" not in model.weights


def test_a_share_without_features_is_the_bias() -> None:
    model = fit([((), True)] * 30 + [((), False)] * 10)
    assert 0.65 < model.probability([]) < 0.8
