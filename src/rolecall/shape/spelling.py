"""The spelling that a schema lists for a value: ``FULL_TIME`` or ``Vollzeit`` for full_time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from rolecall.normalise.employment import find_employment
from rolecall.normalise.seniority import read_level
from rolecall.normalise.workplace import find_workplace
from rolecall.schema.links import words_of

PERIODS: Final[Mapping[str, str]] = {
    "hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month", "yearly": "year",
    "annual": "year", "annually": "year", "annum": "year", "per annum": "year", "hr": "hour",
    "yr": "year", "mo": "month", "hours": "hour", "months": "month", "years": "year",
}  # fmt: skip


def spelled(value: Any, source: str, listed: Sequence[Any]) -> Any | None:
    """The listed value that says what ``value`` of the field ``source`` does; ``None`` if none.

    The value itself, then the same words in another case or with other joints, then a listed one
    that means the same: read by what reads the field in a page.
    """
    if value in listed:
        return value
    if not isinstance(value, str):
        return None
    plain = words_of(value)
    texts = [one for one in listed if isinstance(one, str)]
    for one in texts:
        if words_of(one) == plain:
            return one
    read = READERS.get(source)
    if read is None:
        return None
    same = [one for one in texts if read(one) == value]
    return same[0] if same else None


@lru_cache(maxsize=1024)
def _employment(text: str) -> str | None:
    found = find_employment(" ".join(words_of(text)))
    return str(found[0].value) if len({one.value for one in found}) == 1 else None


@lru_cache(maxsize=1024)
def _workplace(text: str) -> str | None:
    if words_of(text) == ("telecommute",):
        return "remote"
    found = find_workplace(" ".join(words_of(text)))
    return str(found[0].value) if len({one.value for one in found}) == 1 else None


@lru_cache(maxsize=1024)
def _level(text: str) -> str | None:
    found = read_level(" ".join(words_of(text)))
    return str(found.value) if found is not None and found.value else None


def _period(text: str) -> str | None:
    name = " ".join(words_of(text)).removeprefix("per ").removeprefix("a ")
    return PERIODS.get(name, name)


READERS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "employment_type": _employment,
    "workplace": _workplace,
    "seniority": _level,
    "salary_period": _period,
}
