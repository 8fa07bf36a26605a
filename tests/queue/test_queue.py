"""What the queue promises, the same on both stores."""

import pytest
from tests.queue.clock import Clock
from tests.queue.conftest import RULES
from tests.queue.handed_in import page, pages, record, result, work

from rolecall.core import Reason
from rolecall.errors import SettingsError, UsageError
from rolecall.ledger.database import Database
from rolecall.queue.inbox import KeyReusedError, QueueFullError
from rolecall.queue.nouns import STATES, Beat, NewTask, Rules, Submission, Wanted, Worker
from rolecall.queue.queue import Queue
from rolecall.record import failed_record


def test_what_is_handed_in_is_lent_with_its_page_and_gives_one_record(queue):
    receipt = queue.inbox.submit(pages(3))
    assert len(set(receipt.tasks)) == 3
    claims = queue.leases.claim("w", 2)
    assert [claim.task for claim in claims] == list(receipt.tasks[:2])
    assert [claim.body for claim in claims] == [b"<p>page 0</p>", b"<p>page 1</p>"]
    assert [claim.attempts for claim in claims] == [1, 1]
    assert queue.leases.finish([result(claim, "Chef") for claim in claims]) == [True, True]
    assert queue.view.counts() == {
        **dict.fromkeys(STATES, 0), "done": 2, "queued": 1,
    }  # fmt: skip
    assert [task for task, _ in queue.view.records(receipt.batch)] == list(receipt.tasks[:2])
    assert queue.view.record(receipt.tasks[0])["data"]["title"] == "Chef"
    assert queue.view.record(receipt.tasks[2]) is None
    batch = queue.view.batch(receipt.batch)
    assert (batch.states, batch.outcomes) == ({"done": 2, "queued": 1}, {"ok": 2})
    assert not batch.ended
    work(queue)
    assert queue.view.batch(receipt.batch).ended


def test_a_claim_finishes_once(queue):
    queue.inbox.submit(pages(1))
    (claim,) = queue.leases.claim("w")
    assert queue.leases.finish([result(claim), result(claim, "again")]) == [True, False]
    assert queue.leases.finish([result(claim, "again")]) == [False]
    assert queue.view.record(claim.task)["data"]["title"] == "Cook"


def test_a_lost_lease_is_taken_by_another_and_the_first_does_not_count(queue, clock):
    queue.inbox.submit(pages(1))
    (first,) = queue.leases.claim("a")
    assert queue.leases.claim("b") == []
    clock.pass_by(61)
    (second,) = queue.leases.claim("b")
    assert (second.task, second.deaths, second.attempts) == (first.task, 1, 2)
    assert queue.leases.finish([result(first)]) == [False]
    assert not queue.leases.put_back(first)
    assert queue.leases.beat("a", {first.task: first.fence}).lost == {first.task}
    assert queue.leases.finish([result(second, "second")]) == [True]
    assert queue.view.record(first.task)["data"]["title"] == "second"


@pytest.mark.parametrize("jump", [86_400, -86_400])
def test_living_workers_lose_nothing_where_the_clock_is_set(tmp_path, jump):
    """Or where the machine has slept, which the steady clock does not count."""
    now, steady = Clock(), Clock()
    with Database(tmp_path / "rolecall.db") as store:
        queue = Queue(store, rules=RULES, clock=now, steady=steady)
        queue.inbox.submit(pages(2))
        alive, dead = queue.leases.claim("x")[0], queue.leases.claim("y")[0]
        now.pass_by(jump)
        assert queue.leases.claim("z", 2) == []
        assert not queue.leases.beat("x", {alive.task: alive.fence}).lost
        for clock in (now, steady):
            clock.pass_by(RULES.lease / 2 + 1)
        (again,) = queue.leases.claim("z", 2)
        assert again.task == dead.task
        assert queue.leases.finish([result(alive), result(dead), result(again)]) == [
            True, False, True,
        ]  # fmt: skip


def test_a_heartbeat_keeps_what_is_held_and_nothing_else(queue, clock):
    queue.inbox.submit(pages(2))
    held, unheard = queue.leases.claim("a", 2)
    for _ in range(5):
        clock.pass_by(30)
        assert queue.leases.beat("a", {held.task: held.fence}) == Beat()
    assert [claim.task for claim in queue.leases.claim("b", 5)] == [unheard.task]


