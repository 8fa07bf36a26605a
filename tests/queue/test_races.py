"""Many threads, each on connections of its own, as processes would be."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from tests.queue.conftest import RULES
from tests.queue.handed_in import page, pages, result

from rolecall.queue.inbox import KeyReusedError
from rolecall.queue.nouns import ENDED, NewTask, Submission
from rolecall.queue.queue import Queue


def queues(opened, clock, count):
    return [Queue(opened(), rules=RULES, clock=clock) for _ in range(count)]


def legal(queue) -> None:
    """What must hold of the tables at any moment when nobody writes."""
    rows = queue.store.rows
    states = dict(rows("SELECT state, count(*) FROM queue_task GROUP BY state"))
    assert {state: n for state, n in queue.view.counts().items() if n} == states
    ended = ", ".join(f"'{state}'" for state in ENDED)
    assert rows(
        f"SELECT count(*) FROM queue_task t LEFT JOIN queue_result r ON r.task = t.id"
        f" WHERE (t.state IN ({ended})) <> (r.task IS NOT NULL)"
    ) == [(0,)]
    assert rows(
        "SELECT count(*) FROM queue_task WHERE state = 'running'"
        " AND (worker IS NULL OR lease IS NULL)"
    ) == [(0,)]


def test_whatever_happens_at_once_each_task_ends_once(opened, clock):
    three = queues(opened, clock, 3)
    batches = [three[0].inbox.submit(pages(40, submitter=f"s{n}")).batch for n in range(3)]
    counted: Counter[int] = Counter()
    lock, trouble = threading.Lock(), []

    def worker(number: int) -> None:
        queue, dice, idle = three[number % 3], random.Random(number), 0
        while idle < 3:
            claims = queue.leases.claim(f"w{number}", dice.randint(1, 6))
            idle = 0 if claims else idle + 1
            dice.shuffle(claims)
            back = claims[: dice.randint(0, 1)] if dice.random() < 0.3 else []
            for claim in back:
                queue.leases.put_back(claim)
            queue.leases.beat(f"w{number}", {claim.task: claim.fence for claim in claims})
            rest = claims[len(back) :]
            told = queue.leases.finish([result(claim) for claim in rest])
            with lock:
                counted.update(claim.task for claim, won in zip(rest, told, strict=True) if won)

    def meddler(number: int) -> None:
        queue, dice = three[number % 3], random.Random(number)
        for _ in range(12):
            queue.control.cancel(dice.randint(1, 120))
            queue.inbox.submit(pages(3, submitter=f"m{number}"))
            queue.control.purge()
        queue.control.cancel_batch(batches[number % 3])

    def run(one, number):
        try:
            one(number)
        except BaseException as error:
            trouble.append(error)

    jobs = [(worker, n) for n in range(4)] + [(meddler, n) for n in range(2)]
    threads = [threading.Thread(target=run, args=told) for told in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert trouble == []
    worker(9)
    assert max(counted.values()) == 1
    legal(three[0])
    assert set(three[0].view.counts()) >= ENDED
    assert sum(n for state, n in three[0].view.counts().items() if state in ENDED) == 120 + 72
    done = {row[0] for row in three[0].store.rows("SELECT id FROM queue_task WHERE state='done'")}
    assert set(counted) == done


def test_the_same_key_at_the_same_time_is_taken_in_once(opened, clock):
    two = queues(opened, clock, 2)
    start = threading.Barrier(8)

    def submit(number: int):
        start.wait()
        try:
            return two[number % 2].inbox.submit(
                pages(2, key="k", fingerprint=b"odd" if number == 7 else b"f")
            )
        except KeyReusedError as error:
            return error

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(submit, range(8)))
    receipts = [one for one in found if not isinstance(one, KeyReusedError)]
    assert len({one.batch for one in receipts}) == 1
    assert sum(not one.repeated for one in receipts) == 1
    assert two[0].view.counts()["queued"] == 2


def test_the_same_task_key_at_the_same_time_is_one_task(opened, clock):
    two = queues(opened, clock, 2)
    start = threading.Barrier(6)

    def submit(number: int):
        start.wait()
        tasks = (page(number, key="same"), page(number, key="same"), page(number))
        return two[number % 2].inbox.submit(Submission(submitter="one", tasks=tasks))

    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(submit, range(6)))
    assert len({one.tasks[0] for one in found}) == 1
    assert two[0].view.counts()["queued"] == 7


def test_threads_share_a_transaction_and_one_at_fault_hurts_no_other(queue):
    start = threading.Barrier(12)

    def submit(number: int):
        start.wait()
        body = "no bytes" if number == 5 else b"page"
        task = NewTask(source=str(number), body=body)  # type: ignore[arg-type]
        try:
            return queue.inbox.submit(Submission(submitter="one", tasks=(task,)))
        except Exception as error:
            return error

    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(submit, range(12)))
    assert isinstance(found.pop(5), TypeError)
    assert len({one.tasks for one in found}) == 11
    assert queue.view.counts()["queued"] == 11


def test_events_are_seen_once_and_in_order_while_others_write(opened, clock):
    three = queues(opened, clock, 3)
    three[0].inbox.submit(pages(120))

    def worker(number: int) -> None:
        while claims := three[number].leases.claim(f"w{number}", 3):
            for claim in claims:
                three[number].leases.finish([result(claim)])

    threads = [threading.Thread(target=worker, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    seen: list[int] = []
    tasks: Counter[int] = Counter()
    while True:
        over = not any(thread.is_alive() for thread in threads)
        events = three[2].view.events(seen[-1] if seen else 0)
        seen += [event.id for event in events]
        tasks.update(event.task for event in events)
        if over and not events:
            break
    assert seen == sorted(seen)
    assert len(tasks) == 120
    assert set(tasks.values()) == {1}


def test_a_cancel_meets_a_claim_a_return_and_an_end(opened, clock):
    """Whatever comes first: the task is cancelled or was done, and never runs on unheard."""
    two = queues(opened, clock, 2)
    for number in range(25):
        receipt = two[0].inbox.submit(pages(3))
        start = threading.Barrier(2)

        def cancel(batch=receipt.batch, start=start):
            start.wait()
            return two[1].control.cancel_batch(batch)

        with ThreadPoolExecutor(1) as threads:
            cancelled = threads.submit(cancel)
            start.wait()
            claims = two[0].leases.claim("w", 3)
            if number % 2 and claims:
                two[0].leases.put_back(claims[0])
            cancelled.result()
        held = {claim.task: claim.fence for claim in claims}
        beat = two[0].leases.beat("w", held)
        for claim in claims:
            won = two[0].leases.finish([result(claim)])[0]
            assert not (won and claim.task in beat.cancelled)
        states = two[0].view.batch(receipt.batch).states
        assert states == {"cancelled": 3}, states
    legal(two[0])
