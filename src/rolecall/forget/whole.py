"""Forgetting by age, and all there is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from rolecall.engines.state import state_file
from rolecall.forget.kinds import forecasts, logs
from rolecall.launch.folder import Folder, is_kept
from rolecall.ledger.store import Store
from rolecall.queue.ranks import TURNS

AT_ONCE: Final = 500
"""Rows that one transaction deletes, so that nobody waits long for it."""

TABLES: Final[Mapping[str, str]] = {
    "queue_task": "id",  # records and audits go with their tasks
    "audit_page": "page",
    "queue_batch": "id",
    "queue_body": "hash",
    "queue_event": "id",
    "label_value": "id",
    "label_page": "task",
    "trial_challenger": "name",
    "drift_window": "id",
    "drift_reference": "id",
    "drift_dimension": "name",
    "drift_rule": "name",
    "drift_message": "id",
}
"""What is emptied, and by which column it is taken a part at a time."""
UNUSED: Final[Mapping[str, str]] = {
    "queue_batch": "queue_task.batch = queue_batch.id",
    "queue_body": "queue_task.body = queue_body.hash",
}
"""What a task that is handed in meanwhile needs; by what it needs it."""
WIDE: Final = ("trial_count", "trial_bad", "monitor_point")
"""What is emptied at once: small rows under a key of several columns."""
OF_PAGES: Final = (
    "queue_task", "queue_result", "queue_body", "queue_event", "label_value", "label_page",
    "audit_page",
)  # fmt: skip
"""The tables in which a page leaves words or its hash."""


def forget_all(store: Store) -> None:
    """Empty all tables but the sums of the budget, the tokens, and the schemas by their names.

    What others hand in meanwhile is whole, there or gone.
    """
    for table, column in TABLES.items():
        while _some(store, table, column) == AT_ONCE:
            pass
    with store.write(durable=True, alone=TURNS) as connection:
        for table in WIDE:
            connection.execute(f"DELETE FROM {table}")


def _some(store: Store, table: str, column: str) -> int:
    needed = UNUSED.get(table)
    unused = f"WHERE NOT EXISTS (SELECT 1 FROM queue_task WHERE {needed})" if needed else ""
    with store.write(durable=True, alone=TURNS) as connection:
        gone = connection.execute(
            f"DELETE FROM {table} WHERE {column} IN"
            f" (SELECT {column} FROM {table} {unused} ORDER BY {column} LIMIT {AT_ONCE})"
        )
        return int(gone.rowcount)


def old_files(environ: Mapping[str, str], before: float | None) -> list[Path]:
    """Logs and forecasts from before a moment (seconds since 1970; ``None``: all). What belongs to
    a server that runs is left."""
    found = [*_loose(logs(environ), environ), *forecasts(environ)]
    return [one for one in found if before is None or _made(one) < before]


def _loose(paths: Iterable[Path], environ: Mapping[str, str]) -> list[Path]:
    """Those of ``paths`` whose server does not run."""
    base = state_file(environ).parent
    return [one for one in paths if not is_kept(Folder(base=base, name=one.name.partition(".")[0]))]


def _made(path: Path) -> float:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime
    return 0.0


def forget_files(paths: Iterable[Path]) -> int:
    """Delete files; says how many."""
    count = 0
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()
            count += 1
    return count
