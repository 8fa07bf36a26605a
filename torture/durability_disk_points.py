"""Points at which a disk fails: ``python -m torture.durability_disk_points FOLDER FORM MOUNTS``.

Each is tried on a disk of its own: a small tmpfs that is filled up (ENOSPC), or files that may not
grow (RLIMIT_FSIZE, which SQLite takes for an error of the disk). One line of JSON a point.
"""

from __future__ import annotations

import functools
import json
import os
import resource
import signal
import subprocess
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
    environ,
    plain,
    ran,
    running,
    start,
    tried,
    until,
)
from torture.durability_script_outputs import CONFIG, digest, line, read
from torture.durability_scripts import FILE, answer, illegal, prompt, result
from torture.durability_server import batch, serving
from torture.durability_signals import queue_in
from torture.nouns import Case, Class

FORMATS: Final = ("jsonl", "csv", "sqlite", "parquet", "jsonl.gz", "jsonl.zst")
MOST: Final = 20_000
"""Calls after which a disk should have been full."""


class Full:
    """A tmpfs that is filled up."""

    def __init__(self, folder: Path, kilobytes: int = 3_000) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        size = f"size={kilobytes}k"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], check=True)

    def begin(self) -> None:
        """No room but a page or two."""
        with (self.folder / "filler").open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4_096))
            except OSError:
                pass

    def end(self) -> None:
        """Room again."""
        (self.folder / "filler").unlink()

    def remount(self, how: str) -> None:
        """``ro`` or ``rw``."""
        command = ["mount", "-o", f"remount,{how}", str(self.folder)]
        subprocess.run(command, check=True)


class Large:
    """Files that may not grow beyond what they are now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        self._hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def begin(self) -> None:
        """Nothing larger than the largest file, and a little."""
        largest = max((one.stat().st_size for one in self.folder.iterdir()), default=0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest + 20_000, self._hard))

    def end(self) -> None:
        """As large as one likes."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._hard, self._hard))


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


def of_server(folder: Path) -> str:
    """A server on a full disk refuses, answers, and takes pages again."""
    fault = Full(folder, 4_000)
    told = environ(folder.parent / "home", ROLECALL_DATA_FOLDER=str(folder))
    with serving(told, "--no-worker") as server:
        accepted = 0
        for number in range(3):
            status, _ = server.submit(f"a{number}", number * 10)
            demand(status < 300, f"status {status}")
            accepted += 3
        fault.begin()
        status = 200
        for number in range(3_000):
            status, answer_ = server.submit(f"b{number}", 100 + number * 10)
            if status >= 300:
                break
            accepted += 3
        demand(status in (503, 507), f"status {status}")
        demand(answer_.get("hint") and answer_.get("code"), f"no remedy: {answer_}")
        demand(server.ask("GET", "/healthz")[0] == 200, "it answers nothing any more")
        fault.end()
        status, answer_ = server.submit(f"b{number}", 100 + number * 10)
        demand(status < 300, f"status {status} when there was room again")
        demand(not answer_["repeated"], "what was refused had been taken in", Class.LOST)
        accepted += 3
    with Database(folder / FILE) as store:
        count = store.rows("SELECT count(*) FROM queue_task")[0][0]
    demand(count == accepted, f"{count} tasks of {accepted}", Class.LOST)
    return f"{accepted} accepted"


def of_worker(folder: Path) -> str:
    """A worker on a full disk keeps its results until there is room."""
    fault = Full(folder.parent / "disk", 6_000)
    queue = queue_in(folder.parent / "disk" / "data", 600)
    told = environ(
        folder.parent / "home", ROLECALL_DATA_FOLDER=str(folder.parent / "disk" / "data")
    )
    with running(start(["work", "--workers", "1"], told)) as process:
        until(lambda: queue.view.counts()["done"] > 2)
        fault.begin()
        assert process.stderr is not None
        said = ""
        while "disk" not in said and process.poll() is None:
            said = process.stderr.readline()
        fault.end()
        until(lambda: queue.view.counts()["done"] == 600, 120, "the end")
        process.send_signal(signal.SIGTERM)
        process.wait(40)
    rows = queue.store.rows("SELECT count(*), count(DISTINCT task) FROM queue_result")
    anew = queue.store.rows("SELECT count(*) FROM queue_task WHERE attempts > 1")[0][0]
    demand(rows == [(600, 600)], f"{rows}", Class.LOST)
    queue.store.close()
    return f"600 records, {anew} done anew"


def of_run(folder: Path, form: str) -> None:
    """``rolecall extract`` on a full disk says what to do, and does it then."""
    fault = Full(folder, 300)
    pages = folder.parent / "pages.jsonl"
    lines = [json.dumps({"html": one["html"]}) for one in batch(0, 60)["pages"]]
    pages.write_text("\n".join(lines))
    told = environ(folder.parent / "home")
    words = ["extract", str(pages), "--out", str(folder / f"out.{form}"), "--workers", "1"]
    fault.begin()
    code, _, err = ran(words, told)
    plain(code, err, 1, 2)
    demand("hint:" in err, f"no remedy is named: {err[-200:]}")
    fault.end()
    subprocess.run(["mount", "-o", "remount,size=9000k", str(folder)], check=True)
    code, _, err = ran([*words, "--resume"], told)
    plain(code, err, 0)
    demand(len(read(folder / f"out.{form}", form)) == 60, "not all is there", Class.LOST)  # type: ignore[arg-type]


def of_read_only(folder: Path, words: tuple[str, ...]) -> None:
    """A disk that cannot be written says so, and it goes on when it can be."""
    fault = Full(folder)
    queue_in(folder / "data", 3).store.close()
    told = environ(folder.parent / "home", ROLECALL_DATA_FOLDER=str(folder / "data"))
    fault.remount("ro")
    code, _, err = ran(list(words), told)
    plain(code, err, 1, 2)
    demand("hint:" in err, f"no remedy is named: {err[-200:]}")
    fault.remount("rw")
    if words[0] != "extract":
        code, _, err = ran(list(words), told)
        plain(code, err, 0)


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
