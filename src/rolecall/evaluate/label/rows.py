"""What is labelled on a page: rows of one value or one list each, and what they become."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.schema.fields import Field
from rolecall.schema.posting import EMPLOYMENT_TYPES, SENIORITIES, UNITS, WORKPLACES
from rolecall.schema.schema import Schema
from rolecall.schema.tour import step

Kind = Literal[
    "text", "date", "number", "salary", "years", "link", "code", "json",
    "choice", "choices", "texts", "places", "tongues", "lines", "passage",
]  # fmt: skip
"""How a value is found: one value read from words of the page (``text`` to ``json``), out of listed
ones (``choice``, ``choices``), a list of words (``texts``, ``places``, ``tongues`` for languages),
a list of whole lines, or the lines from a first to a last one (``passage``)."""

MAIL: Final = re.compile(r"@|\bat\b", re.IGNORECASE)

MANY: Final = frozenset({"choices", "texts", "places", "tongues", "lines"})

_KINDS: Final[Mapping[str, Kind]] = {
    "places": "places", "workplace": "choice", "employment_type": "choices", "seniority": "choice",
    "salary": "salary", "experience": "years", "skills": "texts", "languages_required": "tongues",
    "description": "passage", "responsibilities": "lines", "requirements": "lines",
    "benefits": "lines", "application_url": "link", "date_posted": "date", "valid_through": "date",
    "posting_language": "code",
}  # fmt: skip
_OPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "workplace": WORKPLACES, "employment_type": EMPLOYMENT_TYPES, "seniority": SENIORITIES,
}  # fmt: skip


class Item(Struct, frozen=True):
    """A value (or an item of a list) and where the page says it; without a place where unknown."""

    value: Any
    quote: str = ""
    start: int = -1
    end: int = -1

    @property
    def place(self) -> tuple[int, int] | None:
        """Start and end in the page's text."""
        return (self.start, self.end) if 0 <= self.start < self.end else None


class Row(Struct, frozen=True, kw_only=True):
    """One thing to label: a unit of the default posting, or a field of another schema.

    ``fields`` are the paths of the fields that it fills. ``items`` are what the extraction found,
    one for a single value; ``confidence`` says how sure that is. ``options`` are the values that
    may be.
    """

    name: str
    fields: tuple[tuple[str, ...], ...]
    kind: Kind
    options: tuple[Any, ...] = ()
    items: tuple[Item, ...] = ()
    confidence: float | None = None


class Answer(Struct, frozen=True):
    """What was decided about a row: these values, that the page holds none, or not labelled."""

    how: Literal["taken", "none", "skipped"]
    items: tuple[Item, ...] = ()


def rows_for(schema: Schema | None, only: Sequence[str] = ()) -> tuple[Row, ...]:
    """The rows of a schema in its order, without values; ``only`` names rows or fields of them."""
    if schema is None or schema.is_posting:
        rows = [
            Row(
                name=unit,
                fields=tuple((name,) for name in fields),
                kind=_KINDS.get(unit, "text"),
                options=_OPTIONS.get(unit, ()),
            )
            for unit, fields in UNITS.items()
        ]
    else:
        rows = [_row(field) for field in schema.fields]
    if not only:
        return tuple(rows)
    known = {name for row in rows for name in _names(row)}
    unknown = [name for name in only if name not in known]
    if unknown:
        raise UsageError(
            f"there is no field {unknown[0]!a} to label",
            hint=f"there are: {', '.join(sorted(known))}",
        )
    return tuple(row for row in rows if _names(row) & set(only))


def _names(row: Row) -> set[str]:
    return {row.name, *(".".join(path) for path in row.fields)}


def _row(field: Field) -> Row:
    name = ".".join(field.path)
    values = field.values
    if values is not None:
        told = tuple(value for value in values if value is not None)
        kind: Kind = "choices" if field.kind == "list" else "choice"
        return Row(name=name, fields=(field.path,), kind=kind, options=told)
    if field.kind == "boolean":
        return Row(name=name, fields=(field.path,), kind="choice", options=(True, False))
    return Row(name=name, fields=(field.path,), kind=_kind(field))


def _kind(field: Field) -> Kind:
    if field.kind == "list":
        return "texts" if "string" in field.item.get("type", ()) else "json"
    if field.kind in ("number", "integer"):
        return "number"
    if field.kind != "text":
        return "json"
    told = field.rules.get("format")
    return "date" if told == "date" else "link" if told in ("uri", "url") else "text"


def filled(rows: Sequence[Row], record: Mapping[str, Any], text: str) -> tuple[Row, ...]:
    """The rows with the values of a record and their places in ``text``."""
    data, evidence = record.get("data") or {}, record.get("evidence") or {}
    out = []
    for row in rows:
        items = tuple(_items(row, data, evidence, text))
        sure = [
            one["confidence"]
            for pointer, one in evidence.items()
            if one.get("confidence") is not None and _belongs(pointer, row)
        ]
        out.append(
            Row(
                name=row.name, fields=row.fields, kind=row.kind, options=row.options, items=items,
                confidence=min(sure) if sure and items else None,
            )
        )  # fmt: skip
    return tuple(out)


def _belongs(pointer: str, row: Row) -> bool:
    own = [step("", *path) for path in row.fields]
    return any(pointer == one or pointer.startswith(f"{one}/") for one in own)


