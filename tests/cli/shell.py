"""The real command in its own process, and pages to give it."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from rolecall.cli import main

COMMAND = (sys.executable, "-m", "rolecall")
PAGE = """<!doctype html><html lang="en"><head><title>{title}</title></head><body>
<nav><a href="/">Home</a> <a href="/jobs">All vacancies</a></nav>
<main><h1>{title}</h1><p>Company: Harbour Bakery Ltd</p><p>Location: Leeds, United Kingdom</p>
<h2>About the role</h2><p>You bake bread at night and lead a small team of four people. Vacancy
number {number}.</p><h2>Requirements</h2><ul><li>Two years of experience in a bakery</li>
<li>Basic food hygiene certificate</li></ul><p>Salary: £28,000 - £32,000 per year</p></main>
<footer>Imprint</footer></body></html>"""


def page(number: int = 1, title: str = "Night Baker") -> str:
    return PAGE.format(number=number, title=title)


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ROLECALL_")}
    # Whoever runs the tests may have a database, which is not ours to count in.
    base = {"XDG_CONFIG_HOME": "/nonexistent", "ROLECALL_WATCH_RUNS": "false"}
    return kept | base | more


def rolecall(
    *words: str | Path,
    stdin: bytes | None = None,
    cwd: Path | None = None,
    **more: str,
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        input=stdin,
        stdin=subprocess.DEVNULL if stdin is None else None,
        capture_output=True,
        cwd=cwd,
        env=environment(**more),
        timeout=60,
        check=False,
    )


def inside(
    *words: str | Path, stdin: bytes = b"", cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[bytes]:
    """The same in this process, which saves a start: for what needs no process of its own."""
    before = dict(os.environ)
    with contextlib.chdir(cwd or Path.cwd()), _streams(stdin, more) as printed:
        os.environ.clear()
        os.environ.update(environment(**more))
        try:
            code = main([str(one) for one in words])
        except SystemExit as ended:
            code = int(ended.code or 0)
        finally:
            os.environ.clear()
            os.environ.update(before)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        out, err = (os.pread(one.fileno(), 1 << 28, 0) for one in printed)
    return subprocess.CompletedProcess(list(words), code, out, err)


@contextlib.contextmanager
def _streams(stdin: bytes, told: dict[str, str]) -> Iterator[list[IO[bytes]]]:
    """The three streams of this process as files, down to their numbers; gives the last two."""
    encoding = told.get("PYTHONIOENCODING", "utf-8")
    names = ("stdin", "stdout", "stderr")
    ours = [getattr(sys, name) for name in names]
    kept = [os.dup(number) for number in range(3)]
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in names]
        files[0].write(stdin)
        files[0].seek(0)
        try:
            for number, name in enumerate(names):
                os.dup2(files[number].fileno(), number)
                mode = "wb" if number else "rb"
                raw = stack.enter_context(open(number, mode, closefd=False))
                setattr(sys, name, io.TextIOWrapper(raw, encoding, write_through=bool(number)))
            yield files[1:]
        finally:
            for number, name in enumerate(names):
                setattr(sys, name, ours[number])
                os.dup2(kept[number], number)
                os.close(kept[number])


def heed_signals() -> None:
    """A test run under nohup or in the background must not hand its deafness on."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def start(*words: str | Path, cwd: Path, **more: Any) -> subprocess.Popen[bytes]:
    more.setdefault("preexec_fn", heed_signals)
    return subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=environment(),
        **more,
    )


def records(data: bytes) -> list[dict[str, Any]]:
    """The records without the one field that two runs do not share."""
    found = [json.loads(row) for row in data.splitlines()]
    for record in found:
        record.pop("seconds")
    return found


def folder(path: Path, pages: int) -> Path:
    path.mkdir()
    for number in range(pages):
        (path / f"p{number:04}.html").write_text(page(number))
    return path


def rows(pages: int, first: int = 0) -> bytes:
    return b"".join(
        json.dumps({"html": page(number)}).encode() + b"\n"
        for number in range(first, first + pages)
    )
