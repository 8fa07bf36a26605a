"""What the tests of workers share: pages, a queue in a folder of its own, one running worker."""

import time

import pytest

from rolecall.ledger.database import open_database
from rolecall.queue.nouns import NewTask, Rules, Submission
from rolecall.queue.queue import Queue
from rolecall.settings import Settings
from rolecall.worker.work import Crewed, Worker

SMALL = Settings(cache=False)


def page(number=0, more=""):
    """A small posting; each number is another one."""
    return (
        f"<html><head><title>Engineer {number}</title></head><body><h1>Engineer {number}</h1>"
        f"<p>Company: Example GmbH</p><p>Location: Berlin</p><p>Requirements</p>"
        f"<ul><li>Python</li><li>Linux</li></ul><p>Salary: 50,000 EUR a year.</p>{more}"
        "</body></html>"
    ).encode()


SLOW = page(
    more="<div>" * 400 + "<p>Berlin 50.000 EUR Python Java Engineer at Example GmbH</p>" * 4_000
)
"""A page that takes some seconds."""


def submit(queue, count=1, **words):
    """Hand pages in; gives the numbers of their tasks."""
    first = words.pop("first", 0)
    tasks = tuple(NewTask(source=f"p{n}", body=page(n)) for n in range(first, first + count))
    given = {"submitter": "test", "tasks": tasks, **words}
    return queue.inbox.submit(Submission(**given)).tasks


def until(condition, seconds=20.0):
    """Wait until ``condition`` holds."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
    return found


def queue_in(folder, **rules):
    return Queue(open_database(folder / "rolecall.db", {}), rules=Rules(**rules))


@pytest.fixture
def queue(tmp_path):
    found = queue_in(tmp_path)
    yield found
    found.store.close()


@pytest.fixture
def started(tmp_path):
    """Starts workers, which are stopped at the end."""
    workers = []

    def start(queue, settings=SMALL, **crewed):
        worker = Worker(queue, settings, {"HOME": str(tmp_path)}, Crewed(**crewed))
        workers.append(worker)
        worker.start()
        return worker

    yield start
    for worker in workers:
        worker.stop(grace=0.0)
