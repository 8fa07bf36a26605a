"""What audits say: shares with intervals, by field, by who answered, by day."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.queue.handed_in import pages, work

from rolecall.audit.book import Book
from rolecall.audit.figures import days_of, figures_of, share_of
from rolecall.audit.nouns import Opinion, Standing
from rolecall.audit.shown import pages_of, second_of, standing, until
from rolecall.evaluate.statistics import wilson
from rolecall.monitor import Series
from rolecall.monitor.series import DAY


@given(n=st.integers(1, 10_000), part=st.floats(0, 1))
def test_a_share_has_the_interval_of_the_evaluation(n, part):
    right = round(n * part)
    found, wanted = share_of(right, n), wilson(right, n)
    assert (found.low, found.mid, found.high) == pytest.approx(
        (wanted.low, wanted.mid, wanted.high), abs=1e-9
    )
    assert 0 <= found.low <= found.mid <= found.high <= 1


def test_nothing_has_no_share():
    assert share_of(0, 0) is None


def audited(queue, store, clock, *told):
    """Audits with these fields, each of a page of its own."""
    book = Book(store, 60.0, clock)
    book.look(1.0)
    queue.inbox.submit(pages(len(told)))
    work(queue, count=len(told))
    book.look(1.0)
    for route, nano, fields in told:
        audit = book.claim("w")
        number, _ = book.first(audit)
        second = {"outcome": "ok", "data": {"title": "Cook", "company": "Inn"}}
        opinion = Opinion(
            fields=fields, engine="far", model="m", route=route, second=second, nano=nano
        )
        assert book.keep(audit, number, opinion)


TOLD = (
    ("embedded", 10, {"title": True, "company": False}),
    ("embedded", 10, {"title": True, "company": True, "my field": False}),
    ("near", 10, {"title": True}),
)


def test_shares_by_who_answered_and_by_field(queue, store, clock):
    audited(queue, store, clock, *TOLD)
    found = figures_of(Series(store, clock), int(clock()) - 60)
    assert (found.pages, found.dollars) == (3, pytest.approx(3e-8))
    embedded, near = found.pairs
    assert (embedded.engine, embedded.route, embedded.pages) == ("far", "embedded", 2)
    assert {name: (one.mid, one.n) for name, one in embedded.fields.items()} == {
        "my field": (0.0, 1), "company": (0.5, 2), "title": (1.0, 2),
    }  # fmt: skip
    assert list(embedded.fields) == ["my field", "company", "title"]  # the worst first
    assert (embedded.whole.mid, embedded.whole.n) == (pytest.approx(3 / 5), 2)
    assert near.whole.mid == 1.0
    assert near.whole.low < 0.3  # one page says little


def test_days(queue, store, clock):
    audited(queue, store, clock, *TOLD)
    clock.pass_by(DAY)
    days = days_of(Series(store, clock), int(clock()) - 2 * DAY)
    assert [(one.route, one.pages) for one in days] == [("embedded", 2), ("near", 1)]
    assert days[0].starts % DAY == 0
    assert days_of(Series(store, clock), int(clock()) + DAY) == []


def test_labels_of_other_versions_are_passed_over(store, clock):
    from rolecall.monitor.series import add_once

    with store.write() as connection:
        add_once(connection, {("audit_same", "other"): (1, 0), ("audits", "x"): (1, 0)}, clock())
    found = figures_of(Series(store, clock), 0)
    assert [(one.engine, one.fields) for one in found.pairs] == [("x", {})]


def test_pages_that_differ_most_come_first(queue, store, clock):
    audited(queue, store, clock, *TOLD)
    found = pages_of(store)
    assert [one.differing for one in found] in (
        [("company",), ("my field",), ()], [("my field",), ("company",), ()],
    )  # fmt: skip
    assert [one.compared for one in found][2] == 1
    assert not any(one.labelled for one in found)
    assert pages_of(store, limit=1) == found[:1]
    assert pages_of(store, since_ms=int(1_000 * time.time()) + 60_000) == []


def test_how_audits_stand(queue, store, clock):
    assert standing(store).due == 0
    audited(queue, store, clock, *TOLD)
    Book(store, 60.0, clock).stopped("budget_exceeded: the cap … for audits")
    found = standing(store)
    assert (found.done, found.due, found.stopped[:15]) == (3, 0, "budget_exceeded")
    assert found.stopped_ms == pytest.approx(1_000 * clock(), abs=60_000)


def test_until_when_money_stops_audits():
    moment = int(1_000 * datetime(2026, 12, 30, 23, 59, tzinfo=UTC).timestamp())

    def seen(words):
        return until(Standing(stopped=words, stopped_ms=moment))

    assert seen("budget_exceeded: raise budget_audits") == "2027-01-01"
    assert seen("budget_exceeded: raise budget_month") == "2027-01-01"
    assert seen("budget_exceeded: raise budget_day") == "2026-12-31"
    assert seen("budget_exceeded: raise budget_record") == ""
    assert seen("engine_unavailable: away") == ""
    assert seen("") == ""


def test_the_second_opinion_on_a_page_and_on_its_copies(queue, store, clock):
    audited(queue, store, clock, *TOLD)
    copy = queue.inbox.submit(pages(1)).tasks[0]
    work(queue)
    record = queue.view.record(copy)
    found = second_of(store, copy, record, None)
    assert (found.engine, found.fields) == ("far", {"company": "Inn"})
    assert second_of(store, copy, {**record, "data": {"title": "Cook", "company": "Inn"}}, None
                     ).fields == {}  # fmt: skip
    key = queue.inbox.put_schema({"type": "object", "properties": {"x": {"type": "string"}}}, "x")
    other = queue.inbox.submit(pages(1, submitter="two")).tasks[0]
    assert second_of(store, other, record, None) is not None
    from msgspec import structs

    shaped = queue.inbox.submit(structs.replace(pages(1, submitter="three"), schema=key)).tasks[0]
    assert second_of(store, shaped, record, None) is None
    with store.write() as connection:
        connection.execute("UPDATE audit_page SET second = :x", {"x": b"damaged"})
    assert second_of(store, copy, record, None) is None
