"""Pages that wait for engines, while worker processes read the next ones.

Engines are called from one event loop in a thread of the parent process: connections, budget and
kept answers are shared by all pages, and a worker that dies takes no call with it.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from msgspec import structs

from rolecall.batch.done import Done
from rolecall.core import Notice
from rolecall.drive.connect import connected
from rolecall.drive.engines import Engines
from rolecall.drive.pages import finish_record
from rolecall.pipeline import Pipeline, Stages, Waiting, internal_record

PATIENCE: Final = 0.05
"""Seconds for which the next record is waited for before the workers are looked after."""

GRACE: Final = 2.0
"""Seconds that calls get to finish after a stop."""

ROOM: Final = 2
"""Pages under way for each call that the engines take at once."""

HELD: Final = 512
"""Results that wait for an earlier one, at most, where they come in order."""

Finished = tuple[int, dict[str, Any]]


class Asker:
    """Engines in a thread of their own. A context manager: open while pages are asked about."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.notices: tuple[Notice, ...] = ()
        self.under_way = 0
        self.limit = 1
        self._finished: queue.SimpleQueue[Finished] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._opened = connected(pipeline.settings, os.environ, schema=pipeline.schema)

    def __enter__(self) -> Asker:
        """Open the engines; raises `Error` where they cannot be."""
        self._thread.start()
        try:
            self._engines: Engines = self._wait(self._opened.__aenter__())
        except BaseException:
            self._end()
            raise
        self.notices = self._engines.notices
        self.limit = max(1, self._engines.concurrency * ROOM)
        return self

    def __exit__(self, *_: object) -> None:
        """Cancel what is still asked, and close the engines."""
        self._wait(self._cancel())
        self._wait(self._opened.__aexit__(None, None, None))
        self._end()

    @property
    def ready(self) -> bool:
        """Whether there is any engine to ask."""
        return bool(self._engines.engines)

    @property
    def paid(self) -> tuple[str, ...]:
        """Names of the engines that cost money."""
        return tuple(
            name for name, one in self._engines.engines.items() if one.info.price is not None
        )

    @property
    def local(self) -> Mapping[str, bool]:
        """Of each engine, whether it is on the user's machines."""
        return {name: one.info.local for name, one in self._engines.engines.items()}

    @property
    def changes(self) -> tuple[Notice, ...]:
        """Servers that were replaced since the engines were opened."""
        return tuple(self._engines.changes)

    def submit(self, number: int, waiting: Waiting) -> None:
        """Ask about a page; its record comes out of ``finished`` under ``number``."""
        self.under_way += 1
        asyncio.run_coroutine_threadsafe(self._ask(number, waiting), self._loop)

    def finished(self, seconds: float = 0.0) -> Iterator[Finished]:
        """Records that are there; the first is waited for, for so long."""
        while self.under_way:
            try:
                found = (
                    self._finished.get(timeout=seconds) if seconds else self._finished.get_nowait()
                )
            except queue.Empty:
                return
            seconds = 0.0
            self.under_way -= 1
            yield found

    async def _ask(self, number: int, waiting: Waiting) -> None:
        try:
            record = await finish_record(waiting, self.pipeline, self._engines)
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # a panic of a library's is none of Python's exceptions
            record = internal_record(
                error, waiting.source, waiting.seq, self.pipeline, Stages(stage="ask")
            )
        self._finished.put((number, record))

    async def _cancel(self) -> None:
        tasks = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _wait(self, step: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(step, self._loop).result()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def answered(
    results: Iterator[Done | None],
    asker: Asker,
    done_of: Callable[[int, str, dict[str, Any]], Done],
    *,
    ordered: bool,
    stop: Callable[[], bool],
) -> Iterator[Done]:
    """The results, those that wait for engines once they are asked, in order if ``ordered``.

    No more pages are read while as many are asked about as the engines can take, or while too many
    results wait for an earlier one. After ``stop``
    calls get ``GRACE`` seconds; a page that is not finished then has no record.
    """
    line = _Line(ordered)
    waited: dict[int, Done] = {}

    def take(seconds: float = 0.0) -> Iterator[Done]:
        for number, record in asker.finished(seconds):
            one = waited.pop(number)
            done = done_of(one.seq, one.locator, record)
            yield from line.put(number, done.read_in(one.figures.bytes_in, one.figures.cpu))

    for number, done in _numbered(results):
        if done is not None and done.waiting is None:
            yield from line.put(number, done)
        elif done is not None and done.waiting is not None:
            waited[number] = structs.replace(done, waiting=None)
            asker.submit(number, done.waiting)
        yield from take()
        while _full(asker, line) and not stop():
            yield from take(PATIENCE)
    end = float("inf")
    while asker.under_way and time.monotonic() < end:
        if end == float("inf") and stop():
            end = time.monotonic() + GRACE
        yield from take(PATIENCE)
    yield from line.rest()


def _full(asker: Asker, line: _Line) -> bool:
    """Whether no more pages are to be read for the moment."""
    waited_for = asker.under_way > 0  # else nothing that is held would ever come free
    return waited_for and (asker.under_way >= asker.limit or len(line.held) >= HELD)


def _numbered(results: Iterator[Done | None]) -> Iterator[tuple[int, Done | None]]:
    number = 0
    for done in results:
        yield number, done
        number += done is not None


class _Line:
    """Results in the order of their numbers, or as they come."""

    def __init__(self, ordered: bool) -> None:
        self.ordered = ordered
        self.next = 0
        self.held: dict[int, Done] = {}

    def put(self, number: int, done: Done) -> Iterator[Done]:
        """Take a result, and give out all whose turn it is."""
        if not self.ordered:
            yield done
            return
        self.held[number] = done
        while self.next in self.held:
            yield self.held.pop(self.next)
            self.next += 1

    def rest(self) -> Iterator[Done]:
        """What is left after a stop, with gaps."""
        for number in sorted(self.held):
            yield self.held.pop(number)
