"""What stands still between pages and is looked at now and then: the queue, and cards' memory."""

from __future__ import annotations

import logging
import socket
from typing import Final

from rolecall.errors import DatabaseError
from rolecall.monitor.watch import Watch
from rolecall.plan.nvml import Nvml
from rolecall.queue.queue import Queue

MOST_CARDS: Final = 16
"""Cards of a machine that are told of."""

_log = logging.getLogger(__name__)


class Gauges:
    """Tells ``watch`` how long the queue is and how full the cards here are; for one thread at a
    time. Cards are those that NVML tells of; without it there are none."""

    def __init__(self, queue: Queue, watch: Watch, nvml: Nvml | None = None) -> None:
        self._queue, self._watch = queue, watch
        self._nvml = nvml
        self._host = socket.gethostname()

    def look(self) -> None:
        """Look once."""
        if not self._watch.listens:
            return
        try:
            counts = self._queue.view.counts()
        except DatabaseError as error:
            _log.debug("the queue was not counted: %s", error)
        else:
            self._watch.sample("queue_waiting", "", counts["queued"] + counts["waiting"])
            self._watch.sample("queue_running", "", counts["running"])
        self._cards()

    def close(self) -> None:
        """Let the library of the cards go."""
        if self._nvml is not None:
            self._nvml.close()

    def _cards(self) -> None:
        if self._nvml is None:
            self._nvml = Nvml()
        nvml = self._nvml
        if nvml.reason:
            return
        try:
            for number, (card, _) in enumerate(nvml.handles()):
                if number >= MOST_CARDS:
                    break
                told = nvml.in_use(card)
                label = f"{self._host} {number} {nvml.name(card)}"
                self._watch.sample("gpu_bytes", label, told.used)
                self._watch.sample("gpu_total_bytes", label, told.total)
        except Exception as error:  # the library's own errors have no common base
            _log.warning("the memory of cards is not told any more: %s", error)
            nvml.close()
            nvml.reason = f"NVML stopped working: {error}"
