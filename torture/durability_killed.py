"""Runs that kill themselves.

    python -m torture.durability_killed FOLDER SEED SCRIPT=EVERY=RANDOM ...

A script is a list of steps over the real database or a real output. It is run once whole, which
counts its *points*: the moments before each statement of SQLite (also those of triggers), and
before each operation on a file, a write being cut in half as well. Then it is run once more for
every ``EVERY``-th point, in a process forked for it, which ends itself there with SIGKILL; and
``RANDOM`` times at some instruction of SQLite's virtual machine. After each kill the script looks
at what is there. One line of JSON a kill goes to stdout.
"""

from __future__ import annotations

import builtins
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

STEPS: Final = 997
"""Instructions of SQLite's machine between looks; a prime, so that loops do not hide between."""


class Script(Protocol):
    """What is run, and what must hold wherever it was cut."""

    def ready(self, folder: Path) -> None:
        """Make what is there before."""

    def steps(self, folder: Path) -> list[tuple[str, Callable[[], Any]]]:
        """The steps by name, over ``folder``; what they return is written down once they return."""

    def wrong(self, folder: Path, acks: list[Any], commits: int | None) -> str:
        """What is wrong with what is there after ``acks``; empty if nothing is.

        ``commits`` is how many transactions had ended, where that is known exactly.
        """


class Points:
    """Counts points, and ends the process at one of them."""

    def __init__(self, folder: Path, kill: int, ticks: int = 0) -> None:
        self.folder, self.kill, self.ticks = str(folder), kill, ticks
        self.count = self.commits = 0
        self.step = "before"
        self.steps: list[tuple[str, int]] = []
        self.ending = False
        self._write = os.write
        self._log = os.open(folder / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def at(self, cut: Callable[[], None] | None = None) -> None:
        """One point; ``cut`` does half of what comes next before the end."""
        if self.ending:
            self.commits, self.ending = self.commits + 1, False
        if self.count == self.kill:
            if cut is not None:
                cut()
            self._die()
        self.steps.append((self.step, self.commits))
        self.count += 1

    def statement(self, sql: str) -> None:
        """A statement of SQLite is about to run."""
        self.at()
        self.ending = sql.startswith("COMMIT")

    def tick(self) -> int:
        """Some instructions have run."""
        self.ticks -= 1
        if self.ticks == 0:
            self._die()
        return 0

    def ack(self, told: Any) -> None:
        """A step has returned: what it told is acknowledged."""
        self._write(self._log, json.dumps([self.step, told]).encode() + b"\n")

    def _die(self) -> None:
        told = {"step": self.step, "commits": None if self.kill < 0 else self.commits}
        self._write(self._log, json.dumps({"killed": told}).encode() + b"\n")
        os.kill(os.getpid(), signal.SIGKILL)


def install(points: Points) -> None:
    """Let every statement and every operation on a file of the folder be a point, here."""
    connect = sqlite3.connect

    def traced(*words: Any, **named: Any) -> sqlite3.Connection:
        found: sqlite3.Connection = connect(*words, **named)
        if points.kill >= 0 or not points.ticks:
            found.set_trace_callback(points.statement)
        else:
            found.set_progress_handler(points.tick, STEPS)
        return found

    sqlite3.connect = traced  # type: ignore[assignment]
    if points.ticks:
        return
    for name in ("fsync", "replace", "unlink", "ftruncate", "chmod"):
        setattr(os, name, _pointed(getattr(os, name), points))
    write, pwrite = os.write, os.pwrite

    def written(descriptor: int, data: Any) -> int:
        points.at()
        points.at(lambda: void(write(descriptor, memoryview(data)[: len(data) // 2])))
        return write(descriptor, data)

    def pwritten(descriptor: int, data: Any, at: int) -> int:
        points.at()
        points.at(lambda: void(pwrite(descriptor, memoryview(data)[: len(data) // 2], at)))
        return pwrite(descriptor, data, at)

    os.write, os.pwrite = written, pwritten
    opened = builtins.open

    def open_one(file: Any, mode: str = "r", *words: Any, **named: Any) -> Any:
        if str(file).startswith(points.folder) and mode != "rb":
            points.at()
        return opened(file, mode, *words, **named)

    builtins.open = open_one


def void(_: object) -> None:
    """Nothing."""


def _pointed(inner: Callable[..., Any], points: Points) -> Callable[..., Any]:
    def outer(*words: Any, **named: Any) -> Any:
        points.at()
        return inner(*words, **named)

    return outer


def run(script: Script, folder: Path, points: Points) -> None:
    """The whole script, in this process."""
    install(points)
    for name, step in script.steps(folder):
        points.step = name
        told = step()
        points.ack(told)
    points.step = "after"
    points.at()


def forked(script: Script, folder: Path, kill: int, ticks: int = 0) -> str:
    """Run the script in a child that ends itself at a point; how it ended, if not as it was told.

    The points of a whole run are left in a file.
    """
    folder.mkdir(parents=True)
    script.ready(folder)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            points = Points(folder, kill, ticks)
            run(script, folder, points)
            (folder / "points").write_text(json.dumps(points.steps))
            code = 0
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return "" if code in (0, -signal.SIGKILL) else f"the script ended with {code}"


def looked(script: Script, folder: Path, ended: str) -> dict[str, Any]:
    """What was found after one kill."""
    told: dict[str, Any] = {"step": "after", "commits": None}
    acks = []
    for line in (folder / "acks").read_text().splitlines():
        found = json.loads(line)
        if isinstance(found, dict):
            told = found["killed"]
        else:
            acks.append(found)
    wrong = ended
    if not wrong:
        try:
            wrong = script.wrong(folder, acks, told["commits"])
        except Exception as error:
            wrong = f"{type(error).__name__}: {error}"
    return {"step": told["step"], "wrong": wrong}


def main() -> int:
    """Run them as the words say."""
    from torture.durability_scripts import SCRIPTS

    place, seed, *words = sys.argv[1:]
    draw = random.Random(int(seed))
    for word in words:
        name, every, ticks = word.split("=")
        root = Path(place) / name
        told = killed(SCRIPTS[name](), root, draw, (int(every), int(ticks)))
        for one in told:
            sys.stdout.write(json.dumps({"script": name, **one}) + "\n")
        sys.stdout.flush()
    return 0


def killed(
    script: Script, root: Path, draw: random.Random, how: tuple[int, int]
) -> list[dict[str, Any]]:
    """One script: what was found after each kill, and last how many points there are."""
    every, ticks = how
    ended = forked(script, root / "whole", -1)
    if ended:
        return [{"step": "whole", "wrong": ended}]
    steps = json.loads((root / "whole" / "points").read_text())
    kills = [(point, 0) for point in range(draw.randrange(every), len(steps), every)]
    kills += [(-1, draw.randint(1, 400)) for _ in range(ticks)]
    found = []
    for number, (point, after) in enumerate(kills):
        folder = root / str(number)
        ended = forked(script, folder, point, after)
        found.append(looked(script, folder, ended))
        shutil.rmtree(folder)
    return [*found, {"points": len(steps), "kills": len(kills)}]


if __name__ == "__main__":
    sys.exit(main())
