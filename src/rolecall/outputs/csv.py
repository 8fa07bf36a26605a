"""CSV as RFC 4180 has it, for spreadsheets: one row a record, formulas disarmed.

A row ends with CR LF, which stands nowhere within a cell (line ends there are LF), so whole rows
are told from a torn one. What a ledger needs stands at both ends of a row.
"""

from __future__ import annotations

import csv
import re
from io import StringIO
from typing import Any, Final

import orjson

from rolecall.outputs.nouns import Head, Wanted
from rolecall.schema.posting import FIELDS

BOM: Final = b"\xef\xbb\xbf"
"""Begins the file: without it Excel takes UTF-8 for an old Windows charset."""

JOINT: Final = " | "
"""What stands between the items of a list."""

HEAD: Final = ("seq", "source", "source_id", "url", "outcome", "reason_code", "reason_message")
SURE: Final = ("least_sure", "least_confidence")
TAIL: Final = ("retryable", "config")

# OWASP's list: a spreadsheet takes a cell that begins so for a formula. Excel skips white space
# before it, and some programs take the full-width forms for the same.
_FORMULA: Final = re.compile(r"['\s\ufeff\u200b]*[=+\-@\t\r\n＝＋－＠]")

# Where lists are separated by semicolons, a spreadsheet parts a file at those, and at line ends
# within quotation marks, which do not begin a cell then: so a formula may begin there too.
_BEFORE: Final = r"[;\"'\s\ufeff\u200b]"
_INNER: Final = re.compile(rf"(?<!{_BEFORE}){_BEFORE}++(?=[=+\-@＝＋－＠])")
_PARTS: Final = re.compile(r"[;\t\n]")

_CELL: Final = rb'(?:"(?:[^"]|"")*+"|[^",\r\n]*+)'
_START: Final = re.compile(
    rb"(\d{1,18}),(" + _CELL + rb"),([0-9a-f]{64})?," + _CELL + rb",([a-z_]+),"
)
_END: Final = re.compile(rb",(true|false)?,([0-9a-z]+)\r\n\Z")
_TAIL_BYTES: Final = 200


class Csv:
    """The rows of a CSV file: the columns of the default posting, or ``fields`` of a schema."""

    called = "row"
    end = b"\r\n"

    def __init__(self, wanted: Wanted) -> None:
        self._fields = wanted.fields
        self._with_text = wanted.with_text
        self.columns = columns(wanted)
        self.top = BOM + _row(self.columns)

    def spelled(self, source: str) -> str:
        """A CR within a cell would end the row."""
        return source.replace("\r", "\\x0d")

    def row(self, line: bytes) -> bytes:
        """A record's cells."""
        record = orjson.loads(line)
        reason = record["reason"] or {}
        data = record["data"] or {}
        if self._fields is None:
            values = [_value(name, data.get(name)) for name in FIELDS]
        else:
            values = [_plain(data.get(name)) for name in self._fields]
        sure = _least_sure(record["evidence"])
        text = [record.get("text")] if self._with_text else []
        cells = (
            record["seq"],
            self.spelled(record["source"]),
            *(record[name] for name in HEAD[2:5]),
            reason.get("code"),
            reason.get("message"),
            *values,
            *sure,
            *text,
            reason.get("retryable"),
            record["config"],
        )
        return _row(map(_cell, cells))

    def head(self, row: bytes) -> Head | None:
        """The head of the record in a row."""
        start, end = _START.match(row), _END.search(row, max(0, len(row) - _TAIL_BYTES))
        if start is None or end is None or row.count(b'"') % 2 or not _is_text(row):
            return None
        seq, source, source_id, outcome = start.groups()
        return Head(
            int(seq),
            unarmed(_content(source)),
            source_id.decode() if source_id else None,
            outcome == b"failed",
            end[1] == b"true",
            end[2].decode(),
            self._with_text,
        )

    def torn(self, rest: bytes) -> bool:
        """Whether ``rest`` begins as rows do."""
        return re.match(rb"\d{1,18}(,|\Z)|\r\Z", rest) is not None

    def numbered(self, row: bytes, seq: int) -> bytes:
        """The row with its ``seq`` set to what it is in this run."""
        return b"%d%b" % (seq, row[row.index(b",") :])


def columns(wanted: Wanted) -> list[str]:
    """The names of the columns, as the first row has them."""
    fields = FIELDS if wanted.fields is None else wanted.fields
    text = ("text",) if wanted.with_text else ()
    own = {*HEAD, *SURE, *text, *TAIL}
    named = [f"data.{name}" if name in own else name for name in fields]
    return [*HEAD, *map(disarmed, named), *SURE, *text, *TAIL]


def disarmed(text: str) -> str:
    """``text`` with an apostrophe before each part that a spreadsheet might take for a formula."""
    text = _INNER.sub(_armed, text)
    return f"'{text}" if _FORMULA.match(text) else text


def unarmed(cell: str) -> str:
    """The text that ``disarmed`` was given."""
    text = cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
    return _INNER.sub(_bare, text)


def _armed(found: re.Match[str]) -> str:
    run = found.group()
    return f"{run}'" if _PARTS.search(run) else run


def _bare(found: re.Match[str]) -> str:
    run = found.group()
    return run[:-1] if run.endswith("'") and _PARTS.search(run) else run


def _row(cells: Any) -> bytes:
    out = StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> str | int | float:
    """A cell: numbers as they are, lists joined, line ends as LF, formulas disarmed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return value
    if isinstance(value, list):
        value = JOINT.join(one if isinstance(one, str) else _json(one) for one in value)
    text = str(value).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    return disarmed(text)


def _content(cell: bytes) -> str:
    """What a cell holds."""
    text = cell.decode("utf-8", "replace")
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def _value(name: str, value: Any) -> Any:
    """A value of the default posting; places as the page words them."""
    if name == "locations" and isinstance(value, list):
        return [place["text"] for place in value]
    return value


def _plain(value: Any) -> Any:
    """A value of a user's schema: lists of scalars are joined, what is nested stays JSON."""
    nested = isinstance(value, list) and any(isinstance(one, dict | list) for one in value)
    return _json(value) if nested or isinstance(value, dict) else value


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _least_sure(evidence: dict[str, Any]) -> tuple[str | None, float | None]:
    """The value that is least sure, as its JSON pointer, and how sure it is."""
    known = [
        (one["confidence"], pointer)
        for pointer, one in evidence.items()
        if one.get("confidence") is not None
    ]
    if not known:
        return None, None
    confidence, pointer = min(known)
    return pointer, confidence


def _is_text(row: bytes) -> bool:
    """Whether a row is UTF-8 without NUL, which what a crash or a bad disk leaves is not."""
    try:
        return b"\0" not in row and (row.isascii() or bool(row.decode()))
    except UnicodeDecodeError:
        return False
