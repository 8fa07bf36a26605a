"""What ``rolecall status`` says of audits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.ledger.store import Store
    from rolecall.settings import Settings


def audit_lines(store: Store, settings: Settings, seconds: int, since: str) -> list[str]:
    """A few lines, none where nothing is and was audited."""
    return list(_lines(store, settings, seconds, since))


def _lines(store: Store, settings: Settings, seconds: int, since: str) -> Iterator[str]:
    import time

    from rolecall.audit.figures import figures_of
    from rolecall.audit.shown import standing, until
    from rolecall.monitor import Series

    found = figures_of(Series(store), int(time.time()) - seconds)
    stands = standing(store)
    if not (settings.audit_engine or found.pages or stands.due):
        return
    agree = sum(one.whole.mid * one.pages for one in found.pairs if one.whole is not None)
    told = f"{found.pages:,} in the last {since}, {stands.due:,} due, ${found.dollars:,.4f}"
    if found.pages:
        told += f"; {agree / found.pages:.1%} of values the same (no accuracy: rolecall audits)"
    yield f"audits     {told}"
    if stands.stopped:
        day = until(stands)
        yield f"           STOPPED{f' until {day}' if day else ''}: {stands.stopped}"
