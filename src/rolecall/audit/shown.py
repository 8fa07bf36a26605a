"""Looking at audits; nothing here changes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
import orjson

from rolecall.audit.agreement import OUTCOME
from rolecall.audit.compare import compared
from rolecall.audit.nouns import Audited, Standing
from rolecall.ledger.budget import next_month
from rolecall.ledger.store import Store
from rolecall.queue.packing import unpack_record
from rolecall.schema.schema import Schema

NOT_ACCURACY: Final = (
    "Agreement is not accuracy: where both are wrong alike nobody notices, and where they differ"
    " either may be right. Only labels tell how right values are."
)
OUTCOME_MEANING: Final = f"{OUTCOME}: whether there is a posting on the page at all"
_LIST: Final = """
    SELECT a.task, r.title, r.company, t.source, r.site, a.route, a.engine, a.fields, r.doubt,
        a.nano, a.ended, EXISTS (SELECT 1 FROM label_page WHERE label_page.task = a.task)
    FROM audit_page a JOIN queue_result r ON r.task = a.task JOIN queue_task t ON t.id = a.task
    WHERE a.state = 'done' AND a.ended >= :since
    ORDER BY r.doubt DESC, a.task DESC LIMIT :limit
"""


def standing(store: Store) -> Standing:
    """How audits stand."""
    counts = dict(store.rows("SELECT state, count(*) FROM audit_page GROUP BY state"))
    words = store.rows("SELECT words, number FROM audit_word WHERE name = 'stopped'")
    stopped, moment = words[0] if words else ("", 0)
    return Standing(
        **{state: int(counts.get(state, 0)) for state in ("due", "running", "done", "failed")},
        stopped=stopped,
        stopped_ms=int(moment),
    )


def pages_of(store: Store, since_ms: int = 0, limit: int = 50) -> list[Audited]:
    """Audited pages, those first whose labels would tell most: the two differ in many fields, and
    the values are not sure."""
    found = []
    for row in store.rows(_LIST, {"since": since_ms, "limit": limit}):
        fields = _fields(row[7])
        found.append(
            Audited(
                task=row[0],
                title=row[1],
                company=row[2],
                source=row[3],
                site=row[4],
                route=row[5] or "",
                engine=row[6] or "",
                differing=tuple(sorted(name for name, same in fields.items() if not same)),
                compared=len(fields),
                doubt=row[8],
                nano=int(row[9]),
                ended=int(row[10]),
                labelled=bool(row[11]),
            )
        )
    return found


class Second(msgspec.Struct, frozen=True, kw_only=True):
    """A second opinion on a page: whose, and what it says of the fields in which it differs from
    the record as it is now."""

    engine: str
    route: str
    fields: dict[str, Any]
    outcome: str


def second_of(
    store: Store, task: int, record: Mapping[str, Any], schema: Schema | None
) -> Second | None:
    """The second opinion on the page of a task, also where it was met by another task; ``None``
    where there is none."""
    rows = store.rows(
        "SELECT a.engine, a.route, a.second FROM queue_task t JOIN audit_page a ON a.page = t.body"
        " JOIN queue_task met ON met.id = a.task WHERE t.id = :task AND a.state = 'done'"
        " AND coalesce(met.schema, '') = coalesce(t.schema, '')",
        {"task": task},
    )
    if not rows or rows[0][2] is None:
        return None
    engine, route, packed = rows[0]
    try:
        second = unpack_record(bytes(packed))
    except Exception:  # whatever is wrong with a row, the page is shown without it
        return None
    data = second.get("data")
    told = data if isinstance(data, Mapping) else {}
    differ = [name for name, same in compared(record, second, schema).items() if not same]
    return Second(
        engine=engine or "",
        route=route or "",
        fields={name: told.get(name) for name in differ},
        outcome=str(second.get("outcome") or ""),
    )


def until(stands: Standing) -> str:
    """The day (UTC) on which a cap leaves room again, where that is why audits stand still; empty
    where it is something else."""
    if not stands.stopped.startswith("budget_exceeded"):
        return ""
    day = datetime.fromtimestamp(stands.stopped_ms / 1_000, UTC).date()
    if "budget_record" in stands.stopped:
        return ""
    one = day + timedelta(days=1) if "budget_day" in stands.stopped else next_month(day)
    return one.isoformat()


def _fields(packed: Any) -> dict[str, bool]:
    try:
        told = orjson.loads(bytes(packed))
    except (orjson.JSONDecodeError, TypeError):
        return {}
    return told if isinstance(told, dict) else {}
