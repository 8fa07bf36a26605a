"""Years of experience."""

from __future__ import annotations

from rolecall.normalise.found import Found


def find_years(text: str, *, language: str | None = None) -> list[Found]:
    """All figures in years, in order of position."""
    return []
