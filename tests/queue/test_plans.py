"""Every query that is asked often finds its rows by an index, however many others there are."""

import re

import pytest
from tests.queue.conftest import RULES
from tests.queue.handed_in import pages, result, work

from rolecall.ledger.database import Database
from rolecall.queue.nouns import Submission, Wanted, Worker
from rolecall.queue.queue import Queue

RARE = re.compile(
    # Asked by people now and then, or over few rows: what is running, workers, and states.
    r"queue_count|queue_worker|queue_meta|FROM queue_schema|queue_result GROUP BY"
    # In the order of the numbers, the newest or oldest first, up to a limit.
    r"|ORDER BY (t\.)?id( DESC)? LIMIT|max\(id\)|COMMIT|BEGIN|PRAGMA"
)


@pytest.fixture
def asked(tmp_path):
    """A queue, and what its database was asked."""
    told: list[str] = []
    with Database(tmp_path / "rolecall.db") as store:
        queue = Queue(store, rules=RULES)
        store._connection.set_trace_callback(told.append)
        yield queue, told


def test_no_table_is_read_from_end_to_end(asked):
    queue, told = asked
    for number in range(3):
        queue.inbox.submit(pages(20, submitter=f"s{number}", key="k", delay=number // 2))
    queue.inbox.submit(Submission(submitter="one", tasks=pages(3).tasks, key="k"))
    claims = queue.leases.claim("w", 5)
    queue.leases.beat("w", {claim.task: claim.fence for claim in claims})
    queue.leases.finish([result(claim) for claim in claims[:3]])
    queue.leases.put_back(claims[3])
    queue.leases.fail(claims[4], "no", {})
    queue.leases.claim("w", 5)
    queue.leases.seen(Worker(name="w", host="h", pid=1, slots=1, doing=0, started=0, seen=0))
    queue.control.cancel(20)
    queue.control.retry(20)
    queue.control.cancel_batch(2)
    queue.view.oldest_ms()
    queue.view.batch(1)
    list(queue.view.records(1))
    queue.view.record(1)
    queue.view.body(1)
    queue.view.events(0)
    queue.view.tasks(Wanted(batch=1))
    queue.view.tasks(Wanted(states=("running",)))
    queue.view.tasks(Wanted(states=("quarantined",)))
    work(queue, count=10)
    queue.control.forget(1)
    queue.control.purge()
    plans = {}
    for sql in sorted(set(told)):
        if not RARE.search(sql) and not sql.startswith("--"):
            rows = queue.store._connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
            plans[sql] = [row[3] for row in rows]
    assert len(plans) > 30
    for sql, steps in plans.items():
        for step in steps:
            whole = re.match(r"SCAN (queue_\w+|[trb])$", step)
            assert not whole, (step, sql)


def test_the_next_task_is_found_without_sorting(asked):
    queue, told = asked
    queue.inbox.submit(pages(5))
    told.clear()
    queue.leases.claim("w")
    (claim,) = {sql for sql in told if "WITH next" in sql and not sql.startswith("--")}
    steps = [row[3] for row in queue.store._connection.execute(f"EXPLAIN QUERY PLAN {claim}")]
    assert "SCAN queue_task USING INDEX queue_task_ready" in steps
    assert not any("TEMP B-TREE" in step for step in steps)
