"""The weighted matrix, exact, and how firmly its first candidate stands."""

from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.evaluate.choose.decide import decide
from rolecall.evaluate.choose.file import parse_selection, read_selection
from rolecall.evaluate.choose.matrix import linear, stated
from rolecall.evaluate.choose.pareto import dominated
from rolecall.evaluate.choose.sensitivity import (
    exact_share,
    least_shift,
    ranges,
    sampled_shares,
    scores_of,
    shares,
)

EXAMPLES = Path(__file__).parents[3] / "examples" / "choose"
NAMES = ("one", "two", "three", "four")

points = st.integers(0, 20).map(lambda n: Fraction(n, 2))
vectors = st.lists(st.tuples(points, points, points, points), min_size=2, max_size=4)
weightings = st.lists(st.integers(0, 9), min_size=4, max_size=4).filter(any)


def named(found):
    return {f"c{i}": vector for i, vector in enumerate(found)}


def shares_of(numbers):
    whole = sum(numbers)
    return {name: Fraction(n, whole) for name, n in zip(NAMES, numbers, strict=True)}


def total(vector, weights):
    return sum(a * b for a, b in zip(vector, weights.values(), strict=True))


def first_of(scores, weights):
    return max(scores, key=lambda name: total(scores[name], weights))


def test_the_matrix_of_adr_009_computed_again():
    path = EXAMPLES / "adr-009.toml"
    decision = decide(read_selection(path), path.parent)
    totals = {one.name: one.total for one in decision.standings}
    assert list(totals.values()) == [Fraction(n, 100) for n in (905, 770, 730, 620)]
    told = [stated(one.total, one.candidate.stated_total) for one in decision.standings]
    assert told == [
        "9.1: 9.05, rounded",
        "7.6: wrong, it is 7.70",
        "7.1: wrong, it is 7.30",
        "6.4: wrong, it is 6.20",
    ]
    assert decision.first == ("Qwen3-4B-Instruct-2507",)
    assert not decision.resolved  # nothing in it was measured


def test_adr_009_stands_but_for_weights_on_maintenance():
    path = EXAMPLES / "adr-009.toml"
    decision = decide(read_selection(path), path.parent)
    spans = {one.criterion: (one.low, one.high, one.above) for one in decision.ranges}
    assert spans["maintenance"] == (0, Fraction(8, 11), ("Llama-3.1-8B-Instruct",))
    assert {spans[name][:2] for name in spans if name != "maintenance"} == {(0, 1)}
    assert decision.shares.shares["Qwen3-4B-Instruct-2507"] == Fraction(29, 30)
    assert decision.shares.draws == 0


def test_a_stated_total_is_right_wrong_or_rounded():
    assert stated(Fraction(905, 100), Decimal("9.05")) == "9.05: right"
    assert stated(Fraction(905, 100), Decimal("9.050")) == "9.050: right"
    assert stated(Fraction(905, 100), Decimal("9.0")) == "9.0: 9.05, rounded"
    assert stated(Fraction(76, 10), Decimal("8")) == "8: 7.6, rounded"
    assert stated(Fraction(905, 100), Decimal("9.2")) == "9.2: wrong, it is 9.05"


@settings(deadline=None)
@given(st.fractions(-5, 5), st.fractions(-5, 5), st.fractions(-5, 5))
def test_points_from_a_measure_go_from_0_to_10(value, worst, best):
    if worst == best:
        return
    assert linear(worst, worst, best) == 0
    assert linear(best, worst, best) == 10
    assert 0 <= linear(value, worst, best) <= 10
    assert linear((worst + best) / 2, worst, best) == 5


@settings(max_examples=30, deadline=None)
@given(vectors, weightings)
def test_a_range_of_weights_ends_where_another_one_is_level(found, numbers):
    scores, weights = named(found), shares_of(numbers)
    first = first_of(scores, weights)
    for at, one in enumerate(ranges(scores, weights, first)):
        assert one.low <= one.weight <= one.high
        for place, rivals in ((one.low, one.below), (one.high, one.above)):
            moved = moved_to(weights, at, place)
            lead = total(scores[first], moved)
            assert all(total(scores[name], moved) <= lead for name in scores)
            assert all(total(scores[name], moved) == lead for name in rivals)
        if one.high < 1:
            beyond = moved_to(weights, at, one.high + (1 - one.high) / 1000)
            assert first_of(scores, beyond) != first


