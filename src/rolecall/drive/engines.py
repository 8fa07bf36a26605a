"""The engines of a run and how calls reach them: kept answers, breakers, the budget.

``Engines.extract`` climbs for one page and answers each call of the ladder. Everything here runs in
one event loop; pages do not wait for each other.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from msgspec import Struct, structs

from rolecall.ask.compose import Voice
from rolecall.climb import Call, Help, attempt_of, climb
from rolecall.core import Attempt, Completion, EngineInfo, Extraction, Notice, Page, Price, Prompt
from rolecall.engines.protocol import Engine, FollowingEngine
from rolecall.errors import BudgetError, DatabaseError, EngineError
from rolecall.ladder import Heard
from rolecall.ledger.budget import Budget, Reservation
from rolecall.ledger.cache import Cache
from rolecall.ledger.money import MOST_USD
from rolecall.ledger.prices import worst_cost
from rolecall.settle import Rules

FAILURES, REST = 5, 15.0
"""An engine that fails this often in a row is left alone for so many seconds."""

PATIENCE = 300.0
"""Seconds for which pages wait for an engine that has gone, where no other can stand in."""

RESTARTS = 3
"""So often a page is begun anew for a server that took the place of the one it was written for."""

FREE_RESULTS = ("http_", "connection", "quota", "redirect", "context_overflow")
"""How results of tries begin for which nothing was worked on, so nothing is paid."""


class Breaker:
    """Keeps calls from an engine that does not answer."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.failures = 0
        self.until = 0.0
        self.since = 0.0  # the first failure in the row

    def wait(self) -> float:
        """Seconds that a call should wait for an engine that rests; 0 where waiting is no use.

        An engine that has been gone for longer than ``PATIENCE`` is not waited for.
        """
        if self.failures < FAILURES or self.clock() - self.since > PATIENCE:
            return 0.0
        return max(0.0, self.until - self.clock())

    def check(self, name: str) -> None:
        """Refuse a call while the engine rests; then one may try."""
        if self.failures >= FAILURES and self.clock() < self.until:
            wait = self.until - self.clock()
            raise EngineError(
                f"{name} failed {self.failures} times in a row and is not asked for {wait:.0f} s",
                hint="see rolecall doctor",
            )
        if self.failures >= FAILURES:
            self.until = self.clock() + REST  # others wait while this one tries

    def note(self, *, failed: bool) -> None:
        """What came of a call."""
        if failed and not self.failures:
            self.since = self.clock()
        self.failures = self.failures + 1 if failed else 0
        self.until = self.clock() + REST


class Purse(Struct, frozen=True, kw_only=True):
    """What calls cost and what is kept of them; either may be missing."""

    budget: Budget | None = None
    cache: Cache | None = None


class Stopped:
    """An engine that was not even connected to, for the budget is used up: each call says so."""

    def __init__(self, info: EngineInfo, error: BudgetError) -> None:
        self.info, self._error = info, error

    async def count_tokens(self, prompt: Prompt) -> int | None:
        """Nobody is asked."""
        return None

    async def complete(self, prompt: Prompt) -> Completion:
        """Raise the ``BudgetError``."""
        raise BudgetError(str(self._error), hint=self._error.hint)


class _Replaced(Exception):  # noqa: N818 - it says to begin anew, and never leaves this file
    """The server for which a page's prompts were written has gone, and another one is there."""


