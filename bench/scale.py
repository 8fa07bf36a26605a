"""A large batch through `rolecall extract --out`: rate, memory, and what a kill costs.

scale.py COUNT [--pages tiny|realistic|corpus] [--workers N] [--skip-kill]

COUNT pages are made and written as JSON Lines; then they are extracted twice: once undisturbed,
and once with every process killed (SIGKILL) when half of the records are there, and continued with
``--resume``. Memory is that of all processes of the run together, sampled: RSS counts pages that
processes share once for each of them, PSS once in all. Prints a table, writes ``build/scale.json``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pages
from own import least_squares

BUILD = pages.ROOT / "build"
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICK = 0.05  # seconds between looks at the output
SAMPLE = 0.5  # seconds between looks at memory
KEPT = re.compile(r"([\d,]+) kept\b")


@dataclass
class Sample:
    """Memory of all processes at one moment, in bytes, when ``done`` records were written."""

    done: int
    rss: int
    pss: int


@dataclass
class Lines:
    """How many whole lines a growing file has; it is read once, piece by piece."""

    path: Path
    count: int = 0
    _at: int = 0
    _inode: int = 0

    def look(self) -> int:
        """The lines that are there now."""
        try:
            with self.path.open("rb") as file:
                inode = os.fstat(file.fileno()).st_ino
                if inode != self._inode:  # the file was put in order
                    self.count, self._at, self._inode = 0, 0, inode
                file.seek(self._at)
                while block := file.read(1 << 20):
                    self.count += block.count(b"\n")
                    self._at += len(block)
        except FileNotFoundError:
            return 0
        return self.count


@dataclass
class Run:
    """A `rolecall extract` under observation: seconds since its start, and its memory."""

    process: subprocess.Popen[str]
    lines: Lines
    begun: float = field(default_factory=time.monotonic)
    samples: list[Sample] = field(default_factory=list)
    first: float | None = None
    _next: float = 0.0

    def watch(self, until: Callable[[int], bool]) -> float:
        """Look on until the run ends or ``until`` says so of the records; seconds since start."""
        before = self.lines.look()
        while self.process.poll() is None:
            done, now = self.lines.look(), time.monotonic() - self.begun
            if self.first is None and done > before:
                self.first = now
            if now >= self._next:
                self._next = now + SAMPLE
                self.samples.append(Sample(done, *memory(self.process.pid)))
            if until(done):
                break
            time.sleep(TICK)
        return time.monotonic() - self.begun


def start(folder: Path, workers: int, *, resume: bool = False) -> Run:
    """Begin a run over the pages of ``folder``, in a process group of its own."""
    command = [sys.executable, "-m", "rolecall", "extract", str(folder / "pages.jsonl")]
    command += ["--out", str(folder / "out.jsonl"), "--workers", str(workers)]
    if resume:
        command.append("--resume")
    else:
        (folder / "out.jsonl").unlink(missing_ok=True)
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, start_new_session=True, cwd=folder
    )
    return Run(process, Lines(folder / "out.jsonl"))


def processes(group: int) -> Iterator[int]:
    """The processes of a group; a worker that was just replaced may be one of them."""
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                if os.getpgid(int(entry.name)) == group:
                    yield int(entry.name)
            except ProcessLookupError:
                continue


def memory(group: int) -> tuple[int, int]:
    """Bytes of RSS and PSS of all processes of a group."""
    rss = pss = 0
    for number in processes(group):
        try:
            rss += int(Path(f"/proc/{number}/statm").read_text().split()[1]) * PAGE_BYTES
            rollup = Path(f"/proc/{number}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError, PermissionError, IndexError):
            continue
        pss += next(
            (int(line.split()[1]) * 1024 for line in rollup.splitlines() if line[:4] == "Pss:"), 0
        )
    return rss, pss


def write_pages(kind: str, count: int, path: Path) -> dict[str, float]:
    """Write the pages as JSON Lines; how large they are and how long that took."""
    begun, sizes = time.monotonic(), []
    with path.open("w", encoding="utf-8") as out:
        for body in pages.kinds()[kind](count):
            sizes.append(len(body))
            out.write(json.dumps({"html": body.decode("utf-8", "replace")}) + "\n")
    return {"median_bytes": statistics.median(sizes), "seconds": time.monotonic() - begun}


def digest(path: Path) -> tuple[int, str]:
    """The records in a file, and a hash of them all without their times."""
    told, count = blake2b(digest_size=16), 0
    with path.open("rb") as file:
        for line in file:
            record = json.loads(line)
            record.pop("seconds", None)
            told.update(json.dumps(record, sort_keys=True).encode())
            count += 1
    return count, told.hexdigest()


def undisturbed(folder: Path, count: int, workers: int) -> dict[str, Any]:
    """One whole run: its rate, its memory, and the hash of what came out."""
    run = start(folder, workers)
    seconds = run.watch(lambda done: False)
    told = run.process.communicate()[1]
    records, said = digest(folder / "out.jsonl")
    later = [one for one in run.samples if one.done >= count / 5]
    slope = {
        name: least_squares([(one.done, getattr(one, name)) for one in later]) if later else 0.0
        for name in ("rss", "pss")
    }
    return {
        "seconds": seconds,
        "pages_per_s": count / seconds,
        "first_record_s": run.first,
        "peak_rss_mb": max(one.rss for one in run.samples) / 1e6,
        "peak_pss_mb": max(one.pss for one in run.samples) / 1e6,
        "rss_bytes_per_page": slope["rss"],
        "pss_bytes_per_page": slope["pss"],
        "records": records,
        "digest": said,
        "exit": run.process.returncode,
        "summary": told.strip().splitlines(),
    }


def killed(folder: Path, count: int, workers: int, wanted: str) -> dict[str, Any]:
    """A run that is killed with half of its records written, and continued."""
    run = start(folder, workers)
    run.watch(lambda done: done * 2 >= count)
    os.killpg(run.process.pid, signal.SIGKILL)
    run.process.communicate()
    there = Lines(folder / "out.jsonl").look()
    again = start(folder, workers, resume=True)
    seconds = again.watch(lambda done: False)
    told = again.process.communicate()[1].strip().splitlines()
    records, said = digest(folder / "out.jsonl")
    kept = kept_of(told)
    return {
        "records_at_kill": there,
        "kept": kept,
        "done_twice": there - kept,
        "resumed_s": again.first,
        "seconds": seconds,
        "records": records,
        "equal": said == wanted,
        "exit": again.process.returncode,
        "summary": told,
    }


def kept_of(told: Sequence[str]) -> int:
    """How many records of an earlier run were kept, by what a run said at its end."""
    said = next((line for line in told if line.startswith("done:")), "")
    found = KEPT.search(said)
    return int(found.group(1).replace(",", "")) if found is not None else 0


def table(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    run = figures["run"]
    rows = [
        ("pages/s", f"{run['pages_per_s']:.1f}"),
        ("start-up to the first record", f"{run['first_record_s'] or 0:.2f} s"),
        ("peak memory, sum of RSS", f"{run['peak_rss_mb']:.0f} MB"),
        ("peak memory, sum of PSS", f"{run['peak_pss_mb']:.0f} MB"),
        ("memory added per page, RSS", f"{run['rss_bytes_per_page']:.0f} bytes"),
        ("memory added per page, PSS", f"{run['pss_bytes_per_page']:.0f} bytes"),
    ]
    if "killed" in figures:
        cut = figures["killed"]
        rows += [
            ("records when killed", f"{cut['records_at_kill']:,}"),
            ("to the first new record", f"{cut['resumed_s'] or 0:.2f} s"),
            ("finished records done twice", f"{cut['done_twice']}"),
            ("same records in the end", "yes" if cut["equal"] else "NO"),
        ]
    head = (
        f"{figures['pages']:,} {figures['kind']} pages of {figures['made']['median_bytes']:,.0f}"
        f" bytes, {figures['workers']} workers, load before {figures['load']:.1f}"
    )
    return "\n".join([head, *(f"{name:32}{value:>14}" for name, value in rows)])


def main() -> None:
    """Measure, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=100_000)
    parser.add_argument("--pages", choices=("tiny", "realistic", "corpus"), default="tiny")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--skip-kill", action="store_true", help="one undisturbed run only")
    told = parser.parse_args()
    folder = BUILD / "scale"
    folder.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {
        "pages": told.count,
        "kind": told.pages,
        "workers": told.workers,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "made": write_pages(told.pages, told.count, folder / "pages.jsonl"),
    }
    figures["run"] = undisturbed(folder, told.count, told.workers)
    if not told.skip_kill:
        figures["killed"] = killed(folder, told.count, told.workers, figures["run"]["digest"])
    shutil.rmtree(folder)
    name = f"scale-{told.pages}-{told.workers}.json"
    (BUILD / name).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    print(table(figures))


if __name__ == "__main__":
    main()
