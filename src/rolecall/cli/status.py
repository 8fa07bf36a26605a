"""``rolecall status``: what the servers and workers of a queue did of late."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings as load_settings
from rolecall.cli.queued import add_queue, open_queue, read_since
from rolecall.table import one_line, percent

if TYPE_CHECKING:
    from rolecall.monitor.summary import EngineLoad, EngineUse, Sizes, Summary

DESCRIPTION = """\
Prints what became of the pages of rolecall serve and rolecall work: outcomes, who
answered, how long stages took, which fields have a value and how sure, and what engines
were asked and cost. All servers and workers of a queue count together.

rolecall extract counts too (unless watch_runs = false), where the database exists; it makes
none, but this verb does: runs are counted from its first call on.

Figures are kept by the minute for two days, by the hour for two months, by the day for
three years. They hold names and numbers, nothing of a page."""

EXAMPLES = """\
examples:
  rolecall status                     the last 24 hours
  rolecall status --since 1h
  rolecall status --since 30d --json  for programs
  rolecall status --queue postgresql://rolecall@db.example/rolecall"""

MOST: Final = 8
"""Words of a line."""
RUNS_COUNT: Final = (
    "and rolecall extract where this database exists: it does from now on, runs before are not told"
)


def run(words: list[str]) -> int:
    """Print the figures, and return the exit code."""
    parser = Parser("status", DESCRIPTION, EXAMPLES)
    add: Any = parser.add_argument
    add(
        "--since",
        metavar="TIME",
        default="24h",
        help="how far back: 30m, 24h, 7d, 4w; at most 1100d (24h)",
    )
    add_queue(add)
    add("--json", action="store_true", help="JSON, for programs")
    told = parser.parse_intermixed_args(words)
    seconds = read_since(told.since)
    settings = load_settings({"queue": told.queue})
    queue = open_queue(settings)
    try:
        from rolecall.cli.status_audits import audit_lines, audits_of
        from rolecall.cli.status_rules import held, rule_lines
        from rolecall.cli.status_trials import standings_of, trial_lines
        from rolecall.doctor.servers import plans_here
        from rolecall.drive.clouds import cloud_engines
        from rolecall.ledger.clock import utc_now
        from rolecall.ledger.spending import caps_of, read_spending
        from rolecall.monitor import Series
        from rolecall.monitor.summary import summary

        since = int(time.time()) - seconds
        found = summary(Series(queue.store), since, cloud_engines(settings, os.environ))
        tasks = queue.view.counts()
        audits = audits_of(queue.store, settings, since)
        rules = held(queue.store)
        trials = standings_of(settings, os.environ, queue)
        spending = read_spending(queue.store, caps_of(settings), utc_now())
    finally:
        queue.store.close()
    plans = plans_here(os.environ)
    if told.json:
        import msgspec

        from rolecall.cli.trials_shown import as_rows

        answer = {"tasks": tasks, "figures": found, "spending": spending, "plans": plans}
        answer |= {"audits": audits, "trials": as_rows(trials), "rules": rules}
        text = msgspec.json.encode(answer).decode() + "\n"
    else:
        from rolecall.cli.status_beside import plan_lines, spending_line

        more = (*spending_line(spending), *plan_lines(plans), *audit_lines(audits, told.since))
        runs = settings.watch_runs
        lines = (
            *_lines(found, tasks, told.since, runs),
            *more,
            *trial_lines(trials),
            *rule_lines(rules),
        )
        text = "".join(f"{_wrapped(line)}\n" for line in lines)
    sys.stdout.write(text)
    sys.stdout.flush()
    return OK


