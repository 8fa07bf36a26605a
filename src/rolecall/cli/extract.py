"""``rolecall extract``: inputs in, one record for each out."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import gc
import itertools
import os
import shlex
import sys
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from rolecall.batch.files import shown
from rolecall.batch.inputs import PAGE_SUFFIXES, STDIN, Entries, Input, Left, count, expand, stream
from rolecall.batch.output import Ledger, Mode, OutputError, open_ledger
from rolecall.batch.run import Done, Form, PageWork, crew_of, may_ask
from rolecall.batch.run import run as run_pages
from rolecall.cli import FAILED, OK, OVER_BUDGET, PIPE_CLOSED
from rolecall.cli.options import Parser, add_no_cache, add_policy
from rolecall.cli.options import settings_with_servers as load_settings
from rolecall.cli.progress import Progress
from rolecall.cli.signals import Stop
from rolecall.errors import UsageError
from rolecall.pipeline import warm
from rolecall.settings import Settings

if TYPE_CHECKING:
    from rolecall.batch.asking import Asker

FEW = 8  # inputs that one worker does faster than several would start

DESCRIPTION = """\
Reads job postings and writes one JSON record per input, always: values, their
evidence on the page, and an outcome (ok, partial, not_a_posting, failed).

An input is a file of HTML, plain text or Markdown, a line of a JSON Lines file
(.jsonl, .ndjson) with an "html" or "text" field and maybe "url" and "captured",
or - for standard input. Each may be compressed with gzip. A folder
yields its HTML, text and Markdown files, also those below it, sorted by name."""

EXAMPLES = """\
examples:
  rolecall extract page.html                     one record on stdout
  rolecall extract page.html --explain           values with quotes, to read
  rolecall extract postings/ --out out.jsonl     a folder; progress on stderr
  rolecall extract postings/ --out out.jsonl --resume
                                                 go on after a stop
  rolecall extract "site/**/*.html" --workers 4  a pattern, in quotes
  curl -s https://example.org/vacancy | rolecall extract -
  rolecall extract page.html --schema-org        a schema.org JobPosting
  rolecall extract page.html --schema my.json    records in a shape of your own
  rolecall extract day.jsonl.gz --captured 2026-05-17
                                                 "posted yesterday" gets a date

Without --out, records go to stdout in the order of the inputs. With it, they are
appended as they finish and put in order at the end; a run that was stopped or
killed leaves whole records, and --resume does the rest.

Engines (models on a server) are declared in rolecall.toml and asked only for what is
missing or in doubt; see rolecall doctor. No page leaves your machines unless --policy
and --cloud allow it.

exit codes: 0 all ok, partial or not_a_posting; 1 the output could not be written;
2 a wrong call; 3 at least one input failed; 4 the budget stopped calls; 130, 143
stopped by a signal."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the user asked for."""

    paths: list[str]
    settings: Settings
    captured: date | None
    form: Form
    out: str | None
    mode: Mode
    quiet: bool
    words: tuple[str, ...]


def run(words: list[str]) -> int:
    """Extract, and return the exit code."""
    order = read_order(words)
    asks = may_ask(order.settings, os.environ)
    page_work = PageWork(
        order.settings,
        captured=order.captured,
        form=order.form,
        colours=os.isatty(1) and not os.environ.get("NO_COLOR"),
        asks=asks,
    )
    stop, left = Stop(), Left()
    entries = stream(order.paths, limit=order.settings.max_bytes, leave_out=order.out, left=left)
    if STDIN in order.paths and os.isatty(0) and not order.quiet:
        sys.stderr.write("reading standard input; Ctrl-D ends it\n")
    with stop.watching():
        head = _head(entries, stop)
        if not head and not stop():
            raise UsageError(
                "nothing to read in " + ", ".join(map(shown, order.paths)),
                hint=f"a folder yields its {' '.join(PAGE_SUFFIXES)} files",
            )
        many = len(head) > FEW
        progress = _progress(order, len(head), many=many)
        with (
            _output(order, page_work.pipeline.config) as ledger,
            contextlib.ExitStack() as opened,
        ):
            if many:
                warm(page_work.pipeline)  # before the workers start, so that they share it
            if ledger is not None:
                known = functools.partial(_with_known, ledger=ledger)
                entries = map(known, itertools.chain(head, entries))
            else:
                entries = itertools.chain(head, entries)
            crew = crew_of(order.settings, many=many, asks=asks, ordered=order.out is None)
            asker = opened.enter_context(_asker(page_work, progress)) if asks else None
            page_work.asks = asker is not None
            if not gc.isenabled():  # all is loaded now, and none of it is garbage
                gc.freeze()
                gc.enable()
            try:
                pages = run_pages(entries, page_work, crew, stop=stop, asker=asker)
                with contextlib.closing(pages) as results:
                    if not _write_all(results, ledger, progress):
                        return PIPE_CLOSED
                for notice in asker.changes if asker is not None else ():
                    progress.say(f"rolecall: {notice.message}")
                if stop():
                    return _stopped(order, progress, ledger, stop)
                return _end(progress, ledger, left)
            except OutputError:
                progress.summary(stopped=True)
                raise


