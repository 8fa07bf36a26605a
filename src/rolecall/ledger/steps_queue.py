"""The tables of the queue, of the server and of labels made there.

Moments are milliseconds since 1970. See `rolecall.queue` for what the columns of the queue mean.
"""

from __future__ import annotations

from typing import Final

from rolecall.ledger.store import lock_number

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
    "CREATE INDEX queue_body_made ON queue_body (made)",
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
    "CREATE INDEX queue_batch_made ON queue_batch (made)",
    """CREATE TABLE queue_task (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        batch INTEGER NOT NULL REFERENCES queue_batch (id) ON DELETE CASCADE,
        place INTEGER NOT NULL,
        submitter TEXT NOT NULL,
        key TEXT,
        state TEXT NOT NULL,
        priority INTEGER NOT NULL,
        rank INTEGER NOT NULL,
        flow INTEGER NOT NULL DEFAULT 0,
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
    # The last rank of a submitter, see inbox.py.
    "CREATE INDEX queue_task_last ON queue_task (submitter, priority, flow, rank)"
    " WHERE state = 'queued'",
    "CREATE INDEX queue_task_due ON queue_task (due) WHERE state = 'waiting'",
    "CREATE INDEX queue_task_put ON queue_task (changed) WHERE state = 'waiting'",
    "CREATE INDEX queue_task_lease ON queue_task (lease) WHERE state = 'running'",
    "CREATE INDEX queue_task_worker ON queue_task (worker, id) WHERE state = 'running'",
    "CREATE INDEX queue_task_batch ON queue_task (batch, place, state)",
    # None over all states: SQLite would take it for those above, and sort all that is queued.
    "CREATE INDEX queue_task_cancelled ON queue_task (id) WHERE state = 'cancelled'",
    "CREATE INDEX queue_task_quarantined ON queue_task (id) WHERE state = 'quarantined'",
    "CREATE INDEX queue_task_body ON queue_task (body) WHERE body IS NOT NULL",
    "CREATE UNIQUE INDEX queue_task_key ON queue_task (submitter, key) WHERE key IS NOT NULL",
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
    "CREATE INDEX queue_result_batch ON queue_result (batch, outcome)",
    "CREATE INDEX queue_result_outcome ON queue_result (outcome, number)",
    "CREATE INDEX queue_result_site ON queue_result (site, number)",
    "CREATE INDEX queue_result_route ON queue_result (route, number)",
    # The web UI looks for words and counts what it found here, past the records themselves.
    "CREATE INDEX queue_result_found ON queue_result (task, outcome, site, route, words)",
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
        priority INTEGER PRIMARY KEY,
        rank INTEGER NOT NULL
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

COUNTS: Final = (
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
)

COUNTS_POSTGRES: Final = (
    # Each statement adds what it changed as rows of its own: nobody waits for another to count, as
    # with one row for each state. Now and then someone adds the rows up.
    'CREATE TABLE queue_count (state TEXT COLLATE "C" NOT NULL, tasks BIGINT NOT NULL)',
    """CREATE FUNCTION queue_counted() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            INSERT INTO rolecall.queue_count SELECT state, count(*) FROM came GROUP BY state;
        ELSIF TG_OP = 'DELETE' THEN
            INSERT INTO rolecall.queue_count SELECT state, -count(*) FROM went GROUP BY state;
        ELSE
            INSERT INTO rolecall.queue_count SELECT state, sum(one) FROM (
                SELECT state, 1 AS one FROM came UNION ALL SELECT state, -1 FROM went
            ) AS moved GROUP BY state HAVING sum(one) <> 0;
        END IF;
        IF random() < 0.004 AND pg_try_advisory_xact_lock(hashtext('queue_count')) THEN
            WITH gone AS (DELETE FROM rolecall.queue_count RETURNING state, tasks)
            INSERT INTO rolecall.queue_count SELECT state, sum(tasks) FROM gone GROUP BY state;
        END IF;
        RETURN NULL;
    END $$""",
    "CREATE TRIGGER queue_count_put AFTER INSERT ON queue_task REFERENCING NEW TABLE AS came"
    " FOR EACH STATEMENT EXECUTE FUNCTION queue_counted()",
    "CREATE TRIGGER queue_count_moved AFTER UPDATE ON queue_task"
    " REFERENCING NEW TABLE AS came OLD TABLE AS went"
    " FOR EACH STATEMENT EXECUTE FUNCTION queue_counted()",
    "CREATE TRIGGER queue_count_gone AFTER DELETE ON queue_task REFERENCING OLD TABLE AS went"
    " FOR EACH STATEMENT EXECUTE FUNCTION queue_counted()",
    # The rows of tasks change often: what they leave behind is to be cleared away soon.
    "ALTER TABLE queue_task SET (autovacuum_vacuum_scale_factor = 0.02, fillfactor = 90)",
    "ALTER TABLE queue_count SET (autovacuum_vacuum_scale_factor = 0,"
    " autovacuum_vacuum_threshold = 1000)",
    # Compressed already.
    "ALTER TABLE queue_body ALTER COLUMN packed SET STORAGE EXTERNAL",
    "ALTER TABLE queue_result ALTER COLUMN record SET STORAGE EXTERNAL",
)

EVENTS_POSTGRES: Final = (
    # An event gets its number while it holds this lock with others, until its transaction ends. A
    # reader that held it alone has seen all events below the highest number it saw.
    """CREATE FUNCTION queue_event_shared() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(NUMBER);
        RETURN NULL;
    END $$""".replace("NUMBER", str(lock_number("queue_event"))),
    "CREATE TRIGGER queue_event_put BEFORE INSERT ON queue_event"
    " FOR EACH STATEMENT EXECUTE FUNCTION queue_event_shared()",
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