class Engines:
    """The engines of a run, and the way they are used.

    ``renew`` says how an engine is spoken to whose server was replaced; without it, nobody looks
    for that. ``changes`` tells of servers that were replaced since the engines were opened.
    """

    def __init__(
        self,
        engines: Mapping[str, Engine],
        help_: Help,
        purse: Purse,
        *,
        notices: tuple[Notice, ...] = (),
        renew: Callable[[str, Engine, list[Notice]], Awaitable[Voice]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engines, self.help, self.purse, self.notices = engines, help_, purse, notices
        self._breakers = {name: Breaker(clock) for name in engines}
        self._run = uuid.uuid4().hex  # a record's cap is for one run
        self._paying = 0  # calls that hold a part of the budget
        self._ended = 0  # those that held one
        self._settled = asyncio.Event()
        self._renew, self._renewing = renew, asyncio.Lock()
        self._following: dict[str, FollowingEngine] = {}
        if renew is not None:
            self._following = {
                name: one for name, one in engines.items() if isinstance(one, FollowingEngine)
            }
        self._met = {name: engines[name].info for name in self._following}
        self.changes: list[Notice] = []

    @property
    def _alone(self) -> bool:
        """Whether nobody stands in for an engine that is gone."""
        return self.help.waits and len(self.engines) == 1

    @property
    def models_now(self) -> Mapping[str, str]:
        """The model that is there now, of each engine that goes where its server goes."""
        return {name: self.engines[name].info.model for name in self._following}

    @property
    def concurrency(self) -> int:
        """How many pages are worth having under way."""
        return sum(engine.info.concurrency for engine in self.engines.values())

    async def extract(
        self,
        page: Page,
        heard: Heard,
        rules: Rules,
        *,
        record: str = "",
        made: list[Attempt] | None = None,
    ) -> Extraction:
        """Climb for one page; raises the last error if every engine failed. See ``climb``.

        ``record`` names the page in the budget, for the cap on one record. ``made`` takes each call
        as it ends, also the one that is cut off when this is cancelled.
        """
        record = f"{self._run} {record or page.source_id}"
        made = made if made is not None else []
        for left in range(RESTARTS, -1, -1):
            before = tuple(made)
            try:
                result = await self._climbed((page, heard, rules), record, made, last=left == 0)
            except _Replaced:
                continue
            except (EngineError, BudgetError, DatabaseError) as error:
                error.attempts = (*before, *error.attempts)
                raise
            return replace(result, attempts=(*before, *result.attempts)) if before else result
        raise AssertionError("the last round ends otherwise")

    async def _climbed(
        self, about: tuple[Page, Heard, Rules], record: str, made: list[Attempt], *, last: bool
    ) -> Extraction:
        """One way up, in which ``made`` takes the calls; raises `_Replaced` unless it is the
        ``last``."""
        page, heard, rules = about
        await self._catch_up()
        met = dict(self._met)
        climbing = climb(page, heard, help_=self.help, rules=rules)
        try:
            call = next(climbing)
            while True:
                try:
                    completion = await self.complete(call, record)
                except Exception as error:
                    name = call.engine
                    moved = name in met and self.engines[name].info is not met[name]
                    if isinstance(error, EngineError):
                        moved = moved and error.code != "poison"
                        made += error.failed
                        if moved and not last:
                            raise _Replaced from error
                    call = climbing.throw(error)
                except asyncio.CancelledError:
                    made.append(_cut_off(self.engines[call.engine], call))
                    raise
                else:
                    info = self.engines[call.engine].info
                    made += [*completion.failed, attempt_of(info, completion)]
                    call = climbing.send(completion)
        except StopIteration as stop:
            result: Extraction = stop.value
            return result
        finally:
            climbing.close()

    async def _catch_up(self) -> None:
        """Learn to speak to servers that took the place of others."""
        for name, engine in self._following.items():
            if await engine.now() is self._met[name]:
                continue
            async with self._renewing:
                one, before = self.engines[name], self._met[name]
                if (info := one.info) is before or self._renew is None:
                    continue
                told = f"{name} went on with {info.model} in the place of {before.model}"
                self.changes.append(Notice(code="server_replaced", message=told))
                voice = await self._renew(name, one, self.changes)
                voices = {**self.help.voices, name: voice}
                self.help = structs.replace(self.help, voices=voices)
                self._met[name] = info

    async def complete(self, call: Call, record: str = "") -> Completion:
        """Answer one call; see ``Engine.complete``."""
        engine, prompt = self.engines[call.engine], call.asked.prompt
        info = engine.info
        # A script or recording that names no model cannot be told from another one.
        nameless = info.kind == "replay" and info.model in ("", "replay")
        cache = self.purse.cache if not nameless else None
        model = f"{call.engine}: {info.model}"  # one name may stand for two models on two servers
        if cache is not None and (kept := cache.get(prompt, model)) is not None:
            return replace(kept, engine=call.engine)
        breaker = self._breakers[call.engine]
        while self._alone and (rest := breaker.wait()) > 0:
            await asyncio.sleep(rest)  # no other can stand in: wait rather than fail the page
        breaker.check(call.engine)
        try:
            completion = await self._paid(engine, call, record)
        except EngineError as error:
            breaker.note(failed=_down(error))
            raise
        breaker.note(failed=False)
        if call.engine in self._following:
            model = f"{call.engine}: {completion.model}"  # the one that answered
        if cache is not None and completion.finish_reason == "stop":
            cache.put(prompt, model, completion)
        return completion

    async def _paid(self, engine: Engine, call: Call, record: str) -> Completion:
        """The call itself, within the budget."""
        budget, price, prompt = self.purse.budget, engine.info.price, call.asked.prompt
        if price is None or budget is None:
            return await engine.complete(prompt)
        tries = 1 + getattr(engine, "tries", 4)
        worst = worst_cost(price, call.tokens, prompt.max_tokens, tries)
        held = await self._reserved(budget, record, worst, call.engine)
        one = worst_cost(price, call.tokens, prompt.max_tokens, 1)
        spent = worst
        try:
            completion = await engine.complete(prompt)
            spent = charged(price, completion, one) + lost(completion.failed, one)
        except EngineError as error:
            spent = lost(error.failed, one)
            raise
        finally:  # a call that was cancelled counts at its worst
            try:
                amount = spent if 0 <= spent <= MOST_USD else worst
                await asyncio.shield(asyncio.to_thread(budget.settle, held, amount))
            finally:  # whoever waits must not wait for ever, whatever came of it
                self._paying -= 1
                self._ended += 1
                self._settled.set()
        return completion

    async def _reserved(self, budget: Budget, record: str, worst: float, name: str) -> Reservation:
        """Room in the budget; where only calls of our own that are under way hold it, in time.

        A call is reserved at its worst and mostly costs much less: near a cap, calls wait for each
        other rather than being refused.
        """
        while True:
            self._settled.clear()
            ended = self._ended
            asked = asyncio.ensure_future(asyncio.to_thread(budget.reserve, record, worst, name))
            try:
                held = await asyncio.shield(asked)
            except BudgetError:
                if not self._paying and ended == self._ended:
                    raise
                if ended == self._ended:
                    await self._settled.wait()
            except asyncio.CancelledError:  # the call was not made: nothing stays taken for it
                with suppress(BudgetError, DatabaseError):
                    await asyncio.to_thread(budget.release, await asked)
                raise
            else:
                self._paying += 1
                return held


def _cut_off(engine: Engine, call: Call) -> Attempt:
    """A call that nobody waits for any more: it costs what the budget counts, the most it can."""
    info, tries, longest = (
        engine.info,
        1 + getattr(engine, "tries", 4),
        call.asked.prompt.max_tokens,
    )
    most = worst_cost(info.price, call.tokens, longest, tries) if info.price is not None else 0.0
    return Attempt(engine=info.name, model=info.model, result="cancelled", cost_usd=most)


def _down(error: EngineError) -> bool:
    """Whether the engine does not work now, rather than refusing this one call."""
    return error.code == "engine_unavailable" and error.retryable


def charged(price: Price, answer: Completion, worst: float) -> float:
    """What an answer cost: by the tokens that the server counted, the most that it can be where it
    does not say."""
    said = answer.usage.input_tokens and (answer.usage.output_tokens or not answer.text)
    cost = price.cost(answer.usage)
    return cost if said else max(cost, worst)


def lost(tries: Sequence[Attempt], worst: float) -> float:
    """What failed tries cost: what the server charged, nothing where nothing was worked on, else
    the most it can be."""
    unsaid = [one for one in tries if not one.cost_usd]
    lost = sum(worst for one in unsaid if not one.result.startswith(FREE_RESULTS))
    return lost + sum(one.cost_usd for one in tries)
