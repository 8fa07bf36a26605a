"""What is usual: the counts of a stretch, and how much its own windows differ from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from rolecall.drift.counts import (
    MOST_KEPT,
    MOST_SITES,
    OTHER,
    Cells,
    Counting,
    Counts,
    Window,
    dimensions,
    in_reference,
    most_frequent,
    put,
    summed,
)
from rolecall.drift.shift import Distance, distance

FIRST: Final = 25
"""Windows from which a reference is made where nobody pins one: 5,000 pages."""
DAY: Final = 86_400_000
DAY_WINDOWS: Final = 5
"""Windows that a day must have to be held against others."""
LEAST_DAYS: Final = 3
"""Such days that a reference must have, before it is known how much days differ."""

PSI_BOUND: Final = 0.2
DAY_PSI_BOUND: Final = 0.1
OWN_FACTOR: Final = 1.25
"""A change is larger than this times the largest index of the reference's own windows (or days)."""
P_BOUND: Final = 1e-7
"""The chance under which a change is none. At 100,000 pages a day there are 70,000 windows in
twenty weeks; with some thirty dimensions that is 0.2 false alarms expected, if all else let them
through."""

Chosen = Literal["first", "pinned"]
Look = Literal["window", "day"]


class Usual(Struct, frozen=True, kw_only=True):
    """How much windows of the reference differ from the rest of it, in one dimension: the mean of
    chi-square by degree of freedom (at least 1), and the largest index."""

    overdispersion: float
    largest: float


class Reference(Struct, frozen=True, kw_only=True):
    """What is usual. ``made``, ``starts`` and ``ends`` are milliseconds; ``chosen`` says whether
    somebody pinned it, or the first windows had to do. ``windows`` and ``days`` are empty for a
    dimension of which too little is known; ``days`` also where there were fewer than three days.
    """

    made: int
    starts: int
    ends: int
    pages: int
    number: int
    chosen: Chosen
    counts: Counts
    windows: dict[str, Usual]
    days: dict[str, Usual]


class Shift(Struct, frozen=True, kw_only=True):
    """One dimension of a window or a day against the reference: the index, the bound that it must
    exceed, the chance of so much where nothing has changed, and whether it counts as a change."""

    name: str
    psi: float
    bound: float
    p: float
    drifts: bool


def reference(
    windows: Callable[[], Iterable[Window]], chosen: Chosen, made: int
) -> Reference | None:
    """The reference of windows, which are gone through twice; ``None`` without any."""
    whole = summed(windows())
    if whole is None:
        return None
    held = _Held(whole)
    by_day: dict[int, tuple[int, Counting]] = {}
    number = 0
    for one in windows():
        number += 1
        held.window(one.counts)
        windows_of, counting = by_day.get(one.starts // DAY, (0, {}))
        put(counting, one.counts)
        by_day[one.starts // DAY] = windows_of + 1, counting
    days = [counting for many, counting in by_day.values() if many >= DAY_WINDOWS]
    if len(days) >= LEAST_DAYS:
        for day in days:
            held.day(day)
    return Reference(
        made=made,
        starts=whole.starts,
        ends=whole.ends,
        pages=whole.pages,
        number=number,
        chosen=chosen,
        counts=bounded(whole.counts),
        windows=held.usual("window"),
        days=held.usual("day"),
    )


class _Held:
    """Windows and days of a reference, each held against the rest of it."""

    def __init__(self, whole: Window) -> None:
        self._bounded = bounded(whole.counts)
        self._known = dimensions(self._bounded)
        self._seen: dict[Look, dict[str, list[float]]] = {"window": {}, "day": {}}

    def window(self, counts: Counts) -> None:
        """One of the windows."""
        self._hold("window", counts)

    def day(self, counts: Counts) -> None:
        """All windows of a day."""
        self._hold("day", counts)

    def _hold(self, look: Look, counts: Counts) -> None:
        for name, cells in in_reference(counts, self._bounded).items():
            found = distance(cells, _without(self._known.get(name, {}), cells))
            if found is None or not found.freedom:
                continue
            sums = self._seen[look].setdefault(name, [0.0, 0.0, 0.0])
            sums[0] += found.chi / found.freedom
            sums[1] += 1
            sums[2] = max(sums[2], found.psi)

    def usual(self, look: Look) -> dict[str, Usual]:
        """What was found of each dimension."""
        return {
            name: Usual(overdispersion=max(1.0, chi / times), largest=largest)
            for name, (chi, times, largest) in self._seen[look].items()
        }


def _without(known: Cells, cells: Cells) -> dict[str, int]:
    """The reference without one of its windows."""
    rest = {cell: times - cells.get(cell, 0) for cell, times in known.items()}
    if OTHER in known:
        rest[OTHER] -= sum(times for cell, times in cells.items() if cell not in known)
    return {cell: times for cell, times in rest.items() if times > 0}


def bounded(counts: Counts) -> Counting:
    """Counts with at most so many cells by dimension as a reference keeps."""
    return {
        name: dict(cells)
        if name == "filled"
        else most_frequent(cells, MOST_SITES if name == "site" else MOST_KEPT)
        for name, cells in counts.items()
    }


def shifts(counts: Counts, usual: Reference, look: Look = "window") -> Iterator[Shift]:
    """Each dimension of a window (or a day) against the reference; too few pages give nothing."""
    known = dimensions(usual.counts)
    own, least = (usual.windows, PSI_BOUND) if look == "window" else (usual.days, DAY_PSI_BOUND)
    for name, cells in in_reference(counts, usual.counts).items():
        found = distance(cells, known.get(name) or _nobody(name, usual))
        if found is not None:
            yield _shift(name, found, own.get(name), least)


def _nobody(name: str, usual: Reference) -> dict[str, int]:
    """The reference of a field that no posting had."""
    if not name.startswith("field "):
        return {}
    return {"with": 0, "without": usual.counts.get("filled", {}).get("", 0)}


def _shift(name: str, found: Distance, own: Usual | None, least: float) -> Shift:
    bound = max(least, OWN_FACTOR * own.largest if own is not None else 0.0)
    p = found.p(own.overdispersion if own is not None else 1.0)
    return Shift(
        name=name, psi=found.psi, bound=bound, p=p, drifts=found.psi > bound and p < P_BOUND
    )


def encoded(one: Reference) -> bytes:
    """A reference as JSON."""
    return msgspec.json.encode(one)


def decoded(data: bytes) -> Reference | None:
    """The reference that `encoded` was given; ``None`` for what is damaged."""
    try:
        found = msgspec.json.decode(data, type=Reference)
    except (msgspec.DecodeError, ValueError):
        return None
    figures: list[Any] = [times for cells in found.counts.values() for times in cells.values()]
    return found if all(times >= 0 for times in figures) else None
