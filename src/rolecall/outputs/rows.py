"""A file of rows, such as JSON Lines: appended to, cut where a row was torn, read by place."""

from __future__ import annotations

import contextlib
import os
import time
from array import array
from collections.abc import Iterator
from typing import Protocol

from rolecall.inputs.files import shown
from rolecall.outputs.files import check_there, damaged, not_ours, open_own, remove, replaced, told
from rolecall.outputs.index import Index, Indexed, fill
from rolecall.outputs.nouns import Head, OutputError, Wanted

SYNC_SECONDS = 1.0
BLOCK = 1 << 18
LONGEST = 1 << 30  # bytes of a row; what is longer was never written here


class Rows(Protocol):
    """A format of rows."""

    called: str
    """What messages call a row."""
    end: bytes
    """What ends a row, and stands nowhere within one."""
    top: bytes
    """What the file begins with, before its first row."""

    def spelled(self, source: str) -> str:
        """How rows write the locator ``source``."""

    def row(self, line: bytes) -> bytes:
        """The row of a record that is given as its line of JSON."""

    def head(self, row: bytes) -> Head | None:
        """The head of the record in a row; ``None`` if that is no whole one."""

    def torn(self, rest: bytes) -> bool:
        """Whether ``rest``, at the end of the file, may be the beginning of a row."""

    def numbered(self, row: bytes, seq: int) -> bytes:
        """The row with its ``seq`` set to what it is in this run."""


class RowFile:
    """An open file of rows. Three numbers a row are held, however long the rows are.

    ``named`` is the output that the user named, where this file serves another.
    """

    def __init__(self, path: str, descriptor: int, rows: Rows, *, named: str | None = None) -> None:
        self.path, self.descriptor, self.rows = path, descriptor, rows
        self.named = named or path
        self.end = 0
        self._synced = time.monotonic()
        self._starts, self._sizes = array("q"), array("q")

    def __len__(self) -> int:
        return len(self._starts)

    def load(self) -> Iterator[Head]:
        """The head of each row that is there, in their order; ``cut`` ends it.

        Raises:
            UsageError: something else is in the file. It is left as it was.
        """
        if not self._topped():
            return
        for row in _split(self.descriptor, self.end, self.rows.end):
            head = self.rows.head(row)
            if head is None:
                last = self.end + len(row) >= self.size()
                # A crash of the machine leaves NUL bytes where blocks were not written.
                torn = self.rows.torn(row) or (len(self) > 0 and b"\0" in row)
                if not last or not torn:
                    which = f"{self.rows.called} {len(self) + 1} of {shown(self.named)}"
                    raise damaged(which) if len(self) else not_ours(f"{which} is not a record")
                break
            self._note(len(row))
            yield head

    def cut(self) -> None:
        """Cut the torn end that ``load`` has passed over, once it is sure that the file is ours."""
        if self.size() > self.end:
            os.ftruncate(self.descriptor, self.end)

    def empty(self) -> None:
        """Throw away all that is in the file."""
        with told(self.named):
            os.ftruncate(self.descriptor, 0)
        self.end = 0

    def append(self, row: bytes) -> None:
        """Write a row; a failure leaves whole rows only."""
        try:
            with told(self.named):
                if not self.end and self.rows.top:
                    self._write(self.rows.top, 0)
                    self.end = len(self.rows.top)
                self._write(row, self.end)
        except OutputError:
            with contextlib.suppress(OSError):  # if the disk lets us
                os.ftruncate(self.descriptor, self.end)
            raise
        self._note(len(row))
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            self.sync()

    def size(self) -> int:
        """The bytes that are in the file."""
        return os.fstat(self.descriptor).st_size

    def read(self, place: int) -> bytes:
        """The row at ``place``."""
        return os.pread(self.descriptor, self._sizes[place], self._starts[place])

    def sync(self) -> None:
        """Bring everything written to the disk; raises `OutputError` if the file is gone."""
        with told(self.named):
            os.fsync(self.descriptor)
        check_there(self.path, self.descriptor, self.named)
        self._synced = time.monotonic()

    def _topped(self) -> bool:
        """Whether there is a whole top; the beginning of one is cut."""
        top = self.rows.top
        there = os.pread(self.descriptor, len(top), 0)
        if there == top:
            self.end = len(top)
            return True
        if not top.startswith(there):
            raise not_ours(f"{shown(self.named)} has other columns, or is not ours")
        os.ftruncate(self.descriptor, 0)
        return False

    def _note(self, size: int) -> None:
        self._starts.append(self.end)
        self._sizes.append(size)
        self.end += size

    def _write(self, data: bytes, at: int) -> None:
        view = memoryview(data)
        while view:
            done = os.pwrite(self.descriptor, view, at)
            view, at = view[done:], at + done


