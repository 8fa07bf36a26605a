"""Dates: the wording on a page -> an ISO date, or the reason why there is none.

The order of day and month: a point between them means day first; a number over twelve decides;
languages other than English write the day first; English pages write both orders, so ``05/11/2026``
stays without a value there unless the caller knows the order. A date without its year stays without
a value. Nothing is ever taken from the clock.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import date
from itertools import islice
from typing import Final

from rolecall.normalise.dates_lexicon import CAPITAL_MONTHS, MONTHS, MONTHS_IN
from rolecall.normalise.dates_relative import (
    may_be_relative,
    relative_at,
    relative_words,
)
from rolecall.normalise.found import Found
from rolecall.normalise.numbers import SPACES, ending_word

YEARS: Final = range(1990, 2101)
"""Years that a posting can name; others are no dates of a posting."""

MOST_NUMBERS: Final = 20_000
"""Numbers looked at in one text; no posting shows as many, and it bounds the work."""

_DIGITS: Final = re.compile(r"\d{1,9}")
_TIME: Final = (
    r"(?:[T ]{1,2}\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)?"
)
_NUMERIC: Final = re.compile(
    rf"(?P<y>\d{{4}})(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}})(?!\d){_TIME}"
    rf"|(?P<a>\d{{1,2}})(?P<t>[-/.])(?P<gap>[{SPACES}]?)(?P<b>\d{{1,2}})(?P=t)[{SPACES}]?"
    rf"(?P<z>\d{{4}}|\d{{2}})(?!\d|[-/.:]\d)"
    r"|(?P<cy>\d{4})[年년] ?(?P<cm>\d{1,2})[月월] ?(?P<cd>\d{1,2})[日일]"
)
_DAY_MONTH: Final = re.compile(
    rf"(?:st|nd|rd|th|er|[.ºª°]|:e|(?:ste|de|e)(?=[{SPACES}]))?[{SPACES}-]{{0,3}}"
    rf"(?:(?:of|de|den|di)[{SPACES}]{{1,2}}|d[’'][{SPACES}]{{0,2}})?"
    rf"([^\W\d_]{{3,12}})[.,]{{0,2}}"
    rf"(?:[{SPACES}-]{{0,3}}(?:(?:de|del|of)[{SPACES}]{{1,2}})?(\d{{4}}|[’']\d{{2}})(?!\d))?"
)
_MONTH_BEFORE: Final = re.compile(
    rf"([^\W\d_]{{3,12}})(?:\.?[{SPACES}]{{1,3}}(?:the[{SPACES}])?|-|\.)$"
)
_DATE_MARKS: Final = frozenset("-/.年년")
_JOINTS: Final = SPACES + ".-"
_YEAR_BEHIND: Final = re.compile(
    rf"(?:st|nd|rd|th|\.)?(?:[{SPACES}]\d{{1,2}}:\d{{2}}:\d{{2}}(?:[{SPACES}][A-Z]{{2,5}})?)?"
    rf"(?:[,-]?[{SPACES}]{{0,3}}(\d{{4}})(?!\d))?"
)
_NO_YEAR: Final = re.compile(rf"(\d{{1,2}})\.[{SPACES}]?(\d{{1,2}})\.(?!\d)")
_RANK: Final = {"absolute": 0, "ambiguous": 1, "relative": 2, "no_year": 3}


def find_dates(
    text: str,
    *,
    language: str | None = None,
    captured: date | None = None,
    day_first: bool | None = None,
    labelled: bool = False,
) -> list[Found]:
    """Every date of ``text``, in order. Never raises.

    ``value`` is an ISO date (``YYYY-MM-DD``) or ``None``. ``cue``: ``absolute``; ``relative``
    (resolved only against ``captured``, the day the page was saved); ``ambiguous`` (day and month
    could change places and neither ``language`` nor ``day_first`` decides); ``no_year``.
    ``problem`` says why the value is ``None``, or ``approximate`` for weeks, months and years ago.
    ``labelled`` says that a date label stands in front: then ``20260131`` and ``31.12.`` count.
    Impossible dates and years outside 1990-2100 are left out.
    """
    found: list[Found] = []
    if _DIGITS.search(text) is None and "\n" not in text and not may_be_relative(text):
        return found
    end = 0
    for match in islice(_DIGITS.finditer(text), MOST_NUMBERS):
        if match.start() < end:
            continue
        one = _date_at(text, match, language, captured, (day_first, labelled))
        if one is not None:
            if not found or one.start >= found[-1].end:
                found.append(one)
            end = one.end
    return _with_words(text, found, captured, language)


def read_date(
    text: str,
    *,
    language: str | None = None,
    captured: date | None = None,
    day_first: bool | None = None,
    labelled: bool = False,
) -> Found | None:
    """The clearest date of ``text``: absolute before relative, then the first."""
    found = find_dates(
        text, language=language, captured=captured, day_first=day_first, labelled=labelled
    )
    return min(found, key=lambda one: (one.value is None, _RANK[one.cue]), default=None)


def _with_words(
    text: str, found: list[Found], captured: date | None, language: str | None
) -> list[Found]:
    """``found`` with the relative dates that have no digits, from short lines only."""
    more = []
    starts = [one.start for one in found]
    start = 0
    for line in text.split("\n"):
        if may_be_relative(line):
            end = start + len(line)
            if not _any_between(starts, start, end):
                one = relative_words(line, start, captured, language)
                if one is not None:
                    more.append(one)
        start += len(line) + 1
    return sorted(found + more, key=lambda one: one.start) if more else found


def _any_between(starts: list[int], low: int, high: int) -> bool:
    at = bisect_left(starts, low)
    return at < len(starts) and starts[at] < high


def _date_at(
    text: str,
    digits: re.Match[str],
    language: str | None,
    captured: date | None,
    known: tuple[bool | None, bool],
) -> Found | None:
    """The date whose first digits (or day, behind a month) stand at ``digits``."""
    start, end = digits.span()
    size = end - start
    day_first, labelled = known
    before = text[start - 1 : start]
    if before and (before.isalnum() or before == "_"):
        return None
    if (
        size in (1, 2, 4)
        and text[end : end + 1] in _DATE_MARKS
        and not (before in ("-", "/", ".") and text[start - 2 : start - 1].isdigit())
    ):
        match = _NUMERIC.match(text, start)
        if match is not None:
            return _numeric(match, language, day_first)
    if size <= 2:
        worded = _worded(text, start, end, language)
        if worded is not None:
            return worded
    if size == 8 and labelled:
        return _found(digits.group(), (0, 4, 6), start, end)
    if labelled and size <= 2:
        short = _NO_YEAR.match(text, start)
        if short and 0 < int(short.group(1)) < 32 and 0 < int(short.group(2)) < 13:
            return Found(value=None, start=start, end=short.end(), cue="no_year", problem="no year")
    return relative_at(text, start, end, captured) if size <= 3 else None


def _numeric(match: re.Match[str], language: str | None, day_first: bool | None) -> Found | None:
    part = match.groupdict()
    start, end = match.span()
    if part["y"]:
        return _absolute(int(part["y"]), int(part["m"]), int(part["d"]), start, end)
    if part["cy"]:
        return _absolute(int(part["cy"]), int(part["cm"]), int(part["cd"]), start, end)
    first, second, mark = int(part["a"]), int(part["b"]), part["t"]
    year = _year(part["z"])
    if len(part["z"]) == 2 and (mark == "-" or part["gap"] or not _two_digits(part)):
        return None
    if part["gap"] and mark != ".":
        return None
    if mark == "." or first > 12:
        order: bool | None = True
    elif second > 12:
        order = False
    elif first == second:
        order = True
    elif day_first is not None:
        order = day_first
    else:
        order = True if language not in (None, "en") else None
    if order is None:
        if _absolute(year, first, second, start, end) is None:
            return None
        return Found(value=None, start=start, end=end, cue="ambiguous", problem="ambiguous day")
    day, month = (first, second) if order else (second, first)
    return _absolute(year, month, day, start, end)


def _two_digits(part: dict[str, str]) -> bool:
    return part["t"] == "/" or (len(part["a"]) == 2 and len(part["b"]) == 2)


def _worded(text: str, start: int, end: int, language: str | None) -> Found | None:
    """A date with a month's name behind or in front of the day."""
    day = int(text[start:end])
    if not 0 < day < 32:
        return None
    match = _DAY_MONTH.match(text, end)
    if match is not None:
        month = _month(match.group(1), language)
        if month:
            if match.group(2):
                return _absolute(_year(match.group(2)), month, day, start, match.end())
            ahead = _MONTH_BEFORE.search(text[max(0, start - 16) : start])
            if ahead is None or not _month(ahead.group(1), language):
                return _no_year(start, match.end(1))
    low = max(0, start - 18)
    stretch = text[low:start]
    if ending_word(stretch.removesuffix("the ").rstrip(_JOINTS)).casefold() not in MONTHS:
        return None
    front = _MONTH_BEFORE.search(stretch)
    month = _month(front.group(1), language) if front is not None else 0
    if front is None or not month:
        return None
    behind = _YEAR_BEHIND.match(text, end)
    begin = low + front.start()
    if behind is not None and behind.group(1):
        return _absolute(int(behind.group(1)), month, day, begin, behind.end())
    return _no_year(begin, end)


