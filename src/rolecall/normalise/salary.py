"""Pay: the wording on a page -> minimum, maximum, currency and period.

A number counts as money through a currency beside it, or (without one) through a pay word with a
range or a period. What is not said stays ``None``: no period is inferred from a magnitude, and no
currency from a place (which dollar ``$`` is, the places of the page say when all is settled).
"""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from rolecall.normalise import salary_context as context
from rolecall.normalise.currency import mark_after, mark_before, resolve
from rolecall.normalise.found import Found
from rolecall.normalise.numbers import NUMBER, SPACES, multiplier, number_value, tidy
from rolecall.normalise.salary_lexicon import (
    AND_WORDS,
    BETWEEN,
    DASHES,
    MAXIMUM,
    MINIMUM,
    TO_WORDS,
)
from rolecall.normalise.salary_tail import Tail, may_go_on, read_tail

MOST_NUMBERS: Final = 3000
"""Numbers looked at in one text; no posting shows as many, and it bounds the work."""

_GAP_REACH: Final = 40
_CLOSE: Final = 4
"""Characters behind the last number of a text that are looked at for such marks alone."""

_CLOSERS: Final = f"{SPACES}.,;:!?)"
"""Marks behind a number that belong to no amount."""

_DIGIT: Final = re.compile(r"\d")
_FLAT_PRICE: Final = re.compile(r"[,.](?:--?|–|—)(?!\d)")
_KILO: Final = re.compile(rf"[{SPACES}]?[kKtT](?=€|EUR|USD|GBP|CHF|CZK|PLN|SEK|NOK|DKK|kr\b|Kč|zł)")
_PLUS: Final = re.compile(r"\+(?![^\W_])")
_GAP: Final = re.compile(rf"[{SPACES}]+")
_RANGE_A: Final = frozenset({"es", "pt", "it", "fr", "ca", "gl"})
_RANK: Final = {"labelled": 0, "period": 1, "bare": 2, "weak": 3}


class _Amount(Struct, frozen=True, kw_only=True):
    """One number with what stands right beside it; ``start`` and ``end`` include the currency."""

    start: int
    end: int
    value: float
    factor: float
    mark: str | None
    fronted: bool
    tail: Tail


def find_salaries(
    text: str,
    *,
    language: str | None = None,
    currency_hint: str | None = None,
    labelled: bool = False,
) -> list[Found]:
    """Every amount of money in ``text`` that may be pay, in order. Never raises.

    ``value`` maps ``salary_min``, ``salary_max``, ``salary_currency`` (ISO 4217) and
    ``salary_period`` to what is said, else ``None``; start and end cover the whole wording
    ("up to £30,000 per annum"). ``language`` (ISO 639-1) settles grouping marks and shared
    currency marks, ``currency_hint`` (ISO 4217) settles shared marks only. ``labelled`` says that
    a pay label stands in front of ``text``.

    ``cue``: ``labelled`` a pay word governs it; ``period`` a period stands beside it; ``bare``
    money without either; ``weak`` a line of nothing but numbers and a period, or a lone number
    under a label; ``amount`` a bonus, budget or price. Money of the company (funding, revenue) is
    left out. ``problem`` says why the currency is ``None``.
    """
    if _DIGIT.search(text) is None:
        return []
    found = []
    amounts = _amounts(text, language, labelled)
    previous = 0
    for index, first in enumerate(amounts):
        if first.start < previous:
            continue
        second = amounts[index + 1] if index + 1 < len(amounts) else None
        if second is not None:
            pair = _pair(text, first, second, language)
            if pair is None:
                second = None
            else:
                first, second = pair
        after = index + (1 if second is None else 2)
        limit = amounts[after].start if after < len(amounts) else len(text)
        where = context.Where(text, previous, limit, labelled)
        one = _judge(where, first, second, language, currency_hint)
        if one is not None:
            found.append(one)
        if one is not None or first.mark or (second is not None and second.mark):
            previous = (second or first).tail.end
    return found


def read_salary(
    text: str,
    *,
    language: str | None = None,
    currency_hint: str | None = None,
    labelled: bool = False,
) -> Found | None:
    """The likeliest pay in ``text``: labelled first, then with a period, a range before a figure.

    Amounts that are no pay (cue ``amount``) are never taken. Arguments as in `find_salaries`.
    """
    found = [
        one
        for one in find_salaries(
            text, language=language, currency_hint=currency_hint, labelled=labelled
        )
        if one.cue in _RANK
    ]
    return min(found, key=_preference, default=None)


