"""Back-pressure: how many pages engines are asked about at once, by what their servers tell.

A server that lets requests wait, or whose KV cache is nearly full, gets fewer pages from us: the
bound is cut, and grows again a step at a time once the server has room (additive increase and
multiplicative decrease, as TCP does it). An engine that tells no load is given its concurrency.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from msgspec import Struct

from rolecall.errors import Error
from rolecall.monitor.watch import Watch
from rolecall.worker.asking import Asking

EVERY: Final = 1.5
"""Seconds between looks at the servers."""

FULL: Final = 0.9
"""A KV cache that is used to this share is nearly full: vLLM begins to take requests' room away."""

STEPS: Final = 8
"""The bound is cut to seven tenths, and grows to the whole in so many steps."""

_log = logging.getLogger(__name__)


class Load(Struct, frozen=True, kw_only=True):
    """What counts of a server's load: requests that wait, and the share of its KV cache in use; the
    rest is for those who watch."""

    waiting: int = 0
    kv_usage: float = 0.0
    running: int = 0
    prefix_queries: int = 0
    prefix_hits: int = 0


def next_limit(limit: int, concurrency: int, load: Load) -> int:
    """The bound after a look at a server that takes ``concurrency`` requests when it is free.

    Some requests wait for a moment at any server that is well used; more than an eighth of the
    concurrency is a line.
    """
    if load.kv_usage > FULL or load.waiting > max(2, concurrency // 8):
        return max(1, min(limit, concurrency) * 7 // 10)
    return min(concurrency, limit + max(1, concurrency // STEPS))


class Pressure:
    """Keeps the room of ``asking`` at what its engines can take, and tells ``watch`` how they
    are."""

    def __init__(self, asking: Asking, every: float = EVERY, watch: Watch | None = None) -> None:
        self._asking, self._every = asking, every
        self._watch = watch if watch is not None else Watch()
        self._limits: dict[str, int] = {}
        self._prefixes: dict[str, tuple[int, int]] = {}

    async def run(self) -> None:
        """Look at the servers again and again, until this is cancelled."""
        while True:
            await asyncio.sleep(self._every)
            if self._asking.engines is not None and self._asking.engines.engines:
                await self.look()

    async def look(self) -> None:
        """Look at all servers once, and set the room."""
        engines = self._asking.engines.engines if self._asking.engines is not None else {}
        told = await asyncio.gather(*(_load(name, one) for name, one in engines.items()))
        total = 0
        for (name, engine), load in zip(engines.items(), told, strict=True):
            most = engine.info.concurrency
            limit = min(most, self._limits.get(name, most))
            if load is not None:
                self._tell(name, load)
                limit = next_limit(limit, most, load)
                if limit < self._limits.get(name, most):
                    _log.info("%s has a line of requests: %d at once from now", name, limit)
            self._limits[name] = limit
            total += limit
        self._asking.room.set(total)

    def _tell(self, name: str, load: Load) -> None:
        sample = self._watch.sample
        sample("kv_permille", name, round(1_000 * load.kv_usage))
        sample("engine_running", name, load.running)
        sample("engine_waiting", name, load.waiting)
        now = load.prefix_queries, load.prefix_hits
        before = self._prefixes.get(name)
        self._prefixes[name] = now
        if before is None:
            return  # what it counted before we looked is not ours
        # A server that was started anew counts from nothing.
        grown = now if now[0] < before[0] or now[1] < before[1] else (
            now[0] - before[0], now[1] - before[1]
        )  # fmt: skip
        if grown[0]:
            sample("prefix_queries", name, grown[0])
            sample("prefix_hits", name, grown[1])


async def _load(name: str, engine: Any) -> Load | None:
    """What a server tells of its load; ``None`` where it tells nothing."""
    if not hasattr(engine, "metrics"):
        return None
    try:
        found = await engine.metrics()
    except Error as error:
        _log.debug("%s tells no load: %s", name, error)
        return None
    # Engines of others may tell less.
    return Load(
        waiting=found.waiting,
        kv_usage=found.kv_usage,
        running=getattr(found, "running", 0),
        prefix_queries=getattr(found, "prefix_queries", 0),
        prefix_hits=getattr(found, "prefix_hits", 0),
    )
