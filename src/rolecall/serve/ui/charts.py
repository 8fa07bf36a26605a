"""Bars over time as SVG: where each stands, and what it says to whoever cannot see it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

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


def _moment(seconds: int, step: int) -> str:
    """A moment in UTC, as exactly as a step asks for."""
    form = "%H:%M" if step < 3_600 else "%d %b %H:%M"
    return time.strftime(form, time.gmtime(seconds))


def _round(number: float) -> float:
    return round(number, 1)
