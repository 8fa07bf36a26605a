"""What is kept, where, how much of it and how old it is; nothing here changes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from msgspec import Struct

from rolecall.batch.forecast_kept import folder as forecasts_folder
from rolecall.engines.state import state_file
from rolecall.ledger.store import Store
from rolecall.queue.nouns import Rules


class Kind(Struct, frozen=True, kw_only=True):
    """One kind of things that is kept in tables. ``columns`` hold its bytes, ``made`` its moment
    in milliseconds; ``pages`` says whether words of pages are in it, ``kept`` for how long."""

    name: str
    table: str
    columns: tuple[str, ...] = ()
    made: str = "made"
    pages: bool = True
    kept: str = "until it is forgotten"


class Kept(Struct, frozen=True, kw_only=True):
    """How much of a kind there is; ``oldest`` in milliseconds since 1970."""

    kind: str
    count: int
    bytes_: int
    oldest: int | None
    pages: bool
    kept: str
    where: str


def kinds_of(rules: Rules) -> tuple[Kind, ...]:
    """The kinds in the database of the queue."""
    records = f"{rules.keep_records_days:g} days from its last change"
    return (
        Kind(
            name="pages", table="queue_body", columns=("packed",),
            kept=f"{rules.keep_bodies_days:g} days, and while a task needs it",
        ),
        Kind(name="tasks", table="queue_task", columns=("source", "url"), kept=records),
        Kind(name="records", table="queue_result", columns=("record", "words"), kept=records),
        Kind(
            name="events", table="queue_event", pages=False,
            kept=f"{rules.keep_events_hours:g} hours",
        ),
        Kind(
            name="audits", table="audit_page", columns=("second", "fields"),
            kept="as long as the record",
        ),
        Kind(name="labels", table="label_value", columns=("value", "quote")),
        Kind(name="labelled pages", table="label_page", columns=("sample",)),
        Kind(
            name="challengers", table="trial_challenger", columns=("design",), made="began",
            pages=False,
        ),
        Kind(
            name="figures", table="monitor_point", made="1000 * starts", pages=False,
            kept="2 days by minute, 62 by hour, 1,100 by day",
        ),
        Kind(
            name="windows of drift", table="drift_window", columns=("counts",), made="starts",
            pages=False, kept="as docs/drift.md says",
        ),
        Kind(
            name="sums of the budget", table="budget_day", made="NULL", pages=False,
            kept="always",
        ),
    )  # fmt: skip


ANSWERS: Final = Kind(
    name="kept answers",
    table="cache_completion",
    columns=("value",),
    kept="500 MB, the longest unused go first",
)
"""Lies in the embedded database, also where the queue is elsewhere."""


def look(store: Store, kind: Kind, where: str) -> Kept:
    """How much of a kind is in a database."""
    size = " + ".join(f"coalesce(sum(length({one})), 0)" for one in kind.columns) or "0"
    count, bytes_, oldest = store.rows(
        f"SELECT count(*), {size}, min({kind.made}) FROM {kind.table}"
    )[0]
    return Kept(
        kind=kind.name,
        count=int(count),
        bytes_=int(bytes_),
        oldest=int(oldest) if oldest is not None else None,
        pages=kind.pages,
        kept=kind.kept,
        where=where,
    )


def logs(environ: Mapping[str, str]) -> Iterator[Path]:
    """What ``rolecall up`` and its servers printed."""
    up = state_file(environ).parent / "up"
    for pattern in ("*.log", "*.log.1", "*.messages"):
        yield from sorted(up.glob(pattern))


def forecasts(environ: Mapping[str, str]) -> Iterator[Path]:
    """The forecasts that were kept for runs to come."""
    yield from sorted(forecasts_folder(environ).glob("*.json"))


def look_at_files(environ: Mapping[str, str], events_log: str) -> Iterator[Kept]:
    """How much is kept in files."""
    base = state_file(environ).parent
    for name, paths, where, kept in (
        ("logs of servers", logs(environ), base / "up", "twice 20 MB each"),
        ("forecasts", forecasts(environ), base / "forecasts", "the last 50"),
    ):
        yield _files(name, list(paths), str(where), kept)
    if events_log and events_log != "-":
        path = Path(events_log).expanduser()
        yield _files("log of events", [path] if path.is_file() else [], events_log, "as you do it")


def _files(name: str, paths: list[Path], where: str, kept: str) -> Kept:
    found = [path.stat() for path in paths if path.exists()]
    return Kept(
        kind=name,
        count=len(found),
        bytes_=sum(one.st_size for one in found),
        oldest=min((int(one.st_mtime * 1000) for one in found), default=None),
        pages=False,
        kept=kept,
        where=where,
    )
