"""A budget that cannot leak: the worst case is reserved before a call, the real cost settled after.

The rules, which hold for all processes that share the database, on one machine or on many:

- A call is made only after `Budget.reserve` has found room for the most that it can cost under
  every cap, and has noted it, in one transaction that nobody else writes in. It has reached the
  disk by then, because a reservation that a power cut takes away would be money spent twice.
- Whatever is reserved and not settled counts at its worst. If the process dies, nobody knows what
  the call cost, and it may have been paid in full; so the reservation is never freed by itself.
  After an hour it is called *overdue* and shown as spent, and a late `Budget.settle` still puts the
  real cost in its place.
- A reservation belongs to the day (UTC) on which it was made, and so does its cost, also when the
  call ends after midnight: only that day's and month's caps were asked.
- Sums are integers of a billionth of a dollar. A cost is rounded up, a cap down.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, timedelta
from typing import Final

from msgspec import Struct

from rolecall.errors import BudgetError
from rolecall.ledger.clock import Clock, utc_now
from rolecall.ledger.money import Caps, allowance, cost, shown
from rolecall.ledger.spending import Spending, read_spending
from rolecall.ledger.store import Connection, Store

EXPIRES: Final = timedelta(hours=1)
"""How long a call can be under way; far longer than any engine's wall clock."""

_TAKEN: Final = """
    SELECT
        (SELECT coalesce(sum(nano), 0) FROM budget_record WHERE record = :record)
            + coalesce(sum(nano) FILTER (WHERE record = :record), 0),
        (SELECT coalesce(sum(nano), 0) FROM budget_day WHERE day = :day)
            + coalesce(sum(nano) FILTER (WHERE day = :day), 0),
        (SELECT coalesce(sum(nano), 0) FROM budget_day WHERE day BETWEEN :first AND :last)
            + coalesce(sum(nano) FILTER (WHERE day BETWEEN :first AND :last), 0)
    FROM budget_reservation
"""
"""What counts against the caps of a record, a day and a month: settled, and still reserved."""


_PART: Final = """
    SELECT coalesce(sum(nano), 0) FROM (
        SELECT nano, engine, day FROM budget_day
        UNION ALL SELECT nano, engine, day FROM budget_reservation
    ) AS booked WHERE day BETWEEN :first AND :last AND engine LIKE :named
"""
"""What counts against the cap of a part of the budget in a month."""


class Part(Struct, frozen=True):
    """A part of the budget, such as ``audits``: of the whole, with a ``cap`` of its own for a month
    (``None`` is none, 0 lets nothing be spent). Its calls are booked apart."""

    name: str
    cap: float | None = None

    def booked(self, engine: str) -> str:
        """The name under which calls of an engine are booked; no engine can be called so."""
        return f"{engine} ({self.name})"


class Reservation(Struct, frozen=True):
    """Leave to make one call that costs at most ``worst_usd``; ``id`` 0 is a call that is free."""

    id: int
    record: str
    engine: str
    day: str
    worst_usd: float


