"""Is a candidate supported by the page? Each of its quotes is looked up, and its values checked."""

from __future__ import annotations

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final, NamedTuple

from msgspec import Struct

from rolecall.core import Candidate, Match, Origin, Page, Problem, Span
from rolecall.page.orders import CODE as ORDERS
from rolecall.schema.posting import LIST_UNITS, MULTI_FIELD_UNITS, UNITS
from rolecall.schema.validate import fault

VERBATIM: Final = frozenset(
    {"title", "company", "education", "skills", "description", "responsibilities", "requirements",
     "benefits", "application_email", "places"}
)  # fmt: skip
"""Units whose value stands word for word in its quote (stated data has its own wording)."""

DATES: Final = frozenset({"date_posted", "valid_through"})

_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


class Support(NamedTuple):
    """A quote that was found: where, and how."""

    quote: str | None
    span: Span | None
    match: Match
    pointer: str | None


class Grounded(Struct, frozen=True):
    """A candidate of which everything unsupported or invalid is gone.

    ``supports`` has one entry per item of a list unit, and one for any other unit.
    """

    unit: str
    value: Any
    supports: tuple[Support, ...]
    origin: Origin
    confidence: float | None
    problems: tuple[Problem, ...]
    place: int


def fold(text: str) -> str:
    """``text`` with white space, case and Unicode forms evened out."""
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(text.casefold().split())


def ground(page: Page, candidate: Candidate, place: int) -> tuple[Grounded | None, list[Problem]]:
    """Keep what the page supports and the schema allows; ``None`` when nothing is left.

    ``place`` is the position among all candidates. The problems say what was dropped and why.
    """
    unit = candidate.unit
    if unit not in UNITS:
        return None, [_problem(unit, "schema", f"the schema has no unit {unit!r}")]
    if candidate.value is None:
        return None, list(candidate.problems)
    problems: list[Problem] = []
    if unit in LIST_UNITS:
        value, supports = _items(page, candidate, problems)
    else:
        support = _support(page, candidate, 0)
        value = _checked(unit, candidate.value, problems)
        if value is not None and (support is None or not _carried(candidate, value, support)):
            problems.append(_ungrounded(unit, candidate))
            value = None
        supports = [support] if support else []
    if value is None:
        return None, problems
    confidence = _confidence(candidate.confidence)
    kept = Grounded(
        unit, value, tuple(supports), candidate.origin, confidence, candidate.problems, place
    )
    return kept, problems


def _items(
    page: Page, candidate: Candidate, problems: list[Problem]
) -> tuple[list[Any] | None, list[Support]]:
    """Go through a list: each item stands or falls by itself."""
    unit, items = candidate.unit, candidate.value
    if not isinstance(items, Sequence) or isinstance(items, str | bytes | bytearray):
        problems.append(_problem(unit, "schema", f"a list is needed, not {show(items)}"))
        return None, []
    shared = len(candidate.quotes) <= 1
    once = _support(page, candidate, 0) if shared else None
    # One look at the whole list is enough for nearly all.
    sound = unit != "places" and isinstance(items, list) and fault(unit, items) is None
    kept: dict[str, Any] = {}
    supports: list[Support] = []
    for number, item in enumerate(items):
        value = item if sound and not item.isspace() else _checked(unit, item, problems)
        if value is None:
            continue
        key = value if unit != "places" else value["text"]
        support = once if shared else _support(page, candidate, number)
        if support is None or not _carried(candidate, key, support):
            problems.append(_ungrounded(unit, candidate, number))
        elif key not in kept:
            kept[key] = value
            supports.append(support)
    return (list(kept.values()) or None), supports


def _support(page: Page, candidate: Candidate, number: int) -> Support | None:
    """Look up one quote; ``None`` when the page does not support it."""
    quotes, spans, pointer = candidate.quotes, candidate.spans, candidate.pointer
    quote = quotes[number] if number < len(quotes) else None
    span = spans[number] if number < len(spans) else None
    match = _compare(page.text, span, quote) if span is not None and quote else "none"
    if match != "none" and span is not None and _in_orders(page, span):
        match = "none"
    if pointer is not None and candidate.origin == "stated":
        return Support(quote, span if match != "none" else None, "stated", pointer)
    if match != "none":
        return Support(quote, span, match, pointer)
    if pointer is not None and span is None:
        return Support(quote, None, "derived", pointer)
    return None


