"""What a form says about a row, as an answer: the rules are those of `rolecall eval label`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import orjson

from rolecall.errors import UsageError
from rolecall.evaluate.label.rows import MANY, Answer, Item, Row
from rolecall.evaluate.label.text import PageText, Place
from rolecall.evaluate.label.values import ASKED, evidence_for, reading_at, readings
from rolecall.normalise.numbers import read_number
from rolecall.serve.ui.nouns import Form
from rolecall.serve.ui.opened import Opened
from rolecall.serve.ui.shown import legible

MOST_ITEMS: Final = 500


def answer_of(opened: Opened, row: Row, form: Form) -> Answer:
    """The answer that a form gives about a row.

    ``op`` says how: ``right`` (the extraction is), ``none`` (the page says none), ``clear`` (take
    back what was said), ``read`` (the value of the chosen words), ``save`` (what was typed).

    Raises:
        UsageError: what was typed or chosen cannot be a value of the row.
    """
    op = form.get("op")
    if op == "right":
        return Answer("taken", row.items) if row.items else Answer("none")
    if op == "none":
        return Answer("none")
    if op == "clear":
        return Answer("skipped")
    if op not in ("read", "save"):
        raise UsageError("this form asks for nothing that is known here")
    page = opened.read
    place = _place(form, page)
    items = _read(row, place, page, opened) if op == "read" else _typed(opened, row, form, place)
    items = items[:MOST_ITEMS]
    for item in items:
        if not _storable(item.value):
            raise UsageError("what was typed cannot be kept: it is no text, or nested too deep")
        if fault := opened.fault(row, item.value):
            raise UsageError(f"{legible(str(item.value))[:200]!r} cannot stand here: {fault}")
    return Answer("taken", tuple(items)) if items else Answer("none")


def _storable(value: Any) -> bool:
    """Whether a value can be written down: JSON may hold halves of characters, or no end."""
    try:
        orjson.dumps(value)
    except (TypeError, RecursionError):
        return False
    return True


def changes(row: Row, answer: Answer) -> bool:
    """Whether an answer says something else than the extraction."""
    if answer.how == "skipped":
        return False
    given = [item.value for item in answer.items] if answer.how == "taken" else []
    return given != [item.value for item in row.items]


def _place(form: Form, page: PageText) -> Place | None:
    """The words of the page that were chosen, or typed and found."""
    start, end = form.get("start"), form.get("end")
    if start.isdecimal() and end.isdecimal() and len(start) < 10 and len(end) < 10:
        place = _trimmed(page.text, int(start), min(int(end), len(page.text)))
        if place is not None:
            return place
    words = form.get("words").strip()
    if not words:
        return None
    found = page.find(words[:1_000])
    if not found:
        raise UsageError(f"the page does not say {legible(words[:80])!r}")
    return found[0]


def _trimmed(text: str, start: int, end: int) -> Place | None:
    quote = text[start:end]
    start += len(quote) - len(quote.lstrip())
    end -= len(quote) - len(quote.rstrip())
    return (start, end) if start < end else None


def _read(row: Row, place: Place | None, page: PageText, opened: Opened) -> list[Item]:
    """The value that chosen words say; of a list, one item more."""
    if place is None:
        raise UsageError("choose words of the page first")
    if row.kind == "passage":
        low, high = page.lines[page.line_of(place[0])][0], page.lines[page.line_of(place[1] - 1)][1]
        return [_quoted(page, page.text[low:high], (low, high))]
    if row.kind == "lines":
        found = [
            _quoted(page, page.text[inner[0] : inner[1]], inner)
            for low, high in page.lines
            if low < place[1] and high > place[0]
            if (inner := _trimmed(page.text, max(low, place[0]), min(high, place[1]))) is not None
        ]
        return _added(opened, row, found)
    if row.options:
        raise UsageError("choose one of the values", hint="words alone do not say which one")
    values = [one for one in reading_at(row, page, place) if not opened.fault(row, one)]
    if not values:
        raise UsageError(f"these words are not read as {ASKED.get(row.kind, 'a value')}")
    item = _quoted(page, values[0], place)
    return _added(opened, row, [item]) if row.kind in MANY else [item]


def _added(opened: Opened, row: Row, items: Sequence[Item]) -> list[Item]:
    before = list(_now(opened, row))
    return [*before, *(one for one in items if all(one.value != old.value for old in before))]


def _now(opened: Opened, row: Row) -> tuple[Item, ...]:
    """The items that count before this answer."""
    said = opened.said.get(row.name)
    return row.items if said is None else said.answer.items


def _quoted(page: PageText, value: Any, place: Place | None) -> Item:
    if place is None:
        return Item(value)
    return Item(value, page.text[place[0] : place[1]], *place)


def _typed(opened: Opened, row: Row, form: Form, place: Place | None) -> list[Item]:
    """What was typed or ticked, each with the words of the page that are known to say it."""
    page = opened.read
    if row.options:
        chosen = [row.options[int(one)] for one in form.all("option") if _is_place(one, row)]
        return [_known(opened, row, one, place) or evidence_for(row, one, page) for one in chosen]
    if row.kind in MANY:
        lines = [one.strip() for one in form.get("value").splitlines()]
        values = [_one(row, one, page) for one in lines if one]
        return [_known(opened, row, one, None) or _found(page, one) for one in values]
    value = _parts(row, form) if row.kind in ("salary", "years") else _single(row, form, page)
    if value is None:
        return []
    if place is None:
        return [_known(opened, row, value, None) or _found(page, value)]
    return [_quoted(page, value, place)]


def _is_place(text: str, row: Row) -> bool:
    return text.isdecimal() and len(text) < 4 and int(text) < len(row.options)


def _known(opened: Opened, row: Row, value: Any, place: Place | None) -> Item | None:
    """The item with this value that is there already, with its quote."""
    if place is not None and row.kind not in MANY:
        return _quoted(opened.read, value, place)
    for item in (*_now(opened, row), *row.items):
        if item.value == value:
            return item
    return None


def _found(page: PageText, value: Any) -> Item:
    """A value with the first words of the page that are the same."""
    said = value.get("text") if isinstance(value, dict) else value
    if not isinstance(said, str) or not said:
        return Item(value)
    at = page.text.find(said)
    return _quoted(page, value, (at, at + len(said)) if at >= 0 else None)


def _single(row: Row, form: Form, page: PageText) -> Any:
    text = form.get("value").replace("\r\n", "\n").strip()
    return _one(row, text, page) if text else None


def _one(row: Row, text: str, page: PageText) -> Any:
    """One value as it was typed, read as the pipeline reads it."""
    if row.kind in ("text", "texts", "lines", "passage"):
        return text
    if row.kind == "link" and text.startswith(("http://", "https://")):
        return text
    values = readings(row, text, page.language)
    if not values:
        told = f"{legible(text[:80])!r} is not read as {ASKED.get(row.kind, 'a value')}"
        raise UsageError(told)
    return values[0]


def _parts(row: Row, form: Form) -> Any:
    """Pay or years: a number or a word for each of the row's fields."""
    out: dict[str, Any] = {}
    for path in row.fields:
        text = form.get(f"part-{path[-1]}").strip()
        out[path[-1]] = _part(path[-1], text) if text else None
    return out if any(value is not None for value in out.values()) else None


def _part(name: str, text: str) -> Any:
    if not name.endswith(("_min", "_max")):
        return text.upper() if name.endswith("currency") else text.lower()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        found = read_number(text)
        value = found.value if found is not None else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{legible(text[:40])!r} is no number")
    return value
