"""Workers when the database or the machine fails them."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from rolecall.core import Source
from rolecall.ledger.database import open_database
from rolecall.queue.ends import CANCELLED, ending
from rolecall.queue.nouns import NewTask, Result, Rules
from rolecall.queue.queue import Queue

from .conftest import page, queue_in, submit, until

LINES = "".join(f"<p>Berlin 50.000 EUR Python Engineer at Example GmbH {n}</p>" for n in range(800))
SLOWER = page(more=LINES)
"""A page that takes long enough to be stopped in the middle."""


class Trouble:
    """A database that takes nothing, in one of the ways in which that happens."""

    def __init__(self, kind, store):
        self.kind, self.store = kind, store
        self.other = sqlite3.connect(store.path, isolation_level=None)

    def begin(self):
        if self.kind == "locked":
            self.other.execute("BEGIN IMMEDIATE")
        elif self.kind == "full":
            ((size,),) = self.store.rows("PRAGMA page_count")
            self.store.rows(f"PRAGMA max_page_count = {size}")
        else:
            self.store.rows("PRAGMA query_only = ON")

    def end(self):
        if self.kind == "locked":
            self.other.execute("ROLLBACK")
        elif self.kind == "full":
            self.store.rows("PRAGMA max_page_count = 1000000")
        else:
            self.store.rows("PRAGMA query_only = OFF")
        self.other.close()


@pytest.mark.parametrize("kind", ["locked", "full", "read-only"])
def test_a_database_that_takes_nothing_loses_nothing(tmp_path, started, kind):
    store = open_database(tmp_path / "rolecall.db", {}, busy_seconds=0.05)
    queue = Queue(store, rules=Rules(lease=30))
    tasks = submit(queue, 40)
    worker = started(queue, processes=1)
    until(lambda: queue.view.counts()["done"] > 3)
    trouble = Trouble(kind, store)
    trouble.begin()
    more = until(lambda: worker.state.storage)
    assert "rolecall.db" in more
    assert not worker.state.ready
    record = asyncio.run(worker.extract(Source(body=page())))  # what needs no database goes on
    assert record["outcome"] != "failed"
    trouble.end()
    until(lambda: queue.view.counts()["done"] == 40)
    until(lambda: worker.state.ready)
    until(lambda: worker.state.unsaved == 0)
    assert all(queue.view.record(task)["outcome"] != "failed" for task in tasks)
    assert {queue.view.task(task).attempts for task in tasks} == {1}  # nothing was done twice
    worker.stop(grace=5)
    store.close()


WORKER = """
import sys, time
from pathlib import Path
from rolecall.ledger.database import open_database
from rolecall.queue.nouns import Rules
from rolecall.queue.queue import Queue
from rolecall.settings import Settings
from rolecall.worker.crewed import Crewed
from rolecall.worker.work import Worker
if __name__ == "__main__":
    store = open_database(Path(sys.argv[1]) / "rolecall.db", {})
    queue = Queue(store, rules=Rules(lease=1.0, deaths=20))
    worker = Worker(queue, Settings(), {"HOME": sys.argv[1]}, Crewed(processes=1))
    worker.start()
    while True:
        time.sleep(0.1)
"""


@contextmanager
def another(folder):
    """A worker in a process of its own."""
    script = folder / "worker.py"
    script.write_text(WORKER)
    words = [sys.executable, str(script), str(folder)]
    process = subprocess.Popen(words, start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_worker_that_was_stopped_past_its_lease_writes_nothing_twice(tmp_path, started):
    queue = queue_in(tmp_path, lease=1.0, deaths=20)
    (task,) = submit(queue, tasks=(NewTask(source="slow", body=SLOWER),))
    with another(tmp_path) as process:
        until(lambda: queue.view.task(task).state == "running", 60)
        first = queue.view.task(task).worker
        os.killpg(process.pid, signal.SIGSTOP)
        worker = started(queue, processes=1)
        until(lambda: queue.view.task(task).state == "done", 60)
        record = queue.view.record(task)
        os.killpg(process.pid, signal.SIGCONT)
        worker.stop(grace=5)
        (other,) = submit(queue, first=5)  # the one that was stopped works again
        until(lambda: queue.view.task(other).state == "done", 60)
        assert queue.view.record(task) == record
        ended = [one for one in queue.view.events(0) if one.task == task and one.outcome]
        assert len(ended) == 1
        assert first not in (None, worker.name)
    queue.store.close()


def test_a_killed_worker_costs_its_tasks_nothing(tmp_path, started):
    queue = queue_in(tmp_path, lease=1.0, deaths=20)
    tasks = submit(queue, 80)
    with another(tmp_path):
        until(lambda: queue.view.counts()["done"] > 10, 60)
    worker = started(queue, processes=1)
    until(lambda: queue.view.counts()["done"] == 80, 60)
    assert all(queue.view.record(task)["outcome"] != "failed" for task in tasks)
    worker.stop(grace=5)
    queue.store.close()


def test_a_worker_whose_loop_is_stuck_keeps_no_task(tmp_path, started):
    queue = queue_in(tmp_path, lease=0.5)
    worker = started(queue, processes=1)
    (task,) = submit(queue, tasks=(NewTask(source="slow", body=SLOWER),))
    worker.wake()
    until(lambda: queue.view.task(task).state == "running")
    free = threading.Event()
    worker._loop.call_soon_threadsafe(free.wait, 20)
    (claim,) = until(lambda: queue.leases.claim("another"))
    assert claim.task == task
    queue.leases.finish([Result(claim=claim, record=ending(claim, CANCELLED, "").record)])
    free.set()
    until(lambda: worker.state.doing == 0)
    assert queue.view.record(task)["reason"]["code"] == "cancelled"
    worker.stop(grace=0.0)
    queue.store.close()
