"""A row of a table -> an input. Tables hold a page in a column of text or of bytes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from msgspec import Struct

from rolecall.errors import SourceError
from rolecall.inputs.columns import Columns
from rolecall.inputs.nouns import Input, failed

SHOWN = 20  # columns that an error lists


class Cells(Struct, frozen=True):
    """What a row holds; ``html`` and ``text`` as bytes, ``coded`` if they were text (UTF-8)."""

    html: bytes | None
    text: bytes | None
    coded: bool
    url: Any = None
    charset: Any = None
    captured: Any = None


def row(cells: Cells, locator: str, limit: int, columns: Columns) -> Input:
    """The input that a row holds, or what is wrong with it."""
    html = cells.html if cells.html is not None and (cells.html or not cells.text) else None
    body = html if html is not None else cells.text
    if body is None:
        named = f'no "{columns.html}" and no "{columns.text}"'
        return failed(locator, "unreadable", f"the row has {named}")
    if len(body) > limit:
        text = f"holds more than {limit:,} bytes, the limit for one page"
        return failed(locator, "too_large", text)
    captured, notice = day(cells.captured, columns.captured)
    return Input(
        0,
        locator,
        line=body,
        url=_word(cells.url),
        media_type="text/html" if html is not None else "text/plain",
        charset="utf-8" if cells.coded else _word(cells.charset),
        captured=captured,
        notice=notice,
    )


def day(told: Any, name: str) -> tuple[date | None, tuple[str, str] | None]:
    """The day that a cell tells, or the notice that it tells none."""
    if told is None:
        return None, None
    if isinstance(told, datetime):
        return told.date(), None
    if isinstance(told, date):
        return told, None
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else str(told)
    try:
        return date.fromisoformat(text[:10]), None
    except ValueError:
        return None, ("bad_captured", f"{name} is not a date: {text[:40]!r}")


def _word(told: Any) -> str | None:
    if isinstance(told, bytes):
        told = told.decode("utf-8", "replace")
    return told if isinstance(told, str) and told else None


def no_page(columns: Columns, there: list[str], what: str) -> SourceError:
    """The error for a table without a column that holds pages."""
    named = ", ".join(there[:SHOWN]) + (", …" if len(there) > SHOWN else "")
    return SourceError(
        f"{what} has no column {columns.html!r} or {columns.text!r}; it has: {named or 'none'}"
        " (say which with --columns html=NAME)",
    )
