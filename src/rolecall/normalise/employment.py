"""Kinds of employment."""

from __future__ import annotations

from rolecall.normalise.found import Found


def find_employment(text: str, *, language: str | None = None) -> list[Found]:
    """All wordings that name a kind of employment, in order of position."""
    return []
