"""What became of pages of late: figures and charts of the whole queue."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from rolecall.drive.clouds import cloud_engines
from rolecall.monitor import Series
from rolecall.monitor.history import STRETCHES, Stretch, histories
from rolecall.monitor.summary import LOCAL_GOAL, summary
from rolecall.serve.ui.charts import Chart, bars
from rolecall.serve.ui.nouns import Ask, Ui
from rolecall.serve.ui.pages import page
from rolecall.serve.ui.view_audits import audits
from rolecall.serve.ui.view_beside import GAUGED, beside, gauge_charts
from rolecall.serve.ui.view_rules import rules_told
from rolecall.serve.ui.view_trials import trials

USUAL: Final = "24h"
PLOTTED: Final = ("pages", "page_micros", "tokens_in", "tokens_out")
OUTCOMES: Final = ("ok", "partial", "not_a_posting", "failed")


def monitor(ui: Ui, ask: Ask) -> Response:
    """The page; it tells of everyone's pages."""
    ask.visitor.needs("read")
    return page(ask, "monitor.html", **_told(ui, ask))


def monitor_part(ui: Ui, ask: Ask) -> Response:
    """The part of the page that changes, to be put in its place."""
    ask.visitor.needs("read")
    return page(ask, "monitor_part.html", **_told(ui, ask))


def _told(ui: Ui, ask: Ask) -> dict[str, Any]:
    name = ask.request.query_params.get("since", USUAL)
    name = name if name in STRETCHES else USUAL
    now = ui.queue.clock_ms() / 1_000
    stretch, series = STRETCHES[name], Series(ui.queue.store)
    found = summary(series, int(now) - stretch.seconds, cloud_engines(ui.settings, ui.environ))
    return {
        "since": name,
        "stretches": tuple(STRETCHES),
        "found": found,
        "pages": sum(found.pages.values()),
        "goal": LOCAL_GOAL,
        **beside(ui),
        **trials(ui),
        "charts": [
            (title, chart)
            for title, chart in _charts(series, stretch, now).items()
            if chart is not None
        ],
        **audits(ui, name),
        **rules_told(ui),
    }


def _charts(series: Series, stretch: Stretch, now: float) -> dict[str, Chart | None]:
    told = histories(series, (*PLOTTED, *GAUGED), stretch, now)
    pages, times = told["pages"], told["page_micros"]
    counts: dict[str, tuple[int, ...]] = {
        kind: pages.counts[kind] for kind in OUTCOMES if kind in pages.counts
    }
    count, micros = times.total()
    means = [total / many / 1e3 if many else 0.0 for many, total in zip(count, micros, strict=True)]
    tokens = {"in": told["tokens_in"].total()[1], "out": told["tokens_out"].total()[1]}
    return {
        "Pages": bars(pages.starts, pages.step, counts, "pages"),
        "Milliseconds a page": bars(times.starts, times.step, {"": means}, "ms"),
        "Tokens of engines": bars(pages.starts, pages.step, tokens, "tokens"),
        **gauge_charts(told),
    }
