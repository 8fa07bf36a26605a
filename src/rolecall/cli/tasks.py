"""``rolecall tasks``: look at the queue, and change what is in it."""

from __future__ import annotations

import sys
import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any, Final

from rolecall.cli import FAILED, OK, USAGE
from rolecall.cli.options import Parser
from rolecall.cli.options import settings as load_settings
from rolecall.cli.queued import add_queue, open_queue, read_id
from rolecall.cli.signals import Stop
from rolecall.errors import UsageError

if TYPE_CHECKING:
    from rolecall.queue.nouns import Batch, Task, Wanted
    from rolecall.queue.queue import Queue

HELP = """\
usage: rolecall tasks VERB ...

The queue of rolecall serve and rolecall work: a task is one page (t123), a batch the
pages that were handed in together (b45).

verbs:
  status          tasks by state, who works, whether the queue is paused
  list [WORD]     tasks, the newest first; by state, outcome, site, or words in them
  show ID         one task or batch; --record prints the record
  retry ID        do a task, or what failed of a batch, once more
  cancel ID       end a task or what is left of a batch; one under way is stopped
  pause, resume   let workers take no more tasks, or take them again
  samples         pages whose labels are finished, as samples for rolecall eval
  purge           forget what is older than is kept

Each takes --queue URL for a PostgreSQL database, and all but samples --json for programs.
rolecall tasks VERB --help tells more.
"""

LIST = """\
Prints tasks, the newest first. Words are looked for in title, company, source and
address; all of them must be there.

States: waiting (for a moment in the future), queued, running; done (also where the
record says failed), cancelled, quarantined (worker processes died of it)."""

LIST_EXAMPLES = """\
examples:
  rolecall tasks list
  rolecall tasks list --state waiting            what waits, and for what
  rolecall tasks list --outcome failed --site example.org
  rolecall tasks list nurse berlin --json        a line of JSON each
  rolecall tasks list --follow                   each task as it ends, until Ctrl-C"""

SHOW = "Prints one task or one batch; with --record the record as JSON."
RETRY = """\
Puts a task that has ended into the queue once more; its record is forgotten. Of a batch,
what failed, was cancelled or is quarantined. The page must still be kept."""
CANCEL = """\
Ends a task, or all of a batch that has not ended: with a record that says cancelled. A
task under way is stopped within some seconds, and so is the call of an engine."""
PAUSE = "Lets workers take no more tasks. Those under way end; pages are still taken in."
RESUME = "Lets workers take tasks again."
PURGE = """\
Forgets batches that ended longer ago than is kept, with their records; pages that no task
needs any more; old events. Workers do this by themselves every ten minutes."""
STATUS = "Prints tasks by state, how long the next one has waited, and who works."

STEP: Final = 0.5
"""Seconds between looks for new events."""
RETRIED: Final = 1_000
"""Tasks of a batch that are looked at together."""


def run(words: list[str]) -> int:
    """Run one verb of ``rolecall tasks`` and return its exit code."""
    from rolecall.cli.tasks_samples import samples

    verbs = {
        "status": _status,
        "list": _list,
        "show": _show,
        "retry": _retry,
        "cancel": _cancel,
        "pause": _pause,
        "resume": _resume,
        "samples": samples,
        "purge": _purge,
    }
    if not words or words[0] in ("-h", "--help", "help"):
        (sys.stdout if words else sys.stderr).write(HELP)
        sys.stdout.flush()
        return OK if words else USAGE
    verb = verbs.get(words[0])
    if verb is None:
        raise UsageError(f"there is no verb {words[0]!a}", hint=f"there are: {', '.join(verbs)}")
    return verb(words[1:])


def _parser(verb: str, description: str, examples: str = "") -> Parser:
    parser = Parser(f"tasks {verb}", description, examples)
    add_queue(parser.add_argument)
    parser.add_argument("--json", action="store_true", help="JSON, for programs")
    return parser


def _open(told: Namespace) -> Queue:
    return open_queue(load_settings({"queue": told.queue}))


