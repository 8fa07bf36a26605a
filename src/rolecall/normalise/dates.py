"""Dates: wording -> ISO date, or why not."""

from __future__ import annotations

from datetime import date

from rolecall.normalise.found import Found


def find_dates(
    text: str,
    *,
    language: str | None = None,
    captured: date | None = None,
    day_first: bool | None = None,
    labelled: bool = False,
) -> list[Found]:
    """Every date of ``text``, in order."""
    return []


def read_date(
    text: str,
    *,
    language: str | None = None,
    captured: date | None = None,
    day_first: bool | None = None,
    labelled: bool = False,
) -> Found | None:
    """The first and clearest date of ``text``."""
    return None
