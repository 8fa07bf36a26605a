"""When two wordings of pay say the same: numbers, texts, or objects of amount and currency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rolecall.normalise.salary import find_salaries
from rolecall.same.values import same_number
from rolecall.same.words import fold

_LOW: Final = ("salary_min", "min", "minimum", "low", "from", "minValue", "value", "amount")
_HIGH: Final = ("salary_max", "max", "maximum", "high", "to", "maxValue", "value", "amount")
_CURRENCY: Final = ("salary_currency", "currency")
_PERIOD: Final = ("salary_period", "period", "unitText", "unit")


def same_money(a: Any, b: Any) -> bool:
    """Amounts within one per cent; currency and period the same where both say one.

    Where one of the two holds no amount that can be read, their wordings are compared.
    """
    one, two = _amounts(a), _amounts(b)
    if one is None or two is None:
        return fold(a) == fold(b)
    numbers = zip(one[:2], two[:2], strict=True)
    words = zip(one[2:], two[2:], strict=True)
    return all(
        (x is None) == (y is None) and (x is None or same_number(x, y)) for x, y in numbers
    ) and all(not x or not y or fold(x) == fold(y) for x, y in words)


def _amounts(value: Any) -> tuple[Any, Any, Any, Any] | None:
    """(low, high, currency, period), or ``None`` if there is no amount."""
    if isinstance(value, Mapping):
        inner = value.get("value")
        if isinstance(inner, Mapping):
            value = {**value, **inner}
        low, high, currency, period = (
            next((value[name] for name in names if value.get(name) is not None), None)
            for names in (_LOW, _HIGH, _CURRENCY, _PERIOD)
        )
        return None if low is None and high is None else (low, high, currency, period)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (value, value, None, None)
    found = find_salaries(str(value), labelled=True)
    if not found:
        return None
    said = found[0].value
    low, high = said["salary_min"], said["salary_max"]
    if low is None and high is None:
        return None
    return (low, high, said["salary_currency"], said["salary_period"])
