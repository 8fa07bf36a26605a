"""Money as integers of a billionth of a dollar, and the caps on it.

A token of the cheapest model costs five billionths, so sums are exact and never drift as floats do.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from rolecall.errors import UsageError

NANO: Final = 1_000_000_000
"""Billionths in one US dollar."""
MOST_USD: Final = 1_000_000_000.0
"""A larger amount is a mistake; SQLite's integers hold nine times as much."""


class Caps(Struct, frozen=True):
    """The most that may be spent, in US dollars: ``None`` is no cap, 0 is nothing at all.

    ``record`` is for one record over all its calls and tries, ``day`` and ``month`` (UTC) for all
    that the user's processes spend.
    """

    record: float | None = None
    day: float | None = None
    month: float | None = 30.0

    def __post_init__(self) -> None:
        for name in ("record", "day", "month"):
            cap = getattr(self, name)
            if cap is not None and not cap >= 0:  # also refuses NaN
                raise UsageError(
                    f"the cap of a {name} cannot be {cap}",
                    hint="0 lets nothing be spent, None sets no cap",
                )


def cost(usd: float) -> int:
    """An amount to be paid, rounded up; raises `ValueError` if it is negative or no amount."""
    if not 0 <= usd <= MOST_USD:
        raise ValueError(f"{usd} is no cost in US dollars")
    # Rounded first: 0.1 dollars are 100,000,000 billionths and not one more.
    return max(math.ceil(round(usd * NANO, 3)), int(usd > 0))


def allowance(usd: float) -> int:
    """A cap, rounded down."""
    return math.floor(round(min(usd, MOST_USD) * NANO, 3))


def shown(nano: int) -> str:
    """An amount for people: cents, and more places where it is small."""
    usd = nano / NANO
    if nano % (NANO // 100) == 0 or usd >= 100:
        return f"${usd:,.2f}"
    return f"${usd:,.4f}" if usd >= 0.01 else f"${usd:.6f}"
