"""Ranges of the page's text: those of a record's evidence against those of the label."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rolecall.same.words import words

Range = tuple[int, int]


def range_overlap(record: Mapping[str, Any], pointer: str, wanted: Any) -> float | None:
    """Characters that evidence and label both cover, of those that either covers.

    ``None`` where the record has no text, its value has no place in it, or the label does not stand
    in it. A label that stands there several times is taken where the evidence overlaps it most.
    """
    text = record.get("text")
    found = joined(spans_of(record, pointer))
    if not isinstance(text, str) or not found:
        return None
    right: list[Range] = []
    for item in wanted if isinstance(wanted, list | tuple) else [wanted]:
        said = item.get("text") if isinstance(item, Mapping) else item
        places = list(places_of(str(said), text))
        if not places:
            return None
        right.append(max(places, key=lambda place: (_shared([place], found), -place[0])))
    right = joined(right)
    both = _shared(right, found)
    either = _size(right) + _size(found) - both
    return both / either if either else None


def spans_of(record: Mapping[str, Any], pointer: str) -> list[Range]:
    """The ranges of the evidence of a value and of its items."""
    below = pointer + "/"
    rows = (
        (row.get("start"), row.get("end"))
        for name, row in (record.get("evidence") or {}).items()
        if name == pointer or name.startswith(below)
    )
    return [(a, b) for a, b in rows if isinstance(a, int) and isinstance(b, int)]


def places_of(said: str, text: str) -> Iterator[Range]:
    """Every range of ``text`` in which ``said`` stands, but for case and white space."""
    import re

    pieces = said.split()
    if pieces and words(said):
        pattern = r"\s+".join(map(re.escape, pieces))
        for match in re.finditer(pattern, text, re.IGNORECASE):
            yield match.span()


def joined(ranges: list[Range]) -> list[Range]:
    """The same characters as sorted ranges that do not touch."""
    out: list[Range] = []
    for start, end in sorted(ranges):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        elif start < end:
            out.append((start, end))
    return out


def _shared(a: list[Range], b: list[Range]) -> int:
    return sum(max(0, min(x[1], y[1]) - max(x[0], y[0])) for x in a for y in b)


def _size(ranges: list[Range]) -> int:
    return sum(end - start for start, end in ranges)
