"""What audits say, as a part of the page Monitor; and what one says of a posting."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rolecall.audit.figures import Day, Share, days_of, figures_of, share_of
from rolecall.audit.shown import NOT_ACCURACY, OUTCOME_MEANING, Second, second_of, standing, until
from rolecall.audit.terms import same_engine
from rolecall.drive.clouds import cloud_engines
from rolecall.errors import Error
from rolecall.monitor import Series
from rolecall.monitor.history import STRETCHES
from rolecall.monitor.series import DAY
from rolecall.serve.ui.charts import Spread, spreads
from rolecall.serve.ui.nouns import Ui
from rolecall.serve.ui.opened import Opened
from rolecall.serve.ui.shown import plain

DAYS: Final = 30
"""Days of the chart; agreement of fewer pages than come in a month has wide intervals."""
USUAL: Final = "30d"


def audits(ui: Ui, since: str = USUAL) -> dict[str, Any]:
    """What the part of the page shows; nothing where nothing is and was audited."""
    now = ui.queue.clock_ms() / 1_000
    series, stands = Series(ui.queue.store), standing(ui.queue.store)
    seconds = STRETCHES[since if since in STRETCHES else USUAL].seconds
    past = -(-seconds // DAY)  # audits are few: a day at least
    found = figures_of(series, int(now) - past * DAY)
    engine = ui.settings.audit_engine
    if not (engine or found.pages or stands.due or stands.done):
        return {"audits": None}
    days = days_of(series, int(now) - (DAYS - 1) * DAY)
    return {
        "audits": found,
        "audit_engine": engine,
        "audit_same": _same(ui),
        "audit_stands": stands,
        "audit_until": until(stands),
        "audit_days": past,
        "audit_chart_days": DAYS,
        "audit_chart": _chart(days, now, _kinds(ui, days)),
        "accuracy": ui.accuracy.now(),
        "not_accuracy": NOT_ACCURACY,
        "posting_meaning": OUTCOME_MEANING,
    }


def _same(ui: Ui) -> bool:
    try:
        return same_engine(ui.settings, ui.environ)
    except Error:
        return False


def _kinds(ui: Ui, days: list[Day]) -> Mapping[str, str]:
    """Whether those who answered pages are local: what the record calls local and cloud."""
    cloud = cloud_engines(ui.settings, ui.environ) | {ui.settings.cloud_engine}
    return {one.route: "cloud" if one.route in cloud else "local" for one in days}


def _chart(days: list[Day], now: float, kinds: Mapping[str, str]) -> Spread | None:
    """Agreement by day, of pages that were answered here and of those that a cloud answered."""
    first = (int(now) // DAY - DAYS + 1) * DAY
    starts = [first + DAY * place for place in range(DAYS)]
    told: dict[str, list[Share | None]] = {}
    for kind in ("local", "cloud"):
        mine = [one for one in days if kinds[one.route] == kind and one.whole is not None]
        if mine:
            told[kind] = [_together([one for one in mine if one.starts == at]) for at in starts]
    return spreads(starts, told)


def _together(days: list[Day]) -> Share | None:
    pages = sum(one.pages for one in days)
    right = sum(one.pages * one.whole.mid for one in days if one.whole is not None)
    return share_of(right, pages)


def second(ui: Ui, opened: Opened) -> tuple[Second | None, dict[str, str]]:
    """The second opinion on a posting, and what is to be said of each row in which it differs."""
    found = second_of(ui.queue.store, opened.task.id, opened.record, opened.schema)
    if found is None:
        return None, {}
    notes: dict[str, str] = {}
    for row in opened.rows:
        differ = [path[0] for path in row.fields if path[0] in found.fields]
        if differ:
            said = [found.fields[name] for name in dict.fromkeys(differ)]
            words = [plain(one) for one in said if one not in (None, "", [], {})]
            notes[row.name] = "; ".join(words)[:600]
    return found, notes
