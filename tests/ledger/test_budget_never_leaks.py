"""Whatever is interleaved, and whoever dies, the real costs stay under the caps.

Real costs are kept beside the budget, as a vendor keeps them: they are due as soon as a call is
made, also when nobody lives to settle it.
"""

import random
import signal
import subprocess
import sys
import tempfile
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.ledger.moments import Watch

from rolecall.errors import BudgetError
from rolecall.ledger.budget import EXPIRES, Budget
from rolecall.ledger.database import Database
from rolecall.ledger.money import NANO, Caps, cost
from rolecall.ledger.opening import open_store

# Small, so that a cap is often met exactly.
amounts = st.integers(1, 6)
caps = st.none() | st.integers(0, 15)
shares = st.floats(0, 1)


def usd(nano: int | None) -> float | None:
    return None if nano is None else nano / NANO


class Calls(RuleBasedStateMachine):
    """Three processes (each with its own connection) against a plain model of what must hold."""

    @initialize(record=caps, day=caps, month=caps)
    def open(self, record: int | None, day: int | None, month: int | None) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.watch = Watch()
        self.caps = {"record": record, "day": day, "month": month}
        chosen = Caps(usd(record), usd(day), usd(month))
        path = Path(self.folder.name) / "rolecall.db"
        self.databases = [Database(path) for _ in range(3)]
        self.budgets = [Budget(one, chosen, self.watch) for one in self.databases]
        self.counted: dict[int, tuple[str, str, int]] = {}  # id -> record, day, what counts
        self.due: dict[int, int] = {}  # id -> what the vendor will really ask
        self.open_calls: list = []
        self.lost_calls: list = []
        self.ended: list = []

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            for one in self.databases:
                one.close()
            self.folder.cleanup()

    def taken(self, record: str, day: str) -> dict[str, int]:
        rows = self.counted.values()
        return {
            "record": sum(nano for name, _, nano in rows if name == record),
            "day": sum(nano for _, made, nano in rows if made == day),
            "month": sum(nano for _, made, nano in rows if made[:7] == day[:7]),
        }

    @rule(process=st.integers(0, 2), record=st.sampled_from("ab"), worst=amounts)
    def reserve(self, process: int, record: str, worst: int) -> None:
        day = self.watch.now.date().isoformat()
        taken = self.taken(record, day)
        fits = all(cap is None or taken[name] + worst <= cap for name, cap in self.caps.items())
        try:
            call = self.budgets[process].reserve(record, worst / NANO, f"engine{process}")
        except BudgetError:
            assert not fits
            return
        assert fits
        assert call.id not in self.counted
        self.counted[call.id] = (record, day, worst)
        self.open_calls.append(call)

    def take(self, calls: list, data: st.DataObject):
        return calls.pop(data.draw(st.integers(0, len(calls) - 1)))

    @precondition(lambda self: self.open_calls)
    @rule(process=st.integers(0, 2), share=shares, data=st.data())
    def settle(self, process: int, share: float, data: st.DataObject) -> None:
        self.end(self.take(self.open_calls, data), process, share)

    @precondition(lambda self: self.open_calls)
    @rule(process=st.integers(0, 2), data=st.data())
    def release(self, process: int, data: st.DataObject) -> None:
        call = self.take(self.open_calls, data)
        self.budgets[process].release(call)
        del self.counted[call.id]
        self.ended.append(call)

    @precondition(lambda self: self.open_calls)
    @rule(share=shares, data=st.data())
    def die(self, share: float, data: st.DataObject) -> None:
        """The call was made, and whoever made it died: it stays counted at its worst."""
        call = self.take(self.open_calls, data)
        self.due[call.id] = int(cost(call.worst_usd) * share)
        self.lost_calls.append(call)

    @precondition(lambda self: self.lost_calls)
    @rule(process=st.integers(0, 2), data=st.data())
    def wake_up(self, process: int, data: st.DataObject) -> None:
        """Whoever seemed dead was only asleep, and settles at last."""
        call = self.take(self.lost_calls, data)
        self.end(call, process, self.due[call.id] / cost(call.worst_usd))

    def end(self, call, process: int, share: float) -> None:
        real = round(cost(call.worst_usd) * share)
        self.budgets[process].settle(call, real / NANO)
        self.due[call.id] = real
        record, day, _ = self.counted[call.id]
        self.counted[call.id] = (record, day, real)
        self.ended.append(call)

    @precondition(lambda self: self.ended)
    @rule(process=st.integers(0, 2), data=st.data(), settled=st.booleans())
    def end_again(self, process: int, data: st.DataObject, settled: bool) -> None:
        call = data.draw(st.sampled_from(self.ended))
        if settled:
            self.budgets[process].settle(call, call.worst_usd)
        else:
            self.budgets[process].release(call)

    @rule(
        span=st.sampled_from([timedelta(minutes=5), EXPIRES, timedelta(days=1)]),
        months=st.just(0) | st.integers(0, 2),
    )
    def wait(self, span: timedelta, months: int) -> None:
        self.watch.now += span + timedelta(days=31 * months)

    @invariant()
    def real_costs_stay_under_every_cap(self) -> None:
        if not hasattr(self, "folder"):
            return
        for record, day, _ in self.counted.values():
            real = {"record": 0, "day": 0, "month": 0}
            for number, nano in self.due.items():
                name, made, counted = self.counted[number]
                assert nano <= counted
                real["record"] += nano if name == record else 0
                real["day"] += nano if made == day else 0
                real["month"] += nano if made[:7] == day[:7] else 0
            assert all(cap is None or real[name] <= cap for name, cap in self.caps.items())

    @invariant()
    def the_report_adds_up(self) -> None:
        if not hasattr(self, "folder"):
            return
        spent = self.budgets[0].spent()
        taken = self.taken("a", self.watch.now.date().isoformat())
        assert round((spent.today_usd + spent.open_today_usd) * NANO) == taken["day"]
        assert round((spent.month_usd + spent.open_usd) * NANO) == taken["month"]


