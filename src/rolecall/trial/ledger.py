"""Trials in the database: who is tried, how they are, and what was counted by all workers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from rolecall.ledger.store import Connection, Store
from rolecall.trial.challenger import Challenger
from rolecall.trial.nouns import State, Trial

_COLUMNS: Final = "name, design, run, state, why, began, changed"

_ADD: Final = """
    INSERT INTO trial_count (challenger, run, day, name, amount)
    VALUES (:challenger, :run, :day, :name, :amount)
    ON CONFLICT (challenger, run, day, name) DO UPDATE
    SET amount = trial_count.amount + excluded.amount
"""
_BAD: Final = """
    INSERT INTO trial_bad (challenger, run, kind, page)
    VALUES (:challenger, :run, :kind, :page) ON CONFLICT DO NOTHING
"""

DAY_MS: Final = 86_400_000

Bad = tuple[str, str, str]
"""A page that went wrong: the kind, the arm (or ``both``), and the page's hash."""


class TrialLedger:
    """The trials of one database. ``clock`` gives milliseconds since 1970."""

    def __init__(self, store: Store, clock: Callable[[], int]) -> None:
        self._store, self._clock = store, clock

    def trials(self) -> dict[str, Trial]:
        """All trials that there are, by name."""
        rows = self._store.rows(f"SELECT {_COLUMNS} FROM trial_challenger ORDER BY began, name")
        return {row[0]: _trial(row) for row in rows}

    def enter(self, challengers: Iterable[Challenger]) -> None:
        """Begin the trial of each that is new, and anew where one that runs has another design."""
        with self._store.write(alone="trials") as connection:
            now = self._clock()
            for one in challengers:
                told = {"name": one.name, "design": one.design, "now": now}
                connection.execute(
                    f"""INSERT INTO trial_challenger ({_COLUMNS})
                    VALUES (:name, :design, 1, 'running', '', :now, :now)
                    ON CONFLICT (name) DO NOTHING""",
                    told,
                )
                connection.execute(
                    """UPDATE trial_challenger SET design = :design, run = run + 1, began = :now,
                        changed = :now, why = 'the settings changed'
                    WHERE name = :name AND design <> :design AND state = 'running'""",
                    told,
                )
                _forget(connection, one.name)

    def restart(self, name: str, design: str) -> bool:
        """Give a challenger its share once more, counting from nothing; false where there is none
        of that name."""
        with self._store.write(durable=True, alone="trials") as connection:
            told = {"name": name, "now": self._clock(), "design": design}
            rows = connection.execute(
                """UPDATE trial_challenger SET state = 'running', run = run + 1, why = '',
                    design = :design, began = :now, changed = :now WHERE name = :name""",
                told,
            )
            _forget(connection, name)
            return bool(rows.rowcount)

    def promote(self, name: str, why: str) -> bool:
        """Give a challenger all pages; another one that has them is withdrawn."""
        with self._store.write(durable=True, alone="trials") as connection:
            if not _turn(connection, name, "promoted", why, self._clock()):
                return False
            told = {"name": name, "now": self._clock(), "why": f"{name} was promoted"}
            connection.execute(
                """UPDATE trial_challenger SET state = 'withdrawn', changed = :now, why = :why
                WHERE state = 'promoted' AND name <> :name""",
                told,
            )
            return True

    def stop(self, name: str, why: str, run: int) -> bool:
        """Give a challenger no more pages for the harm it did in a run; says whether it had some
        until now, and was still in that run."""
        with self._store.write(durable=True, alone="trials") as connection:
            return _turn(connection, name, "stopped", why, self._clock(), run)

    def withdraw(self, name: str, why: str) -> bool:
        """Give a challenger no more pages, by hand; says whether it had some until now."""
        with self._store.write(durable=True, alone="trials") as connection:
            return _turn(connection, name, "withdrawn", why, self._clock())

    def add(
        self, name: str, run: int, counts: Mapping[str, int], bad: Iterable[Bad]
    ) -> list[dict[str, int]]:
        """Add what was counted to this day (UTC), and return the counts of each day of the run; a
        page counts as bad once for each kind."""
        sums, day = dict(counts), self._clock() // DAY_MS
        with self._store.write() as connection:
            for kind, arm, page in sorted(set(bad)):
                told = {"challenger": name, "run": run, "kind": kind, "page": bytes.fromhex(page)}
                if connection.execute(_BAD, told).rowcount:
                    sums[f"{kind} {arm}"] = sums.get(f"{kind} {arm}", 0) + 1
            rows = [
                {"challenger": name, "run": run, "day": day, "name": key, "amount": amount}
                for key, amount in sorted(sums.items())
                if amount
            ]
            if rows:
                connection.executemany(_ADD, rows)
        return self.days(name, run)

    def days(self, name: str, run: int) -> list[dict[str, int]]:
        """All that was counted in a run, day by day."""
        rows = self._store.rows(
            "SELECT day, name, amount FROM trial_count WHERE challenger = :name AND run = :run"
            " ORDER BY day, name",
            {"name": name, "run": run},
        )
        found: dict[int, dict[str, int]] = {}
        for day, counted, amount in rows:
            found.setdefault(int(day), {})[counted] = int(amount)
        return list(found.values())


def _forget(connection: Connection, name: str) -> None:
    """Forget what earlier runs have counted."""
    for table in ("trial_bad", "trial_count"):
        connection.execute(
            f"""DELETE FROM {table} WHERE challenger = :name AND run <
                (SELECT run FROM trial_challenger WHERE name = :name)""",
            {"name": name},
        )


def _turn(
    connection: Connection, name: str, state: State, why: str, now: int, run: int | None = None
) -> bool:
    told = {"name": name, "state": state, "why": why, "now": now, "run": run or 0}
    only = " AND state <> 'stopped'"  # who is stopped has no pages to be withdrawn
    if run is not None:
        only = " AND run = :run AND state = 'running'"
    elif state == "promoted":
        only = ""
    rows = connection.execute(
        f"""UPDATE trial_challenger SET state = :state, why = :why, changed = :now
        WHERE name = :name AND state <> :state{only}""",
        told,
    )
    return bool(rows.rowcount)


def _trial(row: tuple[Any, ...]) -> Trial:
    name, design, run, state, why, began, changed = row
    return Trial(
        name=name, design=design, run=run, state=state, why=why, began=began, changed=changed
    )
