"""A posting that is looked at: its record, its page cleaned again, its rows with their labels."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from msgspec import Struct, structs

from rolecall.core import Page, Source
from rolecall.errors import Error
from rolecall.evaluate.label.rows import Item, Row, fault_of, filled, pointers_of, rows_for, told
from rolecall.evaluate.label.text import PageText
from rolecall.page import clean
from rolecall.page.limits import DEFAULT
from rolecall.queue.nouns import Task
from rolecall.schema.schema import Schema
from rolecall.serve.labels import Finished, Said
from rolecall.serve.ui.highlight import LONGEST_TEXT, Piece, Quote, pieces
from rolecall.serve.ui.nouns import MissingError, Ui, Visitor
from rolecall.serve.ui.shown import plain

KEPT_PAGES: Final = 16
MOST_ITEMS: Final = 300
"""Items of one row that are shown."""


class Value(Struct, frozen=True, kw_only=True):
    """One value as it is shown. ``name`` is that of its element; ``there`` says that its words are
    in the text that is shown."""

    name: str
    item: Item
    text: str
    there: bool
    origin: str = ""
    match: str = ""
    confidence: float | None = None
    pointer: str = ""


class Line(Struct, frozen=True, kw_only=True):
    """A row as it is shown: the values that count now, those of the extraction, what was said."""

    row: Row
    values: tuple[Value, ...]
    more: int
    said: Said | None
    problems: tuple[Mapping[str, Any], ...] = ()

    @property
    def state(self) -> str:
        """What people have said: ``corrected``, ``confirmed``, ``none``, or nothing."""
        if self.said is None:
            return ""
        if self.said.answer.how == "none":
            return "none" if self.said.changed else "confirmed"
        return "corrected" if self.said.changed else "confirmed"


class Opened(Struct, frozen=True, kw_only=True):
    """All that is known of a posting. ``note`` says why its text or its places are not there."""

    task: Task
    record: Mapping[str, Any]
    schema: Schema | None
    source: Source | None
    page: Page | None
    text: str
    rows: tuple[Row, ...]
    said: Mapping[str, Said]
    finished: Finished | None
    note: str = ""

    @property
    def read(self) -> PageText:
        """The text for looking words up."""
        links = self.page.links if self.page is not None else ()
        led = tuple((one.span.start, one.span.end, one.href) for one in links)
        return PageText(self.text, self.page.language if self.page is not None else None, led)

    @property
    def fault(self) -> Callable[[Row, Any], str]:
        """What says why a value cannot stand in a row."""
        return fault_of(self.schema)

    def row(self, name: str) -> Row:
        """A row by its name; raises `MissingError`."""
        for row in self.rows:
            if row.name == name:
                return row
        raise MissingError(f"there is no row {name!a}")

    def lines(self) -> list[Line]:
        """The rows as they are shown."""
        return lines_of(self.rows, self.record, self.said, self.text)

    def pieces(self, lines: list[Line]) -> list[Piece]:
        """The text that is shown, cut where values stand."""
        return shown_pieces(self.text, self.page, lines)


def open_posting(ui: Ui, visitor: Visitor, number: int) -> Opened:
    """The posting of a task; raises `MissingError` where there is none that this visitor sees."""
    task = ui.queue.view.task(number)
    if task is None or (visitor.sees is not None and task.submitter != visitor.sees):
        raise MissingError(f"there is no posting t{number}", hint="it may have been purged")
    record = ui.queue.view.record(number)
    if record is None:
        raise MissingError(
            f"t{number} has no record yet: it is {task.state}", hint="see the page Queue"
        )
    source = source_of(ui, task) if record.get("text_sha256") else None
    try:
        schema = ui.schema(task.schema)
    except Error:
        schema = None
    page = _cleaned(source)
    text, placed, note = _text(page, record)
    return Opened(
        task=task,
        record=placed,
        schema=schema,
        source=source,
        page=page,
        text=text,
        rows=filled(rows_for(schema), placed, text),
        said=ui.labels.said(number),
        finished=ui.labels.finished(number),
        note=note,
    )


def source_of(ui: Ui, task: Task) -> Source | None:
    """The page of a task as it was handed in; ``None`` where it is not kept any more."""
    body = ui.queue.view.body(task.id)
    if body is None:
        return None
    rows = ui.queue.store.rows(
        "SELECT media_type, charset, captured FROM queue_task WHERE id = :id", {"id": task.id}
    )
    media_type, charset, captured = rows[0] if rows else (None, None, None)
    return Source(
        body=body,
        locator=task.source,
        url=task.url,
        media_type=media_type,
        charset=charset,
        captured=_day(captured),
    )


def lines_of(
    rows: tuple[Row, ...], record: Mapping[str, Any], said: Mapping[str, Said], text: str
) -> list[Line]:
    """Rows as they are shown; each value gets a name of its own."""
    evidence = record.get("evidence") or {}
    out = []
    for place, row in enumerate(rows):
        one = said.get(row.name)
        items = row.items if one is None else one.answer.items
        values = tuple(
            _value(f"v{place}-{number}", row, item, number, evidence, text)
            for number, item in enumerate(items[:MOST_ITEMS])
        )
        problems = tuple(_problems(row, record))
        more = max(0, len(items) - MOST_ITEMS)
        out.append(Line(row=row, values=values, more=more, said=one, problems=problems))
    return out


def shown_pieces(text: str, page: Page | None, lines: list[Line]) -> list[Piece]:
    """The text that is shown, cut where values stand."""
    quotes = [
        Quote(value.item.start, value.item.end, value.name)
        for line in lines
        for value in line.values
        if value.there
    ]
    return list(pieces(text[:LONGEST_TEXT], quotes, page.blocks if page is not None else ()))


def _value(
    name: str, row: Row, item: Item, number: int, evidence: Mapping[str, Any], text: str
) -> Value:
    shown = item.place is not None and item.end <= min(len(text), LONGEST_TEXT)
    found = next(
        (one for key in pointers_of(row, item, number) if (one := evidence.get(key)) is not None),
        None,
    )
    own = found is not None and item in row.items
    return Value(
        name=name,
        item=item,
        text=_told(row, item.value),
        there=shown,
        origin=str(found.get("origin", "")) if found and own else "",
        match=str(found.get("match", "")) if found and own else "",
        confidence=found.get("confidence") if found and own else None,
        pointer=str(found.get("pointer") or "") if found and own else "",
    )


def _told(row: Row, value: Any) -> str:
    try:
        return told(row, value)
    except (KeyError, ValueError, TypeError, AttributeError):
        return plain(value)


def _problems(row: Row, record: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    own = {"/" + "/".join(path) for path in row.fields}
    for one in record.get("problems") or ():
        pointer = str(one.get("pointer") or "")
        if any(pointer == name or pointer.startswith(f"{name}/") for name in own):
            yield one


def _text(page: Page | None, record: Mapping[str, Any]) -> tuple[str, Mapping[str, Any], str]:
    """The text, the record with places that hold in it, and what is to be said of them."""
    kept = record.get("text")
    text = page.text if page is not None else kept if isinstance(kept, str) else ""
    if not text:
        if record.get("text_sha256"):
            return "", _placeless(record), "The page itself is not kept any more."
        return "", record, ""
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
    if record.get("text_sha256") not in (None, digest):
        note = "The record was made by another version: its quotes were looked up again."
        return text, _placeless(record), note
    return text, record, ""


def _placeless(record: Mapping[str, Any]) -> Mapping[str, Any]:
    evidence = record.get("evidence") or {}
    bare = {key: {**one, "start": None, "end": None} for key, one in evidence.items()}
    return {**record, "evidence": bare}


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None


_pages: OrderedDict[tuple[str, str | None, str | None, str | None], Page] = OrderedDict()
_lock = threading.Lock()


def _cleaned(source: Source | None) -> Page | None:
    """The page of a source; the last few are held, for somebody is labelling one of them."""
    if source is None:
        return None
    key = (source.id, source.url, source.media_type, source.charset)
    with _lock:
        if key in _pages:
            _pages.move_to_end(key)
            return _pages[key]
    try:
        page = clean(source, structs.replace(DEFAULT, bytes_=max(DEFAULT.bytes_, len(source.body))))
    except (Error, MemoryError):
        return None
    with _lock:
        _pages[key] = page
        while len(_pages) > KEPT_PAGES:
            _pages.popitem(last=False)
    return page
