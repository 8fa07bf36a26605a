"""Records on their way to the sinks; no fault of a sink is ever a page's."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol

from rolecall.errors import DatabaseError
from rolecall.monitor.events import PageEvent, Sink, page_event
from rolecall.monitor.series import Series


class Keep(Protocol):
    """A sink that brings what it counts into a database."""

    def __call__(self, event: PageEvent) -> None:
        """Count an event."""

    def flush(self, *, ending: bool = False) -> None:
        """Bring it into the database, when ``ending`` also what is not complete; on an error it is
        kept for the next time. Raises `DatabaseError`."""


FLUSH_SECONDS: Final = 10.0
"""How often what was counted is to go into the database."""

_log = logging.getLogger(__name__)


class Watch:
    """Tells ``sinks`` of every record, and ``series`` (if any) and ``keeps`` too, which it brings
    into the database whenever `flush` is called. ``clock`` gives seconds. Usable from any thread.
    """

    def __init__(
        self,
        sinks: Sequence[Sink] = (),
        series: Series | None = None,
        clock: Callable[[], float] = time.time,
        keeps: Sequence[Keep] = (),
    ) -> None:
        self._series, self._clock, self._keeps = series, clock, tuple(keeps)
        own: tuple[Sink, ...] = (series,) if series is not None else ()
        self._sinks: tuple[Sink, ...] = (*sinks, *own, *keeps)
        self._broken: set[int] = set()

    def tell(self, record: Mapping[str, Any], size: int = 0) -> None:
        """A page of ``size`` bytes has its record; 0 where the size is not known."""
        if not self._sinks:
            return
        event = page_event(record, int(1_000 * self._clock()), size)
        for place, sink in enumerate(self._sinks):
            try:
                sink(event)
            except Exception:
                if place not in self._broken:  # once is enough, it may be so for every page
                    _log.exception("a sink of events failed; pages go on")
                self._broken.add(place)

    def flush(self, *, ending: bool = False) -> None:
        """Bring what was counted into the database; what it does not take is kept. When ``ending``
        nothing more will be told, and what is not complete is brought there too."""
        steps: list[Callable[[], None]] = [self._series.flush] if self._series is not None else []
        steps += [partial(one.flush, ending=ending) for one in self._keeps]
        for step in steps:
            try:
                step()
            except DatabaseError as error:
                _log.warning("figures are kept until the database takes them: %s", error)
            except Exception:  # a fault of ours must not end whoever brings the rest there
                _log.exception("figures could not be brought into the database")
