"""Levels of seniority."""

from __future__ import annotations

from rolecall.normalise.found import Found


def read_level(text: str, *, language: str | None = None) -> Found | None:
    """The level an explicit level field states."""
    return None


def find_title_level(title: str, *, language: str | None = None) -> Found | None:
    """The level a role title states."""
    return None