def moved_to(weights, at, place):
    """The weights with one of them changed and the others in their proportions."""
    rest = sum(w for i, w in enumerate(weights.values()) if i != at)
    return {
        name: place
        if i == at
        else ((1 - place) * w / rest if rest else (1 - place) / (len(weights) - 1))
        for i, (name, w) in enumerate(weights.items())
    }


@settings(max_examples=30, deadline=None)
@given(vectors, weightings)
def test_the_least_shift_draws_level_and_nothing_less_does(found, numbers):
    scores, weights = named(found), shares_of(numbers)
    first = first_of(scores, weights)
    shift = least_shift(scores, weights, first)
    if shift is None:
        corners = [shares_of([int(i == j) for j in range(4)]) for i in range(4)]
        for corner in corners:
            assert all(
                total(v, corner) < total(scores[first], corner)
                for n, v in scores.items()
                if n != first
            )
        return
    moved = dict(weights)
    for a, b, amount in shift.moves:
        moved[a] -= amount
        moved[b] += amount
    assert min(moved.values()) >= 0
    assert sum(moved.values()) == 1
    assert total(scores[shift.rival], moved) == total(scores[first], moved) or not shift.amount
    assert sum(amount for *_, amount in shift.moves) == shift.amount
    # No single move of less weight makes any rival level.
    for a, b in combinations(NAMES, 2):
        for source, target in ((a, b), (b, a)):
            less = min(weights[source], shift.amount * Fraction(99, 100))
            tried = weights | {source: weights[source] - less, target: weights[target] + less}
            assert first_of(scores, tried) == first or not shift.amount


def half_space_share(lead):
    """The share of the simplex in which the sum of lead times weight is at most 0 (Varsi 1973)."""
    up, down = [x for x in lead if x > 0], [x for x in lead if x <= 0]
    row = [Fraction(1)] + [Fraction(0)] * len(up)
    for x in down:
        for k, y in enumerate(up, start=1):
            row[k] = (y * row[k] - x * row[k - 1]) / (y - x)
    return row[-1]


@settings(max_examples=40, deadline=None)
@given(st.tuples(points, points, points, points), st.tuples(points, points, points, points))
def test_the_share_of_weights_for_two_is_that_of_the_formula(a, b):
    lead = [x - y for x, y in zip(a, b, strict=True)]
    if any(lead):
        assert exact_share({"a": a, "b": b}, "b") == half_space_share(lead)
        assert exact_share({"a": a, "b": b}, "a") == 1 - half_space_share(lead)


@settings(max_examples=25, deadline=None)
@given(vectors)
def test_shares_of_all_weights_add_up(found):
    scores = named(dict.fromkeys(found))
    alone = {name: exact_share(scores, name) for name in scores}
    assert sum(alone.values()) == 1
    assert shares(scores).shares == alone  # those that are dominated are left out first


@settings(max_examples=6, deadline=None)
@given(vectors, st.integers(0, 99))
def test_drawn_weights_agree_with_exact_volumes(found, seed):
    scores = named(dict.fromkeys(found))
    drawn = sampled_shares(scores, seed=seed, draws=2_000)
    for name in scores:
        assert abs(float(drawn.shares[name] - exact_share(scores, name))) < 0.06
    assert drawn == sampled_shares(scores, seed=seed, draws=2_000)


@settings(max_examples=25, deadline=None)
@given(vectors)
def test_who_is_dominated_is_first_under_no_weights_alone(found):
    scores = named(found)
    for name, better in dominated(scores).items():
        for other in better:
            assert exact_share({name: scores[name], other: scores[other]}, other) == 1


def test_equal_totals_are_a_tie():
    text = b"""
[weights]
a = 1
b = 1
[[candidate]]
name = "x"
scores = {a = {score = 4, reason = "r"}, b = {score = 6, reason = "r"}}
[[candidate]]
name = "y"
scores = {a = {score = 6.0, reason = "r"}, b = {score = 4, reason = "r"}}
[[candidate]]
name = "z"
scores = {a = {score = 0.1, reason = "r"}, b = {score = 0.2, reason = "r"}}
"""
    decision = decide(parse_selection(text, "f.toml"), Path())
    assert decision.first == ("x", "y")
    assert decision.winner is None
    assert [one.rank for one in decision.standings] == [1, 1, 3]
    assert decision.standings[2].total == Fraction(15, 100)
    assert decision.shares.shares == {"x": Fraction(1, 2), "y": Fraction(1, 2), "z": 0}
    assert len(scores_of(decision.standings)) == 3