def _month(word: str, language: str | None) -> int:
    name = word.casefold()
    month = MONTHS.get(name, 0)
    if not month:
        return 0
    limited = MONTHS_IN.get(name)
    if limited is not None and language not in limited:
        return 0
    if name in CAPITAL_MONTHS and language in (None, "en", "de") and not word[0].isupper():
        return 0
    return month


def _no_year(start: int, end: int) -> Found:
    return Found(value=None, start=start, end=end, cue="no_year", problem="no year")


def _year(digits: str) -> int:
    """The year; two digits mean 1990 to 2089."""
    number = int(digits.lstrip("’'"))
    if len(digits.lstrip("’'")) == 4:
        return number
    return 2000 + number if number < 90 else 1900 + number


def _found(digits: str, cuts: tuple[int, int, int], start: int, end: int) -> Found | None:
    year, month = digits[cuts[0] : cuts[1]], digits[cuts[1] : cuts[2]]
    return _absolute(int(year), int(month), int(digits[cuts[2] :]), start, end)


def _absolute(year: int, month: int, day: int, start: int, end: int) -> Found | None:
    """The finding for a date, or ``None`` where there is no such day."""
    if year not in YEARS:
        return None
    try:
        value = date(year, month, day).isoformat()
    except ValueError:
        return None
    return Found(value=value, start=start, end=end, cue="absolute")
