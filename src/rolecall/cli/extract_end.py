"""Where the records of ``rolecall extract`` go, and how its runs end, on one machine or many."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Callable, Iterator

from rolecall.batch.done import Done
from rolecall.batch.run import written
from rolecall.cli import FAILED, OK, OVER_BUDGET
from rolecall.cli.extract_words import Order
from rolecall.cli.progress import Progress
from rolecall.cli.signals import Stop
from rolecall.inputs.nouns import Left
from rolecall.outputs.nouns import Output, OutputError
from rolecall.outputs.open import open_output
from rolecall.pipeline import Pipeline


@contextlib.contextmanager
def open_out(order: Order, pipeline: Pipeline) -> Iterator[Output | None]:
    """The output file while it is open; ``None`` without ``--out``."""
    if order.out is None:
        yield None
        return
    ledger = open_output(
        order.out,
        order.mode,
        pipeline.config,
        with_text=order.settings.with_text,
        fields=pipeline.schema.columns if pipeline.schema is not None else None,
        form=order.format,
    )
    try:
        yield ledger
    finally:
        ledger.close()


def write_all(
    results: Iterator[Done],
    ledger: Output | None,
    progress: Progress,
    hear: Callable[[Done], None] = lambda _: None,
) -> bool:
    """Write each line as it comes, and let it be heard; false if the reader of stdout went away."""
    for done in results:
        if ledger is None:
            if done.line is not None and not _print(done.line):
                return False
        else:
            done = written(done, ledger)
        progress.add(done)
        hear(done)
    return True


def _print(line: bytes) -> bool:
    """One whole line to stdout; false if nobody reads it any more."""
    view = memoryview(line + b"\n")
    try:
        while view:
            view = view[os.write(1, view) :]
    except BrokenPipeError:
        return False
    except OSError as error:
        raise OutputError(f"cannot write to stdout: {(error.strerror or '').lower()}") from error
    return True


def stopped(order: Order, progress: Progress, ledger: Output | None, stop: Stop) -> int:
    """Say how far the run came and how to go on."""
    progress.summary(stopped=True)
    if ledger is not None:
        ledger.sync()
        again = [word for word in order.words if word not in ("--force", "--resume")]
        progress.say(f"go on with: rolecall extract --resume {shlex.join(again)}")
    return stop.exit_code


def end(order: Order, progress: Progress, ledger: Output | None, left: Left) -> int:
    """Put the output in order and say what came out."""
    others = 0
    if ledger is not None:
        for path in order.paths:  # a folder that was not there in an earlier run is none of others
            ledger.forget(path)
        others = ledger.complete()
    progress.beside("others", "kept records of inputs that were not in this run", others)
    progress.beside("left_out", "left out other files", left.ignored)
    progress.beside("named_twice", "read once what was named twice", left.repeated)
    for what, number in sorted(left.records.items()):
        progress.beside(f"left_out_{what}", f"left out of archives, {what}", number)
    progress.summary()
    if "budget_exceeded" in progress.tally.codes.get("failed", ()):
        return OVER_BUDGET
    return FAILED if progress.tally.failed else OK
