"""One page, answered at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from rolecall.core import Source
from rolecall.serve.access import allowed
from rolecall.serve.answers import record_answer
from rolecall.serve.reading import (
    DATE,
    SCHEMA_NAME,
    OnePage,
    body_of,
    check_address,
    media_type,
    read_day,
    read_json,
    source_of,
    wrong,
    wrong_media_type,
)
from rolecall.serve.said import EXAMPLE_PAGE, said, taken
from rolecall.serve.schemas import Admitted
from rolecall.serve.sending import wanted_schema
from rolecall.serve.state import state_of

RAW: Final = ("text/html", "text/plain", "application/xhtml+xml", "application/octet-stream")
JSON: Final = "application/json"
_BODY: Final = {
    JSON: taken(OnePage, {"html": EXAMPLE_PAGE, "url": "https://jobs.example/nurse"}),
    "text/html": {"schema": {"type": "string"}, "example": EXAMPLE_PAGE},
    "text/plain": {"schema": {"type": "string"}},
    "application/xhtml+xml": {"schema": {"type": "string"}},
    "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
}
Address = Annotated[
    str | None,
    Query(
        min_length=8,
        max_length=2_000,
        pattern=r"^https?://[^\x00-\x20\x7f]+$",
        description="Where a raw page was found; it is not fetched.",
    ),
]
SchemaKey = Annotated[
    str | None, Query(pattern=SCHEMA_NAME, description="Name or hash of a schema that is kept.")
]
Captured = Annotated[
    str | None, Query(pattern=DATE, description="The day a raw page was saved, like 2026-05-31.")
]

router = APIRouter(tags=["extract"], default_response_class=Response)


@router.post("/v1/extract", **said({200: "record"}, scopes=("extract",), body=_BODY))
async def extract_one(
    request: Request, url: Address = None, schema: SchemaKey = None, captured: Captured = None
) -> Response:
    """Extract one page and answer with its record.

    The page comes in JSON, or as it is (`text/html` and others), with what belongs to it in the
    query. A page that cannot be used is no error: its record says so.
    """
    allowed(request, "extract")
    state = state_of(request)
    if media_type(request)[0] == JSON:
        if url or schema or captured:
            raise wrong("", "url, schema and captured stand in the JSON")
        sent = await read_json(request, OnePage)
        source = source_of(sent)
        if source is None:
            raise wrong("", "give the page as html, text or body_base64; nothing is fetched here")
        wanted: Any = sent.schema
    else:
        source = await _raw(request, url, captured)
        wanted = schema
    found = await wanted_schema(state.schemas, wanted, keep=False)
    named = found.document if isinstance(found, Admitted) else found
    record = await until_gone(request, state.extractor.extract(source, named))
    state.metrics.extracted.labels(record["outcome"]).inc()
    return record_answer(record)


async def until_gone(request: Request, work: Coroutine[Any, Any, dict[str, Any]]) -> dict[str, Any]:
    """What ``work`` gives; it is cancelled where whoever asked goes away."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            task.cancel()
        return await task
    except asyncio.CancelledError:
        if gone.done():
            raise wrong("", "the request was cut off") from None
        raise
    finally:
        task.cancel()
        gone.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _raw(request: Request, url: str | None, captured: str | None) -> Source:
    kind, charset = media_type(request)
    if kind not in RAW:
        raise wrong_media_type(JSON, *RAW)
    if url is not None:
        check_address(url, "/url")
    return Source(
        body=await body_of(request),
        locator=url or "-",
        url=url,
        media_type=None if kind == "application/octet-stream" else kind,
        charset=charset,
        captured=read_day(captured, "/captured"),
    )
