"""What trials of challengers say to the rules."""

from __future__ import annotations

from rolecall.ledger.store import Store
from rolecall.rules.facts import Trials, Untold


def trials(store: Store) -> Trials | Untold:
    """Trials that were stopped, and those whose challenger is better."""
    return Untold(
        "no challenger is on trial here", "try one on a share of the pages: [[challenger]]"
    )