class Ledger(Indexed):
    """An output of rows that is its own ledger. ``written`` counts the records of this run."""

    def __init__(self, path: str, descriptor: int, rows: Rows) -> None:
        super().__init__(path, Index(rows.spelled))
        self._real = os.path.realpath(path)  # what is replaced in the end, not a link to it
        self._file = RowFile(self._real, descriptor, rows, named=path)

    def load(self, wanted: Wanted) -> None:
        """Index what earlier runs wrote; refuses records of other settings."""
        fill(self._index, self._file.load(), self.path, wanted)
        self._file.cut()

    def empty(self) -> None:
        """Begin anew."""
        self._file.empty()

    def append(self, locator: str, seq: int, line: bytes) -> None:
        """Write one record; an older one for the same locator goes when the run completes."""
        self._file.append(self._file.rows.row(line))
        self._index.new(locator, seq)
        self.written += 1

    def sync(self) -> None:
        """Bring everything written to the disk."""
        self._file.sync()

    def complete(self) -> int:
        """Order the file by ``seq``; returns how many records of other inputs were left in it.

        Those come last, with the numbers after this run's. The ordered file is written beside the
        old one and replaces it in one step.
        """
        self.sync()
        others = self._index.number_others()
        if self._index.in_order():
            return len(others)
        file, rows = self._file, self._file.rows
        mode = os.fstat(file.descriptor).st_mode & 0o7777
        with replaced(self._real, ordering(self._real), mode) as new:
            with told(self.path), open(new, "wb", buffering=BLOCK) as ordered:
                ordered.write(rows.top)
                for place, seq in self._index.order():
                    ordered.write(rows.numbered(file.read(place), seq))
            check_there(self._real, file.descriptor, self.path)
        return len(others)

    def close(self) -> None:
        """Let go of the file and its lock."""
        os.close(self._file.descriptor)


def ordering(path: str) -> str:
    """The name under which the ordered file is written; a killed run may have left one."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.ordering")


def open_rows(path: str, mode: str, wanted: Wanted, rows: Rows) -> Ledger:
    """Open an output of rows and lock it; raises `UsageError` where the mode forbids it."""
    ledger = Ledger(path, open_own(path, new=mode == "new"), rows)
    try:
        if mode == "force":
            ledger.empty()
        elif mode == "resume":
            ledger.load(wanted)
        remove(ordering(os.path.realpath(path)))
    except BaseException:
        ledger.close()
        raise
    return ledger


def _split(descriptor: int, start: int, end: bytes) -> Iterator[bytes]:
    """The rows from ``start`` on with their ends, and what is after the last of them."""
    os.lseek(descriptor, start, os.SEEK_SET)
    rest, looked = b"", 0
    while block := os.read(descriptor, BLOCK):
        rest, at = rest + block if rest else block, 0
        while (found := rest.find(end, max(at, looked))) >= 0:
            yield rest[at : found + len(end)]
            at = found + len(end)
        rest = rest[at:]
        looked = max(0, len(rest) - len(end) + 1)
        if len(rest) > LONGEST:
            break
    if rest:
        yield rest
