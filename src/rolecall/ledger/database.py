"""The one embedded database of the user's data folder: SQLite, shared by all processes.

Every owner (budget, cache, ...) keeps its tables here; the steps of `rolecall.ledger.steps` make
them. Many processes and threads may use the file at the same time: SQLite serialises what processes
write, and a lock the threads of one.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Self

from rolecall.errors import DatabaseError
from rolecall.ledger.place import usual_place as usual_place
from rolecall.ledger.steps import STEPS
from rolecall.ledger.store import SQLITE

BUSY_SECONDS: Final = 10.0
"""How long a write waits for the writes of others; they take less than a millisecond each."""
VACUUMED: Final = 1_000
"""Free pages that are given back at a time, which takes some tenths of a second."""
REST_SECONDS: Final = 0.05
"""A pause between such parts, so that others who write get their turn."""
APPLICATION: Final = 0x526F6C65
"""``PRAGMA application_id`` of our files ("Role"), which tells them from other programs'."""

# A process must not close a file that another connection of its own has open: POSIX locks belong
# to the process, and closing any descriptor of the file drops them all (sqlite.org/howtocorrupt).
_opening = threading.Lock()
# For the same reason a connection that was inherited over a fork is kept and never closed.
_inherited: list[sqlite3.Connection] = []


class Database:
    """An open database. Usable from any thread, and after a fork; `close` it at the end.

    A thread waits while another one writes. Whoever must not wait for durable writes of the budget
    opens a database of its own on the same path.

    Errors of SQLite come out as `DatabaseError` with a remedy: a damaged file, a full disk, a file
    that another program keeps locked for longer than `BUSY_SECONDS`, one that was moved away
    (these two are retryable).
    """

    dialect = SQLITE

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        self._busy_seconds = busy_seconds
        self._lock = threading.RLock()
        self._pid = os.getpid()
        with _opening, _typed(path):
            _make_file(path)  # inside the lock: it closes a descriptor of the file
            self._connection = _connect(path, busy_seconds)
            self._file = _file_at(path)
            try:
                # Without a write-ahead log a power cut may damage the file, unless all is synced.
                self._level = "NORMAL" if _use_wal(self._connection, busy_seconds) else "FULL"
                self._connection.execute(f"PRAGMA synchronous = {self._level}")
                _migrate(self._connection, path)
            except BaseException:
                self._connection.close()
                raise

    def rows(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[tuple[Any, ...]]:
        """The rows of one query, which sees the database as it is at one moment."""
        with self._own() as connection:
            return connection.execute(sql, values).fetchall()

    @contextmanager
    def write(self, *, durable: bool = False, alone: str = "") -> Iterator[sqlite3.Connection]:
        """One transaction that nobody else writes in; it ends with the block, or not at all.

        So ``alone``, see `rolecall.ledger.store.Store`, is always granted.

        It outlives the death of the process. With ``durable`` it has also reached the disk when the
        block ends, and outlives a power cut; that takes as long as the disk takes.
        """
        with self._own() as connection:
            if durable:
                connection.execute("PRAGMA synchronous = FULL")
            try:
                with _transaction(connection):
                    yield connection
            finally:
                if durable:
                    connection.execute(f"PRAGMA synchronous = {self._level}")

    def reclaim(self, tables: Sequence[str] = ()) -> bool:
        """Give the room of deleted rows back, and take their last traces out of the log.

        See `rolecall.ledger.store.Store`; ``tables`` make no difference here, where all that is
        deleted is overwritten. While another process reads, its part is left to a later call.
        """
        with self._own() as connection:
            free = _free(connection)
            while free:
                # By `executescript`: `execute` takes one step of a statement without columns, and
                # a step is one page.
                connection.executescript(f"PRAGMA incremental_vacuum({VACUUMED})")
                before, free = free, _free(connection)
                if free >= before:
                    break  # others delete as fast, or the file was made without auto_vacuum
                time.sleep(REST_SECONDS if free else 0.0)
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            return not busy

    def close(self) -> None:
        """Close the connection; nothing can be read or written after that."""
        with self._lock:
            if self._pid == os.getpid():
                self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _own(self) -> Iterator[sqlite3.Connection]:
        """This process's connection, for one thread at a time."""
        if self._pid != os.getpid():
            # SQLite forbids a connection on both sides of a fork, and the lock may be held by a
            # thread that this side does not have.
            _inherited.append(self._connection)
            self._lock, self._pid = threading.RLock(), os.getpid()
            with _typed(self.path):
                self._connection = _connect(self.path, self._busy_seconds)
                self._connection.execute(f"PRAGMA synchronous = {self._level}")
            self._file = _file_at(self.path)
        if _file_at(self.path) != self._file:
            # What is written now would be in no file that anybody opens later.
            raise DatabaseError(
                f"{self.path} was moved away or replaced while it was open",
                hint="put it back, or start again with what is there now",
                retryable=True,
            )
        with self._lock, _typed(self.path):
            yield self._connection


def open_database(
    path: Path | None, environ: Mapping[str, str], *, busy_seconds: float = BUSY_SECONDS
) -> Database:
    """Open the database at ``path`` (``None``: its usual place), and make it where there is none.

    The folder is made with mode 0700 and the file with 0600: answers of models are in it.

    Raises:
        DatabaseError: it is damaged, of a newer Rolecall, not Rolecall's, or cannot be opened.
    """
    return Database(usual_place("", environ) if path is None else path, busy_seconds)


def _make_file(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise DatabaseError(
            f"{path} cannot be made: {error.strerror}",
            hint="see the permissions, or set data_folder (ROLECALL_DATA_FOLDER) to another folder",
        ) from error


def _free(connection: sqlite3.Connection) -> int:
    """Pages of the file that hold nothing."""
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0])


