"""Holding windows against the reference, one after the other, by whichever process comes first."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct, structs

from rolecall.drift import kept
from rolecall.drift.counts import Window, summed
from rolecall.drift.reference import (
    DAY,
    DAY_WINDOWS,
    FIRST,
    Reference,
    Shift,
    grown,
    reference,
    shifts,
)
from rolecall.ledger.store import Connection, Store

QUIET: Final = 25
"""Windows in a row without a change, after which a dimension counts as usual again."""
NEVER: Final = 1_000_000
"""``quiet`` where no window was off."""
AT_ONCE: Final = 100
"""Windows that are looked at together."""
MOST_DIMENSIONS: Final = 60

_log = logging.getLogger(__name__)


class Dimension(Struct, frozen=True, kw_only=True):
    """A dimension as its last window had it. ``since`` (milliseconds) is set while it counts as
    changed, with the largest ``change`` of that time and when its window ended (``changed``);
    ``day`` is the same as ``shift`` for the last day, where a day can be told of."""

    name: str
    ends: int
    since: int | None
    shift: Shift
    day: Shift | None = None
    change: Shift | None = None
    changed: int = 0

    @property
    def over(self) -> bool:
        """Whether it counts as changed by earlier windows alone."""
        of_day = self.day is not None and self.day.drifts
        return self.since is not None and not self.shift.drifts and not of_day

    @property
    def told(self) -> Shift:
        """What is to be told of it: the change, of now if there is one, or as it is."""
        if self.shift.drifts:
            return self.shift
        if self.day is not None and self.day.drifts:
            return self.day
        return self.change if self.since is not None and self.change is not None else self.shift

    @property
    def drifts(self) -> bool:
        """Whether it counts as changed."""
        return self.since is not None or (self.day is not None and self.day.drifts)


class _Kept(Struct, frozen=True, kw_only=True):
    """What the database has of a dimension: its last shift, and the largest change of late."""

    shift: Shift
    change: Shift | None = None
    changed: int = 0


class Drifting:
    """The drift of one database; usable from any thread. ``clock`` gives seconds."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store, self._clock = store, clock
        self._known: tuple[int, Reference | None] = (0, None)

    def sites(self) -> frozenset[str]:
        """The sites that the reference has by their names."""
        found = self.reference()
        return frozenset(found.counts.get("site", ())) if found is not None else frozenset()

    def reference(self) -> Reference | None:
        """What is usual; ``None`` before there are enough windows."""
        return self._current()[1]

    def _current(self) -> tuple[int, Reference | None]:
        """The reference in force, with the number of the latest."""
        known, newest = self._known, kept.newest_reference(self._store)
        if newest != known[0]:
            found = kept.reference(self._store) if newest else None
            known = self._known = newest, found[1] if found is not None else None
        return known

    def pin(self, since: int, until: int | None = None) -> Reference | None:
        """Take the windows that ended in a stretch (milliseconds) as what is usual from now on;
        ``None``, and nothing is changed, where there are none."""
        end = until if until is not None else self._now() + 1
        found = reference(lambda: kept.windows(self._store, since, end), "pinned", self._now())
        if found is not None:
            self._put(found)
        return found

    def look(self) -> int:
        """Hold new windows against the reference; says how many there were.

        Several processes may do this: each window is looked at once.
        """
        if not self._store.rows("SELECT 1 FROM drift_window WHERE looked = 0 LIMIT 1"):
            return 0
        if self.reference() is None:
            self._from_first()
        self._grow()
        number, usual = self._current()
        if usual is None:
            return 0
        with self._store.write(alone="drift_look") as connection:
            row = connection.execute("SELECT max(id) FROM drift_reference").fetchone()
            if row[0] != number:
                return 0  # another one was pinned meanwhile; the next look takes it
            rows = connection.execute(
                "SELECT starts, ends, pages, counts, id FROM drift_window WHERE looked = 0"
                f" ORDER BY id LIMIT {AT_ONCE}"
            ).fetchall()
            for row in rows:
                one = kept.window_of(row)
                if one is not None and one.ends > usual.ends:
                    _judge(connection, one, list(shifts(one.counts, usual)))
            connection.executemany(
                "UPDATE drift_window SET looked = 1 WHERE id = :id",
                [{"id": row[4]} for row in rows],
            )
        return len(rows)

    def last(self) -> tuple[Dimension, ...]:
        """All dimensions as their last window had them, the farthest first."""
        found = []
        rows = self._store.rows("SELECT name, ends, since, body FROM drift_dimension")
        for name, ends, since, body in rows:
            had = _had(body)
            if had is None:
                _log.warning("what is known of a dimension's drift is damaged and left out")
                continue
            change, changed = (had.change, had.changed) if since is not None else (None, 0)
            found.append(
                Dimension(
                    name=name, ends=ends, since=since, shift=had.shift,
                    change=change, changed=changed,
                )
            )  # fmt: skip
        return tuple(sorted(found, key=_farthest))

    def dimensions(self) -> tuple[Dimension, ...]:
        """The same with the last day, where the reference knows how much days differ."""
        day = {one.name: one for one in self._of_day()}
        found = [structs.replace(one, day=day.get(one.name)) for one in self.last()]
        return tuple(sorted(found, key=_farthest))

    def forget(self) -> None:
        """Put old windows together by day."""
        sites = self.sites()
        while kept.forget(self._store, self._now(), sites):
            pass

    def _of_day(self) -> Iterable[Shift]:
        """The windows of the last day together, where the reference knows how much days differ."""
        usual = self.reference()
        since = self._now() - DAY
        if usual is None or not usual.days or usual.ends > since:
            return ()  # hours of a day are not like the whole of it
        found = list(kept.windows(self._store, since, self._now() + DAY))
        whole = summed(found) if len(found) >= DAY_WINDOWS else None
        return tuple(shifts(whole.counts, usual, "day")) if whole is not None else ()

    def _from_first(self) -> None:
        """Make the first windows the reference, where nobody has pinned one."""
        if kept.number(self._store) < FIRST:
            return
        with self._store.write(alone="drift_look") as connection:
            if connection.execute("SELECT 1 FROM drift_reference LIMIT 1").fetchall():
                return  # somebody was quicker
            rows = connection.execute(
                "SELECT starts, ends, pages, counts FROM drift_window WHERE kind = 'window'"
                f" ORDER BY id LIMIT {FIRST}"
            ).fetchall()
            found: list[Window] = [one for row in rows if (one := kept.window_of(row)) is not None]
            usual = reference(lambda: found, "first", self._now())
            if usual is not None:
                kept.put_reference(connection, usual)

    def _grow(self) -> None:
        """Make such a reference anew of a longer stretch, where it is time to."""
        before, usual = self._current()
        if usual is None or usual.chosen == "pinned":
            return
        stretch = grown(usual, kept.newest(self._store))
        if not stretch:
            return
        starts, until = usual.starts, usual.starts + stretch
        found = reference(
            lambda: kept.windows(self._store, starts, until), "first", self._now(), stretch
        )
        if found is None or found.number < usual.number:
            return  # old windows were put together meanwhile
        with self._store.write(alone="drift_look") as connection:
            row = connection.execute("SELECT max(id) FROM drift_reference").fetchone()
            if row[0] == before:
                kept.put_reference(connection, found)

    def _put(self, one: Reference) -> None:
        with self._store.write(alone="drift_look") as connection:
            kept.put_reference(connection, one)

    def _now(self) -> int:
        return int(1_000 * self._clock())


