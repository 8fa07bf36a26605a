"""Audits in the database: found among the results of the queue, lent to workers, kept once.

Nothing is done where pages are worked on. A worker looks through the results that came since the
last look, notes the pages that the sample takes, and later takes them one by one; whatever a worker
that dies had taken, another one takes when its lease has run out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from rolecall.audit.agreement import OUTCOME
from rolecall.audit.nouns import Audit, Opinion
from rolecall.audit.sample import chosen
from rolecall.ledger.store import Connection, Store
from rolecall.monitor.events import MOST_FIELDS
from rolecall.monitor.series import add_once
from rolecall.queue.claims import COLUMNS, claim_of
from rolecall.queue.moment import Moment
from rolecall.queue.packing import pack_record, unpack, unpack_record
from rolecall.queue.texts import storable

LOOKED: Final = "looked"
STOPPED: Final = "stopped"
AT_ONCE: Final = 2_000
"""Results that one look goes through."""
OVERLAP: Final = 5_000
RECENT_MS: Final = 300_000
"""On a server a number may become visible after a higher one. Results with a number up to so much
lower, that were made so lately, are looked at again; no transaction there takes half as long."""
FAILURES: Final = 3
"""Tries of a page before it is given up, and workers that may die of it."""

_NEW: Final = """
    SELECT r.number, r.task, r.outcome, t.body FROM queue_result r
    JOIN queue_task t ON t.id = r.task
    WHERE r.number > :after AND (r.number > :looked OR r.made >= :recent)
    ORDER BY r.number LIMIT :limit
"""
_NOTE: Final = """
    INSERT INTO audit_page (page, task, result, state, due, made)
    SELECT body, id, :result, 'due', :now, :now FROM queue_task
    WHERE id = :task AND body IS NOT NULL {lock}
    ON CONFLICT (page) DO NOTHING
"""
_LOST: Final = f"""
    UPDATE audit_page SET deaths = deaths + 1, worker = NULL, lease = NULL,
        state = CASE WHEN deaths + 1 >= {FAILURES} THEN 'failed' ELSE 'due' END,
        trouble = 'a worker ended while it audited the page'
    WHERE state = 'running' AND lease < {{now}}
"""
_NEXT: Final = """
    SELECT page FROM audit_page WHERE state = 'due' AND due <= {now}
        AND NOT EXISTS (SELECT 1 FROM queue_meta WHERE name = 'paused')
    ORDER BY due LIMIT 1 {skip_locked}
"""
_TAKE: Final = """
    UPDATE audit_page SET state = 'running', worker = :worker, fence = fence + 1,
        lease = {now} + :lease
    WHERE page = :page RETURNING task, fence, failures
