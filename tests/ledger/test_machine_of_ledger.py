"""Whatever is done to the budget and the kept answers, in whatever order, also after restarts."""

import tempfile
from datetime import date, timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.ledger.moments import Watch

from rolecall.core import Completion, Prompt
from rolecall.errors import BudgetError
from rolecall.ledger.budget import Budget, Part, Reservation
from rolecall.ledger.cache import Cache
from rolecall.ledger.database import Database
from rolecall.ledger.money import NANO, Caps
from rolecall.ledger.postgres import PostgresDatabase

processes = st.integers(0, 1)
amounts = st.integers(1, 6)
caps = st.none() | st.integers(0, 15)
TABLES = ("budget_reservation", "budget_day", "budget_record")


class Money(RuleBasedStateMachine):
    """Two processes, that die and come back, against sums in plain dictionaries."""

    url = ""

    @initialize(record=caps, day=caps, month=caps, part=caps)
    def open(self, record, day, month, part) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.watch = Watch()
        told = [None if one is None else one / NANO for one in (record, day, month)]
        self.caps, self.limits = Caps(*told), (record, day, month, part)
        self.parts = (None, Part("audits", None if part is None else part / NANO))
        self.stores = [self.store(), self.store()]
        self.held: dict[int, tuple[Reservation, str, str, str, int]] = {}
        self.ended: list[Reservation] = []
        self.days: dict[tuple[str, str], int] = {}
        self.records: dict[str, tuple[int, str]] = {}

    def store(self):
        return PostgresDatabase(self.url) if self.url else Database(Path(self.folder.name) / "db")

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            if self.url:
                with self.stores[0].write() as connection:
                    for table in TABLES:
                        connection.execute(f"DELETE FROM {table}")
            for one in self.stores:
                one.close()
            self.folder.cleanup()

    def budget(self, process: int, part=None) -> Budget:
        return Budget(self.stores[process], self.caps, self.watch, part)

    def today(self) -> str:
        return self.watch.now.date().isoformat()

    def taken(self, record: str) -> tuple[int, int, int, int]:
        day = self.today()
        booked = [(made, engine, nano) for (made, engine), nano in self.days.items()]
        booked += [(made, engine, nano) for _, _, made, engine, nano in self.held.values()]
        month = [(engine, nano) for made, engine, nano in booked if made[:7] == day[:7]]
        return (
            self.records.get(record, (0, ""))[0]
            + sum(nano for _, name, _, _, nano in self.held.values() if name == record),
            sum(nano for made, _, nano in booked if made == day),
            sum(nano for _, nano in month),
            sum(nano for engine, nano in month if engine.endswith(" (audits)")),
        )

    @rule(process=processes, record=st.sampled_from("ab"), worst=amounts, of_part=st.booleans())
    def reserve(self, process, record, worst, of_part) -> None:
        limits = self.limits if of_part else self.limits[:3]
        taken = self.taken(record)
        fits = all(
            cap is None or used + worst <= cap for cap, used in zip(limits, taken, strict=False)
        )
        try:
            call = self.budget(process, self.parts[of_part]).reserve(record, worst / NANO, "e")
        except BudgetError:
            assert not fits
            return
        assert fits
        engine = "e (audits)" if of_part else "e"
        self.held[call.id] = (call, record, self.today(), engine, worst)

    def take(self, data) -> tuple[Reservation, str, str, str, int]:
        number = data.draw(st.sampled_from(sorted(self.held)))
        self.ended.append(self.held[number][0])
        return self.held.pop(number)

    @precondition(lambda self: self.held)
    @rule(process=processes, real=st.integers(0, 9), data=st.data())
    def settle(self, process, real, data) -> None:
        """A call may cost more than was thought, and counts in full."""
        call, record, day, engine, _ = self.take(data)
        self.budget(process).settle(call, real / NANO)
        self.days[day, engine] = self.days.get((day, engine), 0) + real
        before, last = self.records.get(record, (0, ""))
        self.records[record] = (before + real, max(last, day))

    @precondition(lambda self: self.held)
    @rule(process=processes, data=st.data())
    def release(self, process, data) -> None:
        self.budget(process).release(self.take(data)[0])

    @precondition(lambda self: self.ended)
    @rule(process=processes, data=st.data(), settled=st.booleans())
    def end_again(self, process, data, settled) -> None:
        call = data.draw(st.sampled_from(self.ended))
        if settled:
            self.budget(process).settle(call, 5 / NANO)
        else:
            self.budget(process).release(call)

    @rule(days=st.sampled_from([-40, -1, 0, 1, 40]))
    def clock_jumps(self, days: int) -> None:
        self.watch.now += timedelta(days=days)

    @rule(process=processes, days=st.integers(-60, 3))
    def purge(self, process, days) -> None:
        now = self.watch.now.date()
        self.budget(process).purge(now + timedelta(days=days))
        day = min(now + timedelta(days=days), date(now.year, now.month, 1)).isoformat()
        self.ended += [one[0] for one in self.held.values() if one[2] < day]
        self.held = {number: one for number, one in self.held.items() if one[2] >= day}
        self.days = {key: nano for key, nano in self.days.items() if key[0] >= day}
        self.records = {name: one for name, one in self.records.items() if one[1] >= day}

    @rule(process=processes)
    def restart(self, process) -> None:
        self.stores[process].close()
        self.stores[process] = self.store()

    @invariant()
    def the_sums_are_those_of_the_model(self) -> None:
        if not hasattr(self, "folder"):
            return
        rows = self.stores[0].rows
        held = {number: one[4] for number, one in self.held.items()}
        assert dict(rows("SELECT id, nano FROM budget_reservation")) == held
        settled = rows("SELECT day, engine, nano FROM budget_day")
        assert {(day, engine): int(nano) for day, engine, nano in settled} == self.days
        records = sorted(int(nano) for (nano,) in rows("SELECT nano FROM budget_record"))
        assert records == sorted(nano for nano, _ in self.records.values())
        _, day, month, _ = self.taken("a")
        spent = self.budget(1).spent()
        assert round((spent.today_usd + spent.open_today_usd) * NANO) == day
        assert round((spent.month_usd + spent.open_usd) * NANO) == month