def _preference(one: Found) -> tuple[int, bool]:
    return _RANK[one.cue], one.value["salary_min"] == one.value["salary_max"]


def _amounts(text: str, language: str | None, labelled: bool) -> list[_Amount]:
    """Every number that could be money, with its currency mark if there is one."""
    amounts = []
    floor = -_GAP_REACH - 1
    for match in islice(NUMBER.finditer(text), MOST_NUMBERS):
        amount = _amount(text, match, floor, language, labelled)
        if amount is not None:
            amounts.append(amount)
            floor = amount.end
    return amounts


def _amount(
    text: str, match: re.Match[str], floor: int, language: str | None, keep: bool
) -> _Amount | None:
    """One number as money; ``keep`` retains it even where nothing beside it speaks for money."""
    start, end = match.span()
    mark, begin = mark_before(text, start, max(floor, 0))
    if mark is None and start and (text[start - 1].isalpha() or text[start - 1] in "#@_"):
        return None
    if mark is None and not keep and start - floor > _GAP_REACH and not may_go_on(text, end):
        return None
    lone = mark is None and not keep and floor < 0 and len(text) - end <= _CLOSE
    if lone and not text[end:].strip(_CLOSERS):
        return None  # the text ends here, and nothing before could speak for money
    flat = _FLAT_PRICE.match(text, end)
    end = flat.end() if flat else end
    factor, end = multiplier(text, end, language)
    word = text[match.end() : end].strip(SPACES + ".").casefold() if factor != 1.0 else ""
    if factor == 1.0:
        kilo = _KILO.match(text, end)
        if kilo is not None:
            factor, end = 1000.0, kilo.end()
    behind, beyond = mark_after(text, end)
    if behind is not None and _fits(mark, behind):
        mark, end = behind, beyond
    if mark is None and word in ("lpa", "lakh", "lakhs", "lac", "lacs", "cr", "crore", "crores"):
        mark = "INR" if word == "lpa" else "Rs"
    following = text[end : end + 1]
    if following in ("%", "‰", "°", "^") or (
        mark is None and factor == 1.0 and following.isalpha()
    ):
        return None
    value, _ = number_value(match.group(), language)
    if begin < start and text[start - 1].isalpha() and value < 100 and factor == 1.0:
        return None
    tail = read_tail(text, end, language, mark is not None)
    if word == "lpa":
        tail = replace(tail, period="year")
    return _Amount(
        start=begin,
        end=end,
        value=value,
        factor=factor,
        mark=mark,
        fronted=begin < start,
        tail=tail,
    )


def _fits(before: str | None, behind: str) -> bool:
    """Whether a mark behind the number goes with the one in front of it."""
    if before is None or before == behind:
        return True
    code, _ = resolve(before, None, behind)
    return code == behind


def _pair(
    text: str, first: _Amount, second: _Amount, language: str | None
) -> tuple[_Amount, _Amount] | None:
    """The two ends of a range with one scale, or ``None`` where they are no range."""
    if second.start - first.tail.end > _GAP_REACH or (
        (first.mark is None) != (second.mark is None) and not _near(first, second)
    ):
        return None
    gap = _GAP.sub(" ", text[first.tail.end : second.start]).casefold()
    if gap.lstrip(" ").startswith("\n") and not 1000 <= first.value <= second.value <= (
        3 * first.value
    ):
        return None  # a line that starts with a dash is a list item, unless the sizes agree
    gap = gap.strip(" ()\n")
    if gap not in DASHES and not _range_word(text, gap, first.start, language):
        return None
    one, two = first, second
    if two.factor > one.factor == 1.0 and one.value <= two.value:
        one = replace(one, factor=two.factor)
    elif one.factor > two.factor == 1.0 and two.value < 1000:
        two = replace(two, factor=one.factor)
    elif (
        gap in DASHES
        and one.factor == two.factor == 1.0
        and one.value <= two.value / 1000
        and (one.mark is None or two.mark is None)
    ):
        one = replace(one, factor=1000.0)
    return one, two


