"""``rolecall eval label``: an extraction corrected into a label, in the terminal."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings as load_settings
from rolecall.errors import UsageError
from rolecall.evaluate.label.desk import Desk, settle_reopened
from rolecall.evaluate.label.ledger import JOURNAL_SUFFIX, Journal, Labels
from rolecall.evaluate.label.pages import Records, Shelf, in_order
from rolecall.evaluate.label.rows import rows_for
from rolecall.evaluate.label.terminal import check_terminal, taken_over
from rolecall.inputs.files import shown
from rolecall.inputs.nouns import Input
from rolecall.inputs.stream import PAGE_SUFFIXES, STDIN, expand, stream
from rolecall.pipeline import prepare

DESCRIPTION = """\
Corrects what Rolecall extracts into labels: what is right for each page. Every field
is shown with its value, the words that support it highlighted in the page's text;
keys accept it, say that the page holds none, skip it, or look up other words on the
page. ? shows all keys.

A finished page is one line of LABELS, a samples file that the other verbs of
rolecall eval read, on the disk at once. Quit whenever you like and start again with
the same words: pages that are labelled are left out, unfinished ones come first as
they were left (LABELS.journal keeps them)."""

EXAMPLES = """\
examples:
  rolecall eval label pages/ --out labels.jsonl
  rolecall eval label pages/ --out labels.jsonl --fields title,company,salary
                                   only these; the others stay unlabelled
  rolecall eval label pages/ --out labels.jsonl --records run.jsonl
                                   correct the records of an earlier run, such as
                                   one that asked an engine
  rolecall eval label pages/ --out labels.jsonl --order given
                                   not the most doubtful pages first

A typical page takes few keys: look at the list, go to what is wrong (arrows), say
what is right (n, e, digits), then a for all the rest.

exit codes: 0 all is labelled, or you quit; 2 a wrong call."""


def run(words: list[str]) -> int:
    """Label pages until none is left or the labeller quits; returns the exit code."""
    told = parser().parse_intermixed_args(words)
    if STDIN in told.pages:
        raise UsageError("standard input is the keyboard here", hint="name files or folders")
    settings = load_settings({"schema": told.schema})
    check_terminal(os.environ)
    paths = expand(told.pages)
    pipeline = prepare(settings, captured=told.captured)
    only = [name.strip() for name in (told.fields or "").split(",") if name.strip()]
    rows = rows_for(pipeline.schema, only)
    entries = [
        one
        for one in stream(paths, limit=settings.max_bytes, leave_out=told.out)
        if one is not None
    ]
    if not entries:
        raise UsageError(
            "no page to label in " + ", ".join(map(shown, paths)),
            hint=f"a folder yields its {' '.join(PAGE_SUFFIXES)} files",
        )
    records = Records(Path(told.records)) if told.records else None
    out = Path(told.out)
    with (
        contextlib.closing(Labels(out)) as labels,
        contextlib.closing(Journal(out.with_name(out.name + JOURNAL_SUFFIX))) as journal,
    ):
        settle_reopened(labels, journal)
        shelf = Shelf(pipeline, rows, labels.folder, records, told.captured)
        known, faults = in_order(
            shelf, entries, told.order, labelled=labels.__contains__, told=_looking(entries)
        )
        if not known:
            raise UsageError(f"no page can be read: {faults[0]}", hint="check the names")
        desk = Desk(shelf, known, labels, journal)
        if desk.queue:
            with taken_over(os.environ) as screen:
                desk.work(screen)
        for notice in (*labels.notices, *faults, *desk.faults):
            sys.stderr.write(f"{notice}\n")
        sys.stderr.write(_summary(desk, out))
    return OK


def parser() -> Parser:
    """The words that ``rolecall eval label`` knows."""
    told = Parser("eval label", DESCRIPTION, EXAMPLES)
    add = told.add_argument
    add("pages", metavar="PAGE", nargs="+", help="a file, a folder, a pattern, or JSON Lines")
    add("--out", metavar="LABELS", required=True, help="the file of labels; is continued")
    add("--records", metavar="FILE", help="records to correct, instead of extracting now")
    add("--schema", metavar="FILE", help="label the fields of this JSON Schema")
    add("--fields", metavar="A,B", help="label these fields only")
    add(
        "--order",
        choices=("doubtful", "given"),
        default="doubtful",
        help="the pages that the extraction is least sure of first (default), or as they are given",
    )
    add(
        "--captured",
        metavar="DATE",
        type=_day,
        help="the day the pages were saved, as 2026-05-17: relative dates count from it",
    )
    return told


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2026-05-17") from None


def _looking(
    entries: list[Input], clock: Callable[[], float] = time.monotonic
) -> Callable[[int], None]:
    """Tells on stderr how many pages were read, where that takes long."""
    last = clock()

    def told(number: int) -> None:
        nonlocal last
        if clock() - last >= 1.0:
            last = clock()
            sys.stderr.write(f"reading pages: {number} of {len(entries)}\n")

    return told


def _summary(desk: Desk, out: Path) -> str:
    pace = f", {desk.seconds / desk.finished:.0f} s a page" if desk.finished else ""
    left = sum(1 for one in desk.all_keys if one not in desk.labels)
    told = f"{desk.finished} labelled now{pace}; {len(desk.labels)} in {shown(str(out))}"
    return f"{told}; {left} left\n"
