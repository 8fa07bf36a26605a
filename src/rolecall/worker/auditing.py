"""Audits beside the tasks: a second opinion on a sample of pages, when there is room for it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from rolecall.audit.agreement import WITH_VALUES
from rolecall.audit.book import AT_ONCE as LOOKED_AT_ONCE
from rolecall.audit.book import Book
from rolecall.audit.compare import compared
from rolecall.audit.nouns import Audit, Opinion
from rolecall.errors import DatabaseError, Error
from rolecall.queue.packing import route_of
from rolecall.worker.child import Order
from rolecall.worker.ending import AWAY, InThread
from rolecall.worker.nouns import source_of
from rolecall.worker.reading import Reading

LOOKS: Final = 2.0
"""Seconds between looks for pages that are to be audited."""
AT_ONCE: Final = 2
"""Pages that a worker audits at the same time."""
PATIENCE: Final = 30.0
"""Seconds after which a page is audited although tasks wait: where they always do, there would be
no audits at all, and one in so many seconds costs next to nothing."""
RETRY: Final = 60.0
"""Seconds before a page is tried again of which nothing came, doubled each time."""
REST: Final = 30.0
"""Seconds without audits after their engine did not answer."""
STOPPED: Final = 600.0
"""The same after a cap of the budget was met."""
TRIES: Final = (0.2, 1.0, 5.0)
"""Seconds between tries to keep what was paid for, where the database does not take it."""

Room = Literal["free", "busy", "ending"]

_log = logging.getLogger(__name__)


class Auditing:
    """Finds pages of the sample (``share`` of all) and has them extracted once more.

    ``reading`` asks the audit engine alone; ``room`` says whether tasks leave room for it;
    ``every`` are the seconds between looks, ``name`` is the worker's.
    """

    def __init__(
        self,
        book: Book,
        name: str,
        reading: Reading,
        share: float,
        in_thread: InThread,
        room: Callable[[], Room],
        every: float = LOOKS,
    ) -> None:
        self._book, self._name, self._reading, self._share = book, name, reading, share
        self._in_thread, self._room, self._every = in_thread, room, every
        self._under: set[asyncio.Task[None]] = set()
        self._busy_since: float | None = None
        self._rests_until = 0.0
        self.trouble = ""
        """Why nothing can be audited, if so."""

    async def begin(self) -> None:
        """Note from where on results are looked through, before there are any of this worker."""
        with contextlib.suppress(DatabaseError):  # `run` tries again, and says so
            await self._in_thread(self._book.look, self._share)

    async def run(self) -> None:
        """Look and audit until this is cancelled; pages under way then go back."""
        try:
            while True:
                try:
                    await self._look()
                    self.trouble = ""
                except DatabaseError as error:
                    if not self.trouble:
                        _log.error("nothing can be audited: %s", error)
                    self.trouble = str(error)
                if self._under:
                    done = asyncio.FIRST_COMPLETED
                    await asyncio.wait(self._under, timeout=self._every, return_when=done)
                else:
                    await asyncio.sleep(self._every)
        finally:
            under = list(self._under)
            for task in under:
                task.cancel()
            await asyncio.gather(*under, return_exceptions=True)

    async def _look(self) -> None:
        while await self._in_thread(self._book.look, self._share) >= LOOKED_AT_ONCE:
            pass
        while len(self._under) < AT_ONCE and self._may():
            if not self._under:
                await self._reading.asking.forget_stopped()
            audit = await self._in_thread(self._book.claim, self._name)
            if audit is None:
                return
            self._busy_since = None
            task = asyncio.create_task(self._audited(audit))
            self._under.add(task)
            task.add_done_callback(self._under.discard)

    def _may(self) -> bool:
        """Whether to begin one now."""
        now, room = time.monotonic(), self._room()
        if room == "ending" or now < self._rests_until:
            return False
        if room == "free":
            self._busy_since = None
            return True
        if self._busy_since is None:
            self._busy_since = now
        return not self._under and now - self._busy_since >= PATIENCE

    async def _audited(self, audit: Audit) -> None:
        """Audit a page, and keep it while that takes."""
        keeping = asyncio.create_task(self._keep_lease(audit, asyncio.current_task()))
        try:
            await self._opinion(audit)
        except asyncio.CancelledError:
            with contextlib.suppress(DatabaseError):
                await self._in_thread(self._book.put_back, audit, 0.0)
            raise
        except DatabaseError as error:
            _log.warning("an audit was lost, its lease runs out: %s", error)
        except Exception as error:  # a fault of ours costs one audit
            if not isinstance(error, Error):
                _log.exception("the audit of task %d", audit.claim.task)
            with contextlib.suppress(DatabaseError):
                await self._failed(audit, str(error) or repr(error), 0)
        finally:
            keeping.cancel()

    async def _keep_lease(self, audit: Audit, task: asyncio.Task[Any] | None) -> None:
        while True:
            await asyncio.sleep(self._book.lease / 3)
            try:
                mine = await self._in_thread(self._book.renew, audit)
            except DatabaseError:
                continue
            if not mine and task is not None:
                task.cancel()  # another worker has it
                return

    async def _opinion(self, audit: Audit) -> None:
        claim = audit.claim
        if claim.body is None:
            await self._failed(audit, "the page is not kept any more", 0, final=True)
            return
        pipeline = await asyncio.to_thread(self._reading.pipelines.of, claim.schema)
        source = source_of(claim)
        order = Order(source=source, seq=claim.place, schema=claim.schema, asks=True, alone=True)
        async with self._reading.record(order) as second:
            nano = cost_of(second)
            if await self._went_wrong(audit, second, nano):
                return
            found = await self._in_thread(self._book.first, audit)
            if found is None or found[1].get("outcome") not in WITH_VALUES:
                await self._failed(audit, "its record is not there any more", nano, final=True)
                return
            number, first = found
            fields = await asyncio.to_thread(compared, first, second, pipeline.schema)
            last = second["attempts"][-1]
            opinion = Opinion(
                fields=fields,
                engine=str(last["engine"]),
                model=str(last.get("model") or ""),
                route=route_of(first),
                second=second,
                nano=nano,
            )
            await self._kept(audit, number, opinion)

    async def _went_wrong(self, audit: Audit, second: Mapping[str, Any], nano: int) -> bool:
        """Whether there is no second opinion; the page is then tried again, or given up."""
        if second["outcome"] != "failed":
            results = {one["result"] for one in second["attempts"]}
            if "stop" in results:
                return False
            told = "the answer was cut" if "length" in results else "no engine was asked"
            await self._failed(audit, told, nano, final="length" not in results)
            return True
        reason = second.get("reason") or {}
        code, message = str(reason.get("code") or ""), str(reason.get("message") or "")
        if code not in AWAY:
            await self._failed(audit, f"{code}: {message}", nano)
            return True
        rest = STOPPED if code == "budget_exceeded" else REST
        self._rests_until = time.monotonic() + rest
        await self._in_thread(self._book.put_back, audit, rest, f"{code}: {message}", nano)
        await self._in_thread(self._book.stopped, f"{code}: {message}")
        return True

    async def _failed(self, audit: Audit, trouble: str, nano: int, *, final: bool = False) -> None:
        if final:
            await self._in_thread(self._book.give_up, audit, trouble, nano)
            return
        wait = RETRY * 2.0**audit.failures
        await self._in_thread(self._book.failed, audit, wait, trouble, nano)

    async def _kept(self, audit: Audit, number: int, opinion: Opinion) -> None:
        for wait in (*TRIES, None):
            try:
                await self._in_thread(self._book.keep, audit, number, opinion)
                return
            except DatabaseError:
                if wait is None:
                    raise
                await asyncio.sleep(wait)


def cost_of(record: Mapping[str, Any]) -> int:
    """What the calls of a record cost, in billionths of a US dollar."""
    spent = (one.get("cost_usd") or 0.0 for one in record.get("attempts") or ())
    return round(1e9 * sum(spent))