def _farthest(one: Dimension) -> tuple[bool, float, str]:
    return not one.drifts, -one.told.psi, one.name


def _had(body: bytes) -> _Kept | None:
    try:
        return msgspec.json.decode(bytes(body), type=_Kept)
    except (msgspec.DecodeError, ValueError):
        return None


def _kept(shift: Shift, before: _Kept | None, ends: int) -> bytes:
    """A shift, with the largest change before it (or the one that it is)."""
    largest = before.change if before is not None else None
    if shift.drifts and (largest is None or shift.psi >= largest.psi):
        found = _Kept(shift=shift, change=shift, changed=ends)
    else:
        found = _Kept(shift=shift, change=largest, changed=before.changed if before else 0)
    return msgspec.json.encode(found)


def _before(connection: Connection) -> dict[str, _Kept | None]:
    """What is known of dimensions whose change still counts, or may be one of two."""
    rows = connection.execute(
        "SELECT name, body FROM drift_dimension WHERE since IS NOT NULL OR quiet < 2"
    ).fetchall()
    return {row[0]: _had(row[1]) for row in rows}


def _judge(connection: Connection, window: Window, found: Sequence[Shift]) -> None:
    """Note what a window says of each dimension."""
    before = _before(connection)
    rows: list[dict[str, Any]] = [
        {
            "name": one.name,
            "ends": window.ends,
            "off": int(one.drifts),
            "alone": int(one.alone),
            "first": 0 if one.drifts else NEVER,
            "starts": window.starts,
            "since": window.starts if one.drifts and one.alone else None,
            "body": _kept(one, before.get(one.name), window.ends),
            "quiet": QUIET,
        }
        for one in found[:MOST_DIMENSIONS]
    ]
    connection.executemany(
        "INSERT INTO drift_dimension (name, ends, since, quiet, body)"
        " VALUES (:name, :ends, :since, :first, :body) ON CONFLICT (name) DO UPDATE SET"
        " ends = excluded.ends, body = excluded.body,"
        " quiet = CASE WHEN :off = 1 THEN 0 ELSE drift_dimension.quiet + 1 END,"
        " since = CASE WHEN :off = 1 AND (:alone = 1 OR drift_dimension.quiet < 2)"
        " THEN coalesce(drift_dimension.since, CAST(:starts AS BIGINT))"
        " WHEN drift_dimension.quiet + 1 >= :quiet THEN NULL ELSE drift_dimension.since END",
        sorted(rows, key=lambda one: one["name"]),
    )
    # Of which there were too few pages here.
    connection.execute(
        "UPDATE drift_dimension SET quiet = quiet + 1,"
        " since = CASE WHEN quiet + 1 >= :quiet THEN NULL ELSE since END WHERE ends < :ends",
        {"quiet": QUIET, "ends": window.ends},
    )