def _items(
    row: Row, data: Mapping[str, Any], evidence: Mapping[str, Any], text: str
) -> Iterator[Item]:
    found = [(path, value_at(data, path)) for path in row.fields]
    if row.kind in ("salary", "years"):
        if any(value is not None for _, value in found):
            value = {path[-1]: value for path, value in found}
            first = next(path for path, one in found if one is not None)
            yield _item(value, evidence.get(step("", *first)), text)
        return
    path, value = found[-1]
    if value is None or value == []:
        return
    pointer = step("", *path)
    if row.kind in MANY and isinstance(value, list):
        for number, one in enumerate(value):
            yield _item(one, evidence.get(f"{pointer}/{number}"), text)
    else:
        yield _item(value, evidence.get(pointer), text)


def _item(value: Any, one: Mapping[str, Any] | None, text: str) -> Item:
    """A value with its quote, where the page shows it."""
    if one is None:
        return Item(value)
    quote = one.get("quote")
    quote = quote if isinstance(quote, str) else ""
    start, end = one.get("start"), one.get("end")
    if isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text):
        return Item(value, text[start:end], start, end)
    at = text.find(quote) if quote else -1
    return Item(value, quote, at, at + len(quote)) if at >= 0 else Item(value)


def value_at(data: Any, path: Sequence[str]) -> Any:
    """What stands at ``path`` in nested objects; ``None`` where nothing does."""
    for name in path:
        if not isinstance(data, Mapping):
            return None
        data = data.get(name)
    return data


def expected_of(rows: Sequence[Row], answers: Sequence[Answer | None]) -> dict[str, Any]:
    """Field -> its right value, for the rows that are labelled; ``None`` where there is none."""
    out: dict[str, Any] = {}
    for row, answer in zip(rows, answers, strict=True):
        if answer is None or answer.how == "skipped":
            continue
        for path, value in _values(row, answer):
            _put(out, path, value)
    return out


def evidence_of(rows: Sequence[Row], answers: Sequence[Answer | None]) -> dict[str, dict[str, Any]]:
    """JSON pointer -> quote and place of every labelled value of which the page's words are known;
    the pointers are those of a record's evidence."""
    out: dict[str, dict[str, Any]] = {}
    for row, answer in zip(rows, answers, strict=True):
        if answer is None or answer.how != "taken":
            continue
        for number, item in enumerate(answer.items):
            if not item.quote:
                continue
            told: dict[str, Any] = {"quote": item.quote}
            if item.place is not None:
                told |= {"start": item.start, "end": item.end}
            out.update(dict.fromkeys(pointers_of(row, item, number), told))
    return out


def pointers_of(row: Row, item: Item, number: int) -> Iterator[str]:
    """The JSON pointers of evidence that belong to an item, the one at ``number`` in its row."""
    if row.kind in ("salary", "years"):
        for path in row.fields:
            if item.value.get(path[-1]) is not None:
                yield step("", *path)
    elif row.kind in MANY:
        yield step("", *row.fields[-1], number)
        if row.kind == "places" and number == 0:
            yield step("", *row.fields[0])
    else:
        yield step("", *row.fields[-1])


def _values(row: Row, answer: Answer) -> Iterator[tuple[tuple[str, ...], Any]]:
    values = [item.value for item in answer.items]
    if answer.how == "none" or not values:
        for path in row.fields:
            yield path, None
    elif row.kind in ("salary", "years"):
        for path in row.fields:
            yield path, values[0].get(path[-1])
    elif row.kind == "places" and len(row.fields) > 1:
        yield row.fields[0], values[0]["text"]
        yield row.fields[1], values
    else:
        yield row.fields[-1], values if row.kind in MANY else values[0]


def _put(out: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        out = out.setdefault(name, {})
    out[path[-1]] = value


def answers_from(rows: Sequence[Row], line: Mapping[str, Any], text: str) -> tuple[Answer, ...]:
    """The answers that a label was made of, so that it can be corrected."""
    expected = line.get("expected") or {}
    evidence = line.get("evidence") or {}
    out = []
    for row in filled(rows, {"data": expected, "evidence": evidence}, text):
        labelled = any(_has(expected, path) for path in row.fields)
        how: Any = "taken" if row.items else "none" if labelled else "skipped"
        out.append(Answer(how, row.items))
    return tuple(out)


def _has(data: Any, path: Sequence[str]) -> bool:
    return isinstance(data, Mapping) and (
        path[0] in data and (len(path) == 1 or _has(data[path[0]], path[1:]))
    )


def fault_of(schema: Schema | None) -> Callable[[Row, Any], str]:
    """What says why a value (or an item of a list) cannot stand in a row; nothing if it can.

    A label of an e-mail address may be written as the page writes it, such as ``jobs [at] x.org``.
    """
    checked = schema if schema is not None else Schema.posting()

    def fault(row: Row, value: Any) -> str:
        if row.name == "application_email" and MAIL.search(str(value)):
            return ""
        answer = Answer("taken", (Item(value),))
        data: dict[str, Any] = {}
        for path, one in _values(row, answer):
            _put(data, path, one)
        own = [step("", *path) for path in row.fields]
        for problem in checked.validate(data):
            if any(problem.pointer == one or problem.pointer.startswith(f"{one}/") for one in own):
                return problem.message
        return ""

    return fault


def told(row: Row, value: Any) -> str:
    """A value in a few words, for a person."""
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        if "text" in value:
            return str(value["text"])
        return _range([value.get(path[-1]) for path in row.fields])
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _range(values: Sequence[Any]) -> str:
    low, high, *more = values
    if low is None:
        amount = f"up to {high}"
    else:
        amount = str(low) if low == high else f"{low} to {high}" if high is not None else f"{low}+"
    return " ".join([amount, *(str(one) for one in more if one is not None)])
