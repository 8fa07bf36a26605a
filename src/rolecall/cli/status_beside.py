"""What ``rolecall status`` tells beside pages: spending, and plans beside reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rolecall.table import one_line

if TYPE_CHECKING:
    from rolecall.ledger.spending import Spending


def spending_line(spending: Spending) -> Iterator[str]:
    """What paid engines cost this month, if anything, and where it will end."""
    if not spending.month_usd and not spending.open_usd:
        return
    from rolecall.cli.budget import forecast_told, shown_usd

    cap = spending.caps.month
    of = "no cap" if cap is None else f"a cap of {shown_usd(cap)}"
    yield (
        f"spent      {shown_usd(spending.month_usd)} this month, {of};"
        f" forecast {forecast_told(spending)}"
    )


def plan_lines(plans: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Whether each server of ``rolecall up`` here is as its plan said."""
    for name, off in plans:
        yield f"plan       {one_line(name)}: {off or 'vLLM reports what was planned'}"
