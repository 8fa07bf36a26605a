"""Inputs whose record is there already are passed over here, without a way to a worker and back.

Their bytes are read and hashed all the same: a page that changed is done again.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Final

from rolecall.batch.done import Done
from rolecall.errors import SourceError
from rolecall.inputs.columns import DEFAULT, Columns
from rolecall.inputs.nouns import Entries, Input
from rolecall.inputs.read import identity

BURST: Final = 0.05
"""Seconds for which inputs are passed over before workers and signals are looked after."""


class Kept:
    """The inputs of a run without those that are kept; these wait in it as finished ones.

    ``limit`` is the largest page in bytes, ``columns`` the names in lines of JSON.
    """

    def __init__(
        self,
        entries: Entries,
        *,
        limit: int,
        columns: Columns = DEFAULT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._entries, self._limit, self._columns, self._clock = entries, limit, columns, clock
        self._kept: deque[Done] = deque()

    def rest(self) -> Entries:
        """What a worker has to look at; ``None`` after a burst, or where nothing is there."""
        end = 0.0
        for entry in self._entries:
            if entry is None or not entry.known or not self._same(entry):
                end = 0.0
                yield entry
                continue
            self._kept.append(Done(entry.seq, entry.locator, "kept"))
            now = self._clock()
            if not end:
                end = now + BURST
            elif now >= end:
                end = 0.0
                yield None

    def beside(
        self, results: Generator[Done | None, None, None]
    ) -> Generator[Done | None, None, None]:
        """The results of working on ``rest``, and with them the inputs that were passed over.

        ``results`` must give a ``None`` now and then, also while nobody works.
        """
        with contextlib.closing(results):
            for done in results:
                yield from self._take()
                yield done
        yield from self._take()

    def _take(self) -> Iterator[Done]:
        while self._kept:
            yield self._kept.popleft()

    def _same(self, entry: Input) -> bool:
        """Whether the input still is what its record was made of."""
        try:
            return identity(entry, limit=self._limit, columns=self._columns) == entry.known
        except (SourceError, OSError, MemoryError):
            return False  # a worker tells what is wrong with it
