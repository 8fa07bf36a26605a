"""Pages that were seen, found again by what is like them: locality-sensitive hashing over bands.

Whatever comes out depends on the sketches and their order alone. Memory is bounded: of the pages
that differ from all before them, the last `REMEMBERED` at least and twice as many at most are
known, at about 2 kB each beside 17 MB for the tables.
"""

from __future__ import annotations

import zlib
from array import array
from typing import Final

from msgspec import Struct

from rolecall.copies.sketch import PERMUTATIONS, Sketch, hashes

ROWS: Final = 4
BANDS: Final = PERMUTATIONS // ROWS
"""Bands of four: pages whose prose is 0.7 alike meet in one of the 32 in 9,998 of 10,000 cases."""

ALIKE: Final = 0.7
"""The share of shingles (Jaccard, as the signatures estimate it) from which on pages are copies."""

REMEMBERED: Final = 25_000
SLOTS: Final = 1 << 17
DEEP: Final = 24
"""Pages of one band that are looked at, the latest first."""


class Found(Struct, frozen=True):
    """What a page is a copy of: the number that the index gave it, and how alike they are."""

    number: int
    similarity: float
    exact: bool = False


class Place(Struct, frozen=True):
    """Where a page stands: its own ``number`` if it is unlike all others, what it is a copy of.

    Both where it is like another but not the same: then it may itself be what a later page is most
    like.
    """

    number: int | None
    found: Found | None


class _Entry(Struct, frozen=True):
    signature: bytes
    names: bytes
    heads: bytes
    facts: bytes
    stated: bool


class Index:
    """Sketches in the order of the run. ``floor`` is the lowest number that is still known."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self.remembered = remembered
        self.floor = 0
        self._next = 0
        self._entries: dict[int, _Entry] = {}
        # The whole and exact keys of two spans of numbers, the older of which is dropped in time.
        self._keys: tuple[dict[bytes, int], dict[bytes, int]] = ({}, {})
        # Per band the latest page of each slot (its number plus one), and per page the one before.
        self._latest: list[array[int]] = []
        self._before: dict[int, array[int]] = {}

    def place(self, one: Sketch) -> Place:
        """Where the next page stands among those before it; it is remembered."""
        for key, exact in ((one.exact, True), (one.whole, False)):
            number = self._known(key) if key else None
            if number is not None:  # its own bytes are not noted: they have no record of their own
                return Place(None, Found(number, 1.0, exact))
        found = self._nearest(one) if one.signature else None
        return Place(self._add(one), found)

    def _known(self, key: bytes) -> int | None:
        number = self._keys[1].get(key, self._keys[0].get(key))
        return number if number is not None and number >= self.floor else None

    def _add(self, one: Sketch) -> int:
        number = self._next
        self._next += 1
        if number and number % self.remembered == 0:
            self._forget(number - self.remembered)
        self._keys[1][one.exact] = number
        if one.whole:
            self._keys[1][one.whole] = number
        if one.signature:
            self._entries[number] = _Entry(
                one.signature, one.names, one.heads, one.facts, one.stated
            )
            self._link(number, one.signature)
        return number

    def _forget(self, floor: int) -> None:
        """Forget all pages below ``floor``."""
        for number in range(self.floor, floor):
            self._entries.pop(number, None)
            self._before.pop(number, None)
        self.floor = floor
        self._keys = (self._keys[1], {})

    def _link(self, number: int, signature: bytes) -> None:
        if not self._latest:
            self._latest = [array("I", bytes(4 * SLOTS)) for _ in range(BANDS)]
        before = array("I", bytes(4 * BANDS))
        for band, slot in enumerate(_slots(signature)):
            latest = self._latest[band]
            before[band] = latest[slot]
            latest[slot] = number + 1
        self._before[number] = before

    def _nearest(self, one: Sketch) -> Found | None:
        """The copy that is most like this one, the earliest of those that are equally like it.

        Among copies those are more alike that state data, or not, as this one does, and that have
        the same short lines: their values are more often the same.
        """
        if not self._latest:
            return None
        hits: dict[int, int] = {}
        for band, slot in enumerate(_slots(one.signature)):
            at, deep = self._latest[band][slot], 0
            while at > self.floor and deep < DEEP:
                hits[at - 1] = hits.get(at - 1, 0) + 1
                at, deep = self._before[at - 1][band], deep + 1
        own, names, heads, facts = _sets(one)
        best: tuple[float, float, int] | None = None
        for number in hits:
            entry = self._entries[number]
            similarity = _alike(own, entry.signature)
            if similarity < ALIKE or not _same_name(names, heads, entry):
                continue
            rank = similarity + _overlap(facts, entry.facts) + (one.stated == entry.stated)
            if best is None or (rank, -number) > (best[0], -best[2]):
                best = (rank, similarity, number)
        return Found(best[2], round(best[1], 4)) if best is not None else None


def _sets(one: Sketch) -> tuple[array[int], set[bytes], set[bytes], set[bytes]]:
    return (
        array("I", one.signature),
        set(hashes(one.names)),
        set(hashes(one.heads)),
        set(hashes(one.facts)),
    )


def _slots(signature: bytes) -> list[int]:
    size = 4 * ROWS
    return [
        zlib.crc32(signature[at : at + size]) & (SLOTS - 1) for at in range(0, BANDS * size, size)
    ]


def _alike(own: array[int], other: bytes) -> float:
    """About the share of shingles that two texts have in common."""
    return sum(map(int.__eq__, own, array("I", other))) / PERMUTATIONS


def _same_name(names: set[bytes], heads: set[bytes], entry: _Entry) -> bool:
    """Whether all that one page may call its vacancy stands in a heading of the other."""
    return names.issubset(hashes(entry.heads)) or heads.issuperset(hashes(entry.names))


def _overlap(facts: set[bytes], other: bytes) -> float:
    theirs = set(hashes(other))
    every = len(facts | theirs)
    return len(facts & theirs) / every if every else 1.0