class Budget:
    """The user's budget under ``caps``.

    Sums are shared by all that use the database; the caps are those of whoever asks. Every method
    raises `rolecall.errors.DatabaseError` where the database cannot be used: no call can then be
    reserved, and what was reserved goes on counting at its worst. ``part`` is the part of the
    budget out of which calls are paid, if not of the whole.
    """

    def __init__(
        self, database: Store, caps: Caps, clock: Clock = utc_now, part: Part | None = None
    ) -> None:
        self.caps, self._part = caps, part
        self._database, self._clock = database, clock

    def reserve(self, record: str, worst_usd: float, engine: str) -> Reservation:
        """Take ``worst_usd`` out of the budget before a call; end it by `settle` or `release`.

        ``record`` names what the call is for; only its hash is kept. A call that was sent and whose
        cost will never be known (it was cancelled, say) is settled at ``worst_usd``. A call that is
        free leaves the database alone. This waits for the disk, about a millisecond.

        Raises:
            BudgetError: it is more than a cap leaves; the call must not be made.
            ValueError: the amount is negative or no number.
        """
        worst = cost(worst_usd)
        engine = self._part.booked(engine) if self._part is not None else engine
        now = self._clock().astimezone(UTC)
        day = now.date().isoformat()
        if not worst:
            return Reservation(0, record, engine, day, 0.0)
        expires = int((now + EXPIRES).timestamp())
        with self._database.write(durable=True, alone="budget") as connection:
            self._refuse_over(connection, _hashed(record), worst, now.date())
            number = connection.execute(
                "INSERT INTO budget_reservation (record, engine, day, nano, expires)"
                " VALUES (?, ?, ?, ?, ?) RETURNING id",
                (_hashed(record), engine, day, worst, expires),
            ).fetchone()[0]
        return Reservation(number, record, engine, day, worst_usd)

    def settle(self, reservation: Reservation, actual_usd: float) -> None:
        """Put what a call and its failed tries really cost in the place of its reservation.

        A cost above the reservation counts in full. Only the first `settle` or `release` of a
        reservation counts. If the process dies within a moment of this, the worst stays counted.
        """
        actual = cost(actual_usd)
        if not reservation.id and not actual:
            return
        with self._database.write() as connection:
            if reservation.id and not _take(connection, reservation):
                return
            connection.execute(
                "INSERT INTO budget_day (day, engine, nano, calls) VALUES (?, ?, ?, 1)"
                " ON CONFLICT (day, engine) DO UPDATE SET nano = budget_day.nano + excluded.nano,"
                " calls = budget_day.calls + 1",
                (reservation.day, reservation.engine, actual),
            )
            connection.execute(
                "INSERT INTO budget_record (record, nano, day) VALUES (?, ?, ?)"
                " ON CONFLICT (record) DO UPDATE SET nano = budget_record.nano + excluded.nano,"
                f" day = {self._database.dialect.most}(budget_record.day, excluded.day)",
                (_hashed(reservation.record), actual, reservation.day),
            )

    def release(self, reservation: Reservation) -> None:
        """Give a reservation back whose call was not made; does nothing if it was settled."""
        if reservation.id:
            with self._database.write() as connection:
                _take(connection, reservation)

    def spent(self) -> Spending:
        """What was spent today and this month, what is held, and where the month will end."""
        return read_spending(self._database, self.caps, self._clock())

    def purge(self, before: date) -> None:
        """Forget days before ``before``; the current month is kept, because its cap rests on it."""
        first = self._clock().astimezone(UTC).date().replace(day=1)
        day = min(before, first).isoformat()
        with self._database.write() as connection:
            for table in ("budget_day", "budget_record", "budget_reservation"):
                connection.execute(f"DELETE FROM {table} WHERE day < ?", (day,))

    def _refuse_over(self, connection: Connection, record: bytes, worst: int, day: date) -> None:
        """Raise `BudgetError` for the cap that leaves least, if that is less than ``worst``."""
        month = f"{day:%Y-%m}"
        bounds = {"day": day.isoformat(), "first": f"{month}-01", "last": f"{month}-31"}
        taken = connection.execute(_TAKEN, {"record": record, **bounds}).fetchone()
        caps = (self.caps.record, self.caps.day, self.caps.month)
        left = [
            (allowance(cap) - used, name, cap)
            for name, cap, used in zip(("record", "day", "month"), caps, taken, strict=True)
            if cap is not None
        ]
        part = self._part
        if part is not None and part.cap is not None:
            named = {**bounds, "named": f"%{part.booked('')}"}
            used = connection.execute(_PART, named).fetchone()[0]
            left.append((allowance(part.cap) - used, part.name, part.cap))
        if not left or min(left)[0] >= worst:
            return
        least, name, cap = min(left)
        later = {
            "record": "",
            "day": f", or wait until {day + timedelta(days=1)} (UTC)",
        }.get(name, f", or wait until {next_month(day)} (UTC)")
        what = f"{name} this month" if part is not None and name == part.name else f"this {name}"
        raise BudgetError(
            f"a call may cost {shown(worst)}, and the cap of {shown(allowance(cap))} for"
            f" {what} leaves {shown(max(0, least))}",
            hint=f"raise budget_{name} (ROLECALL_BUDGET_{name.upper()}){later};"
            " rolecall budget shows what was spent",
        )


def _take(connection: Connection, reservation: Reservation) -> bool:
    """Take a reservation away; says whether it was still there."""
    number = (reservation.id,)
    gone = connection.execute("DELETE FROM budget_reservation WHERE id = ?", number)
    return bool(gone.rowcount == 1)


def _hashed(record: str) -> bytes:
    return hashlib.sha256(record.encode("utf-8", "surrogatepass")).digest()[:16]


def next_month(day: date) -> date:
    """The first day of the month after that of ``day``."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
