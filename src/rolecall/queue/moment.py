"""The present moment, as the database sees it."""

from __future__ import annotations

import time
from collections.abc import Callable

from rolecall.ledger.postgres import Transaction
from rolecall.ledger.store import Connection, Dialect


class Moment:
    """Milliseconds since 1970: a server's own clock, or this machine's for the embedded database.

    ``clock`` gives seconds; with a server only its distance from this machine's clock counts, so
    that tests can move the time. ``steady`` gives seconds that nobody sets.
    """

    def __init__(
        self,
        dialect: Dialect,
        clock: Callable[[], float] = time.time,
        steady: Callable[[], float] | None = None,
    ) -> None:
        self._dialect, self._clock = dialect, clock
        # A clock of somebody's own is moved to let time pass, not to be set.
        usual = time.monotonic if clock is time.time else clock
        self.steady: Callable[[], float] = steady if steady is not None else usual

    @property
    def ahead(self) -> float:
        """Seconds by which the clock goes before the steady one; more than it was, where the clock
        was set ahead or the machine has slept. The clock of a server is the server's affair."""
        return self._clock() - self.steady() if self._dialect.now == ":now" else 0.0

    @property
    def values(self) -> dict[str, int]:
        """What an SQL text with `Dialect.now` in it needs."""
        now = self._clock()
        return {"now": int(now * 1000), "skew": int((now - time.time()) * 1000)}

    def of(self, connection: Connection) -> int:
        """The moment of a transaction, in whole milliseconds."""
        if self._dialect.now == ":now":
            return self.values["now"]
        if isinstance(connection, Transaction):
            return connection.started + self.values["skew"]
        row = connection.execute(f"SELECT {self._dialect.now}", self.values).fetchone()
        return int(row[0])
