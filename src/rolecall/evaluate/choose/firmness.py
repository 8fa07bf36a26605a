"""The part of a decision record that says how firmly the choice stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from rolecall.evaluate.choose import plots
from rolecall.evaluate.choose.decide import Decision
from rolecall.evaluate.choose.exact import percent, shown
from rolecall.evaluate.choose.nouns import Standing
from rolecall.evaluate.choose.sensitivity import Range, Shift, scores_of
from rolecall.evaluate.report.document import Block, Grid, Items, Prose


def blocks(decision: Decision) -> Iterator[Block]:
    """Weights, points, intervals, the Pareto front."""
    standing = [one for one in decision.standings if one.stands]
    if len(standing) > 1:
        yield from _weights(decision)
        yield from _intervals(decision)
    elif standing:
        yield Prose("Only one candidate stands, so that no weights choose another one.")
    else:
        yield Prose("No candidate stands, so that there is nothing to weigh.")
    yield from _fronts(decision)


def _weights(decision: Decision) -> Iterator[Block]:
    winner = decision.winner
    if winner is not None:
        yield Prose(
            "If one weight changes and the others keep their proportions, "
            f"{winner.name} is first from the least to the most that stand here, both included."
        )
        ranges = tuple(_range_row(one, decision, winner) for one in decision.ranges)
        head = ("Weight", "Now", "Least", "Most", "Beyond", "Points it may lose there")
        yield Grid(head=head, rows=ranges, words=(4,))
        yield plots.weight_ranges(decision)
        yield Prose(shift_told(decision.shift, winner.name))
        lines = region(decision, winner.name)
        if lines:
            told = "The whole region of weights in which it is first: each of these is 0 or more"
            yield Prose(f"{told} (weights as shares that add up to 1).")
            yield Items(lines)
    found = decision.shares
    how = "exact volumes"
    if found.draws:
        how = f"estimated from {found.draws:,} weights drawn with the seed {found.seed}"
    yield Prose(
        f"How often each candidate is first, alone or level: over all weights there are ({how}), "
        "and at the weights of this record within the intervals of what was measured."
    )
    rows = tuple(
        (
            name,
            percent(share),
            chance_told(decision, name),
            _beaten(decision.beaten, name),
        )
        for name, share in found.shares.items()
    )
    columns = ("Candidate", "Of all weights", "Within the intervals", "No fewer points anywhere")
    yield Grid(head=columns, rows=rows, words=(3,))
    yield plots.firsts(decision)


def chance_told(decision: Decision, name: str) -> str:
    """How often a candidate is first within the intervals; where none moves, that is said."""
    if not decision.chances.moved:
        return "nothing moves"
    return f"{100 * decision.chances.chances[name]:.1f} %"


def _range_row(one: Range, decision: Decision, winner: Standing) -> tuple[str, ...]:
    beyond = [f"below: {', '.join(one.below)}"] if one.below else []
    beyond += [f"above: {', '.join(one.above)}"] if one.above else []
    second = max(
        (other.total for other in decision.standings if other.rank > 1 and other.total is not None),
        default=None,
    )
    points = next(p.score for p in winner.points if p.criterion == one.criterion)
    may_lose = "any"
    if second is not None and one.weight and winner.total is not None and points is not None:
        gap = (winner.total - second) / one.weight
        may_lose = f"up to {shown(gap)}" if gap < points else "any"
    return (
        one.criterion.replace("_", " "),
        percent(one.weight),
        percent(one.low),
        percent(one.high),
        "; ".join(beyond) or "always first",
        may_lose,
    )


def shift_told(shift: Shift | None, winner: str) -> str:
    """The least move of weight that ends the lead, in words."""
    if shift is None:
        return f"No weights at all put another candidate level with {winner}."
    moves = ", ".join(
        f"{percent(amount)} from {a.replace('_', ' ')} to {b.replace('_', ' ')}"
        for a, b, amount in shift.moves
    )
    return (
        f"The least weight that must be moved for another one to draw level is "
        f"{percent(shift.amount)} of all: {moves}; then {shift.rival} is level."
    )


def region(decision: Decision, winner: str) -> tuple[str, ...]:
    """One inequality for each rival that some weights put ahead: the lead, weight by weight."""
    scores = scores_of(decision.standings)
    lines = []
    for name, other in scores.items():
        lead = [a - b for a, b in zip(scores[winner], other, strict=True)]
        if name == winner or all(one >= 0 for one in lead):
            continue
        terms = " ".join(
            _term(one, criterion)
            for one, criterion in zip(lead, decision.selection.weights, strict=True)
            if one
        )
        lines.append(f"against {name}: `{terms.removeprefix('+ ')}`")
    return tuple(lines)


def _term(factor: Fraction, criterion: str) -> str:
    sign = "-" if factor < 0 else "+"
    return f"{sign} {shown(abs(factor)).removesuffix('.00')} {criterion}"


def _beaten(beaten: Mapping[str, tuple[str, ...]], name: str) -> str:
    return ", ".join(beaten.get(name, ())) or "nobody"


def _intervals(decision: Decision) -> Iterator[Block]:
    found = decision.chances
    if not found.moved:
        yield Prose(
            "No points come from a figure with an interval: within the intervals nothing moves."
        )
    else:
        told = ", ".join(f"{measure} of {name}" for name, measure in found.moved)
        yield Prose(f"Drawn {found.draws:,} times with the seed {found.seed}: {told}.")
        if found.together:
            pairs = (
                f"{found.moved[i][0]} with {found.moved[j][0]} {value:.2f}"
                for j, i, value in found.together
            )
            yield Prose(
                "Measured on the same samples, they move together, as their means by site do; the "
                f"correlations: {', '.join(pairs)}."
            )
        elif len(found.moved) > 1:
            yield Prose(
                "They are drawn apart from each other: no means by site on the same samples are "
                "known, which would say how they move together."
            )
    if found.fixed:
        told = ", ".join(f"{measure} of {name}" for name, measure in found.fixed)
        yield Prose(f"Without an interval, and taken as it is: {told}.")
    declared = [
        one.name
        for one in decision.standings
        if one.stands and any(points.figure is None for points in one.points)
    ]
    if declared:
        yield Prose(
            "Declared points are judgement and have no interval; the table above says how many of "
            "them the choice can lose."
        )


def _fronts(decision: Decision) -> Iterator[Block]:
    front = decision.front
    if front.axes:
        places = tuple(
            (
                name,
                "on the front"
                if name in front.front
                else f"beaten by {_beaten(front.beaten, name)}",
            )
            for name in front.placed
        )
        yield Prose(
            f"Pareto front of all candidates, {front.axes[0]} (more is better) against "
            f"{', '.join(front.axes[1:])} (less is better), by the estimates:"
        )
        yield Grid(head=("Candidate", "Place"), rows=places, words=(1,))
        yield from plots.trade_offs(decision)
    else:
        yield Prose(
            "No Pareto front: it needs a measured quality and a cost for the same candidates."
        )
    if front.left_out:
        yield Items(front.left_out)
