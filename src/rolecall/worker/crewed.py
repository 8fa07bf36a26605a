"""How a worker is to be."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from msgspec import Struct

from rolecall.fetch import Rules
from rolecall.monitor.watch import Watch
from rolecall.trial import Trials
from rolecall.worker.asking import MISSING
from rolecall.worker.auditing import LOOKS
from rolecall.worker.ending import InThread
from rolecall.worker.pressure import EVERY

Beside = Callable[[InThread], Coroutine[Any, Any, None]]

LINE: Final = 64
"""Pages that may wait for an answer at once."""


class Crewed(Struct, frozen=True, kw_only=True):
    """How a worker is to be: ``processes`` that read pages (0: as the settings say, else one per
    core), ``slots`` tasks at once (0: as many as processes and engines can do), ``line`` pages that
    may wait for an answer at once, and whether it ``takes_tasks`` of the queue at all. ``fetches``
    are the rules by which pages are fetched, if they may be; ``calls`` those of callbacks.
    ``looks`` are the seconds between looks at the load of engines, ``missing`` those between tries
    to reach engines that did not answer at first, ``audits`` those between looks for pages that are
    to be audited. ``watch`` hears of every record. Without ``trials``, challengers are left out.
    What stands in ``beside`` runs in the worker's loop as long as the worker does; it is given a
    way to wait for the database in a thread."""

    processes: int = 0
    slots: int = 0
    line: int = LINE
    takes_tasks: bool = True
    fetches: Rules | None = None
    calls: Rules | None = None
    looks: float = EVERY
    missing: float = MISSING
    audits: float = LOOKS
    watch: Watch = Watch()
    trials: Trials = Trials((), None)
    beside: tuple[Beside, ...] = ()
