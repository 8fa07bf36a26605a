"""What has changed in a dimension: the cells whose shares differ most."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from rolecall.drift.counts import OTHER, Cells
from rolecall.table import one_line

MOST_CELLS: Final = 3
"""Cells that are told of a dimension that has changed."""


class Changed(Struct, frozen=True, kw_only=True):
    """A cell: its share of the reference (``usual``) and of the window or day (``now``)."""

    cell: str
    usual: float
    now: float


def changed(cells: Cells, usual: Cells) -> tuple[Changed, ...]:
    """The cells whose shares differ most, the largest difference first."""
    here, there = sum(cells.values()), sum(usual.values())
    if not here or not there:
        return ()
    found = [
        Changed(cell=cell, usual=usual.get(cell, 0) / there, now=cells.get(cell, 0) / here)
        for cell in {**usual, **cells}
    ]
    found.sort(key=lambda one: (-abs(one.now - one.usual), one.cell))
    return tuple(one for one in found[:MOST_CELLS] if one.now != one.usual)


def in_words(dimension: str, one: Changed) -> str:
    """Such as ``de 10% -> 40%``, with what moves a cursor made visible."""
    return f"{_cell(dimension, one.cell)} {one.usual:.0%} -> {one.now:.0%}"


def _cell(dimension: str, cell: str) -> str:
    if cell == OTHER:
        return "others"
    if dimension in _UNITS and cell.isascii() and cell.isdigit():
        return f"up to {int(cell):,} {_UNITS[dimension]}"
    if dimension == "confidence" and cell.isascii() and cell.isdigit():
        return f"from {int(cell) / 1_000:g}"
    return one_line(cell) or "none"


_UNITS: Final = {"size": "bytes", "context": "tokens"}
