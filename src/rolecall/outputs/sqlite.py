"""SQLite: one row a record, written in groups, and one file in the end.

While a run writes, the database is in WAL mode: each commit is on the disk (``synchronous=FULL``)
before the next second begins, and others can read meanwhile. A completed run leaves no WAL. The
primary key is ``seq``, so the rows need no ordering in the end.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from array import array
from collections.abc import Iterator
from typing import Final

import orjson
from msgspec import structs

from rolecall.errors import UsageError
from rolecall.inputs.files import shown
from rolecall.outputs.files import (
    beside,
    cannot_write,
    damaged,
    exists,
    not_ours,
    open_own,
    remove,
)
from rolecall.outputs.heads import head_of, numbered
from rolecall.outputs.index import GONE, Index, Indexed, fill
from rolecall.outputs.nouns import Head, Mode, OutputError, Wanted
from rolecall.outputs.rows import SYNC_SECONDS
from rolecall.outputs.sqlite_tables import APPLICATION, LAYOUT, TABLES, postings
from rolecall.record import SCHEMA_VERSION

MAGIC: Final = b"SQLite format 3\0"
ASIDE: Final = 1 << 40  # numbers of records that made room for others, until they get theirs
PATIENCE: Final = 5.0  # seconds for which a reader is waited for
BESIDE: Final = ("-wal", "-shm", "-journal")

_INSERT: Final = (
    "INSERT INTO records (seq, source, source_id, url, outcome, reason_code, retryable, config, "
    "record) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class Database(Indexed):
    """An open SQLite output. ``written`` counts the records of this run that are in it."""

    def __init__(self, path: str, lock: int, connection: sqlite3.Connection) -> None:
        super().__init__(path, Index())
        self._real = os.path.realpath(path)
        self._lock, self._connection = lock, connection
        there = os.stat(self._real)
        self._inode = (there.st_dev, there.st_ino)
        self._rows = array("q")  # the key of the row of each place
        self._committed = time.monotonic()
        self._aside = ASIDE

    def create(self, wanted: Wanted) -> None:
        """Make the tables."""
        columns = None if wanted.fields is None else list(wanted.fields)
        about = {
            "schema_version": SCHEMA_VERSION,
            "with_text": orjson.dumps(wanted.with_text).decode(),
            "fields": orjson.dumps(columns).decode(),
        }
        with self._told():
            self._wal()
            self._connection.executescript(f"BEGIN;{TABLES}{postings(wanted.fields)}")
            self._connection.executemany("INSERT INTO about VALUES (?, ?)", about.items())
            self._connection.execute(f"PRAGMA application_id = {APPLICATION}")
            self._connection.execute(f"PRAGMA user_version = {LAYOUT}")
            self._connection.execute("COMMIT")

    def load(self, wanted: Wanted) -> None:
        """Index what earlier runs wrote; refuses a database that is another's."""
        fill(self._index, self._heads(), self.path, wanted)
        self._rows = array("q", self._index.seqs)
        self._aside = max(ASIDE, max(self._rows, default=0))

    def keep(self, locator: str, seq: int) -> bool:
        """The record of ``locator`` stays, as number ``seq``; returns whether it is a failure."""
        place = self._index.find(locator)
        if place >= 0 and self._rows[place] != seq:
            with self._writing():
                self._free(seq)
                self._move(place, seq)
        return super().keep(locator, seq)

    def append(self, locator: str, seq: int, line: bytes) -> None:
        """Write one record in the place of an older one for the same locator."""
        record = orjson.loads(line)
        reason = record["reason"] or {}
        row = (
            *(record[name] for name in ("seq", "source", "source_id", "url", "outcome")),
            reason.get("code"),
            reason.get("retryable"),
            record["config"],
            line.decode(),
        )
        with self._writing() as connection:
            earlier = self._index.find(locator)
            if earlier >= 0:
                old = self._rows[earlier]
                connection.execute("DELETE FROM records WHERE seq = ?", (old,))
                self._rows[earlier] = GONE
            try:
                connection.execute(_INSERT, row)
            except sqlite3.IntegrityError:
                self._free(seq)
                connection.execute(_INSERT, row)
        self._index.new(locator, seq)
        self._rows.append(seq)
        self.written += 1
        if time.monotonic() - self._committed >= SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Commit what was written, which brings it to the disk."""
        with self._told():
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        self._check_there()
        self._committed = time.monotonic()

    def complete(self) -> int:
        """Number the records from 0, those of other inputs last, and leave one file.

        Where somebody reads the database just now, it stays in WAL mode: nothing is lost by that.
        """
        others = self._index.number_others()
        seqs = self._index.seqs
        gone = [row for row, seq in zip(self._rows, seqs, strict=True) if seq == GONE and row >= 0]
        moves = [move for move in self._index.order() if self._rows[move[0]] != move[1]]
        if moves or gone:
            with self._writing() as connection:
                for row in gone:  # an older record of a locator that is there twice
                    connection.execute("DELETE FROM records WHERE seq = ?", (row,))
                for place, _ in moves:
                    self._set_aside(place)
                for place, seq in moves:
                    self._move(place, seq)
        self.sync()
        with self._told():
            if self._connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
                with contextlib.suppress(sqlite3.OperationalError):
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    self._connection.execute("PRAGMA journal_mode = DELETE")
        self._check_there()
        return len(others)

    def close(self) -> None:
        """Let go of the database and its lock; what was written stays."""
        try:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        except sqlite3.Error:
            pass  # what the last commit left is whole
        finally:
            self._connection.close()
            remove(beside(self._real, "lock"))
            os.close(self._lock)

    def _heads(self) -> Iterator[Head]:
        """The head of each record, read out of the record itself: a damaged one shows."""
        with self._told():
            rows = self._connection.execute("SELECT seq, CAST(record AS BLOB) FROM records")
            for seq, record in rows:
                head = head_of(bytes(record) + b"\n")
                if head is None:
                    raise damaged(f"record {seq} of {shown(self.path)}")
                yield structs.replace(head, seq=seq)

    def _free(self, seq: int) -> None:
        """Set the record of an earlier run that stands at ``seq`` aside, if there is one."""
        row = self._connection.execute("SELECT source FROM records WHERE seq = ?", (seq,))
        found = row.fetchone()
        place = self._index.find(found[0]) if found is not None else -1
        if place >= 0:
            self._set_aside(place)

    def _set_aside(self, place: int) -> None:
        self._aside += 1
        self._renumber(place, self._aside)

    def _renumber(self, place: int, seq: int) -> None:
        move = (seq, self._rows[place])
        self._connection.execute("UPDATE records SET seq = ? WHERE seq = ?", move)
        self._rows[place] = seq

    def _move(self, place: int, seq: int) -> None:
        """Give a record its number in this run, also within its JSON."""
        self._renumber(place, seq)
        row = self._connection.execute("SELECT record FROM records WHERE seq = ?", (seq,))
        line = numbered(row.fetchone()[0].encode() + b"\n", seq)[:-1].decode()
        self._connection.execute("UPDATE records SET record = ? WHERE seq = ?", (line, seq))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """The connection within a transaction."""
        with self._told():
            if not self._connection.in_transaction:
                self._wal()
                self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection

    def _wal(self) -> None:
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Turn an error of SQLite's into an `OutputError` that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            self._check_there()
            code = getattr(error, "sqlite_errorname", "")
            hint = "run again with --resume"
            if "FULL" in code or "IOERR" in code:
                hint = "make room and run again with --resume"
            elif "BUSY" in code or "LOCKED" in code:
                hint = "close what else writes to it, and run again with --resume"
            elif "CORRUPT" in code or "NOTADB" in code:
                hint = "it is damaged: name another --out, or begin anew with --force"
            raise OutputError(f"cannot write {shown(self.path)}: {error}", hint=hint) from error

    def _check_there(self) -> None:
        with contextlib.suppress(OSError):
            there = os.stat(self._real)
            if (there.st_dev, there.st_ino) == self._inode:
                return
        raise OutputError(
            f"{shown(self.path)} was removed or replaced while this run was writing it",
            hint="run again, and leave it alone meanwhile",
        )


def open_database(path: str, mode: Mode, wanted: Wanted) -> Database:
    """Open an SQLite output and lock it; raises `UsageError` where the mode forbids it."""
    real = os.path.realpath(path)
    if mode == "new" and os.path.lexists(real):
        raise exists(path)
    lock = open_own(beside(real, "lock"), new=False, named=path)
    try:
        if mode == "force" or not os.path.lexists(real):
            for ending in ("", *BESIDE):
                remove(real + ending)
        _check_magic(path, real)
        connection = sqlite3.connect(real, timeout=PATIENCE, isolation_level=None)
        try:
            database = Database(path, lock, connection)
            if _has_tables(path, connection):
                database.load(wanted)
            else:
                database.create(wanted)
        except BaseException:
            connection.close()
            raise
    except BaseException as error:
        remove(beside(real, "lock"))
        os.close(lock)
        if isinstance(error, sqlite3.Error):
            raise UsageError(f"cannot write {shown(path)}: {error}") from error
        raise
    return database


def _check_magic(path: str, real: str) -> None:
    """Raise `UsageError` if there is something else than a database."""
    try:
        with open(real, "rb") as file:
            start = file.read(len(MAGIC))
    except FileNotFoundError:
        return
    except OSError as error:
        raise cannot_write(path, error) from error
    if start and start != MAGIC:
        raise not_ours(f"{shown(path)} is not an SQLite database")


def _has_tables(path: str, connection: sqlite3.Connection) -> bool:
    """Whether the database is one of ours; it is empty where a run was killed as it began.

    Raises:
        UsageError: it is another program's, or of another version of this one.
    """
    try:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        (made_by,) = connection.execute("PRAGMA application_id").fetchone()
        (layout,) = connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.DatabaseError as error:
        raise not_ours(f"{shown(path)} cannot be read: {error}") from error
    if made_by == APPLICATION and layout != LAYOUT:
        raise not_ours(f"{shown(path)} was written by another version of rolecall ({layout})")
    if made_by != APPLICATION and tables:
        raise not_ours(f"{shown(path)} is a database of another program's")
    return bool(tables)
