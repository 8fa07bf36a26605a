"""``rolecall extract``: inputs in, one record for each out."""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from rolecall.batch.run import PageWork, crew_of, may_ask
from rolecall.batch.run import run as run_pages
from rolecall.batch.watched import Watched
from rolecall.cli import PIPE_CLOSED
from rolecall.cli.closing import Closing
from rolecall.cli.extract_end import end, open_out, stopped, write_all
from rolecall.cli.extract_words import Order, read_order
from rolecall.cli.progress import Progress
from rolecall.cli.signals import Stop
from rolecall.errors import UsageError
from rolecall.inputs.columns import Columns
from rolecall.inputs.files import shown
from rolecall.inputs.nouns import Entries, Input, Left
from rolecall.inputs.stream import PAGE_SUFFIXES, STDIN, count, stream
from rolecall.outputs.nouns import Output, OutputError
from rolecall.pipeline import warm

if TYPE_CHECKING:
    from rolecall.batch.asking import Asker

FEW = 8  # inputs that one worker does faster than several would start


def run(words: list[str]) -> int:
    """Extract, and return the exit code."""
    order = read_order(words)
    if order.wish is not None:
        from rolecall.cli.estimate import estimate

        return estimate(order, order.wish)
    with Closing(order) as closing:
        if order.ray is not None:
            from rolecall.cli.extract_ray import run_on_ray

            closing.code = run_on_ray(order, order.ray, closing)
        else:
            closing.code = _extract(order, closing)
        return closing.code


def _extract(order: Order, closing: Closing) -> int:
    """The run on this machine."""
    asks = may_ask(order.settings, os.environ)
    page_work = PageWork(
        order.settings,
        captured=order.captured,
        form=order.form,
        colours=os.isatty(1) and not os.environ.get("NO_COLOR"),
        asks=asks,
    )
    stop, left = Stop(), Left()
    entries = _listed(order, page_work, left)
    if STDIN in (*order.paths, *order.lists) and os.isatty(0) and not order.quiet:
        sys.stderr.write("reading standard input; Ctrl-D ends it\n")
    with stop.watching():
        head, many = _head(entries, stop)
        if not head and not stop():
            raise UsageError(
                "nothing to read in " + ", ".join(map(shown, (*order.paths, *order.lists))),
                hint=f"a folder yields its {' '.join(PAGE_SUFFIXES)} files; others are named",
            )
        progress = _progress(order, len(head), page_work.columns, many=many)
        closing.config = page_work.pipeline.config
        with (
            open_out(order, page_work.pipeline) as ledger,
            contextlib.ExitStack() as opened,
        ):
            if many:
                warm(page_work.pipeline)  # before the workers start, so that they share it
            if ledger is not None:
                known = functools.partial(_with_known, ledger=ledger)
                entries = map(known, itertools.chain(head, entries))
            else:
                entries = itertools.chain(head, entries)
            fetches, ordered = order.settings.fetch, order.out is None
            crew = crew_of(order.settings, many=many, asks=asks or fetches, ordered=ordered)
            if fetches:
                entries = opened.enter_context(_fetching(order, entries, ordered=ordered))
            asker = opened.enter_context(_asker(page_work, progress)) if asks else None
            page_work.asks = asker is not None
            watched = opened.enter_context(Watched(order.settings, os.environ))
            page_work.watched = watched.on
            closing.progress, progress.workers = progress, crew.workers
            progress.local = asker.local if asker is not None else {}
            if not gc.isenabled():  # all is loaded now, and none of it is garbage
                gc.freeze()
                gc.enable()
            try:
                pages = run_pages(entries, page_work, crew, stop=stop, asker=asker)
                with contextlib.closing(pages) as results:
                    if not write_all(results, ledger, progress, watched.hear):
                        return PIPE_CLOSED
                for notice in asker.changes if asker is not None else ():
                    progress.say(f"rolecall: {notice.message}")
                if stop():
                    return stopped(order, progress, ledger, stop)
                return end(order, progress, ledger, left)
            except OutputError:
                progress.summary(stopped=True)
                raise


def _listed(order: Order, page_work: PageWork, left: Left) -> Entries:
    """The inputs of a run, listed as far as they are asked for."""
    return stream(
        order.paths,
        limit=order.settings.max_bytes,
        leave_out=order.out,
        left=left,
        columns=page_work.columns,
        fetch=order.settings.fetch,
        lists=order.lists,
    )


@contextlib.contextmanager
def _fetching(order: Order, entries: Entries, *, ordered: bool) -> Iterator[Entries]:
    """The entries with the pages that are fetched for them."""
    from rolecall.inputs.fetched import Fetching, rules_of

    with Fetching(rules_of(order.settings), ordered=ordered) as fetching:
        yield fetching.inputs(entries)


def _progress(order: Order, seen: int, columns: Columns, *, many: bool) -> Progress:
    total = None if order.quiet else count(order.paths, columns, order.lists) if many else seen
    progress = Progress(total, quiet=order.quiet, verbose=order.verbose)
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


def _head(entries: Entries, stop: Callable[[], bool]) -> tuple[list[Input], bool]:
    """The first entries, and whether there may be more than a few; the first is waited for.

    Where the next one does not come at once (a store, a pipe), nobody knows how many there are:
    workers start as work comes for them, so that taking them for many costs little.
    """
    head: list[Input] = []
    for entry in entries:
        if entry is not None:
            head.append(entry)
        if stop():
            break
        if len(head) > FEW or (entry is None and head):
            return head, True
    return head, False


def _with_known(entry: Input | None, *, ledger: Output) -> Input | None:
    """The entry, and the source_id of its record from an earlier run."""
    if entry is None:
        return None
    known = ledger.known(entry.locator)
    return entry if known is None else entry.but_known(known)
