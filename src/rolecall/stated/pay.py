"""Stated pay in all its shapes -> one salary, and where the page shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from rolecall.core import Span
from rolecall.normalise.currency import CODES
from rolecall.normalise.salary import find_salaries, read_salary
from rolecall.stated.facts import number_of, period_of, text_of
from rolecall.stated.plain import line
from rolecall.stated.visible import Visible

Salary = dict[str, Any]

_CODE: Final = re.compile(r"[A-Z]{3}")
_LOW: Final = ("minValue", "minPrice", "min", "from", "minimum")
_HIGH: Final = ("maxValue", "maxPrice", "max", "to", "maximum")
_ONE: Final = ("value", "price", "amount", "median")
_UNIT: Final = ("unitText", "unitCode", "period", "interval", "duration", "unit")
_NESTED: Final = ("value", "priceSpecification", "salary", "amount")
MAX_FIGURES: Final = 12


def salary_of(data: Mapping[str, Any]) -> tuple[Salary, str] | None:
    """The salary a posting states, and the name of the property that states it.

    A single figure is both bounds. Zeros are no figures. A lower bound above the upper one is a
    mistake of which nothing is taken.
    """
    currency = data.get("salaryCurrency")
    for name in ("baseSalary", "salary", "estimatedSalary"):
        value = data.get(name)
        for one in value[:5] if isinstance(value, list) else [value]:
            if one is None:
                continue
            found = _read(one, currency)
            if found is not None:
                return found, name
    return None


def _read(value: Any, currency: Any) -> Salary | None:
    if isinstance(value, str):
        return _worded(value, currency)
    if not isinstance(value, Mapping):
        number = number_of(value)
        return _salary(number, number, currency, None) if number is not None else None
    unit: Any = None
    for _ in range(4):
        currency = value.get("currency") or value.get("priceCurrency") or currency
        unit = _first(value, _UNIT) or unit
        low, high = number_of(_first(value, _LOW)), number_of(_first(value, _HIGH))
        if low is not None or high is not None:
            return _salary(low, high, currency, unit)
        inner = _first(value, _NESTED)
        if isinstance(inner, list):
            inner = next((item for item in inner[:5] if isinstance(item, Mapping)), None)
        if not isinstance(inner, Mapping):
            break
        value = inner
    one = _first(value, _ONE)
    if isinstance(one, str) and not _is_number(one):
        found = _worded(one, currency)
        if found is not None and found["salary_period"] is None:
            found["salary_period"] = period_of(unit)
        return found
    number = number_of(one)
    if number is not None:
        return _salary(number, number, currency, unit)
    for key in ("name", "description", "title"):
        if isinstance(value.get(key), str) and (found := _worded(value[key], currency)):
            return found
    return None


def _first(value: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((value[key] for key in keys if value.get(key) not in (None, "", [], {})), None)


def _is_number(text: str) -> bool:
    return not any(map(str.isalpha, text)) and sum(c in "-–—/" for c in text.strip()) == 0


def _worded(text: str, currency: Any) -> Salary | None:
    """Pay written out in a field of its own, as HTML or text."""
    flat = line(text[:2000])
    code = _code(currency)
    if _is_number(flat) and not any(map(str.isalpha, flat)) and len(flat) < 20:
        number = number_of(flat)
        if number is not None:
            return _salary(number, number, currency, None)
    found = read_salary(flat, currency_hint=code, labelled=True)
    if found is None or not isinstance(found.value, Mapping):
        return None
    salary = dict(found.value)
    if salary.get("salary_currency") is None:
        salary["salary_currency"] = code
    return salary


def _salary(low: Any, high: Any, currency: Any, unit: Any) -> Salary | None:
    if low is not None and high is not None and low > high:
        return None
    return {
        "salary_min": low,
        "salary_max": high,
        "salary_currency": _code(currency),
        "salary_period": period_of(unit),
    }


def _code(currency: Any) -> str | None:
    """An ISO 4217 code, also out of a symbol or an object."""
    text = text_of(currency).strip()
    if _CODE.fullmatch(text.upper()):
        return text.upper() if text.upper() in CODES or text.isupper() else None
    found = read_salary(f"{text} 1000", labelled=True) if 0 < len(text) < 12 else None
    return found.value.get("salary_currency") if found is not None else None


def visible_salary(visible: Visible, salary: Salary, language: str | None) -> Span | None:
    """Where the page shows the same figures as pay."""
    wanted = (salary["salary_min"], salary["salary_max"])
    seen: set[int] = set()
    for spelling in _spellings(wanted):
        at = visible.text.find(spelling)
        for _ in range(MAX_FIGURES):
            if at < 0:
                break
            block = visible.block(at)
            at = visible.text.find(spelling, at + len(spelling))
            if block is None or block.span.start in seen or block.role in ("similar", "cookie"):
                continue
            seen.add(block.span.start)
            own = block.span.of(visible.page.text)
            for found in find_salaries(own[:4000], language=language, labelled=True):
                value = found.value
                if isinstance(value, Mapping) and _same(value, wanted):
                    start = block.span.start
                    return Span(start + found.start, start + found.end)
    return None


def _same(value: Mapping[str, Any], wanted: tuple[Any, Any]) -> bool:
    have = (value.get("salary_min"), value.get("salary_max"))
    pairs = [(a, b) for a, b in zip(have, wanted, strict=True) if b is not None]
    return bool(pairs) and all(a is not None and abs(a - b) <= 0.005 * b for a, b in pairs)


def _spellings(wanted: tuple[Any, Any]) -> list[str]:
    """How the first figure may begin in the text, whatever the locale."""
    number = next((value for value in wanted if value is not None), None)
    if number is None:
        return []
    whole = int(number)
    spelled = [f"{whole:,}", str(whole)]
    if whole >= 1000:
        spelled += [f"{whole:,}".replace(",", mark) for mark in ".'  "[:3]]
        thousands = f"{whole / 1000:g}"
        spelled += [f"{thousands}k", f"{thousands} k", thousands]
    return list(dict.fromkeys(spelled))
