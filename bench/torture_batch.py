"""Whether kills lose or double anything: ``make torture-batch``.

Makes pages, extracts them once undisturbed, then again while the run is killed with SIGKILL at
random moments, its whole process group or one of its workers, and continued with ``--resume``.
After each kill the records that are there are looked at: none that was there may be gone (lost) or
have been extracted anew (double, told by ``seconds``, which no two extractions share, or by a
second row). When a round is complete before all kills are used, it is held against the undisturbed
run and the next one begins.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import orjson

import pages as made
from rolecall.outputs.compressed import Compressed
from rolecall.outputs.heads import head_of
from rolecall.outputs.nouns import Wanted
from rolecall.outputs.open import FORMATS, Format
from rolecall.outputs.parquet import Parquet

COMMAND: Final = (sys.executable, "-m", "rolecall", "extract", "--quiet", "--workers", "2")
AT_START, AT_END, ONE_WORKER = 0.15, 0.2, 0.15
"""Shares of the kills that hit the start, the completion, or one worker only.

The completion is waited for where half of the pages are done; before, a run is killed as others.
"""

PATIENCE: Final = 600.0


@dataclass
class Told:
    """What came of it. ``lost`` and ``double`` count records, ``unequal`` rounds."""

    rounds: int = 0
    runs: int = 0
    groups: int = 0
    workers: int = 0
    at_end: int = 0
    lost: int = 0
    double: int = 0
    unequal: int = 0
    seconds: float = 0.0
    undisturbed: float = 0.0
    fresh: list[int] = field(default_factory=list)


class Torture:
    """One output, killed again and again."""

    def __init__(self, folder: Path, count: int, form: Format, seed: int) -> None:
        self.folder, self.form, self.draw = folder, form, random.Random(seed)
        self.count = count
        self.out = folder / "out" / f"out.{form}"
        self.out.parent.mkdir(parents=True)
        (folder / "pages").mkdir()
        for number, page in enumerate(made.generated(count, seed)):
            (folder / "pages" / f"p{number:06}.html").write_bytes(page)
        self.told = Told()
        self.seen: dict[str, bytes] = {}

    def undisturbed(self) -> list[bytes]:
        """The records of a run that nobody kills, and how long it took."""
        start = time.monotonic()
        run = self.start("--force")
        if run.wait(PATIENCE):
            raise SystemExit("the undisturbed run failed")
        self.told.undisturbed = time.monotonic() - start
        return list(plain(self.out, self.form))

    def go(self, kills: int) -> Told:
        """Kill ``kills`` times, then let the last round end."""
        wanted = self.undisturbed()
        start = time.monotonic()
        first = self.told.undisturbed
        self.clear()
        while (so_far := self.told.groups + self.told.workers) < kills:
            sys.stderr.write(
                f"\r{so_far} kills, {len(self.seen)} records, {self.told.rounds} rounds "
            )
            if self.one(first / 8):
                self.compare(wanted)
                self.clear()
        while not self.ended(self.start("--resume")):
            pass
        self.look()
        self.compare(wanted)
        self.told.seconds = time.monotonic() - start
        return self.told

    def one(self, longest: float) -> bool:
        """One run that is killed, unless it ends before; returns whether it is complete.

        Most are killed up to ``longest`` seconds after their first new record was written.
        """
        self.told.runs += 1
        run = self.start("--resume")
        how = self.draw.random()
        if how < AT_START:
            self.wait(run, self.draw.uniform(0, 1.5))
        elif how < AT_START + AT_END and len(self.seen) > self.count / 2:
            if self.wait(run, PATIENCE, self.completing):
                self.told.at_end += 1
                time.sleep(self.draw.choice((0, 0.001, 0.005, 0.02)))
        elif how > 1 - ONE_WORKER:
            self.wait(run, PATIENCE, self.growing())
            self.wait(run, self.draw.uniform(0, longest))
            self.told.workers += kill_one_worker(run.pid, self.draw)
            self.wait(run, self.draw.uniform(0, longest))
        else:
            self.wait(run, PATIENCE, self.growing())
            self.wait(run, self.draw.uniform(0, longest))
        ended = run.poll()
        if ended is None:
            self.told.groups += 1
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        self.look()
        if ended:
            raise SystemExit(f"a run ended with {ended}")
        return ended == 0

    def start(self, word: str) -> subprocess.Popen[bytes]:
        """A run in a process group of its own."""
        command = [*COMMAND, str(self.folder / "pages"), "--out", str(self.out), word]
        environ = {name: one for name, one in os.environ.items() if not name.startswith("ROLECALL")}
        return subprocess.Popen(command, env=environ, start_new_session=True)

    def ended(self, run: subprocess.Popen[bytes]) -> bool:
        """Let a run go on to its end; returns whether that was a good one."""
        self.told.runs += 1
        return run.wait(PATIENCE) == 0

    def wait(
        self,
        run: subprocess.Popen[bytes],
        seconds: float,
        until: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Wait for so long, until the run ends, or for ``until``; returns whether that came."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and run.poll() is None:
            if until():
                return True
            time.sleep(0.001)
        return False

    def growing(self) -> Callable[[], bool]:
        """Whether what is written has grown since this call."""

        def size() -> int:
            total = 0
            for entry in self.out.parent.iterdir():
                with contextlib.suppress(OSError):
                    total += entry.stat().st_size
            return total

        before = size()
        return lambda: size() > before

    def completing(self) -> bool:
        """Whether a run is putting its output in order."""
        if self.form == "sqlite":
            wal = self.out.with_name(self.out.name + "-wal")
            with contextlib.suppress(OSError):
                return wal.stat().st_size == 0
            return False
        return self.out.with_name(f".{self.out.name}.ordering").exists()

    def look(self) -> None:
        """Hold what is there against what was there before."""
        found: dict[str, bytes] = {}
        rows = 0
        for source, mark in marks(self.out, self.form):
            rows += source not in found or found[source] != mark
            found[source] = mark
        self.told.lost += len(self.seen.keys() - found.keys())
        self.told.double += rows - len(found)
        self.told.double += sum(
            found.get(source, mark) != mark for source, mark in self.seen.items()
        )
        self.told.fresh.append(len(found) - len(self.seen))
        self.seen = found

    def compare(self, wanted: list[bytes]) -> None:
        """Hold a completed output against the undisturbed one."""
        self.told.rounds += 1
        self.told.unequal += list(plain(self.out, self.form)) != wanted

    def clear(self) -> None:
        """Throw the output away."""
        shutil.rmtree(self.out.parent)
        self.out.parent.mkdir()
        self.seen = {}


def kill_one_worker(parent: int, draw: random.Random) -> bool:
    """Kill one child of ``parent``; returns whether there was any."""
    with contextlib.suppress(OSError):
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        if children:
            os.kill(int(draw.choice(children)), signal.SIGKILL)
            return True
    return False


def marks(out: Path, form: Format) -> Iterator[tuple[str, bytes]]:
    """Source of every whole record that is there, also in a journal, and a mark of its content."""
    for row in rows(out, form):
        if form == "csv":
            cells = row.split(b",", 2)
            yield cells[1].decode(), hashlib.blake2b(row).digest()
            continue
        head = head_of(row + b"\n")
        if head is not None:
            yield head.source, hashlib.blake2b(row).digest()


def rows(out: Path, form: Format) -> Iterator[bytes]:
    """Every row that is there, in its order of writing, a torn one left out."""
    if form == "csv":
        yield from out.read_bytes().split(b"\r\n")[1:-1] if out.exists() else ()
    elif form == "jsonl":
        yield from out.read_bytes().split(b"\n")[:-1] if out.exists() else ()
    elif form == "sqlite":
        yield from _of_database(out)
    else:
        if out.exists():
            yield from (line[:-1] for line in _packing(form).lines(str(out)))
        journal = out.with_name(f".{out.name}.journal")
        yield from journal.read_bytes().split(b"\n")[:-1] if journal.exists() else ()


def plain(out: Path, form: Format) -> Iterator[bytes]:
    """The records of a completed output without ``seconds``, which no two runs share."""
    for row in rows(out, form):
        if form == "csv":
            yield row
        else:
            record = orjson.loads(row)
            del record["seconds"]
            yield orjson.dumps(record)


def _packing(form: Format) -> Compressed | Parquet:
    if form == "parquet":
        return Parquet(Wanted(config=""))
    return Compressed("gz" if form == "jsonl.gz" else "zst")


def _of_database(out: Path) -> Iterator[bytes]:
    """The records of a database, read from a copy, so that its WAL is left as the kill left it."""
    if not out.exists():
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / out.name
        for ending in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{out}{ending}", f"{copy}{ending}")
        connection = sqlite3.connect(copy)
        try:
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() != (0,):
                for (record,) in connection.execute("SELECT record FROM records ORDER BY seq"):
                    yield record.encode()
        finally:
            connection.close()


def report(told: Told, count: int, form: Format) -> str:
    """The figures in words."""
    fresh = sorted(told.fresh)
    return (
        f"{form}: {count:,} pages, {told.groups} kills of the whole run ({told.at_end} of them "
        f"while it put its output in order), {told.workers} of one worker; "
        f"{told.runs} runs in {told.rounds} rounds, {told.seconds:.0f} s "
        f"(undisturbed {told.undisturbed:.1f} s); new records a run: "
        f"median {fresh[len(fresh) // 2]}, most {fresh[-1]}\n"
        f"{form}: {told.lost} lost, {told.double} double, "
        f"{told.rounds - told.unequal} of {told.rounds} rounds equal to the undisturbed run"
    )


def torture(folder: Path, count: int, kills: int, form: Format, seed: int) -> Told:
    """Pages made in ``folder``, extracted and killed; see the module."""
    return Torture(folder, count, form, seed).go(kills)


def main() -> None:
    """Run it as the words say; ends with 1 if anything was lost or done twice."""
    parser = argparse.ArgumentParser(description="Kill a run again and again; see the source.")
    parser.add_argument("--pages", type=int, default=2_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--format", choices=FORMATS, default="jsonl")
    parser.add_argument("--seed", type=int, default=7)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = torture(Path(folder), words.pages, words.kills, words.format, words.seed)
    print(report(told, words.pages, words.format))
    sys.exit(bool(told.lost or told.double or told.unequal))


if __name__ == "__main__":
    main()
