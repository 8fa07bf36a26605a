"""The one list of steps that make the database what it is; each is taken once, in order.

A step that was released is never edited: a change of a table is a new step at the end. Tables
carry their owner's name in front.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from rolecall.ledger.steps_queue import LABEL, QUEUE, SERVE


class Step(Struct, frozen=True):
    """One step: its number (the database's ``user_version`` after it), its owner, its statements.

    Statements are given one by one, because ``executescript`` would commit between them.
    """

    number: int
    owner: str
    statements: tuple[str, ...]


BUDGET: Final = (
    # A call that may be under way. AUTOINCREMENT, so that a purged number never comes back.
    """CREATE TABLE budget_reservation (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        record BLOB NOT NULL,
        engine TEXT NOT NULL,
        day TEXT NOT NULL,
        nano INTEGER NOT NULL CHECK (nano > 0),
        expires INTEGER NOT NULL
    )""",
    """CREATE TABLE budget_day (
        day TEXT NOT NULL,
        engine TEXT NOT NULL,
        nano INTEGER NOT NULL CHECK (nano >= 0),
        calls INTEGER NOT NULL,
        PRIMARY KEY (day, engine)
    ) WITHOUT ROWID""",
    """CREATE TABLE budget_record (
        record BLOB PRIMARY KEY,
        nano INTEGER NOT NULL CHECK (nano >= 0),
        day TEXT NOT NULL
    ) WITHOUT ROWID""",
)

CACHE: Final = (
    """CREATE TABLE cache_completion (
        id INTEGER PRIMARY KEY,
        key BLOB NOT NULL UNIQUE,
        value BLOB NOT NULL,
        bytes INTEGER NOT NULL,
        made INTEGER NOT NULL,
        used INTEGER NOT NULL
    )""",
    "CREATE INDEX cache_completion_used ON cache_completion (used, id)",
    "CREATE TABLE cache_size (bytes INTEGER NOT NULL)",
    "INSERT INTO cache_size VALUES (0)",
    # The database itself keeps the sum, so that it is right whatever changes the rows.
    """CREATE TRIGGER cache_put AFTER INSERT ON cache_completion BEGIN
        UPDATE cache_size SET bytes = bytes + new.bytes;
    END""",
    """CREATE TRIGGER cache_changed AFTER UPDATE OF bytes ON cache_completion BEGIN
        UPDATE cache_size SET bytes = bytes + new.bytes - old.bytes;
    END""",
    """CREATE TRIGGER cache_dropped AFTER DELETE ON cache_completion BEGIN
        UPDATE cache_size SET bytes = bytes - old.bytes;
    END""",
)

STEPS: Final[tuple[Step, ...]] = (
    Step(1, "budget", BUDGET),
    Step(2, "cache", CACHE),
    Step(3, "queue", QUEUE),
    Step(4, "serve", SERVE),
    Step(5, "label", LABEL),
)
"""All steps, the oldest first. A new owner adds its step at the end."""