def test_a_page_that_workers_die_of_is_quarantined(queue, clock):
    receipt = queue.inbox.submit(pages(1))
    for deaths in range(3):
        if deaths > 1:  # comes back later each time
            assert queue.leases.claim("w") == []
            clock.pass_by(2 * deaths)
        (claim,) = queue.leases.claim("w")
        assert claim.deaths == deaths
        clock.pass_by(100)
    assert queue.leases.claim("w") == []
    assert queue.view.task(receipt.tasks[0]).state == "quarantined"
    assert queue.view.record(receipt.tasks[0])["reason"]["code"] == "poison"


def test_a_page_at_which_processes_end_is_tried_again_and_then_quarantined(queue, clock):
    receipt = queue.inbox.submit(pages(1))
    died = failed_record(
        Reason(code="poison", stage="extract", message="ended two worker processes"),
        locator="a",
        seq=0,
        config="",
    )
    for deaths in range(3):
        (claim,) = queue.leases.claim("w")
        assert claim.deaths == deaths
        assert queue.leases.die(claim, "poison", died)
        assert queue.leases.claim("w") == []
        clock.pass_by(4)
    assert queue.view.task(receipt.tasks[0]).state == "quarantined"
    assert queue.view.record(receipt.tasks[0])["reason"]["code"] == "poison"


def test_what_fails_is_tried_again_later_and_ends(queue, clock):
    queue.inbox.submit(pages(1))
    for time in range(3):
        (claim,) = queue.leases.claim("w")
        assert claim.failures == time
        assert queue.leases.fail(claim, "no luck", {**record(claim), "outcome": "failed"})
        assert queue.leases.claim("w") == []
        clock.pass_by(10)
    task = queue.view.task(claim.task)
    assert (task.state, task.outcome, task.attempts) == ("done", "failed", 3)


def test_what_is_put_off_does_not_count_against_the_page(queue, clock):
    queue.inbox.submit(pages(1))
    for _ in range(2):
        (claim,) = queue.leases.claim("w")
        assert queue.leases.defer(claim, "the engine is away", record(claim), 30)
        assert queue.view.task(claim.task).trouble == "the engine is away"
        clock.pass_by(29)
        assert queue.leases.claim("w") == []
        clock.pass_by(2)
    (claim,) = queue.leases.claim("w")
    assert (claim.attempts, claim.failures, claim.deferrals) == (1, 0, 2)
    assert queue.leases.defer(claim, "still away", record(claim), 30)
    assert queue.view.task(claim.task).state == "done"


def test_what_is_given_back_may_be_taken_at_once(queue):
    queue.inbox.submit(pages(2))
    (first,) = queue.leases.claim("a")
    assert queue.leases.put_back(first)
    again = queue.leases.claim("b", 2)
    assert first.task in {claim.task for claim in again}
    assert {claim.attempts for claim in again} == {1}


def test_a_delay_and_a_priority(queue, clock):
    late = queue.inbox.submit(pages(1, delay=50)).tasks[0]
    low, usual, high = (queue.inbox.submit(pages(1, priority=n)).tasks[0] for n in (-5, 0, 5))
    assert work(queue) == [high, usual, low]
    clock.pass_by(51)
    assert work(queue) == [late]


def test_cancelling_ends_what_waits_and_tells_who_works(queue, clock):
    receipt = queue.inbox.submit(pages(4, delay=0))
    (claim,) = queue.leases.claim("w")
    assert queue.control.cancel_batch(receipt.batch, "somebody else") == 0
    assert queue.control.cancel_batch(receipt.batch, "one") == 4
    assert queue.control.cancel_batch(receipt.batch) == 0
    assert queue.leases.claim("w") == []
    assert queue.view.batch(receipt.batch).states == {"cancelled": 3, "running": 1}
    assert queue.leases.beat("w", {claim.task: claim.fence}).cancelled == {claim.task}
    assert queue.leases.finish([result(claim)]) == [False]
    assert queue.view.batch(receipt.batch).states == {"cancelled": 4}
    assert queue.view.record(claim.task)["reason"]["code"] == "cancelled"
    assert len(list(queue.view.records(receipt.batch))) == 4


