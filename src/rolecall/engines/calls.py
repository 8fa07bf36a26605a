"""One call with all its tries: within its wall clock, never against what the server asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

from msgspec import Struct

from rolecall.core import Attempt, Price, Usage
from rolecall.engines.retry import ANSWER_TRIES, LONGEST_WAIT, Fault, backoff, refusal
from rolecall.engines.wire import Replica, Reply, Wire
from rolecall.errors import EngineError

Answer = TypeVar("Answer")


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
    """Makes calls over a wire, at most ``concurrency`` at a time."""

    def __init__(self, wire: Wire, limits: Limits, concurrency: int) -> None:
        self.wire, self.limits, self.model = wire, limits, ""
        self.price: Price | None = None
        self._slots = asyncio.Semaphore(concurrency)

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
        async with self._slots:
            return await self._tries(path, body, read, tries or self.limits.tries)

    async def _tries(
        self, path: str, body: bytes | None, read: Callable[[Reply], Answer], tries: int
    ) -> Done[Answer]:
        clock = self.wire.clock
        began = clock.monotonic()
        deadline = began + self.limits.call_seconds
        # A server that hangs must leave time for another try.
        longest = self.limits.call_seconds / (2 if tries > 1 else 1)
        failed: list[Attempt] = []
        empty, last = 0, None
        while True:
            replica = await self._ready(last, deadline, failed)
            started = clock.monotonic()
            try:
                seconds = max(0.001, min(longest, deadline - started))
                answer = await self._once(replica, path, body, read, seconds)
            except Fault as fault:
                failed.append(self._attempt(fault, clock.monotonic() - started))
                empty += fault.answer
                last = replica
                more = fault.retried and len(failed) < tries and empty < ANSWER_TRIES
                if not more or not await self._rest(replica, fault, len(failed), deadline):
                    raise self._error(fault, failed) from None
            else:
                replica.answered()
                return Done(answer, tuple(failed), clock.monotonic() - began)

    async def _once(
        self,
        replica: Replica,
        path: str,
        sent: bytes | None,
        read: Callable[[Reply], Answer],
        seconds: float,
    ) -> Answer:
        reply = await self.wire.send(replica, path, sent, seconds)
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

    async def _rest(self, replica: Replica, fault: Fault, tried: int, deadline: float) -> bool:
        """Take note of a fault and wait as long as it calls for; whether time is left to try."""
        clock = self.wire.clock
        now = clock.monotonic()
        if fault.weak:
            replica.failed(now)
        if fault.wait is not None:
            replica.held_until = max(replica.held_until, now + fault.wait)
            return now < deadline
        delay = backoff(tried, clock.chance())
        if now + delay >= deadline:
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
        limited = fault.code == "rate_limited" and fault.wait is not None
        return EngineError(
            f"engine {self.limits.engine}: {fault.message}{tries}",
            hint=fault.hint,
            code=fault.code,
            retryable=fault.retried,
            retry_at=self.wire.clock.at(fault.wait or 0.0) if limited else None,
            failed=tuple(failed),
        )
