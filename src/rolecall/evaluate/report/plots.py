"""Plots as SVG: bars with intervals, lines with bands, points with names, histograms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from rolecall.evaluate.nouns import Interval
from rolecall.evaluate.report.svg import (
    CHARACTER,
    Axis,
    Frame,
    axes,
    clipped,
    key,
    key_height,
    picture,
    polyline,
    short,
    span_of,
    tag,
    text,
)

COLOURS: Final = 6
"""So many series can be told apart by colour; the style sheet of `page` names them c0 to c5."""


class Bar(Struct, frozen=True, kw_only=True):
    """The bars of one row: its name, and one value for each series (``None``: there is none)."""

    name: str
    values: tuple[Interval | float | None, ...]
    note: str = ""


class Line(Struct, frozen=True, kw_only=True):
    """A named line; ``band`` has the lower and upper end around each point, where known."""

    name: str
    points: tuple[tuple[float, float], ...]
    band: tuple[tuple[float, float], ...] = ()
    dots: bool = False


class Point(Struct, frozen=True, kw_only=True):
    """A named point, with the lower and upper ends around it where known."""

    name: str
    x: float
    y: float
    x_ends: tuple[float, float] | None = None
    y_ends: tuple[float, float] | None = None
    front: bool = False


def bars(
    rows: Sequence[Bar], series: Sequence[str], *, title: str, label: str = "", percent: bool = True
) -> str:
    """Horizontal bars, a group for each row, each with a whisker where it has an interval."""
    high = 1.0 if percent else max([_top(one) for row in rows for one in row.values] or [1.0])
    axis = Axis(low=0.0, high=high if percent else high * 1.08, label=label, percent=percent)
    wide = min(240, max([len(row.name) for row in rows] or [0]) * CHARACTER + 18)
    thick, count = 12 if len(series) > 1 else 14, max(1, len(series))
    step = thick * count + 8
    frame = Frame(left=int(wide), right=110)
    top = key_height(frame, series) + 8
    height = top + step * len(rows) + 44
    frame = Frame(left=int(wide), right=110, top=top, height=height)
    parts = [*axes(frame, axis, None), *key(frame, series, _colour)]
    for i, row in enumerate(rows):
        y = top + i * step + 4
        middle = y + thick * count / 2 + 4
        parts.append(text(wide - 8, middle, clipped(row.name, wide - 8), anchor="end"))
        for k, value in enumerate(row.values):
            parts += _bar(axis, frame, value, y + k * thick, thick, k)
        if row.note:
            parts.append(text(frame.width - 4, middle, row.note, anchor="end", class_="tick"))
    return picture(frame, title, parts)


def _bar(
    axis: Axis, frame: Frame, value: Interval | float | None, y: float, thick: int, k: int
) -> list[str]:
    start = frame.x[0]
    if value is None:
        return [text(start + 4, y + thick - 3, "no value", class_="tick")]
    mid = value.mid if isinstance(value, Interval) else value
    end, middle = axis.place(mid, frame.x), y + (thick - 2) / 2
    width = max(0.5, end - start)
    parts = [tag("rect", x=start, y=y, width=width, height=thick - 2, class_=_colour(k))]
    last = end
    if isinstance(value, Interval):
        low, high = axis.place(value.low, frame.x), axis.place(value.high, frame.x)
        parts.append(tag("line", x1=low, x2=high, y1=middle, y2=middle, class_="whisker"))
        last = max(last, high)
    told = f"{100 * mid:.1f}" if axis.percent else short(mid)
    return [*parts, text(last + 4, middle + 4, told, class_="tick")]


def lines(
    series: Sequence[Line], x: Axis, y: Axis, *, title: str, marks: Sequence[tuple[float, str]] = ()
) -> str:
    """Lines over a common x; ``marks`` are named vertical lines."""
    frame = Frame()
    names = [one.name for one in series] if len(series) > 1 else [""]
    frame = Frame(top=key_height(frame, names) + 10, height=300 + key_height(frame, names))
    parts = [*axes(frame, x, y), *key(frame, names, _colour)]
    for k, one in enumerate(series):
        at = [(x.place(a, frame.x), y.place(b, frame.y)) for a, b in one.points]
        if one.band:
            ends = list(zip(one.points, one.band, strict=True))
            there = [(x.place(p[0], frame.x), y.place(low, frame.y)) for p, (low, _) in ends]
            back = [(x.place(p[0], frame.x), y.place(high, frame.y)) for p, (_, high) in ends]
            told = " ".join(f"{a:.1f},{b:.1f}" for a, b in [*there, *reversed(back)])
            parts.append(tag("polygon", points=told, class_=f"{_colour(k)} band"))
        parts.append(polyline(at, class_=f"{_colour(k)} line"))
        if one.dots:
            parts += [tag("circle", cx=a, cy=b, r=3.5, class_=_colour(k)) for a, b in at]
    parts += _marks(marks, x, frame)
    return picture(frame, title, parts)


def diagonal(name: str = "as sure as right") -> Line:
    """The line on which a well calibrated engine lies."""
    return Line(name=name, points=((0.0, 0.0), (1.0, 1.0)))


def scatter(
    points: Sequence[Point], *, title: str, x: Axis | None = None, y: Axis | None = None
) -> str:
    """Named points; those on the Pareto front (``front``) are full and joined by a line."""
    across = [v for p in points for v in (p.x, *(p.x_ends or ()))]
    along = [v for p in points for v in (p.y, *(p.y_ends or ()))]
    x = x or Axis(low=span_of(across)[0], high=span_of(across)[1])
    y = y or Axis(low=span_of(along)[0], high=span_of(along)[1])
    frame = Frame(height=360)
    parts = axes(frame, x, y)
    front = sorted((p.x, p.y) for p in points if p.front)
    joined = [(x.place(a, frame.x), y.place(b, frame.y)) for a, b in front]
    if len(joined) > 1:
        parts.append(polyline(joined, class_="front"))
    for one in points:
        parts += _point(one, x, y, frame)
    return picture(frame, title, parts)


def _point(one: Point, x: Axis, y: Axis, frame: Frame) -> list[str]:
    a, b = x.place(one.x, frame.x), y.place(one.y, frame.y)
    parts = []
    if one.x_ends:
        low, high = (x.place(v, frame.x) for v in one.x_ends)
        parts.append(tag("line", x1=low, x2=high, y1=b, y2=b, class_="whisker"))
    if one.y_ends:
        low, high = (y.place(v, frame.y) for v in one.y_ends)
        parts.append(tag("line", x1=a, x2=a, y1=low, y2=high, class_="whisker"))
    parts.append(tag("circle", cx=a, cy=b, r=5, class_="c0" if one.front else "hollow"))
    right = a + 9 + len(one.name) * CHARACTER < frame.width
    side = text(a + 9, b - 7, one.name) if right else text(a - 9, b - 7, one.name, anchor="end")
    return [*parts, side]


def histogram(
    values: Sequence[float],
    *,
    title: str,
    label: str,
    marks: Sequence[tuple[float, str]] = (),
    bins: int = 30,
) -> str:
    """How often values of which size occur, on a logarithmic x axis from the least to the most."""
    kept = sorted(one for one in values if one > 0)
    named = [at for at, _ in marks if at > 0]
    low = min([*kept, *named] or [1.0]) * 0.9
    high = max([*kept, *named] or [10.0]) * 1.1
    x = Axis(low=low, high=high, label=label, logarithmic=True)
    counts = [0] * bins
    for one in kept:
        counts[min(bins - 1, int(x.share(one) * bins))] += 1
    y = Axis(low=0.0, high=float(max([*counts, 1])) * 1.05, label="pages")
    frame = Frame(height=260)
    parts = axes(frame, x, y)
    wide = (frame.x[1] - frame.x[0]) / bins
    for i, count in enumerate(counts):
        if count:
            at = y.place(count, frame.y)
            left, tall = frame.x[0] + i * wide + 0.5, frame.y[0] - at
            parts.append(tag("rect", x=left, y=at, width=wide - 1, height=tall, class_="c0"))
    parts += _marks(marks, x, frame)
    return picture(frame, title, parts)


def _marks(marks: Sequence[tuple[float, str]], x: Axis, frame: Frame) -> list[str]:
    parts = []
    for at, name in marks:
        pixel = x.place(at, frame.x)
        y1, y2 = frame.y
        parts.append(tag("line", x1=pixel, x2=pixel, y1=y1, y2=y2, class_="mark"))
        left = pixel + 4 + len(name) * CHARACTER < frame.width
        anchor, shift = ("start", 4) if left else ("end", -4)
        parts.append(text(pixel + shift, y2 + 11, name, anchor=anchor, class_="tick"))
    return parts


def _colour(k: int) -> str:
    return f"c{k % COLOURS}"


def _top(value: Interval | float | None) -> float:
    if value is None:
        return 0.0
    top = value.high if isinstance(value, Interval) else value
    return top if math.isfinite(top) else 0.0
