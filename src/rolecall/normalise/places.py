"""Places of work."""

from __future__ import annotations

from rolecall.normalise.found import Found


def read_place(text: str) -> dict[str, str | None]:
    """Split a header's place string into text, city, region and country."""
    return {"text": text, "city": None, "region": None, "country": None}


def find_places(text: str, *, language: str | None = None) -> list[Found]:
    """Places named in running text, in order of position."""
    return []


def is_place(text: str) -> float:
    """How plausible it is, 0 to 1, that a short string names a place."""
    return 0.0
