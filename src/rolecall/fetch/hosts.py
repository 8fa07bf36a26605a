"""Politeness: one request at a time to a host, a pause between two, not too many over all.

What is remembered of hosts is bounded: the longest unused is forgotten first.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from msgspec import Struct, field

from rolecall.fetch.faults import FetchError
from rolecall.fetch.robots import Robots

MOST_HOSTS = 4_096  # that are remembered
MOST_ROBOTS = 16 << 20  # bytes of rules that are remembered
KEPT = 3_600.0  # seconds for which a robots.txt is good (RFC 9309, 2.4: a day at most)
KEPT_FAULT = 60.0  # seconds after which one that could not be had is asked for again


class Host(Struct):
    """One host: whose turn it is, and when the next request may start."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    next: float = 0.0
    pause: float = 0.0

    def not_before(self, seconds: float) -> None:
        """Start no request to this host for ``seconds`` from now."""
        self.next = max(self.next, time.monotonic() + seconds)


class Hosts:
    """What is known of hosts. For one event loop."""

    def __init__(self, at_once: int, delay: float) -> None:
        self.room, self.delay = asyncio.Semaphore(max(1, at_once)), delay
        self.hosts: OrderedDict[str, Host] = OrderedDict()

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[Host]:
        """Wait for the turn at a host and keep it; the pause runs from its end."""
        host = self._host(name)
        host.waiting += 1
        try:
            async with host.turn:
                while (wait := host.next - time.monotonic()) > 0:
                    await asyncio.sleep(wait)
                async with self.room:
                    try:
                        yield host
                    finally:
                        host.not_before(max(self.delay, host.pause))
        finally:
            host.waiting -= 1

    def _host(self, name: str) -> Host:
        host = self.hosts.get(name)
        if host is None:
            self._forget()
            host = self.hosts[name] = Host()
        self.hosts.move_to_end(name)
        return host

    def _forget(self) -> None:
        """Make room: what nobody waits for and may be asked at once says nothing."""
        if len(self.hosts) < MOST_HOSTS:
            return
        now = time.monotonic()
        idle = [name for name, one in self.hosts.items() if not one.waiting and one.next <= now]
        free = [name for name, one in self.hosts.items() if not one.waiting]
        for name in idle or free[:1]:
            del self.hosts[name]


class _Known(Struct, frozen=True):
    robots: Robots | FetchError
    until: float
    size: int


class RobotsKnown:
    """The ``robots.txt`` of each origin, for a while, in bounded memory."""

    def __init__(self) -> None:
        self.known: OrderedDict[str, _Known] = OrderedDict()
        self.size = 0

    def get(self, origin: str) -> Robots | FetchError | None:
        """What is known of an origin: its rules, why they could not be had, or nothing."""
        found = self.known.get(origin)
        if found is None:
            return None
        if found.until < time.monotonic():
            self._drop(origin)
            return None
        self.known.move_to_end(origin)
        return found.robots

    def put(self, origin: str, robots: Robots | FetchError) -> None:
        """Remember what was found."""
        self._drop(origin)
        good = isinstance(robots, Robots)
        size = robots.size if isinstance(robots, Robots) else 1_000
        until = time.monotonic() + (KEPT if good else KEPT_FAULT)
        self.known[origin] = _Known(robots, until, size)
        self.size += size
        while self.known and (self.size > MOST_ROBOTS or len(self.known) > MOST_HOSTS):
            self._drop(next(iter(self.known)))

    def _drop(self, origin: str) -> None:
        gone = self.known.pop(origin, None)
        if gone is not None:
            self.size -= gone.size
