"""The scripts of `torture.durability_killed`: the queue, the budget, kept answers, new tables."""

from __future__ import annotations

import functools
import hashlib
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rolecall.core import Completion, Prompt, Reason
from rolecall.errors import BudgetError
from rolecall.ledger.budget import Budget, Part, Reservation
from rolecall.ledger.cache import Cache
from rolecall.ledger.database import APPLICATION, Database
from rolecall.ledger.money import NANO, Caps
from rolecall.ledger.steps import STEPS
from rolecall.queue.callbacks import Callbacks
from rolecall.queue.nouns import ENDED, Callback, Claim, NewTask, Result, Rules, Submission, Worker
from rolecall.queue.queue import Queue
from rolecall.record import failed_record
from torture.durability_killed import Script
from torture.durability_script_outputs import Outputs

FILE: Final = "rolecall.db"
BEGAN: Final = 1_800_000_000.0
RULES: Final = Rules(lease=60, deaths=3, failures=3, deferrals=3, backoff=2, longest=60)
DAY: Final = 86_400.0


def all_of(path: Path) -> str:
    """A hash of all rows of all tables; raises where the file is not whole."""
    connection = sqlite3.connect(path)
    try:
        if connection.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
            raise ValueError("the database is not whole")
        told = hashlib.sha256()
        tables = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        for name, sql in tables:
            told.update(repr((name, sql)).encode())
            if sql is not None and sql.startswith("CREATE TABLE"):
                rows = connection.execute(f"SELECT * FROM {name}").fetchall()
                told.update(repr(sorted(rows, key=repr)).encode())
        return told.hexdigest()
    finally:
        connection.close()


def illegal(queue: Queue) -> str:
    """What may not be of the tables of a queue at any moment when nobody writes."""
    rows = queue.store.rows
    ended = ", ".join(f"'{one}'" for one in sorted(ENDED))
    states = dict(rows("SELECT state, count(*) FROM queue_task GROUP BY state"))
    if {state: count for state, count in queue.view.counts().items() if count} != states:
        return "the sums are not those of the tasks"
    joined = "FROM queue_task t LEFT JOIN queue_result r ON r.task = t.id WHERE"
    if rows(f"SELECT 1 {joined} (t.state IN ({ended})) <> (r.task IS NOT NULL)"):
        return "a task has ended without a record, or has one and has not ended"
    running = "SELECT 1 FROM queue_task WHERE state = 'running'"
    if rows(f"{running} AND (worker IS NULL OR lease IS NULL)"):
        return "a task runs that nobody has"
    if rows("SELECT 1 FROM queue_task t WHERE body IS NOT NULL AND state NOT IN (" + ended + ")"
            " AND NOT EXISTS (SELECT 1 FROM queue_body WHERE hash = t.body)"):  # fmt: skip
        return "a task that has not ended has lost its page"
    return ""


def result(claim: Claim) -> Result:
    """The end of a claim."""
    reason = Reason(code="empty_text", stage="read", message="made up")
    record = failed_record(reason, locator=claim.source, seq=claim.place, config="c0ffee")
    return Result(claim=claim, record=record)


def work(queue: Queue) -> int:
    """Claim and finish until nothing is left; how many that were."""
    done = 0
    while claims := queue.leases.claim("last", 10):
        done += sum(queue.leases.finish([result(one) for one in claims]))
    return done


class Kept:
    """What databases share: after equally many transactions they hold the same."""

    def __init__(self) -> None:
        self._seen: dict[int, str] = {}

    def differs(self, path: Path, commits: int | None) -> str:
        """Whether what is there is not what was there after as many transactions."""
        told = all_of(path)
        if commits is not None and self._seen.setdefault(commits, told) != told:
            return f"between transactions {commits} and {commits + 1} there is something else"
        return ""

    def ready(self, folder: Path) -> None:
        """Nothing is there before."""


