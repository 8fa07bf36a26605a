"""The value that a quote says, for each unit that has one of its own."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

from rolecall.normalise.dates import read_date
from rolecall.normalise.languages import find_languages
from rolecall.normalise.places import read_place
from rolecall.normalise.salary import read_salary
from rolecall.normalise.years import find_years

DIRECT: Final = frozenset({"title", "company", "education", "skills"})
"""Units whose value is the quote itself."""

_ADDRESS: Final = re.compile(r"[\w.+%-]{1,64}@[\w-]+(?:\.[\w-]+)+")


def read_value(unit: str, said: str, *, language: str | None, captured: date | None) -> Any:
    """The unit's value that ``said`` gives, ``None`` where it gives none."""
    if unit == "places":
        return read_place(said)
    if unit == "salary":
        salary = read_salary(said, language=language, labelled=True)
        return salary.value if salary is not None else None
    if unit == "experience":
        years = find_years(said)
        return years[0].value if years else None
    if unit == "languages_required":
        languages = find_languages(said)
        return languages[0].value if languages else None
    if unit in ("date_posted", "valid_through"):
        day = read_date(said, language=language, captured=captured, labelled=True)
        return day.value if day is not None else None
    if unit == "application_email":
        address = _ADDRESS.search(said)
        return address.group() if address else None
    return said
