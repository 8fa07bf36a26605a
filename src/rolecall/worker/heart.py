"""The heartbeat: keeps what a worker has been lent, from a thread that no page can hold up."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from rolecall.errors import DatabaseError
from rolecall.queue.nouns import Beat, Worker
from rolecall.queue.queue import Queue

BEAT: Final = 1.0
"""Seconds between heartbeats, at most; so long a cancelled task may go on."""

SEEN: Final = 5.0
"""Seconds between messages that the worker is there."""

_log = logging.getLogger(__name__)


class Heart:
    """A thread that beats for one worker.

    ``held`` gives the fence of each task that the worker has; ``told`` hears what is to be given up
    of them; ``present`` says how the worker is. All three are called in this thread.
    """

    def __init__(
        self,
        queue: Queue,
        held: Callable[[], Mapping[int, int]],
        told: Callable[[Beat, Mapping[int, int]], None],
        present: Callable[[], Worker],
    ) -> None:
        self._queue, self._held, self._told, self._present = queue, held, told, present
        self._name = present().name
        self._every = min(BEAT, queue.rules.lease / 4)
        self._look, self._end = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="rolecall-heart", daemon=True)
        self.trouble = ""
        """Why leases cannot be kept, if so."""

    def start(self) -> None:
        """Begin to beat."""
        self._thread.start()

    def look(self) -> None:
        """Beat now: somebody may have cancelled a task."""
        self._look.set()

    def stop(self) -> None:
        """Beat no more, and tell that the worker has gone."""
        self._end = True
        self._look.set()
        self._thread.join()
        with contextlib.suppress(DatabaseError):
            self._queue.leases.gone(self._name)

    def _run(self) -> None:
        seen = float("-inf")
        while not self._end:
            began = time.monotonic()
            try:
                held = self._held()
                if held:
                    beat = self._queue.leases.beat(self._name, held)
                    if beat.cancelled or beat.lost:
                        self._told(beat, held)
                if began - seen >= SEEN:
                    self._queue.leases.seen(self._present())
                    seen = began
                self.trouble = ""
            except DatabaseError as error:
                if not self.trouble:
                    _log.error("leases cannot be kept: %s", error)
                self.trouble = str(error)
            except Exception:  # whatever it is, the next beat must come
                _log.exception("a heartbeat failed")
            self._look.wait(max(0.0, began + self._every - time.monotonic()))
            self._look.clear()
