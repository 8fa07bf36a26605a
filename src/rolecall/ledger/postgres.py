"""The same tables in PostgreSQL, for several machines.

They stand in a schema of their own, ``rolecall``, so that the database may be one that other
programs use too. psycopg is imported where a database is opened.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Self

from rolecall.errors import DatabaseError
from rolecall.ledger.postgres_errors import place_of, remedied, scrubbed
from rolecall.ledger.steps import STEPS, in_postgres
from rolecall.ledger.store import POSTGRES, lock_number

if TYPE_CHECKING:
    from psycopg import Connection

HOME: Final = "rolecall"
"""The schema in which our tables stand."""
MOST: Final = 8
"""Connections of one process; PostgreSQL usually allows 100 in all."""
LOCK_SECONDS: Final = 10.0
"""How long a statement waits for what others have locked."""

# For connections that were inherited over a fork, see `rolecall.ledger.database`.
_inherited: list[Any] = []

_PARTS: Final = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"|::|:([a-z_][a-z0-9_]*)|\?|%")


@lru_cache(maxsize=1_000)
def translated(sql: str) -> str:
    """``sql`` with its ``:name`` and ``?`` as psycopg wants them."""

    def one(found: re.Match[str]) -> str:
        if found[1]:
            return f"%({found[1]})s"
        return "%s" if found[0] == "?" else found[0].replace("%", "%%")

    return _PARTS.sub(one, sql)


class Transaction:
    """One open transaction; see `rolecall.ledger.store.Connection`.

    ``started`` is the server's moment, in milliseconds, at which it was ``alone``.
    """

    def __init__(self, connection: Connection[Any], started: int) -> None:
        self._connection, self.started = connection, started

    def execute(self, sql: str, values: Any = (), /) -> Any:
        """Carry out one statement; gives its rows."""
        return self._connection.execute(translated(sql).encode(), values)

    def executemany(self, sql: str, values: Any, /) -> Any:
        """Carry out one statement for each of many values, without waiting for each."""
        if len(values) == 1:
            return self.execute(sql, values[0])
        cursor = self._connection.cursor()
        cursor.executemany(translated(sql).encode(), list(values))
        return cursor


class PostgresDatabase:
    """An open database on a server. Usable from any thread, and after a fork; `close` it.

    ``url`` is a ``postgresql://`` address as libpq reads it: what it leaves out comes from
    ``PGPASSWORD``, ``PGSSLMODE`` and the like, and the password from ``~/.pgpass``. A process has
    up to ``most`` connections; a thread that needs one more waits.

    A connection that was lost while nobody used it is replaced without notice. One that is lost in
    the middle of a transaction ends it with a retryable `DatabaseError`; then nothing of it is
    there, unless the answer to its very end was lost.
    """

    dialect = POSTGRES

    def __init__(self, url: str, *, most: int = MOST, lock_seconds: float = LOCK_SECONDS) -> None:
        self.url, self.place = url, place_of(url)
        self._lock_seconds, self._most = lock_seconds, most
        self._psycopg = _psycopg()
        self._begin_anew()
        self._closed = False
        try:
            with self._typed(), self._lent() as connection:
                _migrate(connection, self.place)
        except BaseException:
            self.close()
            raise

    def rows(
        self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[tuple[Any, ...]]:
        """The rows of one query, which sees the database as it is at one moment."""
        told = translated(sql).encode()
        with self._typed():
            try:
                return self._asked(told, values)
            except self._psycopg.OperationalError as error:
                if not _was_lost(error):
                    raise
                self._forget_idle()
                return self._asked(told, values)

    @contextmanager
    def write(self, *, durable: bool = False, alone: str = "") -> Iterator[Transaction]:
        """One transaction; see `rolecall.ledger.store.Store`.

        It outlives the death of this process. Without ``durable`` the last half second may be gone
        after the server's machine lost its power; what is left is whole.
        """
        begin = "BEGIN"
        if not durable:
            begin += "; SET LOCAL synchronous_commit = off"
        if alone:
            begin += f"; SELECT pg_advisory_xact_lock({lock_number(alone)})"
        begin += "; SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        with self._typed(), self._begun(begin.encode()) as (connection, started):
            try:
                yield Transaction(connection, started)
                connection.execute("COMMIT")
            except BaseException:
                with suppress(self._psycopg.Error):
                    connection.execute("ROLLBACK")
                raise

    def reclaim(self, tables: Sequence[str] = ()) -> bool:
        """See `rolecall.ledger.store.Store`: the tables are written anew, for a server leaves what
        was deleted where it stood. Nobody can use a table meanwhile."""
        if not tables:
            return True
        with self._typed(), self._lent() as connection:
            try:
                connection.execute("SET statement_timeout = 0")
                for table in tables:
                    connection.execute(f"VACUUM (FULL) {HOME}.{table}".encode())
                # Examples of values, see steps_forget.py; whoever may not is passed over.
                connection.execute("VACUUM (FULL) pg_catalog.pg_statistic")
                # The old files go with the next checkpoint, which not everyone may ask for.
                with suppress(self._psycopg.errors.InsufficientPrivilege):
                    connection.execute("CHECKPOINT")
            except self._psycopg.errors.LockNotAvailable:
                return False
            finally:
                wait = 6 * int(self._lock_seconds * 1000)
                connection.execute(f"SET statement_timeout = {wait}".encode())
        return True

    def close(self) -> None:
        """Close the connections; those in use when they are given back."""
        self._closed = True
        self._forget_idle()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _asked(self, told: bytes, values: Any) -> list[tuple[Any, ...]]:
        with self._lent() as connection:
            return connection.execute(told, values).fetchall()

    @contextmanager
    def _begun(self, begin: bytes) -> Iterator[tuple[Connection[Any], int]]:
        """A connection in a transaction, also where the server was started anew meanwhile."""
        with self._lent() as connection:
            try:
                started = _begin(connection, begin)
            except self._psycopg.OperationalError as error:
                if not _was_lost(error):
                    with suppress(self._psycopg.Error):
                        connection.execute("ROLLBACK")
                    raise
            else:
                yield connection, started
                return
        self._forget_idle()
        with self._lent() as connection:
            yield connection, _begin(connection, begin)

    @contextmanager
    def _lent(self) -> Iterator[Connection[Any]]:
        """A connection for one thread; one that is not as it was is closed afterwards."""
        if self._pid != os.getpid():
            _inherited.extend(self._idle)
            self._begin_anew()
        if not self._free.acquire(timeout=3 * self._lock_seconds):
            raise DatabaseError(
                f"all {self._most} connections to {self.place} are in use",
                hint="try again",
                retryable=True,
            )
        try:
            try:
                connection = self._idle.pop()
            except IndexError:
                connection = self._connect()
            try:
                yield connection
            finally:
                idle = self._psycopg.pq.TransactionStatus.IDLE
                if connection.info.transaction_status == idle and not self._closed:
                    self._idle.append(connection)
                else:
                    connection.close()
        finally:
            self._free.release()

    def _connect(self) -> Connection[Any]:
        if self._closed:
            raise DatabaseError(f"{self.place} was closed", hint="open it again")
        connection: Connection[Any] = self._psycopg.connect(
            self.url, autocommit=True, **_manners(self.url)
        )
        try:
            _adapt(connection)
            wait = int(self._lock_seconds * 1000)
            # A process that was stopped in the middle of a transaction must not hold up others.
            connection.execute(
                f"SET search_path = {HOME}; SET lock_timeout = {wait};"
                f" SET idle_in_transaction_session_timeout = {wait};"
                f" SET statement_timeout = {6 * wait}; SET client_encoding = 'UTF8';"
                " SET default_transaction_isolation = 'read committed'"
            )
            # A server may be set to answer before it has written; not where that is acknowledged.
            connection.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') = 'off'"
            )
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin_anew(self) -> None:
        self._pid = os.getpid()
        self._idle: list[Connection[Any]] = []
        self._free = threading.BoundedSemaphore(self._most)

    def _forget_idle(self) -> None:
        if self._pid == os.getpid():
            with suppress(IndexError):
                while True:
                    self._idle.pop().close()

    @contextmanager
    def _typed(self) -> Iterator[None]:
        """Turn what psycopg raises into an error with a remedy, without the password."""
        try:
            yield
        except self._psycopg.Error as error:
            told = remedied(error, self.place)
            if told is None:
                raise  # our own mistake
            raise told from scrubbed(error, self.url)


def _begin(connection: Connection[Any], begin: bytes) -> int:
    """Begin a transaction; gives what the last of the statements does."""
    cursor = connection.execute(begin)
    while cursor.nextset():
        pass
    row = cursor.fetchone()
    return int(row[0]) if row is not None else 0


def _psycopg() -> Any:
    try:
        import psycopg
    except ImportError as error:
        raise DatabaseError(
            "a queue in PostgreSQL needs psycopg, which is not installed",
            hint="pip install 'rolecall[postgres]'",
        ) from error
    return psycopg


def _manners(url: str) -> dict[str, Any]:
    """What we ask of a connection where ``url`` does not say it: to notice soon that it is gone."""
    wanted = {
        "connect_timeout": 10,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,  # for what was sent and nobody takes
        "application_name": "rolecall",
    }
    return {name: value for name, value in wanted.items() if f"{name}=" not in url}


def _was_lost(error: Any) -> bool:
    """Whether a connection ended: by the server (class 57P, 08), or without a word."""
    code = error.sqlstate
    return code is None or code.startswith(("57P", "08"))


def _adapt(connection: Connection[Any]) -> None:
    """Values as SQLite takes and gives them."""
    from psycopg.adapt import Loader
    from psycopg.types.numeric import Int8Dumper
    from psycopg.types.string import StrDumperUnknown

    class WholeNumber(Loader):
        """Sums of whole numbers are ``numeric``."""

        def load(self, data: Any) -> int:
            return int(bytes(data))

    class StorableText(StrDumperUnknown):
        """PostgreSQL has no NUL in texts; a search for one must find nothing and not fail."""

        def dump(self, obj: Any) -> bytes:
            return bytes(obj.replace("\0", "\ufffd").encode("utf-8", "replace"))

    connection.adapters.register_dumper(int, Int8Dumper)
    connection.adapters.register_dumper(str, StorableText)
    connection.adapters.register_loader("numeric", WholeNumber)


def _migrate(connection: Connection[Any], place: str) -> None:
    """Take the steps that this database has not taken; safe while others do the same."""
    if _version(connection, place) == STEPS[-1].number:
        return
    connection.execute("BEGIN")
    try:
        connection.execute("SET LOCAL statement_timeout = 0")
        connection.execute(f"SELECT pg_advisory_xact_lock({lock_number('steps')})".encode())
        if not _one(connection, f"SELECT to_regnamespace('{HOME}') IS NOT NULL"):
            connection.execute(f"CREATE SCHEMA {HOME}".encode())
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS {HOME}.ledger_step"
            " (number BIGINT PRIMARY KEY, owner TEXT NOT NULL,"
            " taken TIMESTAMPTZ NOT NULL DEFAULT now())".encode()
        )
        version = _version(connection, place)  # another process may have been quicker
        for step in STEPS:
            if step.number > version:
                for statement in in_postgres(step):
                    connection.execute(statement.encode())
                connection.execute(
                    "INSERT INTO ledger_step (number, owner) VALUES (%s, %s)",
                    (step.number, step.owner),
                )
        connection.execute("COMMIT")
    except BaseException:
        with suppress(_psycopg().Error):
            connection.execute("ROLLBACK")
        raise


def _version(connection: Connection[Any], place: str) -> int:
    """How many steps the database has taken; refuses one that cannot hold ours."""
    encoding = _one(connection, "SELECT current_setting('server_encoding')")
    if encoding != "UTF8":
        raise DatabaseError(
            f"{place} keeps texts in {encoding}, which has no place for most letters",
            hint="create it with ENCODING 'UTF8' TEMPLATE template0",
        )
    if not _one(connection, f"SELECT to_regclass('{HOME}.ledger_step') IS NOT NULL"):
        return 0
    version = int(_one(connection, f"SELECT coalesce(max(number), 0) FROM {HOME}.ledger_step"))
    if version > STEPS[-1].number:
        raise DatabaseError(
            f"{place} was made by a newer Rolecall (step {version}, this one knows"
            f" {STEPS[-1].number})",
            hint="update Rolecall, or set queue (ROLECALL_QUEUE) to another database",
        )
    return version


def _one(connection: Connection[Any], sql: str) -> Any:
    row = connection.execute(sql.encode()).fetchone()
    return row[0] if row is not None else None
