"""A worker over a queue in the embedded database."""

import asyncio
import threading
import time

import pytest

from rolecall.core import Source
from rolecall.errors import ModelFileError, SchemaError
from rolecall.pipeline import extract_record, prepare
from rolecall.queue.nouns import NewTask
from rolecall.settings import Settings
from rolecall.worker.crewed import Crewed
from rolecall.worker.nouns import BusyError, StoppedError
from rolecall.worker.work import Worker

from .conftest import SLOW, SMALL, page, submit, until


def without_seconds(record):
    return {key: value for key, value in record.items() if key != "seconds"}


def test_every_task_gets_the_record_that_the_pipeline_gives(queue, started):
    tasks = submit(queue, 10)
    started(queue, processes=2)
    until(lambda: queue.view.counts()["done"] == 10)
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
    submit(queue, 200)
    worker = started(queue, processes=1)
    until(lambda: queue.view.counts()["done"] >= 5)
    drained = worker.stop(grace=20.0)
    counts = queue.view.counts()
    assert counts["running"] == drained.unsaved == 0
    assert counts["done"] == drained.finished < 200
    assert counts["done"] + counts["queued"] + counts["waiting"] == 200
    assert not queue.view.workers()
    with pytest.raises(StoppedError):
        asyncio.run(worker.extract(Source(body=b"x")))


def test_a_worker_may_be_stopped_before_it_is_up(queue, tmp_path):
    worker = Worker(queue, SMALL, {"HOME": str(tmp_path)}, Crewed(processes=1))
    assert worker.stop().finished == 0
    worker = Worker(queue, SMALL, {"HOME": str(tmp_path)}, Crewed(processes=1))
    starting = threading.Thread(target=worker.start)
    starting.start()
    worker.stop(grace=5.0)
    starting.join(20)
    until(lambda: worker.state.phase == "ended")


def test_wrong_settings_are_said_at_the_start_and_leave_nothing_behind(queue, tmp_path):
    told = Settings(reader_model=str(tmp_path / "none"))
    worker = Worker(queue, told, {"HOME": str(tmp_path)}, Crewed(processes=1))
    with pytest.raises(ModelFileError):
        worker.start()
    assert worker.state.phase == "ended"


def test_no_more_pages_wait_than_may(queue, started):
    worker = started(queue, processes=1, line=2)

    async def main():
        asked = [asyncio.ensure_future(worker.extract(Source(body=SLOW))) for _ in range(2)]
        while worker.state.extracting < 2:
            await asyncio.sleep(0.005)
        with pytest.raises(BusyError) as error:
            await worker.extract(Source(body=b"x"))
        assert error.value.retryable
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        while worker.state.extracting:
            await asyncio.sleep(0.005)
        assert (await worker.extract(Source(body=page())))["outcome"] != "failed"

    asyncio.run(main())


def test_a_schema_that_is_not_there_is_refused(queue, started):
    worker = started(queue, processes=1)
    with pytest.raises(SchemaError):
        asyncio.run(worker.extract(Source(body=page()), schema="never"))


def test_large_pages_are_not_held_by_the_dozen(queue, started):
    body = b"<p>" + b"x" * (12 << 20) + b"</p>"
    queue.control.pause()
    submit(queue, tasks=tuple(NewTask(source=f"p{n}", body=body) for n in range(12)))
    worker, most = started(queue, processes=1), 0
    queue.control.resume()
    while queue.view.counts()["done"] < 2:
        most = max(most, worker.state.doing)
        time.sleep(0.005)
    assert 0 < most <= 6