def _near(first: _Amount, second: _Amount) -> bool:
    """Whether a number without a currency is of the size of the one that has it."""
    small, large = sorted((first.value, second.value))
    if first.factor != second.factor:
        return True
    if 5 <= first.value <= second.value / 1000:
        return first.mark is not None or not second.fronted
    return 0 < large <= 10 * small and (first.value <= second.value)


def _range_word(text: str, gap: str, start: int, language: str | None) -> bool:
    if gap in ("a", "e", "i", "y", "en") or gap in AND_WORDS:
        opened = context.word_before(text, start, BETWEEN)[0] is not None
        return opened or (gap == "a" and language in _RANGE_A)
    return gap in TO_WORDS


def _judge(
    where: context.Where,
    first: _Amount,
    second: _Amount | None,
    language: str | None,
    hint: str | None,
) -> Found | None:
    """The finding for one amount or range, or ``None`` where it is no pay."""
    last = second or first
    low, high = first.value * first.factor, last.value * last.factor
    if high <= 0:
        return None
    mark = first.mark or last.mark
    if first.mark and last.mark and first.mark != last.mark:
        mark = last.mark if _fits(first.mark, last.mark) else first.mark
    period = last.tail.period or first.tail.period
    start, end = first.start, last.tail.end
    if mark is None and second is None and period is None and not where.labelled:
        return None
    view = context.look(where, start, end)
    cue = _cue(view, mark, period, second is not None, (low, high))
    if cue == "bare" and high < 100 and where.text[first.start].isalpha():
        return None  # "PHP 7" is a version
    if cue is None or last.factor >= 1e9 or (last.factor >= 1e6 and mark and cue != "labelled"):
        return None
    if period is None and cue == "labelled" and view.period is not None:
        period, start = view.period, view.period_start
    minimum, maximum, begin, end = _bounds(where.text, first, second, end, language)
    code, problem = resolve(mark, language, hint) if mark else (None, "no currency")
    if low > high:
        minimum, maximum, problem = high, low, problem or "range reversed"
    return Found(
        value={
            "salary_min": None if minimum is None else tidy(minimum),
            "salary_max": None if maximum is None else tidy(maximum),
            "salary_currency": code,
            "salary_period": period,
        },
        start=min(start, begin),
        end=end,
        cue=cue,
        problem=problem,
    )


def _cue(
    view: context.View,
    mark: str | None,
    period: str | None,
    ranged: bool,
    bounds: tuple[float, float],
) -> str | None:
    if mark is None:
        return _cue_without_currency(view, period, ranged, bounds)
    if view.funding and not (view.pay and (ranged or period)):
        return None
    if view.amount and not (view.pay and ranged):
        return "amount"
    if view.extra and not (view.pay and (period or ranged)):
        return "amount"
    if view.pay or (view.range and ranged):
        return "labelled"
    return "period" if period else "bare"


def _cue_without_currency(
    view: context.View, period: str | None, ranged: bool, bounds: tuple[float, float]
) -> str | None:
    low, high = bounds
    alone = view.alone
    if alone and period and not view.pay:
        return "weak"
    if view.amount or view.extra or view.funding or not view.pay:
        return None
    if ranged and low >= 1000 and not (1900 <= low <= 2100 and 1900 <= high <= 2100):
        return "labelled"
    if period:
        return "labelled"
    if alone and (ranged or (low >= 1000 and not 1900 <= low <= 2100)):
        return "weak"
    return None


def _bounds(
    text: str, first: _Amount, second: _Amount | None, end: int, language: str | None
) -> tuple[float | None, float | None, int, int]:
    """Minimum, maximum, and the quote widened by words such as "up to" and a "+"."""
    low = first.value * first.factor
    if second is not None:
        _, begin = context.word_before(text, first.start, BETWEEN)
        return low, second.value * second.factor, begin, end
    word, begin = context.word_before(text, first.start, MAXIMUM)
    if word is not None and not (word in ("do", "to", "til") and language in ("en", "pt")):
        return None, low, begin, end
    plus = _PLUS.match(text, first.end)
    if plus is not None and not context.adds_something(text, plus.end()):
        return low, None, first.start, max(end, plus.end())
    word, begin = context.word_before(text, first.start, MINIMUM)
    if word is not None:
        return low, None, begin, end
    return low, low, first.start, end
