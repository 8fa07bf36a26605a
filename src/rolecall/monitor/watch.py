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
    """Tells ``sinks`` of every record, ``series`` (if any) and ``keeps`` too; what they hold back
    goes on its way whenever `flush` is called. ``clock`` gives seconds. Usable from any thread.

    A sink may have ``sample(name, label, amount)`` to be told of gauges as well, ``flush()`` and
    ``close()``.
    """

    def __init__(
        self,
        sinks: Sequence[Sink] = (),
        series: Series | None = None,
        clock: Callable[[], float] = time.time,
        keeps: Sequence[Keep] = (),
    ) -> None:
        self._clock, self._keeps = clock, tuple(keeps)
        own: tuple[Sink, ...] = (series,) if series is not None else ()
        self._sinks: tuple[Sink, ...] = (*sinks, *own)
        self._told: tuple[Sink, ...] = (*self._sinks, *keeps)
        self._samples = self._able("sample")
        self._broken: set[tuple[str, int]] = set()

    @property
    def listens(self) -> bool:
        """Whether there is any sink."""
        return bool(self._told)

    def tell(self, record: Mapping[str, Any], size: int = 0) -> None:
        """A page of ``size`` bytes has its record; 0 where the size is not known."""
        if self._told:
            self.hear(page_event(record, int(1_000 * self._clock()), size))

    def hear(self, event: PageEvent) -> None:
        """The same of an event that was made elsewhere."""
        for place, sink in enumerate(self._told):
            try:
                sink(event)
            except Exception:
                self._fault("event", place)

    def sample(self, name: str, label: str, amount: int) -> None:
        """A gauge stands at ``amount`` now; ``label`` says which one of that name."""
        for place, sample in enumerate(self._samples):
            try:
                sample(name, label, amount)
            except Exception:
                self._fault("sample", place)

    def flush(self, *, ending: bool = False) -> None:
        """Bring what sinks hold back on its way; what is not taken is kept. When ``ending`` nothing
        more will be told, and what is not complete goes too."""
        self._each(self._able("flush"), "flush")
        self._each([partial(one.flush, ending=ending) for one in self._keeps], "keep")

    def close(self) -> None:
        """Flush, and end what sinks have running."""
        self.flush(ending=True)
        self._each(self._able("close"), "close")

    def _each(self, steps: Sequence[Callable[[], None]], name: str) -> None:
        for place, step in enumerate(steps):
            try:
                step()
            except DatabaseError as error:
                _log.warning("figures are kept until the database takes them: %s", error)
            except Exception:  # a fault of ours must not end whoever brings the rest there
                self._fault(name, place)

    def _able(self, name: str) -> tuple[Callable[..., None], ...]:
        found = (getattr(sink, name, None) for sink in self._sinks)
        return tuple(one for one in found if callable(one))

    def _fault(self, what: str, place: int) -> None:
        if (what, place) not in self._broken:  # once is enough, it may be so for every page
            _log.exception("a sink of events failed; pages go on")
        self._broken.add((what, place))
