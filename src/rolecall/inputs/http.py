"""An HTTP response as an archive holds it -> the page that was sent.

The codings of its transfer and of its content are undone, as far as they are still there: some
crawlers undo them and keep the fields that name them.
"""

from __future__ import annotations

import re
import zlib
from io import BytesIO

from msgspec import Struct

from rolecall.errors import SourceError
from rolecall.inputs.unpacked import GZIP, ZSTD, unpack_zstd

STATUS = re.compile(rb"HTTP/\d(?:\.\d)?\s+(\d{3})(?:\s|$)")
CHARSET = re.compile(r"""charset\s*=\s*["']?\s*([\w:.-]{2,40})""", re.IGNORECASE)
SIZE = re.compile(rb"\s*([0-9a-fA-F]{1,15})[^\n]{0,1000}?\n")
HEAD = 256 << 10  # bytes that the head of a response may take
PAGES = ("text/html", "application/xhtml+xml", "text/plain", "text/markdown")
MOST_CODINGS = 4
MOST_MEMBERS = 64  # of gzip in one body: each costs a copy of all that comes after it


class Unreadable(Exception):  # noqa: N818 - a state of the bytes, told in words
    """The body cannot be decoded; the text says why."""


class Message(Struct, frozen=True):
    """A response: ``status`` is ``None`` for what came without HTTP."""

    status: int | None
    content_type: str
    transfer: str
    coding: str
    raw: bytes

    @property
    def charset(self) -> str | None:
        """The charset that the response declares."""
        found = CHARSET.search(self.content_type)
        return found.group(1).lower() if found else None

    def body(self, limit: int) -> bytes:
        """The page that was sent: no more than ``limit`` + 1 bytes of it.

        Raises `Unreadable`.
        """
        body = self.raw
        if "chunked" in self.transfer.lower():
            body = _unchunked(body)
        codings = [one.strip().lower() for one in self.coding.split(",")]
        codings = [one for one in codings if one not in ("", "identity", "none", "utf-8")]
        if len(codings) > MOST_CODINGS:
            raise Unreadable("the content is coded too many times")
        for coding in reversed(codings):
            body = _decoded(body, coding, limit)
        return body


def parse(content: bytes) -> Message | None:
    """The response in a record; ``None`` if it is none."""
    found = STATUS.match(content)
    if found is None:
        return None
    head, mark, raw = _split(content)
    if not mark:
        return None
    fields: dict[str, str] = {}
    last = ""
    for line in head.decode("latin-1").splitlines()[1:]:
        if line[:1] in (" ", "\t") and last:
            fields[last] += " " + line.strip()
            continue
        name, _, value = line.partition(":")
        last = name.strip().lower()
        fields[last] = f"{fields[last]}, {value.strip()}" if last in fields else value.strip()
    return Message(
        int(found.group(1)),
        fields.get("content-type", ""),
        fields.get("transfer-encoding", ""),
        fields.get("content-encoding", ""),
        raw,
    )


def _split(content: bytes) -> tuple[bytes, bytes, bytes]:
    """Head and body, parted at the first blank line, with CR LF or LF."""
    near = content[:HEAD]
    places = [(near.find(mark), mark) for mark in (b"\r\n\r\n", b"\n\n", b"\n\r\n")]
    places = [(place, mark) for place, mark in places if place >= 0]
    if not places:
        return near, b"", b""
    place, mark = min(places)
    return near[:place], mark, content[place + len(mark) :]


def media_of(content_type: str) -> str:
    """``text/html`` of ``Text/HTML; charset=utf-8``."""
    return content_type.partition(";")[0].partition(",")[0].strip().lower()


def page_type(media: str) -> bool:
    """Whether what has this media type may be a page; what has none may be."""
    return not media or media in PAGES


def _unchunked(body: bytes) -> bytes:
    """The chunks of a body joined; the body itself if it is in none any more."""
    parts: list[bytes] = []
    place = 0
    while place < len(body):
        found = SIZE.match(body, place)
        if found is None:
            if not parts:
                return body
            break  # what came is kept; the page says itself whether its end is missing
        size = int(found.group(1), 16)
        if size == 0:
            break
        parts.append(body[found.end() : found.end() + size])
        place = found.end() + size
        place += 2 if body[place : place + 2] == b"\r\n" else body[place : place + 1] == b"\n"
    return b"".join(parts)


def _decoded(body: bytes, coding: str, limit: int) -> bytes:
    if coding in ("gzip", "x-gzip"):
        return _inflated(body, limit, 31) if body[:2] == GZIP else body
    if coding == "deflate":
        raw = not body or body[0] & 15 != 8 or int.from_bytes(body[:2], "big") % 31
        if raw and body[:1] in (b"<", b"\n", b"\xef"):
            return body  # undone already
        return _inflated(body, limit, -15 if raw else 15)
    if coding == "zstd":
        if body[:4] != ZSTD:
            return body
        try:
            found, trouble = unpack_zstd(body, limit)
        except SourceError as error:
            raise Unreadable(str(error)) from error
        if trouble and not found:
            raise Unreadable(f"the content is broken: {trouble}")
        return found
    if coding == "br":
        return _brotli(body, limit)
    raise Unreadable(f"the content is coded as {coding[:20]!r}, which is not known")


def _inflated(body: bytes, limit: int, wbits: int) -> bytes:
    """What can be read of it, as browsers show it; nothing at all is an error."""
    parts: list[bytes] = []
    room = limit + 1
    while body and room > 0 and (wbits != 31 or body[:2] == GZIP):
        if len(parts) == MOST_MEMBERS:
            raise Unreadable(f"the content is in more than {MOST_MEMBERS} parts")
        engine = zlib.decompressobj(wbits=wbits)
        try:
            parts.append(engine.decompress(body, room))
        except zlib.error as error:
            if not any(parts):
                raise Unreadable(f"the content is broken: {error}") from error
            break
        room -= len(parts[-1])
        body = engine.unused_data if engine.eof else b""
    return b"".join(parts)


def _brotli(body: bytes, limit: int) -> bytes:
    try:
        from fastwarc.stream_io import BrotliReader
    except ImportError as error:
        raise Unreadable("Brotli needs a package: pip install 'rolecall[batch]'") from error
    parts: list[bytes] = []
    size = 0
    try:
        reader = BrotliReader(BytesIO(body))
        while size <= limit and (part := reader.read(min(1 << 16, limit + 1 - size))):
            parts.append(part)
            size += len(part)
    except (OSError, ValueError) as error:
        if not parts and body.lstrip()[:1] == b"<":
            return body  # undone already
        if not parts:
            raise Unreadable(f"the content is broken: {error}") from error
    return b"".join(parts)
