"""A worker over a queue in the embedded database."""

import asyncio

import pytest
from tests.worker.conftest import SMALL, page, submit, until

from rolecall.core import Source
from rolecall.pipeline import extract_record, prepare
from rolecall.worker.nouns import StoppedError


def without_seconds(record):
    return {key: value for key, value in record.items() if key != "seconds"}


def test_every_task_gets_the_record_that_the_pipeline_gives(queue, started):
    tasks = submit(queue, 30)
    started(queue, processes=2)
    until(lambda: queue.view.counts()["done"] == 30)
    pipeline = prepare(SMALL)
    for place, task in enumerate(tasks):
        source = Source(body=page(place), locator=f"p{place}")
        expected = extract_record(source, place, pipeline)
        assert without_seconds(queue.view.record(task)) == without_seconds(expected)


def test_a_page_is_extracted_at_once_beside_the_queue(queue, started):
    submit(queue, 50)
    worker = started(queue, processes=1)
    record = asyncio.run(worker.extract(Source(body=page(7), locator="x"), seq=3))
    assert record["outcome"] in ("ok", "partial")
    assert (record["source"], record["seq"]) == ("x", 3)


def test_a_stopped_worker_has_put_back_what_it_had_not_begun(queue, started):
    submit(queue, 400)
    worker = started(queue, processes=1)
    until(lambda: queue.view.counts()["done"] >= 5)
    drained = worker.stop(grace=20.0)
    counts = queue.view.counts()
    assert counts["running"] == drained.unsaved == 0
    assert counts["done"] == drained.finished < 400
    assert counts["done"] + counts["queued"] + counts["waiting"] == 400
    assert not queue.view.workers()
    with pytest.raises(StoppedError):
        asyncio.run(worker.extract(Source(body=b"x")))
