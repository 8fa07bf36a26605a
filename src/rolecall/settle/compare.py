"""Do two candidates say the same?"""

from __future__ import annotations

from typing import Any, Final

from rolecall.settle.ground import Grounded, fold

COMPLEMENTARY: Final = frozenset(
    {"skills", "responsibilities", "requirements", "benefits", "application_url", "education"}
)
"""Units of which two different readings complement, rather than contradict, each other."""

SAME_WORDS: Final = 0.7
"""The share of common words from which on two texts are the same text."""

SAMPLED: Final = 16
"""About how many pairs of words of a description are looked up in the other ..."""

WINDOW: Final = 60
"""... each from a window of so many characters."""


def agree(one: Grounded, other: Grounded) -> bool | None:
    """True when both say the same, False when they contradict, ``None`` for neither."""
    same = _same(one.unit, one.value, other.value)
    return None if not same and one.unit in COMPLEMENTARY else same


def _same(unit: str, one: Any, other: Any) -> bool:
    if one == other:
        return True
    if unit == "places":
        return any(_same_place(a, b) for a in one for b in other)
    if isinstance(one, dict):
        return _same_fields(one, other)
    if isinstance(one, list):
        return _same_lists(one, other)
    if unit == "description":
        return _same_body(one, other)
    if unit in ("title", "company", "education"):
        return _same_text(one, other)
    if unit == "application_url":
        return _bare(one) == _bare(other)
    return isinstance(one, str) and fold(one) == fold(other)


def _same_fields(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Nothing differs where both say something; a silent field contradicts nothing."""
    both = [name for name in one if one[name] is not None and other[name] is not None]
    return any(isinstance(one[name], int | float) for name in both) and all(
        one[name] == other[name] for name in both
    )


def _same_lists(one: list[Any], other: list[Any]) -> bool:
    a, b = {fold(item) for item in one}, {fold(item) for item in other}
    return a <= b or b <= a or len(a & b) >= 0.5 * len(a | b)


def _same_text(one: str, other: str) -> bool:
    a, b = fold(one), fold(other)
    if f" {a} " in f" {b} " or f" {b} " in f" {a} ":
        return True
    words, others = set(a.split()), set(b.split())
    return len(words & others) >= SAME_WORDS * len(words | others)


def _same_body(one: str, other: str) -> bool:
    """Whether pairs of neighbouring words of the shorter text stand in the longer one."""
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if len(short) < SAMPLED * WINDOW:
        return _same_text(short, long)
    pairs = []
    for start in range(0, len(short) - WINDOW, len(short) // SAMPLED):
        # The first word of a window may have lost its head, so it is left out.
        words = short[start : start + WINDOW].split()[1:-1]
        if len(words) > 1:
            pairs.append(f"{words[0]} {words[1]}")
    # A pair may straddle a line of the other text, hence the room that SAME_WORDS leaves.
    return bool(pairs) and sum(pair in long for pair in pairs) >= SAME_WORDS * len(pairs)


def _same_place(one: dict[str, Any], other: dict[str, Any]) -> bool:
    if one["city"] and other["city"]:
        return fold(one["city"]) == fold(other["city"])
    a = set(fold(one["text"]).replace(",", " ").split())
    b = set(fold(other["text"]).replace(",", " ").split())
    return a <= b or b <= a


def _bare(url: str) -> str:
    return url.partition("#")[0].partition("?")[0].rstrip("/")
