"""Tasks lent to workers: claimed, kept by a heartbeat, and ended once.

A claim, its lease and the count of its attempts are one statement. A result and the task's new
state are one transaction, which does nothing for a worker that lost its claim meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rolecall.core import Reason
from rolecall.ledger.store import Connection, Store
from rolecall.queue.ends import CANCELLED, conclude, ending
from rolecall.queue.moment import Moment
from rolecall.queue.nouns import Beat, Claim, Result, Rules, Worker
from rolecall.queue.packing import unpack

COLUMNS: Final = (
    "id, fence, batch, place, submitter, source, body, url, media_type, charset, captured, schema,"
    " priority, attempts, deaths, failures, deferrals, rank"
)
EXPIRED_AT_ONCE: Final = 200
"""Lost leases that one claim looks after, so that none takes long."""

_PAUSED: Final = "NOT EXISTS (SELECT 1 FROM queue_meta WHERE name = 'paused')"


class Leases:
    """What workers do with the queue. ``worker`` is a name that no other process ever has."""

    def __init__(self, store: Store, rules: Rules, moment: Moment, config: str) -> None:
        self._store, self._rules, self._moment, self._config = store, rules, moment, config
        self._due = _filled(
            """UPDATE queue_task SET state = 'queued', changed = {now}
            WHERE state = 'waiting' AND due <= {now}""",
            store,
        )
        self._claim = _filled(
            f"""UPDATE queue_task SET state = 'running', worker = :worker, fence = fence + 1,
                attempts = attempts + 1, lease = {{now}} + :lease, changed = {{now}}
            WHERE id IN (
                SELECT id FROM queue_task WHERE state = 'queued' AND {_PAUSED}
                ORDER BY priority DESC, rank, id LIMIT :count {{skip_locked}}
            ) RETURNING {COLUMNS}""",
            store,
        )
        self._expired = _filled(
            f"""SELECT {COLUMNS}, cancel FROM queue_task
            WHERE state = 'running' AND lease < {{now}}
            ORDER BY lease LIMIT {EXPIRED_AT_ONCE} {{skip_locked}}""",
            store,
        )
        self._beat = _filled(
            """UPDATE queue_task SET lease = {now} + :lease
            WHERE worker = :worker AND state = 'running' RETURNING id, fence, cancel""",
            store,
        )
        self._put_back = _filled(
            """UPDATE queue_task SET state = :state, worker = NULL, lease = NULL,
                due = {now} + :wait, changed = {now}, trouble = :trouble,
                attempts = attempts - :attempts, failures = failures + :failures,
                deferrals = deferrals + :deferrals
            WHERE id = :task AND fence = :fence AND state = 'running' AND cancel = 0""",
            store,
        )

    def claim(self, worker: str, count: int = 1) -> list[Claim]:
        """Up to ``count`` tasks, the next in turn; nothing where all is done or paused.

        Tasks whose lease has run out come back first: they are queued again, or ended where too
        many workers died of them.
        """
        values = self._moment.values
        with self._store.write() as connection:
            self._take_back(connection, values)
            connection.execute(self._due, values)
            told = {"worker": worker, "count": count, "lease": int(self._rules.lease * 1000)}
            rows = connection.execute(self._claim, {**values, **told}).fetchall()
            rows.sort(key=lambda row: (-row[12], row[17], row[0]))
            hashes = {bytes(row[6]) for row in rows if row[6] is not None}
            bodies = {key: _body(connection, key) for key in hashes}
        # Unpacked when others may write again.
        opened = {key: unpack(one) for key, one in bodies.items() if one is not None}
        return [claim_of(row, opened) for row in rows]

    def beat(self, worker: str, held: Mapping[int, int]) -> Beat:
        """Keep what is ``held`` (task: fence) for another lease, and hear what to give up."""
        told = {"worker": worker, "lease": int(self._rules.lease * 1000)}
        with self._store.write() as connection:
            rows = connection.execute(self._beat, {**self._moment.values, **told}).fetchall()
        kept = {row[0]: row[1] for row in rows}
        return Beat(
            cancelled=frozenset(row[0] for row in rows if row[2]),
            lost=frozenset(task for task, fence in held.items() if kept.get(task) != fence),
        )

    def finish(self, results: Sequence[Result]) -> list[bool]:
        """End claims with their records, in one transaction; says for each whether it counted.

        One that does not count was lost to another worker, or the task was cancelled meanwhile.
        """
        with self._store.write() as connection:
            now = self._moment.of(connection)
            return [self._conclude(connection, one, now) for one in results]

    def put_back(self, claim: Claim, *, worked_on: bool = False) -> bool:
        """Give a claim back; another worker may take it at once.

        Where the page was not ``worked_on`` its attempt does not count.
        """
        return self._back(claim, 0.0, "", attempts=0 if worked_on else 1)

    def fail(self, claim: Claim, trouble: str, record: Mapping[str, Any]) -> bool:
        """The page failed for a reason that may pass: it is tried again, or ends with ``record``
        once it has failed as often as the rules allow."""
        if claim.failures + 1 >= self._rules.failures:
            return self.finish([Result(claim=claim, record=record)])[0]
        return self._back(claim, self.wait_of(claim.failures + 1), trouble, failures=1)

    def defer(
        self, claim: Claim, trouble: str, record: Mapping[str, Any], seconds: float | None = None
    ) -> bool:
        """An engine is away: the task waits for ``seconds``, or as the rules say, and the page is
        not to blame. Ends with ``record`` where that has happened too often."""
        if claim.deferrals + 1 >= self._rules.deferrals:
            return self.finish([Result(claim=claim, record=record)])[0]
        wait = seconds if seconds is not None else self.wait_of(claim.deferrals + 1)
        return self._back(claim, wait, trouble, attempts=1, deferrals=1)

    def wait_of(self, times: int) -> float:
        """Seconds to wait after the n-th time."""
        return min(self._rules.longest, self._rules.backoff * 2.0 ** min(times - 1, 30))

    def seen(self, worker: Worker) -> None:
        """A worker says that it is there."""
        sql = """INSERT INTO queue_worker (name, host, pid, slots, doing, started, seen)
            VALUES (:name, :host, :pid, :slots, :doing, :started, {now})
            ON CONFLICT (name) DO UPDATE SET slots = excluded.slots, doing = excluded.doing,
                seen = excluded.seen"""
        told = {
            "name": worker.name,
            "host": worker.host,
            "pid": worker.pid,
            "slots": worker.slots,
            "doing": worker.doing,
            "started": worker.started,
        }
        with self._store.write() as connection:
            connection.execute(_filled(sql, self._store), {**self._moment.values, **told})

    def gone(self, worker: str) -> None:
        """A worker has ended."""
        with self._store.write() as connection:
            connection.execute("DELETE FROM queue_worker WHERE name = :name", {"name": worker})

    def _back(
        self,
        claim: Claim,
        wait: float,
        trouble: str,
        *,
        attempts: int = 0,
        failures: int = 0,
        deferrals: int = 0,
    ) -> bool:
        """Put a task back; one that was cancelled meanwhile ends instead."""
        told = {
            "task": claim.task,
            "fence": claim.fence,
            "state": "waiting" if wait > 0 else "queued",
            "wait": int(wait * 1000),
            "trouble": trouble or None,
            "attempts": attempts,
            "failures": failures,
            "deferrals": deferrals,
        }
        with self._store.write() as connection:
            values = {**self._moment.values, **told}
            if connection.execute(self._put_back, values).rowcount:
                return True
            return conclude(
                connection, ending(claim, CANCELLED, self._config), self._moment.of(connection)
            )

    def _conclude(self, connection: Connection, result: Result, now: int) -> bool:
        """As `conclude`; a task that was cancelled meanwhile ends as that."""
        if conclude(connection, result, now):
            return True
        conclude(connection, ending(result.claim, CANCELLED, self._config), now)
        return False

    def _take_back(self, connection: Connection, values: Mapping[str, int]) -> None:
        """Tasks of workers that did not keep their leases."""
        for row in connection.execute(self._expired, values).fetchall():
            claim = claim_of(row, {})
            if row[18]:
                reason = CANCELLED
            elif claim.deaths + 1 >= self._rules.deaths:
                died = f"{claim.deaths + 1} workers ended while they worked on it"
                reason = Reason(code="poison", stage="queue", message=died)
            else:
                wait = self.wait_of(claim.deaths) if claim.deaths else 0.0
                connection.execute(
                    _filled(
                        """UPDATE queue_task SET state = :state, worker = NULL, lease = NULL,
                            deaths = deaths + 1, due = {now} + :wait, changed = {now}
                        WHERE id = :task""",
                        self._store,
                    ),
                    {
                        **values,
                        "task": claim.task,
                        "state": "waiting" if wait else "queued",
                        "wait": int(wait * 1000),
                    },
                )
                continue
            conclude(connection, ending(claim, reason, self._config), self._moment.of(connection))


def _filled(sql: str, store: Store) -> str:
    return sql.format(now=store.dialect.now, skip_locked=store.dialect.skip_locked)


def _body(connection: Connection, key: bytes) -> bytes | None:
    row = connection.execute(
        "SELECT packed FROM queue_body WHERE hash = :hash", {"hash": key}
    ).fetchone()
    return bytes(row[0]) if row is not None else None


def claim_of(row: Sequence[Any], bodies: Mapping[bytes, bytes]) -> Claim:
    """The claim that a row of `COLUMNS` tells of."""
    names = COLUMNS.removesuffix(", rank").split(", ")
    told = dict(zip(names, row, strict=False))
    body = told.pop("body")
    return Claim(
        task=told.pop("id"), body=bodies.get(bytes(body)) if body is not None else None, **told
    )
