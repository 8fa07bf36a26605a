"""How tasks end: their records, their states and the events of it, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rolecall.core import Reason
from rolecall.ledger.store import Connection
from rolecall.monitor.events import site_of
from rolecall.queue.nouns import Claim, Result, State
from rolecall.queue.packing import pack_record, route_of, words_of
from rolecall.queue.texts import storable
from rolecall.record import doubt_of, failed_record

CANCELLED: Final = Reason(code="cancelled", stage="queue", message="was cancelled")

_STATES: Final[dict[str, State]] = {"cancelled": "cancelled", "poison": "quarantined"}

_RESULT: Final = """
    INSERT INTO queue_result (task, batch, outcome, reason, site, route, title, company, doubt,
        words, made, record)
    VALUES (:task, :batch, :outcome, :reason, :site, :route, :title, :company, :doubt,
        :words, :now, :record)
"""
_EVENT: Final = """
    INSERT INTO queue_event (task, batch, submitter, state, outcome, made)
    VALUES (:task, :batch, :submitter, :state, :outcome, :now)
"""
_END: Final = """
    UPDATE queue_task SET state = :state, worker = NULL, lease = NULL, changed = :now
    WHERE id = :task AND fence = :fence AND worker = :worker AND state = 'running'
        AND (cancel = 0 OR :state = 'cancelled')
"""


def ending(claim: Claim, reason: Reason, config: str) -> Result:
    """The end of a task that has no record of its own, for ``reason``."""
    record = failed_record(reason, locator=claim.source, seq=claim.place, config=config)
    record["url"] = claim.url
    return Result(claim=claim, record=record, state=_STATES.get(reason.code, "done"))


class Ended:
    """A result as the tables take it; compressing it needs no transaction."""

    def __init__(self, result: Result) -> None:
        claim, record = result.claim, result.record
        data = record.get("data") or {}
        reason = record.get("reason") or {}
        self.task = claim.task
        self.told = {
            "task": claim.task,
            "fence": claim.fence,
            "worker": claim.worker,
            "state": result.state,
        }
        self.row = {
            "task": claim.task,
            "batch": claim.batch,
            "outcome": record["outcome"],
            "reason": _text(reason.get("code")),
            "site": storable(site_of(record)),
            "route": storable(route_of(record)),
            "title": _text(data.get("title")),
            "company": _text(data.get("company")),
            "doubt": doubt_of(record, claim.schema is None),
            "words": storable(words_of(record)),
            "record": pack_record(record),
        }
        self.event = event(claim, result.state, record["outcome"])


def event(claim: Claim, state: State, outcome: str | None) -> dict[str, Any]:
    """What is told when a task comes into a state."""
    return {
        "task": claim.task,
        "batch": claim.batch,
        "submitter": claim.submitter,
        "state": state,
        "outcome": outcome,
    }


def conclude(connection: Connection, ended: Ended, now: int) -> bool:
    """Bring a task into its last state, unless its claim was lost or it was cancelled meanwhile;
    says which. `keep` must follow in the same transaction."""
    return bool(connection.execute(_END, {**ended.told, "now": now}).rowcount)


def keep(connection: Connection, ended: Sequence[Ended], now: int) -> None:
    """Keep the records of tasks that have ended, and tell of it.

    Comes after all changes of tasks: whoever has told of something waits for nobody any more.
    """
    if ended:
        connection.executemany(_RESULT, [{**one.row, "now": now} for one in ended])
        tell(connection, [one.event for one in ended], now)


def tell(connection: Connection, events: Sequence[dict[str, Any]], now: int) -> None:
    """Write events down."""
    connection.executemany(_EVENT, [{**one, "now": now} for one in events])


def _text(value: object) -> str | None:
    return storable(str(value))[:500] if value is not None else None
