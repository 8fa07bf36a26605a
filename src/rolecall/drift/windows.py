"""The sink that counts pages in windows, and brings full ones into the database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from msgspec import structs

from rolecall.drift import kept
from rolecall.drift.counts import ROUTE, Counting, Window, count, put
from rolecall.drift.counts import kept as kept_of
from rolecall.ledger.store import Store
from rolecall.monitor.events import PageEvent

PAGES: Final = 200
"""Pages of a window."""
MOST_WAITING: Final = 500
"""Windows that wait for a database that is away; older ones are lost."""


class Windows:
    """Counts the pages of one process. A sink; usable from any thread.

    ``sites`` gives the sites of the reference, which windows keep by their names. While
    ``reroutes`` says that the user's own trial gives pages to other engines, who answered them is
    not counted: that is no change of the pages. What a process has begun when it ends is left as a
    part, with which the next one goes on; of one that is killed it is lost.
    """

    def __init__(
        self,
        store: Store,
        sites: Callable[[], frozenset[str]] = frozenset,
        pages: int = PAGES,
        reroutes: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store, self._sites, self._most = store, sites, pages
        self._reroutes, self._rerouted = reroutes, False
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._counting: Counting = {}
        self._pages, self._starts, self._ends = 0, 0, 0
        self._full: list[Window] = []
        self._asked_for_part = False

    def __call__(self, event: PageEvent) -> None:
        """Count an event."""
        with self._lock:
            if not self._pages:
                self._starts = self._ends = event.moment
            count(self._counting, event)
            self._pages += 1
            self._starts = min(self._starts, event.moment)
            self._ends = max(self._ends, event.moment)
            if self._pages >= self._most:
                self._full.append(self._begun())

    def flush(self, *, ending: bool = False) -> None:
        """Bring full windows into the database, and when ``ending`` what was begun too; on an
        error they are kept for the next time.

        Raises:
            DatabaseError: the database cannot be used.
        """
        with self._writing:
            self._take_part(ending=ending)
            self._leave_routes_out()
            with self._lock:
                full, self._full = self._full, []
                part = [self._begun()] if ending and self._pages else []
            if not full and not part:
                return
            try:
                sites = self._sites()
                with self._store.write() as connection:
                    kept.put(connection, [_bounded(one, sites) for one in full])
                    kept.put(connection, [_bounded(one, sites) for one in part], "part")
            except BaseException:
                with self._lock:
                    self._full = (full + self._full)[-MOST_WAITING:]
                    for one in part:
                        self._go_on(one)
                raise

    def _leave_routes_out(self) -> None:
        """Forget who answered the pages that came while a trial was on, which may have begun or
        ended since the last time."""
        now = self._reroutes()
        if now or self._rerouted:
            with self._lock:
                self._counting.pop(ROUTE, None)
                self._full = [_without_routes(one) for one in self._full]
        self._rerouted = now

    def _take_part(self, *, ending: bool) -> None:
        """Once, go on with what an earlier process has left."""
        if self._asked_for_part or ending:
            return
        with self._store.write() as connection:
            part = kept.take_part(connection)
        self._asked_for_part = True
        if part is not None:
            with self._lock:
                self._go_on(part)

    def _go_on(self, part: Window) -> None:
        put(self._counting, part.counts)
        self._starts = min(self._starts, part.starts) if self._pages else part.starts
        self._ends = max(self._ends, part.ends)
        self._pages += part.pages
        if self._pages >= self._most:
            self._full.append(self._begun())

    def _begun(self) -> Window:
        """The window that was begun, and begin another one."""
        found = Window(
            starts=self._starts, ends=self._ends, pages=self._pages, counts=self._counting
        )
        self._counting, self._pages, self._ends = {}, 0, 0
        return found


def _bounded(one: Window, sites: frozenset[str]) -> Window:
    return Window(
        starts=one.starts, ends=one.ends, pages=one.pages, counts=kept_of(one.counts, sites)
    )


def _without_routes(one: Window) -> Window:
    return structs.replace(
        one, counts={name: cells for name, cells in one.counts.items() if name != ROUTE}
    )
