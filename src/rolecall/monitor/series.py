"""Figures over time in the database, small enough for years: by minute, then by hour and by day.

A process counts in memory and adds what it counted to the database now and then; several processes
and machines add to the same rows. What is in memory is lost with the process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from rolecall.ledger.store import Connection, Store
from rolecall.monitor.events import PageEvent
from rolecall.monitor.measures import legible, measures

MINUTE, HOUR, DAY = 60, 3_600, 86_400
KEPT: Final = {MINUTE: 2 * DAY, HOUR: 62 * DAY, DAY: 1_100 * DAY}
"""Seconds for which points of each length are kept; each event is counted in all three."""
MOST_KEYS: Final = 2_000
"""Names with their labels in one minute, so that whoever makes up labels fills no database."""
MOST_MINUTES: Final = 240
"""Minutes that wait for a database that is away; what is older counts for the next one."""

_ADD: Final = """
    INSERT INTO monitor_point (span, name, starts, label, count, sum)
    VALUES (:span, :name, :starts, :label, :count, :sum)
    ON CONFLICT (span, name, starts, label) DO UPDATE
    SET count = monitor_point.count + excluded.count, sum = monitor_point.sum + excluded.sum
"""


_Figures = dict[tuple[str, str], list[int]]
"""Count and sum by name and label."""

_Counted = dict[int, _Figures]
"""The same by minute."""


class Point(Struct, frozen=True, kw_only=True):
    """A figure from ``starts`` (seconds since 1970) on, for as long as its span: how many times it
    was added to, and the sum."""

    starts: int
    label: str
    count: int
    sum: int


class Series:
    """The figures of one database. A sink; usable from any thread. ``clock`` gives seconds."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._counted: _Counted = {}
        self._purged = 0.0

    def __call__(self, event: PageEvent) -> None:
        """Count an event."""
        minute = event.moment // 1_000 // MINUTE * MINUTE
        with self._lock:
            counted = self._counted.get(minute)
            if counted is None:
                self._join_oldest(MOST_MINUTES - 1)  # before, so that none of it is this one
                counted = self._counted.setdefault(minute, {})
            for name, label, amount, times in measures(event):
                found = counted.get((name, label))
                if found is None:
                    key = (name, legible(label) if len(counted) < MOST_KEYS else "other")
                    found = counted.setdefault(key, [0, 0])
                found[0] += times
                found[1] += amount

    def flush(self) -> None:
        """Add what was counted to the database; on an error it is kept for the next time.

        Raises:
            DatabaseError: the database cannot be used.
        """
        with self._writing:
            with self._lock:
                counted, self._counted = self._counted, {}
            try:
                self._write(counted)
            except BaseException:
                self._back(counted)
                raise

    def points(self, name: str, span: int, since: int) -> list[Point]:
        """The points of a figure from ``since`` (seconds since 1970) on, the oldest first."""
        rows = self._store.rows(
            "SELECT starts, label, count, sum FROM monitor_point"
            " WHERE span = :span AND name = :name AND starts >= :since ORDER BY starts, label",
            {"span": span, "name": name, "since": since},
        )
        return [Point(starts=row[0], label=row[1], count=row[2], sum=row[3]) for row in rows]

    def totals(self, names: Sequence[str], since: int) -> dict[str, dict[str, tuple[int, int]]]:
        """Count and sum of each label of each figure from ``since`` on: to the minute within two
        days, to the hour and to the day farther back."""
        ago = self._clock() - since
        span = next((one for one, kept in KEPT.items() if ago <= kept), DAY)
        names_of = {f"name{place}": name for place, name in enumerate(names)}
        rows = self._store.rows(
            "SELECT name, label, sum(count), sum(sum) FROM monitor_point WHERE span = :span"
            f" AND name IN ({', '.join(f':{one}' for one in names_of)}) AND starts >= :since"
            " GROUP BY name, label",
            {"span": span, "since": since // span * span, **names_of},
        )
        found: dict[str, dict[str, tuple[int, int]]] = {name: {} for name in names}
        for name, label, count, total in rows:
            found[name][label] = int(count), int(total)
        return found

    def _write(self, counted: _Counted) -> None:
        now = self._clock()
        purge = now - self._purged > HOUR
        if not counted and not purge:
            return
        rows = _rows(counted)
        with self._store.write() as connection:
            if rows:
                connection.executemany(_ADD, rows)
            if purge:
                for span, kept in KEPT.items():
                    connection.execute(
                        "DELETE FROM monitor_point WHERE span = :span AND starts < :before",
                        {"span": span, "before": int(now) - kept},
                    )
        if purge:
            self._purged = now

    def _back(self, counted: _Counted) -> None:
        with self._lock:
            for minute, figures in counted.items():
                _add(self._counted.setdefault(minute, {}), figures)
            self._join_oldest(MOST_MINUTES)

    def _join_oldest(self, most: int) -> None:
        while len(self._counted) > most:
            oldest, following = sorted(self._counted)[:2]
            _add(self._counted[following], self._counted.pop(oldest))


def add(
    connection: Connection, figures: Mapping[tuple[str, str], tuple[int, int]], moment: float
) -> None:
    """Add counts and sums, by name and label, at a ``moment`` (seconds since 1970), in a
    transaction of the caller's: for what must be counted exactly once, and not for every page."""
    minute = int(moment) // MINUTE * MINUTE
    told = {(name, legible(label)): list(both) for (name, label), both in figures.items()}
    if rows := _rows({minute: told}):
        connection.executemany(_ADD, rows)


def _add(figures: _Figures, more: _Figures) -> None:
    for key, (count, total) in more.items():
        found = figures.setdefault(key, [0, 0])
        found[0] += count
        found[1] += total


def _rows(counted: _Counted) -> list[dict[str, Any]]:
    """What was counted by minute, as rows of all three lengths, in an order that all writers keep
    (so that no two wait for each other)."""
    sums: dict[tuple[int, str, int, str], list[int]] = {}
    for minute, figures in counted.items():
        for (name, label), (count, total) in figures.items():
            for span in KEPT:
                found = sums.setdefault((span, name, minute // span * span, label), [0, 0])
                found[0] += count
                found[1] += total
    return [
        {"span": span, "name": name, "starts": starts, "label": label, "count": count, "sum": total}
        for (span, name, starts, label), (count, total) in sorted(sums.items())
    ]
