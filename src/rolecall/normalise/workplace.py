"""Where the work is done: remote, hybrid or onsite."""

from __future__ import annotations

from rolecall.normalise.found import Found


def find_workplace(text: str, *, language: str | None = None) -> list[Found]:
    """All wordings about the workplace, in order of position."""
    return []
