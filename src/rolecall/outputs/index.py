"""What an output holds, in arrays: some 80 bytes a record, so that a million of them fit easily.

Every record has a *place*, its number in the order of writing. Those of earlier runs come first and
are found by locator, through a table of places (open addressing, linear probing).
"""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from itertools import pairwise
from operator import eq
from typing import Final

from rolecall.outputs.files import other_config, other_text
from rolecall.outputs.nouns import IDENTITY, Head, Wanted
from rolecall.record import escape

KEY: Final = IDENTITY  # two of a million alike in one of 10**26 runs
ID: Final = 32
FAILED, AGAIN, SETTLED = 1, 2, 4
GONE: Final = -1
"""The seq of a record that counts no more."""


class Index:
    """The records of an output: their numbers, and where each earlier one is found.

    ``spelled`` is how the output writes a locator, where that is not as records do.
    """

    def __init__(self, spelled: Callable[[str], str] = str) -> None:
        self.seqs = array("q")
        self._written = array("q")  # the numbers that stand in the output
        self._spelled = spelled
        self._keys, self._ids, self._flags = bytearray(), bytearray(), bytearray()
        self._table = array("i", [-1]) * 1024

    def __len__(self) -> int:
        return len(self.seqs)

    def add(self, head: Head, *, again: bool = False) -> int:
        """Take in a record of an earlier run; returns the place of one that it replaces, or -1.

        ``again`` says that its page is to be read once more, as do a page that could not be read
        and a failure that may pass.
        """
        key = key_of(head.source)
        place = len(self.seqs)
        if place * 2 >= len(self._table):
            self._grow()
        slot = self._slot(key)
        earlier = self._table[slot]
        if earlier >= 0:
            self._drop(earlier)
        self._table[slot] = place
        source_id = _id_of(head.source_id)
        again = again or source_id is None or head.retryable
        self.seqs.append(head.seq)
        self._written.append(head.seq)
        self._keys += key
        self._ids += source_id or bytes(ID)
        self._flags.append(FAILED * head.failed | AGAIN * again)
        return earlier

    def known(self, locator: str) -> str | None:
        """The source_id of the earlier record of ``locator``; empty if it is to be done again."""
        place = self.find(locator)
        if place < 0:
            return None
        if self._flags[place] & AGAIN:
            return ""
        return self._ids[place * ID : place * ID + ID].hex()

    def find(self, locator: str) -> int:
        """The place of the earlier record of ``locator`` that nothing was decided about, or -1."""
        if not self._keys:
            return -1
        source = locator if locator.isascii() else escape(locator)
        place = self._table[self._slot(key_of(self._spelled(source)))]
        return -1 if place >= 0 and self._flags[place] & SETTLED else place

    def keep(self, locator: str, seq: int) -> tuple[int, bool]:
        """The earlier record of ``locator`` stays, as ``seq``: its place, and whether it failed."""
        place = self.find(locator)
        if place < 0:
            raise KeyError(locator)
        self.seqs[place] = seq
        self._flags[place] |= SETTLED
        return place, bool(self._flags[place] & FAILED)

    def new(self, locator: str, seq: int) -> int:
        """A record was written for ``locator``; returns the place of the earlier one, or -1."""
        earlier = self.find(locator)
        if earlier >= 0:
            self._flags[earlier] |= SETTLED
            self._drop(earlier)
        self.seqs.append(seq)
        self._written.append(seq)
        return earlier

    def forget(self, locator: str) -> None:
        """Drop the earlier record of ``locator`` if it is a failure without a page."""
        place = self.find(locator)
        if place < 0 or not self._flags[place] & FAILED:
            return
        if not any(self._ids[place * ID : place * ID + ID]):
            self._flags[place] |= SETTLED
            self._drop(place)

    def others(self) -> list[int]:
        """The places of records that were neither kept nor replaced, by their numbers.

        They are of inputs that this run did not have, once it has seen all of its own.
        """
        others = [
            place
            for place, flags in enumerate(self._flags)
            if not flags & SETTLED and self.seqs[place] != GONE
        ]
        others.sort(key=self._written.__getitem__)
        return others

    def number_others(self) -> list[int]:
        """Number the others after all the rest, in their order, and return their places."""
        others = self.others()
        for place in others:
            self.seqs[place] = GONE
        for seq, place in enumerate(others, max(self.seqs, default=GONE) + 1):
            self.seqs[place] = seq
            self._flags[place] |= SETTLED
        return others

    def all_known(self) -> Iterator[tuple[bytes, bytes]]:
        """Identity and source_id of every record that ``known`` tells of."""
        for place, flags in enumerate(self._flags):
            if not flags & (SETTLED | AGAIN) and self.seqs[place] != GONE:
                key, source = place * KEY, place * ID
                yield bytes(self._keys[key : key + KEY]), bytes(self._ids[source : source + ID])

    def in_order(self) -> bool:
        """Whether the records are numbered from 0 as they stand, and none is superfluous."""
        ranks = range(len(self.seqs))
        return all(map(eq, self._written, ranks)) and all(
            one < other for one, other in pairwise((GONE, *self.seqs))
        )

    def order(self) -> Iterator[tuple[int, int]]:
        """Place and number of every record that counts, by seq; numbered from 0, without gaps."""
        places = [place for place, seq in enumerate(self.seqs) if seq != GONE]
        places.sort(key=self.seqs.__getitem__)
        return ((place, number) for number, place in enumerate(places))

    def _drop(self, place: int) -> None:
        self.seqs[place] = GONE

    def _slot(self, key: bytes) -> int:
        """Where ``key`` is in the table, or where it would go."""
        table, keys = self._table, self._keys
        mask = len(table) - 1
        slot = int.from_bytes(key[:8], "little") & mask
        while (place := table[slot]) >= 0 and keys[place * KEY : place * KEY + KEY] != key:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        old = self._table
        self._table = array("i", [-1]) * (len(old) * 4)
        for place in old:
            if place >= 0:
                self._table[self._slot(bytes(self._keys[place * KEY : place * KEY + KEY]))] = place


