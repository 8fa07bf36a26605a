"""Forgetting: what is too old, and what somebody wants gone; some rows at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from rolecall.ledger.store import Connection, Store
from rolecall.queue.moment import Moment
from rolecall.queue.nouns import Rules
from rolecall.queue.ranks import TURNS
from rolecall.queue.texts import fitting

DAY_MS: Final = 86_400_000
AT_ONCE: Final = 500
"""Rows that one transaction deletes, so that nobody waits long for it."""
_LIVE: Final = "state IN ('waiting', 'queued', 'running')"
_LABELLED: Final = (
    "EXISTS (SELECT 1 FROM label_value WHERE label_value.task = queue_task.id) AND NOT EXISTS"
    " (SELECT 1 FROM label_page WHERE label_page.task = queue_task.id)"
)
"""Somebody has begun to label a page and not finished: it is kept until then."""
_OLD_BATCHES: Final = (
    "FROM queue_batch WHERE id > :last AND made < :before AND NOT EXISTS"
    " (SELECT 1 FROM queue_task WHERE batch = queue_batch.id"
    f" AND ({_LIVE} OR changed >= :before OR {_LABELLED}))"
)
_OLD_BODIES: Final = (
    "FROM queue_body WHERE made < :before AND NOT EXISTS (SELECT 1 FROM queue_task"
    f" WHERE body = queue_body.hash AND ({_LIVE} OR {_LABELLED}))"
)


class Purged(Struct, frozen=True):
    """How much was forgotten."""

    batches: int = 0
    tasks: int = 0
    bodies: int = 0
    events: int = 0


class Purge:
    """Deletes; each transaction is alone with those that take pages in."""

    def __init__(self, store: Store, rules: Rules, moment: Moment) -> None:
        self._store, self._rules, self._moment = store, rules, moment

    def old(self) -> Purged:
        """Forget what is older than the rules keep."""
        batches, tasks = self._old_batches()
        bodies = self._all(self._old_bodies)
        events = self._all(self._old_events)
        with self._store.write() as connection:
            connection.execute(
                "DELETE FROM queue_worker WHERE seen < :before",
                {"before": self._moment.of(connection) - DAY_MS},
            )
        return Purged(batches, tasks, bodies, events)

    def would(self) -> Purged:
        """What `old` would forget now; pages that go with their batches are not counted."""
        counts: list[int] = []
        for sql, days in (
            (
                f"SELECT count(*), coalesce(sum(size), 0) {_OLD_BATCHES}",
                self._rules.keep_records_days,
            ),
            (f"SELECT count(*) {_OLD_BODIES}", self._rules.keep_bodies_days),
            (
                "SELECT count(*) FROM queue_event WHERE made < :before",
                self._rules.keep_events_hours / 24,
            ),
        ):
            values = {"before": self._before(days * DAY_MS), "last": 0}
            counts += map(int, self._store.rows(sql, values)[0])
        return Purged(*counts)

    def forget(self, batch: int, submitter: str | None = None) -> bool:
        """Forget a batch that has ended; says whether it is gone."""
        while (left := self._forget_some(fitting(batch), submitter)) is not None:
            if left == 0:
                return True
        return False

    def _old_batches(self) -> tuple[int, int]:
        before = self._before(self._rules.keep_records_days * DAY_MS)
        batches = tasks = last = 0
        while True:
            rows = self._store.rows(
                f"SELECT id, size {_OLD_BATCHES} ORDER BY id LIMIT {AT_ONCE}",
                {"before": before, "last": last},
            )
            if not rows:
                return batches, tasks
            for batch, size in rows:
                if self.forget(batch):
                    batches, tasks = batches + 1, tasks + size
            last = rows[-1][0]

    def _forget_some(self, batch: int, submitter: str | None) -> int | None:
        """Forget some tasks of a batch that has ended, and itself once none is left.

        Gives how many it forgot, and ``None`` where the batch is not there or has not ended.
        """
        told = {"batch": batch, "submitter": submitter}
        with self._store.write(durable=True, alone=TURNS) as connection:
            there = connection.execute(
                "SELECT 1 FROM queue_batch WHERE id = :batch"
                " AND submitter = coalesce(:submitter, submitter) AND NOT EXISTS"
                f" (SELECT 1 FROM queue_task WHERE batch = :batch AND {_LIVE})",
                told,
            ).fetchone()
            if there is None:
                return None
            rows = connection.execute(
                "SELECT id, body FROM queue_task WHERE batch = :batch"
                f" ORDER BY place LIMIT {AT_ONCE}",
                told,
            ).fetchall()
            if rows:
                connection.executemany(
                    "DELETE FROM queue_task WHERE id = :task", [{"task": row[0]} for row in rows]
                )
                bodies = {bytes(row[1]) for row in rows if row[1] is not None}
                _drop_loose(connection, bodies)
            else:
                connection.execute("DELETE FROM queue_batch WHERE id = :batch", told)
            return len(rows)

    def _all(self, some: Callable[[Connection], int]) -> int:
        """Carry out ``some`` until nothing is left for it."""
        total = 0
        while True:
            with self._store.write(alone=TURNS) as connection:
                count = some(connection)
            total += count
            if count < AT_ONCE:
                return total

    def _old_bodies(self, connection: Connection) -> int:
        before = self._moment.of(connection) - int(self._rules.keep_bodies_days * DAY_MS)
        gone = connection.execute(
            f"DELETE FROM queue_body WHERE hash IN (SELECT hash {_OLD_BODIES}"
            f" ORDER BY made LIMIT {AT_ONCE})",
            {"before": before},
        )
        return int(gone.rowcount)

    def _old_events(self, connection: Connection) -> int:
        before = self._moment.of(connection) - int(self._rules.keep_events_hours * 3_600_000)
        gone = connection.execute(
            "DELETE FROM queue_event WHERE id IN (SELECT id FROM queue_event"
            f" WHERE made < :before ORDER BY id LIMIT {AT_ONCE})",
            {"before": before},
        )
        return int(gone.rowcount)

    def _before(self, span: float) -> int:
        with self._store.write() as connection:
            return self._moment.of(connection) - int(span)


def _drop_loose(connection: Connection, bodies: set[bytes]) -> None:
    """Forget those of ``bodies`` that no task has any more."""
    if bodies:
        connection.executemany(
            "DELETE FROM queue_body WHERE hash = :hash AND NOT EXISTS"
            " (SELECT 1 FROM queue_task WHERE body = :hash)",
            [{"hash": one} for one in sorted(bodies)],
        )
