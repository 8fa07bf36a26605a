"""A batch that was sent, as the queue takes it in."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence

import msgspec
from msgspec import Raw, Struct
from starlette.requests import Request

from rolecall.fetch import check_url
from rolecall.queue.nouns import Callback, NewTask, Submission
from rolecall.serve.access import Who
from rolecall.serve.problems import ProblemError
from rolecall.serve.reading import (
    LARGE,
    MOST_PAGES,
    SCHEMA_NAME,
    BatchSent,
    QueuedPage,
    body_of,
    decoded,
    media_type,
    source_of,
    wrong,
    wrong_media_type,
)
from rolecall.serve.schemas import Admitted, Schemas
from rolecall.serve.state import State

JSON, LINES = "application/json", "application/x-ndjson"
_SAID = re.compile(rb"\S")


class Chosen(Struct, frozen=True, kw_only=True):
    """What the query says of a batch whose pages come line by line."""

    schema: str | None = None
    priority: int | None = None
    delay: float | None = None


async def wanted_schema(
    schemas: Schemas, wanted: Raw | str | None, *, keep: bool = True
) -> str | Admitted | None:
    """The schema that is asked for: the hash of one that is kept, or one that was sent itself,
    which the queue keeps from then on with ``keep``.

    Raises:
        SchemaError: it is refused.
        ProblemError: there is none of that name, or it is none.
    """
    if isinstance(wanted, Raw):
        text = bytes(wanted).strip()
        if text in (b"", b"null"):
            return None
        if text.startswith(b"{"):
            return await schemas.admit(text, keep=keep)
        if not text.startswith(b'"'):
            raise wrong("/schema", "is a name, a hash or a JSON Schema")
        wanted = decoded(text, str, "/schema")
    if wanted is None:
        return None
    if not re.fullmatch(SCHEMA_NAME, wanted):
        raise wrong("/schema", "is no name of a schema")
    return await schemas.hash_of(wanted)


async def submission_of(
    request: Request, state: State, who: Who, key: str | None, chosen: Chosen
) -> Submission:
    """The submission that a request holds.

    Raises:
        ProblemError: it cannot be read, or asks for what is not allowed.
        SchemaError: its schema is refused.
    """
    kind = media_type(request)[0]
    if kind not in (JSON, LINES):
        raise wrong_media_type(JSON, LINES)
    body = await body_of(request)
    read = _of_json if kind == JSON else _of_lines
    if len(body) < LARGE:
        batch, tasks = read(body, chosen)
    else:
        batch, tasks = await asyncio.to_thread(read, body, chosen)
    if any(task.body is None for task in tasks):
        _may_fetch(state, who)
    callback = None
    if batch.callback is not None:
        if not state.calls_back:
            raise ProblemError(403, "no_callbacks", "this server calls nobody back")
        check_url(batch.callback.url)
        callback = Callback(url=batch.callback.url, secret=batch.callback.secret)
    named = chosen.schema if kind == LINES else batch.schema
    schema = await wanted_schema(state.schemas, named)
    return Submission(
        submitter=who.name,
        tasks=tuple(tasks),
        schema=schema.hash if isinstance(schema, Admitted) else schema,
        key=key,
        fingerprint=_fingerprint(kind, chosen, body) if key is not None else None,
        callback=callback,
    )


def _of_json(body: bytes, chosen: Chosen) -> tuple[BatchSent, list[NewTask]]:
    if chosen != Chosen():
        raise wrong("", "schema, priority and delay stand in the JSON")
    batch = decoded(body, BatchSent)
    return batch, _tasks(batch.pages, batch, "/pages")


def _of_lines(body: bytes, chosen: Chosen) -> tuple[BatchSent, list[NewTask]]:
    pages: list[QueuedPage] = []
    place = end = 0
    # Not split: a body of empty lines would take eight times its bytes.
    while (found := _SAID.search(body, end)) is not None:
        place += body.count(b"\n", end, found.start())
        end = body.find(b"\n", found.start())
        end = end if end >= 0 else len(body)
        if len(pages) >= MOST_PAGES:
            raise wrong("", f"a batch has at most {MOST_PAGES:,} pages")
        pages.append(decoded(body[found.start() : end], QueuedPage, f"/{place}"))
    if not pages:
        raise wrong("", "a batch has at least one page")
    batch = BatchSent(pages=pages, priority=chosen.priority or 0, delay=chosen.delay or 0.0)
    return batch, _tasks(pages, batch, "")


def _tasks(pages: Sequence[QueuedPage], batch: BatchSent, pointer: str) -> list[NewTask]:
    return [_task(page, batch, place, f"{pointer}/{place}") for place, page in enumerate(pages)]


def _task(page: QueuedPage, batch: BatchSent, place: int, pointer: str) -> NewTask:
    source = source_of(page, pointer)
    given = source if source is not None else page
    return NewTask(
        source=page.source or page.url or f"page {place + 1}",
        body=source.body if source is not None else None,
        url=page.url,
        media_type=given.media_type,
        charset=given.charset,
        captured=page.captured,
        key=page.key,
        priority=page.priority if page.priority is not None else batch.priority,
        delay=page.delay if page.delay is not None else batch.delay,
    )


def _may_fetch(state: State, who: Who) -> None:
    if not state.fetches:
        raise ProblemError(
            403,
            "no_fetching",
            "this server fetches no pages: send them as html, text or body_base64",
            hint="rolecall serve --fetch lets it",
        )
    who.needs("fetch")


def _fingerprint(kind: str, chosen: Chosen, body: bytes) -> bytes:
    told = hashlib.sha256(f"{kind}\n".encode())
    told.update(msgspec.json.encode(chosen))
    told.update(body)
    return told.digest()
