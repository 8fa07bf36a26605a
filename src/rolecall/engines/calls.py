"""One call with all its tries: within its wall clock, never against what the server asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final, Generic, TypeVar

from msgspec import Struct

from rolecall.core import Attempt, Price, Usage
from rolecall.engines.retry import LONGEST_WAIT, MOST_TRIES, Fault, backoff, refusal
from rolecall.engines.wire import Replica, Reply, Taking, Wire
from rolecall.errors import EngineError

Answer = TypeVar("Answer")


ASIDE: Final = 2
"""Calls aside that may be open beside the others."""
ASIDE_SECONDS: Final = 10.0
ASIDE_TRIES: Final = 3
SHUT_SECONDS: Final = 300.0
"""So long no call is made once the server has said that the account or the key is of no use."""


class Done(Struct, Generic[Answer], frozen=True):
    """What a call gave, after which failed tries, and in how many seconds."""

    answer: Answer
    failed: tuple[Attempt, ...]
    seconds: float


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds of a call: seconds with all tries, and tries. ``key`` says where the key stands."""

    engine: str
    call_seconds: float
    tries: int
    key: str = "the settings"


class Calls:
    """Makes calls over a wire, at most ``concurrency`` at a time beside those made `aside`.

    ``left`` says that this server is about to be replaced, or was: a try that fails then is the
    last one here. ``replaced`` is set once it was: what still waits for a slot is refused then.
    ``key_now`` gives the key that is there now, empty where that cannot change.
    """

    def __init__(self, wire: Wire, limits: Limits, concurrency: int) -> None:
        self.wire, self.limits, self.model = wire, limits, ""
        self.price: Price | None = None
        self.left: Callable[[], bool] = lambda: False
        self.key_now: Callable[[], str] = lambda: ""
        self.replaced: asyncio.Event | None = None
        self._shut: tuple[Fault, float] | None = None
        self._slots, self._aside = asyncio.Semaphore(concurrency), asyncio.Semaphore(ASIDE)

    def learn(self, model: str, price: Price | None) -> None:
        """Take note of what failed tries are to be booked as."""
        self.model, self.price = model, price

    async def call(
        self, path: str, body: bytes | None, read: Callable[[Reply], Answer], tries: int = 0
    ) -> Done[Answer]:
        """Send ``body`` until ``read`` makes an answer of the reply; see `Wire.send` for ``path``.

        The wall clock starts when a slot is free. ``tries`` replaces the limit's number.

        Raises:
            EngineError: no answer came of it.
        """
        async with self._slot():
            self._demand_open()
            seconds = self.limits.call_seconds
            return await self._tries(path, body, read, (tries or self.limits.tries, seconds))

    async def once(
        self,
        path: str,
        body: bytes | None,
        read: Callable[[Reply], Answer],
        taking: Taking | None = None,
    ) -> Done[Answer]:
        """As `call`, in one try; ``taking`` takes a reply of events as it comes.

        Raises:
            EngineError: no answer came of it.
        """
        async with self._slot():
            self._demand_open()
            return await self._tries(path, body, read, (1, self.limits.call_seconds), taking)

    def _demand_open(self) -> None:
        """Refuse a call that would be refused for its key or its account, whatever it asks.

        Where another key stands there now it is used at once. Else, after a while, one call may
        try: somebody may have put that right.
        """
        if self._shut is None:
            return
        key = self.key_now()
        if key and key != self.wire.key:
            self.wire.use_key(key)
            self._shut = None
            return
        fault, until = self._shut
        now = self.wire.clock.monotonic()
        if now >= until:
            self._shut = fault, now + SHUT_SECONDS
            return
        raise EngineError(
            f"engine {self.limits.engine}: {fault.message}; not asked for {until - now:.0f} s",
            hint=fault.hint,
            code=fault.code,
            retryable=False,
            retry_at=self.wire.clock.at(until - now),
        )

    async def aside(
        self, path: str, body: bytes | None, read: Callable[[Reply], Answer]
    ) -> Done[Answer]:
        """A small call that no model works on: not behind the others, and soon given up.

        Raises:
            EngineError: no answer came of it.
        """
        async with self._aside:
            seconds = min(ASIDE_SECONDS, self.limits.call_seconds)
            return await self._tries(path, body, read, (ASIDE_TRIES, seconds))

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        """A slot, waited for; raises `EngineError` where the server is replaced meanwhile."""
        if self.replaced is not None and self._slots.locked():
            await self._queue(self.replaced)
        else:
            await self._slots.acquire()
        try:
            yield
        finally:
            self._slots.release()

    async def _queue(self, replaced: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(one) for one in (self._slots.acquire(), replaced.wait())]
        taken = waits[0]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if replaced.is_set():
                raise EngineError(f"engine {self.limits.engine}: the server was replaced")
        except BaseException:
            if not taken.cancel() and not taken.cancelled():
                self._slots.release()
            raise
        finally:
            waits[1].cancel()

    async def _tries(
        self,
        path: str,
        body: bytes | None,
        read: Callable[[Reply], Answer],
        most: tuple[int, float],
        taking: Taking | None = None,
    ) -> Done[Answer]:
        """Try until an answer comes, at most so many times and seconds."""
        tries, seconds = most
        clock = self.wire.clock
        began = clock.monotonic()
        deadline = began + seconds
        # A server that hangs must leave time for another try.
        longest = seconds / (2 if tries > 1 else 1)
        failed: list[Attempt] = []
        kinds: Counter[str] = Counter()
        last = None
        while True:
            replica = await self._ready(last, deadline, failed)
            started, key = clock.monotonic(), self.wire.key
            try:
                left = max(0.001, min(longest, deadline - started))
                answer = await self._once(replica, path, body, read, left, taking)
            except Fault as fault:
                last = replica
                kinds[fault.kind] += 1
                failed.append(self._attempt(fault, clock.monotonic() - started))
                self._note(replica, fault, key)
                bound = min(tries, MOST_TRIES.get(fault.kind, tries))
                more = fault.retried and len(failed) < tries and kinds[fault.kind] < bound
                if not more or self.left() or not await self._rest(fault, len(failed), deadline):
                    raise self._error(fault, failed) from None
            else:
                replica.answered()
                self._shut = None
                return Done(answer, tuple(failed), clock.monotonic() - began)

    async def _once(
        self,
        replica: Replica,
        path: str,
        sent: bytes | None,
        read: Callable[[Reply], Answer],
        seconds: float,
        taking: Taking | None,
    ) -> Answer:
        reply = await self.wire.send(replica, path, sent, seconds, taking)
        if reply.status != 200:
            secret = self.wire.key.encode()
            body = reply.body.replace(secret, b"***") if secret else reply.body
            now = self.wire.clock.now()
            raise refusal(reply.status, reply.headers, body, self.limits.key, now)
        return read(reply)

    async def _ready(self, last: Replica | None, deadline: float, failed: list[Attempt]) -> Replica:
        """A replica that may be asked now; waits for one where all want to be left alone."""
        clock = self.wire.clock
        while True:
            now = clock.monotonic()
            replica = self.wire.replicas.pick(now, last)
            wait = replica.held_until - now
            if wait <= 0:
                return replica
            if wait > LONGEST_WAIT or now + wait >= deadline:
                at = clock.at(wait)
                raise EngineError(
                    f"engine {self.limits.engine}: the server asked not to be called before {at}",
                    hint="try again then, lower concurrency, or raise the limit of the account",
                    code="rate_limited",
                    retry_at=at,
                    failed=tuple(failed),
                )
            # All who wait would otherwise come back in the same moment.
            await clock.sleep(wait + 0.1 * wait * clock.chance())

    def _note(self, replica: Replica, fault: Fault, key: str) -> None:
        """Remember what a fault says of the replica, whether this call goes on or not, and of the
        account, unless another ``key`` is in use meanwhile."""
        now = self.wire.clock.monotonic()
        if fault.account and key == self.wire.key:
            self._shut = fault, now + SHUT_SECONDS
        if fault.weak:
            replica.failed(now)
        if fault.wait is not None:
            replica.held_until = max(replica.held_until, now + fault.wait)

    async def _rest(self, fault: Fault, tried: int, deadline: float) -> bool:
        """Wait before the next try; whether there is time for one."""
        clock = self.wire.clock
        delay = backoff(tried, clock.chance())
        if fault.wait is not None and fault.wait >= delay:
            return True  # `_ready` waits, or finds a replica that need not rest
        if clock.monotonic() + delay >= deadline:
            return False
        await clock.sleep(delay)
        return True

    def _attempt(self, fault: Fault, seconds: float) -> Attempt:
        price = self.price
        return Attempt(
            engine=self.limits.engine,
            model=self.model,
            result=fault.result,
            usage=fault.usage,
            cost_usd=price.cost(fault.usage) if price and fault.usage != Usage() else 0.0,
            seconds=seconds,
        )

    def _error(self, fault: Fault, failed: list[Attempt]) -> EngineError:
        tries = "" if len(failed) == 1 else f" (the last of {len(failed)} tries)"
        wait = SHUT_SECONDS if fault.account else fault.wait
        limited = fault.account or fault.code == "rate_limited"
        return EngineError(
            f"engine {self.limits.engine}: {fault.message}{tries}",
            hint=fault.hint,
            code=fault.code,
            retryable=fault.retried,
            retry_at=self.wire.clock.at(wait) if limited and wait is not None else None,
            failed=tuple(failed),
        )
