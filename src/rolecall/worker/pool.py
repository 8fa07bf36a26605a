"""Child processes that read pages, one page each at a time, as an event loop sees them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from rolecall.batch.workers import START, Crew, Loss, ending
from rolecall.errors import DatabaseError, Error
from rolecall.pipeline import Waiting
from rolecall.settings import Settings
from rolecall.worker.child import LENGTH, Done, Need, Order, Ready, packed, serve
from rolecall.worker.early import PRELOAD

STOPPED: Final = 1.0
"""A deadline noticed this many seconds late says that this process itself was stopped."""

SHARE: Final = 4
"""Urgent pages that are read before one of the usual ones that wait; they all get their turn."""

LONGEST_WAIT: Final = 5.0
"""Seconds between tries to start a child, at most."""

_log = logging.getLogger(__name__)


class _Died(Exception):  # noqa: N818 - told to `Pool.read`, which makes a `Loss` of it
    """The child has ended while it had a page, with this exit code in words."""


class Child:
    """One child process; ``start`` makes it."""

    def __init__(self, settings: Settings, crew: Crew) -> None:
        self.crew = crew
        self.retired = False
        """Takes no further page."""
        ours, far = socket.socketpair()
        context = multiprocessing.get_context(crew.method)
        if crew.method == "forkserver":
            context.set_forkserver_preload([PRELOAD])
        # The kinds of processes have no common type that tells of their arguments.
        make: Any = context.Process  # type: ignore[attr-defined]
        self.process = make(target=serve, args=(far, settings, crew), daemon=True)
        try:
            self.process.start()
        except BaseException:
            ours.close()
            raise
        finally:
            far.close()
        self._socket = ours
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Wait until it has loaded what it needs; raises `OSError` or ``EOFError``."""
        self._reader, self._writer = await asyncio.open_connection(sock=self._socket)
        async with asyncio.timeout(START):
            message = await self._receive()
        if not isinstance(message, Ready):
            raise EOFError

    async def read(
        self, order: Order, document: Callable[[str], Mapping[str, Any] | None]
    ) -> Waiting | dict[str, Any] | Loss:
        """What comes of a page. Whoever cancels this must kill the child.

        Raises:
            _Died: the child has ended.
        """
        assert self._writer is not None
        answer = asyncio.ensure_future(self._answer(order, document))
        end, patience = time.monotonic() + self.crew.timeout, self.crew.timeout
        try:
            while True:
                await asyncio.wait({answer}, timeout=max(0.0, end - time.monotonic()))
                if answer.done():
                    return answer.result()
                late = time.monotonic() - end
                if late < 0:
                    continue
                if late < STOPPED or not patience:
                    told = f"took longer than {self.crew.timeout:g} seconds"
                    return Loss(code="timeout", message=told)
                end, patience = time.monotonic() + patience, 0.0  # once, for it was no fault of it
        except (EOFError, OSError) as error:
            raise _Died from error
        finally:
            answer.cancel()

    async def _answer(
        self, order: Order, document: Callable[[str], Mapping[str, Any] | None]
    ) -> Waiting | dict[str, Any]:
        await self._send(order)
        while True:
            message = await self._receive()
            if isinstance(message, Need):
                await self._send(await asyncio.to_thread(_found, document, message.schema))
                continue
            assert isinstance(message, Done)
            self.retired = message.retired
            if isinstance(message.result, Waiting):
                return message.result
            record: dict[str, Any] = orjson.loads(message.result)
            return record

    async def end(self) -> str:
        """Kill the process, and return its exit code in words."""
        return ending(await asyncio.shield(asyncio.to_thread(self.kill)))

    def kill(self) -> int | None:
        """Kill the process and wait for its end; a negative code is the signal that ended it."""
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        code: int | None = self.process.exitcode
        return code

    def hang_up(self) -> None:
        """Close this end, on which a child that has no page ends by itself."""
        if self._writer is not None:
            self._writer.close()
        else:
            self._socket.close()

    async def _send(self, message: Any) -> None:
        assert self._writer is not None
        self._writer.write(packed(message))
        await self._writer.drain()

    async def _receive(self) -> Any:
        import pickle

        length = int.from_bytes(await self._reader.readexactly(LENGTH), "big")
        return pickle.loads(await self._reader.readexactly(length))


def _found(
    document: Callable[[str], Mapping[str, Any] | None], schema: str
) -> Mapping[str, Any] | Error | None:
    """The document, or why it cannot be had now: no fault of the page, which is tried again."""
    try:
        return document(schema)
    except Error as error:
        return DatabaseError(str(error), retryable=True)