def parser() -> Parser:
    """The words that ``rolecall extract`` knows."""
    told = Parser("extract", DESCRIPTION, EXAMPLES)
    add = told.add_argument
    add("inputs", metavar="INPUT", nargs="*", help="a file, a folder, a pattern, or - for stdin")
    add("--out", metavar="FILE", help="write records there; refuses a file that exists")
    add("--resume", action="store_true", help="continue FILE: skip what it has, redo what changed")
    add("--force", action="store_true", help="replace FILE")
    add("--schema", metavar="FILE", help="records in the shape of this JSON Schema")
    add("--explain", action="store_true", help="text to read instead of JSON")
    add("--schema-org", action="store_true", help="schema.org JobPosting instead of records")
    add(
        "--with-text",
        action="store_const",
        const=True,
        help='add the page\'s visible text as "text", so that spans can be read without the page',
    )
    add(
        "--workers",
        metavar="N",
        type=int,
        help="processes; 0, and the default for more than a few inputs, is one per core",
    )
    add(
        "--captured",
        metavar="DATE",
        type=_day,
        help="the day the pages were saved, as 2026-05-17: relative dates count from it",
    )
    add(
        "--timeout",
        metavar="SECONDS",
        type=float,
        dest="page_timeout_seconds",
        help="give up on a page after this long (10); 0 never does",
    )
    add(
        "--engine",
        metavar="NAME",
        action="append",
        help="ask this engine for what is missing or in doubt; may be repeated; auto, none",
    )
    add_policy(add)
    add_no_cache(add)
    add("--quiet", action="store_true", help="no progress and no summary, errors only")
    return told


def read_order(words: list[str]) -> Order:
    """The words as an `Order`; raises `UsageError`."""
    told = parser().parse_intermixed_args(words)
    if told.out is None and (told.resume or told.force):
        raise UsageError("--resume and --force need --out FILE")
    if told.resume and told.force:
        raise UsageError("--resume continues FILE and --force replaces it: choose one")
    if told.explain and told.schema_org:
        raise UsageError("--explain and --schema-org exclude each other")
    if told.out is not None and (told.explain or told.schema_org):
        raise UsageError(
            "--out holds records; --explain and --schema-org print to stdout",
            hint="leave out --out and redirect stdout",
        )
    names = (
        "with_text", "workers", "page_timeout_seconds", "schema", "policy", "cloud_engine", "cache",
    )  # fmt: skip
    flags = {name: getattr(told, name) for name in names}
    flags["engine"] = ",".join(told.engine) if told.engine else None
    settings = load_settings(flags)
    if told.schema_org and settings.schema:
        raise UsageError(
            "--schema-org writes the default posting, not one of another schema",
            hint=f"leave out --schema ({settings.origin('schema')})",
        )
    return Order(
        paths=expand(told.inputs),
        settings=settings,
        captured=told.captured,
        form="explain" if told.explain else "schema-org" if told.schema_org else "record",
        out=told.out,
        mode="resume" if told.resume else "force" if told.force else "new",
        quiet=told.quiet,
        words=tuple(words),
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2026-05-17") from None


@contextlib.contextmanager
def _output(order: Order, config: str) -> Iterator[Ledger | None]:
    """The output file while it is open; ``None`` without ``--out``."""
    if order.out is None:
        yield None
        return
    ledger = open_ledger(order.out, order.mode, config, with_text=order.settings.with_text)
    try:
        yield ledger
    finally:
        ledger.close()


def _progress(order: Order, seen: int, *, many: bool) -> Progress:
    total = None if order.quiet else count(order.paths) if many else seen
    progress = Progress(total, quiet=order.quiet)
    for notice in order.settings.warnings:
        progress.say(f"rolecall: {notice.message}")
    return progress


@contextlib.contextmanager
def _asker(page_work: PageWork, progress: Progress) -> Iterator[Asker | None]:
    """The engines, open; ``None`` if none of them answers."""
    from rolecall.batch.asking import Asker

    with Asker(page_work.pipeline) as asker:
        for notice in asker.notices:
            progress.say(f"rolecall: {notice.message}")
        yield asker if asker.ready else None


def _head(entries: Entries, stop: Stop) -> list[Input]:
    """The first entries, to know whether there are more than a few; the first is waited for."""
    head: list[Input] = []
    for entry in entries:
        if entry is not None:
            head.append(entry)
        if stop() or len(head) > FEW or (entry is None and head):
            break
    return head


def _with_known(entry: Input | None, *, ledger: Ledger) -> Input | None:
    """The entry, and the source_id of its record from an earlier run."""
    if entry is None:
        return None
    known = ledger.known(entry.locator)
    return entry if known is None else entry.but_known(known)


def _write_all(results: Iterator[Done], ledger: Ledger | None, progress: Progress) -> bool:
    """Write each line as it comes; false if the reader of stdout went away."""
    for done in results:
        if ledger is None:
            if done.line is not None and not _print(done.line):
                return False
        elif done.line is None:
            if ledger.keep(done.locator, done.seq):
                done = dataclasses.replace(done, code="failed")
        else:
            ledger.append(done.locator, done.seq, done.line)
        progress.add(done)
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


def _stopped(order: Order, progress: Progress, ledger: Ledger | None, stop: Stop) -> int:
    """Say how far the run came and how to go on."""
    progress.summary(stopped=True)
    if ledger is not None:
        ledger.sync()
        again = [word for word in order.words if word not in ("--force", "--resume")]
        progress.say(f"go on with: rolecall extract --resume {shlex.join(again)}")
    return stop.exit_code


def _end(progress: Progress, ledger: Ledger | None, left: Left) -> int:
    """Put the output in order and say what came out."""
    others = ledger.complete() if ledger is not None else 0
    progress.summary()
    if others:
        progress.say(f"kept records of inputs that were not in this run: {others:,}")
    if left.ignored:
        progress.say(f"left out other files: {left.ignored:,}")
    if left.repeated:
        progress.say(f"read once what was named twice: {left.repeated:,}")
    if "budget_exceeded" in progress.tally.codes.get("failed", ()):
        return OVER_BUDGET
    return FAILED if progress.tally.failed else OK
