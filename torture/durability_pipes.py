"""Outputs that go away, and streams that are closed: quiet, with the right exit code."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from torture.durability_common import (
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
)
from torture.nouns import Case, Class, Group, Terms

COUNT = 24


def pipes(terms: Terms) -> Group:
    """Readers that go, writers that meet, folders that vanish."""
    told = environ(terms.scratch / "home")
    source = pages(terms.scratch / "pages", COUNT, slower=True)
    one = next(iter(sorted(source.iterdir())))
    places = (source, told, terms.scratch)
    calls: dict[str, Callable[[], Any]] = {
        "reader of stdout goes away": functools.partial(reader_gone, source, told),
        "stdout is full": functools.partial(full, source, told),
        "two runs on one output": functools.partial(two_runs, *places),
        "folder of the output is removed": functools.partial(vanished, *places, "removed"),
        "lines on stdin that break off": functools.partial(broken_lines, told),
        "closed at the start: 0 1 2": functools.partial(
            closed_streams, one, told, "0 1 2", terms.scratch
        ),
    }
    if terms.full:
        calls |= {
            "reader of stderr goes away": functools.partial(stderr_gone, source, told),
            "folder of the output is renamed": functools.partial(vanished, *places, "renamed"),
            "output is removed": functools.partial(vanished, *places, "unlinked"),
            "a pipe as output": functools.partial(a_pipe, one, told, terms.scratch),
        }
        for closed in ("0", "1", "2"):
            call = functools.partial(closed_streams, one, told, closed, terms.scratch)
            calls[f"closed at the start: {closed}"] = call
        for form in ("csv", "sqlite", "parquet", "jsonl.gz"):
            calls[f"two runs on one output, {form}"] = functools.partial(two_runs, *places, form)
            for how in ("removed", "renamed", "unlinked"):
                name = f"output or folder is {how}, {form}"
                calls[name] = functools.partial(vanished, *places, how, form)
    cases: list[Case] = [tried(name, call) for name, call in calls.items()]
    return Group(said="closed pipes and streams, outputs that vanish", cases=tuple(cases))


def reader_gone(source: Path, told: Mapping[str, str]) -> None:
    """As ``| head -1`` does."""
    with running(start(["extract", str(source), "--workers", "2"], told)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.stdout.close()
        err = process.stderr.read()
        code = process.wait(30)
    plain(code, err, 141)
    demand(json.loads(first)["source"], "no record")
    demand("rror" not in err, f"it is not quiet: {err[-200:]}")


def stderr_gone(source: Path, told: Mapping[str, str]) -> None:
    """Nobody reads the progress any more: the records are what counts."""
    with running(start(["extract", str(source), "--workers", "2", "--verbose"], told)) as process:
        assert process.stderr is not None
        process.stderr.close()
        assert process.stdout is not None
        out = process.stdout.read()
        code = process.wait(60)
    count = len(out.splitlines())
    demand(code in (0, 141), f"exit code {code}")
    demand(code or count == COUNT, f"{count} records, and exit code 0", Class.LOST)


def full(source: Path, told: Mapping[str, str]) -> None:
    """``> /dev/full``."""
    with open("/dev/full", "w") as device:
        code, _, err = ran(["extract", str(source), "--workers", "2"], told, stdout=device)
    plain(code, err, 1)
    demand("space" in err, f"it does not say why: {err[-200:]}")


def two_runs(source: Path, told: Mapping[str, str], scratch: Path, form: str = "jsonl") -> None:
    """The second one is refused, and the first one is not disturbed."""
    out = scratch / f"two.{form}"
    words = ["extract", str(source), "--out", str(out), "--workers", "2"]
    with running(start(words, told)) as process:
        until(lambda: process.poll() is not None or any(scratch.glob(f"*two.{form}*")))
        refused = 0
        for more in ("--resume", "--force", ""):
            code, _, err = ran([*words, more] if more else words, told)
            if process.poll() is None:
                plain(code, err, 2)
                refused += "another run" in err or "exists" in err or "begun by a run" in err
        _, err = process.communicate(timeout=120)
    plain(process.returncode, err, 0)
    demand(f"{COUNT} inputs" in err, f"other inputs: {err[-200:]}", Class.LOST)
    code, _, err = ran([*words, "--resume"], told)
    plain(code, err, 0)
    demand(f"{COUNT} kept" in err, f"not all is kept: {err[-200:]}", Class.LOST)


def vanished(
    source: Path, told: Mapping[str, str], scratch: Path, how: str, form: str = "jsonl"
) -> None:
    """The output or its folder is taken away while it is written."""
    folder = scratch / f"{how}-{form}"
    folder.mkdir()
    out = folder / f"out.{form}"
    with running(start(["extract", str(source), "--out", str(out), "--workers", "2"], told)) as one:
        until(lambda: one.poll() is not None or sum(f.stat().st_size for f in present(folder)) > 99)
        over = one.poll() is not None
        if how == "removed":
            shutil.rmtree(folder, ignore_errors=True)
        elif how == "renamed":
            folder.rename(scratch / f"{how}-{form}-away")
        else:
            for file in present(folder):
                file.unlink(missing_ok=True)
        _, err = one.communicate(timeout=120)
    if over:
        return
    plain(one.returncode, err, 1)
    demand("removed or replaced" in err or "cannot write" in err, f"not said: {err[-200:]}")
    demand("hint:" in err, "no remedy is named")


def present(folder: Path) -> list[Path]:
    """The files of a folder that may go at any moment."""
    try:
        return [one for one in folder.iterdir() if one.exists()]
    except FileNotFoundError:
        return []


def closed_streams(one: Path, told: Mapping[str, str], closed: str, scratch: Path) -> None:
    """Standard streams that were closed before the program began."""
    out = scratch / f"closed-{closed.replace(' ', '')}.jsonl"
    script = " ".join(f"{n}{'<' if n == '0' else '>'}&-" for n in closed.split())
    words = " ".join([sys.executable, "-m", "rolecall", "extract", str(one), "--out", str(out)])
    done = subprocess.run(
        ["sh", "-c", f"exec {words} {script}"], env=dict(told), capture_output=True, timeout=60,
        check=False,
    )  # fmt: skip
    plain(done.returncode, done.stderr.decode(), 0)
    demand(len(out.read_bytes().splitlines()) == 1, "no record", Class.LOST)


def broken_lines(told: Mapping[str, str]) -> None:
    """Whoever writes lines of JSON dies in the middle of one: each line has its record."""
    whole = json.dumps({"html": page(1).decode(), "url": "http://a.example/1"})
    lines = f'{whole}\n{{"html": 1}}\n\n{whole[:80]}'
    process = start(["extract", "-", "--workers", "1"], told, stdin=subprocess.PIPE)
    with running(process):
        out, err = process.communicate(lines, timeout=60)
    plain(process.returncode, err, 3)
    demand(len(out.splitlines()) == 3, f"{len(out.splitlines())} records of 3", Class.LOST)


def a_pipe(one: Path, told: Mapping[str, str], scratch: Path) -> None:
    """A named pipe cannot be continued: it is refused at once, not waited for."""
    place = scratch / "fifo"
    os.mkfifo(place)
    code, _, err = ran(["extract", str(one), "--out", str(place)], told, 20)
    plain(code, err, 2)
    demand("hint:" in err, "no remedy is named")
