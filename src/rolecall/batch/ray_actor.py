"""The work of one actor of a Ray run: chunks of inputs in, their records out.

An actor does what a local run does, with a child process for the pages: a page that hangs or ends
a process costs that page and not the actor. It asks the engines that its machine can reach.
"""

from __future__ import annotations

import atexit
import pickle
import socket
import sys
import time
from collections import deque
from collections.abc import Generator
from contextlib import ExitStack
from itertools import islice
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from rolecall import __version__
from rolecall.batch.done import Done
from rolecall.batch.ray_known import Known
from rolecall.batch.ray_parts import Answered, Chunk, Place
from rolecall.batch.run import PageWork, run
from rolecall.batch.workers import Crew
from rolecall.errors import Error, UsageError
from rolecall.inputs.nouns import Entries, Input

if TYPE_CHECKING:
    from rolecall.batch.asking import Asker

PAUSE = 0.005  # seconds between two looks for more inputs


class Terms(Struct, frozen=True, kw_only=True):
    """What every actor of a run must agree on with the driver.

    ``known`` refers to what earlier runs did, in Ray's object store; ``alone`` says that all actors
    are on the driver's machine, where the budget is.
    """

    page_work: PageWork
    crew: Crew
    place: Place
    config: str
    version: str
    known: Any = None
    alone: bool = False

    def agree(self) -> None:
        """Raise `UsageError` where this machine would write other records than the driver."""
        here = socket.gethostname()
        if self.version != __version__:
            raise UsageError(
                f"{here} has rolecall {__version__}, and the driver has {self.version}",
                hint="install the same version on all machines",
            )
        self.place.enter()
        try:
            config = self.page_work.pipeline.config
        except Error as error:
            raise type(error)(f"{error} (on {here})", hint=error.hint) from error
        if config != self.config:
            raise UsageError(
                f"records of {here} would have config {config}, those of the driver {self.config}",
                hint="the schema, the reader model and rolecall must be the same on all machines",
            )


class Extractor:
    """The callable that Ray Data keeps in an actor; a batch is a table with one chunk."""

    def __init__(self, terms: Terms) -> None:
        self._fault: Error | None = None
        self._opened = ExitStack()
        atexit.register(self._opened.close)  # before Python stops the thread of the engines
        self._waiting: deque[Input] = deque()
        self._notices: tuple[str, ...] = ()
        try:
            self._known, self._results = self._begin(terms)
        except Error as error:  # it travels as a result: Ray would hand on its text only
            self._fault = error

    def __call__(self, batch: Any) -> Any:
        """The records of a chunk, when all are there."""
        import pyarrow as pa

        chunk: Chunk = pickle.loads(batch["chunk"][0].as_py())
        answered = Answered(
            part=chunk.part,
            first=chunk.first,
            results=() if self._fault is not None else self._results_of(chunk),
            left=chunk.left,
            notices=self._notices,
            fault=self._fault or chunk.fault,
        )
        self._notices = ()
        return pa.table({"answered": [pickle.dumps(answered)]})

    def _results_of(self, chunk: Chunk) -> tuple[Done, ...]:
        self._waiting.extend(map(self._with_known, chunk.entries))
        return tuple(islice(self._results, len(chunk.entries)))

    def _begin(self, terms: Terms) -> tuple[Known | None, Generator[Done, None, None]]:
        """What earlier runs did, and the results to come of what is put in ``_waiting``."""
        terms.agree()
        known: Known | None = None
        if terms.known is not None:
            import ray

            known = ray.get(terms.known)
        # A new child process would run the file of Ray's worker process first, which loads Ray.
        vars(sys.modules["__main__"]).pop("__file__", None)
        page_work, asker = terms.page_work, None
        if page_work.asks:
            asker = self._engines(terms)
            page_work.asks = asker is not None
        return known, run(self._entries(), page_work, terms.crew, asker=asker)

    def __del__(self) -> None:
        """Let go of the engines when Ray ends the actor in order: answers are kept then."""
        if not sys.is_finalizing():  # else their thread stands still, and would be waited for
            self._opened.close()

    def _engines(self, terms: Terms) -> Asker | None:
        """The engines that this machine reaches; ``None`` if there is none."""
        from rolecall.batch.asking import Asker

        asker = self._opened.enter_context(Asker(terms.page_work.pipeline))
        if asker.paid and not terms.alone:
            raise paid_apart(asker.paid)
        here = socket.gethostname()
        self._notices = tuple(f"{here}: {notice.message}" for notice in asker.notices)
        return asker if asker.ready else None

    def _with_known(self, entry: Input) -> Input:
        known = self._known.get(entry.locator) if self._known is not None else None
        return entry if known is None else entry.but_known(known)

    def _entries(self) -> Entries:
        """What is waiting, for as long as the actor lives."""
        while True:
            if self._waiting:
                yield self._waiting.popleft()
            else:
                time.sleep(PAUSE)
                yield None


def paid_apart(names: tuple[str, ...]) -> UsageError:
    """The error for engines that cost money on machines that do not share a budget."""
    return UsageError(
        f"paid engines cannot be asked from several machines: {', '.join(names)}",
        hint="the cap on what they cost is kept on one machine; use --ray local, "
        "or leave them out with --engine",
    )
