"""What audits cost: the look through results, an audit kept, the figures, the page Monitor's part.

auditing.py [--results N] [--share SHARE]

Results are written into an embedded database as workers would leave them, over thirty days; then
the sample is found, lent and kept, each with fields of the default posting. Prints a table.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from rolecall.ask.questions import POSTING
from rolecall.audit.book import AT_ONCE, Book
from rolecall.audit.compare import compared
from rolecall.audit.figures import days_of, figures_of
from rolecall.audit.nouns import Opinion
from rolecall.audit.shown import pages_of
from rolecall.ledger.database import Database
from rolecall.monitor import Series
from rolecall.queue.nouns import NewTask, Result, Submission
from rolecall.queue.queue import Queue
from rolecall.schema.posting import UNITS

DAYS = 30
FIELDS = [name for unit in POSTING for name in UNITS[unit]]
WORDS = "bread at night for a small team in the harbour of Leeds with four years".split()


def record(chance: random.Random, task: int) -> dict[str, object]:
    """A record in which each field has some words."""
    data = {name: " ".join(chance.choices(WORDS, k=4)) for name in FIELDS}
    data["description"] = " ".join(chance.choices(WORDS, k=600))
    return {"seq": 0, "source": f"p{task}", "url": None, "outcome": "ok", "reason": None,
            "data": data, "evidence": {}, "attempts": [], "warnings": []}  # fmt: skip


def fill(queue: Queue, results: int) -> None:
    """Tasks with their results, by the ways that a worker goes."""
    chance = random.Random(7)
    made = record(chance, 0)
    for first in range(0, results, 1_000):
        tasks = tuple(
            NewTask(source=f"p{n}", body=b"<p>page %d</p>" % n)
            for n in range(first, min(results, first + 1_000))
        )
        queue.inbox.submit(Submission(submitter="bench", tasks=tasks))
        while claims := queue.leases.claim("w", 1_000):
            queue.leases.finish([Result(claim=one, record=made) for one in claims])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=int, default=100_000)
    parser.add_argument("--share", type=float, default=0.01)
    told = parser.parse_args()
    now = time.time()
    moment = [now - DAYS * 86_400]
    with tempfile.TemporaryDirectory() as name, Database(Path(name) / "rolecall.db") as store:
        queue = Queue(store)
        book = Book(store, 3_600.0, clock=lambda: moment[0])
        book.look(told.share)
        fill(queue, told.results)
        began = time.perf_counter()
        while book.look(told.share) >= AT_ONCE:
            pass
        looked = time.perf_counter() - began
        began = time.perf_counter()
        for _ in range(100):
            book.look(told.share)
        idle = (time.perf_counter() - began) / 100
        chance, kept, comparing, keeping = random.Random(3), 0, 0.0, 0.0
        while True:
            began = time.perf_counter()
            audit = book.claim("w")
            if audit is None:
                break
            number, first = book.first(audit) or (0, {})
            middle = time.perf_counter()
            second = record(chance, 1) | {"data": {**first["data"], "title": "Cook"}}
            fields = compared(first, second)
            comparing += time.perf_counter() - middle
            book.keep(audit, number, Opinion(
                fields=fields, engine=f"e{kept % 2}", model="m", route=f"r{kept % 3}",
                second=second, nano=400_000,
            ))  # fmt: skip
            keeping += time.perf_counter() - began
            kept += 1
            moment[0] = min(now, moment[0] + DAYS * 86_400 / (told.results * told.share))
        series = Series(store)
        began = time.perf_counter()
        for _ in range(10):
            figures_of(series, int(now) - DAYS * 86_400)
            days_of(series, int(now) - DAYS * 86_400)
        figures = (time.perf_counter() - began) / 10
        began = time.perf_counter()
        pages_of(store)
        listed = time.perf_counter() - began
        (rows,) = store.rows("SELECT count(*), sum(length(second)) FROM audit_page")
    print(f"results looked through    {1e6 * looked / told.results:8.1f} us each")
    print(f"a look without any        {1e3 * idle:8.2f} ms")
    print(f"compare two records       {1e3 * comparing / max(1, kept):8.2f} ms")
    print(f"claim, compare and keep   {1e3 * keeping / max(1, kept):8.2f} ms, {kept:,} audits")
    print(f"figures and days          {1e3 * figures:8.1f} ms")
    print(f"list of pages             {1e3 * listed:8.1f} ms")
    print(f"second records            {(rows[1] or 0) / max(1, rows[0]) / 1e3:8.1f} KB each")


if __name__ == "__main__":
    main()
