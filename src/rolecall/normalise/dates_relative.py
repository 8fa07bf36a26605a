"""Relative dates: "3 days ago", "vor 2 Wochen", "il y a 30+ jours", "yesterday".

They are resolved only against the day the page was saved; without it they stay without a value.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

from rolecall.normalise.dates_lexicon import (
    AGO,
    AT_LEAST,
    BEFORE,
    ONE,
    OPENERS,
    POSTED,
    SHORT_UNITS,
    TODAY,
    UNITS,
    YESTERDAY,
)
from rolecall.normalise.found import Found
from rolecall.normalise.numbers import SPACES

LONGEST_BARE: Final = 60
"""Characters of a line in which "today" may be a date; in longer ones it is prose."""

_FIRST: Final = frozenset([word.replace("’", "'") for word in OPENERS])
_UNIT: Final = re.compile(rf"(\+?)[{SPACES}]{{0,3}}(\+?)([^\W\d_]{{1,12}})\.?")
_AGO: Final = re.compile(rf"[{SPACES}]{{1,3}}([^\W\d_]{{2,8}})")
_WORD: Final = re.compile(r"[^\W\d_]+(?:[’'][^\W\d_]+)?")
_SHORT: Final = re.compile(rf"[{SPACES}]*(\d{{1,3}})[{SPACES}]?([a-z]{{1,3}})[{SPACES}]*\Z")


def relative_at(text: str, start: int, end: int, captured: date | None) -> Found | None:
    """The relative date whose number stands at ``start:end``, or ``None``."""
    match = _UNIT.match(text, end)
    if match is None:
        return None
    unit = UNITS.get(match.group(3).casefold())
    if unit is None or end - start > 3:
        return None
    behind = _AGO.match(text, match.end())
    ago = behind is not None and behind.group(1).casefold() in AGO
    begin, before, at_least = _in_front(text, start)
    if not ago and not before:
        return None
    stop = behind.end() if ago and behind is not None else match.end(3)
    vague = at_least or bool(match.group(1) or match.group(2))
    return _found(int(text[start:end]), unit, begin, stop, (captured, vague))


def _in_front(text: str, start: int) -> tuple[int, bool, bool]:
    """Where the wording begins, whether a "vor" opens it, and whether an "over" does."""
    low = max(0, start - 28)
    low = max(low, text.rfind("\n", low, start) + 1)
    words = list(_WORD.finditer(text, low, start))[-5:]
    if not words or text[words[-1].end() : start].strip(SPACES):
        return start, False, False
    last = [match.group().casefold() for match in words]
    at_least = False
    for size in (3, 2, 1):
        if " ".join(last[-size:]) in AT_LEAST and len(last) >= size:
            at_least, start = True, words[-size].start()
            words, last = words[:-size], last[:-size]
            break
    if last and last[-1] in BEFORE:
        return words[-1].start(), True, at_least
    if last[-3:] == ["il", "y", "a"]:
        return words[-3].start(), True, at_least
    if last and last[-1] in ("for", "för"):
        return words[-1].start(), False, at_least
    return start, False, at_least


def may_open(word: str) -> bool:
    """A very quick look at the first word of a line, for `may_be_relative`.

    ``word`` is in lower case, without marks at its ends and with straight apostrophes.
    """
    return word in _FIRST or not word.isascii()


def may_be_relative(line: str) -> bool:
    """A quick look at the length and the first word of a line."""
    if not 1 < len(line) <= LONGEST_BARE:
        return False
    first = line.split(None, 1)[:1]
    if not first:
        return False
    word = first[0]
    return word.rstrip(":,-–").casefold() in OPENERS or (word[0].isdigit() and len(line) < 8)


def relative_words(
    line: str, shift: int, captured: date | None, language: str | None = None
) -> Found | None:
    """A relative date without digits ("yesterday", "a week ago"), or a line such as "2d".

    ``line`` is one line that starts at character ``shift`` of the searched string.
    """
    short = _SHORT.match(line)
    if short is not None:
        unit = SHORT_UNITS.get(short.group(2))
        if unit is None:
            return None
        begin, stop = shift + short.start(1), shift + short.end(2)
        return _found(int(short.group(1)), unit, begin, stop, (captured, False))
    words = list(_WORD.finditer(line))[:10]
    said = [match.group().casefold() for match in words]
    for at, word in enumerate(said):
        for size in (2, 1):
            phrase = " ".join(said[at : at + size])
            days = _days(phrase, language)
            if days is not None and (at == 0 == len(said) - size or _posted(said[:at])):
                stop = shift + words[min(at + size, len(words)) - 1].end()
                return _found(days, "day", shift + words[at].start(), stop, (captured, False))
        unit = UNITS.get(word)
        if unit is not None and at and said[at - 1] in ONE:
            behind = at + 1 < len(said) and said[at + 1] in AGO
            opened = 3 if said[max(0, at - 4) : at - 1] == ["il", "y", "a"] else 1
            front = at > 1 and (said[at - 2] in BEFORE or opened == 3)
            if behind or front:
                begin = words[at - 1 - opened if front else at - 1].start()
                stop = words[at + 1 if behind else at].end()
                return _found(1, unit, shift + begin, shift + stop, (captured, False))
    return None


def _days(phrase: str, language: str | None) -> int | None:
    """0 for "today", 1 for "yesterday"; French "hier" is another word in German."""
    if phrase in TODAY:
        return 0
    return 1 if phrase in YESTERDAY and (phrase != "hier" or language == "fr") else None


def _posted(words: list[str]) -> bool:
    return any(word in POSTED for word in words)


def _found(
    count: int, unit: str, start: int, end: int, against: tuple[date | None, bool]
) -> Found | None:
    captured, vague = against
    value, problem = None, "relative"
    if vague:
        problem = "relative: at least"
    elif captured is not None:
        day = _back(captured, count, unit)
        if day is None:
            return None
        value = day.isoformat()
        problem = "" if unit in ("day", "hour", "minute") else "approximate"
    return Found(value=value, start=start, end=end, cue="relative", problem=problem or None)


def _back(day: date, count: int, unit: str) -> date | None:
    """``count`` units before ``day``; a month's last days are kept inside the month."""
    if unit in ("minute", "hour"):
        return day - timedelta(hours=count // (60 if unit == "minute" else 1))
    if unit in ("day", "week"):
        return day - timedelta(days=count * (7 if unit == "week" else 1))
    months = day.year * 12 + day.month - 1 - count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    if year < 1990:
        return None
    last = (date(year + month // 11, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))
