"""Writes to a queue until it is ended: ``python -m torture.durability_writer FOLDER``.

Each submission that is acknowledged is written down with what its log looked like then, a line
``TASKS SALT SIZE``, and each record that was kept, ``rTASK SALT SIZE``. All bytes of the log before
SIZE have reached the disk, as long as the log's salt is the same.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from pathlib import Path
from typing import Any, Final

from rolecall.ledger.budget import Budget
from rolecall.ledger.database import Database
from rolecall.ledger.money import Caps
from rolecall.queue.nouns import NewTask, Submission
from rolecall.queue.queue import Queue
from torture.durability_scripts import FILE, result

LATELY: Final = 60
"""Records that were kept last, which the reader of the acknowledgements asks for: not forgotten."""


def main() -> int:
    """Write."""
    folder = Path(sys.argv[1])
    acks = os.open(folder / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with Database(folder / FILE) as store:
        queue, budget = Queue(store), Budget(store, Caps(month=None))
        number, mine = 0, list[Any]()
        batches: list[Any] = []
        lately: deque[int] = deque(maxlen=LATELY)
        while True:
            tasks = tuple(NewTask(source=f"p{number}-{n}", body=os.urandom(600)) for n in range(2))
            receipt = queue.inbox.submit(Submission(submitter="one", tasks=tasks))
            log = salt_of(Path(f"{folder / FILE}-wal"))
            told = f"{','.join(map(str, receipt.tasks))} {log[0]} {log[1]}\n"
            os.write(acks, told.encode())
            batches.append(receipt)
            mine += queue.leases.claim("w", 2)
            if all(queue.leases.finish([result(one) for one in mine[:1]])):
                log = salt_of(Path(f"{folder / FILE}-wal"))
                os.write(acks, f"r{mine[0].task} {log[0]} {log[1]}\n".encode())
                lately.append(mine[0].task)
            queue.leases.put_back(mine[-1])
            mine.clear()
            queue.control.cancel(receipt.tasks[0])
            budget.settle(budget.reserve("r", 0.001, "cloud"), 0.0005)
            number += 1
            if number % 50 == 0 and lately:
                old = batches[number - 41]
                if not set(old.tasks) & set(lately):  # a task that was put back ends late
                    queue.control.forget(old.batch)


def salt_of(log: Path) -> tuple[str, int]:
    """What tells one beginning of a log from another, and its size."""
    try:
        with log.open("rb") as file:
            return file.read(32)[16:24].hex() or "none", log.stat().st_size
    except FileNotFoundError:
        return "none", 0


if __name__ == "__main__":
    sys.exit(main())
