"""Numbers as people write them, in many locales."""

from __future__ import annotations

from rolecall.normalise.found import Found


def read_number(text: str, *, language: str | None = None) -> Found | None:
    """The first number of ``text``."""
    return None