def _in_orders(page: Page, span: Span) -> bool:
    """Whether ``span`` lies in a line of orders to a machine, which supports nothing."""
    return any(one.code == ORDERS for one in page.warnings) and any(
        block.role == "orders" and block.span.start <= span.start and span.end <= block.span.end
        for block in page.blocks
    )


def _compare(text: str, span: Span, quote: str) -> Match:
    start, end = span.start, span.end
    if not 0 <= start < end <= len(text) or quote.isspace():
        return "none"
    if end - start == len(quote) and text.startswith(quote, start):
        return "exact"
    return "normalised" if fold(text[start:end]) == fold(quote) else "none"


def _carried(candidate: Candidate, value: Any, support: Support) -> bool:
    """A verbatim value stands in its quote, line by line."""
    if candidate.unit not in VERBATIM or support.match in ("stated", "derived"):
        return True
    quote = support.quote or ""
    if not isinstance(value, str) or value in quote:
        return True
    other = [line for line in value.split("\n") if line not in quote]
    folded = fold(quote) if other else ""
    return all(fold(line) in folded for line in other)


def _checked(unit: str, value: Any, problems: list[Problem]) -> Any:
    """One value (or list item) if the schema allows it, else ``None`` and a problem."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if unit in MULTI_FIELD_UNITS:
        return _fields(unit, value, problems)
    name = UNITS[unit][-1]
    if unit == "places" and isinstance(value, Mapping):
        value = {key: value.get(key) or None for key in ("text", "city", "region", "country")}
        if isinstance(value["text"], str) and value["text"].isspace():
            return None
    if not isinstance(value, str | dict):
        wrong: str | None = f"text is needed, not {show(value)}"
    else:
        wrong = fault(name, [value] if unit in LIST_UNITS else value)
    if wrong is None and unit in DATES:
        wrong = _no_date(value)
    if wrong is None:
        return value
    problems.append(_problem(unit, "schema", wrong))
    return None


def _fields(unit: str, value: Any, problems: list[Problem]) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        problems.append(_problem(unit, "schema", f"fields are needed, not {show(value)}"))
        return None
    kept: dict[str, Any] = {}
    for name in UNITS[unit]:
        kept[name] = value.get(name)
        wrong = fault(name, kept[name])
        if wrong is None and not isinstance(kept[name], int | float | str | None):
            wrong = f"a plain value is needed, not {show(kept[name])}"
        if wrong is not None:
            problems.append(Problem(pointer=f"/{name}", kind="schema", message=wrong))
            kept[name] = None
    # A currency, a period or nothing at all says nothing without a number.
    return kept if any(kept[name] is not None for name in UNITS[unit][:2]) else None


def _no_date(value: str) -> str | None:
    try:
        date.fromisoformat(value)
    except ValueError:
        return f"{value!r} is not a day of the calendar"
    return None


def _confidence(value: float | None) -> float | None:
    """A number from 0 to 1; anything else counts as unknown."""
    if isinstance(value, int | float) and 0.0 <= value <= 1.0:
        return float(value)
    return None


def _problem(unit: str, kind: Any, message: str) -> Problem:
    return Problem(pointer=f"/{UNITS.get(unit, (unit,))[-1]}", kind=kind, message=message)


def _ungrounded(unit: str, candidate: Candidate, number: int | None = None) -> Problem:
    value = candidate.value if number is None else candidate.value[number]
    message = f"{candidate.origin} proposed {show(value)}, which the page does not show there"
    return _problem(unit, "ungrounded", message)


def show(value: Any) -> str:
    """A value for a message: short, on one line, whatever it is."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, TypeError, RecursionError):
        text = f"something of type {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}..."


class Places:
    """Finds the block that a span stands in."""

    def __init__(self, page: Page) -> None:
        self._blocks = page.blocks
        self._starts = [block.span.start for block in page.blocks]

    def path(self, span: Span) -> str | None:
        """The DOM path of the block in which ``span`` begins."""
        number = bisect_right(self._starts, span.start) - 1
        return self._blocks[number].path if number >= 0 else None
