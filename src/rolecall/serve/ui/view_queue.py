"""The queue as it is now: counts, workers, batches, its pace, and what can be done to it."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from rolecall.errors import UsageError
from rolecall.queue.nouns import Batch, Wanted
from rolecall.serve.ui.nouns import Ask, MissingError, Ui
from rolecall.serve.ui.pages import moved, page

LATELY_MS: Final = 60_000
"""The stretch of time that a rate is reckoned over."""

BATCHES: Final = 30
TASKS: Final = 50
OPEN: Final = ("running", "queued", "waiting")


def queue(ui: Ui, ask: Ask) -> Response:
    """The page."""
    return page(ask, "queue.html", **_now(ui, ask))


def queue_part(ui: Ui, ask: Ask) -> Response:
    """The part of the page that changes, to be put in its place."""
    return page(ask, "queue_part.html", **_now(ui, ask))


def _now(ui: Ui, ask: Ask) -> dict[str, Any]:
    view, sees = ui.queue.view, ask.visitor.sees
    counts = view.counts()
    now = ui.queue.clock_ms()
    ended = ui.postings.ended_since(now - LATELY_MS)
    rate = ended / (LATELY_MS / 1000)
    left = sum(counts[state] for state in OPEN)
    paused = view.paused()
    batches = [_batch(one) for one in view.batches(sees, BATCHES)]
    return {
        "counts": counts,
        "paused": paused,
        "rate": rate,
        "left": left,
        "eta": left / rate if rate and left and not paused else None,
        "oldest": view.oldest_ms() / 1000,
        "workers": view.workers(),
        "now": now,
        "batches": batches,
        "running": view.tasks(Wanted(states=("running",), submitter=sees, limit=TASKS)),
        "troubled": view.tasks(Wanted(states=("quarantined",), submitter=sees, limit=TASKS)),
        "failed": view.tasks(Wanted(outcome="failed", submitter=sees, limit=20)),
        "may_change": ask.visitor.may("tasks"),
        "may_pause": ask.visitor.may("admin"),
    }


def _batch(one: Batch) -> dict[str, Any]:
    left = sum(one.states.get(state, 0) for state in OPEN)
    known = sum(one.states.values()) or one.size
    return {"batch": one, "left": left, "done": known - left, "size": known}


def act(ui: Ui, ask: Ask) -> Response:
    """Pause, resume, cancel or try again, as a form says, and go back to where it was."""
    op, number = ask.form.get("op"), ask.form.get("number")
    visitor, control = ask.visitor, ui.queue.control
    back = "/queue"
    if op in ("pause", "resume"):
        visitor.needs("admin")
        (control.pause if op == "pause" else control.resume)()
        return moved(back)
    visitor.needs("tasks")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise UsageError("this form names no task")
    which = int(number)
    _own(ui, visitor.changes, which, batch=op == "cancel-batch")
    if op == "cancel":
        control.cancel(which, visitor.changes)
    elif op == "cancel-batch":
        control.cancel_batch(which, visitor.changes)
    elif op != "retry":
        raise UsageError("this form asks for nothing that is known here")
    elif not control.retry(which, visitor.changes):
        raise UsageError(
            f"t{which} cannot be tried again",
            hint="it has not ended, or its page is not kept any more",
        )
    return moved(back)


def _own(ui: Ui, changes: str | None, number: int, *, batch: bool) -> None:
    """Refuse what is not there or not theirs, which looks the same."""
    found = ui.queue.view.batch(number) if batch else ui.queue.view.task(number)
    if found is None or changes not in (None, found.submitter):
        raise MissingError(f"there is no {'batch b' if batch else 'task t'}{number}")
