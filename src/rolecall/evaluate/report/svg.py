"""Pieces of SVG: elements, scales with round ticks, axes; plain strings in, a plain string out."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from msgspec import Struct

FONT: Final = 12
CHARACTER: Final = 6.6
"""About the width of a character of the font, for keeping labels inside the picture."""


class Frame(Struct, frozen=True, kw_only=True):
    """A picture's size in pixels, and the margins around its plot."""

    width: int = 640
    height: int = 300
    left: int = 56
    right: int = 24
    top: int = 16
    bottom: int = 44

    @property
    def x(self) -> tuple[float, float]:
        """Where the plot begins and ends, from left to right."""
        return self.left, self.width - self.right

    @property
    def y(self) -> tuple[float, float]:
        """Where the plot begins and ends, from bottom to top."""
        return self.height - self.bottom, self.top


class Axis(Struct, frozen=True, kw_only=True):
    """The values that an axis spans, its label, and how a value is written at a tick."""

    low: float
    high: float
    label: str = ""
    percent: bool = False
    logarithmic: bool = False

    def place(self, value: float, ends: tuple[float, float]) -> float:
        """Where ``value`` stands between the pixels ``ends``; values outside are moved inside."""
        share = self.share(min(max(value, self.low), self.high))
        return ends[0] + share * (ends[1] - ends[0])

    def share(self, value: float) -> float:
        """How far along the axis ``value`` is, from 0 to 1."""
        if self.high <= self.low:
            return 0.5
        if self.logarithmic:
            low = math.log(self.low)
            return (math.log(value) - low) / (math.log(self.high) - low)
        return (value - self.low) / (self.high - self.low)

    def ticks(self, about: int = 6) -> list[float]:
        """Round values along the axis, at most some more than ``about``."""
        if self.logarithmic:
            return _log_ticks(self.low, self.high, about)
        return _round_ticks(self.low, self.high, about)

    def written(self, value: float) -> str:
        """A tick's text."""
        if self.percent:
            return f"{100 * value:g} %"
        return short(value)


def short(value: float) -> str:
    """A number in few characters: 950, 1.2k, 34k, 0.05."""
    size = abs(value)
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.3g}"


def _round_ticks(low: float, high: float, about: int) -> list[float]:
    span = high - low
    if not span > 0:
        return [low]
    raw = span / max(1, about)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(k * step, 12) for k in range(first, last + 1)]


def _log_ticks(low: float, high: float, about: int) -> list[float]:
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1, 3), (1,)):
        found = [s * 10.0**p for p in powers for s in steps]
        found = [one for one in found if low * 0.999 <= one <= high * 1.001]
        if len(found) <= about + 2:
            break
    return found


def span_of(
    values: Sequence[float], *, zero: bool = False, pad: float = 0.05
) -> tuple[float, float]:
    """The least and the greatest of ``values`` with some room around; 0 and 1 without any."""
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    room = (high - low) * pad or abs(high) * pad or 1.0
    return (0.0 if zero and low >= 0 else low - room), high + room


def tag(name: str, text: str | None = None, **attributes: Any) -> str:
    """One element; underscores in names become hyphens, ``class_`` is ``class``."""
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if text is None:
        return f"<{name}{told}/>"
    return f"<{name}{told}>{html.escape(text)}</{name}>"


def _number(value: Any) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def text(x: float, y: float, words: str, *, anchor: str = "start", **more: Any) -> str:
    """Words at a place; ``anchor`` is start, middle or end."""
    return tag("text", words, x=float(x), y=float(y), text_anchor=anchor, **more)


def clipped(words: str, pixels: float) -> str:
    """``words``, cut with an ellipsis where they would be wider than ``pixels``."""
    most = max(1, int(pixels / CHARACTER))
    return words if len(words) <= most else words[: max(1, most - 1)] + "…"


def polyline(points: Sequence[tuple[float, float]], **more: Any) -> str:
    """A line through ``points``."""
    told = " ".join(f"{_number(float(x))},{_number(float(y))}" for x, y in points)
    return tag("polyline", points=told, fill="none", **more)


def axes(frame: Frame, x: Axis | None, y: Axis | None) -> list[str]:
    """Grid lines, ticks and labels of one or both axes."""
    out: list[str] = []
    if y is not None:
        for value in y.ticks(5):
            at = y.place(value, frame.y)
            out.append(tag("line", x1=frame.x[0], x2=frame.x[1], y1=at, y2=at, class_="grid"))
            out.append(text(frame.x[0] - 6, at + 4, y.written(value), anchor="end", class_="tick"))
        middle = sum(frame.y) / 2
        turn = f"rotate(-90 14 {_number(middle)})"
        out.append(text(14, middle, y.label, anchor="middle", transform=turn, class_="label"))
    if x is not None:
        for value in x.ticks():
            at = x.place(value, frame.x)
            out.append(tag("line", x1=at, x2=at, y1=frame.y[0], y2=frame.y[1], class_="grid"))
            out.append(text(at, frame.y[0] + 16, x.written(value), anchor="middle", class_="tick"))
        middle = sum(frame.x) / 2
        out.append(text(middle, frame.height - 8, x.label, anchor="middle", class_="label"))
    return out


def key(frame: Frame, names: Sequence[str], colour: Callable[[int], str]) -> list[str]:
    """Which colour is which, in rows above the plot; empty for a single unnamed series."""
    if not any(names):
        return []
    out, x, y = [], float(frame.x[0]), 12.0
    for i, name in enumerate(names):
        shown = clipped(name, 260)
        width = 22 + len(shown) * CHARACTER
        if x + width > frame.width and x > frame.x[0]:
            x, y = float(frame.x[0]), y + 16
        out.append(tag("rect", x=x, y=y - 9, width=10, height=10, rx=2, class_=colour(i)))
        out.append(text(x + 15, y, shown, class_="tick"))
        x += width + 12
    return out


def key_height(frame: Frame, names: Sequence[str]) -> int:
    """The pixels that `key` takes."""
    if not any(names):
        return 0
    rows, x = 1, float(frame.x[0])
    for name in names:
        width = 22 + len(clipped(name, 260)) * CHARACTER
        if x + width > frame.width and x > frame.x[0]:
            rows, x = rows + 1, float(frame.x[0])
        x += width + 12
    return rows * 16 + 6


def picture(frame: Frame, title: str, parts: Sequence[str]) -> str:
    """The whole picture; ``title`` is what a screen reader says and a pointer shows."""
    head = tag("title", title)
    box = f"0 0 {frame.width} {frame.height}"
    name = html.escape(title, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{frame.width}" '
        f'height="{frame.height}" role="img" aria-label="{name}" font-size="{FONT}">'
        f"{head}{''.join(parts)}</svg>"
    )
