"""``rolecall watch``: the rules, what holds now, and what pages are held against."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from rolecall.cli import OK
from rolecall.cli.options import Parser, settings_with_servers
from rolecall.cli.queued import add_queue, open_queue, read_time
from rolecall.errors import UsageError
from rolecall.table import one_line

if TYPE_CHECKING:
    from rolecall.drift import Dimension, Reference
    from rolecall.ledger.store import Store
    from rolecall.rules.nouns import Rule
    from rolecall.settings import Settings

DESCRIPTION = """\
Watches for what should make you look: pages that have changed, a share of the cloud that
grows, failures, a model or a vLLM that is behind. Each rule says what to do next.

  check     evaluate all rules now
  rules     the rules as they were last evaluated, with their thresholds
  drift     how far pages are from what is usual, by dimension
  pin       take the pages of a stretch as what is usual

rolecall serve and rolecall work evaluate the rules every ten minutes (once a day what
asks servers or reads folders) and drift after every 200 pages; the setting alert_url names
an address that is told. docs/drift.md says all of it."""

EXAMPLES = """\
examples:
  rolecall watch check                  exit code 5 if a rule holds, so for cron:
                                        rolecall watch check > held.txt || mail ... < held.txt
  rolecall watch rules --json
  rolecall watch pin --since 7d         a whole week knows how days and hours differ
  rolecall watch drift

