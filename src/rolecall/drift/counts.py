"""What is counted of a page, and windows of such counts.

A dimension is one thing that may change (lengths, languages, ...); its cells are the values it can
take. Both are names and numbers, never text of a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Final

import msgspec
from msgspec import Struct

from rolecall.monitor.events import MOST_FIELDS, PageEvent
from rolecall.monitor.measures import SURE_STEP, legible

OTHER: Final = "*"
"""The cell of all values that have none of their own."""
POSTINGS: Final = ("ok", "partial")
MOST_CELLS: Final = 250
"""Cells of a dimension that are told apart while a window is counted; it has 200 pages."""
MOST_SITES: Final = 30
"""Sites that a window or a reference keeps by their names."""
MOST_KEPT: Final = 16
"""Cells that a window keeps of any other dimension whose values others make up."""
ROUTE: Final = "route"
"""The dimension of who answered."""
FILLED: Final = "filled"
"""How often each field has a value; `dimensions` makes one dimension of each."""
FIELD: Final = "field "
"""How the names of those begin."""
ALL: Final = ""
"""The cell of ``filled`` in which all postings are counted."""

Cells = Mapping[str, int]
Counts = Mapping[str, Cells]
"""Counts by dimension and cell."""

Counting = dict[str, dict[str, int]]


class Window(Struct, frozen=True, kw_only=True):
    """Counts of so many ``pages``, whose moments lie from ``starts`` to ``ends`` (milliseconds)."""

    starts: int
    ends: int
    pages: int
    counts: Counts


def count(counting: Counting, event: PageEvent) -> None:
    """Count a page."""
    _add(counting, "outcome", event.outcome)
    _add(counting, ROUTE, event.route)
    _add(counting, "site", event.site)
    if event.size > 0:
        _add(counting, "size", _doubling(event.size))
    context = max((_context(one) for one in event.calls if not one.kept), default=0)
    if context:
        _add(counting, "context", _doubling(context))
    if event.outcome not in POSTINGS:
        return
    if event.language:
        _add(counting, "language", event.language)
    _count_fields(counting, event)


def _count_fields(counting: Counting, event: PageEvent) -> None:
    filled = counting.setdefault(FILLED, {ALL: 0})
    filled[ALL] += 1
    least = 1_001
    for name, sure in event.fields.items():
        found = filled.get(name)
        if found is not None:
            filled[name] = found + 1
        elif len(filled) <= MOST_FIELDS and (told := legible(name)):
            filled[told] = filled.get(told, 0) + 1
        if 0 <= sure < least:
            least = sure
    if least <= 1_000:
        _add(counting, "confidence", _SURE[min(least, 999) // SURE_STEP])


_SURE: Final = tuple(f"{step * SURE_STEP:03d}" for step in range(1_000 // SURE_STEP))
_POWERS: Final = tuple(f"{1 << power:d}" for power in range(64))


def _doubling(amount: int) -> str:
    """The smallest power of two that is not less."""
    return _POWERS[min(63, (amount - 1).bit_length())]


def _context(call: object) -> int:
    return call.input_tokens + call.output_tokens  # type: ignore[attr-defined, no-any-return]


def _add(counting: Counting, dimension: str, cell: str) -> None:
    cells = counting.get(dimension)
    if cells is None:
        cells = counting[dimension] = {}
    found = cells.get(cell)
    if found is None:
        cell = legible(cell) if len(cells) < MOST_CELLS else OTHER
        found = cells.get(cell, 0)
    cells[cell] = found + 1


def kept(counting: Counts, sites: frozenset[str] = frozenset()) -> Counting:
    """What of the counts of a window is kept: of names that others make up, the most frequent and
    those of ``sites``; the rest together."""
    found: Counting = {}
    for dimension, cells in counting.items():
        if dimension == FILLED:
            found[dimension] = dict(cells)
        else:
            most = MOST_SITES if dimension == "site" else MOST_KEPT
            found[dimension] = most_frequent(cells, most, sites if dimension == "site" else ())
    return found


def most_frequent(cells: Cells, most: int, always: Iterable[str] = ()) -> dict[str, int]:
    """The ``most`` largest cells and those ``always`` wanted; the others together in one."""
    if len(cells) <= most:
        return dict(cells)
    ordered = sorted((one for one in cells if one != OTHER), key=lambda one: (-cells[one], one))
    names = {*ordered[:most], *(one for one in always if one in cells)}
    found = {name: cells[name] for name in ordered if name in names}
    rest = sum(cells.values()) - sum(found.values())
    return found | ({OTHER: rest} if rest else {})


def summed(windows: Iterable[Window]) -> Window | None:
    """All windows together; ``None`` of none. Cells are not bounded here: see `kept`."""
    counting: Counting = {}
    starts, ends, pages = None, 0, 0
    for one in windows:
        starts = one.starts if starts is None else min(starts, one.starts)
        ends, pages = max(ends, one.ends), pages + one.pages
        put(counting, one.counts)
    if starts is None:
        return None
    return Window(starts=starts, ends=ends, pages=pages, counts=counting)


def put(counting: MutableMapping[str, dict[str, int]], counts: Counts, sign: int = 1) -> None:
    """Add counts to others (or take them away, with ``sign`` -1)."""
    for dimension, cells in counts.items():
        into = counting.setdefault(dimension, {})
        for cell, times in cells.items():
            into[cell] = into.get(cell, 0) + sign * times


def dimensions(counts: Counts) -> dict[str, Cells]:
    """The counts with a dimension for each field: how many postings have it, how many not."""
    found = {name: cells for name, cells in counts.items() if name != FILLED}
    filled = counts.get(FILLED, {})
    postings = filled.get(ALL, 0)
    for name, times in filled.items():
        if name != ALL:
            found[f"{FIELD}{name}"] = {"with": times, "without": max(0, postings - times)}
    return found


def in_reference(counts: Counts, usual: Counts) -> dict[str, Cells]:
    """`dimensions` of counts, with those of the reference that have nothing here: a field that
    nobody fills any more is one that all are without."""
    found = dimensions(counts)
    postings = counts.get(FILLED, {}).get(ALL, 0)
    for name in usual.get(FILLED, {}):
        if name != ALL:
            found.setdefault(f"{FIELD}{name}", {"with": 0, "without": postings})
    return found


def encoded(counts: Counts) -> bytes:
    """Counts as JSON."""
    return msgspec.json.encode(counts)


def decoded(data: bytes) -> Counting:
    """The counts that `encoded` was given; raises `ValueError` for what is damaged."""
    found = msgspec.json.decode(data, type=Counting)
    if any(times < 0 for cells in found.values() for times in cells.values()):
        raise ValueError("a count is below 0")
    return found
