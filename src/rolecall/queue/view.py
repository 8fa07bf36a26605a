"""Looking at the queue; nothing here changes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from rolecall.ledger.store import Store
from rolecall.queue.moment import Moment
from rolecall.queue.nouns import STATES, Batch, Event, State, Task, Wanted, Worker
from rolecall.queue.packing import unpack, unpack_record
from rolecall.queue.texts import fitting, storable

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
        found = dict(self._store.rows("SELECT state, sum(tasks) FROM queue_count GROUP BY state"))
        return {state: int(found.get(state, 0)) for state in STATES}

    def paused(self) -> bool:
        """Whether workers take no more tasks."""
        return bool(self._store.rows("SELECT 1 FROM queue_meta WHERE name = 'paused'"))

    def oldest_ms(self) -> int:
        """For how long the task that is next has been waiting, in milliseconds; 0 without any."""
        rows = self._store.rows(
            f"SELECT {self._store.dialect.now} - made FROM queue_task WHERE state = 'queued'"
            " ORDER BY priority DESC, rank, id LIMIT 1",
            self._moment.values,
        )
        return max(0, int(rows[0][0])) if rows else 0

    def task(self, number: int) -> Task | None:
        """One task."""
        rows = self._store.rows(f"{_TASK} WHERE t.id = :id", {"id": fitting(number)})
        return _task(rows[0]) if rows else None

    def tasks(self, wanted: Wanted) -> list[Task]:
        """Tasks that are asked for, the newest first."""
        where, values = _where(wanted)
        sql = f"{_TASK}{where} ORDER BY t.id DESC LIMIT :limit"
        return [_task(row) for row in self._store.rows(sql, values)]

    def count(self, wanted: Wanted) -> int:
        """How many tasks are asked for."""
        where, values = _where(wanted)
        joined = "LEFT JOIN queue_result r ON r.task = t.id" if "r." in where else ""
        sql = f"SELECT count(*) FROM queue_task t {joined}{where}"
        return int(self._store.rows(sql, values)[0][0])

    def batch(self, number: int) -> Batch | None:
        """One batch, with its sums."""
        found = self._batches("id = :number", {"number": fitting(number)})
        return found[0] if found else None

    def batches(
        self, submitter: str | None = None, limit: int = 50, before: int | None = None
    ) -> list[Batch]:
        """The newest batches, those below number ``before``."""
        values = {
            "submitter": submitter,
            "limit": fitting(max(0, limit)),
            "before": fitting(before if before is not None else 2**63 - 1),
        }
        return self._batches(
            "id < :before AND submitter = coalesce(:submitter, submitter)"
            " ORDER BY id DESC LIMIT :limit",
            values,
        )

    def _batches(self, which: str, values: dict[str, Any]) -> list[Batch]:
        rows = self._store.rows(
            f"SELECT id, submitter, size, made FROM queue_batch WHERE {which}", values
        )
        if not rows:
            return []
        names = {f"batch{place}": row[0] for place, row in enumerate(rows)}
        among = ", ".join(f":{name}" for name in names)
        sums: dict[str, dict[int, dict[str, int]]] = {}
        for table, column in (("queue_task", "state"), ("queue_result", "outcome")):
            sums[column] = {}
            sql = f"SELECT batch, {column}, count(*) FROM {table} WHERE batch IN ({among})"
            for batch, value, count in self._store.rows(f"{sql} GROUP BY batch, {column}", names):
                sums[column].setdefault(batch, {})[value] = int(count)
        return [
            Batch(
                id=row[0],
                submitter=row[1],
                size=row[2],
                made=row[3],
                states=sums["state"].get(row[0], {}),
                outcomes=sums["outcome"].get(row[0], {}),
            )
            for row in rows
        ]

    def record(self, task: int) -> dict[str, Any] | None:
        """The record of a task that has ended."""
        rows = self._store.rows(
            "SELECT record FROM queue_result WHERE task = :task", {"task": fitting(task)}
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
                {"batch": fitting(batch), "place": place, "limit": PAGE},
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
            {"task": fitting(task)},
        )
        return unpack(bytes(rows[0][0])) if rows else None

    def schema(self, key: str) -> dict[str, Any] | None:
        """A schema by its hash or its name."""
        rows = self._store.rows(
            "SELECT document FROM queue_schema WHERE hash = :key OR name = :key",
            {"key": storable(key)},
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
            "SELECT hash FROM queue_schema WHERE hash = :key OR name = :key",
            {"key": storable(key)},
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

        None is passed over: a lower number than one that was given does not turn up later.
        """
        sql = (
            "SELECT id, task, batch, submitter, state, outcome, made FROM queue_event"
            " WHERE id > :after AND id <= :last ORDER BY id LIMIT :limit"
        )
        values = {"after": fitting(after), "last": 2**63 - 1, "limit": fitting(max(0, limit))}
        rows = self._store.rows(sql, values)
        if rows and not self._store.dialect.ordered:
            # Waits for transactions that have taken numbers and are not visible yet.
            with self._store.write(alone="queue_event"):
                pass
            rows = self._store.rows(sql, {**values, "last": rows[-1][0]})
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
    values: dict[str, Any] = {"limit": fitting(max(0, wanted.limit))}
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
            values[name] = storable(value) if isinstance(value, str) else fitting(value)
    if wanted.states:
        # Written out, because only so a database finds the index of one state.
        named = [f"'{state}'" for state in wanted.states if state in STATES]
        only = f"= {named[0]}" if len(named) == 1 else f"IN ({', '.join(named) or 'NULL'})"
        told.append(f"t.state {only}")
    if wanted.before is not None:
        told.append("t.id < :before")
        values["before"] = fitting(wanted.before)
    for place, word in enumerate(storable(wanted.words).lower().split()[:8]):
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
