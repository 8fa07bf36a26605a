"""A figure over time in even steps, as a chart shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from rolecall.monitor.series import DAY, HOUR, MINUTE, Point, Series


class Stretch(Struct, frozen=True, kw_only=True):
    """How far back, in steps of how long, from points of which length; all in seconds."""

    seconds: int
    step: int
    span: int


STRETCHES: Final[Mapping[str, Stretch]] = {
    "1h": Stretch(seconds=HOUR, step=MINUTE, span=MINUTE),
    "24h": Stretch(seconds=DAY, step=HOUR // 2, span=MINUTE),
    "7d": Stretch(seconds=7 * DAY, step=3 * HOUR, span=HOUR),
    "30d": Stretch(seconds=30 * DAY, step=12 * HOUR, span=HOUR),
}
"""The stretches of time that are shown."""


class History(Struct, frozen=True, kw_only=True):
    """``counts`` and ``sums`` of each label, one of each for every one of ``starts`` (seconds since
    1970); the last step is still going on."""

    step: int
    starts: tuple[int, ...]
    counts: dict[str, tuple[int, ...]]
    sums: dict[str, tuple[int, ...]]

    def total(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Counts and sums of all labels together."""
        none = [0] * len(self.starts)
        counts, sums = (list(self.counts.values()), list(self.sums.values()))
        return (
            tuple(map(sum, zip(none, *counts, strict=True))),
            tuple(map(sum, zip(none, *sums, strict=True))),
        )

    def means(self) -> dict[str, tuple[float, ...]]:
        """The mean of each label in each step, 0 where nothing was told."""
        return {
            label: tuple(
                total / count if count else 0.0
                for count, total in zip(counts, self.sums[label], strict=True)
            )
            for label, counts in self.counts.items()
        }


def history(series: Series, name: str, stretch: Stretch, now: float) -> History:
    """The figure ``name`` over the stretch that ends ``now``.

    Raises:
        DatabaseError: the database cannot be read.
    """
    return histories(series, (name,), stretch, now)[name]


def histories(
    series: Series, names: Sequence[str], stretch: Stretch, now: float
) -> dict[str, History]:
    """The same of several figures, which are read together.

    Raises:
        DatabaseError: the database cannot be read.
    """
    last = int(now) // stretch.step * stretch.step
    first = last - stretch.seconds + stretch.step
    starts = tuple(range(first, last + 1, stretch.step))
    found = series.steps(names, stretch.span, stretch.step, first)
    return {name: _history(points, starts, stretch.step) for name, points in found.items()}


def _history(points: Sequence[Point], starts: tuple[int, ...], step: int) -> History:
    counts: dict[str, list[int]] = {}
    sums: dict[str, list[int]] = {}
    for point in points:
        place = (point.starts - starts[0]) // step
        if place < len(starts):
            counts.setdefault(point.label, [0] * len(starts))[place] += point.count
            sums.setdefault(point.label, [0] * len(starts))[place] += point.sum
    return History(
        step=step,
        starts=starts,
        counts={label: tuple(one) for label, one in counts.items()},
        sums={label: tuple(one) for label, one in sums.items()},
    )
