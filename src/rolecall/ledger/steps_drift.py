"""The tables of drift and of the rules that watch: windows of counts, references, states, messages.

Moments are milliseconds since 1970. See `rolecall.drift` and `rolecall.rules`.
"""

from __future__ import annotations

from typing import Final

DRIFT: Final = (
    # Counts of pages: ``kind`` is a window, a part of one that its process could not fill, or the
    # windows of a day put together. ``looked`` says that it was held against the reference.
    """CREATE TABLE drift_window (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        starts INTEGER NOT NULL,
        ends INTEGER NOT NULL,
        pages INTEGER NOT NULL,
        looked INTEGER NOT NULL,
        counts BLOB NOT NULL
    )""",
    "CREATE INDEX drift_window_ends ON drift_window (kind, ends)",
    "CREATE INDEX drift_window_new ON drift_window (id) WHERE looked = 0",
    # What is usual; the latest is in force.
    """CREATE TABLE drift_reference (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        made INTEGER NOT NULL,
        body BLOB NOT NULL
    )""",
    # Each dimension as its last window had it; ``quiet`` windows came since one that was off.
    """CREATE TABLE drift_dimension (
        name TEXT PRIMARY KEY,
        ends INTEGER NOT NULL,
        since INTEGER,
        quiet INTEGER NOT NULL,
        body BLOB NOT NULL
    ) WITHOUT ROWID""",
    # Each rule as it was last told; ``holds`` is 1, 0, or -1 where it cannot be told, ``stood``
    # what it was when it last could be.
    """CREATE TABLE drift_rule (
        name TEXT PRIMARY KEY,
        holds INTEGER NOT NULL,
        stood INTEGER NOT NULL,
        since INTEGER NOT NULL,
        looked INTEGER NOT NULL,
        body BLOB NOT NULL
    ) WITHOUT ROWID""",
    # When the rules are to be evaluated next; whoever moves it on does it.
    "CREATE TABLE drift_due (name TEXT PRIMARY KEY, due INTEGER NOT NULL) WITHOUT ROWID",
    """CREATE TABLE drift_message (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        due INTEGER NOT NULL,
        made INTEGER NOT NULL,
        trouble TEXT,
        body BLOB NOT NULL
    )""",
    "CREATE INDEX drift_message_due ON drift_message (due) WHERE state = 'waiting'",
)
