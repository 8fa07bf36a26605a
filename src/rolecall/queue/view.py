"""Looking at the queue; nothing here changes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from rolecall.ledger.store import Store
from rolecall.queue.moment import Moment
from rolecall.queue.nouns import STATES, Batch, Event, State, Task, Wanted, Worker
from rolecall.queue.packing import unpack, unpack_record

_TASK: Final = (
    "SELECT t.id, t.batch, t.place, t.submitter, t.state, t.priority, t.source, t.url,"
    " t.attempts, t.trouble, t.worker, t.due, t.made, t.changed, r.outcome, r.reason, r.title,"
    " r.company, r.site, r.route, t.schema"
    " FROM queue_task t LEFT JOIN queue_result r ON r.task = t.id"
)
PAGE: Final = 500
"""Records that are read at a time."""


class View:
    """Questions about what is in the queue."""

    def __init__(self, store: Store, moment: Moment) -> None:
        self._store, self._moment = store, moment

    def counts(self) -> dict[State, int]:
        """How many tasks are in each state."""
        found = dict(self._store.rows("SELECT state, tasks FROM queue_count"))
        return {state: int(found.get(state, 0)) for state in STATES}

    def paused(self) -> bool:
        """Whether workers take no more tasks."""
        return bool(self._store.rows("SELECT 1 FROM queue_meta WHERE name = 'paused'"))

    def oldest_ms(self) -> int:
        """For how long the task that is next has been waiting, in milliseconds; 0 without any."""
        rows = self._store.rows(
            "SELECT made FROM queue_task WHERE state = 'queued'"
            " ORDER BY priority DESC, rank, id LIMIT 1"
        )
        return max(0, self._moment.values["now"] - int(rows[0][0])) if rows else 0

    def task(self, number: int) -> Task | None:
        """One task."""
        rows = self._store.rows(f"{_TASK} WHERE t.id = :id", {"id": number})
        return _task(rows[0]) if rows else None

    def tasks(self, wanted: Wanted) -> list[Task]:
        """Tasks that are asked for, the newest first."""
        where, values = _where(wanted)
        sql = f"{_TASK}{where} ORDER BY t.id DESC LIMIT :limit"
        return [_task(row) for row in self._store.rows(sql, values)]

    def count(self, wanted: Wanted) -> int:
        """How many tasks are asked for."""
        where, values = _where(wanted)
        sql = f"SELECT count(*) FROM queue_task t LEFT JOIN queue_result r ON r.task = t.id{where}"
        return int(self._store.rows(sql, values)[0][0])

    def batch(self, number: int) -> Batch | None:
        """One batch, with its sums."""
        rows = self._store.rows(
            "SELECT id, submitter, size, made FROM queue_batch WHERE id = :id", {"id": number}
        )
        if not rows:
            return None
        states = self._store.rows(
            "SELECT state, count(*) FROM queue_task WHERE batch = :id GROUP BY state",
            {"id": number},
        )
        outcomes = self._store.rows(
            "SELECT outcome, count(*) FROM queue_result WHERE batch = :id GROUP BY outcome",
            {"id": number},
        )
        id_, submitter, size, made = rows[0]
        return Batch(
            id=id_,
            submitter=submitter,
            size=size,
            made=made,
            states=dict(states),
            outcomes=dict(outcomes),
        )

    def batches(self, submitter: str | None = None, limit: int = 50) -> list[Batch]:
        """The newest batches."""
        rows = self._store.rows(
            "SELECT id FROM queue_batch WHERE (:submitter IS NULL OR submitter = :submitter)"
            " ORDER BY id DESC LIMIT :limit",
            {"submitter": submitter, "limit": limit},
        )
        found = (self.batch(row[0]) for row in rows)
        return [one for one in found if one is not None]

    def record(self, task: int) -> dict[str, Any] | None:
        """The record of a task that has ended."""
        rows = self._store.rows(
            "SELECT record FROM queue_result WHERE task = :task", {"task": task}
        )
        return unpack_record(bytes(rows[0][0])) if rows else None

    def records(self, batch: int, after: int = -1) -> Iterator[tuple[int, dict[str, Any]]]:
        """Task and record of what has ended of a batch, in the order it was handed in; only of
        places higher than ``after``."""
        place = after
        while True:
            rows = self._store.rows(
                "SELECT t.place, t.id, r.record FROM queue_task t"
                " JOIN queue_result r ON r.task = t.id WHERE t.batch = :batch AND t.place > :place"
                " ORDER BY t.place LIMIT :limit",
                {"batch": batch, "place": place, "limit": PAGE},
            )
            for _, task, record in rows:
                yield task, unpack_record(bytes(record))
            if len(rows) < PAGE:
                return
            place = rows[-1][0]

    def body(self, task: int) -> bytes | None:
        """The page of a task as it was handed in; ``None`` where it is not kept any more."""
        rows = self._store.rows(
            "SELECT b.packed FROM queue_task t JOIN queue_body b ON b.hash = t.body"
            " WHERE t.id = :task",
            {"task": task},
        )
        return unpack(bytes(rows[0][0])) if rows else None

    def schema(self, key: str) -> dict[str, Any] | None:
        """A schema by its hash or its name."""
        rows = self._store.rows(
            "SELECT document FROM queue_schema WHERE hash = :key OR name = :key", {"key": key}
        )
        document: dict[str, Any] | None = orjson.loads(bytes(rows[0][0])) if rows else None
        return document

    def schemas(self) -> list[tuple[str, str | None, int]]:
        """Hash, name and moment of each schema, the newest first."""
        rows = self._store.rows(
            "SELECT hash, name, made FROM queue_schema ORDER BY made DESC, hash"
        )
        return [(row[0], row[1], int(row[2])) for row in rows]

    def schema_hash(self, key: str) -> str | None:
        """The hash of the schema with this hash or name."""
        rows = self._store.rows(
            "SELECT hash FROM queue_schema WHERE hash = :key OR name = :key", {"key": key}
        )
        return str(rows[0][0]) if rows else None

    def workers(self, within_ms: int = 120_000) -> list[Worker]:
        """Workers that have been seen lately."""
        rows = self._store.rows(
            "SELECT name, host, pid, slots, doing, started, seen FROM queue_worker"
            f" WHERE seen >= {self._store.dialect.now} - :within ORDER BY started",
            {**self._moment.values, "within": within_ms},
        )
        names = ("name", "host", "pid", "slots", "doing", "started", "seen")
        return [Worker(**dict(zip(names, row, strict=True))) for row in rows]

    def events(self, after: int, limit: int = 1_000) -> list[Event]:
        """Events with higher numbers than ``after``, in their order.

        On a server a number may appear after a higher one: look back over the last some hundred.
        """
        rows = self._store.rows(
            "SELECT id, task, batch, submitter, state, outcome, made FROM queue_event"
            " WHERE id > :after ORDER BY id LIMIT :limit",
            {"after": after, "limit": limit},
        )
        names = ("id", "task", "batch", "submitter", "state", "outcome", "made")
        return [Event(**dict(zip(names, row, strict=True))) for row in rows]

    def last_event(self) -> int:
        """The highest number of an event; 0 without any."""
        return int(self._store.rows("SELECT coalesce(max(id), 0) FROM queue_event")[0][0])

    def facets(self) -> Mapping[str, dict[str, int]]:
        """How many records there are of each outcome, site and route; the fifty most of each."""
        found: dict[str, dict[str, int]] = {}
        for name in ("outcome", "site", "route"):
            rows = self._store.rows(
                f"SELECT {name}, count(*) FROM queue_result GROUP BY {name}"
                f" ORDER BY count(*) DESC, {name} LIMIT 50"
            )
            found[name] = {row[0]: int(row[1]) for row in rows}
        return found


def _where(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    told: list[str] = []
    values: dict[str, Any] = {"limit": wanted.limit}
    for name, column in (
        ("submitter", "t.submitter"),
        ("batch", "t.batch"),
        ("outcome", "r.outcome"),
        ("site", "r.site"),
        ("route", "r.route"),
    ):
        value = getattr(wanted, name)
        if value is not None:
            told.append(f"{column} = :{name}")
            values[name] = value
    if wanted.states:
        named = {f"state{place}": state for place, state in enumerate(wanted.states)}
        told.append(f"t.state IN ({', '.join(f':{name}' for name in named)})")
        values |= named
    if wanted.before is not None:
        told.append("t.id < :before")
        values["before"] = wanted.before
    for place, word in enumerate(wanted.words.lower().split()[:8]):
        told.append(
            f"(r.words LIKE :word{place} ESCAPE '!' OR lower(t.source) LIKE :word{place}"
            " ESCAPE '!')"
        )
        values[f"word{place}"] = f"%{_plain(word)}%"
    return (f" WHERE {' AND '.join(told)}" if told else ""), values


def _plain(word: str) -> str:
    """A word in which no letter stands for others."""
    for letter in ("!", "%", "_"):
        word = word.replace(letter, f"!{letter}")
    return word


def _task(row: tuple[Any, ...]) -> Task:
    return Task(**dict(zip(Task.__struct_fields__, row, strict=True)))