Calls.TestCase.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
TestCalls = Calls.TestCase


@pytest.fixture(params=["embedded", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """The setting ``queue``, and the data folder, of an empty database."""
    url = request.getfixturevalue("postgres_url") if request.param == "server" else ""
    return url, str(tmp_path)


def test_threads_cannot_leak(place: tuple[str, str]) -> None:
    cap, real, lock = 0.01, [0], threading.Lock()

    def call(budget: Budget, seed: int) -> None:
        dice = random.Random(seed)
        while True:
            worst = dice.randint(50_000, 300_000)
            try:
                reservation = budget.reserve("r", worst / NANO, "cloud")
            except BudgetError:
                return
            paid = dice.randint(worst // 2, worst)
            end = dice.random()
            if end < 0.2:
                budget.release(reservation)
                continue
            with lock:
                real[0] += paid
            if end < 0.9:
                budget.settle(reservation, paid / NANO)

    with open_store(*place, {}) as one, open_store(*place, {}) as other:
        budgets = [Budget(database, Caps(day=cap), Watch()) for database in (one, other)]
        threads = [threading.Thread(target=call, args=(budgets[n % 2], n)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        spent = budgets[0].spent()
        assert real[0] <= cap * NANO
        assert real[0] <= round((spent.month_usd + spent.open_usd) * NANO) <= cap * NANO
        assert spent.month_usd + spent.open_usd > cap - 300_000 / NANO  # and none is wasted


PROCESS = """
import os, random, signal, sys
from datetime import UTC, datetime
from rolecall.errors import BudgetError
from rolecall.ledger.budget import Budget
from rolecall.ledger.money import NANO, Caps
from rolecall.ledger.opening import open_store
dice = random.Random(sys.argv[4])
noon = datetime(2026, 3, 15, 12, tzinfo=UTC)
bills = os.open(sys.argv[3], os.O_WRONLY | os.O_APPEND)
budget = Budget(open_store(sys.argv[1], sys.argv[2], {}), Caps(day=0.002, month=0.02), lambda: noon)
while True:
    worst = dice.randint(50_000, 300_000)
    try:
        call = budget.reserve(str(dice.random()), worst / NANO, "cloud")
    except BudgetError:
        break
    end = dice.random()
    if end < 0.1:
        budget.release(call)
        continue
    paid = dice.randint(worst // 2, worst)
    os.write(bills, b"%d\\n" % paid)
    if end < 0.2 or sys.argv[4] == "1":
        os.kill(os.getpid(), signal.SIGKILL)
    budget.settle(call, paid / NANO)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX")
def test_processes_that_are_killed_amid_calls_cannot_leak(
    place: tuple[str, str], tmp_path: Path
) -> None:
    bills = tmp_path / "bills"
    bills.touch()
    started, killed = 0, 0

    def start() -> subprocess.Popen[bytes]:
        nonlocal started
        started += 1
        words = [sys.executable, "-c", PROCESS, *place, str(bills), str(started)]
        return subprocess.Popen(words, stderr=subprocess.PIPE)

    running = [start() for _ in range(3)]
    while running:
        one = running.pop(0)
        _, said = one.communicate(timeout=120)
        assert said == b""
        if one.returncode == -signal.SIGKILL:
            killed += 1
            running.append(start())  # as a supervisor would
        else:
            assert one.returncode == 0
    real = sum(map(int, bills.read_text().split()))
    with open_store(*place, {}) as store:
        spent = Budget(store, Caps(day=0.002), Watch()).spent()
    assert killed > 0
    assert real <= 0.002 * NANO
    assert real <= round((spent.month_usd + spent.open_usd) * NANO) <= 0.002 * NANO
    assert spent.open == killed
    assert spent.month_usd + spent.open_usd > 0.0017
