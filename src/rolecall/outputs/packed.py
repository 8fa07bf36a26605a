"""Outputs that cannot be appended to, such as Parquet: new records wait in a journal beside them.

The journal ``.NAME.journal`` is a file of JSON Lines in the same folder; output and journal
together are the ledger of the run. A completed run writes the whole anew under another name, puts
it in the place of the output in one step, and removes the journal. Where nothing is new, the output
stays as it is.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from rolecall.errors import UsageError
from rolecall.inputs.files import shown
from rolecall.outputs.files import (
    beside,
    check_there,
    exists,
    is_there,
    open_own,
    remove,
    replaced,
    told,
)
from rolecall.outputs.heads import numbered
from rolecall.outputs.index import GONE, Index, Indexed, fill
from rolecall.outputs.json_lines import JsonLines
from rolecall.outputs.nouns import Head, Mode, OutputError, Wanted
from rolecall.outputs.rows import RowFile, ordering

MODE = 0o666


class Packing(Protocol):
    """How records are packed into one file."""

    def heads(self, path: str) -> Iterator[Head]:
        """The head of every record in a file, in their order; raises `UsageError`."""

    def lines(self, path: str) -> Iterator[bytes]:
        """Every record in a file as its line of JSON with the line's end, as it was written."""

    def write(self, path: str, lines: Iterator[bytes]) -> None:
        """Write a file with these records; raises `OSError`."""


class Packed(Indexed):
    """An open output with its journal. ``written`` counts the records of this run."""

    def __init__(self, path: str, journal: int, packing: Packing) -> None:
        super().__init__(path, Index())
        self._real = os.path.realpath(path)
        self._packing = packing
        self._journal = RowFile(journal_of(self._real), journal, JsonLines(), named=path)
        self._first = 0  # the place of the journal's first record; those before are in the output
        self._unpacked: dict[int, int] = {}  # where in the journal a record of the output is
        self._seen: tuple[int, int, int] | None = None  # what tells that the output is as it was

    def load(self, wanted: Wanted) -> None:
        """Index what earlier runs wrote; refuses records of other settings."""
        self._seen = _signature(self._real)
        fill(self._index, chain(self._packed(), self._journal.load()), self.path, wanted)
        self._journal.cut()

    def begin(self) -> None:
        """Raise `UsageError` if there is the journal of a run that did not end."""
        if self._journal.size():
            raise UsageError(
                f"{shown(self.path)} was begun by a run that did not end",
                hint="go on with --resume, or begin anew with --force",
            )

    def empty(self) -> None:
        """Begin anew: the output goes."""
        self._journal.empty()
        remove(self._real)

    def append(self, locator: str, seq: int, line: bytes) -> None:
        """Write one record to the journal."""
        self._journal.append(line + b"\n")
        self._index.new(locator, seq)
        self.written += 1

    def sync(self) -> None:
        """Bring the journal to the disk."""
        self._journal.sync()

    def complete(self) -> int:
        """Write the whole output, ordered by ``seq``, unless it is that already."""
        self._journal.sync()
        others = self._index.number_others()
        if self._seen is None or len(self._journal) or not self._index.in_order():
            self._unpack()
            with replaced(self._real, ordering(self._real), _mode(self._real)) as new:
                self._write(new)
                self._check_output()
        remove(self._journal.path)
        return len(others)

    def close(self) -> None:
        """Let go of the output and its lock; an empty journal goes, if it still is this run's."""
        journal = self._journal
        if not journal.size() and is_there(journal.path, journal.descriptor):
            remove(journal.path)
        os.close(journal.descriptor)

    def _packed(self) -> Iterator[Head]:
        if self._seen is not None:
            for head in self._packing.heads(self.path):
                self._first += 1
                yield head

    def _unpack(self) -> None:
        """Put what still counts of the output into the journal, to be read in any order.

        Should this be cut short, the journal holds the same records that the output does.
        """
        if self._seen is None:
            return
        for place, line in enumerate(self._packing.lines(self.path)):
            if place >= self._first:
                raise self._changed()
            if self._index.seqs[place] != GONE:
                self._unpacked[place] = len(self._journal)
                self._journal.append(line)

    def _write(self, new: str) -> None:
        lines = (numbered(self._read(place), seq) for place, seq in self._index.order())
        with told(self.path):
            self._packing.write(new, lines)

    def _read(self, place: int) -> bytes:
        """The record at a place: first those of the output, then those of the journal."""
        if place >= self._first:
            return self._journal.read(place - self._first)
        if place not in self._unpacked:
            raise self._changed()
        return self._journal.read(self._unpacked[place])

    def _check_output(self) -> None:
        check_there(self._journal.path, self._journal.descriptor, self.path)
        if _signature(self._real) != self._seen:
            raise self._changed()

    def _changed(self) -> OutputError:
        return OutputError(
            f"{shown(self.path)} was made, replaced or removed while this run was going on",
            hint="move it away if you need it, and run again with --resume",
        )


def journal_of(path: str) -> str:
    """The journal of an output."""
    return beside(path, "journal")


def open_packed(path: str, mode: Mode, wanted: Wanted, packing: Packing) -> Packed:
    """Open an output and its journal, and lock them; raises `UsageError` where it may not be."""
    real = os.path.realpath(path)
    if mode == "new" and os.path.lexists(real):
        raise exists(path)
    packed = Packed(path, open_own(journal_of(real), new=False, named=path), packing)
    try:
        if mode == "new":
            packed.begin()
        elif mode == "force":
            packed.empty()
        elif mode == "resume":
            packed.load(wanted)
        remove(ordering(real))
    except BaseException:
        packed.close()
        raise
    return packed


def _signature(path: str) -> tuple[int, int, int] | None:
    """What tells one writing of a file from another; ``None`` where there is no file."""
    try:
        there = os.stat(path)
    except OSError:
        return None
    return there.st_ino, there.st_size, there.st_mtime_ns


def _mode(path: str) -> int:
    """The permissions that the output has, or those that a new file gets."""
    try:
        return os.stat(path).st_mode & 0o7777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return MODE & ~mask