def test_a_cancelled_task_of_a_dead_worker_ends(queue, clock):
    receipt = queue.inbox.submit(pages(1))
    queue.leases.claim("w")
    assert queue.control.cancel(receipt.tasks[0])
    assert not queue.control.cancel(receipt.tasks[0])
    clock.pass_by(61)
    assert queue.leases.claim("w") == []
    assert queue.view.task(receipt.tasks[0]).state == "cancelled"


@pytest.mark.parametrize("way", ["put_back", "fail", "defer"])
def test_what_is_cancelled_while_it_is_worked_on_does_not_come_back(queue, way):
    receipt = queue.inbox.submit(pages(1))
    (claim,) = queue.leases.claim("w")
    queue.control.cancel(claim.task)
    if way == "put_back":
        assert queue.leases.put_back(claim)
    else:
        assert getattr(queue.leases, way)(claim, "trouble", record(claim))
    assert queue.view.task(receipt.tasks[0]).state == "cancelled"


def test_retry_gives_a_new_record_and_shuts_out_the_old_claim(queue):
    receipt = queue.inbox.submit(pages(1))
    task = receipt.tasks[0]
    assert not queue.control.retry(task)
    (old,) = queue.leases.claim("w")
    queue.leases.finish([result(old)])
    assert not queue.control.retry(task, "somebody else")
    assert queue.control.retry(task, "one")
    assert queue.view.record(task) is None
    assert queue.leases.finish([result(old)]) == [False]
    (new,) = queue.leases.claim("w")
    assert (new.deaths, new.failures) == (0, 0)
    assert queue.leases.finish([result(old, "old"), result(new, "new")]) == [False, True]
    assert queue.view.record(task)["data"]["title"] == "new"
    assert [event.state for event in queue.view.events(0)] == ["done", "queued", "done"]


def test_pausing_lends_nothing_and_takes_in(queue):
    queue.control.pause()
    queue.control.pause()
    queue.inbox.submit(pages(1))
    assert queue.view.paused()
    assert queue.leases.claim("w") == []
    queue.control.resume()
    assert len(work(queue)) == 1


def test_the_same_submission_is_taken_in_once(queue):
    first = queue.inbox.submit(pages(2, key="k", fingerprint=b"f"))
    again = queue.inbox.submit(pages(2, key="k", fingerprint=b"f"))
    assert (again.repeated, again.batch, again.tasks) == (True, first.batch, first.tasks)
    with pytest.raises(KeyReusedError):
        queue.inbox.submit(pages(2, key="k", fingerprint=b"other"))
    other = queue.inbox.submit(pages(2, submitter="two", key="k", fingerprint=b"f"))
    assert not other.repeated
    assert queue.view.counts()["queued"] == 4


def test_a_task_key_is_taken_in_once_also_within_a_submission(queue):
    first = queue.inbox.submit(Submission(submitter="one", tasks=(page(0, key="a"),)))
    tasks = (page(1, key="b"), page(2, key="a"), page(3, key="b"), page(4), page(5))
    second = queue.inbox.submit(Submission(submitter="one", tasks=tasks))
    assert second.known == (1, 2)
    assert second.tasks[1] == first.tasks[0]
    assert second.tasks[2] == second.tasks[0]
    assert len(set(second.tasks)) == 4
    assert queue.view.counts()["queued"] == 4
    elsewhere = queue.inbox.submit(Submission(submitter="two", tasks=(page(1, key="b"),)))
    assert elsewhere.known == ()


def test_too_much_waiting_is_refused_whole(store, clock):
    queue = Queue(store, rules=Rules(most_waiting=5), clock=clock)
    queue.inbox.submit(pages(3))
    with pytest.raises(QueueFullError) as caught:
        queue.inbox.submit(pages(3, delay=5))
    assert caught.value.retryable
    assert queue.view.counts()["queued"] == 3
    queue.inbox.submit(pages(2))
    work(queue)
    queue.inbox.submit(pages(5))
    with pytest.raises(UsageError, match="more than may ever wait"):
        queue.inbox.submit(pages(6))