class Answers(RuleBasedStateMachine):
    """Two processes and a cache with little room."""

    most = 1_500

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.watch = Watch()
        self.told: dict[int, set[str]] = {}
        self.opened = [self.one(), self.one()]

    def one(self) -> tuple[Database, Cache]:
        store = Database(Path(self.folder.name) / "db")
        return store, Cache(store, self.watch, max_bytes=self.most)

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            for store, _ in self.opened:
                store.close()
            self.folder.cleanup()

    def prompt(self, number: int) -> Prompt:
        return Prompt(messages=(("user", f"page {number}"),))

    @rule(process=processes, number=st.integers(0, 9), size=st.integers(0, 300))
    def put(self, process, number, size) -> None:
        text = f"{number} " + "".join(chr(33 + (number * 7 + i * i) % 90) for i in range(size))
        answer = Completion(text=text, finish_reason="stop", engine="e", model="m")
        cache = self.opened[process][1]
        cache.put(self.prompt(number), "m", answer)
        self.told.setdefault(number, set()).add(text)
        found = cache.get(self.prompt(number), "m")
        assert found is not None or self.opened[process][1]._since is None
        assert found is None or found.text in self.told[number]

    @rule(process=processes, number=st.integers(0, 9))
    def get(self, process, number) -> None:
        found = self.opened[process][1].get(self.prompt(number), "m")
        assert found is None or found.text in self.told[number]

    @rule(process=processes)
    def flush(self, process) -> None:
        self.opened[process][1].flush()

    @rule(process=processes)
    def die(self, process) -> None:
        self.opened[process][0].close()
        self.opened[process] = self.one()

    @rule(seconds=st.sampled_from([1, 3, 100_000, -100_000]))
    def clock_jumps(self, seconds) -> None:
        self.watch.pass_by(seconds=seconds)

    @rule(process=processes)
    def purge(self, process) -> None:
        self.opened[process][1].purge(self.watch.now)

    @invariant()
    def the_room_is_the_sum_and_no_more_than_there_is(self) -> None:
        if not hasattr(self, "folder"):
            return
        for store, cache in self.opened:
            rows = store.rows("SELECT coalesce(sum(bytes), 0) FROM cache_completion")
            assert rows == [(cache.size(),)]
            assert cache.size() <= self.most
            assert cache.fault is None


def test_money() -> None:
    run_state_machine_as_test(
        Money, settings=settings(max_examples=12, stateful_step_count=20, deadline=None)
    )


def test_money_on_a_server(postgres_url: str) -> None:
    class OnServer(Money):
        url = postgres_url

    run_state_machine_as_test(
        OnServer,
        settings=settings(
            max_examples=3, stateful_step_count=20, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def test_answers() -> None:
    run_state_machine_as_test(
        Answers, settings=settings(max_examples=12, stateful_step_count=20, deadline=None)
    )