exit codes: 0 no rule holds (and for rules, drift and pin always); 2 a wrong call or
database; 5 a rule holds (check)"""

HOLDS: Final = 5
"""The exit code of ``check`` where a rule holds."""
WORDS: Final = ("check", "rules", "drift", "pin")


def run(words: list[str]) -> int:
    """Do one of the four, and return the exit code."""
    told = _parser().parse_intermixed_args(words)
    if told.since is not None and told.what != "pin":
        raise UsageError("--since goes with pin", hint="see rolecall watch --help")
    settings = settings_with_servers({"queue": told.queue})
    queue = open_queue(settings)
    try:
        return _STEPS[told.what](queue.store, settings, told)
    finally:
        queue.store.close()


def _check(store: Store, settings: Settings, told: Any) -> int:
    from rolecall.rules.ruling import Ruling

    ruling = Ruling(store, settings, os.environ)
    ruling.look()
    rules = ruling.check()
    if told.json:
        _print_json(rules)
    else:
        _print(_checked(rules))
    return HOLDS if any(one.holds for one in rules) else OK


def _checked(rules: Sequence[Rule]) -> Iterator[str]:
    held = [one for one in rules if one.holds]
    yield from (line for one in held for line in _rule(one))
    untold = sum(one.holds is None for one in rules)
    quiet = len(rules) - len(held) - untold
    rest = f"; {untold} cannot be told: rolecall watch rules says why" if untold else ""
    holding = "1 rule holds" if len(held) == 1 else f"{len(held)} rules hold"
    yield f"{holding}, {quiet} {'does' if quiet == 1 else 'do'} not{rest}"


def _rules(store: Store, settings: Settings, told: Any) -> int:
    from rolecall.rules.states import States

    states = States(store)
    found = states.all()
    if told.json:
        _print_json(found)
        return OK
    if not found:
        _print(["no rule was evaluated yet; do it now: rolecall watch check"])
        return OK
    lines: list[str] = []
    for one in sorted(found, key=lambda one: _order(one.rule)):
        lines += _rule(one.rule)
        lines.append(f"    since {_day(one.since)}, evaluated {_day(one.looked)}")
        lines.append(f"    watches {one.rule.watches}; holds when {one.rule.threshold}")
    if post := states.post().told:
        lines.append(post)
    _print(lines)
    return OK


def _order(rule: Rule) -> tuple[int, str]:
    return {True: 0, False: 1, None: 2}[rule.holds], rule.name


def _rule(rule: Rule) -> Iterator[str]:
    state = {True: "HOLDS", False: "ok", None: "?"}[rule.holds]
    yield f"{state:<6}{rule.name}: {rule.told}"
    if rule.next:
        yield f"      next: {rule.next}"


def _drift(store: Store, settings: Settings, told: Any) -> int:
    from rolecall.drift import Drifting

    drifting = Drifting(store)
    while drifting.look():
        pass
    usual, found = drifting.reference(), drifting.dimensions()
    if told.json:
        stretch = None
        if usual is not None:
            stretch = {
                "chosen": usual.chosen, "pages": usual.pages, "windows": usual.number,
                "starts": usual.starts, "ends": usual.ends, "made": usual.made,
            }  # fmt: skip
        _print_json({"reference": stretch, "dimensions": found})
    else:
        _print(_drifts(usual, found))
    return OK


def _drifts(usual: Reference | None, found: Sequence[Dimension]) -> Iterator[str]:
    from rolecall.drift.changed import in_words
    from rolecall.drift.look import QUIET

    if usual is None:
        yield "no reference yet: it is made of the first 5,000 pages, or by rolecall watch pin"
        return
    yield _stretch(usual)
    if not found:
        yield "no window of 200 pages was held against it yet"
        return
    yield f"{'dimension':<28} {'PSI':>6} {'bound':>6} {'chance':>8} {'day':>6}"
    for one in found:
        day = f"{one.day.psi:.2f}" if one.day is not None else "-"
        since = f"  changed since {_day(one.since)}" if one.since is not None else ""
        if one.over:
            since += f", was {one.told.psi:.2f} at {_day(one.changed)}"
        if one.since is None and one.drifts:
            since = "  changed over the last day"
        shift = one.shift
        yield (
            f"{one_line(one.name)[:28]:<28} {shift.psi:6.2f} {shift.bound:6.2f}"
            f" {shift.p:8.1g} {day:>6}{since}"
        )
        if one.drifts:
            yield from (f"    {in_words(one.name, cell)}" for cell in one.told.cells)
    if any(one.over for one in found):
        yield f"a change that is over still counts until {QUIET} windows come without one"


def _stretch(usual: Reference) -> str:
    how = "pinned" if usual.chosen == "pinned" else "the first pages; pin one: rolecall watch pin"
    return (
        f"reference: {usual.pages:,} pages in {usual.number:,} windows, {_day(usual.starts)} to"
        f" {_day(usual.ends)} ({how})"
    )


def _pin(store: Store, settings: Settings, told: Any) -> int:
    from rolecall.drift.reference import FIRST
    from rolecall.rules.ruling import Ruling

    since = int(1_000 * (time.time() - read_time(told.since or "7d", "--since")))
    found = Ruling(store, settings, os.environ).pin(since)
    if found is None:
        raise UsageError(
            "there is no window of 200 pages in this stretch",
            hint="name a longer one (--since 30d), or let more pages be done first",
        )
    lines = [_stretch(found)]
    if found.number < FIRST:
        lines.append("these are few: how much windows differ is hardly known, so expect alarms")
    elif not found.days:
        lines.append("it has no three whole days: slow changes, and rhythms of days, are not known")
    if told.json:
        _print_json({"pages": found.pages, "windows": found.number, "days": bool(found.days)})
    else:
        _print(lines)
    return OK


def _day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1_000, UTC):%Y-%m-%d %H:%M}"


def _print(lines: Iterator[str] | Sequence[str]) -> None:
    sys.stdout.write("".join(f"{one_line(line)}\n" for line in lines))
    sys.stdout.flush()


def _print_json(told: Any) -> None:
    import msgspec

    sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    sys.stdout.flush()


def _parser() -> Parser:
    parser = Parser("watch", DESCRIPTION, EXAMPLES)
    add: Any = parser.add_argument
    add("what", metavar="WHAT", choices=WORDS, help="check, rules, drift or pin")
    add("--since", metavar="TIME", help="pin: how far back, such as 7d (which is the default)")
    add_queue(add)
    add("--json", action="store_true", help="JSON, for programs")
    return parser


_STEPS: Final = {"check": _check, "rules": _rules, "drift": _drift, "pin": _pin}
