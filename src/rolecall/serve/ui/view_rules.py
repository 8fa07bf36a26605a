"""The part of the page Monitor about rules: what holds, what to do next, and how pages changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from rolecall.drift import Dimension, Drifting
from rolecall.drift.changed import in_words
from rolecall.rules.states import Standing, States
from rolecall.serve.ui.nouns import Ui

MOST_SHOWN: Final = 12
"""Dimensions that are shown, the farthest from what is usual first."""
WIDTH: Final = 120
"""Of a bar, in pixels; its end is half as much again as the bound."""
_KINDS: Final = {True: ("holds", "failed"), False: ("ok", "ok"), None: ("not known", "")}


class Line(Struct, frozen=True, kw_only=True):
    """A rule as it is shown: ``state`` in words, ``kind`` its colour."""

    name: str
    state: str
    kind: str
    told: str
    next: str
    threshold: str
    watches: str
    since: str


class Bar(Struct, frozen=True, kw_only=True):
    """A dimension as it is shown: ``width`` of its index and the place of its bound, in pixels."""

    name: str
    psi: str
    bound: str
    width: float
    mark: float
    kind: str
    told: str


def rules_told(ui: Ui) -> dict[str, Any]:
    """What the template ``monitor_rules.html`` shows."""
    states = States(ui.queue.store)
    standings = sorted(states.all(), key=_order)
    drifting = Drifting(ui.queue.store)
    usual, found = drifting.reference(), drifting.last()
    stretch = ""
    if usual is not None:
        how = "pinned" if usual.chosen == "pinned" else "the first ones, which nobody has pinned"
        stretch = f"{usual.pages:,} pages from {_day(usual.starts)} to {_day(usual.ends)}, {how}"
    return {
        "post": states.post().told,
        "rules": [_line(one) for one in standings],
        "evaluated": _day(max(one.looked for one in standings)) if standings else "",
        "drifts": [_bar(one) for one in found[:MOST_SHOWN]],
        "drifts_more": max(0, len(found) - MOST_SHOWN),
        "usual": stretch,
    }


def _order(one: Standing) -> tuple[int, str]:
    return {True: 0, False: 1, None: 2}[one.rule.holds], one.rule.name


def _line(one: Standing) -> Line:
    rule = one.rule
    state, kind = _KINDS[rule.holds]
    return Line(
        name=rule.name, state=state, kind=kind, told=rule.told, next=rule.next,
        threshold=rule.threshold, watches=rule.watches, since=_day(one.since),
    )  # fmt: skip


def _bar(one: Dimension) -> Bar:
    shift = one.shift
    scale = WIDTH / (1.5 * shift.bound) if shift.bound > 0 else 0.0
    off = one.drifts
    return Bar(
        name=one.name,
        psi=f"{shift.psi:.2f}",
        bound=f"{shift.bound:.2f}",
        width=round(min(float(WIDTH), scale * shift.psi), 1),
        mark=round(scale * shift.bound, 1),
        kind="low" if off else "high",
        told=_told(one),
    )


def _told(one: Dimension) -> str:
    if one.since is None:
        return "as usual"
    cells = ", ".join(in_words(one.name, cell) for cell in one.told.cells)
    over = f", was {one.told.psi:.2f} at {_day(one.changed)}" if one.over else ""
    return f"changed since {_day(one.since)}{over}" + (f": {cells}" if cells else "")


def _day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1_000, UTC):%Y-%m-%d %H:%M}"
