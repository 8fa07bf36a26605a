"""A worker in a thread of its own: takes tasks of a queue, and single pages of whoever asks."""

from __future__ import annotations

import asyncio
import atexit
import functools
import logging
import os
import secrets
import socket
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from rolecall.audit.book import Book
from rolecall.audit.terms import audit_settings, audit_terms, same_engine
from rolecall.batch.run import NO_LIMIT, cores, may_ask
from rolecall.batch.workers import Crew
from rolecall.core import Source
from rolecall.queue.callbacks import Callbacks
from rolecall.queue.nouns import Worker as Present
from rolecall.queue.prepared import schema_hash
from rolecall.queue.queue import Queue
from rolecall.settings import Settings
from rolecall.trial import Trials
from rolecall.worker.auditing import Auditing, Room
from rolecall.worker.callbacks import Deliveries
from rolecall.worker.child import Order
from rolecall.worker.claims import Bounds, Claims
from rolecall.worker.crewed import Crewed
from rolecall.worker.early import METHOD
from rolecall.worker.ending import InThread
from rolecall.worker.fetching import Fetching
from rolecall.worker.heart import Heart
from rolecall.worker.keeping import forget, keep_figures, keep_trials
from rolecall.worker.nouns import BusyError, Drained, State, StoppedError
from rolecall.worker.pipelines import Pipelines, PipelinesAlone
from rolecall.worker.pool import Pool, kill_children
from rolecall.worker.pressure import Pressure
from rolecall.worker.reading import Reading, Schemas
from rolecall.worker.sides import Sides

_log = logging.getLogger(__name__)

THREADS: Final = 4
"""Threads that wait for the database."""

STUCK: Final = 2.0
"""A loop that has not turned for so many leases does not count as working any more."""

Step = Callable[[], Coroutine[Any, Any, None]]


