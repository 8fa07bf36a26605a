"""Closed and open loops of requests.

A closed loop keeps so many requests under way: the next is sent when one has ended. An open loop
sends by the clock, whatever the server does. Neither ever waits for a server that gives no answer
at all: after ``GIVE_UP`` failures and no answer, the loop ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from msgspec import Struct

from rolecall.evaluate.load.nouns import Sent

GIVE_UP = 8

Send = Callable[[int], Awaitable[Sent]]
"""Sends the item with this number in the run, and says what came of it; a failure is a result."""


class Tally(Struct):
    """What a loop has sent so far. ``next_number`` goes on from loop to loop of a run."""

    next_number: int = 0
    rows: list[Sent] = []
    lags: list[float] = []
    under_way: int = 0
    answered: int = 0

    @property
    def hopeless(self) -> bool:
        """Whether many requests have failed and none was answered, or the budget is used up."""
        if self.rows and self.rows[-1].failure == "budget_exceeded":
            return True
        return not self.answered and len(self.rows) >= GIVE_UP

    async def send(self, send: Send) -> None:
        """Send the next item and note what came of it."""
        number, self.next_number = self.next_number, self.next_number + 1
        self.under_way += 1
        try:
            row = await send(number)
        finally:
            self.under_way -= 1
        self.rows.append(row)
        self.answered += not row.failure


async def closed_loop(
    send: Send,
    tally: Tally,
    *,
    in_flight: int,
    requests: int | None,
    seconds: float | None,
    clock: Callable[[], float],
) -> None:
    """Keep ``in_flight`` requests under way until ``requests`` are sent or ``seconds`` are over.

    What is under way then is still waited for.
    """
    end = None if seconds is None else clock() + seconds
    left = requests

    def more() -> bool:
        nonlocal left
        if tally.hopeless or (end is not None and clock() >= end):
            return False
        if left is not None:
            left -= 1
            return left >= 0
        return True

    async def worker() -> None:
        while more():
            await tally.send(send)

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(worker())


async def open_loop(
    send: Send,
    tally: Tally,
    times: Sequence[float],
    *,
    clock: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Send a request at each of ``times``, in seconds from now, and wait for all to end.

    ``tally.lags`` says how many seconds late each was sent.
    """
    began = clock()
    async with asyncio.TaskGroup() as group:
        for time in times:
            while (wait := began + time - clock()) > 0:
                await sleep(wait)
            if tally.hopeless:
                break
            tally.lags.append(clock() - began - time)
            group.create_task(tally.send(send))
