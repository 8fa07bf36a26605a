"""``rolecall audits``: what a second engine says of a sample of the pages."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings_with_servers as load_settings
from rolecall.cli.queued import add_queue, open_queue, read_since
from rolecall.errors import Error, UsageError
from rolecall.table import aligned, one_line

if TYPE_CHECKING:
    from argparse import Namespace

    from rolecall.audit.figures import Figures, Pair
    from rolecall.audit.nouns import Audited, Standing
    from rolecall.settings import Settings

DESCRIPTION = """\
Prints how often a second extraction of the same page says the same, field by field. The
engine of the setting audit_engine is asked about a share of the pages (audit_share) without
what was found before.

Agreement is not accuracy: where both are wrong alike nobody notices, and where they differ
either may be right. Only labels tell; rolecall audits list says which pages to label first."""

LIST = """\
Prints audited pages, those first whose labels would tell most: the two extractions differ
in many fields, and the values are not sure."""

EXAMPLES = """\
examples:
  rolecall audits                     the last 30 days
  rolecall audits --since 7d --json   for programs
  rolecall audits list --limit 20     pages to label first"""

WIDEST = 40
"""Characters of a title in a table."""
MOST = 5
"""Fields that are named of a page."""


def run(words: list[str]) -> int:
    """Print what audits say, and return the exit code."""
    if words[:1] == ["list"]:
        return _list(words[1:])
    if words and not words[0].startswith("-"):
        raise UsageError(f"there is no verb {words[0]!a}", hint="there is: rolecall audits list")
    told = _parser("audits", DESCRIPTION).parse_intermixed_args(words)
    seconds = read_since(told.since)
    settings = _settings(told)
    queue = open_queue(settings)
    try:
        from rolecall.audit.figures import figures_of
        from rolecall.audit.shown import standing
        from rolecall.monitor import Series

        found = figures_of(Series(queue.store), int(time.time()) - seconds)
        stands = standing(queue.store)
    finally:
        queue.store.close()
    if told.json:
        from msgspec.json import encode

        value = {"engine": settings.audit_engine, "standing": stands, "figures": found}
        _print(encode(value).decode() + "\n")
    else:
        _print("\n".join(_lines(found, stands, settings, told.since)) + "\n")
    return OK


def _list(words: list[str]) -> int:
    parser = _parser("audits list", LIST)
    parser.add_argument("--limit", type=int, metavar="N", default=50, help="how many, at most (50)")
    told = parser.parse_intermixed_args(words)
    if told.limit < 1:
        raise UsageError("--limit is at least 1", hint="see rolecall audits list --help")
    since = 1_000 * (int(time.time()) - read_since(told.since))
    queue = open_queue(_settings(told))
    try:
        from rolecall.audit.shown import pages_of

        found = pages_of(queue.store, since, min(told.limit, 100_000))
    finally:
        queue.store.close()
    if told.json:
        from msgspec.json import encode

        _print("".join(encode(one).decode() + "\n" for one in found))
    elif not found:
        _print("no page was audited\n")
    else:
        head = ("id", "doubt", "differ", "labels", "by", "what")
        _print(aligned(head, *map(_row, found), worded=True))
    return OK


def _parser(verb: str, description: str) -> Parser:
    parser = Parser(verb, description, EXAMPLES)
    add: Any = parser.add_argument
    add("--since", metavar="TIME", default="30d", help="how far back: 24h, 30d, 8w (30d)")
    add_queue(add)
    add("--json", action="store_true", help="JSON, for programs")
    return parser


def _settings(told: Namespace) -> Settings:
    return load_settings({"queue": told.queue})


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _row(one: Audited) -> tuple[str, ...]:
    said = " – ".join(part for part in (one.title, one.company) if part) or one.source
    cut = said if len(said) <= WIDEST else said[: WIDEST - 1] + "…"
    names, more = one.differing[:MOST], len(one.differing) - MOST
    fields = f": {', '.join(names)}" if names else ""
    fields += f" and {more} more" if more > 0 else ""
    return (
        f"t{one.task}",
        f"{one.doubt:.1f}",
        f"{len(one.differing)} of {one.compared}",
        "finished" if one.labelled else "",
        one_line(one.engine),
        one_line(cut + fields),
    )


def _lines(found: Figures, stands: Standing, settings: Settings, since: str) -> Iterator[str]:
    yield from standing_lines(found, stands, settings, since)
    for pair in found.pairs:
        yield ""
        yield from _pair(pair)
    if found.pairs:
        from rolecall.audit.shown import NOT_ACCURACY, OUTCOME_MEANING

        yield ""
        if any(pair.fields for pair in found.pairs):
            yield OUTCOME_MEANING
        yield textwrap.fill(NOT_ACCURACY, 88)


def standing_lines(
    found: Figures, stands: Standing, settings: Settings, since: str
) -> Iterator[str]:
    """How audits stand, in a few lines."""
    from rolecall.audit.shown import until
    from rolecall.audit.terms import same_engine

    name = settings.audit_engine
    if not name and not found.pages and not stands.done:
        yield "audits     none: no engine is named in audit_engine"
        return
    told = f"{found.pages:,} pages in the last {since}, {stands.due:,} due"
    told += f", {stands.running:,} under way" if stands.running else ""
    told += f", {stands.failed:,} given up" if stands.failed else ""
    yield f"audits     {told}; ${found.dollars:,.4f}"
    if name:
        try:
            same = same_engine(settings, os.environ)
        except Error:  # wrong settings of engines are said elsewhere
            same = False
        form = (
            "which answers pages too: a stronger form of the question, no other's opinion"
            if same
            else "blind to what was found before"
        )
        share = 100 * settings.audit_share
        yield f"by         {one_line(name)}, {form}; {share:g} % of pages with values"
    if stands.stopped:
        day = until(stands)
        cap = "budget_audits" if "budget_audits" in stands.stopped else "the budget"
        by = f"by {cap} until {day}: " if day else ""
        yield f"STOPPED    {by}{one_line(stands.stopped)}"


def _pair(pair: Pair) -> Iterator[str]:
    whole = pair.whole
    pages = f"{pair.pages:,} page{'' if pair.pages == 1 else 's'}"
    told = f"{one_line(pair.engine)} on {pages} answered by {one_line(pair.route)}"
    if whole is not None:
        told += f", {whole.mid:.1%} of values the same ({whole.low:.1%} to {whole.high:.1%})"
    else:
        told += ", nothing compared"
    yield told
    rows = [
        (one_line(name), f"{one.n:,}", f"{one.mid:.1%}", f"{one.low:.1%} to {one.high:.1%}")
        for name, one in pair.fields.items()
    ]
    if rows:
        yield aligned(("field", "compared", "agree", "95 % sure"), *rows).rstrip("\n")
