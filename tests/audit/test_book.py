"""Audits in the database: found, lent, kept once; on both stores."""

import hashlib
import threading

import pytest
from tests.queue.handed_in import page, pages, result, work

from rolecall.audit.book import FAILURES, Book
from rolecall.audit.nouns import Opinion
from rolecall.audit.sample import chosen
from rolecall.monitor import Series
from rolecall.queue.nouns import Rules, Submission
from rolecall.queue.postings import Postings
from rolecall.queue.queue import Queue


@pytest.fixture
def book(store, clock):
    found = Book(store, 60.0, clock)
    found.look(1.0)  # from here on
    return found


def opinion(nano=0, **fields):
    return Opinion(
        fields=fields or {"title": True}, engine="far", model="m", route="embedded",
        second={"outcome": "ok", "data": {"title": "Chef"}}, nano=nano,
    )  # fmt: skip


def states(store):
    rows = store.rows("SELECT state, count(*) FROM audit_page GROUP BY state")
    return {state: int(count) for state, count in rows}


def keep(book, audit, told):
    number, _ = book.first(audit)
    return book.keep(audit, number, told)


def test_pages_of_the_sample_are_lent_one_by_one_with_all_that_is_needed(queue, store, book):
    receipt = queue.inbox.submit(pages(40))
    work(queue, count=40)
    assert book.look(0.3) == 40
    mine = {}
    while (audit := book.claim("w")) is not None:
        mine[audit.claim.task] = audit
    wanted = {
        task
        for task, new in zip(receipt.tasks, pages(40).tasks, strict=True)
        if chosen(hashlib.sha256(new.body).hexdigest(), 0.3)
    }
    assert set(mine) == wanted
    one = next(iter(mine.values()))
    assert one.claim.body == f"<p>page {one.claim.place}</p>".encode()
    assert book.first(one)[1]["data"]["title"] == "Cook"
    assert book.look(0.3) == 0


def test_what_ended_before_audits_began_is_left_alone(queue, store, clock):
    queue.inbox.submit(pages(3))
    work(queue)
    book = Book(store, 60.0, clock)
    book.look(1.0)
    book.look(1.0)
    assert states(store) == {}
    queue.inbox.submit(Submission(submitter="one", tasks=(page(9),)))
    work(queue)
    book.look(1.0)
    assert states(store) == {"due": 1}


def test_a_page_is_audited_once_however_often_it_is_handed_in(queue, store, book):
    for _ in range(3):
        queue.inbox.submit(pages(2))
    work(queue)
    book.look(1.0)
    assert states(store) == {"due": 2}
    assert keep(book, book.claim("w"), opinion())
    queue.inbox.submit(pages(2))
    work(queue)
    book.look(1.0)
    assert states(store) == {"due": 1, "done": 1}


def test_only_pages_with_values_whose_bytes_are_here_are_audited(queue, store, book):
    queue.inbox.submit(Submission(submitter="one", tasks=(page(1), page(2), page(3))))
    one, two, three = queue.leases.claim("w", 3)
    told = {"two": result(two), "three": result(three)}
    told["two"].record.update(outcome="not_a_posting", data=None)
    told["three"].record.update(outcome="failed", data=None)
    assert all(queue.leases.finish([result(one), *told.values()]))
    book.look(1.0)
    assert [book.claim("w").claim.task, book.claim("w")] == [one.task, None]


def test_a_disagreement_puts_the_page_first_among_those_to_label(queue, store, book):
    queue.inbox.submit(pages(3))
    work(queue)
    book.look(1.0)
    audits = [book.claim("w") for _ in range(3)]
    assert keep(book, audits[1], opinion(title=False, company=False, skills=True))
    assert keep(book, audits[0], opinion(title=False, company=True, skills=True))
    assert keep(book, audits[2], opinion(title=True))
    order = [one.task for one in Postings(store).doubtful()]
    assert order == [audits[n].claim.task for n in (1, 0, 2)]
    doubts = [round(one.doubt - Postings(store).doubtful()[-1].doubt, 3)
              for one in Postings(store).doubtful()]  # fmt: skip
    assert doubts == [2.0, 1.0, 0.0]


def test_what_comes_of_audits_is_counted_by_field_and_outlives_the_page(queue, store, book, clock):
    receipt = queue.inbox.submit(pages(2))
    work(queue)
    book.look(1.0)
    keep(book, book.claim("w"), opinion(nano=5, title=False, company=True))
    keep(book, book.claim("w"), opinion(nano=7, title=True, company=True))
    assert queue.control.forget(receipt.batch)
    assert states(store) == {}
    found = Series(store, clock).totals(["audit_same", "audit_differs", "audits", "audit_nano"], 0)
    assert found == {
        "audit_same": {"far embedded title": (1, 0), "far embedded company": (2, 0)},
        "audit_differs": {"far embedded title": (1, 0)},
        "audits": {"far embedded": (2, 1)},
        "audit_nano": {"far": (2, 12)},
    }


