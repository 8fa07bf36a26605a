"""Inputs that are named by their address -> inputs with the page that was fetched from there.

Pages are fetched by one event loop in a thread of this process: turns at hosts are taken for the
whole run, and worker processes never touch the network.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from datetime import date
from types import TracebackType
from typing import Any, Final

from msgspec.structs import replace

from rolecall.fetch import Fetched, FetchError, Rules
from rolecall.inputs.lines import PATIENCE
from rolecall.inputs.nouns import Entries, Input
from rolecall.settings import Settings

AHEAD: Final = 4_096
"""Inputs that were taken and not given on, at most; most of them wait for the turn at their host.

Many, because lists often name one host after the other.
"""

AHEAD_IN_ORDER: Final = 128
"""The same where pages are given on in order, and wait for those before them."""

HELD: Final = 64 << 20
"""Bytes of pages that wait to be given on, above which nothing more is begun."""

PAUSE: Final = 0.02
"""Seconds after which it is looked whether they have been given on."""


def rules_of(settings: Settings) -> Rules:
    """How pages are fetched by these settings; raises `SettingsError`."""
    return Rules(
        timeout=settings.fetch_timeout_seconds,
        max_bytes=settings.max_bytes,
        delay=settings.fetch_delay_seconds,
        longest_delay=max(30.0, settings.fetch_delay_seconds),
        robots=settings.fetch_robots,
        contact=settings.fetch_contact,
        allow=tuple(filter(None, (one.strip() for one in settings.fetch_allow.split(",")))),
    )


def with_page(entry: Input, found: Fetched | FetchError) -> Input:
    """The input, with the page that was fetched for it or with what kept it away."""
    if isinstance(found, FetchError):
        hint = f" ({found.hint})" if found.hint else ""
        return replace(
            entry,
            line=b"",
            url=None if found.kind == "bad_address" else found.url or entry.wanted,
            fault=(found.code, f"{found}{hint}"),
            retryable=found.retryable,
            retry_at=found.retry_at,
        )
    codes = [one.code for one in found.warnings]
    code = "insecure_redirect" if "insecure_redirect" in codes else "redirected"
    told = "; ".join(one.message for one in found.warnings)
    return replace(
        entry,
        line=found.body,
        url=found.url,
        media_type=found.media_type,
        charset=found.charset,
        captured=date.fromisoformat(found.retrieved[:10]),
        notice=(code, told) if told else entry.notice,
    )


class Fetching:
    """Fetches for one run. A context manager: its thread ends with it, whatever is under way."""

    def __init__(self, rules: Rules, *, ordered: bool, ahead: int | None = None) -> None:
        import asyncio  # as the HTTP library, loaded only by who fetches

        from rolecall.fetch import Fetcher

        # In order, the page that all wait for may be the next one: nothing may hold it back.
        self.fetcher = Fetcher(rules, gate=None if ordered else self._gate)
        self.ordered = ordered
        self.ahead = ahead or (AHEAD_IN_ORDER if ordered else AHEAD)
        self._there: queue.SimpleQueue[tuple[int, Input]] = queue.SimpleQueue()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._held: dict[int, Input] = {}
        self._bytes, self._lock = 0, threading.Lock()
        self._taken = self._given = self._next = 0

    def __enter__(self) -> Fetching:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give up what is under way, and end the thread."""
        self._begin(self._cancel()).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def inputs(self, entries: Entries) -> Entries:
        """The entries, each with its page: in their order if ``ordered``, else as they come.

        Entries that have a record of an earlier run are passed on as they are.
        """
        more = True
        while more or self._given < self._taken:
            dry = False
            while more and not dry and self._room():
                try:
                    entry = next(entries)
                except StopIteration:
                    more = False
                else:
                    dry = entry is None
                    if entry is not None:
                        self._take(entry)
            given = self._given
            yield from self._give(wait=0.0 if self._ready() else PATIENCE)
            if self._given == given and (more or self._given < self._taken):
                yield None

    def _room(self) -> bool:
        return self._taken - self._given < self.ahead and self._bytes < HELD

    def _ready(self) -> bool:
        return self._next in self._held if self.ordered else bool(self._held)

    def _take(self, entry: Input) -> None:
        """Begin with an entry: fetch it, or hold it as it is."""
        number, self._taken = self._taken, self._taken + 1
        if entry.wanted is None or not entry.is_away or entry.known:
            self._count(len(entry.line or b""))
            self._held[number] = entry
        else:
            self._begin(self._fetch(number, entry, entry.wanted))

    async def _fetch(self, number: int, entry: Input, url: str) -> None:
        found: Fetched | FetchError
        try:
            found = await self.fetcher.fetch(url)
        except FetchError as error:
            found = error.with_traceback(None)
        except Exception as error:  # one address never ends the run
            found = FetchError("broken", f"{type(error).__name__}: {error}", retryable=False)
        fetched = with_page(entry, found)
        self._count(len(fetched.line or b""))
        self._there.put((number, fetched))

    async def _gate(self) -> None:
        """Wait while pages are not given on."""
        import asyncio

        while self._bytes >= HELD:
            await asyncio.sleep(PAUSE)

    def _count(self, size: int) -> None:
        with self._lock:
            self._bytes += size

    def _give(self, wait: float) -> Iterator[Input]:
        """What is there and whose turn it is; the first is waited for, for so long."""
        while True:
            try:
                found = self._there.get(timeout=wait) if wait else self._there.get_nowait()
            except queue.Empty:
                break
            wait = 0.0
            self._held[found[0]] = found[1]
        while self._ready():
            number = self._next if self.ordered else next(iter(self._held))
            entry = self._held.pop(number)
            self._count(-len(entry.line or b""))
            self._next, self._given = self._next + 1, self._given + 1
            yield entry

    def _begin(self, step: Coroutine[Any, Any, None]) -> Future[None]:
        import asyncio

        return asyncio.run_coroutine_threadsafe(step, self._loop)

    async def _cancel(self) -> None:
        import asyncio

        tasks = [one for one in asyncio.all_tasks() if one is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.get_running_loop().shutdown_asyncgens()
        await asyncio.sleep(0)  # connections that were closed just now end with the next turn