def _file_at(path: Path) -> tuple[int, int] | None:
    """Which file stands at a path; ``None`` if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _connect(path: Path, busy_seconds: float) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
    )
    try:
        # What is deleted is overwritten: an answer that was purged is not left in free pages.
        for pragma in ("foreign_keys = ON", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection, busy_seconds: float) -> bool:
    """Let readers and a writer work at the same time; says whether the file system can do that."""
    deadline = time.monotonic() + busy_seconds
    while connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            # Works only on a file without tables, which is the one that gets it.
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
                return False
        except sqlite3.OperationalError as error:
            # SQLite does not wait by itself where two processes change the mode at the same time.
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.001, 0.01))
    return True


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Take the steps that this file has not taken; safe while others do the same."""
    if _version(connection, path) == STEPS[-1].number:
        return
    with _transaction(connection):
        version = _version(connection, path)  # another process may have been quicker
        for step in STEPS:
            if step.number > version:
                for statement in (*step.statements, *step.sqlite):
                    connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {STEPS[-1].number}")


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """How many steps the file has taken; refuses a file that is not ours to change."""
    version, application, tables = connection.execute(
        "SELECT user_version, application_id, (SELECT count(*) FROM sqlite_master)"
        " FROM pragma_user_version, pragma_application_id"
    ).fetchone()
    if application != APPLICATION and (application or version or tables):
        raise DatabaseError(
            f"{path} is a database of another program",
            hint="set data_folder (ROLECALL_DATA_FOLDER) to another folder",
        )
    if version > STEPS[-1].number:
        raise DatabaseError(
            f"{path} was made by a newer Rolecall (step {version}, this one knows"
            f" {STEPS[-1].number})",
            hint="update Rolecall, or set data_folder (ROLECALL_DATA_FOLDER) to another folder",
        )
    return int(version)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    # IMMEDIATE takes the write lock at once: what is read inside cannot be out of date.
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


_PASSING: Final = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    )
)
"""What may pass without a change of the file: the same call works again when it has."""
_REMEDIES: Final[Mapping[int, tuple[str, str]]] = {
    sqlite3.SQLITE_NOTADB: ("is damaged", ""),
    sqlite3.SQLITE_CORRUPT: ("is damaged", ""),
    sqlite3.SQLITE_BUSY: (
        "is kept locked by another program",
        "try again, or find the program that has it open",
    ),
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "make room on the disk"),
    sqlite3.SQLITE_READONLY: ("cannot be written", "see the permissions of the file and folder"),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "see the permissions of the file and folder"),
}


@contextmanager
def _typed(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into an error with a remedy."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
        raise  # our own mistake
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        # What is no UTF-8 in a file whose bytes were changed, SQLite's own words about it too.
        usual = sqlite3.SQLITE_CORRUPT if isinstance(error, UnicodeDecodeError) else 0
        code = getattr(error, "sqlite_errorcode", usual) & 0xFF
        what, hint = _REMEDIES.get(code, ("cannot be used", "see the file and its disk"))
        raise DatabaseError(
            f"{path} {what}: {error}",
            hint=hint
            or f"move it away (mv {path} {path}.damaged); a new one is made, in which nothing is"
            " spent and nothing kept yet",
            retryable=code in _PASSING,
        ) from error
