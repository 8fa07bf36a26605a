"""What people do with the queue: cancel, try again, hold, forget."""

from __future__ import annotations

from typing import Final

from rolecall.ledger.store import Connection, Store
from rolecall.queue.claims import COLUMNS, PLACE, claim_of
from rolecall.queue.ends import CANCELLED, Ended, ending, event, keep, tell
from rolecall.queue.moment import Moment
from rolecall.queue.nouns import ENDED, Rules
from rolecall.queue.purge import Purge, Purged
from rolecall.queue.ranks import BACK, TURNS, Ranks
from rolecall.queue.texts import fitting
from rolecall.queue.turns import queue_again

__all__ = ["Control", "Purged"]

AT_ONCE: Final = 500
"""Tasks that one transaction cancels, so that nobody waits long for it."""
_MINE: Final = "submitter = coalesce(:submitter, submitter)"
_ENDED: Final = ", ".join(f"'{one}'" for one in sorted(ENDED))


class Control:
    """See each method; ``submitter`` limits it to what one submitter has handed in."""

    def __init__(self, store: Store, rules: Rules, moment: Moment, config: str) -> None:
        self._store, self._moment, self._config = store, moment, config
        self._purge = Purge(store, rules, moment)

    def cancel(self, task: int, submitter: str | None = None) -> bool:
        """End a task that has not ended: at once if nobody works on it, else its worker is told
        with its next heartbeat. Says whether there was anything to cancel."""
        return bool(self._cancel("id = :number", task, submitter))

    def cancel_batch(self, batch: int, submitter: str | None = None) -> int:
        """Cancel what is left of a batch; says how many tasks that were."""
        found, place = 0, -1
        while places := self._cancel("batch = :number", batch, submitter, place):
            found, place = found + len(places), places[-1]
        return found

    def retry(self, task: int, submitter: str | None = None) -> bool:
        """Queue a task that has ended once more; its record is forgotten. Says whether it had, and
        its page is still there."""
        # Alone, so that the page is not taken away meanwhile.
        with self._store.write(durable=True, alone=TURNS) as connection:
            now = self._moment.of(connection)
            row = connection.execute(
                f"SELECT {COLUMNS} FROM queue_task WHERE id = :task AND state IN ({_ENDED})"
                f" AND {_MINE} AND (body IS NULL OR EXISTS"
                f" (SELECT 1 FROM queue_body WHERE hash = queue_task.body))"
                f" {self._store.dialect.lock}",
                {"task": fitting(task), "submitter": submitter},
            ).fetchone()
            if row is None:
                return False
            claim = claim_of(row)
            ranks = Ranks(connection)
            rank = ranks.next(claim.submitter, claim.priority, BACK)
            queue_again(connection, task, rank, now)
            ranks.keep()
            connection.execute(
                "UPDATE queue_task SET cancel = 0, deaths = 0, failures = 0, deferrals = 0,"
                " trouble = NULL, due = :now WHERE id = :task",
                {"now": now, "task": task},
            )
            connection.execute("DELETE FROM queue_result WHERE task = :task", {"task": task})
            tell(connection, [event(claim, "queued", None)], now)
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
        pages that no task needs any more, events, and workers that are long gone."""
        return self._purge.old()

    def forget(self, batch: int, submitter: str | None = None) -> bool:
        """Forget a batch that has ended, with its records, and the pages that are only its own.

        Says whether it is gone: not while a task of it has not ended. Cut short by a kill it has
        forgotten some of the tasks, and may be called again.
        """
        return self._purge.forget(batch, submitter)

    def _cancel(self, which: str, number: int, submitter: str | None, place: int = -1) -> list[int]:
        """Cancel some tasks after ``place``; gives their places, none where nothing is left."""
        told = {"number": fitting(number), "submitter": submitter, "place": place}
        with self._store.write(durable=True) as connection:
            # One query for all states: a task cannot slip from one that was looked at to another.
            rows = connection.execute(
                f"SELECT {COLUMNS}, state FROM queue_task WHERE {which} AND place > :place"
                f" AND {_MINE} AND state IN ('waiting', 'queued', 'running') AND cancel = 0"
                # Within a batch the order of the numbers, in which all who wait for rows take them.
                f" ORDER BY place LIMIT {AT_ONCE} {self._store.dialect.lock}",
                told,
            ).fetchall()
            now = self._moment.of(connection)
            ended = [row for row in rows if row[-1] != "running"]
            for sql, some in (
                ("state = 'cancelled', fence = fence + 1, ", ended),
                ("", [row for row in rows if row[-1] == "running"]),
            ):
                self._mark(connection, sql, [row[0] for row in some], now)
            ends = [Ended(ending(claim_of(row), CANCELLED, self._config)) for row in ended]
            keep(connection, ends, now)
        return [row[PLACE] for row in rows]

    def _mark(self, connection: Connection, more: str, tasks: list[int], now: int) -> None:
        if tasks:
            connection.executemany(
                f"UPDATE queue_task SET {more}cancel = 1, changed = :now WHERE id = :task",
                [{"task": task, "now": now} for task in tasks],
            )
