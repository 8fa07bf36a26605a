"""Puts loops of requests on a target, one point after the other, and reckons their figures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Protocol

from msgspec import Struct, structs

from rolecall.evaluate.load.figures import breaks, point, spread
from rolecall.evaluate.load.findings import STOPPED
from rolecall.evaluate.load.gpu import Cards
from rolecall.evaluate.load.loops import Tally, closed_loop, open_loop
from rolecall.evaluate.load.nouns import Loop, Point, ServerLoad
from rolecall.evaluate.load.schedule import ASIDE, constant, next_level, poisson, within
from rolecall.evaluate.load.targets import Target

TICK = 0.2
"""Seconds between two looks at how far a point is, and whether it should stop."""

SAMPLE = 1.0
"""Seconds between two looks at the server's load and at the cards."""

LEAST_REQUESTS, ROUNDS = 32, 4
"""Requests of a closed point where nothing is said: four for each that is under way, or 32."""

WARM = 8
"""Requests before a point that are not counted, where nothing is said."""


class Plan(Struct, frozen=True, kw_only=True):
    """What is measured: closed loops at ``levels``, a sweep up to ``sweep_to``, open loops.

    ``rates`` are requests per second, at random moments (Poisson) or ``even`` ones. A point ends
    after so many ``requests`` or so many ``seconds``, whichever comes first; ``None`` sets no such
    end. ``warmup`` requests before each point are not counted.
    """

    levels: tuple[int, ...] = ()
    sweep_to: int = 0
    rates: tuple[float, ...] = ()
    even: bool = False
    requests: int | None = None
    by_level: bool = False
    seconds: float | None = None
    warmup: int = WARM
    slo: Mapping[str, float] | None = None
    seed: int = 7

    def requests_at(self, level: int) -> int | None:
        """How many requests the closed point at ``level`` has."""
        return max(LEAST_REQUESTS, ROUNDS * level) if self.by_level else self.requests


class Watch(Protocol):
    """Somebody who wants to know how far it is."""

    def begin(self, label: str, total: int | None, seconds: float | None) -> None:
        """A point begins."""

    def tick(self, tally: Tally) -> None:
        """Some time has passed."""

    def end(self, found: Point) -> None:
        """The point is measured."""


