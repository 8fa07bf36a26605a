"""Stopping: the first signal ends the run in order, the second one at once."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stop:
    """Whether a signal has asked this run to stop, and which; call it to know."""

    def __init__(self) -> None:
        self.number: int | None = None

    def __call__(self) -> bool:
        """Whether a signal has come."""
        return self.number is not None

    @property
    def exit_code(self) -> int:
        """128 + the number of the signal."""
        return 128 + (self.number or 0)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Take the signals for the time of the run; one that was ignored stays ignored."""
        before = {
            number: signal.signal(number, self._take)
            for number in SIGNALS
            if signal.getsignal(number) is not signal.SIG_IGN
        }
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            for child in multiprocessing.active_children():
                child.kill()
            os._exit(128 + number)
        self.number = number
