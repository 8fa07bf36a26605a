"""Figures over time as SVG: where each stands, and what it says to whoever cannot see it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from rolecall.table import percent

WIDTH: Final = 720
HEIGHT: Final = 120
GAP: Final = 0.15
"""The share of a step that is left free between two bars."""


class Bar(Struct, frozen=True):
    """A bar or a part of one: its ``kind``, its place, and in words what it shows."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    words: str


class Chart(Struct, frozen=True, kw_only=True):
    """Bars side by side; ``most`` is what the height stands for, ``kinds`` the sum of each kind."""

    bars: tuple[Bar, ...]
    most: float
    kinds: dict[str, float]
    begins: str
    ends: str
    width: int = WIDTH
    height: int = HEIGHT


def bars(
    starts: Sequence[int], step: int, values: Mapping[str, Sequence[float]], unit: str
) -> Chart | None:
    """Values of each kind, one upon the other; ``None`` where all are nothing."""
    most = max(map(sum, zip(*values.values(), strict=True)), default=0.0) if values else 0.0
    if not most or not starts:
        return None
    wide = WIDTH / len(starts)
    found = []
    for place, start in enumerate(starts):
        floor = float(HEIGHT)
        for kind, told in values.items():
            if not told[place]:
                continue
            tall = max(1.0, HEIGHT * told[place] / most)
            floor -= tall
            words = f"{_moment(start, step)}: {told[place]:,.0f} {unit} {kind}".strip()
            found.append(
                Bar(kind, _round(place * wide), _round(max(0.0, floor)), _round(wide * (1 - GAP)),
                    _round(tall), words)
            )  # fmt: skip
    return Chart(
        bars=tuple(found),
        most=most,
        kinds={kind: sum(told) for kind, told in values.items()},
        begins=_moment(starts[0], step),
        ends=_moment(starts[-1], step),
    )


class Whisker(Struct, frozen=True):
    """A share with its interval, from ``top`` to ``bottom``: its ``kind``, its place, its words."""

    kind: str
    x: float
    y: float
    top: float
    bottom: float
    words: str


class Spread(Struct, frozen=True, kw_only=True):
    """Shares over time with their intervals; the height stands for 0 to 1."""

    whiskers: tuple[Whisker, ...]
    kinds: tuple[str, ...]
    begins: str
    ends: str
    width: int = WIDTH
    height: int = HEIGHT


class Sure(Protocol):
    """A share of ``n``, and the interval around it."""

    @property
    def low(self) -> float:
        """Its lower end."""

    @property
    def mid(self) -> float:
        """The share."""

    @property
    def high(self) -> float:
        """Its upper end."""

    @property
    def n(self) -> int:
        """Of how many."""


def spreads(starts: Sequence[int], values: Mapping[str, Sequence[Sure | None]]) -> Spread | None:
    """Shares of each kind by day, side by side; ``None`` where there are none."""
    wide = WIDTH / max(1, len(starts))
    found = []
    for place, start in enumerate(starts):
        for number, (kind, told) in enumerate(values.items()):
            one = told[place]
            if one is None:
                continue
            x = wide * (place + (number + 0.5) / len(values))
            day = time.strftime("%d %b", time.gmtime(start))
            words = f"{day}: {percent(one.mid)} the same, {kind}"
            words += f" ({percent(one.low)} to {percent(one.high)}"
            found.append(
                Whisker(kind, _round(x), _high(one.mid), _high(one.high), _high(one.low),
                        f"{words}, {one.n:,} page{'' if one.n == 1 else 's'})")
            )  # fmt: skip
    if not found:
        return None
    ends = [time.strftime("%d %b", time.gmtime(at)) for at in (starts[0], starts[-1])]
    return Spread(whiskers=tuple(found), kinds=tuple(values), begins=ends[0], ends=ends[1])


def _high(share: float) -> float:
    return _round(HEIGHT * (1 - share))


def _moment(seconds: int, step: int) -> str:
    """A moment in UTC, as exactly as a step asks for."""
    form = "%H:%M" if step < 3_600 else "%d %b %H:%M"
    return time.strftime(form, time.gmtime(seconds))


def _round(number: float) -> float:
    return round(number, 1)
