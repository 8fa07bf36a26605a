"""Degrees and schooling asked for."""

from __future__ import annotations

from rolecall.normalise.found import Found


def find_education(text: str, *, language: str | None = None) -> list[Found]:
    """All phrases that state a degree, in order of position."""
    return []