class Measuring:
    """Measures a plan; ``points`` has what is there so far, also after a stop."""

    def __init__(
        self,
        plan: Plan,
        target: Target,
        *,
        cards: Cards,
        watch: Watch,
        stop: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.plan, self.target, self.cards = plan, target, cards
        self.points: list[Point] = []
        self.why_ended = ""
        self._watch, self._stop, self._clock = watch, stop, clock
        self._number = 0

    async def run(self) -> None:
        """Measure all points, or those until a stop."""
        plan = self.plan
        for level in plan.levels:
            if self._stop():
                break
            await self._closed(level)
        if plan.sweep_to and not self._stop():
            await self._sweep(plan.sweep_to)
        for rate in plan.rates:
            if self._stop():
                break
            await self._open(rate)
        self.points.sort(key=lambda one: (one.loop, one.concurrency or 0, one.rate or 0.0))

    async def _sweep(self, most: int) -> None:
        swept: list[Point] = []
        while not self._stop():
            broken = bool(swept) and breaks(swept[-1], self.plan.slo)
            level, self.why_ended = next_level(swept, most, broken)
            if level is None:
                break
            swept.append(await self._closed(level))
        seen = {one.concurrency for one in self.points}
        answers = bool(swept) and swept[-1].failed < swept[-1].requests
        if answers and most >= ASIDE and ASIDE not in seen and not self._stop():
            await self._closed(ASIDE)

    async def _closed(self, level: int) -> Point:
        requests, seconds = self.plan.requests_at(level), self.plan.seconds
        label = f"{level} at once"

        def loop(tally: Tally) -> Coroutine[Any, Any, None]:
            return closed_loop(
                self.target.send,
                tally,
                in_flight=level,
                requests=requests,
                seconds=seconds,
                clock=self._clock,
            )

        return await self._point("closed", level, label, requests, loop)

    async def _open(self, rate: float) -> Point:
        plan = self.plan
        times = within(
            constant(rate) if plan.even else poisson(rate, plan.seed),
            plan.requests,
            plan.seconds,
        )
        label = f"{rate:g} a second"

        def loop(tally: Tally) -> Coroutine[Any, Any, None]:
            return open_loop(self.target.send, tally, times, clock=self._clock)

        return await self._point("open", rate, label, len(times), loop)

    async def _point(
        self,
        kind: Loop,
        level: int | float,
        label: str,
        total: int | None,
        loop: Callable[[Tally], Coroutine[Any, Any, None]],
    ) -> Point:
        """Warm up, run ``loop``, and reckon its figures."""
        self._watch.begin(f"{label}, warming up", self.plan.warmup, None)
        tally = await self._warmed(level if kind == "closed" else WARM)
        self._watch.begin(label, total, self.plan.seconds)
        seen = _Seen()
        stopped = "no request of the warm-up was answered"
        if not tally.rows or tally.answered:
            tally = Tally(next_number=self._number)
            await self._watched(loop(tally), tally, seen)
            self._number = tally.next_number
            stopped = _why(tally)
        if self._stop():
            stopped = STOPPED
        more = {
            "server": seen.load,
            "stopped": stopped,
            "lag_ms": spread(1000 * one for one in tally.lags),
            "reasons": ({} if seen.load else {"server": "it tells no load"}) | self.target.reasons,
        }
        found = point(
            tally.rows,
            loop=kind,
            level=level,
            postings=self.target.postings,
            slo=self.plan.slo,
            paid=self.target.paid,
            more=more,
        )
        self.points.append(found)
        self._watch.end(found)
        return found

    async def _warmed(self, level: int | float) -> Tally:
        """Send requests that are not counted."""
        tally = Tally(next_number=self._number)
        if self.plan.warmup:
            loop = closed_loop(
                self.target.send,
                tally,
                in_flight=min(int(level), self.plan.warmup),
                requests=self.plan.warmup,
                seconds=self.plan.seconds,
                clock=self._clock,
            )
            await self._watched(loop, tally, None)
        self._number = tally.next_number
        return tally

    async def _watched(
        self, loop: Coroutine[Any, Any, None], tally: Tally, seen: _Seen | None
    ) -> None:
        """Run ``loop``, looking now and then; a stop cancels what is under way."""
        task = asyncio.create_task(loop)
        sampling = asyncio.create_task(self._sample(seen)) if seen is not None else None
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=TICK)
                self._watch.tick(tally)
                if self._stop():
                    task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            if sampling is not None:
                sampling.cancel()
                await asyncio.gather(sampling, return_exceptions=True)
        if seen is not None:
            self.cards.look()
            if not self._stop():
                seen.add(await self.target.server_load())

    async def _sample(self, seen: _Seen) -> None:
        while True:
            self.cards.look()
            seen.add(await self.target.server_load())
            await asyncio.sleep(SAMPLE)


class _Seen:
    """The most that the server told during a point, and the prefix cache's hits in it."""

    def __init__(self) -> None:
        self._first: ServerLoad | None = None
        self.load: ServerLoad | None = None

    def add(self, found: ServerLoad | None) -> None:
        if found is None:
            return
        first = self._first = self._first or found
        before = self.load or found
        self.load = structs.replace(
            found,
            running=max(before.running, found.running),
            waiting=max(before.waiting, found.waiting),
            kv_usage=max(before.kv_usage, found.kv_usage),
            prefix_hits=found.prefix_hits - first.prefix_hits,
            prefix_queries=found.prefix_queries - first.prefix_queries,
        )


def _why(tally: Tally) -> str:
    if not tally.hopeless:
        return ""
    if tally.rows[-1].failure == "budget_exceeded":
        return "the budget is used up"
    return f"none of {len(tally.rows)} requests was answered"
