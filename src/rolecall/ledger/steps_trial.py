"""The tables of trials: challengers, what was counted of them, and which pages went wrong.

Moments are milliseconds since 1970. See `rolecall.trial.ledger` for what the columns mean.
"""

from __future__ import annotations

from typing import Final

TRIAL: Final = (
    """CREATE TABLE trial_challenger (
        name TEXT PRIMARY KEY,
        design TEXT NOT NULL,
        run INTEGER NOT NULL,
        state TEXT NOT NULL,
        why TEXT NOT NULL,
        began INTEGER NOT NULL,
        changed INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE trial_count (
        challenger TEXT NOT NULL,
        run INTEGER NOT NULL,
        day INTEGER NOT NULL,
        name TEXT NOT NULL,
        amount INTEGER NOT NULL,
        PRIMARY KEY (challenger, run, day, name)
    ) WITHOUT ROWID""",
    # A page that goes wrong counts once, however often it comes: the split is by its content.
    """CREATE TABLE trial_bad (
        challenger TEXT NOT NULL,
        run INTEGER NOT NULL,
        kind TEXT NOT NULL,
        page BLOB NOT NULL,
        PRIMARY KEY (challenger, run, kind, page)
    ) WITHOUT ROWID""",
)
