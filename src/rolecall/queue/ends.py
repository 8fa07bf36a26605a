"""How a task ends: its record, its state and the event of it, in the transaction of the caller."""

from __future__ import annotations

from typing import Final

from rolecall.core import Reason
from rolecall.ledger.store import Connection
from rolecall.queue.nouns import Claim, Result, State
from rolecall.queue.packing import pack_record, route_of, site_of, words_of
from rolecall.record import doubt_of, failed_record

CANCELLED: Final = Reason(code="cancelled", stage="queue", message="was cancelled")

_STATES: Final[dict[str, State]] = {"cancelled": "cancelled", "poison": "quarantined"}


def ending(claim: Claim, reason: Reason, config: str) -> Result:
    """The end of a task that has no record of its own, for ``reason``."""
    record = failed_record(reason, locator=claim.source, seq=claim.place, config=config)
    record["url"] = claim.url
    return Result(claim=claim, record=record, state=_STATES.get(reason.code, "done"))


def conclude(connection: Connection, result: Result, now: int) -> bool:
    """End a task, unless its claim was lost or it was cancelled meanwhile; says which."""
    claim = result.claim
    told = {"task": claim.task, "fence": claim.fence, "state": result.state, "now": now}
    ended = connection.execute(
        "UPDATE queue_task SET state = :state, worker = NULL, lease = NULL, changed = :now"
        " WHERE id = :task AND fence = :fence AND state = 'running'"
        " AND (cancel = 0 OR :state = 'cancelled')",
        told,
    )
    if not ended.rowcount:
        return False
    put_result(connection, result, now)
    return True


def put_result(connection: Connection, result: Result, now: int) -> None:
    """Keep the record of a task that has ended, and tell of it."""
    claim, record = result.claim, result.record
    data = record.get("data") or {}
    reason = record.get("reason") or {}
    connection.execute(
        "INSERT INTO queue_result (task, batch, outcome, reason, site, route, title, company,"
        " doubt, words, made, record) VALUES (:task, :batch, :outcome, :reason, :site, :route,"
        " :title, :company, :doubt, :words, :now, :record)",
        {
            "task": claim.task,
            "batch": claim.batch,
            "record": pack_record(record),
            "outcome": record["outcome"],
            "reason": reason.get("code"),
            "site": site_of(record),
            "route": route_of(record),
            "title": _text(data.get("title")),
            "company": _text(data.get("company")),
            "doubt": doubt_of(record, claim.schema is None),
            "words": words_of(record),
            "now": now,
        },
    )
    connection.execute(
        "INSERT INTO queue_event (task, batch, submitter, state, outcome, made)"
        " VALUES (:task, :batch, :submitter, :state, :outcome, :now)",
        {
            "task": claim.task,
            "batch": claim.batch,
            "submitter": claim.submitter,
            "state": result.state,
            "outcome": record["outcome"],
            "now": now,
        },
    )


def _text(value: object) -> str | None:
    return str(value)[:500] if value is not None else None
