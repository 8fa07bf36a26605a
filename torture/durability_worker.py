"""A worker with short leases: ``python -m torture.durability_worker FOLDER LEASE``."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rolecall.ledger.database import Database
from rolecall.queue.nouns import Rules
from rolecall.queue.queue import Queue
from rolecall.settings import Settings
from rolecall.worker.crewed import Crewed
from rolecall.worker.work import Worker
from torture.durability_scripts import FILE


def main() -> int:
    """Work until it is ended."""
    folder, lease = Path(sys.argv[1]), float(sys.argv[2])
    queue = Queue(Database(folder / FILE), rules=Rules(lease=lease, deaths=1_000))
    settings = Settings(data_folder=str(folder), engine="none")
    Worker(queue, settings, {"HOME": str(folder)}, Crewed(processes=1)).start()
    while True:
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
