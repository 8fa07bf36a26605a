"""What was spent, what is held for calls under way, and where the month will end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Literal

from msgspec import Struct

from rolecall.ledger.money import NANO, Caps, allowance
from rolecall.ledger.month_end import WINDOW, forecast
from rolecall.ledger.store import Store
from rolecall.settings import Settings


class EngineSpending(Struct, frozen=True, kw_only=True):
    """One engine's part of it in US dollars, and the number of its paid calls this month."""

    engine: str
    today_usd: float
    month_usd: float
    calls: int


class Spending(Struct, frozen=True, kw_only=True):
    """The state of a budget at one moment, in US dollars; days and months are those of UTC.

    ``today_usd`` and ``month_usd`` hold what was settled, and what is ``overdue``: reservations
    that nobody settled within their time, at their worst. ``open`` are the reservations of calls
    that may be under way, ``open_usd`` the most that they can cost (``open_today_usd``: those of
    today). What is left is reckoned after all of them, and is ``None`` where there is no cap. The
    forecast takes the month on as the last four weeks were; four months of five end between
    ``forecast_low_usd`` and ``forecast_high_usd`` (`month_end.forecast`).
    """

    day: str
    month: str
    caps: Caps
    today_usd: float
    month_usd: float
    left_today_usd: float | None
    left_month_usd: float | None
    open: int
    open_usd: float
    open_today_usd: float
    overdue: int
    overdue_usd: float
    by_engine: tuple[EngineSpending, ...]
    forecast_usd: float
    forecast_low_usd: float
    forecast_high_usd: float


Kind = Literal["settled", "open", "overdue"]
Row = tuple[Kind, str, str, int, int]
"""(kind, engine, day, billionths of a dollar, calls)."""

_ROWS = """
    SELECT 'settled', engine, day, nano, calls FROM budget_day WHERE day BETWEEN :first AND :last
    UNION ALL
    SELECT CASE WHEN expires > :now THEN 'open' ELSE 'overdue' END, engine, day, nano, 1
    FROM budget_reservation WHERE day BETWEEN :first AND :last
"""


def caps_of(settings: Settings) -> Caps:
    """The caps that the settings set."""
    return Caps(settings.budget_record, settings.budget_day, settings.budget_month)


def read_spending(database: Store, caps: Caps, now: datetime) -> Spending:
    """The state of the budget in ``database`` at the moment ``now``."""
    utc = now.astimezone(UTC)
    month = f"{utc:%Y-%m}"
    before = (utc.date() - timedelta(days=WINDOW)).isoformat()
    bounds = {
        "first": min(before, f"{month}-01"), "last": f"{month}-31", "now": int(utc.timestamp()),
    }  # fmt: skip
    rows = database.rows(_ROWS, bounds)
    return summarise([(row[0], row[1], row[2], row[3], row[4]) for row in rows], caps, now)


def summarise(rows: Iterable[Row], caps: Caps, now: datetime) -> Spending:
    """Add up the rows of the month of ``now``; without rows nothing was spent. Rows of the weeks
    before are for the forecast alone."""
    utc = now.astimezone(UTC)
    day = utc.date().isoformat()
    by_day: dict[date, float] = {}
    today = month = held_today = 0
    sums = {"open": [0, 0], "overdue": [0, 0], "settled": [0, 0]}
    engines: dict[str, list[int]] = {}
    for kind, engine, made, nano, calls in rows:
        if kind != "open":
            spent_on = date.fromisoformat(made)
            by_day[spent_on] = by_day.get(spent_on, 0.0) + nano / NANO
        if made[:7] != day[:7]:
            continue
        sums[kind][0] += calls
        sums[kind][1] += nano
        if kind == "open":
            held_today += nano if made == day else 0
            continue
        own = engines.setdefault(engine, [0, 0, 0])
        if made == day:
            today += nano
            own[0] += nano
        month += nano
        own[1] += nano
        own[2] += calls
    low, mean, high = forecast(by_day, now)
    return Spending(
        day=day,
        month=day[:7],
        caps=caps,
        today_usd=today / NANO,
        month_usd=month / NANO,
        left_today_usd=_left(caps.day, today + held_today),
        left_month_usd=_left(caps.month, month + sums["open"][1]),
        open=sums["open"][0],
        open_usd=sums["open"][1] / NANO,
        open_today_usd=held_today / NANO,
        overdue=sums["overdue"][0],
        overdue_usd=sums["overdue"][1] / NANO,
        by_engine=tuple(
            EngineSpending(
                engine=name, today_usd=own[0] / NANO, month_usd=own[1] / NANO, calls=own[2]
            )
            for name, own in sorted(engines.items(), key=lambda item: (-item[1][1], item[0]))
        ),
        forecast_usd=mean,
        forecast_low_usd=low,
        forecast_high_usd=high,
    )


def _left(cap: float | None, taken: int) -> float | None:
    return None if cap is None else max(0, allowance(cap) - taken) / NANO
