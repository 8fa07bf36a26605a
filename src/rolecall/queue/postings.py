"""Postings among the records of the queue: found by words, counted, listed, the doubtful first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from rolecall.ledger.store import Store
from rolecall.queue.texts import storable

MOST_WORDS: Final = 8
"""Words of a search that count."""

MOST_FACETS: Final = 50

_COLUMNS: Final = (
    "task", "outcome", "reason", "site", "route", "title", "company", "doubt", "made",
)  # fmt: skip


class Sought(Struct, frozen=True, kw_only=True):
    """Which postings are asked for; ``None`` and empty ask for all.

    ``words`` must all stand in title, company, source or address.
    """

    words: str = ""
    outcome: str | None = None
    site: str | None = None
    route: str | None = None
    submitter: str | None = None
    batch: int | None = None


class Posting(Struct, frozen=True, kw_only=True):
    """A record as a list shows it; ``doubt`` is about how many of its values are wrong, ``made``
    the moment it was made in milliseconds since 1970."""

    task: int
    outcome: str
    reason: str | None
    site: str
    route: str
    title: str | None
    company: str | None
    doubt: float
    made: int
    source: str = ""


class Postings:
    """Questions about the records of a queue."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self, sought: Sought, before: int | None = None, limit: int = 100) -> list[Posting]:
        """Postings that are asked for, the newest first, below task ``before``."""
        where, values = _where(sought, before)
        return self._list(where, ("task",), {**values, "limit": limit})

    def count(self, sought: Sought) -> int:
        """How many postings are asked for."""
        where, values = _where(sought)
        rows = self._store.rows(f"SELECT count(*) FROM queue_result{where}", values)
        return int(rows[0][0])

    def rungs(self, sought: Sought, apart: int) -> tuple[int, list[int]]:
        """How many postings are asked for, and the first task of each ``apart`` of them.

        With these a reader may go to any place of a long list without what lies before it.
        """
        where, values = _where(sought)
        rows = self._store.rows(f"SELECT task FROM queue_result{where} ORDER BY task DESC", values)
        return len(rows), [int(row[0]) for row in rows[::apart]]

    def version(self) -> tuple[int, int]:
        """What changes whenever records come or go."""
        row = self._store.rows("SELECT coalesce(max(number), 0), count(*) FROM queue_result")[0]
        return int(row[0]), int(row[1])

    def facets(self, submitter: str | None = None) -> Mapping[str, dict[str, int]]:
        """How many records there are of each outcome, site and route; the most of each first."""
        where, values = _where(Sought(submitter=submitter))
        found: dict[str, dict[str, int]] = {}
        for name in ("outcome", "site", "route"):
            rows = self._store.rows(
                f"SELECT {name}, count(*) FROM queue_result{where} GROUP BY {name}"
                f" ORDER BY count(*) DESC, {name} LIMIT {MOST_FACETS}",
                values,
            )
            found[name] = {row[0]: int(row[1]) for row in rows}
        return found

    def beside(self, task: int) -> tuple[int | None, int | None]:
        """The tasks of the next newer and the next older record."""
        newer = self._store.rows(
            "SELECT task FROM queue_result WHERE task > :task ORDER BY task LIMIT 1", {"task": task}
        )
        older = self._store.rows(
            "SELECT task FROM queue_result WHERE task < :task ORDER BY task DESC LIMIT 1",
            {"task": task},
        )
        return (newer[0][0] if newer else None), (older[0][0] if older else None)

    def doubtful(self, limit: int = 50, submitter: str | None = None) -> list[Posting]:
        """Records whose labels nobody has finished, those first that are the least sure."""
        where, values = _where(Sought(submitter=submitter))
        told = " AND " if where else " WHERE "
        return self._list(
            f"{where}{told}outcome <> 'failed' AND NOT EXISTS"
            " (SELECT 1 FROM label_page WHERE label_page.task = queue_result.task)",
            ("doubt", "task"),
            {**values, "limit": limit},
        )

    def ended_since(self, moment: int) -> int:
        """How many tasks have ended since ``moment``; counts the last ten thousand events."""
        rows = self._store.rows(
            "SELECT count(*) FROM (SELECT made, state FROM queue_event ORDER BY id DESC"
            " LIMIT 10000) AS lately WHERE made >= :moment"
            " AND state IN ('done', 'cancelled', 'quarantined')",
            {"moment": moment},
        )
        return int(rows[0][0])

    def _list(self, where: str, order: tuple[str, ...], values: dict[str, Any]) -> list[Posting]:
        # Which ones is decided on an index; only those that are shown are read.
        by = ", ".join(f"{one} DESC" for one in order)
        outer = ", ".join(f"r.{one} DESC" for one in order)
        sql = (
            f"SELECT {', '.join(f'r.{one}' for one in _COLUMNS)}, t.source FROM queue_result r"
            f" JOIN queue_task t ON t.id = r.task WHERE r.task IN (SELECT task FROM queue_result"
            f"{where} ORDER BY {by} LIMIT :limit) ORDER BY {outer}"
        )
        names = (*_COLUMNS, "source")
        return [
            Posting(**dict(zip(names, row, strict=True))) for row in self._store.rows(sql, values)
        ]


def _where(sought: Sought, before: int | None = None) -> tuple[str, dict[str, Any]]:
    told: list[str] = []
    values: dict[str, Any] = {}
    for name in ("batch", "outcome", "site", "route"):
        if (value := getattr(sought, name)) is not None:
            told.append(f"{name} = :{name}")
            values[name] = storable(value) if isinstance(value, str) else value
    if sought.submitter is not None:
        told.append("task IN (SELECT id FROM queue_task WHERE submitter = :submitter)")
        values["submitter"] = sought.submitter
    if before is not None:
        told.append("task < :before")
        values["before"] = before
    for place, word in enumerate(storable(sought.words).lower().split()[:MOST_WORDS]):
        told.append(f"words LIKE :word{place} ESCAPE '!'")
        values[f"word{place}"] = f"%{_plain(word)}%"
    return (f" WHERE {' AND '.join(told)}" if told else ""), values


def _plain(word: str) -> str:
    """A word in which no letter stands for others."""
    for letter in ("!", "%", "_"):
        word = word.replace(letter, f"!{letter}")
    return word
