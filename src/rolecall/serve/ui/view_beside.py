"""What the page Monitor tells beside pages: servers, cards, the queue, spending, plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rolecall.doctor.servers import plans_here
from rolecall.ledger.clock import utc_now
from rolecall.ledger.spending import caps_of, read_spending
from rolecall.monitor import Series
from rolecall.monitor.history import Stretch, history
from rolecall.serve.ui.charts import Chart, bars
from rolecall.serve.ui.nouns import Ui

GIB = 2**30


def beside(ui: Ui) -> dict[str, Any]:
    """Spending, where it was any, and each server's report against its plan."""
    spending = read_spending(ui.queue.store, caps_of(ui.settings), utc_now())
    spent = spending.month_usd or spending.open_usd
    return {"spending": spending if spent else None, "plans": plans_here(ui.environ), "gib": GIB}


def gauge_charts(series: Series, stretch: Stretch, now: float) -> dict[str, Chart | None]:
    """What was sampled, over time; ``None`` where nothing was."""
    found: dict[str, Chart | None] = {}
    for title, name, unit, factor in (
        ("Pages that wait", "queue_waiting", "pages", 1.0),
        ("KV cache in use, per cent", "kv_permille", "%", 0.1),
        ("Memory of cards in use, GiB", "gpu_bytes", "GiB", 1 / GIB),
    ):
        told = history(series, name, stretch, now)
        by_label = told.means()
        sums = [factor * sum(one) for one in zip(*by_label.values(), strict=True)]
        if name == "kv_permille":  # a share: several engines have a mean
            counts, permille = told.total()
            sums = [factor * one / max(1, many) for many, one in zip(counts, permille, strict=True)]
        values: Mapping[str, list[float]] = {"": sums} if by_label else {}
        found[title] = bars(told.starts, told.step, values, unit)
    return found
