"""One input -> the `Source` that the pipeline takes."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from pathlib import PurePath
from typing import Any

import orjson

from rolecall.core import MEDIA_TYPES, Notice, Source
from rolecall.errors import SourceError
from rolecall.inputs.columns import DEFAULT, Columns
from rolecall.inputs.files import read_bounded, too_large
from rolecall.inputs.nouns import Input
from rolecall.inputs.tables import day
from rolecall.inputs.unpacked import is_zstd, unpack_zstd

Notices = tuple[Notice, ...]


def load(
    entry: Input, *, limit: int, captured: date | None = None, columns: Columns = DEFAULT
) -> tuple[Source, Notices]:
    """The input as a `Source`, and what was odd about reading it.

    ``limit`` bounds the page in bytes; ``captured`` holds unless the input has a day of its own.
    ``columns`` are the names in lines of JSON.
    """
    if entry.fault is not None:
        code, message = entry.fault
        raise SourceError(message, code=code, retryable=entry.retryable, retry_at=entry.retry_at)
    if entry.is_away:
        raise SourceError("its page was not fetched", retryable=True)
    captured = entry.captured or captured
    if entry.json:
        return _from_line(entry, limit, captured, columns)
    body = entry.line or b"" if entry.path is None else read_bounded(entry.path, limit)
    if len(body) > limit:
        raise too_large(limit)
    notices: Notices = ()
    if entry.notice is not None:
        notices = (Notice(code=entry.notice[0], message=entry.notice[1]),)
    if is_zstd(body):
        body, trouble = unpack_zstd(body, limit)
        if len(body) > limit:
            raise too_large(limit)
        if trouble:
            told = Notice(code="zstd_damaged", message=f"read in part: {trouble}")
            notices = (*notices, told)
    source = Source(
        body=body,
        locator=entry.locator,
        url=entry.url,
        media_type=entry.media_type or (media_type(entry.path) if entry.path else None),
        charset=entry.charset,
        captured=captured,
    )
    return source, notices


def identity(entry: Input, *, limit: int, columns: Columns = DEFAULT) -> str:
    """The ``id`` of the source that ``load`` would give, at less cost; raises as that does.

    A page that was fetched once is not fetched to see whether it is another one now.
    """
    if entry.is_away and entry.known:
        return entry.known
    if entry.path is not None and entry.fault is None and not entry.json:
        body = read_bounded(entry.path, limit)
        if not is_zstd(body):
            return sha256(body).hexdigest()
    return load(entry, limit=limit, columns=columns)[0].id


def media_type(path: str) -> str | None:
    """What the ending of a name says that a page is."""
    name = PurePath(path.lower())
    suffix = name.with_suffix("").suffix if name.suffix in (".gz", ".zst") else name.suffix
    return MEDIA_TYPES.get(suffix)


def _from_line(
    entry: Input, limit: int, captured: date | None, columns: Columns
) -> tuple[Source, Notices]:
    """A line of JSON with ``html`` or ``text``, and maybe ``url``, ``charset``, ``captured``."""
    told, notices = _object(entry.line or b"")
    html, text = told.get(columns.html), told.get(columns.text)
    content = html if isinstance(html, str) and (html or not text) else text
    if not isinstance(content, str):
        named = f'no "{columns.html}" and no "{columns.text}"'
        known = isinstance(told.get(columns.url), str)
        hint = "--fetch fetches its page from its address" if known else None
        raise SourceError(f"the object has {named} that is a string", hint=hint)
    body = content.encode("utf-8", "surrogatepass")
    if len(body) > limit:
        raise too_large(limit)
    url = told.get(columns.url)
    its_day, odd = day(told.get(columns.captured), columns.captured)
    if odd is not None:
        notices = (*notices, Notice(code=odd[0], message=odd[1]))
    source = Source(
        body=body,
        locator=entry.locator,
        url=url if isinstance(url, str) and url else None,
        media_type="text/html" if content is html else "text/plain",
        charset="utf-8",
        captured=its_day or captured,
    )
    return source, notices


def _object(line: bytes) -> tuple[dict[str, Any], Notices]:
    """The object of a line. What is nearly JSON is read, with a notice: scrapers write it.

    Those are lone surrogates in escapes, which only the page can judge, and ``NaN``.
    """
    notices: Notices = ()
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError as strict:
        try:
            told = json.loads(line.decode("utf-8-sig"))
        except (ValueError, RecursionError):
            raise SourceError(f"the line is not JSON: {strict}", code="decode_error") from strict
        notices = (Notice(code="json_loose", message=f"the line is not strict JSON: {strict}"),)
    if not isinstance(told, dict):
        raise SourceError("the line is JSON, but not an object", code="decode_error")
    return told, notices
