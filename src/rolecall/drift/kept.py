"""Windows and references in the database."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

from rolecall.drift.counts import Window, decoded, encoded, kept, summed
from rolecall.drift.reference import DAY, Reference
from rolecall.drift.reference import decoded as decoded_reference
from rolecall.drift.reference import encoded as encoded_reference
from rolecall.ledger.store import Connection, Store
from rolecall.queue.packing import pack, unpack

Kind = Literal["window", "part", "day"]

KEPT: Final = 30 * DAY
"""Milliseconds for which windows are kept one by one; then those of a day are put together."""
DAYS_KEPT: Final = 1_100 * DAY
REFERENCES: Final = 10
"""References that are kept; the latest is in force."""
AT_ONCE: Final = 500

_log = logging.getLogger(__name__)

_PUT = (
    "INSERT INTO drift_window (kind, starts, ends, pages, looked, counts)"
    " VALUES (:kind, :starts, :ends, :pages, :looked, :counts)"
)


def put(connection: Connection, windows: Sequence[Window], kind: Kind = "window") -> None:
    """Keep windows."""
    connection.executemany(
        _PUT,
        [
            {
                "kind": kind,
                "starts": one.starts,
                "ends": one.ends,
                "pages": one.pages,
                "looked": int(kind != "window"),
                "counts": pack(encoded(one.counts)),
            }
            for one in windows
        ],
    )


def take_part(connection: Connection) -> Window | None:
    """A part of a window that another process could not fill; nobody else gets it."""
    rows = connection.execute(
        "DELETE FROM drift_window WHERE id = (SELECT min(id) FROM drift_window"
        " WHERE kind = 'part') RETURNING starts, ends, pages, counts"
    ).fetchall()
    return window_of(rows[0]) if rows else None


def window_of(row: Sequence[Any]) -> Window | None:
    """A window as it was kept; ``None`` for a row that is damaged."""
    try:
        starts, ends, pages = int(row[0]), int(row[1]), int(row[2])
        counts = decoded(unpack(bytes(row[3])))
    except Exception as error:  # whatever zstd, JSON or a type makes of what is no window
        _log.warning("a window of counts is damaged and left out: %s", type(error).__name__)
        return None
    return Window(starts=starts, ends=ends, pages=pages, counts=counts)


def windows(store: Store, since: int, until: int, kind: Kind = "window") -> Iterator[Window]:
    """The windows that ended in a stretch of time, one after the other."""
    after = 0
    while True:
        rows = store.rows(
            "SELECT starts, ends, pages, counts, id FROM drift_window WHERE kind = :kind"
            " AND ends >= :since AND ends < :until AND id > :after ORDER BY id LIMIT :most",
            {"kind": kind, "since": since, "until": until, "after": after, "most": AT_ONCE},
        )
        yield from (one for row in rows if (one := window_of(row)) is not None)
        if len(rows) < AT_ONCE:
            return
        after = rows[-1][4]


def last(store: Store, many: int) -> list[Window]:
    """The latest windows, the newest first."""
    rows = store.rows(
        "SELECT starts, ends, pages, counts FROM drift_window WHERE kind = 'window'"
        " ORDER BY ends DESC, id DESC LIMIT :many",
        {"many": many},
    )
    return [one for row in rows if (one := window_of(row)) is not None]


def number(store: Store) -> int:
    """How many windows there are."""
    return int(store.rows("SELECT count(*) FROM drift_window WHERE kind = 'window'")[0][0])


def reference(store: Store) -> tuple[int, Reference] | None:
    """The reference in force with its number; ``None`` without one that can be read."""
    rows = store.rows(
        "SELECT id, body FROM drift_reference ORDER BY id DESC LIMIT :most", {"most": REFERENCES}
    )
    for number_of, body in rows:
        try:
            found = decoded_reference(unpack(bytes(body)))
        except Exception:  # zstd's own errors
            found = None
        if found is not None:
            return int(number_of), found
        _log.warning("a reference of drift is damaged; the one before it is taken")
    return None


def newest(store: Store) -> int:
    """When the latest window ended; 0 without any."""
    rows = store.rows("SELECT max(ends) FROM drift_window WHERE kind = 'window'")
    return int(rows[0][0] or 0)


def newest_reference(store: Store) -> int:
    """The number of the latest reference; 0 without any. Cheap: whether a new one is there."""
    rows = store.rows("SELECT max(id) FROM drift_reference")
    return int(rows[0][0] or 0)


def put_reference(connection: Connection, one: Reference) -> None:
    """A reference is in force from now on: what was off against the one before is off no more."""
    connection.execute(
        "INSERT INTO drift_reference (made, body) VALUES (:made, :body)",
        {"made": one.made, "body": pack(encoded_reference(one))},
    )
    connection.execute(
        "DELETE FROM drift_reference WHERE id <= (SELECT max(id) FROM drift_reference) - :most",
        {"most": REFERENCES},
    )
    connection.execute("DELETE FROM drift_dimension")


def forget(store: Store, now: int, sites: frozenset[str] = frozenset()) -> bool:
    """Put the oldest windows that are older than a month together by day, and forget days of years
    ago; says whether there may be more."""
    with store.write(alone="drift_forget") as connection:
        before = (now - KEPT) // DAY * DAY
        connection.execute(
            "DELETE FROM drift_window WHERE kind <> 'window' AND ends < :before",
            {"before": now - DAYS_KEPT},
        )
        rows = connection.execute(
            "SELECT min(ends) FROM drift_window WHERE kind = 'window' AND ends < :before",
            {"before": before},
        ).fetchall()
        if rows[0][0] is None:
            return False
        until = min(before, (int(rows[0][0]) // DAY + 1) * DAY)
        told = {"until": until}
        where = "kind = 'window' AND ends < :until"
        found = connection.execute(
            f"SELECT starts, ends, pages, counts FROM drift_window WHERE {where}", told
        ).fetchall()
        whole = summed(one for row in found if (one := window_of(row)) is not None)
        connection.execute(f"DELETE FROM drift_window WHERE {where}", told)
        if whole is not None:
            day = Window(
                starts=whole.starts, ends=whole.ends, pages=whole.pages,
                counts=kept(whole.counts, sites),
            )  # fmt: skip
            put(connection, [day], "day")
    return True
