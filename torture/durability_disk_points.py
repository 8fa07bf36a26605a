"""Points at which a disk fails: ``python -m torture.durability_disk_points FOLDER FORM MOUNTS``.

Each is tried on a disk of its own: a small tmpfs that is filled up (ENOSPC), or files that may not
grow (RLIMIT_FSIZE, which SQLite takes for an error of the disk). One line of JSON a point.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rolecall.errors import DatabaseError
from rolecall.ledger.budget import Budget
from rolecall.ledger.cache import Cache
from rolecall.ledger.database import Database
from rolecall.ledger.money import Caps
from rolecall.outputs.nouns import OutputError
from rolecall.outputs.open import Format, open_output
from rolecall.queue.nouns import NewTask, Submission
from rolecall.queue.queue import Queue
from torture.durability_common import (
    WrongError,
    demand,
    tried,
)
from torture.durability_disk_programs import Full, Large, of_read_only, of_run, of_server, of_worker
from torture.durability_script_outputs import CONFIG, digest, line, read
from torture.durability_scripts import FILE, answer, illegal, prompt, result
from torture.nouns import Case, Class

FORMATS: Final = ("jsonl", "csv", "sqlite", "parquet", "jsonl.gz", "jsonl.zst")
MOST: Final = 20_000
"""Calls after which a disk should have been full."""


Fault = Full | Large


def until_refused(
    call: Callable[[int], Any], kind: type[Exception], most: int = MOST
) -> tuple[list[Any], Any]:
    """What was acknowledged until the disk was full, and the error; none if ``most`` had room."""
    acknowledged = []
    for number in range(most):
        try:
            acknowledged.append(call(number))
        except kind as error:
            return acknowledged, error
    if most == MOST:
        raise WrongError("it never was refused")
    return acknowledged, None


def remedied(error: Any) -> None:
    """Demand a remedy, and that it may be tried again where the error can tell."""
    demand(error.hint, f"no remedy is named: {error}")
    if isinstance(error, DatabaseError):
        demand(error.retryable, f"it is not said that this may pass: {error}")


def of_queue(fault: Fault, verb: str) -> str:
    """Handing in, or ending claims."""
    with Database(fault.folder / FILE, busy_seconds=0.5) as store:
        queue = Queue(store)

        def submit(number: int, size: int = 20_000) -> int:
            task = NewTask(source=f"{number}", body=os.urandom(size))
            told = Submission(submitter="one", tasks=(task,))
            return queue.inbox.submit(told).tasks[0]

        tasks = tuple(NewTask(source=f"{n}", body=b"x" * n) for n in range(100))
        first = list(queue.inbox.submit(Submission(submitter="one", tasks=tasks)).tasks)
        claims = queue.leases.claim("w", 100)

        def finish(number: int) -> int:
            demand(queue.leases.finish([result(claims[number])])[0], "it did not count")
            return claims[number].task

        call = submit if verb == "submit" else finish
        fault.begin()
        acknowledged, error = until_refused(call, DatabaseError, MOST if call is submit else 99)
        if error is not None:
            remedied(error)
        there = "queue_task" if verb == "submit" else "queue_result"
        column = "id" if verb == "submit" else "task"
        fault.end()
        more = call(len(acknowledged))
        rows = {row[0] for row in store.rows(f"SELECT {column} FROM {there}")}
        wanted = {*acknowledged, more} | (set(first) if verb == "submit" else set())
        demand(rows == wanted, f"{len(rows)} there, {len(wanted)} acknowledged", Class.LOST)
        demand(store.rows("PRAGMA integrity_check") == [("ok",)], "it is not whole")
        told = illegal(queue)
        demand(not told, told)
    return f"{len(acknowledged)} before, 1 after"


def of_budget(fault: Fault, verb: str) -> str:
    """Reserving, or settling."""
    with Database(fault.folder / FILE, busy_seconds=0.5) as store:
        budget = Budget(store, Caps(month=None))
        held = [budget.reserve(f"r{n}", 0.001, "cloud") for n in range(100)] if (
            verb == "settle") else []  # fmt: skip
        before = len(held)

        def reserve(number: int) -> float:
            held.append(budget.reserve(f"r{number}", 0.001, "cloud"))
            return 0.001

        def settle(number: int) -> float:
            budget.settle(held[number], 0.0005)
            return 0.0005

        call = reserve if verb == "reserve" else settle
        fault.begin()
        acknowledged, error = until_refused(call, DatabaseError, 99 if before else MOST)
        if error is not None:
            remedied(error)
        fault.end()
        acknowledged.append(call(len(acknowledged)))
        spent = budget.spent()
        counted = round((spent.month_usd + spent.open_usd) * 1_000_000)
        wanted = before * 1_000 - 500 * len(acknowledged) if before else 1_000 * len(acknowledged)
        demand(counted == wanted, f"{counted} counted of {wanted}", Class.LOST)
    return f"{len(acknowledged)} calls"


def of_cache(fault: Fault, verb: str) -> str:
    """Answers that cannot be kept cost nothing else; later ones are kept."""
    with Database(fault.folder / FILE, busy_seconds=0.5) as store:
        cache = Cache(store, lambda: datetime(2027, 1, 15, tzinfo=UTC))
        fault.begin()
        for number in range(MOST):
            cache.put(prompt(number), "m", answer(number))
            if number % 20 == 19:
                cache.flush()
            if cache.fault is not None:
                break
        demand(cache.fault is not None and cache.fault.hint, "nobody says why")
        fault.end()
        cache.put(prompt(-1), "m", answer(1))
        cache.flush()
        with Database(fault.folder / FILE) as other:
            found = Cache(other).get(prompt(-1), "m")
        demand(found is not None, "nothing is kept any more")
    return f"after {number} answers"


def of_output(fault: Fault, form: Format, verb: str) -> str:
    """Appending, or putting in order."""
    path = fault.folder / f"out.{form}"
    output = open_output(str(path), "new", CONFIG, form=form)
    synced = 0

    def append(number: int) -> str:
        nonlocal synced
        name = f"p{number}"
        output.append(name, MOST - number, line(name, MOST - number, name))
        if number % 10 == 9:
            output.sync()
            synced = number
        return name

    names = [append(number) for number in range(300 if verb == "complete" else 20)]
    output.sync()
    synced = len(names)
    fault.begin()
    try:
        if verb == "append":
            more, error = until_refused(lambda n: append(len(names) + n), OutputError)
            names += more
        else:
            try:
                output.complete()
                error = None
            except OutputError as failed:
                error = failed
        if error is not None:
            remedied(error)
    finally:
        output.close()
        fault.end()
    again = open_output(str(path), "resume", CONFIG, form=form)
    kept = names[:synced] if form == "sqlite" else names
    gone = [name for name in kept if again.known(name) != digest(name)]
    demand(not gone, f"{len(gone)} of {len(kept)} records are gone", Class.LOST)
    there = [name for name in names if again.known(name) == digest(name)]
    for name in there:
        again.keep(name, MOST - int(name[1:]))
    again.complete()
    again.close()
    rows = [row["source"] for row in read(path, form)]
    demand(rows == there[::-1], f"{len(rows)} records of {len(there)}", Class.LOST)
    return f"{len(names)} records" if error is not None else "it had room"


def points(folder: Path, full: bool, mounts: bool) -> list[tuple[str, Callable[[], Any]]]:
    """All of them by name."""
    found: list[tuple[str, Callable[[], Any]]] = []
    owners: dict[str, Callable[[Fault], Any]] = {
        f"{name} {verb}": functools.partial(call, verb=verb)
        for name, call, verbs in (
            ("queue", of_queue, ("submit", "finish")), ("budget", of_budget, ("reserve", "settle")),
            ("cache", of_cache, ("put",)),
        )
        for verb in verbs
    }  # fmt: skip
    for form in FORMATS if full else FORMATS[:2]:
        for verb in ("append", "complete"):
            owners[f"output {form} {verb}"] = functools.partial(of_output, form=form, verb=verb)
    for kind in (Full, Large) if mounts else (Large,):
        for name, call in owners.items():
            place = folder / f"{kind.__name__}-{name}".replace(" ", "-")
            found.append(
                (f"{kind.__name__.lower()}: {name}", functools.partial(on, kind, place, call))
            )
    if not mounts:
        return found
    if full:
        found.append(("full: server", functools.partial(of_server, folder / "server" / "disk")))
        found.append(("full: worker", functools.partial(of_worker, folder / "worker" / "data")))
    for form in FORMATS if full else ():
        place = folder / f"run-{form}" / "disk"
        found.append((f"full: extract {form}", functools.partial(of_run, place, form)))
    for number, words in enumerate(
        (("work", "--until-empty"), ("tasks", "cancel", "t1"), ("budget",)) if full else ()
    ):
        place = folder / f"ro-{number}" / "disk"
        found.append((f"read-only: {words[0]}", functools.partial(of_read_only, place, words)))
    return found


def on(kind: type[Fault], place: Path, call: Callable[[Fault], Any]) -> Any:
    """A point on a disk of its own."""
    fault = kind(place)
    try:
        return call(fault)
    finally:
        if isinstance(fault, Large):
            fault.end()


def main() -> int:
    """Try them all."""
    folder, form, mounts = sys.argv[1:]
    for name, call in points(Path(folder), form == "full", mounts == "mounts"):
        began = time.monotonic()
        case: Case = tried(name, call)
        told = [case.name, case.found.name, case.note]
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stderr.write(f"{name} {time.monotonic() - began:.1f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
