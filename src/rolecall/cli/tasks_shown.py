"""Tasks, batches and the queue as people read them, and as programs do."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from rolecall.queue.nouns import STATES, Batch, Task, Worker
from rolecall.queue.view import View
from rolecall.table import aligned, one_line

WIDEST: Final = 44
"""Characters of a source or title in a table."""


def at(moment: int) -> str:
    """A moment in milliseconds since 1970, as text in UTC."""
    told = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
    return told.replace("+00:00", "Z")


def ago(milliseconds: float) -> str:
    """A length of time in one unit: ``12 s``, ``3 min``, ``5 h``, ``2 d``."""
    seconds = max(0.0, milliseconds / 1000)
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} s"


def task_dict(task: Task) -> dict[str, Any]:
    """A task for programs, with the names that the API gives."""
    told = {name: getattr(task, name) for name in Task.__struct_fields__}
    moments = {name: at(told[name]) for name in ("due", "made", "changed")}
    return {**told, **moments, "id": f"t{task.id}", "kind": "task", "batch": f"b{task.batch}"}


def batch_dict(batch: Batch) -> dict[str, Any]:
    """A batch for programs, with the names that the API gives."""
    return {
        "id": f"b{batch.id}",
        "kind": "batch",
        "submitter": batch.submitter,
        "size": batch.size,
        "made": at(batch.made),
        "ended": batch.ended,
        "states": batch.states,
        "outcomes": batch.outcomes,
    }


def tasks_shown(tasks: Sequence[Task], *, as_json: bool) -> str:
    """Tasks as a table, or each as a line of JSON."""
    if as_json:
        return "".join(task_line(one, as_json=True) for one in tasks)
    if not tasks:
        return "there is no such task\n"
    now = time.time() * 1000
    rows = (_row(one, ago(now - one.changed)) for one in tasks)
    head = ("id", "batch", "state", "outcome", "tries", "changed", "what")
    return aligned(head, *rows, worded=True)


def task_line(task: Task, *, as_json: bool) -> str:
    """One task as one line."""
    if as_json:
        return orjson.dumps(task_dict(task)).decode() + "\n"
    return "  ".join(one for one in _row(task, at(task.changed)) if one) + "\n"


def _row(task: Task, changed: str) -> tuple[str, ...]:
    outcome = task.outcome or ""
    if task.reason:
        outcome += f": {task.reason}"
    said = " – ".join(one for one in (task.title, task.company) if one) or task.source
    if task.trouble and task.state in ("waiting", "queued"):
        said += f"  ({task.trouble})"
    cut = said if len(said) <= WIDEST else said[: WIDEST - 1] + "…"
    return (
        f"t{task.id}",
        f"b{task.batch}",
        task.state,
        outcome,
        f"{task.attempts}",
        changed,
        one_line(cut),
    )


def task_shown(task: Task, *, as_json: bool) -> str:
    """All of one task."""
    return _all(task_dict(task), as_json=as_json)


def batch_shown(batch: Batch, *, as_json: bool) -> str:
    """All of one batch."""
    return _all(batch_dict(batch), as_json=as_json)


def _all(told: Mapping[str, Any], *, as_json: bool) -> str:
    if as_json:
        return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n"
    rows = [(name, _said(value)) for name, value in told.items() if value is not None]
    return aligned(*rows, worded=True)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items()) or "none"
    return one_line(f"{value:,}" if isinstance(value, int) else str(value))


def status_shown(view: View, *, as_json: bool) -> str:
    """Tasks by state, how long the next one has waited, and who works."""
    counts, paused, oldest, workers = view.counts(), view.paused(), view.oldest_ms(), view.workers()
    if as_json:
        told = {
            "paused": paused,
            "states": counts,
            "oldest_seconds": oldest / 1000,
            "workers": [_worker(one) for one in workers],
        }
        return orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n"
    text = aligned(*((state, f"{counts[state]:,}") for state in STATES))
    text += f"\n{'paused: workers take no tasks' if paused else 'workers take tasks'}"
    text += f"; the next task has waited for {ago(oldest)}\n" if counts["queued"] else "\n"
    if not workers:
        return text + "nobody works: start rolecall serve or rolecall work\n"
    now = time.time() * 1000
    rows = (
        (one.name, f"{one.doing:,}", f"{one.slots:,}", ago(now - one.started), ago(now - one.seen))
        for one in workers
    )
    return text + "\n" + aligned(("worker", "doing", "slots", "since", "seen"), *rows)


def _worker(one: Worker) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in Worker.__struct_fields__}
    return told | {"started": at(one.started), "seen": at(one.seen)}
