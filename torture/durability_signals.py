"""Signals at random moments: what is stopped, once or twice, or put to sleep."""

from __future__ import annotations

import functools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from rolecall.ledger.database import Database
from rolecall.queue.nouns import NewTask, Rules, Submission
from rolecall.queue.queue import Queue
from torture.durability_common import (
    ROOT,
    demand,
    environ,
    page,
    pages,
    plain,
    ran,
    running,
    start,
    tried,
    until,
)  # fmt: skip
from torture.durability_scripts import FILE
from torture.durability_server import batch, serving
from torture.nouns import Case, Class, Figure, Group, Terms

NAMED: Final = {"SIGTERM": 143, "SIGINT": 130, "SIGHUP": 129}


def signals(terms: Terms) -> Group:
    """What a signal costs."""
    draw = random.Random(terms.seed)
    told = environ(terms.scratch / "home")
    source = pages(terms.scratch / "pages", terms.number(40, 300))
    whole = lines_of(terms.scratch / "whole.jsonl", source, told)
    runs: dict[str, Callable[[Path], Any]] = {
        f"extract {name}": functools.partial(stopped_run, source, told, whole, draw, name)
        for name in (NAMED if terms.full else ("SIGTERM", "SIGINT"))
    }
    if terms.full:
        runs |= more_runs(source, told, whole, draw)
    cases = [
        tried(name, repeated(call, terms.scratch, name, terms.number(1, 10)))
        for name, call in runs.items()
    ]
    if terms.full:
        cases += workers(terms)
        cases.append(tried("server SIGTERM", lambda: server(terms)))
        lease = terms.scratch / "lease"
        cases.append(tried("SIGSTOP past the lease", lambda: past_the_lease(lease)))
    found = drains(terms.scratch, terms.number(1, 100))
    cases += found[0]
    return Group(
        said="signals to runs, workers and servers: exit codes, nothing lost, how to go on",
        cases=tuple(cases),
        figures=found[1],
    )


def more_runs(
    source: Path, told: Mapping[str, str], whole: Mapping[str, Any], draw: random.Random
) -> dict[str, Callable[[Path], Any]]:
    """Runs that are told twice, put to sleep, or print what they have."""
    return {
        "extract SIGTERM twice": functools.partial(twice, source, told, whole, draw),
        "extract SIGSTOP and SIGCONT": functools.partial(asleep, source, told, whole, draw),
        "extract to a pipe SIGINT": functools.partial(piped, source, told),
    }


def repeated(call: Callable[[Path], Any], scratch: Path, name: str, times: int) -> Any:
    """A case that is tried some times, each in a folder of its own."""

    def all_of_them() -> str:
        for number in range(times):
            folder = scratch / f"{name.replace(' ', '-')}-{number}"
            folder.mkdir()
            call(folder)
        return f"{times} times"

    return all_of_them


def lines_of(out: Path, source: Path, told: Mapping[str, str]) -> dict[str, Any]:
    """The records of an undisturbed run, without their times, by source."""
    code, _, err = ran(["extract", str(source), "--out", str(out), "--workers", "2"], told, 300)
    plain(code, err, 0)
    return records(out)


def records(out: Path) -> dict[str, Any]:
    """Whole records, without their times."""
    found: dict[str, Any] = {}
    for line in out.read_bytes().split(b"\n")[:-1] if out.exists() else ():
        record = json.loads(line)
        demand(record["source"] not in found, "a record is there twice", Class.LOST)
        del record["seconds"]
        found[record["source"]] = record
    return found


def begun(source: Path, told: Mapping[str, str], folder: Path) -> subprocess.Popen[str]:
    """A run with an output, which has written some records."""
    out = folder / "out.jsonl"
    process = start(["extract", str(source), "--out", str(out), "--workers", "2"], told)
    until(lambda: process.poll() is not None or (out.exists() and out.stat().st_size > 2_000))
    return process


