"""Whether the server is there, whether it is ready, and its figures."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from rolecall.errors import DatabaseError
from rolecall.ledger.spending import caps_of
from rolecall.queue.queue import Queue
from rolecall.serve.access import allowed
from rolecall.serve.answers import HealthShown, json_answer
from rolecall.serve.metrics import CONTENT_TYPE
from rolecall.serve.said import said
from rolecall.serve.state import State, state_of

PROBE_SECONDS: Final = 2.0
"""How old the last look at the database may be."""

router = APIRouter(tags=["server"], default_response_class=Response)


@router.get("/healthz", **said({200: HealthShown}))
async def health() -> Response:
    """Whether the process is alive; needs no token, and says nothing else."""
    return json_answer(HealthShown(status="ok"))


@router.get("/readyz", **said({200: HealthShown}, scopes=("any",)))
async def ready(request: Request) -> Response:
    """Whether pages are taken in and worked on; 503 with the reasons where not."""
    allowed(request, "tasks", "extract", "read", "fetch")
    reasons = await reasons_against(state_of(request))
    if reasons:
        return json_answer(HealthShown(status="not ready", reasons=reasons), 503, Retry_After="5")
    return json_answer(HealthShown(status="ready"))


@router.get("/metrics", **said({200: "text/plain"}, scopes=("read",)))
async def metrics(request: Request) -> Response:
    """Figures for Prometheus."""
    allowed(request, "read")
    state = state_of(request)
    state.metrics.listeners.set(len(state.feed))
    caps = caps_of(state.settings)
    text = await asyncio.to_thread(state.metrics.text, state.queue, caps)
    return Response(text, 200, {"Content-Type": CONTENT_TYPE})


async def reasons_against(state: State) -> list[str]:
    """Why the server is not ready; nothing where it is."""
    reasons = []
    if state.ending.is_set():
        reasons.append("the server is ending")
    trouble = await _storage_trouble(state)
    if trouble is not None:
        reasons.append(trouble)
    worker = state.extractor.trouble()
    if worker is not None:
        reasons.append(worker)
    return reasons


async def _storage_trouble(state: State) -> str | None:
    """What is wrong with the database, looked at no more than every few seconds."""
    now = time.monotonic()
    if now - state.probed < PROBE_SECONDS:
        return state.storage
    state.probed = now
    state.storage = await asyncio.to_thread(_probe, state.queue)
    return state.storage


def _probe(queue: Queue) -> str | None:
    """Write a little: a database that can be read may still take nothing in."""
    try:
        with queue.store.write(durable=True) as connection:
            connection.execute(
                "INSERT INTO queue_meta (name, value) VALUES ('probe', :now)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                {"now": str(time.time_ns())},
            )
    except DatabaseError:
        return "the database cannot be written"
    return None
