"""The pages of a run in the figures of the user's database, as far as there is one."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from rolecall.batch.done import Done
from rolecall.errors import DatabaseError
from rolecall.ledger.place import usual_place
from rolecall.settings import Settings

if TYPE_CHECKING:
    from rolecall.monitor.events import PageEvent

EVERY: Final = 10.0
"""Seconds between two additions to the database."""
MOST: Final = 2_000
"""Events that are added at once."""

_log = logging.getLogger(__name__)


class Watched:
    """Counts what a run does, for ``rolecall status``. A context manager around the run.

    The run is what matters: it needs no database, makes none, and what goes wrong with the one that
    is there ends the counting and nothing else. The database is opened for each addition alone:
    children that are forked meanwhile are to have nothing of it.
    """

    def __init__(
        self,
        settings: Settings,
        environ: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings, self._environ, self._clock = settings, environ, clock
        self._events: list[PageEvent] = []
        self._added = clock()
        self.on = settings.watch_runs and (bool(settings.queue) or self._is_there())
        """Whether anything is counted."""

    def __enter__(self) -> Watched:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Add what is left."""
        self._add()

    def hear(self, done: Done) -> None:
        """An input is finished; one that an earlier run did counts no second time."""
        if not self.on or done.event is None:
            return
        event = done.event
        if done.figures.bytes_in:
            event = replace(event, size=done.figures.bytes_in)
        self._events.append(event)
        if len(self._events) >= MOST or self._clock() - self._added >= EVERY:
            self._add()

    def _is_there(self) -> bool:
        try:
            return usual_place(self._settings.data_folder, self._environ).exists()
        except (DatabaseError, OSError):
            return False

    def _add(self) -> None:
        events, self._events = self._events, []
        if not events or not self.on:
            return
        try:
            from rolecall.ledger.opening import open_store
            from rolecall.monitor.series import Series

            settings = self._settings
            with open_store(settings.queue, settings.data_folder, self._environ) as store:
                series = Series(store, purges=False)
                for event in events:
                    series(event)
                series.flush()
        except Exception as error:  # whatever it is, the run has its records
            _log.debug("this run is not counted any more: %s", error)
            self.on = False
        self._added = self._clock()
