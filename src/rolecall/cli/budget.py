"""``rolecall budget``: what paid engines have cost, and what the caps leave."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings as load_settings
from rolecall.table import aligned

if TYPE_CHECKING:
    from rolecall.ledger.spending import Spending

DESCRIPTION = """\
Prints what paid engines have cost today and this month, what the caps leave, and
what the month will come to if it goes on like the last four weeks. Days and months
are those of UTC.

Before each paid call the most that it can cost is taken out of the budget; after it
the real cost takes its place, failed tries included. "Held" are calls under way.
Calls that never reported back (a process died) count as spent at the most they can
have cost. Engines on your own machines cost nothing and are not listed.

The caps are the settings budget_record, budget_day and budget_month, in US dollars:
0 lets nothing be spent, none sets no cap. At a cap no further call is made."""

EXAMPLES = """\
examples:
  rolecall budget
  rolecall budget --json
  ROLECALL_BUDGET_MONTH=50 rolecall budget
  ROLECALL_BUDGET_DAY=none rolecall budget"""


def run(words: list[str]) -> int:
    """Print the state of the budget, and return the exit code."""
    from rolecall.ledger.clock import utc_now
    from rolecall.ledger.database import usual_place
    from rolecall.ledger.opening import open_store, shown_url
    from rolecall.ledger.spending import caps_of, read_spending, summarise

    parser = Parser("budget", DESCRIPTION, EXAMPLES)
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    told = parser.parse_intermixed_args(words)
    settings = load_settings({})
    caps = caps_of(settings)
    now = utc_now()
    path = usual_place(settings.data_folder, os.environ) if not settings.queue else None
    if path is None or path.exists():
        with open_store(settings.queue, settings.data_folder, os.environ) as database:
            spending = read_spending(database, caps, now)
    else:  # to look makes nothing
        spending = summarise([], caps, now)
    place = shown_url(settings.queue) if path is None else str(path)
    if told.json:
        import orjson
        from msgspec import to_builtins

        value = {"database": place, **to_builtins(spending)}
        sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        sys.stdout.write(
            _table(
                spending, place + ("" if path is None or path.exists() else " (not made yet)"), now
            )
        )
    sys.stdout.flush()
    return OK


def _table(spending: Spending, place: str, now: datetime) -> str:
    caps = spending.caps
    text = f"{now:%B %Y}, in US dollars\n\n"
    text += aligned(
        ("", "spent", "held", "cap", "left"),
        (
            "today",
            shown_usd(spending.today_usd),
            shown_usd(spending.open_today_usd),
            *_cap(caps.day, spending.left_today_usd),
        ),
        (
            "this month",
            shown_usd(spending.month_usd),
            shown_usd(spending.open_usd),
            *_cap(caps.month, spending.left_month_usd),
        ),
        ("each record", "", "", *_cap(caps.record, None)),
    )
    if spending.by_engine:
        text += "\n" + aligned(
            ("by engine", "today", "month", "calls"),
            *(
                (one.engine, shown_usd(one.today_usd), shown_usd(one.month_usd), f"{one.calls:,}")
                for one in spending.by_engine
            ),
        )
    text += f"\nopen reservations: {spending.open:,}, {shown_usd(spending.open_usd)} at the most\n"
    if spending.overdue:
        text += f"never reported back: {spending.overdue:,}, counted as spent at"
        text += f" {shown_usd(spending.overdue_usd)}\n"
    text += f"forecast for the month: {forecast_told(spending)}\n"
    return text + f"database: {place}\n"


def forecast_told(spending: Spending) -> str:
    """Where the month will end, and whether that is over its cap."""
    low, high = shown_usd(spending.forecast_low_usd), shown_usd(spending.forecast_high_usd)
    told = shown_usd(spending.forecast_usd)
    if low != high:
        told += f", between {low} and {high} in four months of five"
    cap = spending.caps.month
    if cap is not None and spending.forecast_high_usd > cap > 0:
        sure = "OVER" if spending.forecast_usd > cap else "maybe over"
        told += f"; {sure} the cap of {shown_usd(cap)}"
    return told


def _cap(cap: float | None, left: float | None) -> tuple[str, str]:
    return "no cap" if cap is None else shown_usd(cap), "" if left is None else shown_usd(left)


def shown_usd(usd: float) -> str:
    """US dollars as they are written."""
    from rolecall.ledger.money import NANO, shown

    return shown(round(usd * NANO))
