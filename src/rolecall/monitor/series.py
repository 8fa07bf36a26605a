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
from rolecall.monitor.measures import Tallies, add, count

MINUTE, HOUR, DAY = 60, 3_600, 86_400
KEPT: Final = {MINUTE: 2 * DAY, HOUR: 62 * DAY, DAY: 1_100 * DAY}
"""Seconds for which points of each length are kept; each event is counted in all three."""
MOST_MINUTES: Final = 240
"""Minutes that wait for a database that is away; what is older counts for the next one."""

_ADD: Final = """
    INSERT INTO monitor_point (span, name, starts, label, count, sum)
    VALUES (:span, :name, :starts, :label, :count, :sum)
    ON CONFLICT (span, name, starts, label) DO UPDATE
    SET count = monitor_point.count + excluded.count, sum = monitor_point.sum + excluded.sum
"""


_Counted = dict[int, Tallies]
"""Count and sum by minute, name and label."""


class Point(Struct, frozen=True, kw_only=True):
    """A figure from ``starts`` (seconds since 1970) on, for as long as its span: how many times it
    was added to, and the sum."""

    starts: int
    label: str
    count: int
    sum: int


class Series:
    """The figures of one database. A sink; usable from any thread. ``clock`` gives seconds. What
    is too old is forgotten once an hour, unless that is left to others (``purges``)."""

    def __init__(
        self, store: Store, clock: Callable[[], float] = time.time, *, purges: bool = True
    ) -> None:
        self._store, self._clock, self._purges = store, clock, purges
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._counted: _Counted = {}
        self._purged = 0.0

    def __call__(self, event: PageEvent) -> None:
        """Count an event."""
        with self._lock:
            count(event, self._of_minute(event.moment // 1_000))

    def sample(self, name: str, label: str, amount: int) -> None:
        """Count a gauge as it stands now: of what is told within a step, a chart shows the mean."""
        with self._lock:
            add(self._of_minute(int(self._clock())).setdefault(name, {}), label, amount)

    def _of_minute(self, seconds: int) -> Tallies:
        minute = seconds // MINUTE * MINUTE
        counted = self._counted.get(minute)
        if counted is None:
            self._join_oldest(MOST_MINUTES - 1)  # before, so that none of it is this one
            counted = self._counted.setdefault(minute, {})
        return counted

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

    def steps(
        self, names: Sequence[str], span: int, step: int, since: int
    ) -> dict[str, list[Point]]:
        """The points of each figure, added up in steps of so many seconds (a multiple of the span,
        from 1970 on), the oldest first."""
        names_of = {f"name{place}": name for place, name in enumerate(names)}
        rows = self._store.rows(
            "SELECT name, starts / :step * :step, label, sum(count), sum(sum) FROM monitor_point"
            f" WHERE span = :span AND name IN ({', '.join(f':{one}' for one in names_of)})"
            " AND starts >= :since GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
            {"span": span, "step": step, "since": since, **names_of},
        )
        found: dict[str, list[Point]] = {name: [] for name in names}
        for name, starts, label, times, total in rows:
            point = Point(starts=int(starts), label=label, count=int(times), sum=int(total))
            found[name].append(point)
        return found

    def totals(self, names: Sequence[str], since: int) -> dict[str, dict[str, tuple[int, int]]]:
        """Count and sum of each label of each figure from ``since`` on: to the minute within two
        days, to the hour and to the day farther back."""
        ago = self._clock() - since
        span = next((one for one, kept in KEPT.items() if ago <= kept), DAY)
        # Short points up to where the first longer one begins, which hold all that follows.
        longer = next((one for one in KEPT if one > span), DAY)
        begins = since // span * span
        edge = -(-begins // longer) * longer
        names_of = {f"name{place}": name for place, name in enumerate(names)}
        part = (
            "SELECT name, label, count, sum FROM monitor_point WHERE span = {span} AND name IN"
            f" ({', '.join(f':{one}' for one in names_of)}) AND starts >= {{since}}"
        )
        rows = self._store.rows(
            "SELECT name, label, sum(count), sum(sum) FROM ("
            f"{part.format(span=':span', since=':begins')} AND starts < :edge UNION ALL"
            f" {part.format(span=':longer', since=':edge')}) AS told GROUP BY name, label",
            {"span": span, "longer": longer, "begins": begins, "edge": edge, **names_of},
        )
        found: dict[str, dict[str, tuple[int, int]]] = {name: {} for name in names}
        for name, label, times, total in rows:
            found[name][label] = int(times), int(total)
        return found

    def _write(self, counted: _Counted) -> None:
        now = self._clock()
        purge = self._purges and now - self._purged > HOUR
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
            for minute, tallies in counted.items():
                _add(self._counted.setdefault(minute, {}), tallies)
            self._join_oldest(MOST_MINUTES)

    def _join_oldest(self, most: int) -> None:
        while len(self._counted) > most:
            oldest, following = sorted(self._counted)[:2]
            _add(self._counted[following], self._counted.pop(oldest))


def add_once(
    connection: Connection, figures: Mapping[tuple[str, str], tuple[int, int]], moment: float
) -> None:
    """Add counts and sums, by name and label, at a ``moment`` (seconds since 1970), in a
    transaction of the caller's: for what must be counted exactly once, and not for every page."""
    minute = int(moment) // MINUTE * MINUTE
    tallies: Tallies = {}
    for (name, label), (times, total) in figures.items():
        add(tallies.setdefault(name, {}), label, total, times)
    if rows := _rows({minute: tallies}):
        connection.executemany(_ADD, rows)


def _add(tallies: Tallies, more: Tallies) -> None:
    for name, labels in more.items():
        tally = tallies.setdefault(name, {})
        for label, (times, total) in labels.items():
            add(tally, label, total, times)


def _rows(counted: _Counted) -> list[dict[str, Any]]:
    """What was counted by minute, as rows of all three lengths, in an order that all writers keep
    (so that no two wait for each other)."""
    sums: dict[tuple[int, str, int, str], list[int]] = {}
    for minute, tallies in counted.items():
        for name, tally in tallies.items():
            for label, (times, total) in tally.items():
                for span in KEPT:
                    found = sums.setdefault((span, name, minute // span * span, label), [0, 0])
                    found[0] += times
                    found[1] += total
    return [
        {"span": span, "name": name, "starts": starts, "label": label, "count": times, "sum": total}
        for (span, name, starts, label), (times, total) in sorted(sums.items())
    ]
