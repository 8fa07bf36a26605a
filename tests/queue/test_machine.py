"""Whatever is done to the queue, in whatever order: a plain model of what must hold."""

import tempfile
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
from tests.queue.clock import Clock
from tests.queue.conftest import RULES
from tests.queue.handed_in import page, record, result
from tests.queue.test_races import legal

from rolecall.ledger.database import Database
from rolecall.ledger.postgres import PostgresDatabase
from rolecall.queue.nouns import ENDED, Claim, Submission
from rolecall.queue.queue import Queue

workers = st.sampled_from("xyz")


class Machine(RuleBasedStateMachine):
    """Two processes; three workers that may be asleep for as long as they like."""

    url = ""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.stores = [self.store() for _ in range(2)]
        self.queues = [Queue(one, rules=RULES, clock=self.clock) for one in self.stores]
        self.accepted: dict[str, int] = {}  # source -> task
        self.fresh = 0
        self.claims: list[Claim] = []  # of the living and the dead
        self.newest: dict[int, Claim] = {}  # who may still end a task
        self.ended: dict[int, str] = {}  # task -> title of its record, or its state
        self.told: set[int] = set()  # cancelled while it ran

    def store(self):
        if self.url:
            return PostgresDatabase(self.url)
        return Database(Path(self.folder.name) / "rolecall.db")

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            if self.url:
                with self.stores[0].write() as connection:
                    for table in ("queue_batch", "queue_body", "queue_event", "queue_share"):
                        connection.execute(f"DELETE FROM {table}")
            for one in self.stores:
                one.close()
            self.folder.cleanup()

    @property
    def queue(self) -> Queue:
        self.fresh += 1
        return self.queues[self.fresh % 2]

    def take(self, data: st.DataObject) -> Claim:
        return data.draw(st.sampled_from(self.claims))

    def states(self) -> dict[int, str]:
        return dict(self.stores[0].rows("SELECT id, state FROM queue_task"))

    def holds(self, claim: Claim) -> bool:
        """Whether a claim is the newest of its task, and its lease was not taken away."""
        row = self.stores[0].rows(
            "SELECT worker, fence FROM queue_task WHERE state = 'running' AND id = ?",
            (claim.task,),
        )
        return row == [(claim.worker, claim.fence)]

    @rule(
        count=st.integers(1, 4),
        key=st.none() | st.sampled_from("kl"),
        priority=st.integers(-1, 1),
        delay=st.sampled_from([0, 0, 5]),
    )
    def submit(self, count: int, key: str | None, priority: int, delay: float) -> None:
        names = [f"{key}" if key else f"p{self.fresh}-{place}" for place in range(count)]
        tasks = tuple(page(name, key=key, priority=priority, delay=delay) for name in names)
        receipt = self.queue.inbox.submit(Submission(submitter="one", tasks=tasks))
        for name, task in zip(names, receipt.tasks, strict=True):
            assert self.accepted.setdefault(name, task) == task

    @rule(worker=workers, count=st.integers(1, 3))
    def claim(self, worker: str, count: int) -> None:
        for claim in self.queue.leases.claim(worker, count):
            assert claim.task not in self.ended
            before = self.newest.get(claim.task)
            assert before is None or claim.fence > before.fence
            self.newest[claim.task] = claim
            self.claims.append(claim)
        self.look()

    def look(self) -> None:
        """Tasks that ended because too many workers died of them, or as cancelled."""
        for task, state in self.states().items():
            if state in ENDED and task not in self.ended:
                assert state == "quarantined" or task in self.told
                self.ended[task] = state

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        claim = self.take(data)
        title = f"{claim.worker}{claim.fence}"
        holds, told = self.holds(claim), claim.task in self.told
        won = self.queue.leases.finish([result(claim, title)])[0]
        assert won == (holds and not told)
        if holds:
            self.ended[claim.task] = "cancelled" if told else title

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), way=st.sampled_from(["put_back", "fail", "defer"]))
    def give_up(self, data: st.DataObject, way: str) -> None:
        claim = self.take(data)
        holds = self.holds(claim)
        leases = self.queue.leases
        if way == "put_back":
            done = leases.put_back(claim)
        else:
            done = getattr(leases, way)(claim, "trouble", record(claim, "gave up"))
        assert holds or not done
        state = self.states()[claim.task]
        if holds and state in ENDED:
            self.ended[claim.task] = "cancelled" if claim.task in self.told else "gave up"

    @precondition(lambda self: self.claims)
    @rule(worker=workers, data=st.data())
    def beat(self, worker: str, data: st.DataObject) -> None:
        held = {one.task: one.fence for one in self.claims if one.worker == worker}
        beat = self.queue.leases.beat(worker, held)
        for task in held:
            claim = next(one for one in self.claims if (one.task, one.fence) == (task, held[task]))
            assert (task in beat.lost) == (not self.holds(claim))
        assert beat.cancelled <= self.told

    @precondition(lambda self: self.accepted)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        task = data.draw(st.sampled_from(sorted(self.accepted.values())))
        before = self.states()[task]
        done = self.queue.control.cancel(task)
        assert done == (before not in ENDED and task not in self.told)
        if done and before == "running":
            self.told.add(task)
        elif done:
            self.ended[task] = "cancelled"

    @precondition(lambda self: self.ended)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        task = data.draw(st.sampled_from(sorted(self.ended)))
        assert self.queue.control.retry(task)
        del self.ended[task]
        self.told.discard(task)

    @rule(seconds=st.sampled_from([1, 10, 70, 100_000, -100_000]))
    def time_passes(self, seconds: float) -> None:
        self.clock.pass_by(seconds)

    @rule()
    def restart(self) -> None:
        if not self.url:
            self.stores[1].close()
            self.stores[1] = self.store()
            self.queues[1] = Queue(self.stores[1], rules=RULES, clock=self.clock)

    @invariant()
    def nothing_is_lost_or_doubled(self) -> None:
        if not hasattr(self, "folder"):
            return
        legal(self.queues[0])
        states = self.states()
        assert set(states) == set(self.accepted.values())
        assert {task for task, state in states.items() if state in ENDED} == set(self.ended)
        for task, told in self.ended.items():
            kept = self.queues[1].view.record(task)
            if told in ENDED:
                assert kept["outcome"] == "failed"
            else:
                assert kept["data"]["title"] == told


def test_embedded() -> None:
    run_state_machine_as_test(
        Machine, settings=settings(max_examples=12, stateful_step_count=20, deadline=None)
    )


def test_on_a_server(postgres_url: str) -> None:
    class OnServer(Machine):
        url = postgres_url

    run_state_machine_as_test(
        OnServer,
        settings=settings(
            max_examples=3, stateful_step_count=20, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
