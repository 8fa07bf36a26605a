"""What the page Monitor tells beside pages: servers, cards, the queue, spending, plans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rolecall.doctor.servers import plans_here
from rolecall.ledger.clock import utc_now
from rolecall.ledger.spending import caps_of, read_spending
from rolecall.monitor.history import History
from rolecall.serve.ui.charts import Chart, bars
from rolecall.serve.ui.nouns import Ui

GIB: Final = 2**30
GAUGED: Final[Mapping[str, tuple[str, str, float]]] = {
    "queue_waiting": ("Pages that wait", "pages", 1.0),
    "kv_permille": ("KV cache in use, per cent", "%", 0.1),
    "gpu_bytes": ("Memory of cards in use, GiB", "GiB", 1 / GIB),
}
"""What is sampled and has a chart: title, unit and factor."""


def beside(ui: Ui) -> dict[str, Any]:
    """Spending, where it was any, and each server's report against its plan."""
    spending = read_spending(ui.queue.store, caps_of(ui.settings), utc_now())
    spent = spending.month_usd or spending.open_usd
    return {"spending": spending if spent else None, "plans": plans_here(ui.environ), "gib": GIB}


def gauge_charts(histories: Mapping[str, History]) -> dict[str, Chart | None]:
    """What was sampled, over time; ``None`` where nothing was."""
    found: dict[str, Chart | None] = {}
    for name, (title, unit, factor) in GAUGED.items():
        told = histories[name]
        by_label = told.means()
        sums = [factor * sum(one) for one in zip(*by_label.values(), strict=True)]
        if name == "kv_permille":  # a share: several engines have a mean
            counts, permille = told.total()
            sums = [factor * one / max(1, many) for many, one in zip(counts, permille, strict=True)]
        values: Mapping[str, list[float]] = {"": sums} if by_label else {}
        found[title] = bars(told.starts, told.step, values, unit)
    return found
