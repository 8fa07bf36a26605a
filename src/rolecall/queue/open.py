"""Opening the queue that the settings name."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from rolecall.ledger.opening import open_store
from rolecall.queue.nouns import Rules
from rolecall.queue.queue import Queue
from rolecall.settings import Settings


def open_queue(
    settings: Settings,
    environ: Mapping[str, str],
    *,
    rules: Rules | None = None,
    config: str = "",
    clock: Callable[[], float] = time.time,
) -> Queue:
    """Open the queue: on the PostgreSQL of the setting ``queue``, or embedded if that is empty.

    It is made where there is none. Close its ``store`` at the end.

    Raises:
        SettingsError: the setting is no address of a PostgreSQL.
        DatabaseError: the database cannot be used; see `rolecall.ledger.opening.open_store`.
    """
    store = open_store(settings.queue, settings.data_folder, environ)
    return Queue(store, rules=rules, config=config, clock=clock)
