"""One input -> the `Source` that the pipeline takes."""

from __future__ import annotations

import json
from datetime import date
from hashlib import sha256
from pathlib import PurePath
from typing import Any

import orjson

from rolecall.core import Notice, Source
from rolecall.errors import SourceError
from rolecall.inputs.files import read_bounded, too_large
from rolecall.inputs.nouns import Input

MEDIA_TYPES = {
    ".html": "text/html",
    ".htm": "text/html",
    ".xhtml": "application/xhtml+xml",
    ".txt": "text/plain",
    ".text": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
}
Notices = tuple[Notice, ...]


def load(entry: Input, *, limit: int, captured: date | None = None) -> tuple[Source, Notices]:
    """The input as a `Source`, and what was odd about reading it.

    ``limit`` bounds the page in bytes; ``captured`` holds unless the input has a day of its own.
    """
    if entry.fault is not None:
        code, message = entry.fault
        raise SourceError(message, code=code)
    captured = entry.captured or captured
    if entry.json:
        return _from_line(entry, limit, captured)
    if entry.path is None:
        body = entry.line or b""
        if len(body) > limit:
            raise too_large(limit)
        source = Source(
            body=body,
            locator=entry.locator,
            url=entry.url,
            media_type=entry.media_type,
            charset=entry.charset,
            captured=captured,
        )
        return source, ()
    body = read_bounded(entry.path, limit)
    name = PurePath(entry.path.lower())
    suffix = name.with_suffix("").suffix if name.suffix == ".gz" else name.suffix
    source = Source(
        body=body,
        locator=entry.locator,
        url=entry.url,
        media_type=entry.media_type or MEDIA_TYPES.get(suffix),
        captured=captured,
    )
    return source, ()


def identity(entry: Input, *, limit: int) -> str:
    """The ``id`` of the source that ``load`` would give, at less cost; raises as that does."""
    if entry.path is not None and entry.fault is None and not entry.json:
        return sha256(read_bounded(entry.path, limit)).hexdigest()
    return load(entry, limit=limit)[0].id


def _from_line(entry: Input, limit: int, captured: date | None) -> tuple[Source, Notices]:
    """A line of JSON with ``html`` or ``text``, and maybe ``url``, ``charset``, ``captured``."""
    told = _object(entry.line or b"")
    html, text = told.get("html"), told.get("text")
    content = html if isinstance(html, str) and (html or not text) else text
    if not isinstance(content, str):
        raise SourceError('the object has no "html" and no "text" that is a string')
    body = content.encode("utf-8", "surrogatepass")
    if len(body) > limit:
        raise too_large(limit)
    url = told.get("url")
    notices: Notices = ()
    if told.get("captured") is not None:
        try:
            captured = date.fromisoformat(str(told["captured"])[:10])
        except ValueError:
            message = f"captured is not a date: {str(told['captured'])[:40]!r}"
            notices = (Notice(code="bad_captured", message=message),)
    source = Source(
        body=body,
        locator=entry.locator,
        url=url if isinstance(url, str) and url else None,
        media_type="text/html" if content is html else "text/plain",
        charset="utf-8",
        captured=captured,
    )
    return source, notices


def _object(line: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError as strict:
        try:  # lone surrogates in escapes: scrapers write them, and only the page can judge them
            told = json.loads(line)
        except (ValueError, RecursionError):
            raise SourceError(f"the line is not JSON: {strict}", code="decode_error") from strict
    if not isinstance(told, dict):
        raise SourceError("the line is JSON, but not an object", code="decode_error")
    return told
