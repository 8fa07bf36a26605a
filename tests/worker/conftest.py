"""What the tests of workers share: pages, a queue in a folder of its own, one running worker."""

import asyncio
import threading
import time

import pytest

from rolecall.ledger.database import open_database
from rolecall.queue.nouns import NewTask, Rules, Submission
from rolecall.queue.queue import Queue
from rolecall.settings import Settings
from rolecall.worker.crewed import Crewed
from rolecall.worker.work import Worker

SMALL = Settings(cache=False)


def page(number=0, more=""):
    """A small posting; each number is another one."""
    return (
        f"<html><head><title>Engineer {number}</title></head><body><h1>Engineer {number}</h1>"
        f"<p>Company: Example GmbH</p><p>Location: Berlin</p><p>Requirements</p>"
        f"<ul><li>Python</li><li>Linux</li></ul><p>Salary: 50,000 EUR a year.</p>{more}"
        "</body></html>"
    ).encode()


LINES = "".join(
    f"<p>Berlin 50.000 EUR Python Engineer at Example GmbH {n}</p>" for n in range(8_000)
)
SLOW = page(more=LINES)
"""A page that takes some seconds."""


def submit(queue, count=1, **words):
    """Hand pages in; gives the numbers of their tasks."""
    first = words.pop("first", 0)
    tasks = tuple(NewTask(source=f"p{n}", body=page(n)) for n in range(first, first + count))
    given = {"submitter": "test", "tasks": tasks, **words}
    return queue.inbox.submit(Submission(**given)).tasks


def until(condition, seconds=60.0):
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


class Aside:
    """An event loop in a thread of its own, for servers that workers talk to."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()

    def do(self, step):
        return asyncio.run_coroutine_threadsafe(step, self.loop).result(20)

    def end(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()


@pytest.fixture
def aside():
    found = Aside()
    yield found
    found.end()


@pytest.fixture
def serving(aside):
    """Starts servers, which end with the test."""
    servers = []

    def start(server):
        servers.append(server)
        return aside.do(server.__aenter__())

    yield start
    for server in servers:
        aside.do(server.__aexit__())
