"""Audits in the web UI: the part of the page Monitor, notes on postings, the order of labels."""

import pytest
from tests.queue.handed_in import pages, work
from tests.serve.here import serving

from rolecall.audit.book import Book
from rolecall.audit.figures import share_of
from rolecall.audit.nouns import Opinion
from rolecall.evaluate.label.rows import Answer
from rolecall.queue.queue import Queue
from rolecall.serve.accuracy import Accuracies
from rolecall.serve.labels import Labels
from rolecall.serve.ui.charts import HEIGHT, WIDTH, spreads

HOSTILE = "<img src=x onerror=alert(1)>"


def audit(store, *told):
    """Pages that were audited with these fields; gives their tasks."""
    queue, book = Queue(store), Book(store)
    book.look(1.0)
    tasks = queue.inbox.submit(pages(len(told))).tasks
    work(queue, count=len(told))
    book.look(1.0)
    for fields in told:
        one = book.claim("w")
        number, _ = book.first(one)
        second = {"outcome": "ok", "data": {"title": "Cook", "company": HOSTILE}}
        opinion = Opinion(
            fields=fields, engine="far", model="m", route="embedded", second=second, nano=5
        )
        assert book.keep(one, number, opinion)
    return tasks


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    engines = {"far": {"kind": "openai", "url": "http://127.0.0.1:9/v1", "model": "m"}}
    with serving(tmp_path_factory.mktemp("audits"), audit_engine="far", engines=engines) as one:
        one.tasks = audit(
            one.state.queue.store,
            {"title": True, "company": False, HOSTILE: False}, {"title": True, "company": True},
        )  # fmt: skip
        yield one


def test_agreement_is_shown_with_intervals_and_as_what_it_is(here):
    text = here.client().get("/monitor").text
    assert "<dt>audited in the last day</dt><dd>2</dd>" in text
    for since, told in (("1h", "day"), ("7d", "7 days"), ("30d", "30 days")):
        stretch = here.client().get(f"/monitor?since={since}").text
        assert f"<dt>audited in the last {told}</dt>" in stretch, since
    assert "Agreement is not accuracy" in text
    assert "(posting): whether there is a posting" in text
    assert 'class="chart spread"' in text
    assert "blind to what was found before" in text
    assert '50% <span class="soft">(9% to 91%)</span>' in text
    assert "<img" not in text.replace('<img src="/static', "")


def test_a_posting_says_in_which_rows_the_second_opinion_differs(here):
    client = here.client()
    text = client.get(f"/postings/t{here.tasks[0]}").text
    assert "differs in 1 row" in text
    assert text.count("<b>audit</b>") == 1
    assert "onerror" in text
    assert "<img" not in text.replace('<img src="/static', "")


def test_pages_that_differ_are_labelled_first(here):
    text = here.client().get("/labels").text
    places = [text.index(f"/postings/t{task}?label") for task in here.tasks]
    assert places == sorted(places)


def test_nothing_is_shown_where_nothing_is_audited(tmp_path):
    with serving(tmp_path) as one:
        assert "a second opinion" not in one.client().get("/monitor").text


def test_a_page_of_which_nothing_was_compared_is_said_to_be_one(tmp_path):
    with serving(tmp_path) as one:
        audit(one.state.queue.store, {})
        text = one.client().get("/monitor").text
        assert "on 1 page answered by" in text
        assert "<p>nothing compared</p>" in text
        assert "– of values" not in text


def test_why_audits_stand_still_is_shown(tmp_path):
    with serving(tmp_path) as one:
        store = one.state.queue.store
        audit(store, {"title": True})
        Book(store).stopped("budget_exceeded: raise budget_audits")
        text = one.client().get("/monitor").text
        assert "Audits stand still until 2" in text
        assert "nothing more is audited" in text


def test_accuracy_is_an_estimate_only_where_the_random_part_is_labelled(tmp_path):
    with serving(tmp_path) as one:
        store = one.state.queue.store
        tasks = audit(store, {"title": False}, {"title": True})
        labels = Labels(store)
        accuracies = Accuracies(store, lambda key: None)
        assert accuracies.now() is None

        def finish(task, title):
            sample = {"id": f"p{task}", "html": "<h1>x</h1>",
                      "expected": {"title": title, "company": "Kitchen"}}  # fmt: skip
            labels.finish(task, {"title": (Answer("none"), False)}, sample, "anna")

        finish(tasks[0], "Baker")  # the record says Cook
        found = accuracies.now()
        assert (found.labelled.pages, found.drawn, found.covered) == (1, 2, 0.5)
        assert found.audited.whole.mid == 0.5
        assert not found.holds
        text = one.client().get("/monitor").text
        assert "no estimate for all" in text
        finish(tasks[1], "Cook")
        found = accuracies.now()
        assert found.holds
        assert found.audited.whole.mid == 0.75
        assert (found.audited.fields["title"].mid, found.audited.fields["title"].n) == (0.5, 2)
        assert "is an estimate for all pages" in one.client().get("/monitor").text


def test_a_damaged_label_is_left_out(tmp_path):
    with serving(tmp_path) as one:
        store = one.state.queue.store
        (task,) = audit(store, {"title": True})
        Labels(store).finish(task, {}, {"id": "x", "nonsense": 1}, "anna")
        found = Accuracies(store, lambda key: None).now()
        assert (found.labelled.pages, found.labelled.whole) == (0, None)
        assert one.client().get("/monitor").status_code == 200


def test_shares_stand_where_they_belong():
    starts = [0, 86_400]
    found = spreads(starts, {"local": [share_of(1, 2), None], "cloud": [None, share_of(4, 4)]})
    assert [one.kind for one in found.whiskers] == ["local", "cloud"]
    first, last = found.whiskers
    assert 0 < first.x < WIDTH / 2 < last.x < WIDTH
    assert first.top < first.y < first.bottom
    assert (last.y, last.top) == (0.0, 0.0)
    assert last.bottom <= HEIGHT
    assert "1 Jan" in first.words.lstrip("0").replace("01 Jan", "1 Jan")
    assert spreads(starts, {"local": [None, None]}) is None
    assert spreads(starts, {}) is None
