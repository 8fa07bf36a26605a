"""Tasks lent to workers: claimed, kept by a heartbeat, and ended once.

A claim, its lease and the count of its attempts are one statement. A result and the task's new
state are one transaction, which does nothing for a worker that lost its claim meanwhile.

Results wait for the disk, as many together as have gathered, since they may have been paid for.
Nothing else here does: a claim that a power cut takes away is lent again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rolecall.ledger.store import POSTGRES, Connection, Store
from rolecall.queue.claims import COLUMNS, PRIORITY, RANK, claim_of
from rolecall.queue.ends import CANCELLED, Ended, conclude, ending, keep
from rolecall.queue.moment import Moment
from rolecall.queue.nouns import Beat, Claim, Result, Rules, Worker
from rolecall.queue.packing import unpack
from rolecall.queue.prepared import LONGEST_DELAY
from rolecall.queue.texts import storable
from rolecall.queue.turns import Turns


class Leases:
    """What workers do with the queue. ``worker`` is a name that no other process ever has."""

    def __init__(self, store: Store, rules: Rules, moment: Moment, config: str) -> None:
        self._store, self._rules, self._moment, self._config = store, rules, moment, config
        self._turns = Turns(store, rules, moment, config)
        self.told: Callable[[Mapping[str, Any], int], None] | None = None
        """Hears of each record that was kept here, once it is, and of the bytes of its page (0
        where the page was fetched)."""
        # The names are chosen once: a server might look for them anew for every row.
        self._claim = _filled(
            f"""WITH next AS MATERIALIZED (
                SELECT id FROM queue_task WHERE state = 'queued' AND {{unsynced}}
                    AND NOT EXISTS (SELECT 1 FROM queue_meta WHERE name = 'paused')
                ORDER BY priority DESC, rank, id LIMIT :count {{skip_locked}}
            )
            UPDATE queue_task SET state = 'running', worker = :worker, fence = fence + 1,
                attempts = attempts + 1, lease = {{now}} + :lease, changed = {{now}}
            WHERE id IN (SELECT id FROM next) RETURNING {COLUMNS},
                (SELECT packed FROM queue_body WHERE hash = queue_task.body)""",
            store,
        )
        self._held = _filled(
            """SELECT id, fence, cancel FROM queue_task
            WHERE state = 'running' AND worker = :worker ORDER BY id {lock}""",
            store,
        )
        self._beat = _filled(
            "UPDATE queue_task SET lease = {now} + :lease WHERE id = :task AND fence = :fence"
            " AND state = 'running'",
            store,
        )
        self._put_back = _filled(
            """UPDATE queue_task SET state = 'waiting', worker = NULL, lease = NULL,
                due = {now} + :wait, changed = {now}, trouble = :trouble,
                attempts = attempts - :attempts, failures = failures + :failures,
                deferrals = deferrals + :deferrals, deaths = deaths + :deaths
            WHERE id = :task AND fence = :fence AND worker = :worker AND state = 'running'
                AND cancel = 0""",
            store,
        )

    def claim(self, worker: str, count: int = 1) -> list[Claim]:
        """Up to ``count`` tasks, the next in turn; nothing where all is done or paused.

        Tasks whose lease has run out come back first: they are queued again, or ended where too
        many workers died of them. That is looked at every tenth of a second, and whenever there is
        less to do than was asked for.
        """
        looked = self._turns.look()
        found = self._claimed(worker, count)
        if len(found) < count and not looked:
            self._turns.bring_back()
            found += self._claimed(worker, count - len(found))
        return found

    def _claimed(self, worker: str, count: int) -> list[Claim]:
        told = {"worker": worker, "count": count, "lease": int(self._rules.lease * 1000)}
        values = {**self._moment.values, **told}
        if self._store.dialect is POSTGRES:  # one statement is a transaction, and one way there
            rows = self._store.rows(self._claim, values)
        else:
            with self._store.write() as connection:
                rows = connection.execute(self._claim, values).fetchall()
        rows = sorted(rows, key=lambda row: (-row[PRIORITY], row[RANK], row[0]))
        # Unpacked when others may write again.
        return [claim_of(row, unpack(bytes(row[-1])) if row[-1] else None) for row in rows]

    def beat(self, worker: str, held: Mapping[int, int]) -> Beat:
        """Keep what is ``held`` (task: fence) for another lease, and hear what to give up.

        Tasks that are the worker's and not ``held`` are not kept: their claim never arrived.
        """
        told = {"worker": worker, "lease": int(self._rules.lease * 1000)}
        with self._store.write() as connection:
            rows = connection.execute(self._held, told).fetchall()
            kept = {row[0]: row[1] for row in rows if held.get(row[0]) == row[1]}
            values = {**self._moment.values, **told}
            renewed = [{**values, "task": task, "fence": fence} for task, fence in kept.items()]
            if renewed:
                connection.executemany(self._beat, renewed)
        return Beat(
            cancelled=frozenset(row[0] for row in rows if row[2] and row[0] in kept),
            lost=frozenset(task for task in held if task not in kept),
        )

    def finish(self, results: Sequence[Result]) -> list[bool]:
        """End claims with their records, in one transaction that has reached the disk when this
        returns; says for each whether it counted.

        One that does not count was lost to another worker, or the task was cancelled meanwhile.
        """
        ended = [Ended(one) for one in results]
        counted = [False] * len(ended)
        # Always in the order of their numbers: two that change the same tasks must not each wait
        # for the other.
        order = sorted(range(len(ended)), key=lambda place: ended[place].task)
        with self._store.write(durable=True) as connection:
            now = self._moment.of(connection)
            kept = []
            for place in order:
                counted[place] = conclude(connection, ended[place], now)
                if counted[place]:
                    kept.append(ended[place])
                else:
                    kept += self._cancelled(connection, results[place].claim, now)
            keep(connection, kept, now)
        if self.told is not None:
            for counts, one in zip(counted, results, strict=True):
                if counts:
                    self.told(one.record, len(one.claim.body or b""))
        return counted

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

    def die(self, claim: Claim, trouble: str, record: Mapping[str, Any]) -> bool:
        """Processes ended while they read the page. It may be to blame, or whoever ended them (the
        kernel, say, for want of memory): it is tried again as after a worker's death, and is
        quarantined with ``record`` once it has happened as often as the rules allow."""
        if claim.deaths + 1 >= self._rules.deaths:
            return self.finish([Result(claim=claim, record=record, state="quarantined")])[0]
        return self._back(claim, self.wait_of(claim.deaths + 1), trouble, deaths=1)

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
        return self._turns.wait_of(times)

    def seen(self, worker: Worker) -> None:
        """A worker says that it is there."""
        sql = """INSERT INTO queue_worker (name, host, pid, slots, doing, started, seen)
            VALUES (:name, :host, :pid, :slots, :doing, :started, {now})
            ON CONFLICT (name) DO UPDATE SET slots = excluded.slots, doing = excluded.doing,
                seen = excluded.seen"""
        told = {
            "name": worker.name,
            "host": storable(worker.host),
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
        deaths: int = 0,
    ) -> bool:
        """Put a task back; one that was cancelled meanwhile ends instead."""
        wait = min(max(wait, 0.0), LONGEST_DELAY) if math.isfinite(wait) else self._rules.longest
        told = {
            "task": claim.task,
            "fence": claim.fence,
            "worker": claim.worker,
            "wait": int(wait * 1000),
            "trouble": storable(trouble)[:2_000] or None,
            "attempts": attempts,
            "failures": failures,
            "deferrals": deferrals,
            "deaths": deaths,
        }
        with self._store.write() as connection:
            values = {**self._moment.values, **told}
            if connection.execute(self._put_back, values).rowcount:
                return True
            now = self._moment.of(connection)
            ended = self._cancelled(connection, claim, now)
            keep(connection, ended, now)
            return bool(ended)

    def _cancelled(self, connection: Connection, claim: Claim, now: int) -> list[Ended]:
        """The end of a claim that did not count, if that is because its task was cancelled."""
        end = Ended(ending(claim, CANCELLED, self._config))
        return [end] if conclude(connection, end, now) else []


def _filled(sql: str, store: Store) -> str:
    told = store.dialect
    return sql.format(
        now=told.now, lock=told.lock, skip_locked=told.skip_locked, unsynced=told.unsynced
    )