def test_a_worker_that_dies_loses_nothing_and_counts_nothing_twice(queue, store, book, clock):
    queue.inbox.submit(pages(1))
    work(queue)
    book.look(1.0)
    first = book.claim("dead")
    assert book.claim("other") is None
    clock.pass_by(40)
    assert book.renew(first)
    clock.pass_by(40)
    assert book.claim("other") is None  # it was renewed
    clock.pass_by(61)
    second = book.claim("other")
    assert (second.page, second.fence) == (first.page, first.fence + 1)
    assert not book.renew(first)
    assert not keep(book, first, opinion(title=False))
    book.put_back(first, 0.0)
    book.failed(first, 0.0, "late")
    assert states(store) == {"running": 1}
    assert keep(book, second, opinion(title=False))
    assert not keep(book, second, opinion(title=False))
    assert states(store) == {"done": 1}
    assert Series(store, clock).totals(["audits"], 0) == {"audits": {"far embedded": (1, 1)}}


def test_a_page_of_which_nothing_comes_is_given_up(queue, store, book, clock):
    queue.inbox.submit(pages(2))
    work(queue)
    book.look(1.0)
    book.give_up(book.claim("w"), "gone")
    for n in range(FAILURES):
        audit = book.claim("w")
        assert audit.failures == n
        book.failed(audit, 60.0, "cut")
        assert book.claim("w") is None
        clock.pass_by(61)
    assert book.claim("w") is None
    assert states(store) == {"failed": 2}


def test_workers_that_die_of_a_page_do_not_go_on_for_ever(queue, store, book, clock):
    queue.inbox.submit(pages(1))
    work(queue)
    book.look(1.0)
    for n in range(FAILURES):
        assert book.claim(f"w{n}") is not None
        clock.pass_by(61)
    assert book.claim("w") is None
    assert states(store) == {"failed": 1}


def test_what_is_put_back_waits_and_is_not_to_blame(queue, store, book, clock):
    queue.inbox.submit(pages(1))
    work(queue)
    book.look(1.0)
    for _ in range(2 * FAILURES):
        audit = book.claim("w")
        assert audit.failures == 0
        book.put_back(audit, 30.0, "away")
        assert book.claim("w") is None
        clock.pass_by(31)
    book.stopped("no money")
    assert store.rows("SELECT words FROM audit_word WHERE name = 'stopped'") == [("no money",)]
    keep(book, book.claim("w"), opinion())
    assert store.rows("SELECT words FROM audit_word WHERE name = 'stopped'") == []


def test_a_paused_queue_pauses_audits(queue, book):
    queue.inbox.submit(pages(1))
    work(queue)
    book.look(1.0)
    queue.control.pause()
    assert book.claim("w") is None
    queue.control.resume()
    assert book.claim("w") is not None


def test_a_record_that_was_made_anew_meanwhile_keeps_its_own_doubt(queue, store, book):
    (task,) = queue.inbox.submit(pages(1)).tasks
    work(queue)
    book.look(1.0)
    audit = book.claim("w")
    number, _ = book.first(audit)
    assert queue.control.retry(task)
    assert book.first(audit) is None
    work(queue)
    before = Postings(store).doubtful()[0].doubt
    assert book.keep(audit, number, opinion(title=False))
    assert Postings(store).doubtful()[0].doubt == before


def test_many_workers_share_the_pages_and_audit_each_once(opened, clock):
    stores = [opened() for _ in range(4)]
    queue = Queue(stores[0], rules=Rules(), clock=clock)
    Book(stores[0], 60.0, clock).look(1.0)
    queue.inbox.submit(pages(24))
    work(queue, count=24)
    kept = []

    def audit_all(store):
        book = Book(store, 60.0, clock)
        while True:
            book.look(1.0)
            audit = book.claim("w")
            if audit is None:
                return
            if keep(book, audit, opinion(title=False)):
                kept.append(audit.page)

    threads = [threading.Thread(target=audit_all, args=(store,)) for store in stores]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(kept) == len(set(kept)) == 24
    assert states(stores[0]) == {"done": 24}


def test_numbers_that_become_visible_late_are_not_passed_over(opened, kind, clock):
    if kind == "sqlite":
        pytest.skip("nobody else writes meanwhile")
    store, other = opened(), opened()
    queue = Queue(store, rules=Rules(), clock=clock)
    book = Book(store, 60.0, clock)
    book.look(1.0)
    queue.inbox.submit(pages(2))
    first, second = queue.leases.claim("w", 2)
    with other.write() as connection:  # has its number, and is not visible yet
        connection.execute(
            "INSERT INTO queue_result (task, batch, outcome, site, route, words, made, record)"
            " VALUES (:task, :batch, 'ok', '', 'embedded', '', :now, :record)",
            {"task": first.task, "batch": first.batch, "now": int(clock() * 1000), "record": b""},
        )
        assert queue.leases.finish([result(second)]) == [True]
        book.look(1.0)
        assert states(store) == {"due": 1}
    book.look(1.0)
    assert states(store) == {"due": 2}