class OfQueue(Kept):
    """Every verb of the queue."""

    def steps(self, folder: Path) -> list[tuple[str, Callable[[], Any]]]:
        """From an empty folder to a purged queue."""
        self._ahead, self._claims = 0.0, list[Claim]()
        first = self._submission("one", "k1", 4)
        second = self._submission("two", None, 2)
        claims = self._claims

        def claim(count: int) -> list[int]:
            claims.extend(self._queue.leases.claim("w", count))
            return [one.task for one in claims]

        def finish(*which: int) -> None:
            self._queue.leases.finish([result(claims[one]) for one in which])

        def fail() -> None:
            self._queue.leases.fail(claims[1], "trouble", result(claims[1]).record)

        def defer() -> None:
            self._queue.leases.defer(claims[2], "away", result(claims[2]).record)

        def later(seconds: float) -> None:
            self._ahead += seconds
            self._queue.leases._turns.bring_back()

        def messages() -> None:
            callbacks = Callbacks(self._queue.store, self._clock)
            for one in callbacks.claim():
                callbacks.delivered(one)

        present = Worker(name="w", host="here", pid=1, slots=2, doing=0, started=1, seen=1)
        return [
            ("open", lambda: self._open(folder)),
            ("schema", lambda: self._queue.inbox.put_schema({"type": "object"}, "mine")),
            ("submit", lambda: self._queue.inbox.submit(first).tasks),
            ("submit", lambda: self._queue.inbox.submit(first).tasks),
            ("submit", lambda: self._queue.inbox.submit(second).tasks),
            ("seen", lambda: self._queue.leases.seen(present)),
            ("claim", lambda: claim(4)),
            ("beat", lambda: void(self._queue.leases.beat("w", {c.task: c.fence for c in claims}))),
            ("result", lambda: finish(0)),
            ("fail", fail),
            ("defer", defer),
            ("put back", lambda: self._queue.leases.put_back(claims[3])),
            ("bring back", lambda: later(100)),
            ("cancel", lambda: self._queue.control.cancel(claims[3].task)),
            ("retry", lambda: self._queue.control.retry(claims[0].task)),
            ("pause", lambda: self._queue.control.pause()),
            ("resume", lambda: self._queue.control.resume()),
            ("claim", lambda: claim(9)),
            ("lost lease", lambda: later(200)),
            ("claim", lambda: claim(9)),
            ("result", lambda: finish(*range(-5, 0))),
            ("message", messages),
            ("forget", lambda: self._queue.control.forget(2)),
            ("gone", lambda: self._queue.leases.gone("w")),
            ("purge", lambda: self._purge()),
        ]

    def wrong(self, folder: Path, acks: list[Any], commits: int | None) -> str:
        """Whether it is legal, holds what was acknowledged, and goes on to its end."""
        path = folder / FILE
        if (found := self.differs(path, commits)) or not acks:
            return found
        self._ahead = 1_000.0
        self._open(folder)
        try:
            return illegal(self._queue) or self._incomplete(acks)
        finally:
            self._queue.store.close()

    def _incomplete(self, acks: list[Any]) -> str:
        queue, steps = self._queue, [name for name, _ in acks]
        last = "gone" in steps or "forget" in steps or "message" in steps
        there = {row[0] for row in queue.store.rows("SELECT id FROM queue_task")}
        accepted = {task for name, told in acks if name == "submit" for task in told}
        if not last and accepted - there:
            return f"{len(accepted - there)} tasks that were acknowledged are gone"
        results = queue.store.rows("SELECT count(*) FROM queue_result")[0][0]
        if "result" in steps and not {"retry", "cancel"} & set(steps) and not results:
            return "a record that was acknowledged is gone"
        if "gone" in steps:
            return ""  # what is left is forgotten now
        queue.control.resume()
        again = queue.inbox.submit(self._submission("one", "k1", 4))
        if "submit" in steps and not again.repeated:
            return "a submission was taken in twice"
        for _ in range(20):  # what waits, comes back
            work(queue)
            self._ahead += 100
        tasks, records = queue.store.rows(
            "SELECT (SELECT count(*) FROM queue_task), (SELECT count(*) FROM queue_result)"
        )[0]
        if tasks != records or (accepted and not last and tasks < len(accepted)):
            return f"{tasks} tasks and {records} records in the end"
        return illegal(queue)

    def _open(self, folder: Path) -> None:
        store = Database(folder / FILE)
        self._queue = Queue(store, rules=RULES, config="c0ffee", clock=self._clock)

    def _clock(self) -> float:
        return BEGAN + self._ahead

    def _submission(self, submitter: str, key: str | None, count: int) -> Submission:
        tasks = tuple(
            NewTask(source=f"{submitter}{n}", body=f"<p>{submitter} {n}</p>".encode())
            for n in range(count)
        )
        callback = Callback(url="http://127.0.0.1:1/", secret="s") if key else None
        return Submission(
            submitter=submitter, tasks=tasks, key=key, fingerprint=b"same", callback=callback
        )

    def _purge(self) -> None:
        self._ahead += 200 * DAY
        self._queue.control.purge()


