"""What follows an amount: "gross per annum", "/hod.", "brutto im Monat", "p.a."."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from msgspec import Struct

from rolecall.normalise.currency import SYMBOLS, WORDS
from rolecall.normalise.numbers import MULTIPLIERS, SPACES
from rolecall.normalise.salary_lexicon import (
    ADVERBS,
    AND_WORDS,
    CONNECTORS,
    DASHES,
    FILLERS,
    GROSS,
    PLAIN_UNITS,
    TO_WORDS,
    UNITS,
)

_TOKEN: Final = re.compile(rf"[{SPACES}]{{0,3}}\n?([^\W\d_]+(?:[.-][^\W\d_]+)*\.?|[^{SPACES}\n])")
_FIRST: Final = re.compile(rf"[{SPACES}]{{0,3}}([^\W\d_]+|[^{SPACES}\n])")
_REACH: Final = 70
_MOST: Final = 12
_PASSED: Final = frozenset("/([,'’*]")


_OPENERS: Final = _PASSED | DASHES | SYMBOLS.keys() | {"."}
_OPENING_WORDS: Final = (
    CONNECTORS
    | GROSS
    | AND_WORDS
    | ADVERBS.keys()
    | {word.split()[0] for word in TO_WORDS}
    | MULTIPLIERS.keys()
    | WORDS.keys()
    | {"mil"}
)


class Tail(Struct, frozen=True, kw_only=True):
    """Where the wording behind an amount ends, and the period it names."""

    end: int
    period: str | None = None


def read_tail(text: str, at: int, language: str | None = None, money: bool = True) -> Tail:
    """Read on from ``at`` while words belong to the amount.

    Without ``money`` (no currency was seen) a bare unit is not taken for a period, so that
    "5 hours" stays a duration.
    """
    end, period, open_marks, connected, previous = at, None, 0, False, ""
    limit = min(len(text), at + _REACH)
    for match in islice(_TOKEN.finditer(text, at, limit), _MOST):
        if match.start() != at or ("\n" in match.group() and not connected):
            break
        at = match.end()
        raw = match.group(1)
        if raw in _PASSED:
            open_marks += raw in "(["
            connected = connected or raw == "/"
            previous = previous + raw if raw == "/" else raw
            continue
        if raw in ")]":
            if not open_marks:
                break
            open_marks -= 1
            end = match.end() if end > 0 and previous == "taken" else end
            continue
        word = raw.casefold().replace(".", "")
        name = _period(word, raw, language, connected, money) if period is None else None
        if name is None and previous == "p/":
            name = ADVERBS.get("p" + word)
        if name is not None or word in GROSS or (period and UNITS.get(word) == period):
            period = period or name
            end = match.end() - (raw[-1] == "." and len(raw) > 5)
            connected, previous = False, "taken"
        elif word in CONNECTORS:
            connected, previous = True, word
        elif word in FILLERS:
            connected, previous = False, ""
        else:
            break
    return Tail(end=end, period=period)


def may_go_on(text: str, at: int) -> bool:
    """A quick look: whether what follows a number at ``at`` could belong to an amount.

    That is a scale, a currency, a period, gross or net, or a range's "to".
    """
    match = _FIRST.match(text, at)
    if match is None:
        return False
    first = match.group(1)
    if not first[0].isalpha():
        return first in _OPENERS
    word = first.casefold()
    return word in _OPENING_WORDS or (word[0] in "kt" and word[1:] in WORDS) or first.isupper()


def _period(word: str, raw: str, language: str | None, connected: bool, money: bool) -> str | None:
    if connected or (money and word in PLAIN_UNITS):
        if word in ("md", "mds"):
            return "day" if raw == "MD" and language not in ("da", "no", "nb") else "month"
        unit = UNITS.get(word)
        if unit is not None:
            return unit
    return ADVERBS.get(word)
