"""Whether counts differ from others by more than chance, and by how much.

The effect is the population stability index (PSI): the sum over cells of (p - q) ln(p / q), where
p and q are the shares of the window and of the reference. 0.1 is commonly called a small change
and 0.25 a large one (Siddiqi, Credit Risk Scorecards, 2006). The evidence is Pearson's chi-square
of two samples (both are finite), divided by the overdispersion that windows of the reference show:
pages come in batches, so that they vary more than single draws would (McCullagh & Nelder,
Generalized Linear Models, 1989, section 4.5).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from rolecall.drift.counts import OTHER, Cells

LEAST_EXPECTED: Final = 5.0
"""Pages that the reference must put into a cell of a window; smaller cells are put together
(Cochran 1954)."""
LEAST_PAGES: Final = 50
"""Pages of a dimension below which nothing is told of it."""
SMOOTHING: Final = 0.5
"""Added to each count before shares are taken (Jeffreys), so that an empty cell has one too."""

Pairs = list[tuple[float, float]]
"""Counts of the window and of the reference, by cell."""


class Distance(Struct, frozen=True, kw_only=True):
    """How far a window is from a reference: the index, chi-square and its degrees of freedom."""

    psi: float
    chi: float
    freedom: int

    def p(self, overdispersion: float = 1.0) -> float:
        """The chance of so much or more, where nothing has changed."""
        return chi_tail(self.chi / max(1.0, overdispersion), self.freedom)


def distance(window: Cells, usual: Cells) -> Distance | None:
    """How far the cells of a window are from the usual ones; ``None`` of too few pages."""
    pages, most = sum(window.values()), sum(usual.values())
    if pages < LEAST_PAGES or most < LEAST_PAGES:
        return None
    pairs = list(_pairs(window, usual, pages / most))
    if len(pairs) < 2:
        return Distance(psi=0.0, chi=0.0, freedom=0)
    return Distance(psi=psi(pairs), chi=chi_square(pairs), freedom=len(pairs) - 1)


def _pairs(window: Cells, usual: Cells, scale: float) -> Iterator[tuple[float, float]]:
    """The counts by cell, small cells together.

    Into a cell that is small in the reference, and into the rest, it counts as if it had put five
    pages of the window; only what is above that is a difference. One odd page says nothing, a third
    of the pages in a cell that hardly was says much. A cell that the reference has among others
    may have been as large as the smallest that it has by its name.
    """
    floor = LEAST_EXPECTED / scale
    smallest = min((times for cell, times in usual.items() if cell != OTHER), default=0)
    hidden = max(floor, min(smallest, usual.get(OTHER, 0)))
    rest, usual_rest = sum(window.values()), float(sum(usual.values()))
    for cell, times in usual.items():
        if times >= floor and cell != OTHER:
            here = window.get(cell, 0)
            rest, usual_rest = rest - here, usual_rest - times
            yield float(here), float(times)
    for cell, here in window.items():
        times = usual.get(cell, 0)
        known = floor if cell in usual else hidden
        if times < floor and here > known * scale and cell != OTHER:
            rest, usual_rest = rest - here, usual_rest - times
            yield float(here), known
    if usual_rest >= floor:
        yield float(rest), usual_rest
    elif rest > LEAST_EXPECTED:
        yield float(rest), floor


def psi(pairs: Pairs) -> float:
    """The population stability index of counts, smoothed."""
    room = SMOOTHING * len(pairs)
    here = sum(one for one, _ in pairs) + room
    there = sum(one for _, one in pairs) + room
    total = 0.0
    for one, other in pairs:
        p, q = (one + SMOOTHING) / here, (other + SMOOTHING) / there
        total += (p - q) * math.log(p / q)
    return total


def chi_square(pairs: Pairs) -> float:
    """Pearson's chi-square of two samples of any sizes."""
    here, there = sum(one for one, _ in pairs), sum(one for _, one in pairs)
    if not here or not there:
        return 0.0
    up, down = math.sqrt(there / here), math.sqrt(here / there)
    return sum(
        (up * one - down * other) ** 2 / (one + other) for one, other in pairs if one + other > 0
    )


def chi_tail(x: float, freedom: int) -> float:
    """The chance that chi-square with whole ``freedom`` is over ``x``, exactly.

    The finite sums of Abramowitz & Stegun, 26.4.4 and 26.4.5.
    """
    if x <= 0 or freedom < 1:
        return 1.0
    half = x / 2
    if half > 700:
        return 0.0
    term, total = math.exp(-half), 0.0
    if freedom % 2:
        total = math.erfc(math.sqrt(half))
        term *= math.sqrt(half) / math.gamma(1.5)
        power = 1.5
    else:
        power = 1.0
    for _ in range(freedom // 2):
        total += term
        term *= half / power
        power += 1.0
    return min(1.0, total)
