"""What comes back into the queue by itself: after a wait, or because its worker died."""

from __future__ import annotations

from typing import Any, Final

from rolecall.core import Reason
from rolecall.ledger.store import Connection, Store
from rolecall.queue.claims import COLUMNS, claim_of
from rolecall.queue.ends import CANCELLED, Ended, conclude, ending, keep
from rolecall.queue.moment import Moment
from rolecall.queue.nouns import Claim, Rules
from rolecall.queue.ranks import BACK, TURNS, Ranks

AT_ONCE: Final = 200
"""Tasks that one look brings back, so that none takes long."""
PAUSE_MS: Final = 100
"""How long nobody looks again while there is enough to do."""
JUMP_MS: Final = 3_600_000
"""A moment farther in the future than this, and than was asked for, was written before the clock
was set back."""


class Turns:
    """Looks for tasks that are to come back; see `bring_back`."""

    def __init__(self, store: Store, rules: Rules, moment: Moment, config: str) -> None:
        self._store, self._rules, self._moment, self._config = store, rules, moment, config
        self._looked = 0
        self._ahead, self._patient = moment.ahead, float("-inf")
        now = store.dialect.now
        due = f"state = 'waiting' AND due <= {now}"
        late = f"state = 'waiting' AND changed > {now} + {JUMP_MS}"
        lost = f"state = 'running' AND lease < {now}"
        far = f"state = 'running' AND lease > {now} + :far"
        found = (f"EXISTS (SELECT 1 FROM queue_task WHERE {one})" for one in (due, late, lost, far))
        self._any = f"SELECT {' OR '.join(found)}"
        skip = store.dialect.skip_locked
        self._waiting = tuple(
            f"SELECT id, submitter, priority FROM queue_task WHERE {which}"
            f" ORDER BY {by} LIMIT {AT_ONCE} {skip}"
            for which, by in ((due, "due"), (late, "changed"))
        )
        self._lost = tuple(
            f"SELECT {COLUMNS}, cancel FROM queue_task WHERE {which}"
            f" ORDER BY lease LIMIT {AT_ONCE} {skip}"
            for which in (lost, far)
        )

    def look(self) -> bool:
        """`bring_back`, unless that was done a moment ago; says whether it was done now."""
        if abs(self._moment.values["now"] - self._looked) < PAUSE_MS:
            return False
        self.bring_back()
        return True

    def bring_back(self) -> None:
        """Queue what has waited long enough, and what dead workers had claimed; what too many
        workers died of ends instead."""
        self._looked = self._moment.values["now"]
        patient = self._is_patient()
        values = {**self._moment.values, "far": int(self._rules.lease * 2000) + JUMP_MS}
        if not self._store.rows(self._any, values)[0][0]:
            return
        with self._store.write(alone=TURNS) as connection:
            now = self._moment.of(connection)
            ranks = Ranks(connection)
            for sql in self._waiting:
                for task, submitter, priority in connection.execute(sql, values).fetchall():
                    queue_again(connection, task, ranks.next(submitter, priority, BACK), now)
            ended: list[Ended] = []
            for sql in () if patient else self._lost:
                for row in connection.execute(sql, values).fetchall():
                    end = self._take_back(connection, row, ranks, now)
                    ended += [end] if end is not None else []
            ranks.keep()
            keep(connection, ended, now)

    def _is_patient(self) -> bool:
        """Whether leases are left alone: the clock was just set, or the machine has slept, and
        workers that live get half a lease to say so."""
        ahead, half = self._moment.ahead, self._rules.lease / 2
        if abs(ahead - self._ahead) > half:
            self._patient = self._moment.steady() + half
        self._ahead = ahead
        return self._moment.steady() < self._patient

    def wait_of(self, times: int) -> float:
        """Seconds to wait after the n-th time."""
        return min(self._rules.longest, self._rules.backoff * 2.0 ** min(times - 1, 30))

    def _take_back(
        self, connection: Connection, row: tuple[Any, ...], ranks: Ranks, now: int
    ) -> Ended | None:
        """One task whose worker did not keep its lease; its end, if that was one too many."""
        claim = claim_of(row)
        if row[-1]:
            reason = CANCELLED
        elif claim.deaths + 1 >= self._rules.deaths:
            died = f"{claim.deaths + 1} workers ended while they worked on it"
            reason = Reason(code="poison", stage="queue", message=died)
        else:
            connection.execute(
                "UPDATE queue_task SET deaths = deaths + 1 WHERE id = :task", {"task": claim.task}
            )
            if claim.deaths:
                due = now + int(self.wait_of(claim.deaths) * 1000)
                _put_off(connection, claim, due, now)
            else:
                rank = ranks.next(claim.submitter, claim.priority, BACK)
                queue_again(connection, claim.task, rank, now)
            return None
        end = Ended(ending(claim, reason, self._config))
        return end if conclude(connection, end, now) else None


def queue_again(connection: Connection, task: int, rank: int, now: int) -> None:
    """Put a task back into the queue, in a transaction that is alone in `TURNS`."""
    connection.execute(
        "UPDATE queue_task SET state = 'queued', worker = NULL, lease = NULL, rank = :rank,"
        " flow = :flow, changed = :now WHERE id = :task",
        {"task": task, "rank": rank, "flow": BACK, "now": now},
    )


def _put_off(connection: Connection, claim: Claim, due: int, now: int) -> None:
    connection.execute(
        "UPDATE queue_task SET state = 'waiting', worker = NULL, lease = NULL, due = :due,"
        " changed = :now WHERE id = :task",
        {"task": claim.task, "due": due, "now": now},
    )
