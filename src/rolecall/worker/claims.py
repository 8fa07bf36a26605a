"""Tasks of the queue in one event loop: claimed as there is room, worked on, ended or put back."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Final

from msgspec import Struct

from rolecall.core import Notice, Reason
from rolecall.errors import DatabaseError, Error
from rolecall.pipeline import reason_of
from rolecall.queue.ends import CANCELLED, ending
from rolecall.queue.nouns import Beat, Claim
from rolecall.queue.queue import Queue
from rolecall.worker.child import Order
from rolecall.worker.ending import End, Ending, InThread, end_of
from rolecall.worker.fetching import AT_ONCE, Fetching
from rolecall.worker.nouns import Drained, Lent, Why, source_of
from rolecall.worker.reading import Reading

SHORT: Final = 0.02
LONG: Final = 1.0
"""Seconds between looks at an empty queue: the first one, and at most."""

AHEAD_SECONDS: Final = 0.15
AHEAD_PAGES: Final = 32
"""So much work is claimed ahead for each process, so that none waits for the database."""

AHEAD_BYTES: Final = 1 << 26
HEAVY: Final = 1 << 24
"""So many bytes of pages are held, about; and how large a page is taken for at first."""

AWAY_PAGES: Final = 5
AWAY_SECONDS: Final = 5.0
"""After so many pages in a row whose engine was away, one page is tried every so many seconds, so
that a long queue is not read in vain."""

LAST_WORDS: Final = 5.0
"""Seconds that tasks which are put back at the end get to say so to the database."""

_log = logging.getLogger(__name__)


class Bounds(Struct, frozen=True, kw_only=True):
    """How much a worker takes: ``processes`` that read, and ``slots`` tasks at once, 0 for as many
    as processes and engines can do."""

    processes: int
    slots: int = 0


class Claims:
    """What a worker has been lent. ``fences`` are read by the heartbeat from its own thread."""

    def __init__(
        self,
        queue: Queue,
        name: str,
        reading: Reading,
        fetching: Fetching,
        bounds: Bounds,
        in_thread: InThread,
    ) -> None:
        self._queue, self._name, self._reading, self._bounds = queue, name, reading, bounds
        self._fetching, self._in_thread = fetching, in_thread
        self.ending = Ending(queue.leases, in_thread)
        self.fences: dict[int, int] = {}
        self.trouble = ""
        """Why nothing can be claimed, if so."""
        self._lent: dict[int, Lent] = {}
        self._changed = asyncio.Event()
        self._stopping = False
        self._suspects = asyncio.Lock()
        """Pages at which something ended are done one at a time: so no other is taken for the one
        that did it."""
        self._pace = AHEAD_SECONDS
        self._heavy = HEAVY  # bytes of the largest pages of late
        self._away, self._again = 0, 0.0
        self._finished = self._put_back = 0

    @property
    def doing(self) -> int:
        """Tasks under way."""
        return len(self._lent)

    @property
    def asking(self) -> int:
        """Those of them that engines are asked about, or will be."""
        return sum(lent.asking for lent in self._lent.values())

    def wake(self) -> None:
        """Look at the queue now."""
        self._changed.set()

    def heard(self, beat: Beat, held: Mapping[int, int]) -> None:
        """What the heartbeat told of the tasks that were ``held`` then, by their fences."""
        for task in beat.lost | beat.cancelled:
            if self.fences.get(task) == held.get(task):  # else it has been claimed anew meanwhile
                self._give_up(task, "lost" if task in beat.lost else "cancelled")

    async def run(self) -> None:
        """Claim and work until `drain`."""
        wait = SHORT
        while not self._stopping:
            room = self._room()
            claims = await self._claim(room) if room > 0 else []
            for claim in claims:
                self._begin(claim)
            if claims:
                wait = SHORT
                self._heavy = max(self._heavy // 2, *(len(one.body or b"") for one in claims), 1)
            if not claims or self._room() <= 0:
                woken = await self._sleep(wait if room > 0 else LONG)
                wait = SHORT if woken else min(LONG, wait * 2)

    async def drain(self, grace: float, running: asyncio.Task[None]) -> Drained:
        """Claim nothing more, which ends ``running`` (`run`).

        What is not done within ``grace`` seconds goes back; what no process has begun, at once.
        """
        self._stopping = True
        self.wake()
        loop = asyncio.get_running_loop()
        end = loop.time() + grace
        await asyncio.wait({running}, timeout=max(1.0, grace))
        for task, lent in list(self._lent.items()):
            if not lent.begun:
                self._give_up(task, "back")
        await self._wait(max(0.0, end - loop.time()))
        for task in list(self._lent):
            self._give_up(task, "back")
        await self._wait(LAST_WORDS)
        unsaved = len(self._lent)
        for lent in list(self._lent.values()):
            lent.why = "lost"  # its lease runs out
            if lent.task is not None:
                lent.task.cancel()
        await self._wait(LAST_WORDS)
        return Drained(finished=self._finished, put_back=self._put_back, unsaved=unsaved)

    async def _wait(self, seconds: float) -> None:
        tasks = [lent.task for lent in self._lent.values() if lent.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def _claim(self, count: int) -> list[Claim]:
        try:
            claims: list[Claim] = await self._in_thread(self._queue.leases.claim, self._name, count)
        except DatabaseError as error:
            if not self.trouble:
                _log.error("nothing can be claimed: %s", error)
            self.trouble = str(error)
            return []
        self.trouble = ""
        return claims

    def _room(self) -> int:
        """How many tasks to claim now: none until there is room for a handful."""
        if self.ending.trouble:
            return 0
        if self._reading.asks and self._away >= AWAY_PAGES:
            return int(not self._lent and time.monotonic() >= self._again)
        asking, fetching = self.asking, sum(lent.fetching for lent in self._lent.values())
        reading = len(self._lent) - asking - fetching
        ahead = min(AHEAD_PAGES, 1 + int(AHEAD_SECONDS / max(self._pace, 1e-4)))
        most = self._bounds.processes * (1 + ahead)
        if reading > most // 2:
            return 0
        room = min(most - reading, AT_ONCE - fetching)
        if self._reading.asks:
            limit = self._reading.sides.limit
            room = min(room, limit + max(2, limit // 4) - asking)
        if self._bounds.slots:
            room = min(room, self._bounds.slots - len(self._lent))
        held = sum(len(lent.claim.body or b"") for lent in self._lent.values())
        return min(room, max((AHEAD_BYTES - held) // self._heavy, 0 if self._lent else 1))

    async def _sleep(self, seconds: float) -> bool:
        """Wait until something changes, at most for so long; says whether something did."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        return True

    def _begin(self, claim: Claim) -> None:
        lent = Lent(claim=claim)
        self._lent[claim.task] = lent
        self.fences[claim.task] = claim.fence
        lent.task = asyncio.create_task(self._work(lent))
        if self._stopping:
            self._give_up(claim.task, "back")

    def _give_up(self, task: int, why: Why) -> None:
        lent = self._lent.get(task)
        if lent is None or lent.ended or lent.why or lent.task is None:
            return
        lent.why = why
        if lent.running:  # else it sees so itself: a task that has not run yet would just vanish
            lent.task.cancel()

    async def _work(self, lent: Lent) -> None:
        claim, lent.running = lent.claim, True
        try:
            try:
                if lent.why:
                    raise asyncio.CancelledError
                await self._record(lent)
            except asyncio.CancelledError:
                await self._given_up(lent)
            except BaseException as error:  # a fault of ours costs one page, as a library's panic
                _log.exception("task %d", claim.task)
                reason = Reason(code="internal", stage="worker", message=repr(error)[:300])
                source = source_of(claim)
                record = await self._reading.failed(reason, source, claim.place, None)
                await self._end(lent, End(claim=claim, kind="finish", record=record))
        finally:
            if self._lent.get(claim.task) is lent:
                del self._lent[claim.task]
                self.fences.pop(claim.task, None)
            self.wake()

    async def _record(self, lent: Lent) -> None:
        """Work on a task, and keep its result before engines take another page in its place."""
        claim = lent.claim
        source = source_of(claim)
        notices: tuple[Notice, ...] = ()
        if claim.body is None:
            lent.fetching = True
            try:
                source, notices = await self._fetching.page(claim)
            except Error as error:
                told = reason_of(error, "fetch")
                record = await self._reading.failed(told, source, claim.place, claim.schema)
                await self._end(lent, end_of(claim, record))
                return
            finally:
                lent.fetching = False
        order = Order(
            source=source,
            seq=claim.place,
            schema=claim.schema,
            asks=self._reading.asks,
            notices=notices,
        )
        started = time.monotonic()

        def began() -> None:
            nonlocal started
            lent.begun, started = True, time.monotonic()

        def asked() -> None:
            self._pace += (time.monotonic() - started - self._pace) / 8
            lent.asking = True
            self.wake()

        async with AsyncExitStack() as alone:
            if claim.deaths:
                await alone.enter_async_context(self._suspects)
            record = await alone.enter_async_context(
                self._reading.record(order, began=began, asked=asked)
            )
            if not lent.asking:
                self._pace += (time.monotonic() - started - self._pace) / 8
            await self._end(lent, end_of(claim, record))

    async def _given_up(self, lent: Lent) -> None:
        claim = lent.claim
        if lent.why == "cancelled":
            config = (await asyncio.to_thread(self._reading.pipelines.of, None)).config
            told: Mapping[str, Any] = ending(claim, CANCELLED, config).record
            await self._end(lent, End(claim=claim, kind="finish", record=told, state="cancelled"))
        elif lent.why == "back":
            await self._end(lent, End(claim=claim, kind="back", worked_on=lent.begun))

    async def _end(self, lent: Lent, end: End) -> None:
        """Keep what came of a task; it cannot be given up from now on."""
        lent.ended = True
        if lent.asking:
            self._away = self._away + 1 if end.kind == "defer" else 0
            self._again = time.monotonic() + AWAY_SECONDS
        if await self.ending.put(end):
            self._finished += end.kind != "back"
            self._put_back += end.kind == "back"
