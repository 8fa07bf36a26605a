"""What all routes share while the server runs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from starlette.requests import Request

from rolecall.core import Source
from rolecall.queue.queue import Queue
from rolecall.serve.access import Entry
from rolecall.serve.feed import Feed
from rolecall.serve.gather import Gather
from rolecall.serve.limits import Limits, Load
from rolecall.serve.metrics import Metrics
from rolecall.serve.schemas import Schemas
from rolecall.settings import Settings


class Extractor(Protocol):
    """Has one page extracted at once."""

    async def extract(
        self, source: Source, schema: str | Mapping[str, Any] | None
    ) -> dict[str, Any]:
        """The record of a page; ``schema`` is the hash of one that the queue keeps, an admitted
        document, or ``None`` for the default posting.

        A page that cannot be used gives a record that says so. Cancelled, it stops its engines.
        """

    def wake(self) -> None:
        """Something was handed in or cancelled just now."""

    def trouble(self) -> str | None:
        """Why it cannot work at the moment; ``None`` while it can."""


@dataclass(kw_only=True)
class State:
    """One server. ``names`` are the names it answers to; ``fetches`` and ``calls_back`` say whether
    it fetches pages and tells other servers when a batch has ended."""

    settings: Settings
    queue: Queue
    entry: Entry
    extractor: Extractor
    names: frozenset[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    fetches: bool = False
    calls_back: bool = True
    limits: Limits = field(init=False)
    load: Load = field(init=False)
    gather: Gather = field(init=False)
    feed: Feed = field(init=False)
    schemas: Schemas = field(init=False)
    metrics: Metrics = field(default_factory=Metrics)
    ending: asyncio.Event = field(default_factory=asyncio.Event)
    probed: float = float("-inf")
    storage: str | None = None

    def __post_init__(self) -> None:
        self.limits = Limits.of(self.settings)
        self.load = Load(self.limits)
        self.gather = Gather(self.queue.inbox)
        self.feed = Feed(self.queue.view)
        self.schemas = Schemas(self.queue)

    def end(self) -> None:
        """Let answers that go on come to their end."""
        self.ending.set()
        self.feed.end()


def state_of(request: Request) -> State:
    """The state of the server that a request came to."""
    found = request.app.state.rolecall
    assert isinstance(found, State)
    return found
