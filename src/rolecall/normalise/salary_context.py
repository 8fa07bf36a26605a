"""What the words around an amount make of it: pay, a bonus, or the company's money."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from rolecall.normalise.numbers import SPACES
from rolecall.normalise.salary_lexicon import (
    AMOUNT_BEHIND,
    AMOUNT_STEMS,
    AMOUNT_WORDS,
    CONNECTORS,
    FUNDING,
    PAY_STEMS,
    PAY_WORDS,
    PERIOD_STEMS,
    RANGE_WORDS,
    UNITS,
    WRAPPED_AFTER,
)

_REACH_BEFORE: Final = 110
_REACH_BEHIND: Final = 48
_LABEL_LINE: Final = 48
_SENTENCE: Final = re.compile(r"(?<=[^\s.])[.!?;|•](?=\s)")
_CUT: Final = re.compile(
    r"[.;,!?+(|•·–—\n]|\b(?:plus|and|und|et|y|en|og|och|oraz|with|mit|or|oder|avec|con|com|med)\b"
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:[./-][^\W\d_]+)*")
_EXTRA: Final = re.compile(
    rf"[{SPACES}]{{0,3}}(?:bonus|benefit|commission|equity|ote|pension|vat|excellent|great|perk)",
    re.IGNORECASE,
)
_PAY, _AMOUNT, _FUNDING, _OTHER = "pay", "amount", "funding", ""


class Where(Struct, frozen=True):
    """The text, and the free stretch around an amount: ``floor`` to ``limit``."""

    text: str
    floor: int
    limit: int
    labelled: bool


class View(Struct, frozen=True, kw_only=True):
    """What stands around an amount.

    ``pay``: a pay word governs it; ``amount``: a word such as "bonus" in front governs it;
    ``extra``: such a word follows; ``range``: the word "range" stands in front;
    ``alone``: nothing else is on its line.
    """

    pay: bool
    amount: bool
    extra: bool
    funding: bool
    range: bool
    alone: bool
    period: str | None
    period_start: int


def look(where: Where, start: int, end: int) -> View:
    """Judge the words before ``start`` and behind ``end`` on the same line."""
    text = where.text
    reach = max(0, start - _REACH_BEFORE)
    line_start = text.rfind("\n", reach, start) + 1 or (reach and -1)
    low = max(where.floor, reach if _wrapped(text, line_start, reach) else max(line_start, reach))
    if low == where.floor > line_start:
        low = _own_clause(text, low, start)
    low, before = _last_sentence(text, low, start)
    behind = _clause_behind(text, end, where.limit)
    words = [match.group().casefold() for match in _WORD.finditer(before)]
    kinds = [_kind(word) for word in words]
    ruling = next((kind for kind in reversed(kinds) if kind), _OTHER)
    if ruling == _OTHER and words and words[-1] in AMOUNT_BEHIND:
        ruling = _AMOUNT
    after = [_kind(match.group().casefold(), True) for match in _WORD.finditer(behind)]
    label_at = _label_above(text, line_start, before, low) if ruling == _OTHER else -1
    said = _PAY in kinds
    label = ruling == _OTHER and (where.labelled or label_at >= 0)
    if label_at >= 0 and low >= line_start:
        low = label_at
    period, period_at = _label_period(text[low:start]) if said or label_at >= 0 else (None, 0)
    rest = text[end : end + _REACH_BEHIND].partition("\n")[0]
    return View(
        pay=said or label or (_PAY in after and _AMOUNT not in after),
        amount=ruling == _AMOUNT,
        extra=_AMOUNT in after,
        funding=ruling == _FUNDING or _FUNDING in after,
        range=not RANGE_WORDS.isdisjoint(words[-8:]),
        alone=not before.strip(" :(") and not rest.strip(" .,;)*" + SPACES),
        period=period,
        period_start=low + period_at,
    )


def _last_sentence(text: str, low: int, start: int) -> tuple[int, str]:
    cut = low
    for match in _SENTENCE.finditer(text, low, start):
        cut = match.end()
    return cut, text[cut:start]


def _own_clause(text: str, low: int, start: int) -> int:
    """Where the words of the amount before end and this amount's own begin."""
    cut = _CUT.search(text, low, start)
    return low if cut is None else cut.end()


def _clause_behind(text: str, end: int, limit: int) -> str:
    stop = min(limit, end + _REACH_BEHIND)
    cut = _CUT.search(text, end, stop)
    return text[end : cut.start() if cut is not None else stop]


def _kind(word: str, behind: bool = False) -> str:
    if word in PAY_WORDS:
        return _PAY
    if word in FUNDING:
        return _FUNDING
    if word in AMOUNT_WORDS or (behind and word in AMOUNT_BEHIND):
        return _AMOUNT
    if len(word) > 2:
        for stem in AMOUNT_STEMS:
            if stem in word:
                return _AMOUNT
        for stem in PAY_STEMS:
            if stem in word:
                return _PAY
    return _OTHER


def _wrapped(text: str, line_start: int, reach: int) -> bool:
    """Whether the line above runs on into this one, as in texts with hard line ends."""
    if line_start <= 0:
        return False
    above = text[reach : line_start - 1].rpartition("\n")[2].rstrip()
    if not above or above[-1] in ".:!?;":
        return False
    return above.rpartition(" ")[2].casefold() in WRAPPED_AFTER or (
        len(above) > _LABEL_LINE and text[line_start : line_start + 1].islower()
    )


def _label_above(text: str, line_start: int, before: str, low: int) -> int:
    """Where a short pay label in the line above starts, if the amount opens its line; else -1."""
    if line_start <= 0 or low > line_start + 1 or len(before.strip()) > 12:
        return -1
    floor = max(0, line_start - 4 - _LABEL_LINE)
    above = text[floor:line_start].rstrip(SPACES + "\n")
    start = above.rfind("\n") + 1
    if start == 0 and floor > 0:
        return -1
    kinds = (_kind(match.group().casefold()) for match in _WORD.finditer(above, start))
    return floor + start if _PAY in kinds else -1


def _label_period(before: str) -> tuple[str | None, int]:
    """The period that the label in front of an amount names ("monthly salary", "Stundenlohn")."""
    previous = ""
    found: tuple[str | None, int] = (None, 0)
    for match in _WORD.finditer(before):
        word = match.group().casefold()
        name = UNITS.get(word) if previous in CONNECTORS else None
        if name is None:
            name = next((period for stem, period in PERIOD_STEMS if word.startswith(stem)), None)
        if name is not None:
            if found[0] not in (None, name):
                return None, 0
            found = (name, found[1] if found[0] else match.start())
        previous = word
    return found


def word_before(text: str, start: int, words: frozenset[str]) -> tuple[str | None, int]:
    """The longest of ``words`` (of up to three words) that ends right before ``start``."""
    low = max(0, start - 28, text.rfind("\n", max(0, start - 28), start) + 1)
    stretch = text[low:start].rstrip(SPACES + ":(")
    best: tuple[str | None, int] = (None, start)
    cut = len(stretch)
    for _ in range(3):
        cut = max(stretch.rfind(space, 0, cut) for space in (" ", "\u00a0", "\t"))
        phrase = stretch[cut + 1 :].casefold().lstrip("(,;:/•-–~")
        if phrase in words:
            best = (phrase, low + len(stretch) - len(phrase))
        if cut < 0:
            break
    return best


def adds_something(text: str, at: int) -> bool:
    """Whether a "+" is followed by an extra ("£30k+ bonus") rather than meaning "and more"."""
    return _EXTRA.match(text, at) is not None
