"""The tables of the queue, of the server and of labels, as the embedded database makes them.

Moments are milliseconds since 1970. See `rolecall.queue` for what the columns of the queue mean.
"""

from __future__ import annotations

from typing import Final

QUEUE: Final = (
    """CREATE TABLE queue_schema (
        hash TEXT PRIMARY KEY,
        name TEXT UNIQUE,
        document BLOB NOT NULL,
        made INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE queue_body (
        hash BLOB PRIMARY KEY,
        packed BLOB NOT NULL,
        bytes INTEGER NOT NULL,
        made INTEGER NOT NULL
    )""",
    """CREATE TABLE queue_batch (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        submitter TEXT NOT NULL,
        key TEXT,
        fingerprint BLOB,
        size INTEGER NOT NULL,
        made INTEGER NOT NULL,
        receipt BLOB NOT NULL DEFAULT ''
    )""",
    "CREATE UNIQUE INDEX queue_batch_key ON queue_batch (submitter, key) WHERE key IS NOT NULL",
    """CREATE TABLE queue_task (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        batch INTEGER NOT NULL REFERENCES queue_batch (id) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        submitter TEXT NOT NULL,
        key TEXT,
        state TEXT NOT NULL,
        priority INTEGER NOT NULL,
        rank INTEGER NOT NULL,
        due INTEGER NOT NULL,
        source TEXT NOT NULL,
        url TEXT,
        media_type TEXT,
        charset TEXT,
        captured TEXT,
        body BLOB,
        schema TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        deaths INTEGER NOT NULL DEFAULT 0,
        failures INTEGER NOT NULL DEFAULT 0,
        deferrals INTEGER NOT NULL DEFAULT 0,
        fence INTEGER NOT NULL DEFAULT 0,
        worker TEXT,
        lease INTEGER,
        cancel INTEGER NOT NULL DEFAULT 0,
        trouble TEXT,
        made INTEGER NOT NULL,
        changed INTEGER NOT NULL
    )""",
    "CREATE INDEX queue_task_ready ON queue_task (priority DESC, rank, id) WHERE state = 'queued'",
    "CREATE INDEX queue_task_due ON queue_task (due) WHERE state = 'waiting'",
    "CREATE INDEX queue_task_lease ON queue_task (lease) WHERE state = 'running'",
    "CREATE INDEX queue_task_batch ON queue_task (batch, place)",
    "CREATE INDEX queue_task_state ON queue_task (state, changed)",
    "CREATE INDEX queue_task_body ON queue_task (body) WHERE body IS NOT NULL",
    "CREATE UNIQUE INDEX queue_task_key ON queue_task (submitter, key) WHERE key IS NOT NULL",
    # The sums stay right whatever changes the rows, and cost nothing to read at 100,000 tasks.
    """CREATE TABLE queue_count (
        state TEXT PRIMARY KEY,
        tasks INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TRIGGER queue_count_put AFTER INSERT ON queue_task BEGIN
        INSERT INTO queue_count VALUES (new.state, 1)
            ON CONFLICT (state) DO UPDATE SET tasks = tasks + 1;
    END""",
    """CREATE TRIGGER queue_count_moved AFTER UPDATE OF state ON queue_task
        WHEN old.state <> new.state BEGIN
        UPDATE queue_count SET tasks = tasks - 1 WHERE state = old.state;
        INSERT INTO queue_count VALUES (new.state, 1)
            ON CONFLICT (state) DO UPDATE SET tasks = tasks + 1;
    END""",
    """CREATE TRIGGER queue_count_gone AFTER DELETE ON queue_task BEGIN
        UPDATE queue_count SET tasks = tasks - 1 WHERE state = old.state;
    END""",
    """CREATE TABLE queue_result (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        task INTEGER NOT NULL UNIQUE REFERENCES queue_task (id) ON DELETE CASCADE,
        batch INTEGER NOT NULL,
        outcome TEXT NOT NULL,
        reason TEXT,
        site TEXT NOT NULL,
        route TEXT NOT NULL,
        title TEXT,
        company TEXT,
        doubt REAL NOT NULL DEFAULT 0,
        words TEXT NOT NULL,
        made INTEGER NOT NULL,
        record BLOB NOT NULL
    )""",
    "CREATE INDEX queue_result_outcome ON queue_result (outcome, number)",
    "CREATE INDEX queue_result_site ON queue_result (site, number)",
    "CREATE INDEX queue_result_route ON queue_result (route, number)",
    # The web UI looks for words and counts what it found here, past the records themselves.
    "CREATE INDEX queue_result_found ON queue_result (task, outcome, site, route, words)",
    "CREATE INDEX queue_result_batch ON queue_result (batch, outcome)",
    "CREATE INDEX queue_result_doubt ON queue_result (doubt, task)",
    """CREATE TABLE queue_event (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        task INTEGER NOT NULL,
        batch INTEGER NOT NULL,
        submitter TEXT NOT NULL,
        state TEXT NOT NULL,
        outcome TEXT,
        made INTEGER NOT NULL
    )""",
    """CREATE TABLE queue_share (
        submitter TEXT NOT NULL,
        priority INTEGER NOT NULL,
        rank INTEGER NOT NULL,
        PRIMARY KEY (submitter, priority)
    ) WITHOUT ROWID""",
    "CREATE TABLE queue_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE queue_worker (
        name TEXT PRIMARY KEY,
        host TEXT NOT NULL,
        pid INTEGER NOT NULL,
        slots INTEGER NOT NULL,
        doing INTEGER NOT NULL,
        started INTEGER NOT NULL,
        seen INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE queue_callback (
        batch INTEGER PRIMARY KEY REFERENCES queue_batch (id) ON DELETE CASCADE,
        url TEXT NOT NULL,
        secret TEXT NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        due INTEGER NOT NULL,
        trouble TEXT
    )""",
)

SERVE: Final = (
    """CREATE TABLE serve_token (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL,
        hash BLOB NOT NULL,
        scopes TEXT NOT NULL,
        made INTEGER NOT NULL,
        expires INTEGER,
        used INTEGER,
        revoked INTEGER
    ) WITHOUT ROWID""",
    """CREATE TABLE serve_visit (
        hash BLOB PRIMARY KEY,
        token TEXT NOT NULL REFERENCES serve_token (id) ON DELETE CASCADE,
        made INTEGER NOT NULL,
        expires INTEGER NOT NULL
    ) WITHOUT ROWID""",
)

LABEL: Final = (
    # What people say about a value of a posting; the latest of a field counts.
    """CREATE TABLE label_value (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        task INTEGER NOT NULL,
        field TEXT NOT NULL,
        value BLOB NOT NULL,
        quote TEXT,
        starts INTEGER,
        ends INTEGER,
        author TEXT NOT NULL,
        made INTEGER NOT NULL
    )""",
    "CREATE INDEX label_value_task ON label_value (task, field, id)",
    # Pages whose labels a person has declared finished; only those become samples. The sample is
    # kept whole, since the queue forgets pages.
    """CREATE TABLE label_page (
        task INTEGER PRIMARY KEY,
        posting INTEGER NOT NULL,
        sample BLOB NOT NULL,
        author TEXT NOT NULL,
        made INTEGER NOT NULL
    )""",
)
