"""Words of a page -> the values that they may mean, by the kind of a row."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from rolecall.evaluate.label.rows import Item, Kind, Row
from rolecall.evaluate.label.text import PageText
from rolecall.normalise.dates import find_dates
from rolecall.normalise.employment import find_employment
from rolecall.normalise.found import Found
from rolecall.normalise.languages import find_languages
from rolecall.normalise.numbers import read_number
from rolecall.normalise.places import read_place
from rolecall.normalise.salary import find_salaries
from rolecall.normalise.seniority import find_title_level
from rolecall.normalise.workplace import find_workplace
from rolecall.normalise.years import find_years

ADDRESS: Final = re.compile(r"(?:https?://|/|[?#.])\S*$")
NUMBERS: Final = re.compile(r"\d{1,2}(?:\.\d)?")

ASKED: Final[Mapping[Kind, str]] = {
    "date": "a date", "salary": "pay", "years": "years of experience", "number": "a number",
    "link": "a link or an address", "code": "a code of two letters, like en", "json": "JSON",
    "tongues": "a human language",
}  # fmt: skip
"""What the words must hold, for a message."""


def readings(row: Row, quote: str, language: str | None = None) -> tuple[Any, ...]:
    """The values that ``quote`` may mean for ``row``, the likeliest first; none if it means none.

    Dates, pay, years, places, languages and numbers are read as the pipeline reads them.
    """
    whole = " ".join(quote.split())
    if not whole:
        return ()
    return tuple(_distinct(_READERS.get(row.kind, _verbatim)(whole, language)))


def reading_at(row: Row, page: PageText, place: tuple[int, int]) -> tuple[Any, ...]:
    """The values that the words at ``place`` may mean; for a link, where it leads.

    Where the words alone tell no pay and no years, their line is read.
    """
    start, end = place
    if row.kind == "link":
        led = [address for s, e, address in page.links if s < end and e > start]
        return tuple(_distinct([*led, *readings(row, page.text[start:end])]))
    found = readings(row, page.text[start:end], page.language)
    if not found and row.kind in ("salary", "years", "date"):
        low, high = page.lines[page.line_of(start)]
        found = readings(row, page.text[low:high], page.language)
    return found


def evidence_for(row: Row, value: Any, page: PageText) -> Item:
    """``value``, with the first words of the page that say it where they can be found."""
    find = _SAYERS.get(row.name)
    if find is None:
        return Item(value)
    for start, end in page.lines:
        if end - start > 2_000:
            continue
        for one in find(page.text[start:end]):
            if one.value == value:
                low, high = start + one.start, start + one.end
                return Item(value, page.text[low:high], low, high)
    return Item(value)


def _verbatim(quote: str, language: str | None) -> Sequence[Any]:
    return [quote]


def _dates(quote: str, language: str | None) -> Sequence[Any]:
    found = find_dates(quote, language=language, labelled=True)
    out = [one.value for one in found]
    if None in out:
        for day_first in (True, False):
            out += [one.value for one in find_dates(quote, day_first=day_first, labelled=True)]
    return [one for one in out if one is not None and _is_day(one)]


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _salaries(quote: str, language: str | None) -> Sequence[Any]:
    found = find_salaries(quote, language=language, labelled=True)
    return [one.value for one in found]


def _years(quote: str, language: str | None) -> Sequence[Any]:
    found = [one.value for one in find_years(quote)]
    if found or len(quote) > 12:
        return found
    amounts = [float(one) for one in NUMBERS.findall(quote)][:2]
    if not amounts or max(amounts) > 60:
        return []
    low, high = amounts[0], amounts[-1]
    top = None if "+" in quote or (high == low and len(amounts) == 1) else high
    return [{"experience_years_min": _tidy(low), "experience_years_max": _tidy(top)}]


def _tidy(value: float | None) -> float | None:
    return int(value) if value is not None and value == int(value) else value


def _number(quote: str, language: str | None) -> Sequence[Any]:
    found = read_number(quote, language=language)
    return [found.value] if found is not None and found.value is not None else []


def _place(quote: str, language: str | None) -> Sequence[Any]:
    return [read_place(quote)]


def _tongues(quote: str, language: str | None) -> Sequence[Any]:
    return [one.value for one in find_languages(quote) if one.value is not None]


def _link(quote: str, language: str | None) -> Sequence[Any]:
    return [quote] if ADDRESS.match(quote) else []


def _code(quote: str, language: str | None) -> Sequence[Any]:
    return [quote.lower()] if re.fullmatch(r"[A-Za-z]{2}", quote) else []


def _json(quote: str, language: str | None) -> Sequence[Any]:
    try:
        return [json.loads(quote)]
    except (ValueError, RecursionError):
        return []


_READERS: Final[Mapping[Kind, Callable[[str, str | None], Sequence[Any]]]] = {
    "date": _dates, "salary": _salaries, "years": _years, "number": _number, "places": _place,
    "tongues": _tongues, "link": _link, "code": _code, "json": _json,
}  # fmt: skip


def _levels(line: str) -> list[Found]:
    found = find_title_level(line) if len(line) < 120 else None
    return [found] if found is not None else []


_SAYERS: Final[Mapping[str, Callable[[str], Sequence[Found]]]] = {
    "workplace": find_workplace, "employment_type": find_employment, "seniority": _levels,
}  # fmt: skip


def _distinct(values: Sequence[Any]) -> list[Any]:
    out: list[Any] = []
    for value in values:
        if value not in out:
            out.append(value)
    return out
