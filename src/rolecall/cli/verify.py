"""``rolecall verify``: the requirements of ADR-009, held against what is there."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rolecall.cli import FAILED, OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings_with_servers as load_settings
from rolecall.errors import UsageError
from rolecall.evaluate.files import refuse_existing, write_whole
from rolecall.inputs.files import shown

if TYPE_CHECKING:
    from rolecall.evaluate.verify.live import Live
    from rolecall.evaluate.verify.load import Measured
    from rolecall.settings import Settings

DESCRIPTION = """\
Holds every requirement of ADR-009 against your own engine, GPU and labels, and prints
its id, the figure, the goal, the command behind it and a verdict: pass, fail, or not run
with the reason. What is not there is not run; nothing passes unseen.

Accuracy comes from a run on your labels (--run). Memory, speed and many at a time come
from a bench (--bench), else from a short load of generated postings on the first engine
that is connected. Lengths, routing, structured output and swapping are tried here, and a
queue of pages whose worker is killed. Only engines on your own machines are asked:
nothing is sent out and nothing is paid for."""

EXAMPLES = """\
examples:
  rolecall verify
  rolecall verify --run runs/may --bench bench.json
  rolecall verify --engine small --seconds 30 --html verified.html
  rolecall verify --only FR-3,IR-3
  rolecall verify --json > verified.json     a file for rolecall choose

exit codes: 0 nothing failed; 2 a wrong call or file; 3 something failed."""


def run(words: list[str]) -> int:
    """Verify, print, and return the exit code."""
    told = _parsed(words)
    from rolecall import __version__
    from rolecall.evaluate.load.benchfile import read_bench
    from rolecall.evaluate.load.gpu import Cards
    from rolecall.evaluate.machine import machine
    from rolecall.evaluate.verify.labels import read_labelled
    from rolecall.evaluate.verify.load import Measured
    from rolecall.evaluate.verify.page import Verified, as_data, as_html, as_text
    from rolecall.evaluate.verify.queue import try_queue
    from rolecall.evaluate.verify.run import Subject, verify
    from rolecall.evaluate.ways import ALONE

    of_run = told.run_engine or told.engine or ""
    labelled = read_labelled(Path(told.run), of_run) if told.run else None
    bench = read_bench(Path(told.bench)) if told.bench else None
    settings = load_settings(ALONE.get(told.engine or "", {"engine": told.engine}))
    command = shown(shlex.join(["rolecall", "verify", *words])).replace("`", "'")
    live, measured = _seen(settings, Measured(bench=bench), told)
    findings = verify(
        Subject(
            settings=settings,
            live=live,
            measured=measured,
            labelled=labelled,
            queue=try_queue() if not told.only or "FR-4" in told.only else None,
            setup_seconds=told.setup_seconds,
            command=command,
            load_command="" if bench is not None else command,
            only=told.only,
        )
    )
    cards = Cards()
    found = {one.name: f"{one.total_bytes / 2**30:.1f} GiB" for one in cards.gpus}
    verified = Verified(
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
        rolecall=__version__,
        machine={**machine(), "gpus": found or cards.reason},
        findings=findings,
    )
    if told.html:
        write_whole(Path(told.html), as_html(verified).encode())
    if told.json:
        import orjson

        sys.stdout.write(
            orjson.dumps(as_data(verified), option=orjson.OPT_INDENT_2).decode() + "\n"
        )
    else:
        sys.stdout.write("\n".join(map(shown, as_text(verified).split("\n"))))
    sys.stdout.flush()
    return FAILED if any(one.verdict == "fail" for one in findings) else OK


def _seen(settings: Settings, measured: Measured, told: Any) -> tuple[Live, Measured]:
    """The engines, as far as something that is to be held needs them, and a bench of one."""
    from rolecall.evaluate.load.watch import Progress
    from rolecall.evaluate.requirements import REQUIREMENTS
    from rolecall.evaluate.verify.live import Live, Watch, look
    from rolecall.evaluate.verify.load import BY_LOAD, short_load
    from rolecall.evaluate.verify.run import UNSEEN

    wanted = set(told.only or REQUIREMENTS)
    loaded = wanted & set(BY_LOAD) if measured.bench is None else set()
    if not loaded and wanted <= {*UNSEEN, *BY_LOAD}:
        return Live(reason="not looked at"), measured
    live = look(settings, os.environ, Watch(say=_say))
    if loaded:
        progress = Progress(sys.stderr, quiet=False)
        measured = asyncio.run(short_load(settings, os.environ, live, told.seconds, progress))
        progress.close()
    return live, measured


def _say(message: str) -> None:
    sys.stderr.write(f"rolecall: {shown(message)}\n")


def _parsed(words: list[str]) -> Any:
    parser = Parser("verify", DESCRIPTION, EXAMPLES)
    parser.add_argument("--run", metavar="DIR", help="a run folder of rolecall eval run")
    parser.add_argument(
        "--run-engine", metavar="NAME", help="which engine of it; else --engine, or the only one"
    )
    parser.add_argument("--bench", metavar="FILE", help="a file of rolecall bench")
    parser.add_argument("--engine", metavar="NAME", help="the engine to try, of your settings")
    parser.add_argument(
        "--seconds", type=float, default=10.0, metavar="N", help="of each of two loads (10)"
    )
    parser.add_argument(
        "--setup-seconds", type=float, metavar="N", help="how long the set-up took, if you know"
    )
    parser.add_argument("--only", metavar="ID,ID", default="", help="hold these requirements only")
    parser.add_argument("--html", metavar="FILE.html", help="write a page of the decision record")
    parser.add_argument("--force", action="store_true", help="write over a file that exists")
    parser.add_argument("--json", action="store_true", help="one JSON object, for programs")
    told = parser.parse_intermixed_args(words)
    told.only = _only(told.only)
    if not 0 < told.seconds <= 3_600:
        raise UsageError(f"--seconds {told.seconds:g} cannot be", hint="name 1 to 3600")
    if told.setup_seconds is not None and not 0 < told.setup_seconds < 1e7:
        raise UsageError("--setup-seconds cannot be", hint="name the seconds that you measured")
    if told.html:
        refuse_existing(Path(told.html), force=told.force)
    return told


def _only(words: str) -> tuple[str, ...]:
    """The names of requirements, as they are written in ADR-009."""
    from rolecall.evaluate.choose.table import near
    from rolecall.evaluate.requirements import REQUIREMENTS

    names = tuple(word.strip().upper() for word in words.split(",") if word.strip())
    for name in names:
        if name not in REQUIREMENTS:
            raise UsageError(f"there is no requirement {name!a}", hint=near(name, REQUIREMENTS))
    return names
