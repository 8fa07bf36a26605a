"""What a second engine said, on the command line."""

import json

import pytest
from tests.cli.shell import inside
from tests.queue.handed_in import pages, work

from rolecall.audit.book import Book
from rolecall.audit.nouns import Opinion
from rolecall.ledger.database import Database
from rolecall.queue.queue import Queue


@pytest.fixture
def told(tmp_path):
    return {"ROLECALL_DATA_FOLDER": str(tmp_path)}


@pytest.fixture
def store(tmp_path):
    with Database(tmp_path / "rolecall.db") as found:
        yield found


@pytest.fixture
def audited(store):
    """Two pages were audited, one is due, and the money is used up."""
    queue, book = Queue(store), Book(store)
    book.look(1.0)
    queue.inbox.submit(pages(3))
    work(queue)
    book.look(1.0)
    for fields in ({"title": True, "company": False}, {"title": True, "company": True}):
        audit = book.claim("w")
        number, _ = book.first(audit)
        opinion = Opinion(
            fields=fields, engine="far", model="m", route="embedded",
            second={"outcome": "ok", "data": {"title": "Cook"}}, nano=20_000_000,
        )  # fmt: skip
        assert book.keep(audit, number, opinion)
    book.stopped("budget_exceeded: the cap of $0.04 for audits this month leaves $0.00 (raise "
                 "budget_audits)")  # fmt: skip


def test_agreement_by_field_with_intervals_cost_and_why_it_stands_still(told, audited):
    done = inside("audits", **told)
    assert done.returncode == 0
    text = done.stdout.decode()
    assert "2 pages in the last 30d, 1 due; $0.0400" in text
    assert "far on 2 pages answered by embedded, 75.0% of values the same" in text
    rows = [line.split() for line in text.splitlines()]
    assert ["title", "2", "100.0%", "34.2%", "to", "100.0%"] in rows
    assert ["company", "2", "50.0%", "9.5%", "to", "90.5%"] in rows
    assert "STOPPED    by budget_audits until 2" in text
    assert text.count("STOPPED") == 1
    assert "stopped " not in text
    assert "Agreement is not accuracy" in text
    assert "(posting): whether there is a posting" in text


def test_figures_for_programs(told, audited):
    found = json.loads(inside("audits", "--json", **told).stdout)
    assert found["standing"]["due"] == 1
    (pair,) = found["figures"]["pairs"]
    assert (pair["engine"], pair["route"], pair["pages"]) == ("far", "embedded", 2)
    assert pair["fields"]["company"]["mid"] == 0.5


def test_pages_to_label_first(told, audited):
    text = inside("audits", "list", **told).stdout.decode()
    lines = text.splitlines()[1:]
    assert "1 of 2" in lines[0]
    assert lines[0].endswith("company")
    assert "0 of 2" in lines[1]
    rows = [
        json.loads(one) for one in inside("audits", "list", "--json", **told).stdout.splitlines()
    ]
    assert [one["differing"] for one in rows] == [["company"], []]
    one = inside("audits", "list", "--limit", "1", "--json", **told).stdout.splitlines()
    assert len(one) == 1


def test_status_says_it_in_a_line_or_two(told, audited):
    text = inside("status", **told).stdout.decode()
    assert "audits     2 in the last 24h, 1 due, $0.0400; 75.0% of values the same" in text
    assert "STOPPED until 2" in text


def test_status_leaves_pages_without_compared_values_out(told, store, audited):
    book = Book(store)
    audit = book.claim("w")
    number, _ = book.first(audit)
    nothing = Opinion(fields={}, engine="far", model="m", route="other", second={}, nano=0)
    assert book.keep(audit, number, nothing)
    text = inside("status", **told).stdout.decode()
    assert "audits     3 in the last 24h" in text
    assert "75.0% of values the same" in text
    text = inside("audits", **told).stdout.decode()
    assert "far on 1 page answered by other, nothing compared" in text


def test_status_for_programs_has_audits(told, audited):
    found = json.loads(inside("status", "--json", **told).stdout)["audits"]
    assert (found["standing"]["due"], found["figures"]["pages"]) == (1, 2)
    assert found["figures"]["pairs"][0]["fields"]["company"]["mid"] == 0.5


def test_nothing_is_said_where_nothing_is_audited(told, store):
    assert b"none: no engine is named in audit_engine" in inside("audits", **told).stdout
    assert b"no page was audited" in inside("audits", "list", **told).stdout
    assert b"audits" not in inside("status", **told).stdout
    assert json.loads(inside("status", "--json", **told).stdout)["audits"] is None


@pytest.mark.parametrize(
    "words",
    [
        ("audits", "show"),
        ("audits", "--since", "x"),
        ("audits", "--since", "99999d"),
        ("audits", "list", "--limit", "0"),
    ],
)
def test_what_cannot_be_asked_is_refused(told, words):
    assert inside(*words, **told).returncode == 2
