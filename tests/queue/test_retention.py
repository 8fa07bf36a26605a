"""What is forgotten, when, and what is never."""

import pytest
from tests.queue.handed_in import page, pages, work

from rolecall.queue.control import Purged
from rolecall.queue.nouns import Rules, Submission, Worker
from rolecall.queue.queue import Queue

DAY = 86_400


@pytest.fixture
def queue(store, clock):
    rules = Rules(lease=60, keep_records_days=10, keep_bodies_days=3, keep_events_hours=24)
    return Queue(store, rules=rules, clock=clock)


def bodies(queue) -> int:
    return queue.store.rows("SELECT count(*) FROM queue_body")[0][0]


def test_pages_go_before_records_and_what_has_not_ended_stays(queue, clock):
    ended = queue.inbox.submit(pages(2))
    work(queue)
    waiting = queue.inbox.submit(Submission(submitter="one", tasks=(page(7), page(0))))
    queue.leases.seen(Worker(name="w", host="h", pid=1, slots=1, doing=0, started=0, seen=0))
    assert queue.control.purge() == Purged()
    clock.pass_by(4 * DAY)
    assert queue.control.purge() == Purged(bodies=1, events=2)
    assert queue.view.body(ended.tasks[1]) is None
    assert queue.view.body(ended.tasks[0]) is not None  # the same page is still needed
    assert queue.view.record(ended.tasks[1]) is not None
    assert not queue.control.retry(ended.tasks[1])
    assert queue.view.task(ended.tasks[1]).state == "done"
    clock.pass_by(7 * DAY)
    assert queue.control.purge() == Purged(batches=1, tasks=2)
    assert queue.view.batch(ended.batch) is None
    assert queue.view.task(ended.tasks[0]) is None
    assert [claim.body for claim in queue.leases.claim("w", 5)] == [
        b"<p>page 7</p>", b"<p>page 0</p>",
    ]  # fmt: skip
    assert queue.view.batch(waiting.batch).states == {"running": 2}


def test_records_live_on_from_their_last_change(queue, clock):
    receipt = queue.inbox.submit(pages(1))
    clock.pass_by(20 * DAY)
    work(queue)
    assert queue.control.purge().batches == 0
    assert queue.view.record(receipt.tasks[0]) is not None


def test_forgetting_a_batch_leaves_what_others_need(queue):
    first = queue.inbox.submit(pages(3))
    assert not queue.control.forget(first.batch)
    work(queue)
    second = queue.inbox.submit(Submission(submitter="two", tasks=(page(1),)))
    assert not queue.control.forget(first.batch, "two")
    assert queue.control.forget(first.batch, "one")
    assert not queue.control.forget(first.batch)
    assert bodies(queue) == 1
    assert queue.view.body(second.tasks[0]) == b"<p>page 1</p>"
    assert queue.view.counts()["queued"] == 1
    assert sum(queue.view.counts().values()) == 1
    assert queue.store.rows("SELECT count(*) FROM queue_result") == [(0,)]


def test_a_forgotten_key_may_be_used_again(queue):
    first = queue.inbox.submit(pages(1, key="k", fingerprint=b"1"))
    work(queue)
    assert queue.control.forget(first.batch)
    assert not queue.inbox.submit(pages(1, key="k", fingerprint=b"2")).repeated


def test_many_rows_are_forgotten_in_parts(queue, clock):
    first = queue.inbox.submit(pages(600))
    queue.control.cancel_batch(first.batch)
    assert queue.view.batch(first.batch).states == {"cancelled": 600}
    clock.pass_by(11 * DAY)
    assert queue.control.purge() == Purged(batches=1, tasks=600, bodies=0, events=600)
    assert bodies(queue) == 0
    assert sum(queue.view.counts().values()) == 0


@pytest.mark.parametrize("jump", [-3 * DAY, 3 * DAY])
def test_a_clock_that_jumps_loses_nothing(queue, clock, jump):
    """A lease or a wait that lies far in the future was written before the clock was set back."""
    held, left, away = queue.inbox.submit(pages(3)).tasks
    claims = {claim.task: claim for claim in queue.leases.claim("w", 3)}
    queue.leases.defer(claims[away], "away", {}, 30)
    clock.pass_by(jump)
    queue.leases.beat("w", {held: claims[held].fence})
    clock.pass_by(31)
    assert {claim.task for claim in queue.leases.claim("other", 5)} >= {left}
    clock.pass_by(31)
    taken = {row[0] for row in queue.store.rows("SELECT id FROM queue_task WHERE attempts > 1")}
    queue.leases.claim("other", 5)
    assert queue.view.task(away).state == "running"
    assert left in taken
