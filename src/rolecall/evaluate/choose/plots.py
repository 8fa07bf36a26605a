"""The plots of a decision record."""

from __future__ import annotations

from fractions import Fraction

from rolecall.evaluate.choose.decide import Decision
from rolecall.evaluate.choose.measures import MEASURES, Measure
from rolecall.evaluate.choose.nouns import Figure, Standing
from rolecall.evaluate.nouns import Interval
from rolecall.evaluate.report.document import Picture
from rolecall.evaluate.report.plots import Bar, Point, bars, scatter
from rolecall.evaluate.report.svg import Axis, span_of


def totals(decision: Decision) -> Picture:
    """The totals, and what each criterion adds to them."""
    weights = decision.selection.weights
    rows = []
    for one in decision.standings:
        parts = [
            None if points.score is None else float(weights[points.criterion] * points.score)
            for points in one.points
        ]
        total = None if one.total is None else float(one.total)
        rows.append(Bar(name=one.name, values=(total, *parts), note="" if one.stands else "out"))
    series = ("total", *(name.replace("_", " ") for name in weights))
    title = "Points: the total and what each criterion adds"
    return Picture(bars(rows, series, title=title, label="points", percent=False), title)


def weight_ranges(decision: Decision) -> Picture:
    """Each weight, with the range in which the first candidate stays first."""
    rows = [
        Bar(
            name=one.criterion.replace("_", " "),
            values=(Interval(float(one.low), float(one.weight), float(one.high)),),
        )
        for one in decision.ranges
    ]
    title = f"Weights (bars), and the range of each in which {decision.first[0]} is first (lines)"
    return Picture(bars(rows, ("",), title=title, label="weight"), title)


def firsts(decision: Decision) -> Picture:
    """How often each candidate is first: over all weights, and within the intervals."""
    shares, chances = decision.shares.shares, decision.chances.chances
    rows = [Bar(name=name, values=(float(shares[name]), chances[name])) for name in shares]
    series = ("of all weights", "within the intervals, at these weights")
    title = "How often each candidate comes first"
    return Picture(bars(rows, series, title=title, label="share"), title)


def quality(decision: Decision, measure: str) -> Picture:
    """One measure of quality for every candidate that has it, with its interval."""
    rows = []
    for one in decision.standings:
        figure = one.figures.get(measure)
        value = None if figure is None else _interval(figure)
        rows.append(Bar(name=one.name, values=(value,)))
    floor = decision.selection.floors.get(measure)
    known = MEASURES[measure]
    title = f"{measure}: {known.text}" + (f"; the floor is {known.shown(floor)}" if floor else "")
    return Picture(bars(rows, ("",), title=title, label=known.unit), title)


def trade_offs(decision: Decision) -> tuple[Picture, ...]:
    """The quality against each cost, the Pareto front of all of them marked."""
    axes, placed = decision.front.axes, decision.front.placed
    there = [one for one in decision.standings if one.name in placed]
    found = []
    for cost in axes[1:]:
        points = [_point(one, axes[0], cost, decision.front.front) for one in there]
        title = f"{axes[0]} against {cost}; full points are on the Pareto front"
        x, y = _axis(there, MEASURES[cost]), _axis(there, MEASURES[axes[0]])
        found.append(Picture(scatter(points, title=title, x=x, y=y), title))
    return tuple(found)


def _point(one: Standing, quality: str, cost: str, front: tuple[str, ...]) -> Point:
    y, x = one.figures[quality], one.figures[cost]
    ends = (float(y.low), float(y.high)) if y.low is not None and y.high is not None else None
    return Point(
        name=one.name, x=float(x.value), y=float(y.value), y_ends=ends, front=one.name in front
    )


def _axis(there: list[Standing], measure: Measure) -> Axis:
    figures = [one.figures[measure.name] for one in there]
    ends: list[Fraction | None] = [v for f in figures for v in (f.value, f.low, f.high)]
    low, high = span_of([float(one) for one in ends if one is not None], pad=0.12)
    percent = measure.unit == "%"
    label = measure.name if percent else f"{measure.name} ({measure.unit})"
    return Axis(low=max(0.0, low), high=high, label=label, percent=percent)


def _interval(figure: Figure) -> Interval | float:
    if figure.low is None or figure.high is None:
        return float(figure.value)
    return Interval(float(figure.low), float(figure.value), float(figure.high), figure.level)
