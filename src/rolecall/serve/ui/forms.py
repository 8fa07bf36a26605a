"""Forms as browsers send them, read within bounds."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from rolecall.errors import UsageError
from rolecall.serve.ui.nouns import Form

MOST_FIELDS: Final = 1_000
_BOUNDARY: Final = re.compile(r'boundary="?([^";,]{1,70})"?', re.IGNORECASE)
_NAME: Final = re.compile(rb'[; ]name="((?:[^"\\]|\\.)*)"')
_FILE: Final = re.compile(rb'[; ]filename="((?:[^"\\]|\\.)*)"')


async def read_form(request: Request, most: int) -> Form:
    """The form that a request carries; raises `UsageError` for one of more than ``most`` bytes, and
    for what is no form."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            raise UsageError(f"more than {most:,} bytes were sent", hint="send a smaller page")
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        found = _BOUNDARY.search(kind)
        if found is None:
            raise UsageError("a form without a boundary cannot be read")
        return parts_of(bytes(body), found[1].encode("latin-1", "replace"))
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError as error:
        raise UsageError(f"a form that cannot be read: {error}") from error
    return Form(tuple(pairs))


def parts_of(body: bytes, boundary: bytes) -> Form:
    """The fields and files of a ``multipart/form-data`` body (RFC 7578)."""
    fields: list[tuple[str, str]] = []
    files: list[tuple[str, str, bytes]] = []
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary, MOST_FIELDS)
    if len(pieces) > MOST_FIELDS:
        raise UsageError(f"a form of more than {MOST_FIELDS:,} fields")
    for piece in pieces[1:]:
        head, parted, content = piece.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not parted or name is None:
            continue
        told = _text(name[1])
        file = _FILE.search(head)
        if file is None:
            fields.append((told, content.decode("utf-8", "replace")))
        else:
            files.append((told, _text(file[1]), content))
    return Form(tuple(fields), tuple(files))


def _text(raw: bytes) -> str:
    """A name; browsers write quotation marks and line ends in it as ``%22``, ``%0D``, ``%0A``."""
    text = raw.decode("utf-8", "replace")
    return text.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n")
