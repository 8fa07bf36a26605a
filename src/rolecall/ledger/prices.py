"""List prices of well-known cloud models, each with the day from which it holds.

They are what the vendor published for plain calls (no batch, no priority), in US dollars per
million tokens. A price in the settings wins over this table. A model that is in neither has no
price, and a paid engine without a price is refused: what cannot be reckoned cannot be kept under a
cap.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from msgspec import Struct

from rolecall.core import Price, Usage

SOURCE: Final = "https://openai.com/api/pricing/"
"""Where the prices of the table were published."""


class Listed(Struct, frozen=True):
    """One row: a model's price per million tokens from the day ``since`` on."""

    model: str
    since: str
    input: float
    cached: float
    output: float

    @property
    def price(self) -> Price:
        """The row as the noun that engines carry."""
        return Price(input=self.input, cached=self.cached, output=self.output, since=self.since)


LISTED: Final = (
    # Cached input became cheaper than fresh input on 2024-10-01.
    Listed("gpt-4o-mini", "2024-07-18", 0.15, 0.15, 0.60),
    Listed("gpt-4o-mini", "2024-10-01", 0.15, 0.075, 0.60),
    Listed("gpt-4o-mini-2024-07-18", "2024-07-18", 0.15, 0.15, 0.60),
    Listed("gpt-4o-mini-2024-07-18", "2024-10-01", 0.15, 0.075, 0.60),
    # The plain name moved to the cheaper version of August on 2024-10-02.
    Listed("gpt-4o", "2024-05-13", 5.00, 5.00, 15.00),
    Listed("gpt-4o", "2024-10-02", 2.50, 1.25, 10.00),
    Listed("gpt-4o-2024-05-13", "2024-05-13", 5.00, 5.00, 15.00),
    Listed("gpt-4o-2024-08-06", "2024-08-06", 2.50, 2.50, 10.00),
    Listed("gpt-4o-2024-08-06", "2024-10-01", 2.50, 1.25, 10.00),
    Listed("gpt-4o-2024-11-20", "2024-11-20", 2.50, 1.25, 10.00),
    Listed("gpt-4.1", "2025-04-14", 2.00, 0.50, 8.00),
    Listed("gpt-4.1-2025-04-14", "2025-04-14", 2.00, 0.50, 8.00),
    Listed("gpt-4.1-mini", "2025-04-14", 0.40, 0.10, 1.60),
    Listed("gpt-4.1-mini-2025-04-14", "2025-04-14", 0.40, 0.10, 1.60),
    Listed("gpt-4.1-nano", "2025-04-14", 0.10, 0.025, 0.40),
    Listed("gpt-4.1-nano-2025-04-14", "2025-04-14", 0.10, 0.025, 0.40),
    Listed("gpt-5", "2025-08-07", 1.25, 0.125, 10.00),
    Listed("gpt-5-2025-08-07", "2025-08-07", 1.25, 0.125, 10.00),
    Listed("gpt-5-mini", "2025-08-07", 0.25, 0.025, 2.00),
    Listed("gpt-5-mini-2025-08-07", "2025-08-07", 0.25, 0.025, 2.00),
    Listed("gpt-5-nano", "2025-08-07", 0.05, 0.005, 0.40),
    Listed("gpt-5-nano-2025-08-07", "2025-08-07", 0.05, 0.005, 0.40),
)
"""The table, by model and then by day."""


def price_of(model: str, on: date | None = None) -> Price | None:
    """The list price of ``model`` on a day (``None``: the newest), or ``None`` if it has none here.

    The name has to be the vendor's own: the same model at another vendor has another price.
    """
    day = "9999-12-31" if on is None else on.isoformat()
    rows = [row for row in LISTED if row.model == model and row.since <= day]
    return max(rows, key=lambda row: row.since).price if rows else None


def worst_cost(price: Price, input_tokens: int, max_tokens: int, tries: int) -> float:
    """The most that one call with all its tries can cost, in US dollars.

    Every try is taken to be paid in full, with nothing cached and an answer of ``max_tokens``.
    """
    if input_tokens < 0 or max_tokens < 0 or tries < 1:
        raise ValueError("tokens cannot be fewer than 0, nor tries than 1")
    dearest = max(
        price.cost(Usage(input_tokens=input_tokens, cached_tokens=cached, output_tokens=max_tokens))
        for cached in (0, input_tokens)
    )
    return tries * dearest
