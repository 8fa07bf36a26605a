"""Submitters take turns, however much one of them hands in."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.queue.handed_in import pages, record, result, work

from rolecall.ledger.database import Database
from rolecall.queue.queue import Queue


@pytest.fixture
def kind() -> str:
    """Ranks are given by the same statements on a server, where `test_machine` takes them."""
    return "sqlite"


def test_one_page_does_not_wait_for_a_thousand(queue):
    for _ in range(4):
        queue.inbox.submit(pages(300, submitter="large"))
    for _ in range(10):
        queue.leases.finish([result(claim) for claim in queue.leases.claim("w", 10)])
    small = queue.inbox.submit(pages(2, submitter="small"))
    queue.inbox.submit(pages(300, submitter="large"))
    taken = [claim.task for claim in queue.leases.claim("w", 4)]
    assert set(small.tasks) <= set(taken)


def test_who_was_cancelled_is_not_held_back(queue):
    queue.inbox.submit(pages(5, submitter="other"))
    much = queue.inbox.submit(pages(200, submitter="one"))
    queue.control.cancel_batch(much.batch)
    again = queue.inbox.submit(pages(1, submitter="one"))
    queue.inbox.submit(pages(50, submitter="other"))
    assert again.tasks[0] in [claim.task for claim in queue.leases.claim("w", 3)]


@pytest.mark.parametrize("way", ["delayed", "deferred", "tried again", "lost"])
def test_what_comes_back_at_once_does_not_starve_others(queue, clock, way):
    many = queue.inbox.submit(pages(120, submitter="large", delay=5 * (way == "delayed")))
    queue.inbox.submit(pages(1, submitter="third", priority=-1))
    if way != "delayed":
        claims = queue.leases.claim("w", 120)
        for claim in claims if way == "deferred" else ():
            queue.leases.defer(claim, "away", record(claim), 5)
        if way == "tried again":
            queue.leases.finish([result(claim) for claim in claims])
            for task in many.tasks:
                assert queue.control.retry(task)
    clock.pass_by(100)
    queue.leases.finish([result(claim) for claim in queue.leases.claim("w", 1)])
    small = queue.inbox.submit(pages(20, submitter="small"))
    taken = [claim.task for claim in queue.leases.claim("w", 50)]
    assert set(small.tasks) <= set(taken)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.sampled_from("ab"), st.integers(1, 60)),
        st.tuples(st.just("work"), st.just(""), st.integers(1, 50)),
        st.tuples(st.just("cancel"), st.sampled_from("ab"), st.just(0)),
    ),
    max_size=8,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_a_newcomer_gets_its_share_whatever_came_before(steps, tmp_path_factory):
    with Database(tmp_path_factory.mktemp("fair") / "rolecall.db") as store:
        queue = Queue(store)
        batches: dict[str, list[int]] = {"a": [], "b": []}
        for what, who, count in steps:
            if what == "submit":
                batches[who].append(queue.inbox.submit(pages(count, submitter=who)).batch)
            elif what == "cancel":
                for batch in batches[who]:
                    queue.control.cancel_batch(batch)
            else:
                queue.leases.finish([result(one) for one in queue.leases.claim("w", count)])
        new = queue.inbox.submit(pages(10, submitter="new"))
        order = work(queue, count=7)
        # Two others: each of its pages waits for at most one of each of theirs.
        places = [order.index(task) for task in new.tasks]
        assert all(place <= 3 * (number + 1) for number, place in enumerate(places))
