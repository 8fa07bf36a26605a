"""Power cuts: the database and its log as they are at random moments while somebody writes."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Final

from rolecall.errors import DatabaseError
from rolecall.ledger.database import Database
from rolecall.queue.queue import Queue
from torture.durability_common import ROOT, WrongError, demand, tried
from torture.durability_scripts import FILE, RULES, illegal, work
from torture.durability_writer import salt_of
from torture.nouns import Case, Class, Figure, Group, Terms

KINDS: Final = ("as it was", "log cut short", "log with a torn end", "log with junk behind")


def snapshots(terms: Terms) -> Group:
    """Copies that are opened: whole, legal, with all that was acknowledged, and able to go on."""
    draw, wanted = random.Random(terms.seed), terms.number(40, 1_000)
    folder = terms.scratch / "live"
    folder.mkdir()
    command = [sys.executable, "-m", "torture.durability_writer", str(folder)]
    writer = subprocess.Popen(command, cwd=ROOT)
    tries: Counter[str] = Counter()
    wrong: dict[str, str] = {}
    try:
        while tries.total() < wanted and writer.poll() is None:
            time.sleep(draw.uniform(0.0, 0.02))
            kind = KINDS[tries.total() % len(KINDS)]
            copy = terms.scratch / f"copy{tries.total()}"
            copy.mkdir()
            acknowledged = acks(folder)
            if len(acknowledged) < 3 or not copied(folder, copy):
                shutil.rmtree(copy)
                continue
            tries[kind] += 1
            told = tried(kind, partial(look, copy, kind, acknowledged, draw))
            if told.found is not Class.RIGHT:
                wrong.setdefault(kind, f"{told.found.name} {told.note}")
            shutil.rmtree(copy)
            if tries.total() % 250 == 0:
                terms.say(f"{tries.total()} copies")
    finally:
        writer.kill()
        writer.wait()
    cases = [
        Case(name=kind, found=Class[wrong[kind].split()[0]], note=wrong[kind])
        if kind in wrong
        else Case(name=kind, found=Class.RIGHT, note=f"{tries[kind]} copies")
        for kind in KINDS
    ]
    figure = Figure(
        name="copies that opened clean",
        value=float(tries.total() if not wrong else 0),
        goal=f"{wanted} of {wanted}",
        held=not wrong and tries.total() == wanted,
    )
    return Group(
        said="database and log copied while written, as a power cut leaves them",
        cases=tuple(cases),
        figures=(figure,),
    )


def acks(folder: Path) -> list[tuple[list[int], str, int]]:
    """What was acknowledged so far, with the log's salt and its size on the disk then."""
    try:
        lines = (folder / "acks").read_text().splitlines(keepends=True)
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        if line.endswith("\n"):
            tasks, salt, size = line.split()
            found.append(([int(one) for one in tasks.split(",")], salt, int(size)))
    return found


def copied(folder: Path, copy: Path) -> bool:
    """Copy a database and its log; says whether the database stood still meanwhile.

    It changes only when the log begins anew; a copy that was cut by that is not what a disk shows
    at one moment.
    """
    path = folder / FILE
    changed, salt = path.stat().st_mtime_ns, salt_of(Path(f"{path}-wal"))[0]
    shutil.copyfile(path, copy / FILE)
    shutil.copyfile(f"{path}-wal", copy / f"{FILE}-wal")
    return path.stat().st_mtime_ns == changed and salt_of(Path(f"{path}-wal"))[0] == salt


def look(
    copy: Path, kind: str, acknowledged: list[tuple[list[int], str, int]], draw: random.Random
) -> None:
    """Spoil what had not reached the disk, open, and hold it against what was acknowledged."""
    log = copy / f"{FILE}-wal"
    salt, size = salt_of(log)
    safe = max((one[2] for one in acknowledged if one[1] == salt), default=size)
    if kind != KINDS[0] and safe <= size:
        cut = draw.randint(safe, size)
        with log.open("r+b") as file:
            file.truncate(cut)
            file.seek(cut)
            if kind == KINDS[2]:
                file.write(bytes(size - cut))
            elif kind == KINDS[3]:
                file.write(draw.randbytes(draw.randint(1, 9_000)))
    try:
        with Database(copy / FILE) as store:
            demand(store.rows("PRAGMA integrity_check") == [("ok",)], "it is not whole")
            queue = Queue(store, rules=RULES)
            told = illegal(queue)
            demand(not told, told)
            there = {row[0] for row in store.rows("SELECT id FROM queue_task")}
            newest = {one for tasks, _, _ in acknowledged[-30:] for one in tasks}
            gone = sorted(newest - there)
            demand(not gone, f"{gone} are gone", Class.LOST)
            if draw.random() < 0.1:
                work(queue)
                told = illegal(queue)
                demand(not told, told)
    except DatabaseError as error:
        raise WrongError(str(error), Class.LOST) from error
