"""What the words around an amount make of it: pay, a bonus, or the company's money."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

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
    UNITS,
)

_REACH_BEFORE: Final = 110
_REACH_BEHIND: Final = 48
_LABEL_LINE: Final = 48
_SENTENCE: Final = re.compile(r"(?<=[^\s.])[.!?;|•](?=\s)")
_CUT: Final = re.compile(
    r"[.;,!?+(|•–—\n]|\b(?:plus|and|und|et|y|en|og|och|oraz|with|mit|or|oder|avec|con|com|med)\b"
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:[./-][^\W\d_]+)*")
_EXTRA: Final = re.compile(
    rf"[{SPACES}]{{0,3}}(?:bonus|benefit|commission|equity|ote|pension|vat|excellent|great|perk)",
    re.IGNORECASE,
)
_PAY, _AMOUNT, _FUNDING, _OTHER = "pay", "amount", "funding", ""


@dataclass(frozen=True, slots=True)
class Where:
    """The text, and the free stretch around an amount: ``floor`` to ``limit``."""

    text: str
    floor: int
    limit: int
    labelled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What stands around an amount.

    ``pay``: a pay word governs it; ``amount``: a word such as "bonus" in front governs it;
    ``extra``: such a word follows; ``alone``: nothing else is on its line.
    """

    pay: bool
    amount: bool
    extra: bool
    funding: bool
    alone: bool
    period: str | None
    period_start: int


def look(where: Where, start: int, end: int) -> View:
    """Judge the words before ``start`` and behind ``end`` on the same line."""
    text = where.text
    line_start = text.rfind("\n", 0, start) + 1
    low = max(where.floor, line_start, start - _REACH_BEFORE)
    if low == where.floor > line_start:
        low = _own_clause(text, low, start)
    low, before = _last_sentence(text, low, start)
    behind = _clause_behind(text, end, where.limit)
    kinds = [_kind(match.group().casefold()) for match in _WORD.finditer(before)]
    ruling = next((kind for kind in reversed(kinds) if kind), _OTHER)
    after = [_kind(match.group().casefold(), True) for match in _WORD.finditer(behind)]
    said = _PAY in kinds
    label = ruling == _OTHER and (where.labelled or _label_above(text, line_start, before, low))
    period, period_at = _label_period(before) if said else (None, 0)
    line_end = text.find("\n", end)
    rest = text[end : min(line_end if line_end >= 0 else len(text), end + _REACH_BEHIND)]
    return View(
        pay=said or label or (_PAY in after and _AMOUNT not in after),
        amount=ruling == _AMOUNT,
        extra=_AMOUNT in after,
        funding=ruling == _FUNDING or _FUNDING in after,
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


def _label_above(text: str, line_start: int, before: str, low: int) -> bool:
    """Whether the line above is a short pay label and the amount starts its own line."""
    if line_start == 0 or low > line_start + 1 or len(before.strip()) > 12:
        return False
    above = text[max(0, line_start - 1 - _LABEL_LINE) : line_start - 1].rpartition("\n")[2]
    return any(_kind(match.group().casefold()) == _PAY for match in _WORD.finditer(above))


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
