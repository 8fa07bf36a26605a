"""What happens, as it happens: server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Depends, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.requests import Request

from rolecall.queue.nouns import Event
from rolecall.serve.access import allowed, still
from rolecall.serve.answers import event_shown
from rolecall.serve.feed import LOOK_BACK, Listener
from rolecall.serve.said import said
from rolecall.serve.state import state_of

BEAT_SECONDS: Final = 10.0
"""After so long without anything a comment is sent, so that nobody in between hangs up."""
RETRY_MS: Final = 2_000
_encoder = msgspec.json.Encoder()

router = APIRouter(tags=["events"])


async def listening(
    request: Request,
    last_event_id: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            pattern=r"^[0-9]{1,18}$",
            description="Go on after this event; nothing that is still kept is left out.",
        ),
    ] = None,
) -> AsyncIterator[Listener]:
    """Begin to listen before the answer begins, so that a refusal is a problem document."""
    who = allowed(request, "tasks", "read")
    feed = state_of(request).feed
    after = int(last_event_id) if last_event_id is not None else None
    listener = await feed.listen(who.sees, after, who.name)
    try:
        yield listener
    finally:
        feed.leave(listener)


@router.get(
    "/v1/events",
    response_class=EventSourceResponse,
    **said({200: "text/event-stream"}, scopes=("tasks", "read")),
)
async def events(
    request: Request, listener: Annotated[Listener, Depends(listening)]
) -> AsyncIterator[ServerSentEvent]:
    """What happens in the queue, as server-sent events.

    `task`: a task has ended; its number is the event's id, with which one may go on
    (`Last-Event-ID`). `counts`: how many tasks are in which state, each time that changes, for
    those who see everyone's tasks. The stream ends when the server does, or the token.
    """
    state = state_of(request)
    feed = state.feed
    yield ServerSentEvent(comment="listening", retry=RETRY_MS)
    caught: set[int] = set()
    while missed := await feed.missed(listener):
        if not await still(state.entry, request):
            return
        for one in missed:
            if one.id > listener.joined - 2 * LOOK_BACK:  # what is older is told only here
                caught.add(one.id)
            yield _told(one)
    async for told in _live(listener, caught):
        if not await still(state.entry, request):
            return
        yield told


async def _live(listener: Listener, caught: set[int]) -> AsyncIterator[ServerSentEvent]:
    """What comes from now on, less what was ``caught`` up on."""
    while True:
        while listener.events:
            one = listener.events.popleft()
            if one.id not in caught:
                yield _told(one)
        counts, listener.counts = listener.counts, None
        if counts is not None and listener.submitter is None:
            yield ServerSentEvent(event="counts", raw_data=_encoder.encode(counts).decode())
        if listener.ended:
            return
        if not listener.events:
            before = asyncio.get_running_loop().time()
            await listener.wait(BEAT_SECONDS)
            idle = asyncio.get_running_loop().time() - before >= BEAT_SECONDS
            if idle and not listener.events and not listener.ended:
                yield ServerSentEvent(comment="still here")


def _told(event: Event) -> ServerSentEvent:
    return ServerSentEvent(
        event="task",
        id=str(event.id),
        raw_data=_encoder.encode(event_shown(event)).decode(),
    )
