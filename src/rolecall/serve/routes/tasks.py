"""Pages that are handed in, and what becomes of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from rolecall.queue.nouns import Wanted
from rolecall.serve.access import Who, allowed, not_signed_in, still
from rolecall.serve.answers import (
    BATCH_ID,
    ID,
    TASK_ID,
    ChangedShown,
    ReceiptShown,
    TasksShown,
    batch_shown,
    json_answer,
    line_of,
    number,
    receipt_shown,
    record_answer,
    task_shown,
    visible,
)
from rolecall.serve.problems import ProblemError
from rolecall.serve.reading import SCHEMA_NAME, BatchSent, QueuedPage
from rolecall.serve.said import EXAMPLE_PAGE, REF, said, taken
from rolecall.serve.sending import JSON, LINES, Chosen, submission_of
from rolecall.serve.state import State, state_of

MOST_WAIT: Final = 60.0
AT_ONCE: Final = 100
"""Records read from the database at a time for a stream."""
_PAGES: Final = [{"html": EXAMPLE_PAGE, "url": "https://jobs.example/nurse", "key": "nurse-1"}]
_BATCH: Final = {
    JSON: taken(BatchSent, {"pages": _PAGES, "priority": 5}),
    LINES: {
        "schema": {
            "type": "string",
            "description": f"One page on each line, see {REF}{QueuedPage.__name__}.",
        },
        "example": '{"text": "Nurse, Leeds", "source": "a.txt"}\n',
    },
}
_RECEIPT: Final = {"batch": "b45", "tasks": ["t123"], "repeated": False, "known": []}

Id = Annotated[str, Path(pattern=ID, description="t123 is a task, b45 a batch.")]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="The same submission with the same key is taken in once.",
    ),
]
Priority = Annotated[
    int | None, Query(ge=-100, le=100, description="For JSON Lines: the higher, the sooner.")
]
Delay = Annotated[
    float | None, Query(ge=0, le=2_592_000, description="For JSON Lines: seconds to wait.")
]
SchemaKey = Annotated[
    str | None, Query(pattern=SCHEMA_NAME, description="For JSON Lines: name or hash of a schema.")
]
StateWord = Literal["waiting", "queued", "running", "done", "cancelled", "quarantined"]
OutcomeWord = Literal["ok", "partial", "not_a_posting", "failed"]
Text = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class Filters(BaseModel):
    """Which tasks are asked for."""

    model_config = ConfigDict(extra="forbid")

    state: Annotated[list[StateWord], Field(max_length=6)] = []
    outcome: OutcomeWord | None = None
    batch: Annotated[str, Field(pattern=BATCH_ID)] | None = None
    site: Text | None = None
    route: Text | None = None
    q: Text = ""
    before: Annotated[
        str | None, Field(pattern=TASK_ID, description="The `next` of the page before.")
    ] = None
    limit: Annotated[int, Field(ge=1, le=500)] = 100


router = APIRouter(tags=["tasks"], default_response_class=Response)


@router.post(
    "/v1/tasks",
    **said({202: ReceiptShown}, scopes=("tasks",), body=_BATCH, problems=(507,), example=_RECEIPT),
)
async def hand_in(
    request: Request,
    idempotency_key: Key = None,
    schema: SchemaKey = None,
    priority: Priority = None,
    delay: Delay = None,
) -> Response:
    """Hand pages in. What is acknowledged is on the disk.

    Pages come in JSON, or one on each line (`application/x-ndjson`) with what holds for all of them
    in the query. Pages of which only the address is given are fetched, where the server does that
    and the token has the scope `fetch`.
    """
    who = allowed(request, "tasks")
    state = state_of(request)
    chosen = Chosen(schema=schema, priority=priority, delay=delay)
    submission = await submission_of(request, state, who, idempotency_key, chosen)
    receipt = await state.gather.submit(submission)
    state.extractor.wake()
    if not receipt.repeated:
        state.metrics.pages.inc(len(receipt.tasks) - len(receipt.known))
    return json_answer(receipt_shown(receipt), 202, Location=f"/v1/tasks/b{receipt.batch}")


@router.get("/v1/tasks", **said({200: TasksShown}, scopes=("tasks", "read")))
async def list_tasks(request: Request, asked: Annotated[Filters, Query()]) -> Response:
    """List tasks, the newest first: one's own, or everyone's with the scope `read`.

    `q` looks for words in title, company, source and address.
    """
    who = allowed(request, "tasks", "read")
    limit = asked.limit
    wanted = Wanted(
        submitter=who.sees,
        batch=number(asked.batch) if asked.batch is not None else None,
        states=tuple(asked.state),
        outcome=asked.outcome,
        site=asked.site,
        route=asked.route,
        words=asked.q,
        before=number(asked.before) if asked.before is not None else None,
        limit=limit + 1,
    )
    found = await asyncio.to_thread(state_of(request).queue.view.tasks, wanted)
    shown = [task_shown(one) for one in found[:limit]]
    return json_answer(TasksShown(tasks=shown, next=shown[-1].id if len(found) > limit else None))


@router.get(
    "/v1/tasks/{id}", **said({200: "task or batch"}, scopes=("tasks", "read"), problems=(404,))
)
async def show(request: Request, id: Id) -> Response:
    """How a task or a batch stands."""
    who = allowed(request, "tasks", "read")
    found = await asyncio.to_thread(_found, state_of(request), who.sees, id)
    return json_answer(task_shown(found) if id.startswith("t") else batch_shown(found))


@router.get(
    "/v1/tasks/{id}/record", **said({200: "record"}, scopes=("tasks", "read"), problems=(404, 409))
)
async def record(request: Request, id: Id) -> Response:
    """The record of a task that has ended."""
    who = allowed(request, "tasks", "read")
    state = state_of(request)
    task = await asyncio.to_thread(_found, state, who.sees, id)
    if id.startswith("b"):
        raise ProblemError(
            409, "batch", "a batch has many records", hint=f"GET /v1/tasks/{id}/results"
        )
    found = await asyncio.to_thread(state.queue.view.record, task.id)
    if found is None:
        raise ProblemError(409, "not_ended", f"the task is {task.state}: it has no record yet")
    return record_answer(found)


@router.get(
    "/v1/tasks/{id}/results",
    **said({200: LINES}, scopes=("tasks", "read"), problems=(404,)),
)
async def results(
    request: Request,
    id: Id,
    wait: Annotated[
        float, Query(ge=0, le=MOST_WAIT, description="Seconds to wait for the end.")
    ] = 0.0,
    after: Annotated[
        int, Query(ge=-1, le=1_000_000, description="Only places of a batch higher than this.")
    ] = -1,
) -> Response:
    """The records of what has ended, one JSON object on each line with its `task`, in the order in
    which the pages were handed in.

    `Rolecall-Ended` says whether that is all; with `wait` the answer begins when it is, or after
    so many seconds.
    """
    who = allowed(request, "tasks", "read")
    state = state_of(request)
    ended = await _await_end(state, who, id, wait)
    if wait and not await still(state.entry, request):  # revoked meanwhile
        raise not_signed_in()
    lines = _lines(state, id, after)
    first = await asyncio.to_thread(_some, lines)  # a database that is away is said before all else
    headers = {"Rolecall-Ended": "true" if ended else "false"}
    return StreamingResponse(_in_thread(first, lines), 200, headers, LINES)


@router.post(
    "/v1/tasks/{id}/retry",
    **said({200: ChangedShown}, scopes=("tasks",), problems=(404, 409, 507)),
)
async def retry(request: Request, id: Id) -> Response:
    """Queue a task that has ended once more, or the tasks of a batch that failed, were cancelled or
    are quarantined. Their records are forgotten."""
    who = allowed(request, "tasks")
    state = state_of(request)
    changed = await asyncio.to_thread(_retry, state, who, id)
    state.extractor.wake()
    if not changed and id.startswith("t"):
        raise ProblemError(409, "not_ended", "the task has not ended, or its page is not kept")
    return json_answer(ChangedShown(changed=changed))


@router.delete(
    "/v1/tasks/{id}",
    **said({200: ChangedShown}, scopes=("tasks",), problems=(404, 409, 507)),
)
async def cancel(
    request: Request,
    id: Id,
    forget: Annotated[
        bool, Query(description="Forget a batch that has ended, with its records.")
    ] = False,
) -> Response:
    """Cancel a task, or what is left of a batch. What is being worked on is given up soon."""
    who = allowed(request, "tasks")
    state = state_of(request)
    changed = await asyncio.to_thread(_cancel, state, who, id, forget)
    state.extractor.wake()
    return json_answer(ChangedShown(changed=changed))


def _found(state: State, submitter: str | None, id_: str) -> Any:
    view = state.queue.view
    found = view.task(number(id_)) if id_.startswith("t") else view.batch(number(id_))
    return visible(found, submitter)


def _retry(state: State, who: Who, id_: str) -> int:
    _found(state, who.changes, id_)
    control = state.queue.control
    if id_.startswith("t"):
        return int(control.retry(number(id_), who.changes))
    changed = 0
    for told in ({"outcome": "failed"}, {"states": ("cancelled", "quarantined")}):
        before: int | None = None
        while True:
            wanted = Wanted(batch=number(id_), before=before, limit=500, **told)
            found = state.queue.view.tasks(wanted)
            changed += sum(control.retry(one.id, who.changes) for one in found)
            if len(found) < 500:
                break
            before = found[-1].id
    return changed


def _cancel(state: State, who: Who, id_: str, forget: bool) -> int:
    found = _found(state, who.changes, id_)
    control = state.queue.control
    if forget:
        if id_.startswith("t"):
            raise ProblemError(409, "task", "only whole batches are forgotten")
        if not control.forget(number(id_), who.changes):
            raise ProblemError(409, "not_ended", "the batch has not ended: cancel it first")
        return int(found.size)
    if id_.startswith("t"):
        return int(control.cancel(number(id_), who.changes))
    return control.cancel_batch(number(id_), who.changes)


async def _await_end(state: State, who: Who, id_: str, seconds: float) -> bool:
    """Whether all of a task or batch has ended, after at most so many seconds."""
    until = time.monotonic() + seconds
    listener = None
    try:
        while True:
            found = await asyncio.to_thread(_found, state, who.sees, id_)
            ended = found.ended if id_.startswith("b") else found.outcome is not None
            left = until - time.monotonic()
            if ended or left <= 0 or state.ending.is_set():
                return bool(ended)
            if listener is None:
                listener = await state.feed.listen(who.sees, None, who.name)
                continue  # it may have ended before anybody listened
            listener.events.clear()
            await listener.wait(min(left, 2.0))
    finally:
        if listener is not None:
            state.feed.leave(listener)


def _lines(state: State, id_: str, after: int) -> Iterator[bytes]:
    view = state.queue.view
    if id_.startswith("t"):
        found = view.record(number(id_))
        if found is not None:
            yield line_of(number(id_), found)
        return
    for task, one in view.records(number(id_), after):
        yield line_of(task, one)


async def _in_thread(first: bytes, lines: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Lines many at a time, read in another thread; no more than those are held."""
    while first:
        yield first
        first = await asyncio.to_thread(_some, lines)


def _some(lines: Iterator[bytes]) -> bytes:
    return b"".join(islice(lines, AT_ONCE))
