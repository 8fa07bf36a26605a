"""The queue as its users hold it."""

from __future__ import annotations

import time
from collections.abc import Callable

from rolecall.ledger.store import Store
from rolecall.queue.control import Control
from rolecall.queue.inbox import Inbox
from rolecall.queue.leases import Leases
from rolecall.queue.moment import Moment
from rolecall.queue.nouns import Rules
from rolecall.queue.view import View


class Queue:
    """One queue over a store, usable from any thread.

    ``inbox`` takes pages in, ``leases`` lends them to workers, ``control`` cancels and forgets,
    ``view`` looks. ``config`` goes into the records of tasks that end without having been worked
    on; ``clock`` gives seconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        *,
        rules: Rules | None = None,
        config: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        rules = rules if rules is not None else Rules()
        self.moment = moment = Moment(store.dialect, clock)
        self.store, self.rules = store, rules
        self.inbox = Inbox(store, rules, moment)
        self.leases = Leases(store, rules, moment, config)
        self.control = Control(store, rules, moment, config)
        self.view = View(store, moment)
        self._clock = clock

    def clock_ms(self) -> int:
        """The present moment in milliseconds since 1970, by this machine's clock."""
        return int(self._clock() * 1000)
