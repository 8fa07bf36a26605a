"""Records on their way to the sinks; no fault of a sink is ever a page's."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rolecall.errors import DatabaseError
from rolecall.monitor.events import Sink, page_event
from rolecall.monitor.series import Series

FLUSH_SECONDS: Final = 10.0
"""How often what was counted is to go into the database."""

_log = logging.getLogger(__name__)


class Watch:
    """Tells ``sinks`` of every record, and ``series`` (if any) too, which it brings into the
    database whenever `flush` is called. ``clock`` gives seconds. Usable from any thread."""

    def __init__(
        self,
        sinks: Sequence[Sink] = (),
        series: Series | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._series, self._clock = series, clock
        self._sinks: tuple[Sink, ...] = (*sinks, series) if series is not None else tuple(sinks)
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

    def flush(self) -> None:
        """Bring what was counted into the database; what it does not take is kept."""
        if self._series is None:
            return
        try:
            self._series.flush()
        except DatabaseError as error:
            _log.warning("figures are kept until the database takes them: %s", error)
