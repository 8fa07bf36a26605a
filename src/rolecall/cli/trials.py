"""``rolecall trials``: how challengers do, and who gets the pages from now on."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from rolecall.cli import OK
from rolecall.cli.options import Parser
from rolecall.cli.options import settings_with_servers as load_settings
from rolecall.cli.queued import add_queue, open_queue
from rolecall.errors import UsageError

if TYPE_CHECKING:
    from rolecall.queue.queue import Queue
    from rolecall.settings import Settings
    from rolecall.trial import Challenger
    from rolecall.trial.ledger import TrialLedger

HELP = """\
usage: rolecall trials VERB ...

Another engine or model on a part of the pages, beside the usual ones: in the shadow
(its answers are only counted) or live. rolecall.toml says which:

  [[challenger]]
  name = "awq"
  engine = "qwen-awq"       # as in [engines.qwen-awq]
  share = 0.1               # of the pages, chosen by their content
  mode = "shadow"           # or "live"

A challenger that does harm is stopped by itself. Figures may be looked at as often as
one likes; what is said of them stays true.

verbs:
  list            challengers, how they are, and what is known (usual)
  show NAME       all that was counted
  promote NAME    all pages go to the challenger, from the next second on
  rollback NAME   none do; what it has begun is finished
  restart NAME    its share again, counted from nothing

Each takes --queue URL for a PostgreSQL database; list and show --json for programs.
"""

LIST = "Prints each challenger: how it is, how many pages it had, and what is known of it."
SHOW = "Prints what was counted of one challenger, kind by kind, with bounds that hold at any look."
PROMOTE = """\
Sends all pages to the challenger's engines, in all workers of the queue, from the next
second on. The settings are not changed: to make it lasting, write the line that is printed
at the top of rolecall.toml, above the first [table], and take the [[challenger]] table out.
rollback undoes it."""
ROLLBACK = """\
Sends no more pages to the challenger, in all workers of the queue, from the next second
on. Pages that it has begun are finished; nothing is lost."""
RESTART = "Gives a challenger its share of the pages once more, and counts from nothing."


def run(words: list[str]) -> int:
    """Run one verb of ``rolecall trials`` and return its exit code."""
    verbs = {
        "list": _list,
        "show": _show,
        "promote": _promote,
        "rollback": _rollback,
        "restart": _restart,
    }
    if words[:1] in (["-h"], ["--help"], ["help"]):
        sys.stdout.write(HELP)
        sys.stdout.flush()
        return OK
    if not words or words[0].startswith("-"):
        words = ["list", *words]
    verb = verbs.get(words[0])
    if verb is None:
        sys.stderr.write(HELP)
        raise UsageError(f"there is no verb {words[0]!a}", hint=f"there are: {', '.join(verbs)}")
    return verb(words[1:])


class _Opened:
    """The queue's trials and the challengers of the settings."""

    def __init__(self, told: Namespace) -> None:
        from rolecall.trial.challenger import read_challengers
        from rolecall.trial.ledger import TrialLedger

        self.settings: Settings = load_settings({"queue": told.queue})
        self.challengers: tuple[Challenger, ...] = read_challengers(self.settings)
        self._queue: Queue = open_queue(self.settings)
        self.ledger: TrialLedger = TrialLedger(self._queue.store, self._queue.clock_ms)

    def __enter__(self) -> _Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self._queue.store.close()

    def named(self, name: str) -> Challenger:
        """The challenger of that name; raises `UsageError`."""
        found = {one.name: one for one in self.challengers}.get(name)
        if found is None:
            known = ", ".join(one.name for one in self.challengers) or "none"
            raise UsageError(
                f"there is no challenger {name!a}; declared are: {known}",
                hint="write [[challenger]] with its name into rolecall.toml",
            )
        return found

    def entered(self, name: str) -> Challenger:
        """The same, in the database even if no worker has begun its trial yet."""
        found = self.named(name)
        self.ledger.enter([found])
        return found


def _parser(verb: str, description: str, *, named: bool = True, shows: bool = False) -> Parser:
    parser = Parser(f"trials {verb}", description, "")
    add: Any = parser.add_argument
    if named:
        add("name", metavar="NAME", help="the challenger")
    add_queue(add)
    if shows:
        add("--json", action="store_true", help="JSON, for programs")
    return parser


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _list(words: list[str]) -> int:
    from rolecall.cli.trials_shown import as_json, table
    from rolecall.trial.standing import standings

    told = _parser("list", LIST, named=False, shows=True).parse_intermixed_args(words)
    with _Opened(told) as opened:
        found = standings(opened.challengers, opened.ledger)
    _print(as_json(found) if told.json else table(found))
    return OK


def _show(words: list[str]) -> int:
    from rolecall.cli.trials_shown import as_json, whole
    from rolecall.trial.standing import standings

    told = _parser("show", SHOW, shows=True).parse_intermixed_args(words)
    with _Opened(told) as opened:
        one = opened.named(told.name)
        found = standings(opened.challengers, opened.ledger)
    mine = [each for each in found if each.challenger.name == one.name]
    _print(as_json(mine) if told.json else whole(mine[0]))
    return OK


def _promote(words: list[str]) -> int:
    told = _parser("promote", PROMOTE).parse_intermixed_args(words)
    with _Opened(told) as opened:
        one = opened.entered(told.name)
        changed = opened.ledger.promote(one.name, f"promoted by {_who()}")
    if not changed:
        _print(f"{one.name} has all pages already\n")
        return OK
    _print(
        f"all pages go to {one.engine} now\n"
        f'to make it lasting, write  engine = "{one.engine}"  into rolecall.toml, at the top, above'
        f" the first [table],\nand take the [[challenger]] table of {one.name} out\n"
        f"to undo it: rolecall trials rollback {one.name}\n"
    )
    return OK


def _rollback(words: list[str]) -> int:
    told = _parser("rollback", ROLLBACK).parse_intermixed_args(words)
    with _Opened(told) as opened:
        one = opened.entered(told.name)
        changed = opened.ledger.withdraw(one.name, f"rolled back by {_who()}")
    _print(
        f"{one.name} gets no more pages\nto try it again: rolecall trials restart {one.name}\n"
        if changed
        else f"{one.name} had no pages already\n"
    )
    return OK


def _restart(words: list[str]) -> int:
    told = _parser("restart", RESTART).parse_intermixed_args(words)
    with _Opened(told) as opened:
        one = opened.entered(told.name)
        opened.ledger.restart(one.name, one.design)
    _print(f"{one.name} gets {one.share:.1%} of the pages, {one.mode}, counted from nothing\n")
    return OK


def _who() -> str:
    """Who does it, as far as the environment tells."""
    return os.environ.get("USER") or os.environ.get("LOGNAME") or "hand"