class Worker:
    """Takes tasks of ``queue`` in a thread of its own, from ``start`` to ``stop``.

    ``extract`` reads one page at once, with the same processes and engines. All methods may be
    called from any thread.
    """

    def __init__(
        self,
        queue: Queue,
        settings: Settings,
        environ: Mapping[str, str],
        crewed: Crewed | None = None,
    ) -> None:
        self._queue, self._settings, self._environ = queue, settings, environ
        self._crewed = crewed if crewed is not None else Crewed()
        self._processes = self._crewed.processes or settings.workers or cores()
        host, started = socket.gethostname(), int(time.time() * 1000)
        self._present = Present(
            name=f"{host}-{os.getpid()}-{secrets.token_hex(4)}",
            host=host,
            pid=os.getpid(),
            slots=self._processes,
            doing=0,
            started=started,
            seen=started,
        )
        self._watch = self._crewed.watch
        queue.leases.told = self._watch.tell
        self._schemas = Schemas(queue.view.schema)
        self._pipelines = Pipelines(settings, self._schemas)
        self._trials = self._crewed.trials
        # With challengers, pages of a champion without engines come back as those of others do.
        self._asks = may_ask(settings, environ) or bool(self._trials.challengers)
        self._audits = audit_settings(settings, environ) if self._crewed.takes_tasks else None
        self._thread = threading.Thread(target=self._run, name="rolecall-worker", daemon=True)
        self._up = threading.Event()
        self._phase = "starting"
        self._fault: BaseException | None = None
        self._grace = 0.0
        self._drained = Drained()
        self._answering: set[asyncio.Task[Any]] = set()
        self._turned = time.monotonic()
        self._ending = False  # `stop` was called, maybe before there was anything to stop
        self._main_loop: asyncio.AbstractEventLoop | None = None
        self._main_task: asyncio.Task[Any]
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop in which it works, once it does."""
        self._stop: asyncio.Event
        self._reading: Reading
        self._claims: Claims
        self._heart: Heart

    @property
    def name(self) -> str:
        """Its name in the queue, which no other worker ever has."""
        return self._present.name

    @property
    def state(self) -> State:
        """How it is."""
        if self._loop is None or self._phase == "ended":
            return State(name=self.name, phase=self._phase)
        claims, asking = self._claims, self._reading.asking
        return State(
            name=self.name,
            phase=self._phase,
            slots=self._slots(),
            doing=claims.doing,
            asking=claims.asking,
            extracting=len(self._answering),
            unsaved=claims.ending.unsaved,
            room=asking.room.limit if self._asks else 0,
            storage=claims.ending.trouble or claims.trouble or self._heart.trouble,
            processes=self._reading.pool.trouble,
            engines=asking.trouble,
        )

    def start(self) -> None:
        """Begin; returns when the first process is ready to read.

        Raises:
            Error: the settings or the installation do not allow any work.
        """
        atexit.register(kill_children)
        self._thread.start()
        try:
            self._pipelines.of(None)  # what is wrong with the settings is said here
        except BaseException:
            self.stop(grace=0.0)
            raise
        self._up.wait()
        if self._fault is not None:
            raise self._fault

    def stop(self, grace: float = 30.0) -> Drained:
        """Take nothing more, wait for what is under way for ``grace`` seconds, and end."""
        self._grace, self._ending = grace, True
        if self._thread.ident is None:
            return self._drained
        if not self._up.wait(max(1.0, grace)) and self._main_loop is not None:
            # No process can be started, it seems: there is nothing to finish.
            self._main_loop.call_soon_threadsafe(self._main_task.cancel)
        if self._loop is not None and self._thread.is_alive():
            self._tell(self._stop.set)
        self._thread.join()
        return self._drained

    def wake(self) -> None:
        """Look at the queue now: something was handed in or cancelled."""
        if self._loop is not None:
            self._tell(self._claims.wake)
            self._heart.look()

    async def extract(
        self,
        source: Source,
        *,
        schema: str | Mapping[str, Any] | None = None,
        seq: int = 0,
    ) -> dict[str, Any]:
        """The record of one page, read before those of the queue; from any event loop.

        ``schema`` is the hash of one that the queue has, or a document. Cancelling this gives the
        page up.

        Raises:
            BusyError: too many pages wait already.
            StoppedError: the worker does not run.
            SchemaError: there is no such schema, or it cannot be used.
        """
        if self._loop is None or self._phase != "working":
            raise _stopped()
        key = schema if isinstance(schema, str) or schema is None else schema_hash(dict(schema))[0]
        if isinstance(schema, Mapping) and key is not None:
            self._schemas.give(key, schema)
        order = Order(source=source, seq=seq, schema=key, asks=self._asks)
        step = self._extract(order)
        try:
            asked = asyncio.run_coroutine_threadsafe(step, self._loop)
        except RuntimeError:  # it has ended just now
            step.close()
            raise _stopped() from None
        try:
            return await asyncio.wrap_future(asked)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and not task.cancelling():
                raise _stopped() from None
            raise

    async def _extract(self, order: Order) -> dict[str, Any]:
        if len(self._answering) >= self._crewed.line:
            raise BusyError(f"{len(self._answering)} pages wait for an answer", seconds=1.0)
        task = asyncio.current_task()
        assert task is not None
        self._answering.add(task)
        try:
            if order.schema is not None:
                await asyncio.to_thread(self._pipelines.of, order.schema)
            async with self._reading.record(order, urgent=True) as record:
                self._watch.tell(record, len(order.source.body))
                return record
        finally:
            self._answering.discard(task)

    def _slots(self) -> int:
        room = self._reading.asking.room.limit if self._asks else 0
        return self._crewed.slots or self._processes + room

    def _tell(self, step: Callable[..., None], *values: Any) -> None:
        """Do something in the loop, if it still runs."""
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(step, *values)
        except RuntimeError:
            return  # it has ended

    def _run(self) -> None:
        try:
            asyncio.run(self._main())
        except asyncio.CancelledError:
            self._fault = _stopped()
        except BaseException as error:
            self._fault = error
            if self._up.is_set():
                raise
        finally:
            self._phase = "ended"
            self._up.set()

    async def _main(self) -> None:
        settings = self._settings
        self._stop = asyncio.Event()
        crew = Crew(
            workers=self._processes,
            timeout=min(settings.page_timeout_seconds or NO_LIMIT, NO_LIMIT),
            pages=settings.recycle_after or sys.maxsize,
            method=METHOD,
        )
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._main_task, self._main_loop = task, loop
        with ThreadPoolExecutor(THREADS, "rolecall-queue") as threads:

            async def in_thread(step: Callable[..., Any], *values: Any) -> Any:
                return await loop.run_in_executor(threads, functools.partial(step, *values))

            async with (
                Sides(settings, self._environ, self._trials, self._crewed.missing) as sides,
                Sides(
                    self._audits or settings,
                    self._environ,
                    Trials((), None),
                    terms=audit_terms(settings),
                ) as auditors,
                Pool(settings, crew, self._schemas) as pool,
            ):
                self._reading = Reading(pool, sides, self._pipelines, asks=self._asks)
                bounds = Bounds(processes=self._processes, slots=self._crewed.slots)
                fetching = Fetching(self._crewed.fetches, self._crewed.calls)
                self._claims = Claims(
                    self._queue, self.name, self._reading, fetching, bounds, in_thread
                )
                messages = Deliveries(
                    Callbacks(self._queue.store), self._queue.view, fetching.post, in_thread
                )
                beside: list[Step] = [
                    self._claims.ending.run,
                    functools.partial(keep_figures, self._queue, self._watch, in_thread),
                    functools.partial(keep_trials, self._trials, in_thread),
                    *(functools.partial(one, in_thread) for one in self._crewed.beside),
                ]
                for asking in sides.all():
                    beside += [Pressure(asking, self._crewed.looks, self._watch).run, asking.watch]
                if self._audits is not None:
                    alone = Reading(pool, auditors, PipelinesAlone(self._pipelines), asks=True)
                    auditing = self._auditing(alone, in_thread)
                    await auditing.begin()
                    beside.append(auditing.run)
                if self._crewed.takes_tasks:
                    beside += [messages.run, functools.partial(forget, self._queue, in_thread)]
                await self._work(loop, beside)

    async def _work(self, loop: asyncio.AbstractEventLoop, beside: list[Step]) -> None:
        """Claim until `stop`; ``beside`` runs meanwhile."""
        claims = self._claims
        self._heart = Heart(
            self._queue,
            self._held,
            lambda beat, held: self._tell(claims.heard, beat, held),
            self._presence,
        )
        self._loop = loop
        if self._ending:
            self._stop.set()
        self._heart.start()
        tasks = [asyncio.create_task(_lasting(one)) for one in (*beside, self._turn)]
        claiming = asyncio.create_task(
            _lasting(claims.run) if self._crewed.takes_tasks else _none()
        )
        self._phase = "working"
        self._up.set()
        try:
            await self._stop.wait()
            self._phase = "draining"
            end = loop.time() + self._grace
            self._drained = await claims.drain(self._grace, claiming)
            while self._answering and loop.time() < end:
                await asyncio.wait(self._answering, timeout=end - loop.time())
        finally:
            tasks += [claiming, *self._answering]
            for one in tasks:
                one.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.to_thread(self._heart.stop)

    def _auditing(self, reading: Reading, in_thread: InThread) -> Auditing:
        """What audits pages with a ``reading`` of its own."""
        settings, line = self._settings, self._reading.asking.room
        shared = self._asks and same_engine(settings, self._environ)

        def room() -> Room:
            if self._phase != "working":
                return "ending"
            taken = reading.pool.waiting or (shared and line.inside >= line.limit)
            return "busy" if taken else "free"

        book = Book(self._queue.store, self._queue.rules.lease)
        every = self._crewed.audits
        return Auditing(book, self.name, reading, settings.audit_share, in_thread, room, every)

    async def _turn(self) -> None:
        """Note that the loop turns."""
        while True:
            self._turned = time.monotonic()
            await asyncio.sleep(min(1.0, self._queue.rules.lease / 2))

    def _held(self) -> dict[int, int]:
        """What the heart keeps: nothing of a loop that is stuck, so that others get the tasks."""
        if time.monotonic() - self._turned > STUCK * self._queue.rules.lease:
            return {}
        return self._claims.fences.copy()

    def _presence(self) -> Present:
        from msgspec import structs

        if self._loop is None:
            return self._present
        return structs.replace(self._present, slots=self._slots(), doing=self._claims.doing)


def _stopped() -> StoppedError:
    return StoppedError("the worker here does not run", hint="try again in a moment")


async def _none() -> None:
    return


async def _lasting(step: Step) -> None:
    """Do what lasts as long as the worker; a fault of ours does not end it."""
    while True:
        try:
            return await step()
        except Exception:
            _log.exception("a fault in the worker; it goes on")
            await asyncio.sleep(1.0)
