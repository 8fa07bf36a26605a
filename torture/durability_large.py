"""Many tasks and pages: starting over a long queue, resuming a long run, and kills at random."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from rolecall.ledger.database import Database
from rolecall.queue.nouns import NewTask, Submission
from rolecall.queue.queue import Queue
from torture.durability_common import ROOT, environ, page, running, start, until
from torture.durability_scripts import FILE
from torture.nouns import Case, Class, Figure, Group, Terms

BATCH: Final = 1_000
SUMS: Final = r"(\d+) lost, (\d+) double, (\d+) of (\d+) rounds equal"
KILLS: Final = r"([\d,]+) kills of the whole run .*?, ([\d,]+) of one worker"
FORMATS: Final = ("jsonl", "csv", "sqlite", "parquet", "jsonl.gz", "jsonl.zst")


KILLED: Final = {"sqlite": (3_000, 300), "postgres": (1_000, 100)}
"""Tasks and kills of each store; a kill takes a second and more until somebody works again. The
whole of it, 10,000 tasks and 1,000 kills, takes longer than a group may: ``make torture-queue``."""


def restart(terms: Terms) -> Group:
    """How long a worker takes until it has its first task, over a long queue."""
    count, folder = terms.number(2_000, 100_000), terms.scratch / "data"
    folder.mkdir()
    with Database(folder / FILE) as store:
        queue = Queue(store)
        for first in range(0, count, BATCH):
            numbers = range(first, first + BATCH)
            tasks = tuple(NewTask(source=f"p{n}", body=page(n)) for n in numbers)
            queue.inbox.submit(Submission(submitter="torture", tasks=tasks))
        told = environ(terms.scratch / "home", ROLECALL_DATA_FOLDER=str(folder))
        times = []
        for _ in range(terms.number(1, 5)):
            before = queue.view.counts()["queued"]
            began = time.monotonic()
            with running(start(["work", "--workers", "1"], told)):
                until(lambda before=before: queue.view.counts()["queued"] < before, 60)  # type: ignore[misc]
                times.append(time.monotonic() - began)
        total = sum(queue.view.counts().values())
    case = Case(
        name="nothing is lost",
        found=Class.RIGHT if total == count else Class.LOST,
        note=f"{total:,} of {count:,}",
    )
    seconds = sorted(times)[len(times) // 2]
    figure = Figure(
        name=f"first task of {count:,}, from the command on (median of {len(times)})",
        value=seconds, unit="s", goal="<= 2 s", held=seconds <= 2 if terms.full else None,
    )  # fmt: skip
    return Group(
        said="a worker is killed and started again over a long queue",
        cases=(case,),
        figures=(figure, load()),
    )


def resume(terms: Terms) -> Group:
    """A long run that is killed in its middle and continued: ``bench/scale.py``."""
    count = terms.number(100, 100_000)
    done = child(["bench/scale.py", str(count), "--workers", "2"], 3_000)
    file = ROOT / "build" / "scale-tiny-2.json"
    if done.returncode or not file.exists():
        return Group(said="a long run killed and continued", cases=(crashed(done),))
    told: dict[str, Any] = json.loads(file.read_text())["killed"]
    twice, resumed = int(told["done_twice"]), float(told["resumed_s"] or 0)
    right = told["equal"] and not twice and told["records"] == count
    case = Case(
        name="killed at half and continued",
        found=Class.RIGHT if right else Class.LOST,
        note=f"{told['records_at_kill']:,} there, {told['kept']:,} kept of {count:,}",
    )
    return Group(
        said=f"a run of {count:,} small pages, killed at half and continued",
        cases=(case,),
        figures=(
            Figure(name="finished records done twice", value=twice, goal="0", held=not twice),
            Figure(name="from the command to the first new record", value=resumed, unit="s",
                   goal="<= 5 s", held=resumed <= 5 if terms.full else None),
            load(),
        ),
    )  # fmt: skip


def kills_of_runs(terms: Terms) -> Group:
    """Runs that are killed at random, in each format: ``bench/torture_batch.py``."""
    pages, kills = terms.number(20, 1_000), terms.number(1, 40)
    cases, figures = [], []
    for form in FORMATS if terms.full else FORMATS[:1]:
        words = ["--pages", str(pages), "--kills", str(kills), "--format", form]
        done = child(["bench/torture_batch.py", *words, "--seed", str(terms.seed % 1_000)], 900)
        found, made = re.search(SUMS, done.stdout), re.search(KILLS, done.stdout)
        if found is None or made is None:
            cases.append(crashed(done, form))
            continue
        lost, double, equal, rounds = map(int, found.groups())
        right = not lost and not double and equal == rounds
        note = f"{lost} lost, {double} double, {equal} of {rounds} rounds equal"
        cases.append(Case(name=form, found=Class.RIGHT if right else Class.LOST, note=note))
        total = sum(int(one.replace(",", "")) for one in made.groups())
        figures.append(Figure(name=f"kills, {form}", value=total))
    said = f"kill -9 at random in runs of {pages:,} pages, continued"
    return Group(said=said, cases=tuple(cases), figures=tuple(figures))


def kills_of_queues(terms: Terms) -> Group:
    """Workers and submitters that are killed at random: ``bench/torture_queue.py``."""
    cases, figures = [], []
    said = "kill -9 at random of workers, their processes and who hands in"
    if not terms.full:
        return Group(said=said, skipped="in the long form alone: each process is a second of CPU")
    for store, (tasks, kills) in KILLED.items():
        words = ["--store", store, "--tasks", str(tasks), "--kills", str(kills)]
        done = child(["bench/torture_queue.py", *words, "--seed", str(terms.seed)], 1_500)
        told = dict(re.findall(r"^ *(\w[\w ]*?)  +(.+)$", done.stdout, re.MULTILINE))
        if "wrong" not in told:
            cases.append(crashed(done, store))
            continue
        right = told["wrong"].startswith("nothing")
        found = Class.RIGHT if right else Class.LOST
        cases.append(Case(name=store, found=found, note=told["wrong"][:200]))
        repeated = re.match(r"([\d,]+) \(at most ([\d,]+)\)", told.get("repeated", ""))
        figures.append(Figure(name=f"kills, {store}", value=number(told["kills"])))
        if repeated is not None:
            more, most = number(repeated[1]), number(repeated[2])
            figures.append(
                Figure(name=f"calls of the engine repeated, {store}", value=more,
                       goal=f"<= {most:g} (in flight at the kills)", held=more <= most)
            )  # fmt: skip
    return Group(
        said=said,
        cases=tuple(cases),
        figures=(*figures, load()),
    )


def number(told: str) -> float:
    """A count as a table shows it."""
    return float(told.replace(",", ""))


def load() -> Figure:
    """How busy the machine was, which times are to be read with."""
    return Figure(name="load of the machine", value=round(os.getloadavg()[0], 1))


def child(words: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    """A bench in a process of its own."""
    (ROOT / "build").mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environ(home(), ROLECALL_ENGINE="auto"),
    )  # fmt: skip
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.terminate()
        out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(words, process.returncode, out, err)


def home() -> Path:
    """A home for benches, which set their own folders."""
    return ROOT / "build" / "home"


def crashed(done: subprocess.CompletedProcess[str], name: str = "itself") -> Case:
    """A bench that gave no figures."""
    hung = done.returncode in (-15, 143)
    note = "it took too long" if hung else (done.stderr or done.stdout)[-300:]
    return Case(name=name, found=Class.HUNG if hung else Class.CRASHED, note=note)