def _print(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _status(words: list[str]) -> int:
    from rolecall.cli.tasks_shown import status_shown

    told = _parser("status", STATUS).parse_intermixed_args(words)
    queue = _open(told)
    try:
        _print(status_shown(queue.view, as_json=told.json))
    finally:
        queue.store.close()
    return OK


def _list(words: list[str]) -> int:
    from rolecall.cli.tasks_shown import tasks_shown
    from rolecall.queue.nouns import STATES

    parser = _parser("list", LIST, LIST_EXAMPLES)
    add: Any = parser.add_argument
    add("words", metavar="WORD", nargs="*", help="only tasks that hold it")
    add("--state", action="append", choices=STATES, help="repeatable")
    add("--outcome", choices=("ok", "partial", "not_a_posting", "failed"))
    add("--site", metavar="HOST", help="only pages of this host, without www.")
    add("--route", metavar="NAME", help="only pages that this engine, or embedded, answered")
    add("--batch", metavar="ID", help="only tasks of this batch, as b45")
    add("--submitter", metavar="NAME", help="only what this one handed in")
    add("--before", metavar="ID", help="only tasks older than this one, as t123")
    add("--limit", type=int, metavar="N", default=50, help="how many, at most (50)")
    add("--follow", action="store_true", help="print tasks as they end, until Ctrl-C")
    told = parser.parse_intermixed_args(words)
    wanted = _wanted(told)
    queue = _open(told)
    try:
        if told.follow:
            return _follow(queue, wanted, as_json=told.json)
        found = queue.view.tasks(wanted)
        _print(tasks_shown(found, as_json=told.json))
        if not told.json and len(found) == wanted.limit:
            sys.stderr.write(f"rolecall: more with --before t{found[-1].id}, or --limit\n")
    finally:
        queue.store.close()
    return OK


def _wanted(told: Namespace) -> Wanted:
    from rolecall.queue.nouns import Wanted

    if told.limit < 1:
        raise UsageError("--limit is at least 1", hint="see rolecall tasks list --help")
    return Wanted(
        submitter=told.submitter,
        batch=_of_kind("b", told.batch),
        states=tuple(told.state or ()),
        outcome=told.outcome,
        site=told.site,
        route=told.route,
        words=" ".join(told.words),
        before=_of_kind("t", told.before),
        limit=told.limit,
    )


def _of_kind(kind: str, text: str | None) -> int | None:
    if text is None:
        return None
    found, number = read_id(text)
    if found != kind:
        named = {"t": "a task, as t123", "b": "a batch, as b45"}
        raise UsageError(f"{text} is not {named[kind]}", hint="see rolecall tasks list --help")
    return number


def _follow(queue: Queue, wanted: Wanted, *, as_json: bool) -> int:
    """Print tasks as they end, until a signal."""
    from msgspec import structs

    from rolecall.cli.tasks_shown import task_line

    stop, last = Stop(), queue.view.last_event()
    with stop.watching():
        while not stop():
            for event in queue.view.events(last):
                last = max(last, event.id)
                only = structs.replace(wanted, before=event.task + 1, limit=1)
                found = queue.view.tasks(only)
                if found and found[0].id == event.task:
                    _print(task_line(found[0], as_json=as_json))
            time.sleep(STEP)
    return stop.exit_code


def _show(words: list[str]) -> int:
    from rolecall.cli.tasks_shown import batch_shown, task_shown

    parser = _parser("show", SHOW)
    parser.add_argument("id", metavar="ID", help="t123 or b45")
    parser.add_argument("--record", action="store_true", help="print the record, as JSON")
    told = parser.parse_intermixed_args(words)
    kind, number = read_id(told.id)
    queue = _open(told)
    try:
        if told.record:
            return _records(queue, kind, number, told.id)
        found: Task | Batch | None
        if kind == "t":
            found = queue.view.task(number)
            text = task_shown(found, as_json=told.json) if found is not None else ""
        else:
            found = queue.view.batch(number)
            text = batch_shown(found, as_json=told.json) if found is not None else ""
        if found is None:
            raise _unknown(told.id)
        _print(text)
    finally:
        queue.store.close()
    return OK


def _records(queue: Queue, kind: str, number: int, text: str) -> int:
    """Print the record of a task, or those of a batch so far, each as a line."""
    from rolecall.record import dump

    if kind == "b":
        if queue.view.batch(number) is None:
            raise _unknown(text)
        for _, record in queue.view.records(number):
            sys.stdout.buffer.write(dump(record) + b"\n")
    else:
        one = queue.view.record(number)
        if one is None:
            raise UsageError(f"{text} has no record (yet)", hint=f"rolecall tasks show {text}")
        sys.stdout.buffer.write(dump(one) + b"\n")
    sys.stdout.buffer.flush()
    return OK


def _unknown(text: str) -> UsageError:
    return UsageError(f"there is no {text}", hint="rolecall tasks list shows what is there")


def _retry(words: list[str]) -> int:
    return _change(words, "retry", RETRY, "queued once more")


def _cancel(words: list[str]) -> int:
    return _change(words, "cancel", CANCEL, "cancelled")


def _change(words: list[str], verb: str, description: str, done: str) -> int:
    """Change the tasks that are named; 3 if there was nothing to change."""
    parser = _parser(verb, description)
    parser.add_argument("ids", metavar="ID", nargs="+", help="t123 or b45")
    told = parser.parse_intermixed_args(words)
    ids = [read_id(one) for one in told.ids]
    queue = _open(told)
    try:
        for text, (kind, number) in zip(told.ids, ids, strict=True):
            if (queue.view.task if kind == "t" else queue.view.batch)(number) is None:
                raise _unknown(text)
        changed = 0
        for kind, number in ids:
            if verb == "cancel":
                one = queue.control
                changed += one.cancel(number) if kind == "t" else one.cancel_batch(number)
            elif kind == "t":
                changed += queue.control.retry(number)
            else:
                changed += _retry_batch(queue, number)
    finally:
        queue.store.close()
    _print(f'{{"changed": {changed}}}\n' if told.json else f"{changed:,} {done}\n")
    if changed:
        return OK
    first = told.ids[0]
    sys.stderr.write(f"rolecall: rolecall tasks show {first} tells how it is\n")
    return FAILED


def _retry_batch(queue: Queue, batch: int) -> int:
    """Queue what failed of a batch once more."""
    from rolecall.queue.nouns import Wanted

    changed, before = 0, None
    while True:
        wanted = Wanted(batch=batch, outcome="failed", before=before, limit=RETRIED)
        found = queue.view.tasks(wanted)
        changed += sum(queue.control.retry(one.id) for one in found)
        if len(found) < RETRIED:
            return changed
        before = found[-1].id


def _pause(words: list[str]) -> int:
    return _switch(words, "pause", PAUSE)


def _resume(words: list[str]) -> int:
    return _switch(words, "resume", RESUME)


def _switch(words: list[str], verb: str, description: str) -> int:
    told = _parser(verb, description).parse_intermixed_args(words)
    queue = _open(told)
    try:
        (queue.control.pause if verb == "pause" else queue.control.resume)()
        paused = queue.view.paused()
    finally:
        queue.store.close()
    said = "paused: workers take no more tasks" if paused else "workers take tasks"
    _print(f'{{"paused": {str(paused).lower()}}}\n' if told.json else f"{said}\n")
    return OK


def _purge(words: list[str]) -> int:
    told = _parser("purge", PURGE).parse_intermixed_args(words)
    queue = _open(told)
    try:
        found = queue.control.purge()
    finally:
        queue.store.close()
    if told.json:
        import orjson

        _print(orjson.dumps(found).decode() + "\n")
    else:
        _print(
            f"forgotten: {found.batches:,} batches with {found.tasks:,} tasks,"
            f" {found.bodies:,} pages, {found.events:,} events\n"
        )
    return OK