"""
_MINE: Final = "page = :page AND fence = :fence AND state = 'running'"


class Book:
    """The audits of one queue, in its ``store``. ``lease`` are the seconds for which a page is
    lent; ``clock`` gives seconds. Usable from any thread.

    Every method raises `rolecall.errors.DatabaseError` where the database cannot be used.
    """

    def __init__(
        self, store: Store, lease: float = 60.0, clock: Callable[[], float] = time.time
    ) -> None:
        self._store, self.lease = store, lease
        self._moment = Moment(store.dialect, clock)

    def look(self, share: float) -> int:
        """Note the pages with values among the results since the last look that are of the sample;
        says how many results were looked through. The first look ever only notes where it begins.
        """
        overlap = 0 if self._store.dialect.ordered else OVERLAP
        where = self._looked()
        if where is None:
            self._begin()
            return 0
        begun, looked = where
        rows = self._store.rows(
            _NEW,
            {
                "after": max(begun, looked - overlap),
                "looked": looked,
                "recent": self._moment.values["now"] - RECENT_MS,
                "limit": AT_ONCE + overlap,
            },
        )
        if not rows:
            return 0
        found = [
            {"task": task, "result": number}
            for number, task, outcome, body in rows
            if outcome in ("ok", "partial")
            and body is not None
            and chosen(bytes(body).hex(), share)
        ]
        with self._store.write() as connection:
            now = self._moment.of(connection)
            if found:
                note = _NOTE.format(lock=self._store.dialect.lock)
                connection.executemany(note, [{**one, "now": now} for one in found])
            self._say(connection, LOOKED, rows[-1][0], str(begun))
        return sum(row[0] > looked for row in rows)

    def claim(self, worker: str) -> Audit | None:
        """A page to be audited, the one that is due for longest; ``None`` where there is none, or
        the queue is paused."""
        dialect = self._store.dialect
        values = {**self._moment.values, "worker": worker, "lease": int(1_000 * self.lease)}

        def told(sql: str) -> str:
            return sql.format(now=dialect.now, skip_locked=dialect.skip_locked)

        with self._store.write() as connection:
            connection.execute(told(_LOST), values)
            row = connection.execute(told(_NEXT), values).fetchone()
            if row is None:
                return None
            page = bytes(row[0])
            task, fence, failures = connection.execute(
                told(_TAKE), {**values, "page": page}
            ).fetchone()
            found = connection.execute(
                f"SELECT {COLUMNS}, (SELECT packed FROM queue_body WHERE hash = queue_task.body)"
                " FROM queue_task WHERE id = :task",
                {"task": task},
            ).fetchone()
        body = unpack(bytes(found[-1])) if found[-1] else None
        return Audit(page=page, fence=fence, claim=claim_of(found, body), failures=failures)

    def renew(self, audit: Audit) -> bool:
        """Keep a page for another lease; says whether it is still this worker's."""
        values = {**self._moment.values, "lease": int(1_000 * self.lease)}
        with self._store.write() as connection:
            sql = f"UPDATE audit_page SET lease = {self._store.dialect.now} + :lease WHERE {_MINE}"
            return bool(connection.execute(sql, {**values, **_named(audit)}).rowcount)

    def first(self, audit: Audit) -> tuple[int, dict[str, Any]] | None:
        """The record of the page as it is now, with its number; ``None`` where it has none."""
        rows = self._store.rows(
            "SELECT number, record FROM queue_result WHERE task = :task",
            {"task": audit.claim.task},
        )
        return (rows[0][0], unpack_record(bytes(rows[0][1]))) if rows else None

    def keep(self, audit: Audit, number: int, opinion: Opinion) -> bool:
        """End an audit: keep what came of it, count it, and put the page higher among those that
        should be labelled, all or nothing. ``number`` is that of the record it was compared with.

        Says whether it counted: not where another worker has the page by now.
        """
        row = {
            **_named(audit),
            "engine": opinion.engine,
            "model": storable(opinion.model)[:200],
            "route": opinion.route,
            "differs": opinion.differs,
            "fields": orjson.dumps(dict(opinion.fields)),
            "second": pack_record(opinion.second),
            "nano": opinion.nano,
            "number": number,
            "task": audit.claim.task,
        }
        with self._store.write() as connection:
            row["now"] = self._moment.of(connection)
            counts = connection.execute(
                "UPDATE audit_page SET state = 'done', worker = NULL, lease = NULL, trouble = NULL,"
                " engine = :engine, model = :model, route = :route, differs = :differs,"
                " fields = :fields, second = :second, nano = nano + :nano, result = :number,"
                f" ended = :now WHERE {_MINE}",
                row,
            ).rowcount
            if counts and opinion.differs:
                connection.execute(
                    "UPDATE queue_result SET doubt = doubt + :differs"
                    " WHERE task = :task AND number = :number",
                    row,
                )
            figures = _spent(opinion.engine, opinion.nano)
            if counts:
                figures |= _figures(opinion)
                connection.execute("DELETE FROM audit_word WHERE name = :name", {"name": STOPPED})
            add_once(connection, figures, row["now"] / 1_000)
        return bool(counts)

    def put_back(self, audit: Audit, wait: float, trouble: str = "", nano: int = 0) -> None:
        """The page is not to blame: try again after ``wait`` seconds."""
        self._back(audit, wait, trouble, nano, counts=0)

    def failed(self, audit: Audit, wait: float, trouble: str, nano: int = 0) -> None:
        """Nothing came of it: try again after ``wait`` seconds, or never after `FAILURES` tries."""
        self._back(audit, wait, trouble, nano, counts=1)

    def give_up(self, audit: Audit, trouble: str, nano: int = 0) -> None:
        """Nothing will come of it."""
        self._back(audit, 0.0, trouble, nano, counts=FAILURES)

    def stopped(self, words: str) -> None:
        """Say why no audit goes on."""
        with self._store.write() as connection:
            now = self._moment.of(connection)
            self._say(connection, STOPPED, now, storable(words)[:500])

    def _back(self, audit: Audit, wait: float, trouble: str, nano: int, *, counts: int) -> None:
        with self._store.write() as connection:
            now = self._moment.of(connection)
            connection.execute(
                "UPDATE audit_page SET worker = NULL, lease = NULL, trouble = :trouble,"
                " failures = failures + :counts, nano = nano + :nano, due = :due,"
                f" state = CASE WHEN failures + :counts >= {FAILURES} THEN 'failed' ELSE 'due' END"
                f" WHERE {_MINE}",
                {
                    **_named(audit),
                    "trouble": storable(trouble)[:500] or None,
                    "counts": counts,
                    "nano": nano,
                    "due": now + int(1_000 * max(0.0, wait)),
                },
            )

    def _looked(self) -> tuple[int, int] | None:
        """The numbers of results after which the first look and the next one begin."""
        rows = self._store.rows("SELECT words, number FROM audit_word WHERE name = 'looked'")
        return (int(rows[0][0]), int(rows[0][1])) if rows else None

    def _begin(self) -> None:
        with self._store.write() as connection:
            connection.execute(
                "INSERT INTO audit_word (name, number, words)"
                " SELECT 'looked', coalesce(max(number), 0),"
                " CAST(coalesce(max(number), 0) AS TEXT) FROM queue_result WHERE 0 = 0"
                " ON CONFLICT (name) DO NOTHING"
            )

    def _say(self, connection: Connection, name: str, number: int, words: str = "") -> None:
        most = self._store.dialect.most
        connection.execute(
            "INSERT INTO audit_word (name, number, words) VALUES (:name, :number, :words)"
            f" ON CONFLICT (name) DO UPDATE SET words = excluded.words,"
            f" number = {most}(audit_word.number, excluded.number)",
            {"name": name, "number": number, "words": words},
        )


def _named(audit: Audit) -> dict[str, Any]:
    return {"page": audit.page, "fence": audit.fence}


def _spent(engine: str, nano: int) -> dict[tuple[str, str], tuple[int, int]]:
    return {("audit_nano", engine): (1, nano)} if nano else {}


def _figures(opinion: Opinion) -> Mapping[tuple[str, str], tuple[int, int]]:
    """What an audit adds to the figures over time; labels are engine, route and field. Of a
    schema with very many fields only some are counted."""
    who = f"{opinion.engine} {opinion.route}"
    counted = sorted(opinion.fields, key=lambda name: (name != OUTCOME, name))[: MOST_FIELDS + 1]
    told = {
        ("audit_same" if same else "audit_differs", f"{who} {field}"): (1, 0)
        for field, same in ((name, opinion.fields[name]) for name in counted)
    }
    return {("audits", who): (1, opinion.differs), **told}
