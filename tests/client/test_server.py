"""The client against a real server: pages in, records out, also while the server is away."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

import rolecall
from rolecall.client import Page, Patience
from rolecall.errors import ServerError

from .served import Served

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.html"))
QUICK = Patience(tries=150, first=0.05, longest=0.5)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    one = Served(tmp_path_factory.mktemp("served"), ("--workers", "1")).start()
    yield one
    one.stop()


@pytest.fixture
def client(served):
    with rolecall.Client(served.url, patience=QUICK) as one:
        yield one


def test_one_page_at_once_is_read_as_it_is_here(client):
    page = rolecall.Source(body=EXAMPLES[0].read_bytes(), url="https://ashcombe.example/jobs/1")
    record = client.extract(page)
    here = rolecall.extract(page)
    assert record.ok
    assert record.data == here.data
    assert record.evidence["/title"].quote == here.evidence["/title"].quote
    assert record.evidence["/title"].span == here.evidence["/title"].span
    assert record.url == page.url
    assert record.source_id == page.id
    assert record.json()["outcome"] == "ok"
    assert client.ready()


def test_a_page_that_is_none_is_a_record_and_no_error(client):
    assert client.extract(b"%PDF-1.7 \xff\xff").outcome == "not_a_posting"
    assert client.extract("").reason.code == "empty_text"


def test_pages_are_handed_in_and_their_records_come(client):
    told = []
    batch = client.submit(EXAMPLES, priority=5)
    assert len(batch) == len(EXAMPLES)
    records = list(batch.results(timeout=60))
    assert {one.source for one in records} == {str(path) for path in EXAMPLES}
    assert [one.seq for one in sorted(records, key=lambda one: one.seq)] == list(range(len(batch)))
    assert {one.task for one in records} == set(batch.tasks)
    ended = batch.wait(10, progress=told.append)
    assert ended.ended
    assert told == [ended]
    assert sum(ended.outcomes.values()) == len(EXAMPLES)
    again = list(client.batch(*batch.numbers).results(timeout=10))
    assert [one.raw for one in again] == [one.raw for one in sorted(records, key=lambda r: r.seq)]
    task = client.task(batch.tasks[0])
    assert (task.state, task.priority, task.batch) == ("done", 5, batch.numbers[0])
    assert client.record(task.id).data == again[0].data
    listed = list(client.tasks(batch=batch.numbers[0]))
    assert [one.id for one in listed] == list(reversed(batch.tasks))
    assert [one.id for one in client.tasks(batch=batch.numbers[0], limit=2)] == [
        one.id for one in listed[:2]
    ]
    assert {one.outcome for one in client.tasks(outcome="not_a_posting")} == {"not_a_posting"}


def test_the_same_submission_is_taken_in_once(client):
    pages = ["<h1>Nurse</h1>", "<h1>Cook</h1>"]
    first = client.submit(pages, idempotency_key="once")
    assert client.submit(pages, idempotency_key="once").tasks == first.tasks
    with pytest.raises(ServerError) as caught:
        client.submit(["<h1>Other</h1>"], idempotency_key="once")
    assert (caught.value.status, caught.value.code) == (422, "key_reused")


def test_a_page_is_the_only_one_of_its_key(client):
    first = client.submit([Page(page="<h1>Nurse</h1>", key="nurse")])
    both = client.submit([Page(page="<h1>Nurse, again</h1>", key="nurse"), "<h1>Cook</h1>"])
    assert both.known == first.tasks
    assert [one.seq for one in both.results(timeout=60)] == [1]


def test_what_waits_can_be_cancelled_and_done_after_all(client):
    batch = client.submit(["<h1>Nurse</h1>"], delay=3600)
    with pytest.raises(TimeoutError, match="0 of 1"):
        batch.wait(0.1)
    assert batch.cancel() == 1
    (record,) = batch.results(timeout=10)
    assert (record.outcome, record.reason.code) == ("failed", "cancelled")
    assert client.retry(batch.tasks[0]) == 1
    (record,) = client.batch(*batch.numbers).results(timeout=60)
    assert record.outcome != "failed"
    with pytest.raises(ServerError) as caught:
        client.task("t999999")
    assert caught.value.status == 404


def test_a_schema_is_kept_and_shapes_records(client):
    document = {"type": "object", "properties": {"jobTitle": {"type": "string"}}}
    kept = client.put_schema(document, "short")
    assert kept in client.schemas()
    for schema in ("short", kept.hash, document):
        assert set(client.extract(EXAMPLES[0], schema=schema).data) == {"jobTitle"}
    (record,) = client.submit(EXAMPLES[:1], schema="short").results(timeout=60)
    assert record.data["jobTitle"] == "Head Gardener"
    with pytest.raises(ServerError) as caught:
        client.extract("<p>", schema="no-such")
    assert caught.value.status == 422


def test_events_and_results_survive_a_server_that_is_started_anew(served, client):
    heard, wanted = [], set()

    def listen():
        with rolecall.Client(served.url, patience=QUICK) as own:
            for event in own.events(after="0"):
                heard.append(event)
                if wanted and wanted <= {one.task for one in heard}:
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    first = client.submit(EXAMPLES[:4])
    records = first.results(timeout=60)
    taken = [next(records)]
    served.stop()
    threading.Timer(0.3, served.start).start()
    taken += records
    assert sorted(one.seq for one in taken) == [0, 1, 2, 3]
    second = client.submit(EXAMPLES[4:6])
    wanted.update(first.tasks, second.tasks)
    listener.join(60)
    assert not listener.is_alive()
    numbers = [int(one.id) for one in heard]
    assert numbers == sorted(set(numbers))  # each once, in order


def test_the_same_in_an_event_loop(served):
    async def run():
        async with rolecall.AsyncClient(served.url, patience=QUICK) as client:
            one, batch = await asyncio.gather(
                client.extract(EXAMPLES[0]), client.submit(EXAMPLES[:3])
            )
            records = [record async for record in batch.results(timeout=60)]
            ended = await batch.wait(10)
            tasks = [task async for task in client.tasks(batch=batch.numbers[0])]
            event = await anext(client.events(after="0"))
            return one, records, ended, tasks, event, await client.ready(), await client.schemas()

    one, records, ended, tasks, event, ready, _ = asyncio.run(run())
    assert one.data == next(record.data for record in records if record.seq == 0)
    assert (len(records), ended.done, len(tasks), event.state) == (3, 3, 3, "done")
    assert ready


def refused(client):
    """The error with which a client is refused, if it is."""
    try:
        client.schemas()
    except ServerError as error:
        return error
    return None


def test_a_token_is_needed_once_there_is_one(served):
    """Last in this file: from here on the server asks everybody."""
    token = served.command("tokens", "add", "ci").strip().splitlines()[-1]
    with rolecall.Client(served.url, token="", patience=QUICK) as anybody:
        deadline = time.monotonic() + 20
        while refused(anybody) is None:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert refused(anybody).status == 401
        assert "token" in refused(anybody).hint
    with rolecall.Client(served.url, token) as ours:
        assert ours.extract(EXAMPLES[0]).ok
        assert ours.submit(EXAMPLES[:1]).tasks
        with pytest.raises(ServerError) as caught:
            ours.task("t1")  # another submitter's looks as if it were not there
        assert caught.value.status == 404
