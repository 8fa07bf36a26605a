"""FR-4: pages in a queue of their own, whose worker is killed, cancelled and hurried meanwhile."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from rolecall.evaluate.load.postings import generated
from rolecall.evaluate.nouns import Finding
from rolecall.evaluate.requirements import judged, not_run

if TYPE_CHECKING:
    from rolecall.queue.queue import Queue

PAGES: Final = 40
SEEN: Final = 5
"""Records after which the worker is killed."""
LEASE: Final = 1.0
"""Seconds after which what a dead worker had is taken back here."""
PATIENCE: Final = 90.0
"""Seconds that all of it may take."""
ROOM: Final = "rolecall.evaluate.verify.queue"


class Trial(Struct, frozen=True, kw_only=True):
    """What was seen of ``pages`` pages: how many tasks ``ended``, and how many ``records`` there
    are; whether a worker was ``killed`` meanwhile, whether the ``urgent`` page was done before most
    that had waited longer, and whether the ``cancelled`` one ended as that."""

    pages: int
    ended: int
    records: int
    killed: bool
    urgent: bool
    cancelled: bool

    @property
    def held(self) -> bool:
        """Whether nothing was lost or done twice, and all that was asked for was done."""
        whole = self.ended == self.records == self.pages
        return whole and self.killed and self.urgent and self.cancelled


def durable_queue(trial: Trial | None, command: str) -> Finding:
    """FR-4 by a `Trial`; ``None`` where none could be made."""
    if trial is None:
        return not_run("FR-4", "no queue was tried: it needs pip install 'rolecall[serve]'")
    urgent, cancelled = "early" if trial.urgent else "late", "yes" if trial.cancelled else "no"
    figure = (
        f"{trial.pages} pages, a worker {'killed' if trial.killed else 'not killed'} meanwhile:"
        f" {trial.records} records, {trial.pages - trial.ended} not ended; urgent page {urgent},"
        f" cancelled: {cancelled}"
    )
    return judged("FR-4", trial.held, figure, command=command)


def try_queue() -> Trial | None:
    """Put made pages into a queue of their own and kill its worker; takes some seconds.

    ``None`` where what it needs is not installed.
    """
    if find_spec("zstandard") is None:
        return None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        return _tried(Path(folder))


def opened(folder: Path) -> Queue:
    """The queue in a folder of its own, in which leases are short."""
    from rolecall.ledger.database import Database
    from rolecall.ledger.place import FILE
    from rolecall.queue.nouns import Rules
    from rolecall.queue.queue import Queue

    return Queue(Database(folder / FILE), rules=Rules(lease=LEASE))


def _tried(folder: Path) -> Trial:
    from rolecall.queue.nouns import NewTask, Submission

    queue = opened(folder)
    try:
        pages = [
            NewTask(source=f"page {place}", body=one.body, priority=10 * (place == PAGES - 1))
            for place, one in enumerate(generated(PAGES))
        ]
        receipt = queue.inbox.submit(Submission(submitter="verify", tasks=tuple(pages)))
        queue.control.cancel(receipt.tasks[PAGES // 2])
        deadline = time.monotonic() + PATIENCE
        killed = False
        with _working(folder) as worker:
            if _until(lambda: _ended(queue) >= SEEN, deadline):
                worker.send_signal(signal.SIGKILL)
                killed = True
        with _working(folder):
            _until(lambda: _ended(queue) >= PAGES, deadline)
        cancelled = queue.view.task(receipt.tasks[PAGES // 2])
        return Trial(
            pages=PAGES,
            ended=_ended(queue),
            records=len(list(queue.view.records(receipt.batch))),
            urgent=_early(queue, receipt.tasks[-1]),
            cancelled=cancelled is not None and cancelled.state == "cancelled",
            killed=killed,
        )
    finally:
        queue.store.close()


def _early(queue: Queue, task: int) -> bool:
    """Whether a task was done before most of the others."""
    done = [one.task for one in queue.view.events(0) if one.state == "done"]
    return task in done[: PAGES // 4]


def _ended(queue: Queue) -> int:
    counts = queue.view.counts()
    return counts["done"] + counts["cancelled"] + counts["quarantined"]


def _until(true: Callable[[], bool], deadline: float) -> bool:
    """Wait for something; says whether it came in time."""
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextlib.contextmanager
def _working(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own, which is killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-m", ROOM, str(folder)], stdout=subprocess.DEVNULL
    ) as worker:
        try:
            yield worker
        finally:
            worker.kill()


def main(folder: Path) -> None:
    """Work on the queue in ``folder`` until this process is killed."""
    from rolecall.settings import Settings
    from rolecall.worker.crewed import Crewed
    from rolecall.worker.work import Worker

    worker = Worker(opened(folder), Settings(engine="none"), os.environ, Crewed(processes=1))
    worker.start()
    signal.pause()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