class OfBudget(Kept):
    """Reserving, settling, giving back, forgetting."""

    caps = Caps(record=90 / NANO, day=100 / NANO, month=100 / NANO)

    def steps(self, folder: Path) -> list[tuple[str, Callable[[], Any]]]:
        """Some calls, of which one never reports back."""
        held: list[Reservation] = []

        def reserve(nano: int, part: Part | None = None) -> int:
            budget = Budget(self._store, self.caps, self._clock, part)
            held.append(budget.reserve("r", nano / NANO, "cloud"))
            return held[-1].id

        return [
            ("open", lambda: self._open(folder)),
            ("reserve", lambda: reserve(10)),
            ("settle", lambda: self._budget.settle(held[0], 7 / NANO)),
            ("reserve", lambda: reserve(20)),
            ("release", lambda: self._budget.release(held[1])),
            ("reserve", lambda: reserve(30)),
            ("reserve", lambda: reserve(10, Part("audits", 50 / NANO))),
            ("settle", lambda: self._budget.settle(held[3], 12 / NANO)),
            ("purge", lambda: self._budget.purge(date(2027, 1, 1))),
        ]

    def wrong(self, folder: Path, acks: list[Any], commits: int | None) -> str:
        """Whether what was acknowledged counts, and no cap can be passed."""
        if (found := self.differs(folder / FILE, commits)) or not acks:
            return found
        self._open(folder)
        with self._store:
            steps = [name for name, _ in acks]
            spent = self._budget.spent()
            counted = round((spent.month_usd + spent.open_usd) * NANO)
            least = {1: 7, 2: 7, 3: 37, 4: 47}.get(steps.count("reserve"), 0)
            if counted < least or counted > 100:
                return f"{counted} billionths count, and at least {least} were spent or held"
            while True:
                try:
                    self._budget.reserve("r", 1 / NANO, "cloud")
                except BudgetError:
                    break
            spent = self._budget.spent()
            if (total := round((spent.month_usd + spent.open_usd) * NANO)) > 100:
                return f"{total} billionths under a cap of 100"
        return ""

    def _open(self, folder: Path) -> None:
        self._store = Database(folder / FILE)
        self._budget = Budget(self._store, self.caps, self._clock)

    @staticmethod
    def _clock() -> datetime:
        return datetime(2027, 1, 15, 12, tzinfo=UTC)


