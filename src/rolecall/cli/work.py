"""``rolecall work``: do the tasks of a queue on this machine."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from rolecall.cli import FAILED, OK
from rolecall.cli.options import Parser, add_policy
from rolecall.cli.options import settings_with_servers as load_settings
from rolecall.cli.queued import add_queue, open_queue
from rolecall.cli.signals import Stop
from rolecall.errors import DatabaseError, UsageError

if TYPE_CHECKING:
    from rolecall.queue.queue import Queue
    from rolecall.worker.nouns import Drained
    from rolecall.worker.work import Worker

DESCRIPTION = """\
Does the tasks of a queue: takes pages, reads them in child processes, asks engines where
the settings name any, and keeps the records. Runs until it is stopped.

rolecall serve has a worker inside, so one machine needs no other. Over PostgreSQL any
number of machines may work on one queue; each has the settings and engines of its own.

A task is lent to one worker at a time. Where a worker dies or its machine is gone, its
tasks go to another one after a minute, and no record is written twice.

Ctrl-C or SIGTERM: no more tasks are taken, what is under way is finished or put back
within the grace; a second signal ends at once, and the tasks go back a minute later."""

EXAMPLES = """\
examples:
  rolecall work                                  the queue of rolecall serve, here
  rolecall work --queue postgresql://rolecall@db.example/rolecall --workers 8
  rolecall work --until-empty                    do what is there, and end
  rolecall work --fetch                          fetch pages given by their address

exit codes: 0 the queue was empty (--until-empty); 2 it could not be started; 3 it ended by
a fault; 130 and 143 stopped by a signal (what was under way is finished or put back)"""

TICK: Final = 0.2
"""Seconds between looks for a signal."""


def run(words: list[str]) -> int:
    """Work until a signal, and return the exit code."""
    told = _parser().parse_intermixed_args(words)
    for name in ("slots", "grace"):
        if getattr(told, name) is not None and not getattr(told, name) >= 0:  # NaN neither
            raise UsageError(f"--{name} is not below 0", hint="see rolecall work --help")
    settings = load_settings(
        {
            "queue": told.queue,
            "workers": told.workers,
            "fetch": told.fetch,
            "engine": told.engine,
            "policy": told.policy,
            "cloud_engine": told.cloud_engine,
        }
    )
    queue = open_queue(settings)
    with contextlib.ExitStack() as at_end:
        at_end.callback(queue.store.close)
        from rolecall.drift import Windows
        from rolecall.inputs.fetched import rules_of
        from rolecall.monitor import Series, Watch
        from rolecall.rules.ruling import Ruling
        from rolecall.trial.ledger import TrialLedger
        from rolecall.worker.crewed import Crewed
        from rolecall.worker.sides import trials_of
        from rolecall.worker.sinks import sinks_of
        from rolecall.worker.work import Worker

        rules = rules_of(settings) if settings.fetch else None
        ruling = Ruling(queue.store, settings, os.environ)
        windows = Windows(queue.store, ruling.drifting.sites, reroutes=ruling.reroutes)
        watch = Watch(sinks_of(settings, os.environ), Series(queue.store), keeps=[windows])
        at_end.callback(watch.close)
        crewed = Crewed(
            slots=told.slots or 0,
            fetches=rules,
            watch=watch,
            trials=trials_of(settings, os.environ, TrialLedger(queue.store, queue.clock_ms)),
            beside=(ruling.run,),
        )
        worker = Worker(queue, settings, os.environ, crewed)
        gc.enable()
        stop = Stop()
        with stop.watching():
            worker.start()
            _greet(worker)
            ended = _wait(worker, queue, stop, until_empty=told.until_empty)
            grace = settings.serve_grace_seconds if told.grace is None else told.grace
            if stop():
                _say(f"stopping: {worker.state.doing:,} tasks are under way; again to end at once")
            _told(worker.stop(grace))
        if stop():
            return stop.exit_code
        return OK if ended else FAILED


def _wait(worker: Worker, queue: Queue, stop: Stop, *, until_empty: bool) -> bool:
    """Wait for a signal, for the queue to be empty if that is wanted, or for a fault of ours,
    which makes this false."""
    looked = time.monotonic()
    trouble = ""
    while not stop():
        time.sleep(TICK)
        state = worker.state
        if state.phase == "ended":
            return False
        now = state.storage or state.processes or state.engines
        if now != trouble:
            _say(now or "all is well again")
            trouble = now
        if until_empty and time.monotonic() - looked >= 1.0 and not state.storage:
            looked = time.monotonic()
            if _is_empty(queue):
                return True
    return True


def _is_empty(queue: Queue) -> bool:
    """Whether no task is left; not as long as the database does not tell."""
    try:
        counts = queue.view.counts()
    except DatabaseError:
        return False  # the worker says so itself
    return not any(counts[one] for one in ("queued", "waiting", "running"))


def _greet(worker: Worker) -> None:
    state = worker.state
    _say(f"{state.name} works with {state.slots:,} slots; Ctrl-C stops it")


def _told(found: Drained) -> None:
    _say(
        f"ended: {found.finished:,} finished, {found.put_back:,} put back into the queue"
        + (f", {found.unsaved:,} to be done anew" if found.unsaved else "")
    )


def _say(text: str) -> None:
    from rolecall.table import one_line

    sys.stderr.write(f"rolecall: {one_line(text)}\n")
    sys.stderr.flush()


def _parser() -> Parser:
    parser = Parser("work", DESCRIPTION, EXAMPLES)
    add: Any = parser.add_argument
    add_queue(add)
    add("--workers", type=int, metavar="N", help="processes that read pages (one per core)")
    add(
        "--slots", type=int, metavar="N", help="tasks at once (as many as processes and engines do)"
    )
    add("--engine", metavar="NAMES", help="which engines may be asked: auto, none, or names")
    add_policy(add)
    add(
        "--fetch",
        action="store_const",
        const=True,
        help="fetch pages of which only the address is given",
    )
    add("--grace", type=float, metavar="SECONDS", help="for what is under way at the end (30)")
    add("--until-empty", action="store_true", help="end when no task is left")
    return parser
