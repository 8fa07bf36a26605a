"""What a load is put on: a bare engine here, whole pages in ``pipeline_target``."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from rolecall.ask.compose import Asked
from rolecall.core import Completion, EngineInfo, Prompt, Usage
from rolecall.drive.engines import Engines, charged, lost
from rolecall.engines.protocol import Engine, TimedEngine, Timing
from rolecall.errors import BudgetError, DatabaseError, EngineError
from rolecall.evaluate.load.nouns import Sent, ServerLoad
from rolecall.evaluate.load.prompts import Prompts, Shapes, marked
from rolecall.evaluate.load.schedule import order
from rolecall.ledger.money import MOST_USD
from rolecall.ledger.prices import worst_cost

GRACE = 5.0
"""Seconds after which a call that should have ended by itself is ended."""


class Target(Protocol):
    """What a load is put on.

    ``postings`` is how many postings one item stands for, ``paid`` says that items cost something,
    ``reasons`` why some figures cannot be had here.
    """

    postings: float
    paid: bool
    reasons: dict[str, str]

    async def send(self, number: int) -> Sent:
        """Send the item with this number in the run; a failure is a result."""

    async def server_load(self) -> ServerLoad | None:
        """What the server tells of its load, if it does."""


class Items:
    """Which item comes at a place in the run, and in which round: each once in a round."""

    def __init__(self, count: int, seed: int) -> None:
        self._order: Iterator[tuple[int, int]] = order(count, seed)
        self._known: list[tuple[int, int]] = []

    def at(self, number: int) -> tuple[int, int]:
        """(round, index) of the item."""
        while len(self._known) <= number:
            self._known.append(next(self._order))
        return self._known[number]


class EngineTarget:
    """A bare engine: each item is one of ``prompts``, sent in a single try.

    With a ``mark`` of this run's own, each prompt has a line that no other one has, so that none is
    sent twice, not in this run and not since an earlier one.
    """

    def __init__(
        self,
        engines: Engines,
        prompts: Prompts,
        *,
        seed: int,
        mark: str,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        ((self.name, self.engine),) = engines.engines.items()
        self.info: EngineInfo = self.engine.info
        self.paid = self.info.price is not None
        self.postings = prompts.postings
        self.reasons: dict[str, str] = {}
        self.written: dict[int, int] = {}
        self._prompts, self._mark = prompts, mark
        self._budget, self._seconds, self._clock = engines.purse.budget, seconds, clock
        self._items, self._shapes = Items(len(prompts.items), seed), Shapes()
        self._run = uuid.uuid4().hex  # a record's cap is for one run

    def prompt(self, number: int) -> tuple[int, Asked, Prompt]:
        """The index of the item with this number, the item, and the prompt as it is sent."""
        turn, index = self._items.at(number)
        asked = self._prompts.items[index]
        if self._mark:
            return index, asked, marked(asked.prompt, f"{self._mark}.{turn}")
        return index, asked, asked.prompt

    async def send(self, number: int) -> Sent:
        """Ask one prompt."""
        index, asked, prompt = self.prompt(number)
        sent = self._clock()
        try:
            completion, timing = await self._within_budget(number, asked, prompt)
        except EngineError as error:
            kind = error.failed[-1].result if error.failed else error.code
            return self._failed(number, sent, kind)
        except (BudgetError, DatabaseError) as error:
            return self._failed(number, sent, error.code)
        except TimeoutError:
            return self._failed(number, sent, "timeout")
        counted = completion.usage != Usage()
        if counted:
            self.written[index] = completion.usage.output_tokens
        return Sent(
            number=number,
            sent=timing.sent,
            ended=timing.ended,
            chunks=timing.chunks,
            usage=completion.usage,
            counted=counted,
            valid=self._shapes.is_valid(asked, completion),
            truncated=completion.finish_reason == "length",
            cost_usd=self._cost(completion),
        )

    def _cost(self, completion: Completion) -> float:
        price = self.info.price
        return price.cost(completion.usage) if price else 0.0

    def _failed(self, number: int, sent: float, kind: str) -> Sent:
        return Sent(number=number, sent=sent, ended=self._clock(), failure=kind)

    async def _within_budget(
        self, number: int, asked: Asked, prompt: Prompt
    ) -> tuple[Completion, Timing]:
        """The call, with its cost taken out of the budget where it has one."""
        price, budget = self.info.price, self._budget
        if price is None or budget is None:
            return await self._timed(prompt)
        worst = worst_cost(price, asked.tokens, prompt.max_tokens, 1)
        held = await asyncio.to_thread(budget.reserve, f"{self._run} {number}", worst, self.name)
        spent = worst
        try:
            completion, timing = await self._timed(prompt)
            spent = charged(price, completion, worst)
        except EngineError as error:
            spent = lost(error.failed, worst)
            raise
        finally:
            amount = spent if 0 <= spent <= MOST_USD else worst
            await asyncio.shield(asyncio.to_thread(budget.settle, held, amount))
        return completion, timing

    async def _timed(self, prompt: Prompt) -> tuple[Completion, Timing]:
        engine = self.engine
        async with asyncio.timeout(self._seconds + GRACE):
            if isinstance(engine, TimedEngine):
                return await engine.complete_timed(prompt)
            sent = self._clock()
            completion = await engine.complete(prompt)
            return completion, Timing(sent=sent, ended=self._clock())

    async def server_load(self) -> ServerLoad | None:
        """The load that a vLLM tells."""
        return await load_of(self.engine)

    async def first_token(self, number: int, *, held: bool) -> float | None:
        """Milliseconds to the first token of an item's prompt, ``held`` to its form or free."""
        asked = self._prompts.items[number % len(self._prompts.items)]
        prompt = marked(asked.prompt, f"{self._run} {number} {held}")
        prompt = replace(prompt, max_tokens=1)
        if not held:
            prompt = replace(prompt, form="text", grammar=None, json_schema=None)
        try:
            _, timing = await self._timed(prompt)
        except (EngineError, TimeoutError):
            return None
        return 1000 * (timing.ended - timing.sent) if timing.chunks else None


async def load_of(engine: Engine) -> ServerLoad | None:
    """What ``engine`` tells of its load; ``None`` where it does not."""
    metrics = getattr(engine, "metrics", None)
    if metrics is None:
        return None
    try:
        found = await metrics()
    except EngineError:
        return None
    return ServerLoad(
        running=found.running,
        waiting=found.waiting,
        kv_usage=found.kv_usage,
        prefix_hits=found.prefix_hits,
        prefix_queries=found.prefix_queries,
    )
