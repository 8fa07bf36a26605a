"""The queue as a whole."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from rolecall.queue.queue import Queue
from rolecall.serve.access import allowed
from rolecall.serve.answers import PausedShown, QueueShown, WorkerShown, at, json_answer
from rolecall.serve.said import said
from rolecall.serve.state import state_of

router = APIRouter(tags=["queue"], default_response_class=Response)


@router.get("/v1/queue", **said({200: QueueShown}, scopes=("tasks", "read")))
async def show(request: Request) -> Response:
    """How much is in the queue, and who works on it."""
    allowed(request, "tasks", "read")
    return json_answer(await asyncio.to_thread(queue_shown, state_of(request).queue))


@router.post("/v1/queue/pause", **said({200: PausedShown}, scopes=("admin",), problems=(507,)))
async def pause(request: Request) -> Response:
    """Let workers take no more tasks. What they are doing they finish, and pages are still taken
    in."""
    allowed(request, "admin")
    await asyncio.to_thread(state_of(request).queue.control.pause)
    return json_answer(PausedShown(paused=True))


@router.post("/v1/queue/resume", **said({200: PausedShown}, scopes=("admin",), problems=(507,)))
async def resume(request: Request) -> Response:
    """Let workers take tasks again."""
    allowed(request, "admin")
    state = state_of(request)
    await asyncio.to_thread(state.queue.control.resume)
    state.extractor.wake()
    return json_answer(PausedShown(paused=False))


def queue_shown(queue: Queue) -> QueueShown:
    """The queue as it is told; asks the database."""
    workers = [
        WorkerShown(
            name=one.name,
            host=one.host,
            slots=one.slots,
            doing=one.doing,
            started=at(one.started),
            seen=at(one.seen),
        )
        for one in queue.view.workers()
    ]
    return QueueShown(
        paused=queue.view.paused(),
        states={str(name): count for name, count in queue.view.counts().items()},
        oldest_seconds=queue.view.oldest_ms() / 1000,
        workers=workers,
    )
