"""The facts that the database knows: figures of pages, labels, money, drift, audits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import orjson

from rolecall.audit.agreement import OUTCOME
from rolecall.drift import Drifting
from rolecall.drift.reference import FIRST
from rolecall.drift.windows import PAGES
from rolecall.ledger.money import Caps
from rolecall.ledger.spending import read_spending
from rolecall.ledger.store import Store
from rolecall.monitor import Series
from rolecall.monitor.intervals import wilson
from rolecall.monitor.summary import summary
from rolecall.rules.facts import (
    Audited,
    Drift,
    Labelled,
    Money,
    Share,
    Untold,
)
from rolecall.rules.intervals import by_page

DAY: Final = 86_400
LABELS_DAYS: Final = 90
AUDIT_DAYS: Final = 30
MOST_LABELLED: Final = 5_000
"""Finished pages that are looked at, the latest."""


def week(series: Series, now: float, cloud: frozenset[str]) -> tuple[Share, Share]:
    """Of the last seven days: pages with values without a cloud, and calls over the context."""
    found = summary(series, int(now) - 7 * DAY, cloud)
    told = sum(count for name, count in found.routes.items() if name != "none")
    away = sum(count for name, count in found.routes.items() if name in cloud)
    return Share(told - away, told), _long(series, now)


def _long(series: Series, now: float) -> Share:
    found = series.totals(("context", "long_context"), int(now) - 7 * DAY)
    calls = sum(one[0] for one in found["context"].values())
    return Share(found["long_context"].get("", (0, 0))[0], calls)


def failed(series: Series, now: float) -> Share:
    """Pages that failed, of those of the last day."""
    found = series.totals(("pages",), int(now) - DAY)["pages"]
    return Share(found.get("failed", (0, 0))[0], sum(one[0] for one in found.values()))


def labelled(store: Store, now: float) -> Labelled | None:
    """What the finished labels of postings say about values, by the latest word on each row.

    A row without a value that is rightly without one is not counted: there are too many of them.
    """
    rows = store.rows(
        "SELECT v.task, v.field, v.value FROM label_value v JOIN"
        " (SELECT task FROM label_page WHERE posting = 1 AND made >= :since"
        "  ORDER BY made DESC LIMIT :most) p ON p.task = v.task ORDER BY v.id",
        {"since": int(1_000 * (now - LABELS_DAYS * DAY)), "most": MOST_LABELLED},
    )
    words: dict[int, dict[str, tuple[int, int]]] = {}
    for task, field, value in rows:
        words.setdefault(task, {})[field] = _word(value)
    pages = [
        (sum(a for a, _ in one.values()), sum(b for _, b in one.values())) for one in words.values()
    ]
    pages = [one for one in pages if one[1]]
    if not pages:
        return None
    low, high = by_page(pages)
    right, values = sum(one for one, _ in pages), sum(of for _, of in pages)
    return Labelled(pages=len(pages), right=right, values=values, low=low, high=high)


def _word(value: bytes) -> tuple[int, int]:
    """Right values and all values of a row: (1, 1), (0, 1), or nothing."""
    try:
        told = orjson.loads(bytes(value))
        how, changed = told["answer"]["how"], bool(told["changed"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return 0, 0  # of another version
    if how == "skipped" or (how == "none" and not changed):
        return 0, 0
    return int(not changed), 1


def money(store: Store, cap: float | None, now: float) -> Money | Untold:
    """What was spent, and how fast."""
    if cap is None:
        return Untold("there is no cap on a month", "set budget_month")
    moment = datetime.fromtimestamp(now, UTC)
    spending = read_spending(store, Caps(month=cap), moment)
    return Money(
        month=spending.month_usd,
        cap=cap,
        low=spending.forecast_low_usd,
        forecast=spending.forecast_usd,
        high=spending.forecast_high_usd,
    )


def drift(drifting: Drifting) -> Drift | Untold:
    """How far pages are from what is usual."""
    usual = drifting.reference()
    if usual is None:
        return Untold(
            f"there is no reference before {FIRST * PAGES:,} pages were done",
            "go on; or pin fewer: rolecall watch pin --since 7d",
        )
    return Drift(dimensions=drifting.dimensions(), reference=usual)


def audits(series: Series, now: float, *, named: bool) -> tuple[Audited, ...] | Untold:
    """How often a second engine gave another value, by field; see docs/audits.md. ``named`` says
    whether the settings name an engine for that."""
    found = series.totals(("audit_same", "audit_differs"), int(now) - AUDIT_DAYS * DAY)
    same, differs = found["audit_same"], found["audit_differs"]
    names = sorted({*same, *differs})
    if not names:
        following = "go on" if named else "name an audit_engine: docs/audits.md"
        return Untold("no page was audited in 30 days", following)
    return tuple(_audited(name, same, differs) for name in names)


def _audited(
    name: str, same: Mapping[str, tuple[int, int]], differs: Mapping[str, tuple[int, int]]
) -> Audited:
    alike, other = same.get(name, (0, 0))[0], differs.get(name, (0, 0))[0]
    low = wilson(other, alike + other)[0]
    field, who = _of_field(name)
    return Audited(field=field, who=who, same=alike, differs=other, low=low)


def _of_field(label: str) -> tuple[str, str]:
    """Which field, and of whom, in words; a label names the engine of audits, who answered, and the
    field."""
    engine, _, rest = label.partition(" ")
    route, _, field = rest.partition(" ")
    told = "whether it is a posting" if field == OUTCOME else field
    return (told, f"{engine} beside {route}") if field else (label, "")
