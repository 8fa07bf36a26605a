"""Fair places in the queue: start-time fair queueing (Goyal, Vin, Cheng 1996).

Workers take the lowest rank of the highest priority. What comes into the queue for a submitter gets
ranks one after the other, beginning at the lowest rank that is waiting for a worker now, or after
the last one of its own that is, whichever is later. So submitters take turns, however much one of
them hands in at once; and the lowest rank that is waiting never falls, because nothing gets one
below it.

What comes back into the queue (after a wait, a lost lease, or on request) is a flow of its own for
each submitter, so that it need not wait behind all that its submitter has handed in, nor pass by
everybody else.

Only one transaction at a time may give ranks: ``alone`` is `TURNS`.
"""

from __future__ import annotations

from typing import Final

from rolecall.ledger.store import Connection

TURNS: Final = "queue_turns"
"""The lock for whoever gives ranks, and for whoever takes away pages."""
NEW: Final = 0
BACK: Final = 1


class Ranks:
    """The next ranks in the transaction of ``connection``; `keep` them at its end."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._last: dict[tuple[str, int, int], int] = {}
        self._floors: dict[int, int] = {}

    def next(self, submitter: str, priority: int, flow: int = NEW) -> int:
        """The rank of the next task of a submitter."""
        key = (submitter, priority, flow)
        if key not in self._last:
            self._last[key] = self._start(*key)
        self._last[key] += 1
        return self._last[key]

    def keep(self) -> None:
        """Write down the highest ranks, for when nothing is queued."""
        highest: dict[int, int] = {}
        for (_, priority, _), rank in self._last.items():
            highest[priority] = max(rank, highest.get(priority, 0))
        for priority, rank in sorted(highest.items()):
            self._connection.execute(
                "INSERT INTO queue_share (priority, rank) VALUES (:priority, :rank)"
                " ON CONFLICT (priority) DO UPDATE SET rank = excluded.rank"
                " WHERE queue_share.rank < excluded.rank",
                {"priority": priority, "rank": rank},
            )

    def _start(self, submitter: str, priority: int, flow: int) -> int:
        own = self._connection.execute(
            "SELECT rank FROM queue_task WHERE state = 'queued' AND submitter = :submitter"
            " AND priority = :priority AND flow = :flow ORDER BY rank DESC LIMIT 1",
            {"submitter": submitter, "priority": priority, "flow": flow},
        ).fetchone()
        floor = self._floor(priority)
        return max(own[0], floor) if own is not None else floor

    def _floor(self, priority: int) -> int:
        """The rank below the lowest that may be given."""
        if priority not in self._floors:
            told = {"priority": priority}
            now = self._connection.execute(
                "SELECT rank FROM queue_task WHERE state = 'queued' AND priority = :priority"
                " ORDER BY rank, id LIMIT 1",
                told,
            ).fetchone()
            if now is not None:
                self._floors[priority] = int(now[0]) - 1
            else:
                last = self._connection.execute(
                    "SELECT rank FROM queue_share WHERE priority = :priority", told
                ).fetchone()
                self._floors[priority] = int(last[0]) if last is not None else 0
        return self._floors[priority]