@pytest.mark.parametrize(
    "wrong",
    [
        {"priority": 101}, {"priority": -(2**70)}, {"delay": -1.0}, {"delay": float("nan")},
        {"delay": float("inf")}, {"key": "k" * 256}, {"url": "u" * 8_001},
    ],
)  # fmt: skip
def test_what_no_task_may_have_is_refused(queue, wrong):
    with pytest.raises(UsageError):
        queue.inbox.submit(pages(1, **wrong))


def test_texts_that_a_database_cannot_keep_are_made_storable(queue):
    odd = "a\0b\ud800c\U0001f600"
    task = NewTask(source=odd, body=b"\0", url=odd, captured=odd, key=odd, charset=odd)
    receipt = queue.inbox.submit(Submission(submitter=odd, tasks=(task,), key=odd))
    assert queue.inbox.submit(Submission(submitter=odd, tasks=(task,), key=odd)).repeated
    (claim,) = queue.leases.claim("w")
    assert claim.source == "a\ufffdb\ufffdc\U0001f600"
    assert claim.body == b"\0"
    told = record(claim, "C\0ook")
    assert queue.leases.fail(claim, odd, told)
    assert queue.view.tasks(Wanted(words=odd))[0].id == receipt.tasks[0]
    assert queue.view.tasks(Wanted(words="\0\ud800")) == []
    assert queue.view.schema(odd) is None
    assert queue.view.count(Wanted(submitter=odd)) == 1


@pytest.mark.parametrize("number", [0, -1, 2**63, 10**30, -(10**30)])
def test_numbers_that_no_row_has_name_nothing(queue, number):
    queue.inbox.submit(pages(1))
    assert queue.view.task(number) is None
    assert queue.view.batch(number) is None
    assert queue.view.record(number) is None
    assert queue.view.body(number) is None
    assert list(queue.view.records(number)) == []
    assert not queue.control.cancel(number)
    assert not queue.control.retry(number)
    assert not queue.control.forget(number)
    queue.view.events(number, limit=number)
    queue.view.tasks(Wanted(before=number, limit=number, batch=number))


@pytest.mark.parametrize(
    "wrong",
    [{"lease": 0}, {"lease": float("nan")}, {"deaths": 0}, {"keep_records_days": float("inf")}],
)
def test_rules_are_looked_at(wrong):
    with pytest.raises(SettingsError):
        Rules(**wrong)


def test_looking_for_tasks(queue):
    queue.inbox.submit(pages(5))
    queue.inbox.submit(pages(2, submitter="two"))
    (claim,) = queue.leases.claim("w")
    queue.leases.finish([result(claim, "100% Koch_in")])
    view = queue.view
    assert len(view.tasks(Wanted())) == 7
    assert len(view.tasks(Wanted(limit=3))) == 3
    assert view.count(Wanted(submitter="two")) == 2
    assert view.count(Wanted(states=("done", "running"))) == 1
    assert view.count(Wanted(outcome="ok")) == 1
    assert view.count(Wanted(words="100% koch_in")) == 1
    assert view.count(Wanted(words="100x")) == 0
    assert view.count(Wanted(words="page-3")) == 1
    assert view.facets()["outcome"] == {"ok": 1}
    assert [batch.size for batch in view.batches()] == [2, 5]
    assert [batch.size for batch in view.batches("one")] == [5]
    assert view.oldest_ms() >= 0


def test_schemas_and_workers(queue, clock):
    key = queue.inbox.put_schema({"type": "object"}, "mine")
    other = queue.inbox.put_schema({"type": "object", "title": "T"}, "mine")
    assert queue.view.schema("mine")["title"] == "T"
    assert queue.view.schema_hash("mine") == other
    assert {row[0] for row in queue.view.schemas()} == {key, other}
    queue.leases.seen(Worker(name="w", host="h", pid=1, slots=2, doing=0, started=5, seen=0))
    assert [one.name for one in queue.view.workers()] == ["w"]
    clock.pass_by(3600)
    assert queue.view.workers() == []
    queue.leases.gone("w")


def test_events_come_in_order(queue):
    queue.inbox.submit(pages(5))
    order = work(queue)
    events = queue.view.events(0)
    assert [event.task for event in events] == order
    assert [event.task for event in queue.view.events(events[2].id)] == order[3:]
    assert queue.view.last_event() == events[-1].id
