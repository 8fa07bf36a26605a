"""An engine that goes where its server goes: no call is lost when another one takes its place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from typing import Final, Generic, TypeVar

from msgspec import Struct

from rolecall.core import Attempt, Completion, EngineInfo, Prompt
from rolecall.engines.openai import OpenAIEngine
from rolecall.engines.protocol import EngineSettings, Timing
from rolecall.engines.retry import Clock
from rolecall.engines.whereabouts import There, Whereabouts
from rolecall.errors import EngineError, Error, SettingsError

EngineHere = TypeVar("EngineHere", bound=OpenAIEngine)
Given = TypeVar("Given")

LOOK_SECONDS: Final = 0.1
"""How often a call that waits for a server looks whether it is there."""
LONGEST_AWAIT: Final = 1_800.0
"""Seconds for which a call waits for a server at most, whatever the file says."""
REST_SECONDS: Final = 2.0
"""So long a new server that could not be used is left alone, while the old one answers."""
STAYS: Final = frozenset({"context_overflow", "quota", "http_400", "http_413", "http_422"})
"""Results of tries that another server is not asked about: the prompt was at fault."""
DEATHS: Final = 2
"""A call during which so many servers died is not made again: it may be what they die of."""


class Place(Struct, Generic[EngineHere], eq=False):
    """An engine that is connected to one server; ``calls`` are those under way."""

    there: There
    engine: EngineHere
    stack: AsyncExitStack
    calls: int = 0


class Following(Generic[EngineHere]):
    """An engine whose server another one may take the place of, with another model.

    Before a call the state file is looked at. Another server is met and has to prove its forms
    while calls go on at the old one; then new calls are made there, and those under way end where
    they are. A call that fails at a server which has been replaced is made again at the new one;
    what was tried stands in ``failed``. While a server is expected back, calls wait.
    """

    def __init__(
        self,
        whereabouts: Whereabouts,
        opened: Callable[[EngineSettings], AbstractAsyncContextManager[EngineHere]],
        clock: Clock,
    ) -> None:
        self._whereabouts, self._opened, self._clock = whereabouts, opened, clock
        self._place: Place[EngineHere] | None = None
        self._old: set[Place[EngineHere]] = set()
        self._moving: asyncio.Task[None] | None = None
        self._refused: tuple[There, Error, float] | None = None
        self._suspects = asyncio.Lock()
        self.moves = 0
        """How often the server has been replaced."""

    async def open(self) -> None:
        """Connect to the server where it is now.

        Raises:
            SettingsError: the state file cannot be used, or does not name the server.
            EngineError: the server cannot be reached or used.
        """
        while self._place is None:
            await self._wait()
            place = self._whereabouts.place
            if place is None:
                raise self._whereabouts.fault or _not_there(self._whereabouts)
            try:
                self._place = await self._connected(place)
            except EngineError:
                self._whereabouts.look()
                if self._whereabouts.place == place and not self._whereabouts.awaited:
                    raise

    async def close(self) -> None:
        """Let go of all servers."""
        if self._moving is not None:
            self._moving.cancel()
            await asyncio.gather(self._moving, return_exceptions=True)
        for place in (*self._old, *((self._place,) if self._place else ())):
            await place.stack.aclose()
        self._old.clear()

    @property
    def server(self) -> EngineHere:
        """The engine at the server that new calls are made to."""
        assert self._place is not None, "not open"
        return self._place.engine

    @property
    def info(self) -> EngineInfo:
        """What is known of the server that new calls are made to."""
        return self.server.info

    @property
    def connecting(self) -> tuple[Attempt, ...]:
        """The calls by which that server was met."""
        return self.server.connecting

    @property
    def tries(self) -> int:
        """How often a call is tried at most, at one server."""
        return self.server.tries

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of that server's API."""
        return self.server.urls

    async def now(self) -> EngineInfo:
        """See `FollowingEngine`."""
        self._look()
        await self._wait()
        return self.info

    async def count_tokens(self, prompt: Prompt) -> int | None:
        """See `Engine`."""

        async def count(engine: EngineHere) -> int | None:
            return await engine.count_tokens(prompt)

        counted, _, _ = await self._called(count)
        return counted

    async def complete(self, prompt: Prompt) -> Completion:
        """See `Engine`.

        Raises:
            EngineError: no answer, neither at the server that was asked nor at one that has taken
                its place.
        """

        async def complete(engine: EngineHere) -> Completion:
            self._demand_form(engine.info, prompt)
            return await engine.complete(prompt)

        done, info, failed = await self._called(complete)
        return replace(done, model=info.model, failed=(*failed, *done.failed))

    async def complete_timed(self, prompt: Prompt) -> tuple[Completion, Timing]:
        """See `TimedEngine`; the times are those of the try that was answered.

        Raises:
            EngineError: no whole answer came.
        """

        async def complete(engine: EngineHere) -> tuple[Completion, Timing]:
            self._demand_form(engine.info, prompt)
            return await engine.complete_timed(prompt)

        (done, timing), info, failed = await self._called(complete)
        return replace(done, model=info.model, failed=(*failed, *done.failed)), timing

    def _demand_form(self, info: EngineInfo, prompt: Prompt) -> None:
        """Refuse a prompt that was made for another server, in a form that this one lacks."""
        if self.moves and prompt.form not in info.forms:
            raise EngineError(
                f"engine {info.name}: the server was replaced by one that does not hold to the "
                f"form {prompt.form}",
                hint="ask it in a form of its own",
                retryable=False,
            )

    async def _called(
        self, call: Callable[[EngineHere], Awaitable[Given]]
    ) -> tuple[Given, EngineInfo, tuple[Attempt, ...]]:
        """What ``call`` gives, of which server, and the tries at servers that were replaced."""
        failed: tuple[Attempt, ...] = ()
        deaths = 0
        self._look()
        await self._wait()
        while True:
            async with AsyncExitStack() as alone:
                if deaths:  # one at a time, so that no other call is taken for the one at fault
                    await alone.enter_async_context(self._suspects)
                place = self._place
                assert place is not None, "not open"
                try:
                    return await self._at(place, call), place.engine.info, failed
                except EngineError as caught:
                    error = caught
            died = any(one.result == "disconnected" for one in error.failed)
            failed += error.failed
            error.failed = failed
            if not await self._elsewhere(place, error):
                raise error
            deaths += died
            if deaths >= DEATHS:
                raise _poison(error, place.engine.info.name) from error

    async def _at(
        self, place: Place[EngineHere], call: Callable[[EngineHere], Awaitable[Given]]
    ) -> Given:
        """What ``call`` gives at one server."""
        place.calls += 1
        try:
            return await call(place.engine)
        finally:
            place.calls -= 1
            await self._let_go()

    async def _elsewhere(self, place: Place[EngineHere], error: EngineError) -> bool:
        """Whether another call can help, for the server of ``place`` was replaced or is back.

        Waits for a server that is expected, and for the new one to be connected to: as long as a
        call may take, for the old one is of no use any more.

        Raises:
            EngineError: the new server cannot be used.
        """
        if error.failed and error.failed[-1].result in STAYS:
            return False
        deadline = self._clock.monotonic() + place.there.settings.call_seconds
        while True:
            self._look()
            waited = await self._wait()
            if self._moving is not None:
                await asyncio.shield(self._moving)
            if self._place is not place or waited:
                return True
            if self._refused is None or not isinstance(self._refused[1], EngineError):
                return False
            wanted, told, until = self._refused
            if wanted != self._whereabouts.place:
                continue  # yet another one has come
            if until >= deadline or not told.retryable:
                raise EngineError(
                    f"{error}; and of the server in its place: {told}",
                    hint=told.hint,
                    failed=error.failed,
                ) from error
            await self._clock.sleep(max(LOOK_SECONDS, until - self._clock.monotonic()))

    def _look(self) -> None:
        """Look where the server is; one in another place is met while calls go on."""
        where = self._whereabouts
        where.look()
        if where.awaited or self._moving is not None or self._place is None:
            return
        wanted = where.place
        if wanted is None or wanted == self._place.there:
            self._refused = None
            return
        if self._refused is not None:
            place, _, until = self._refused
            if place == wanted and self._clock.monotonic() < until:
                return
        self._moving = asyncio.get_running_loop().create_task(self._move(wanted))

    async def _move(self, wanted: There) -> None:
        """Meet the server at ``wanted`` and make it the one for new calls, if it can be used."""
        assert self._place is not None
        try:
            place = await self._connected(wanted)
            if self._place.engine.info.local and not place.engine.info.local:
                await place.stack.aclose()
                raise SettingsError(f"the server in {self._whereabouts.path} is not local")
        except Error as error:
            self._refused = wanted, error, self._clock.monotonic() + REST_SECONDS
        else:
            self._refused = None
            old, self._place = self._place, place
            self._old.add(old)
            if old.engine.calls.replaced is not None:
                old.engine.calls.replaced.set()
            self.moves += 1
            await self._let_go()
        finally:
            self._moving = None

    async def _connected(self, there: There) -> Place[EngineHere]:
        async with AsyncExitStack() as stack:
            engine = await stack.enter_async_context(self._opened(there.settings))
            place = Place(there, engine, stack.pop_all())
        engine.calls.replaced = asyncio.Event()
        engine.calls.left = lambda: self._has_left(place)
        return place

    def _has_left(self, place: Place[EngineHere]) -> bool:
        """Whether the server of ``place`` is not to be tried again."""
        self._look()
        return self._place is not place or self._moving is not None or self._whereabouts.awaited

    async def _wait(self) -> bool:
        """Wait while the server is expected back, but not for ever; whether it may be there."""
        waited, end = False, self._clock.monotonic() + LONGEST_AWAIT
        self._whereabouts.look()
        while self._whereabouts.awaited:
            if self._clock.monotonic() >= end:
                return False
            waited = True
            await self._clock.sleep(LOOK_SECONDS)
            self._whereabouts.look()
        if waited:
            self._look()
            if self._moving is not None:
                await asyncio.shield(self._moving)
        return waited

    async def _let_go(self) -> None:
        """Close what no call needs any more."""
        for place in [one for one in self._old if not one.calls]:
            self._old.discard(place)
            await place.stack.aclose()


def _poison(error: EngineError, name: str) -> EngineError:
    return EngineError(
        f"engine {name}: {DEATHS} servers ended while they were asked this",
        hint="look at the log of the server; another model may take the page",
        code="poison",
        retryable=False,
        failed=error.failed,
    )


def _not_there(whereabouts: Whereabouts) -> SettingsError:
    return SettingsError(
        f"engines.{whereabouts.settings.name}: no server {whereabouts.name} is written down in "
        f"{whereabouts.path}",
        hint="start it with rolecall up",
    )