def _lines(found: Summary, tasks: Mapping[Any, int], since: str, runs: bool) -> Iterator[str]:
    """The figures for a person: what it is about, then a line for each."""
    waiting = tasks.get("queued", 0) + tasks.get("waiting", 0)
    on_average = "" if found.waiting is None else f"; {found.waiting:,.1f} waiting on average"
    running = tasks.get("running", 0)
    yield f"queue      {waiting:,} waiting, {running:,} running{on_average}"
    pages = sum(found.pages.values())
    if not pages:
        yield (
            f"pages      none in the last {since}; rolecall serve and rolecall work count here, "
            + (RUNS_COUNT if runs else "rolecall extract does not (watch_runs = false)")
        )
        return
    yield f"pages      {pages:,} in the last {since}: {_counts(found.pages)}"
    if found.reasons:
        yield f"because    {_counts(found.reasons)}"
    if found.copies:
        yield f"copies     {found.copies:,}, {percent(found.copies / pages)}"
    yield f"answered   {_counts(found.routes)}"
    if found.local is not None:
        from rolecall.monitor.summary import LOCAL_GOAL

        goal = "" if found.local >= LOCAL_GOAL else f"; UNDER the {LOCAL_GOAL:.0%} of the record"
        yield f"local      {found.local:.1%} of pages with values{goal}"
    if found.page_micros is not None:
        stages = sorted(found.stage_ms.items(), key=lambda one: -one[1])[:MOST]
        yield f"a page     {_took(found.page_micros)}"
        yield f"stages     {', '.join(f'{one_line(name)} {took:.1f} ms' for name, took in stages)}"
    if found.fields:
        yield "fields     " + ", ".join(
            f"{one_line(name)} {percent(one.filled)}" for name, one in found.fields.items()
        )
    if found.unsure is not None:
        yield f"unsure     {found.unsure:.1%} of values are less sure than a half"
    if found.problems:
        yield f"problems   {found.problems / pages:.2f} a page: {_counts(found.problem_kinds)}"
    for name, use in found.engines.items():
        yield f"engine     {one_line(name)}: {_use(use)}"
    for name, load in found.loads.items():
        yield f"load       {one_line(name)}: {_load(load)}"
    for name, card in found.cards.items():
        total = card.total / 2**30
        yield f"card       {one_line(name)}: {card.used / 2**30:.1f} of {total:.1f} GiB in use"
    if found.context is not None:
        yield (
            f"context    {found.context.mean:,.0f} tokens on average, half of them within"
            f" {found.context.half:,}, 95 % within {found.context.most:,};"
            f" {found.long_context or 0:.1%} over 8,192"
        )


def _wrapped(line: str) -> str:
    return textwrap.fill(line, 88, subsequent_indent=" " * 11, break_long_words=False)


def _counts(counts: dict[str, int]) -> str:
    told = [f"{count:,} {one_line(name)}" for name, count in list(counts.items())[:MOST]]
    rest = sum(list(counts.values())[MOST:])
    return ", ".join(told + ([f"{rest:,} others"] if rest else []))


def _took(sizes: Sizes) -> str:
    return (
        f"{sizes.mean / 1e3:,.0f} ms on average, half within {sizes.half / 1e3:,.0f} ms,"
        f" 95 % within {sizes.most / 1e3:,.0f} ms"
    )


def _load(load: EngineLoad) -> str:
    hits = "" if load.prefix_hits is None else f", {percent(load.prefix_hits)} prefix cache hits"
    return (
        f"{percent(load.kv)} of the KV cache, {load.running:.1f} requests under way and"
        f" {load.waiting:.1f} in line{hits}"
    )


def _use(use: EngineUse) -> str:
    parts = [f"{sum(use.results.values()):,} calls"]
    parts += [f"{count:,} {one_line(name)}" for name, count in use.results.items()][:MOST]
    if use.kept:
        parts.append(f"{use.kept:,} kept answers")
    cached = (
        f" ({percent(use.cached_tokens / use.input_tokens)} cached)" if use.input_tokens else ""
    )
    parts.append(f"{use.input_tokens:,} tokens in{cached}, {use.output_tokens:,} out")
    if use.dollars:
        parts.append(f"${use.dollars:,.4f}")
    return ", ".join(parts)
