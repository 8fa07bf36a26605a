"""What is usual: the counts of a stretch, and how much its own windows differ from them."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct, structs

from rolecall.drift.changed import Changed, changed
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

DAY: Final = 86_400_000
FIRST: Final = 25
"""Windows from which a reference is made where nobody pins one: 5,000 pages."""
GROWS: Final = (DAY, 7 * DAY)
"""Milliseconds from the first page on, after which such a reference is made anew from all windows
of that stretch: hours are not like the days they belong to, nor days like their week."""
DAY_WINDOWS: Final = 5
"""Windows that a day must have to be held against others."""
LEAST_DAYS: Final = 3
"""Such days that a reference must have, before it is known how much days differ."""

PSI_BOUND: Final = 0.2
DAY_PSI_BOUND: Final = 0.1
OWN_FACTOR: Final = 1.25
"""A change is larger than this times the largest index of the reference's own windows (or days)."""
TESTS: Final = 4e6
"""A change is larger than what one in so many windows of the reference's kind would show: twice as
many as are looked at in twenty weeks of 100,000 pages a day, over thirty dimensions."""
TAIL_SHARE, LEAST_TAIL, LEAST_OWN = 0.02, 5, 20
"""The share of the largest indices from which that is reckoned, at least so many of at least so
many."""
BATCHED: Final = 2.0
"""Overdispersion above which pages come in batches, so that a single odd one may fill a window:
then two of three windows in a row must show a change."""
P_BOUND: Final = 1e-7
"""The chance under which a change is none. At 100,000 pages a day there are 70,000 windows in
twenty weeks; with some thirty dimensions that is 0.2 false alarms expected, if all else let them
through."""

Chosen = Literal["first", "pinned"]
Look = Literal["window", "day"]


class Usual(Struct, frozen=True, kw_only=True):
    """How much windows of the reference differ from the rest of it, in one dimension: the mean of
    chi-square by degree of freedom (at least 1), the largest index, and the one that hardly any
    window would exceed (see `rare`)."""

    overdispersion: float
    largest: float
    rare: float

    @property
    def bound(self) -> float:
        """The index that a change exceeds."""
        return max(OWN_FACTOR * self.largest, self.rare)


class Reference(Struct, frozen=True, kw_only=True):
    """What is usual. ``made``, ``starts`` and ``ends`` are milliseconds; ``chosen`` says whether
    somebody pinned it, or the first windows had to do. ``windows`` and ``days`` are empty for a
    dimension of which too little is known; ``days`` also where there were fewer than three days.
    ``stretch`` is the one of `GROWS` that it was made of.
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
    stretch: int = 0


class Shift(Struct, frozen=True, kw_only=True):
    """One dimension of a window or a day against the reference: the index, the bound that it must
    exceed, the chance of so much where nothing has changed, and whether it counts as a change:
    ``alone``, or only together with another window of three. Of a change there are the ``cells``
    that differ most."""

    name: str
    psi: float
    bound: float
    p: float
    drifts: bool
    alone: bool = True
    cells: tuple[Changed, ...] = ()


def grown(one: Reference, newest: int) -> int:
    """The stretch of `GROWS` of which a reference is to be made anew, now that there are windows up
    to ``newest``; 0 where it stays."""
    if one.chosen == "pinned":
        return 0
    for stretch in reversed(GROWS):
        if stretch > one.stretch and one.ends < one.starts + stretch <= newest:
            return stretch
    return 0


def reference(
    windows: Callable[[], Iterable[Window]], chosen: Chosen, made: int, stretch: int = 0
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
        stretch=stretch,
    )


class _Held:
    """Windows and days of a reference, each held against the rest of it."""

    def __init__(self, whole: Window) -> None:
        self._bounded = bounded(whole.counts)
        self._known = dimensions(self._bounded)
        self._seen: dict[Look, dict[str, tuple[list[float], array[float]]]] = {
            "window": {}, "day": {},
        }  # fmt: skip

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
            sums, indices = self._seen[look].setdefault(name, ([0.0], array("d")))
            sums[0] += found.chi / found.freedom
            indices.append(found.psi)

    def usual(self, look: Look) -> dict[str, Usual]:
        """What was found of each dimension."""
        return {
            name: Usual(
                overdispersion=max(1.0, sums[0] / len(indices)),
                largest=max(indices),
                rare=rare(indices),
            )
            for name, (sums, indices) in self._seen[look].items()
        }


def rare(indices: Sequence[float]) -> float:
    """The index that one in `TESTS` windows would exceed; 0 of too few to tell.

    The excess over a high threshold is taken to fall off exponentially, with the mean of the
    largest ones (peaks over threshold with shape 0: Coles, Statistical Modeling of Extreme Values,
    2001, chapter 4). The largest itself says too little: three thousand windows have not seen what
    seventy thousand will.
    """
    if len(indices) < LEAST_OWN:
        return 0.0
    many = max(LEAST_TAIL, int(TAIL_SHARE * len(indices)))
    ordered = sorted(indices, reverse=True)
    threshold = ordered[many]
    excess = sum(one - threshold for one in ordered[:many]) / many
    return threshold + excess * math.log(many / len(indices) * TESTS)


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
        before = known.get(name) or _nobody(name, usual)
        found = distance(cells, before)
        if found is None:
            continue
        shift = _shift(name, found, own.get(name), least)
        yield structs.replace(shift, cells=changed(cells, before)) if shift.drifts else shift


def _nobody(name: str, usual: Reference) -> dict[str, int]:
    """The reference of a field that no posting had."""
    if not name.startswith("field "):
        return {}
    return {"with": 0, "without": usual.counts.get("filled", {}).get("", 0)}


def _shift(name: str, found: Distance, own: Usual | None, least: float) -> Shift:
    bound = max(least, own.bound if own is not None else 0.0)
    batched = own.overdispersion if own is not None else 1.0
    p = found.p(batched)
    return Shift(
        name=name,
        psi=found.psi,
        bound=bound,
        p=p,
        drifts=found.psi > bound and p < P_BOUND,
        alone=batched <= BATCHED,
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
