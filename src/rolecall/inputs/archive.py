"""WARC archives: responses and resources that are pages, as inputs.

Records are counted from 1, all of them, so that ``crawl.warc.gz:7`` means the same record whatever
is left out. Nothing is held but one record, and of that no more than a page may have. The format
is that of ISO 28500 (WARC 1.0 and 1.1); what is no WARC is never skipped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from rolecall.inputs.http import Message, Unreadable, media_of, page_type, parse
from rolecall.inputs.nouns import Input, Left, failed
from rolecall.inputs.unpacked import DAMAGE, says

START = re.compile(rb"WARC/(?:0\.|1\.)\d+")
LONGEST_LINE = 64 << 10
MOST_FIELDS = 1000
MOST_BLANKS = 1 << 16
OTHERS = {
    "revisit": "revisits, whose page is another record",
    "request": "requests",
    "conversion": "conversions",
    "continuation": "continuations of records",
}
WARC = b"WARC/"


class _BrokenError(Exception):
    """The archive is not what it should be; the text says how."""


class _Bytes:
    """A stream of bytes, read in lines and lengths."""

    def __init__(self, stream: Iterator[bytes | None]) -> None:
        self._stream = stream
        self._block = b""
        self._place = 0

    def _more(self) -> bool:
        """Have a byte to read; false at the end."""
        while self._place >= len(self._block):
            try:
                block = next(self._stream)
            except StopIteration:
                return False
            self._block, self._place = block or b"", 0
        return True

    def line(self) -> bytes:
        """The next line with its end; without, at the end of the stream."""
        found: list[bytes] = []
        size = 0
        while self._more():
            end = self._block.find(b"\n", self._place) + 1
            part = self._block[self._place : end or len(self._block)]
            self._place += len(part)
            size += len(part)
            if size > LONGEST_LINE:
                raise _BrokenError("a line of a record's head is too long")
            found.append(part)
            if end:
                break
        return b"".join(found)

    def take(self, size: int, keep: int) -> bytes:
        """Move on by ``size`` bytes and return the first ``keep`` of them."""
        found: list[bytes] = []
        while size > 0:
            if not self._more():
                raise _BrokenError("the archive ends inside a record")
            part = self._block[self._place : self._place + size]
            self._place += len(part)
            size -= len(part)
            if keep > 0:
                found.append(part[:keep])
                keep -= len(part)
        return b"".join(found)


class _Record:
    """One record: its fields with their names in lower case, and the start of its content."""

    def __init__(self, fields: dict[bytes, bytes], size: int) -> None:
        self._fields, self.size = fields, size
        self.content = b""

    def field(self, name: str) -> str:
        """A field's value; empty where there is none."""
        return self._fields.get(name.encode(), b"").decode("utf-8", "replace")


def archive(
    stream: Iterator[bytes | None], locator: str, limit: int, left: Left
) -> Iterator[Input]:
    """The pages of an archive, given unpacked; one input that failed where reading stopped.

    What is left out is counted in ``left``.
    """
    number = 0
    source = _Bytes(stream)
    try:
        while (record := _head(source)) is not None:
            room = limit + LONGEST_LINE * 4  # the page as it was sent, behind its head
            wanted = _wanted(record)
            if wanted:
                left.leave(wanted)
            record.content = source.take(record.size, 0 if wanted else room)
            number += 1
            if not wanted:
                entry = _page(record, f"{locator}:{number}", limit)
                if isinstance(entry, Input):
                    yield entry
                else:
                    left.leave(entry)
        if not number:
            yield failed(locator, "decode_error", "holds no WARC record")
    except (*DAMAGE, _BrokenError) as error:
        message = f"reading stopped before record {number + 1}: {says(error)}"
        yield failed(f"{locator}:{number + 1}", "decode_error", message)


def _head(source: _Bytes) -> _Record | None:
    """The head of the next record; ``None`` at the end of the archive."""
    for _ in range(MOST_BLANKS):
        line = source.line()
        if not line:
            return None
        if line.strip():
            break
    if not START.match(line):
        raise _BrokenError(f"this is no record: {line[:40]!r}")
    fields = _fields(source)
    told = fields.get(b"content-length", b"")
    if not told.isdigit() or len(told) > 18:
        raise _BrokenError(f"a record's length is {told[:40]!r}")
    return _Record(fields, int(told))


def _fields(source: _Bytes) -> dict[bytes, bytes]:
    """Fields up to the blank line; of several with one name the first counts."""
    fields: dict[bytes, bytes] = {}
    last = b""
    for _ in range(MOST_FIELDS):
        line = source.line()
        if not line.endswith(b"\n"):
            raise _BrokenError("the archive ends inside a record's head")
        if not line.strip():
            return fields
        if line[:1] in b" \t" and last:
            fields[last] = b"%s %s" % (fields[last][:LONGEST_LINE], line.strip())
            continue
        name, mark, value = line.partition(b":")
        if mark:
            last = name.strip().lower()
            fields.setdefault(last, value.strip())
    raise _BrokenError("a record's head has too many fields")


def _wanted(record: _Record) -> str:
    """Empty for a record that may be a page, else what it is called among those left out."""
    kind = record.field("warc-type").lower()
    if kind == "resource":
        return (
            "" if page_type(media_of(record.field("content-type"))) else "resources of other types"
        )
    if kind != "response":
        return OTHERS.get(kind, "records about the crawl")
    media = media_of(record.field("content-type"))
    is_http = (
        media == "application/http"
        or record.field("warc-target-uri").lstrip("<")[:4].lower() == "http"
    )
    return "" if is_http else "responses of other protocols"


def _page(record: _Record, locator: str, limit: int) -> Input | str:
    """A record as an input, or what it is called among those left out."""
    if record.field("warc-type").lower() == "resource":
        message = Message(None, record.field("content-type"), "", "", record.content)
    else:
        told = parse(record.content)
        if told is None:
            return _of(record, locator, None, "the HTTP response cannot be read")
        message = told
        if message.status != 200:
            return "responses with another status than 200"
        if not page_type(media_of(message.content_type)):
            return "responses of other types"
    try:
        body = message.body(limit)
    except Unreadable as error:
        return _of(record, locator, None, str(error))
    if len(body) > limit or (record.size > limit and len(record.content) < record.size):
        text = f"holds more than {limit:,} bytes, the limit for one page"
        return failed(locator, "too_large", text)
    return _of(record, locator, message, "", body)


def _of(
    record: _Record, locator: str, message: Message | None, fault: str, body: bytes = b""
) -> Input:
    notice = None
    if reason := record.field("warc-truncated"):
        notice = ("warc_truncated", f"the crawler cut the page: {reason[:40]}")
    elif record.field("warc-segment-number"):
        notice = ("warc_truncated", "the archive holds the page in segments; this is the first")
    return Input(
        0,
        locator,
        line=body,
        fault=("decode_error", fault) if fault else None,
        url=record.field("warc-target-uri").strip("<> ") or None,
        media_type=media_of(message.content_type) or None if message else None,
        charset=message.charset if message else None,
        captured=_day(record.field("warc-date")),
        notice=notice,
    )


def _day(told: str) -> date | None:
    try:
        return date.fromisoformat(told[:10])
    except ValueError:
        return None