def resumed(source: Path, told: Mapping[str, str], folder: Path, whole: Mapping[str, Any]) -> None:
    """Go on to the end: nothing that was there is gone or done anew, and the end is the same."""
    out = folder / "out.jsonl"
    before = set(out.read_bytes().split(b"\n")[:-1])
    words = ["extract", str(source), "--out", str(out), "--resume", "--workers", "2"]
    code, _, err = ran(words, told, 300)
    plain(code, err, 0)
    found = records(out)
    demand(found == whole, f"{len(found)} records, not those of an undisturbed run", Class.LOST)
    kept = re.search(r"([\d,]+) kept", err)
    count = int(kept[1].replace(",", "")) if kept else 0
    demand(count == len(before), f"{len(before)} were there, and {count} kept", Class.LOST)


def stopped_run(
    source: Path, told: Mapping[str, str], whole: Mapping[str, Any], draw: random.Random,
    name: str, folder: Path,
) -> None:  # fmt: skip
    """One signal: the run ends in order, says how to go on, and does."""
    with running(begun(source, told, folder)) as process:
        time.sleep(draw.uniform(0, 0.1))
        process.send_signal(signal.Signals[name])
        _, err = process.communicate(timeout=30)
    plain(process.returncode, err, NAMED[name], 0)
    if process.returncode:
        demand("go on with: rolecall extract --resume" in err, f"it does not say how: {err[-200:]}")
    resumed(source, told, folder, whole)


def twice(
    source: Path, told: Mapping[str, str], whole: Mapping[str, Any], draw: random.Random,
    folder: Path,
) -> None:  # fmt: skip
    """A second signal ends it at once."""
    with running(begun(source, told, folder)) as process:
        process.send_signal(signal.SIGTERM)
        time.sleep(draw.uniform(0, 0.02))
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        demand(time.monotonic() - began < 5, "it went on for long")
    # The interpreter's own ending no longer asks us: a shell shows the same number for both.
    plain(process.returncode, err, 143, -signal.SIGTERM, 0)
    resumed(source, told, folder, whole)


def asleep(
    source: Path, told: Mapping[str, str], whole: Mapping[str, Any], draw: random.Random,
    folder: Path,
) -> None:  # fmt: skip
    """A lid that is closed: all processes stand still for a while."""
    with running(begun(source, told, folder)) as process:
        os.killpg(process.pid, signal.SIGSTOP)
        time.sleep(draw.uniform(0.2, 0.6))
        os.killpg(process.pid, signal.SIGCONT)
        _, err = process.communicate(timeout=120)
    plain(process.returncode, err, 0)
    demand(records(folder / "out.jsonl") == whole, "other records", Class.LOST)


def piped(source: Path, told: Mapping[str, str], folder: Path) -> None:
    """A run that prints its records is interrupted: whole lines only."""
    with running(start(["extract", str(source), "--workers", "2"], told)) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    plain(process.returncode, err, 130, 0)
    demand(not out or out.endswith("\n"), "a torn line")


def workers(terms: Terms) -> list[Case]:
    """``rolecall work`` and its signals."""
    found = []
    for name, code in NAMED.items():
        folder = terms.scratch / f"work-{name}"
        found.append(tried(f"work {name}", functools.partial(worker, folder, name, code, 1)))
    folder = terms.scratch / "work-twice"
    found.append(tried("work SIGTERM twice", lambda: worker(folder, "SIGTERM", 143, 2)))
    return found


def queue_in(folder: Path, count: int, slower: bool = False, lease: float = 60) -> Queue:
    """A queue with pages in it."""
    folder.mkdir(parents=True)
    queue = Queue(Database(folder / FILE), rules=Rules(lease=lease, deaths=1_000))
    tasks = tuple(NewTask(source=f"p{n}", body=page(n, slower)) for n in range(count))
    queue.inbox.submit(Submission(submitter="torture", tasks=tasks))
    return queue


