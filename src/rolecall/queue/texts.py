"""Texts and numbers as both databases can keep them."""

from __future__ import annotations

from typing import Final

LONGEST_KEY: Final = 255
"""Letters of a key or a name that rows are found by; PostgreSQL cannot index long ones."""
_MOST: Final = 2**63 - 1


def storable(text: str) -> str:
    """``text`` without what PostgreSQL (NUL) or UTF-8 (halves of pairs) has no place for; each such
    letter becomes U+FFFD."""
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def fitting(number: int) -> int:
    """``number``, or the nearest that a column holds: one out of range names no row either."""
    return max(-_MOST, min(number, _MOST))
