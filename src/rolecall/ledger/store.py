"""What the owners of tables ask of a database, be it the embedded one or PostgreSQL.

SQL is written once. Names of values are given as ``:name``, moments as whole milliseconds since
1970. What the two systems say differently stands in `Dialect`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol, Self

from msgspec import Struct


class Dialect(Struct, frozen=True, kw_only=True):
    """Where the systems differ.

    ``now`` is an expression for the present moment in milliseconds: in SQLite the value ``:now``,
    on a server the server's own clock, so that machines need not agree; ``:skew`` is added, so that
    tests can move the time. ``lock`` ends a query for rows that are to be changed, and waits for
    whoever is changing them; with ``skip_locked`` such rows are passed over. ``ordered`` says that
    numbers given by the database become visible in their order. ``least`` and ``most`` are
    functions of two values. ``unsynced`` is a condition that always holds, and lets the transaction
    it stands in end before it has reached the disk.
    """

    name: str
    now: str
    lock: str
    skip_locked: str
    ordered: bool
    least: str
    most: str
    unsynced: str


SQLITE: Final = Dialect(
    name="sqlite",
    now=":now",
    lock="",
    skip_locked="",
    ordered=True,
    least="min",
    most="max",
    unsynced="TRUE",
)
POSTGRES: Final = Dialect(
    name="postgres",
    # The moment of the statement: a query may look it up in an index, clock_timestamp() not.
    now="((extract(epoch FROM statement_timestamp()) * 1000)::bigint + :skew)",
    lock="FOR UPDATE",
    skip_locked="FOR UPDATE SKIP LOCKED",
    ordered=False,
    least="least",
    most="greatest",
    unsynced="(SELECT set_config('synchronous_commit', 'off', true)) IS NOT NULL",
)


def lock_number(name: str) -> int:
    """The number under which a server knows the lock that ``alone`` names."""
    return int.from_bytes(hashlib.sha256(f"rolecall {name}".encode()).digest()[:8], signed=True)


class Rows(Protocol):
    """What comes of a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows it changed."""

    def fetchall(self) -> list[Any]:
        """All rows it gave."""

    def fetchone(self) -> Any:
        """The next row it gave; ``None`` when there is none."""


class Connection(Protocol):
    """One open transaction."""

    def execute(self, sql: str, values: Any = (), /) -> Any:
        """Carry out one statement; gives `Rows`."""

    def executemany(self, sql: str, values: Any, /) -> Any:
        """Carry out one statement for each of many values."""


class Store(Protocol):
    """A database with its tables made; usable from any thread."""

    @property
    def dialect(self) -> Dialect:
        """How this system says what systems say differently."""

    def rows(self, sql: str, values: Any = ()) -> Sequence[tuple[Any, ...]]:
        """The rows of one query, which sees the database as it is at one moment."""

    def write(
        self, *, durable: bool = False, alone: str = ""
    ) -> AbstractContextManager[Connection]:
        """One transaction; it ends with the block, or not at all.

        With ``durable`` it has reached the disk when the block ends. ``alone`` names what nobody
        else may do meanwhile, for what is read and then written; the embedded database lets
        nobody else write in any case. A block must not open another one.
        """

    def reclaim(self, tables: Sequence[str] = ()) -> bool:
        """Leave no traces of rows that were deleted in what the database has of these ``tables``;
        says whether that could be done at once. What others keep of it, backups and the log of a
        server, is theirs to forget."""

    def close(self) -> None:
        """Close all connections."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...