class Pool:
    """``crew.workers`` children. An async context manager; all in one event loop.

    ``document`` gives the document of a schema by its hash; it is called in a thread.
    """

    def __init__(
        self,
        settings: Settings,
        crew: Crew,
        document: Callable[[str], Mapping[str, Any] | None],
    ) -> None:
        self._settings = settings.bare()
        self._crew, self._document = crew, document
        self._idle: deque[Child] = deque()
        self._urgent: deque[asyncio.Future[Child]] = deque()
        self._usual: deque[asyncio.Future[Child]] = deque()
        self._passed = 0  # urgent pages that have passed usual ones by, in a row
        self._children: set[Child] = set()
        self._aside: set[asyncio.Task[Any]] = set()
        self._closing = False
        self.trouble = ""
        """Why no child can be started, if so."""

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes there are."""
        return tuple(child.process.pid for child in self._children)

    @property
    def waiting(self) -> int:
        """Pages that wait for a child."""
        return len(self._urgent) + len(self._usual)

    async def __aenter__(self) -> Pool:
        """Start all children at the same time; returns when the first one is ready."""
        starts = [self._beside(self._replace()) for _ in range(self._crew.workers)]
        await asyncio.wait(starts, return_when=asyncio.FIRST_COMPLETED)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Kill all children."""
        self._closing = True
        for task in list(self._aside):
            task.cancel()
        await asyncio.gather(*self._aside, return_exceptions=True)
        for waiter in (*self._urgent, *self._usual):
            waiter.cancel()
        await asyncio.gather(*(self._bury(child) for child in list(self._children)))

    async def read(
        self, order: Order, *, urgent: bool = False, began: Callable[[], None] = lambda: None
    ) -> Waiting | dict[str, Any] | Loss:
        """What comes of a page: its record, `Waiting` for engines, or its `Loss`.

        Pages wait for a child in their order, ``urgent`` ones first, yet not all of them before a
        usual one; ``began`` is called when a child takes this one. Cancelling this kills the child
        that reads the page.
        """
        child = await self._take(urgent)
        began()
        try:
            for _ in range(2):
                try:
                    found = await child.read(order, self._document)
                except _Died:
                    code = await self._bury(child)
                    _log.warning("a worker process ended while it read a page (%s)", code)
                    child = (
                        await self._started()
                    )  # a fresh one, so that no earlier page is to blame
                    continue
                if isinstance(found, Loss):
                    await self._bury(child)
                return found
            return Loss(code="poison", message=f"ended two worker processes ({code})")
        except BaseException:  # given up, or a fault of ours: it might still send this answer
            child.retired = True
            child.process.kill()
            raise
        finally:
            self._give_back(child)

    async def _take(self, urgent: bool) -> Child:
        while self._idle:
            child = self._idle.popleft()
            if child.process.is_alive():
                return child
            self._give_back(child)  # it died while it was idle: no page is to blame
        waiter: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        line = self._urgent if urgent else self._usual
        line.append(waiter)
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled():
                self._give_back(waiter.result())
            elif waiter in line:  # else whoever gave a child back just now has passed it over
                line.remove(waiter)
            raise

    def _give_back(self, child: Child) -> None:
        """A page has left this child; what is not fit for another one is replaced."""
        if self._closing:
            return
        if child not in self._children or child.retired or not child.process.is_alive():
            self._beside(self._replace(child))
            return
        lines = [self._urgent, self._usual]
        if self._passed >= SHARE:
            lines.reverse()
        for line in lines:
            while line:
                waiter = line.popleft()
                if not waiter.done():
                    waiter.set_result(child)
                    self._passed = self._passed + 1 if line is self._urgent and self._usual else 0
                    return
        self._idle.append(child)

    async def _replace(self, child: Child | None = None) -> None:
        if child is not None:
            await self._bury(child)
        self._give_back(await self._started())

    async def _started(self) -> Child:
        """A new child; tries until there is one."""
        wait = 0.05
        while True:
            try:
                child = await self._new()
            except Exception as error:  # also a fault of ours: pages wait, and it is said why
                self.trouble = f"no worker process can be started: {error!r}"
                _log.error("%s; trying again in %.1f s", self.trouble, wait)
                await asyncio.sleep(wait)
                wait = min(LONGEST_WAIT, wait * 2)
            else:
                self.trouble = ""
                return child

    async def _new(self) -> Child:
        """A new child; nothing stays of one that could not be had, or is not wanted any more."""
        making = asyncio.ensure_future(asyncio.to_thread(Child, self._settings, self._crew))
        child: Child | None = None
        try:
            child = await asyncio.shield(making)
            await child.open()
        except BaseException:
            with contextlib.suppress(OSError):
                await self._bury(child if child is not None else await making)
            raise
        self._children.add(child)
        return child

    async def _bury(self, child: Child) -> str:
        """End a child and forget it; says how it ended."""
        self._children.discard(child)
        child.hang_up()
        return await child.end()

    def _beside(self, step: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(step)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)
        return task


def kill_children() -> None:
    """End all child processes of this one at once, for an end that may not wait."""
    for child in multiprocessing.active_children():
        if child.pid is not None:
            with contextlib.suppress(OSError):
                child.kill()