class Indexed:
    """An output with an index: what every format shares."""

    def __init__(self, path: str, index: Index) -> None:
        self.path = path
        self._index = index
        self.written = self.kept = 0

    def known(self, locator: str) -> str | None:
        """The source_id of the record that an earlier run wrote for ``locator``."""
        return self._index.known(locator)

    def all_known(self) -> Iterator[tuple[bytes, bytes]]:
        """Identity and source_id of every record that ``known`` tells of."""
        return self._index.all_known()

    def keep(self, locator: str, seq: int) -> bool:
        """The record of ``locator`` stays, as number ``seq``; returns whether it is a failure."""
        _, failed = self._index.keep(locator, seq)
        self.kept += 1
        return failed

    def forget(self, locator: str) -> None:
        """The record of ``locator`` goes, if no page was read for it and this run has no such."""
        self._index.forget(locator)


def fill(index: Index, heads: Iterable[Head], path: str, wanted: Wanted) -> None:
    """Take in what earlier runs wrote; refuses it if all of it has another configuration.

    Where some have this one, a server's model was changed during the run that wrote them: the
    others are done again. Of several records for one locator the last one counts.
    """
    same, other = 0, None
    for head in heads:
        ours = head.config == wanted.config
        same, other = same + ours, other if ours else head.config
        if head.with_text != wanted.with_text:
            raise other_text(path, wanted.with_text)
        index.add(head, again=not ours)
    if other is not None and not same:
        raise other_config(path, other, wanted.config)


def _id_of(source_id: str | None) -> bytes | None:
    """The bytes of a source_id; ``None`` where there is none that can be compared."""
    with contextlib.suppress(ValueError):
        found = bytes.fromhex(source_id or "")
        return found if len(found) == ID else None
    return None


def key_of(source: str) -> bytes:
    """The hash by which a locator, as it is written in records, is found."""
    return blake2b(source.encode("utf-8", "replace"), digest_size=KEY).digest()
