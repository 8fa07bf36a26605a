"""Messages that a batch has ended: which are due, and what came of them.

A message belongs to whoever has claimed it, until its claim runs out; then it is sent once more.
So it arrives at least once, and mostly once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from msgspec import Struct

from rolecall.ledger.store import Store
from rolecall.queue.moment import Moment

AT_ONCE: Final = 16
"""Messages that are looked at together."""

LOOKS: Final = 20
"""Looks in a row while all that was looked at goes on, so that what has ended is soon found."""

CLAIM: Final = 120.0
"""Seconds for which a message belongs to whoever sends it; longer than any post takes."""

FARTHEST: Final = 172_800_000
"""Milliseconds: a message that is due later than any wait was put off while the clock was ahead."""

PER_TASK: Final = 1 / 10_000
"""Seconds until a batch that goes on is looked at again, for each of its tasks."""


class Message(Struct, frozen=True, kw_only=True):
    """A message that was claimed: where it goes, and how often it has been tried before."""

    batch: int
    url: str
    secret: str
    attempts: int
    due: int


class Callbacks:
    """The messages of one queue, in ``store``."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._moment = store, Moment(store.dialect, clock)

    def claim(self) -> list[Message]:
        """Messages of batches that have ended, to be sent now; nobody else is given them."""
        for _ in range(LOOKS):
            looked, found = self._looked()
            if found or looked < AT_ONCE:
                break
        return found

    def _looked(self) -> tuple[int, list[Message]]:
        """Look at those that have been due for longest: how many, and which are to be sent."""
        now = self._store.dialect.now
        rows = self._store.rows(
            "SELECT c.batch, c.url, c.secret, c.attempts, c.due, b.size FROM queue_callback c"
            " JOIN queue_batch b ON b.id = c.batch WHERE c.state = 'waiting'"
            f" AND (c.due <= {now} OR c.due > {now} + {FARTHEST}) ORDER BY c.due LIMIT {AT_ONCE}",
            self._moment.values,
        )
        found = []
        for batch, url, secret, attempts, due, size in rows:
            one = Message(batch=batch, url=url, secret=secret, attempts=attempts, due=int(due))
            if self._goes_on(batch):
                self._put_off(one, 1.0 + size * PER_TASK)
            elif (mine := self._put_off(one, CLAIM, attempts=1)) is not None:
                found.append(mine)
        return len(rows), found

    def delivered(self, message: Message) -> None:
        """It has arrived."""
        self._end(message, "delivered", None)

    def failed(self, message: Message, trouble: str, seconds: float | None) -> None:
        """It has not arrived: try again after ``seconds``, or never."""
        if seconds is None:
            self._end(message, "failed", trouble)
        else:
            self._put_off(message, seconds, trouble=trouble)

    def _goes_on(self, batch: int) -> bool:
        states = "('running', 'queued', 'waiting')"
        sql = f"SELECT 1 FROM queue_task WHERE batch = :batch AND state IN {states} LIMIT 1"
        return bool(self._store.rows(sql, {"batch": batch}))

    def _put_off(
        self, message: Message, seconds: float, *, attempts: int = 0, trouble: str | None = None
    ) -> Message | None:
        """Make it due later, unless somebody else has it meanwhile."""
        told = {
            "batch": message.batch,
            "due": message.due,
            "wait": int(seconds * 1000),
            "attempts": attempts,
            "trouble": trouble,
        }
        with self._store.write() as connection:
            rows = connection.execute(
                f"UPDATE queue_callback SET due = {self._store.dialect.now} + :wait,"
                " attempts = attempts + :attempts, trouble = coalesce(:trouble, trouble)"
                " WHERE batch = :batch AND due = :due AND state = 'waiting'"
                " RETURNING batch, url, secret, attempts, due",
                {**self._moment.values, **told},
            ).fetchall()
        if not rows:
            return None
        return Message(**dict(zip(Message.__struct_fields__, rows[0], strict=True)))

    def _end(self, message: Message, state: str, trouble: str | None) -> None:
        with self._store.write() as connection:
            connection.execute(
                # Nothing more is signed with the secret.
                "UPDATE queue_callback SET state = :state, trouble = :trouble, secret = ''"
                " WHERE batch = :batch AND due = :due",
                {
                    "batch": message.batch,
                    "due": message.due,
                    "state": state,
                    "trouble": trouble,
                },
            )
