"""Everything that is kept of one page: found by an id, an address or its hash, and forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec import Struct

from rolecall.ledger.store import Connection, Store
from rolecall.queue.packing import unpack_record
from rolecall.queue.ranks import TURNS
from rolecall.queue.texts import fitting, storable

AT_ONCE: Final = 200
"""Tasks that one transaction forgets, so that nobody waits long for it."""
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_TASK: Final = re.compile(r"t(0|[1-9][0-9]{0,17})")


class Found(Struct, frozen=True, kw_only=True):
    """The tasks of a page, the hashes of what it was, and the batches it was handed in with."""

    tasks: tuple[int, ...] = ()
    bodies: tuple[bytes, ...] = ()
    batches: tuple[int, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing is kept of it."""
        return not self.tasks and not self.bodies


def find(store: Store, page: str) -> Found:
    """What is kept of a page. It is named by the id of a task (``t123``), by the SHA-256 of its
    bytes (the ``source_id`` of a record), by its address, or by the name it was handed in under;
    all tasks with the same bytes are found with it, also where these were fetched."""
    wanted: set[bytes] = set()
    if _HASH.fullmatch(page):
        wanted.add(bytes.fromhex(page))
        first = _rows(store, "body = :body", {"body": bytes.fromhex(page)})
        bodies = {bytes.fromhex(page)} if _kept(store, bytes.fromhex(page)) else set[bytes]()
    elif task := _TASK.fullmatch(page):
        first, bodies = _rows(store, "id = :task", {"task": fitting(int(task[1]))}), set()
    else:
        first = _rows(store, "url = :page OR source = :page", {"page": storable(page)})
        bodies = set()
    rows = {row[0]: row for row in first}
    bodies |= {bytes(row[2]) for row in first if row[2] is not None}
    fetched = tuple(row[0] for row in first if row[2] is None)
    wanted |= bodies | {body for _, _, body in _fetched(store, fetched)}
    if wanted:
        same = [row for row in _fetched(store) if row[2] in wanted]
        rows |= {row[0]: row for row in same}
        bodies |= {row[2] for row in same}
    for body in bodies:
        rows |= {row[0]: row for row in _rows(store, "body = :body", {"body": body})}
    return Found(
        tasks=tuple(sorted(rows)),
        bodies=tuple(sorted(bodies)),
        batches=tuple(sorted({row[1] for row in rows.values()})),
    )


def _rows(store: Store, which: str, values: dict[str, Any]) -> Sequence[tuple[Any, ...]]:
    return store.rows(f"SELECT id, batch, body FROM queue_task WHERE {which}", values)


def _fetched(store: Store, tasks: Sequence[int] | None = None) -> Iterator[tuple[int, int, bytes]]:
    """Tasks whose page was fetched, of all or of ``tasks``: id, batch, and the hash of the page,
    which only the record tells."""
    ask = (
        "SELECT r.number, t.id, t.batch, r.record FROM queue_result r JOIN queue_task t"
        " ON t.id = r.task WHERE t.body IS NULL AND r.number > :last{} ORDER BY r.number LIMIT {}"
    )
    if tasks is not None:
        for task in tasks:
            yield from _hashed(store.rows(ask.format(" AND t.id = :task", 1), _at(0, task)))
        return
    rows = store.rows(ask.format("", AT_ONCE), _at(0))
    while rows:
        yield from _hashed(rows)
        rows = store.rows(ask.format("", AT_ONCE), _at(rows[-1][0]))


def _at(last: int, task: int | None = None) -> dict[str, Any]:
    return {"last": last} if task is None else {"last": last, "task": task}


def _hashed(rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, int, bytes]]:
    for _, task, batch, packed in rows:
        source = str(unpack_record(bytes(packed)).get("source_id") or "")
        if _HASH.fullmatch(source):
            yield task, batch, bytes.fromhex(source)


def _kept(store: Store, body: bytes) -> bool:
    """Whether anything is kept under the hash itself, be there a task or not."""
    return any(
        store.rows(f"SELECT 1 FROM {table} WHERE {column} = :body", {"body": body})
        for table, column in (("queue_body", "hash"), ("audit_page", "page"), ("trial_bad", "page"))
    )


def forget(store: Store, found: Found) -> None:
    """Forget it: tasks with their records, audits, labels and events, and the page itself.

    A task that has not ended is not done any more; who works on it finds its claim gone.
    """
    for some in _parts(found.tasks):
        with store.write(durable=True, alone=TURNS) as connection:
            _forget_tasks(connection, some)
    with store.write(durable=True, alone=TURNS) as connection:
        for body in found.bodies:
            for table, column in (
                ("audit_page", "page"),
                ("trial_bad", "page"),
                ("queue_body", "hash"),
            ):
                connection.execute(f"DELETE FROM {table} WHERE {column} = :body", {"body": body})
        for batch in found.batches:
            connection.execute(
                "DELETE FROM queue_batch WHERE id = :batch"
                " AND NOT EXISTS (SELECT 1 FROM queue_task WHERE batch = :batch)",
                {"batch": batch},
            )


def _forget_tasks(connection: Connection, tasks: Sequence[int]) -> None:
    named = {f"task{place}": task for place, task in enumerate(tasks)}
    among = ", ".join(f":{name}" for name in named)
    for table, column in (
        ("label_value", "task"),
        ("label_page", "task"),
        ("queue_event", "task"),
        ("queue_task", "id"),  # its record and its audit go with it
    ):
        connection.execute(f"DELETE FROM {table} WHERE {column} IN ({among})", named)


def _parts(tasks: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(tasks), AT_ONCE):
        yield tasks[start : start + AT_ONCE]
