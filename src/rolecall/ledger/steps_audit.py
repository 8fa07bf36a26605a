"""The tables of audits. Moments are milliseconds since 1970; see `rolecall.audit`."""

from __future__ import annotations

from typing import Final

AUDIT: Final = (
    # A page that gets a second opinion, once, however often it was handed in. It goes when the
    # queue forgets the task by which it was met.
    """CREATE TABLE audit_page (
        page BLOB PRIMARY KEY,
        task INTEGER NOT NULL REFERENCES queue_task (id) ON DELETE CASCADE,
        result INTEGER NOT NULL,
        state TEXT NOT NULL,
        due INTEGER NOT NULL,
        fence INTEGER NOT NULL DEFAULT 0,
        worker TEXT,
        lease INTEGER,
        failures INTEGER NOT NULL DEFAULT 0,
        deaths INTEGER NOT NULL DEFAULT 0,
        trouble TEXT,
        engine TEXT,
        model TEXT,
        route TEXT,
        differs INTEGER NOT NULL DEFAULT 0,
        fields BLOB,
        second BLOB,
        nano INTEGER NOT NULL DEFAULT 0,
        made INTEGER NOT NULL,
        ended INTEGER
    )""",
    "CREATE INDEX audit_page_task ON audit_page (task)",
    "CREATE INDEX audit_page_due ON audit_page (due) WHERE state = 'due'",
    "CREATE INDEX audit_page_lease ON audit_page (lease) WHERE state = 'running'",
    "CREATE INDEX audit_page_ended ON audit_page (ended) WHERE state = 'done'",
    # How far the results of the queue were looked through, and why audits stand still.
    "CREATE TABLE audit_word (name TEXT PRIMARY KEY, number INTEGER NOT NULL, words TEXT NOT NULL)"
    " WITHOUT ROWID",
)
