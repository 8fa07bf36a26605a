"""What the API answers, as it goes over the wire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct
from starlette.responses import Response

from rolecall.queue.nouns import Batch, Event, Receipt, State, Task
from rolecall.record import dump
from rolecall.serve.problems import not_found

ID = r"^[tb](0|[1-9][0-9]{0,17})$"
TASK_ID = r"^t(0|[1-9][0-9]{0,17})$"
BATCH_ID = r"^b(0|[1-9][0-9]{0,17})$"
_encoder = msgspec.json.Encoder()


class TaskShown(Struct, kw_only=True):
    """A task; moments in UTC, ``trouble`` is why it was not done the last time."""

    id: str
    kind: str = "task"
    batch: str
    place: int
    submitter: str
    state: State
    priority: int
    source: str
    url: str | None
    attempts: int
    trouble: str | None
    due: str
    made: str
    changed: str
    outcome: str | None
    reason: str | None
    title: str | None
    company: str | None
    site: str | None
    route: str | None
    schema: str | None


class BatchShown(Struct, kw_only=True):
    """A batch, and how many of its tasks are in which state and ended how."""

    id: str
    kind: str = "batch"
    submitter: str
    size: int
    made: str
    ended: bool
    states: dict[str, int]
    outcomes: dict[str, int]


class TasksShown(Struct, kw_only=True):
    """Tasks, the newest first; ``next`` is the cursor of those that follow."""

    tasks: list[TaskShown]
    next: str | None


class ReceiptShown(Struct, kw_only=True):
    """What was taken in, and is on the disk.

    ``repeated`` says that it was before, under the same Idempotency-Key; ``known`` are the places
    of pages that were, under their own key.
    """

    batch: str
    tasks: list[str]
    repeated: bool
    known: list[int]


class ChangedShown(Struct, kw_only=True):
    """How many tasks a request changed."""

    changed: int


class SchemaShown(Struct, kw_only=True):
    """A schema that is kept: its ``hash``, under which it is known for good, and its ``name``."""

    hash: str
    name: str | None
    made: str


class SchemasShown(Struct, kw_only=True):
    """All schemas, the newest first."""

    schemas: list[SchemaShown]


class QueueShown(Struct, kw_only=True):
    """The queue: tasks by state, how long the next one has waited, and who works."""

    paused: bool
    states: dict[str, int]
    oldest_seconds: float
    workers: list[WorkerShown]


class WorkerShown(Struct, kw_only=True):
    """A process that does tasks."""

    name: str
    host: str
    slots: int
    doing: int
    started: str
    seen: str


class PausedShown(Struct, kw_only=True):
    """Whether workers take no more tasks."""

    paused: bool


class EventShown(Struct, kw_only=True):
    """A task has ended."""

    task: str
    batch: str
    state: State
    outcome: str | None
    at: str


class HealthShown(Struct, kw_only=True):
    """Whether the server is there, or ready; ``reasons`` why it is not."""

    status: str
    reasons: list[str] = []


def at(moment: int) -> str:
    """A moment in milliseconds since 1970, as text."""
    return (
        datetime.fromtimestamp(moment / 1000, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def number(id_: str) -> int:
    """The number in a public id."""
    return int(id_[1:])


def task_shown(task: Task) -> TaskShown:
    """A task as it is told."""
    return TaskShown(
        id=f"t{task.id}",
        batch=f"b{task.batch}",
        place=task.place,
        submitter=task.submitter,
        state=task.state,
        priority=task.priority,
        source=task.source,
        url=task.url,
        attempts=task.attempts,
        trouble=task.trouble,
        due=at(task.due),
        made=at(task.made),
        changed=at(task.changed),
        outcome=task.outcome,
        reason=task.reason,
        title=task.title,
        company=task.company,
        site=task.site,
        route=task.route,
        schema=task.schema,
    )


def batch_shown(batch: Batch) -> BatchShown:
    """A batch as it is told."""
    return BatchShown(
        id=f"b{batch.id}",
        submitter=batch.submitter,
        size=batch.size,
        made=at(batch.made),
        ended=batch.ended,
        states=batch.states,
        outcomes=batch.outcomes,
    )


def receipt_shown(receipt: Receipt) -> ReceiptShown:
    """A receipt as it is told."""
    return ReceiptShown(
        batch=f"b{receipt.batch}",
        tasks=[f"t{one}" for one in receipt.tasks],
        repeated=receipt.repeated,
        known=list(receipt.known),
    )


def event_shown(event: Event) -> EventShown:
    """An event as it is told."""
    return EventShown(
        task=f"t{event.task}",
        batch=f"b{event.batch}",
        state=event.state,
        outcome=event.outcome,
        at=at(event.made),
    )


def json_answer(value: Any, status: int = 200, **headers: str) -> Response:
    """An answer in JSON."""
    told = {name.replace("_", "-"): text for name, text in headers.items()}
    return Response(_encoder.encode(value), status, told, "application/json")


def record_answer(record: dict[str, Any]) -> Response:
    """An answer that is a record."""
    return Response(dump(record), 200, None, "application/json")


def visible(found: Task | Batch | None, sees: str | None) -> Any:
    """What was found, if the asker may see it; what is not there looks the same as what is not
    theirs."""
    if found is None or sees not in (None, found.submitter):
        raise not_found("there is no such task or batch")
    return found


def line_of(task: int, record: dict[str, Any]) -> bytes:
    """A record as one line, with its task."""
    return dump({"task": f"t{task}", **record}) + b"\n"
