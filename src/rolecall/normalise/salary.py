"""Pay: wording -> min, max, currency, period."""

from __future__ import annotations

from rolecall.normalise.found import Found


def find_salaries(
    text: str,
    *,
    language: str | None = None,
    currency_hint: str | None = None,
    labelled: bool = False,
) -> list[Found]:
    """Every pay figure of ``text``, in order; ``labelled`` says that a pay label stands before."""
    return []


def read_salary(
    text: str,
    *,
    language: str | None = None,
    currency_hint: str | None = None,
    labelled: bool = False,
) -> Found | None:
    """The likeliest pay figure of ``text``."""
    return None