def worker(folder: Path, name: str, code: int, times: int) -> str:
    """A worker in the middle of its work."""
    queue = queue_in(folder, 400, slower=True)
    told = environ(folder / "home", ROLECALL_DATA_FOLDER=str(folder))
    with running(start(["work", "--workers", "2", "--grace", "3"], told)) as process:
        until(lambda: queue.view.counts()["done"], 30)
        began = time.monotonic()
        for _ in range(times):
            process.send_signal(signal.Signals[name])
            time.sleep(0.02)
        _, err = process.communicate(timeout=30)
        took = time.monotonic() - began
    plain(process.returncode, err, code)
    demand(took < (4 if times == 1 else 1), f"it took {took:.1f} s")
    counts = queue.view.counts()
    demand(sum(counts.values()) == 400, f"{counts}", Class.LOST)
    if times == 1:
        demand(not counts["running"], f"{counts['running']} are neither done nor put back")
        demand("put back into the queue" in err, f"it does not say so: {err[-200:]}")
    queue.store.close()
    return f"{took:.1f} s"


def server(terms: Terms) -> None:
    """A server that has work is told to stop."""
    folder = terms.scratch / "server"
    told = environ(folder / "home", ROLECALL_DATA_FOLDER=str(folder / "data"))
    with serving(told) as one:
        for number in range(0, 200, 100):
            status, _ = one.ask("POST", "/v1/tasks", batch(number, 100))
            demand(status < 300, f"status {status}")
        until(lambda: json.dumps(one.ask("GET", "/v1/queue")[1]).count("done"))
        one.process.send_signal(signal.SIGTERM)
        code = one.process.wait(40)
    said = one.rest()
    plain(code, said, 143)
    with Database(folder / "data" / FILE) as store:
        counts = Queue(store).view.counts()
    demand(sum(counts.values()) == 200 and not counts["running"], f"{counts}", Class.LOST)


def past_the_lease(folder: Path) -> str:
    """A worker is asleep for longer than its lease, and comes back: one record of each page."""
    queue = queue_in(folder, 60, slower=True, lease=1.0)
    command = [sys.executable, "-m", "torture.durability_worker", str(folder), "1.0"]

    def one() -> subprocess.Popen[str]:
        return subprocess.Popen(command, cwd=ROOT, start_new_session=True, text=True)

    with running(one()) as first:
        until(lambda: queue.view.counts()["running"])
        os.killpg(first.pid, signal.SIGSTOP)
        with running(one()):
            until(lambda: queue.view.counts()["done"] == 60, 60)
            os.killpg(first.pid, signal.SIGCONT)
            time.sleep(0.5)
    rows = queue.store.rows("SELECT count(*), count(DISTINCT task) FROM queue_result")
    ended = queue.store.rows("SELECT count(*) FROM queue_event WHERE outcome IS NOT NULL")
    demand(rows == [(60, 60)] and ended == [(60,)], f"{rows} {ended}", Class.LOST)
    queue.store.close()
    return "60 records of 60 pages"


def more_done(queue: Queue, before: int) -> bool:
    """Whether more is done than before."""
    return queue.view.counts()["done"] > before


def drains(scratch: Path, count: int) -> tuple[list[Case], tuple[Figure, ...]]:
    """Workers that are told to stop, one after the other, at random moments."""
    folder, longest, clean = scratch / "drains", 0.0, 0
    queue = queue_in(folder, 1_500, slower=True)
    told = environ(folder / "home", ROLECALL_DATA_FOLDER=str(folder))
    for _ in range(count):
        before = queue.view.counts()["done"]
        with running(start(["work", "--workers", "2", "--grace", "30"], told)) as process:
            until(functools.partial(more_done, queue, before), 60)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
            longest = max(longest, time.monotonic() - began)
        counts = queue.view.counts()
        whole = sum(counts.values()) == 1_500 and not counts["running"]
        clean += process.returncode == 143 and whole and not queue.view.workers()
        if counts["queued"] + counts["waiting"] < 100:
            for task in range(1, 1_501):
                queue.control.retry(task)
    queue.store.close()
    right = clean == count and longest <= 31
    note = f"{clean} of {count}, the longest {longest:.1f} s"
    case = Case(name="drains", found=Class.RIGHT if right else Class.LOST, note=note)
    goals = (f"{count} of {count}", "<= 31 s (grace 30)")
    return [case], (
        Figure(name="clean drains", value=float(clean), goal=goals[0], held=right),
        Figure(name="longest drain", value=longest, unit="s", goal=goals[1], held=longest <= 31),
    )
