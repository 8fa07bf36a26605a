"""What people do with the queue: cancel, try again, hold, forget."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from rolecall.ledger.store import Connection, Store
from rolecall.queue.ends import CANCELLED, ending, put_result
from rolecall.queue.leases import COLUMNS, claim_of
from rolecall.queue.moment import Moment
from rolecall.queue.nouns import ENDED, Claim, Rules

DAY_MS: Final = 86_400_000
AT_ONCE: Final = 1_000
"""Rows that one transaction changes, so that nobody waits long for it."""


class Purged(Struct, frozen=True):
    """How much was forgotten."""

    batches: int = 0
    tasks: int = 0
    bodies: int = 0
    events: int = 0


class Control:
    """See each method; ``submitter`` limits it to what one submitter has handed in."""

    def __init__(self, store: Store, rules: Rules, moment: Moment, config: str) -> None:
        self._store, self._rules, self._moment, self._config = store, rules, moment, config

    def cancel(self, task: int, submitter: str | None = None) -> bool:
        """End a task that has not ended: at once if nobody works on it, else its worker is told
        with its next heartbeat. Says whether there was anything to cancel."""
        with self._store.write(durable=True) as connection:
            return self._cancel(connection, "id = :number", task, submitter) > 0

    def cancel_batch(self, batch: int, submitter: str | None = None) -> int:
        """Cancel what is left of a batch; says how many tasks that were."""
        found = 0
        while True:
            with self._store.write(durable=True) as connection:
                count = self._cancel(connection, "batch = :number", batch, submitter)
            found += count
            if count < AT_ONCE:
                return found

    def retry(self, task: int, submitter: str | None = None) -> bool:
        """Queue a task that has ended once more; its record is forgotten. Says whether it had, and
        its page is still there."""
        with self._store.write(durable=True) as connection:
            now = self._moment.of(connection)
            states = ", ".join(f"'{one}'" for one in sorted(ENDED))
            changed = connection.execute(
                "UPDATE queue_task SET state = 'queued', cancel = 0, deaths = 0, failures = 0,"
                " deferrals = 0, trouble = NULL, due = :now, changed = :now"
                f" WHERE id = :task AND state IN ({states})"
                " AND (:submitter IS NULL OR submitter = :submitter)"
                " AND (body IS NULL OR EXISTS"
                " (SELECT 1 FROM queue_body WHERE hash = queue_task.body))",
                {"now": now, "task": task, "submitter": submitter},
            )
            if not changed.rowcount:
                return False
            connection.execute("DELETE FROM queue_result WHERE task = :task", {"task": task})
            return True

    def pause(self) -> None:
        """Let workers take no more tasks; those under way end. Pages are still taken in."""
        with self._store.write(durable=True) as connection:
            connection.execute(
                "INSERT INTO queue_meta (name, value) VALUES ('paused', :now)"
                " ON CONFLICT (name) DO NOTHING",
                {"now": str(self._moment.of(connection))},
            )

    def resume(self) -> None:
        """Let workers take tasks again."""
        with self._store.write(durable=True) as connection:
            connection.execute("DELETE FROM queue_meta WHERE name = 'paused'")

    def purge(self) -> Purged:
        """Forget what is older than the rules keep: batches that have ended, with their records,
        pages that no task needs any more, and events."""
        found = Purged()
        for step in (self._old_batches, self._old_bodies, self._old_events):
            while True:
                with self._store.write() as connection:
                    one = step(connection)
                found = Purged(
                    *(
                        getattr(found, name) + getattr(one, name)
                        for name in Purged.__struct_fields__
                    )
                )
                if max(one.batches, one.bodies, one.events) < AT_ONCE:
                    break
        return found

    def forget(self, batch: int, submitter: str | None = None) -> bool:
        """Forget a batch that has ended, with its records, and the pages that are only its own."""
        with self._store.write(durable=True) as connection:
            left = connection.execute(
                "SELECT count(*) FROM queue_task WHERE batch = :batch"
                " AND state IN ('waiting', 'queued', 'running')",
                {"batch": batch},
            ).fetchone()[0]
            if left:
                return False
            gone = connection.execute(
                "DELETE FROM queue_batch WHERE id = :batch"
                " AND (:submitter IS NULL OR submitter = :submitter)",
                {"batch": batch, "submitter": submitter},
            )
            _drop_loose_bodies(connection)
            return bool(gone.rowcount)

    def _cancel(
        self, connection: Connection, which: str, number: int, submitter: str | None
    ) -> int:
        now = self._moment.of(connection)
        told = {"number": number, "submitter": submitter, "now": now}
        mine = "(:submitter IS NULL OR submitter = :submitter)"
        rows = connection.execute(
            f"SELECT {COLUMNS} FROM queue_task WHERE {which} AND {mine}"
            f" AND state IN ('waiting', 'queued') LIMIT {AT_ONCE}"
            f" {self._store.dialect.skip_locked}",
            told,
        ).fetchall()
        for row in rows:
            self._end(connection, claim_of(row, {}), now)
        running = connection.execute(
            f"UPDATE queue_task SET cancel = 1, changed = :now WHERE {which} AND {mine}"
            " AND state = 'running' AND cancel = 0",
            told,
        )
        return len(rows) + int(running.rowcount)

    def _end(self, connection: Connection, claim: Claim, now: int) -> None:
        connection.execute(
            "UPDATE queue_task SET state = 'cancelled', cancel = 1, fence = fence + 1,"
            " changed = :now WHERE id = :task",
            {"task": claim.task, "now": now},
        )
        put_result(connection, ending(claim, CANCELLED, self._config), now)

    def _old_batches(self, connection: Connection) -> Purged:
        before = self._moment.of(connection) - int(self._rules.keep_records_days * DAY_MS)
        rows = connection.execute(
            "SELECT id, size FROM queue_batch WHERE made < :before AND NOT EXISTS"
            " (SELECT 1 FROM queue_task WHERE batch = queue_batch.id"
            " AND (state IN ('waiting', 'queued', 'running') OR changed >= :before))"
            f" ORDER BY id LIMIT {AT_ONCE}",
            {"before": before},
        ).fetchall()
        for row in rows:
            connection.execute("DELETE FROM queue_batch WHERE id = :id", {"id": row[0]})
        return Purged(batches=len(rows), tasks=sum(row[1] for row in rows))

    def _old_bodies(self, connection: Connection) -> Purged:
        before = self._moment.of(connection) - int(self._rules.keep_bodies_days * DAY_MS)
        gone = connection.execute(
            "DELETE FROM queue_body WHERE hash IN (SELECT hash FROM queue_body"
            " WHERE made < :before AND NOT EXISTS (SELECT 1 FROM queue_task"
            " WHERE body = queue_body.hash AND state IN ('waiting', 'queued', 'running'))"
            f" LIMIT {AT_ONCE})",
            {"before": before},
        )
        return Purged(bodies=gone.rowcount)

    def _old_events(self, connection: Connection) -> Purged:
        before = self._moment.of(connection) - int(self._rules.keep_events_hours * 3_600_000)
        gone = connection.execute(
            "DELETE FROM queue_event WHERE id IN (SELECT id FROM queue_event"
            f" WHERE made < :before ORDER BY id LIMIT {AT_ONCE})",
            {"before": before},
        )
        return Purged(events=gone.rowcount)


def _drop_loose_bodies(connection: Connection) -> None:
    connection.execute(
        "DELETE FROM queue_body WHERE NOT EXISTS"
        " (SELECT 1 FROM queue_task WHERE body = queue_body.hash)"
    )