class OfCache(Kept):
    """Keeping answers, making room, forgetting."""

    def steps(self, folder: Path) -> list[tuple[str, Callable[[], Any]]]:
        """Eight answers where there is room for some."""
        self._moment = datetime(2027, 1, 15, tzinfo=UTC)

        def put(number: int) -> None:
            self._moment += timedelta(seconds=1)
            self._cache.put(prompt(number), "m", answer(number))

        def step(*numbers: int) -> None:
            for one in numbers:
                put(one)
            self._cache.flush()

        def get() -> None:
            self._cache.get(prompt(0), "m")
            self._cache.flush()

        return [
            ("open", lambda: self._open(folder)),
            ("put", lambda: step(0, 1)),
            ("put", lambda: step(2)),
            ("get", get),
            ("make room", lambda: step(3, 4, 5, 6, 7)),
            ("purge", lambda: self._cache.purge()),
        ]

    def wrong(self, folder: Path, acks: list[Any], commits: int | None) -> str:
        """Whether the sum is right, and an answer is the right one or none."""
        if (found := self.differs(folder / FILE, commits)) or not acks:
            return found
        self._moment = datetime(2027, 1, 16, tzinfo=UTC)
        self._open(folder)
        with self._store:
            rows = self._store.rows("SELECT coalesce(sum(bytes), 0) FROM cache_completion")
            if rows[0][0] != self._cache.size() or self._cache.size() > 1_500:
                return "the room that is taken is not the sum"
            found_now = {n: self._cache.get(prompt(n), "m") for n in range(8)}
            if any(one and one.text != answer(n).text for n, one in found_now.items()):
                return "an answer is that of another prompt"
            steps = [name for name, _ in acks]
            if "put" in steps and "get" not in steps and not (found_now[0] and found_now[1]):
                return "an answer that was written is gone"
        return ""

    def _open(self, folder: Path) -> None:
        self._store = Database(folder / FILE)
        self._cache = Cache(self._store, lambda: self._moment, max_bytes=1_500)


class OfSteps(Kept):
    """A database of an older Rolecall, opened by this one."""

    def __init__(self, before: int) -> None:
        super().__init__()
        self._before = before

    def ready(self, folder: Path) -> None:
        """The database as it was after so many steps, with something in it."""
        connection = sqlite3.connect(folder / FILE, isolation_level=None)
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        for step in STEPS[: self._before]:
            for statement in (*step.statements, *step.sqlite):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {self._before}")
        connection.execute("INSERT INTO budget_day VALUES ('2027-01-15', 'cloud', 7, 1)")
        connection.close()

    def steps(self, folder: Path) -> list[tuple[str, Callable[[], Any]]]:
        """One step."""
        return [("open", lambda: void(Database(folder / FILE)))]

    def wrong(self, folder: Path, acks: list[Any], commits: int | None) -> str:
        """Whether all steps were taken or none, and what was there is there."""
        if found := self.differs(folder / FILE, commits):
            return found
        connection = sqlite3.connect(folder / FILE)
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.close()
        if version not in (self._before, STEPS[-1].number):
            return f"it stopped at step {version}"
        with Database(folder / FILE) as store, Database(folder / "fresh.db") as fresh:
            tables = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
            if store.rows(tables) != fresh.rows(tables):
                return "the tables are not those of a new database"
            if store.rows("SELECT nano FROM budget_day") != [(7,)]:
                return "what was spent is forgotten"
        return ""


def prompt(number: int) -> Prompt:
    """A prompt of many."""
    return Prompt(messages=(("user", f"page {number}"),))


def answer(number: int) -> Completion:
    """What an engine answered to it."""
    text = hashlib.sha512(b"%d" % number).hexdigest()
    return Completion(text=text, finish_reason="stop", engine="e", model="m")


def void(*_: object) -> None:
    """Nothing."""


FORMATS: Final = ("jsonl", "csv", "sqlite", "parquet", "jsonl.gz", "jsonl.zst")

SCRIPTS: Final[dict[str, Callable[[], Script]]] = {
    "queue": OfQueue,
    "budget": OfBudget,
    "cache": OfCache,
    **{f"steps-{n}": functools.partial(OfSteps, n) for n in range(1, STEPS[-1].number)},
    **{f"output-{form}": functools.partial(Outputs, form) for form in FORMATS},
}
