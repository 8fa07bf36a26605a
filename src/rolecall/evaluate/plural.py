"""A number and what it counts, as a reader would write it."""

from __future__ import annotations


def plural(number: int, name: str) -> str:
    """``1 page``, ``2,000 pages``."""
    return f"{number:,} {name}{'' if number == 1 else 's'}"
