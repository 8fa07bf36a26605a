"""What ``rolecall status`` says of audits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from rolecall.audit.figures import Figures, figures_of
from rolecall.audit.nouns import Standing
from rolecall.audit.shown import standing, until
from rolecall.monitor import Series
from rolecall.table import one_line

if TYPE_CHECKING:
    from rolecall.ledger.store import Store
    from rolecall.settings import Settings


class Audits(Struct, frozen=True, kw_only=True):
    """Whose opinion is asked (empty: nobody's), how that stands, and what it came to."""

    engine: str
    standing: Standing
    figures: Figures


def audits_of(store: Store, settings: Settings, since: int) -> Audits | None:
    """The audits since then (seconds since 1970); ``None`` where nothing is and was audited.

    Raises:
        DatabaseError: the database cannot be read.
    """
    found, stands = figures_of(Series(store), since), standing(store)
    if not (settings.audit_engine or found.pages or stands.due):
        return None
    return Audits(engine=settings.audit_engine, standing=stands, figures=found)


def audit_lines(told: Audits | None, since: str) -> Iterator[str]:
    """A few lines, none where there are none."""
    if told is None:
        return
    found, stands = told.figures, told.standing
    text = f"{found.pages:,} in the last {since}, {stands.due:,} due, ${found.dollars:,.4f}"
    if found.pages:
        text += f"; {_same(found)} (no accuracy: rolecall audits)"
    yield f"audits     {text}"
    if stands.stopped:
        day = until(stands)
        until_day = f" until {day}" if day else ""
        yield f"           STOPPED{until_day}: {one_line(stands.stopped)}"


def _same(found: Figures) -> str:
    """How many values are the same, of the pages of which any were compared."""
    known = [(one.whole.mid, one.pages) for one in found.pairs if one.whole is not None]
    pages = sum(many for _, many in known)
    if not pages:
        return "no value was compared"
    return f"{sum(mid * many for mid, many in known) / pages:.1%} of values the same"
