"""`rolecall.AsyncClient`: a Rolecall server from Python, in an event loop."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Any

from rolecall.client import asks
from rolecall.client.asks import Callback, Rest, Seen
from rolecall.client.calls import Patience
from rolecall.client.events import Events, Lines
from rolecall.client.nouns import (
    BatchState,
    Event,
    KeptSchema,
    Progress,
    Readiness,
    Receipt,
    Task,
    together,
)
from rolecall.client.pages import Given, Page, apieces
from rolecall.client.record import Record
from rolecall.client.wire import AsyncWire, place
from rolecall.errors import Error, ServerError

SILENT_SECONDS = 30.0
"""The server sends a beat every ten seconds where nothing happens; so long without is a break."""


class AsyncClient:
    """A Rolecall server; the same as `rolecall.Client`, awaited, and closed by ``async with``.

    Pages may come from an asynchronous iterator too.
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = 60.0,
        verify: bool | str = True,
        patience: Patience | None = None,
    ) -> None:
        patience = patience if patience is not None else Patience()
        where = place(url, token, os.environ, timeout=timeout, verify=verify, patience=patience)
        self._wire = AsyncWire(where)

    async def __aenter__(self) -> AsyncClient:
        """The client itself."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connections."""
        await self.close()

    def __repr__(self) -> str:
        return f"AsyncClient({self._wire.place.url!r})"

    async def close(self) -> None:
        """Close the connections."""
        await self._wire.close()

    async def extract(
        self, page: Given | Page, *, url: str | None = None, schema: Any = None
    ) -> Record:
        """The record of one page, at once.

        ``page`` is HTML, bytes, a file by its `pathlib.Path`, or a `rolecall.Source`; ``url`` is
        where it was found. ``schema`` shapes the record: the name or hash of one that the server
        keeps, a JSON Schema, or a `rolecall.Schema`. A page that cannot be used is no error: its
        record says so.
        """
        reply = await self._wire.send(asks.extract(page, url, schema))
        return asks.read_record(reply.body)

    async def submit(
        self,
        pages: Iterable[Given | Page] | AsyncIterable[Given | Page],
        *,
        schema: Any = None,
        priority: int = 0,
        delay: float = 0.0,
        idempotency_key: str | None = None,
        callback: Callback | None = None,
    ) -> AsyncBatch:
        """Hand pages in; when this returns, all of them are on the server's disk.

        Pages are what `extract` takes, a `Page` with what belongs to it alone, or an address
        (``https://…``) where the server fetches. They are read as they are sent, in pieces, so
        that they may be many. ``priority`` is from -100 to 100, ``delay`` in seconds. With an
        ``idempotency_key`` of your own the same submission may be repeated, also by another
        process; within this call it always may. ``callback`` is told when a batch has ended.

        An error in the middle carries a note with what was taken in before it.
        """
        rest = Rest(schema=schema, priority=priority, delay=delay, callback=callback)
        receipts: list[Receipt] = []
        try:
            keys = iter(asks.keys(idempotency_key))
            async for piece in apieces(pages):
                reply = await self._wire.send(asks.submission(piece, rest, next(keys)))
                receipts.append(asks.read_receipt(reply))
        except Error as error:
            if receipts:
                taken = ", ".join(one.batch for one in receipts)
                error.add_note(f"taken in before that: {taken}")
            raise
        return AsyncBatch(self, tuple(receipts))

    def batch(self, *numbers: str) -> AsyncBatch:
        """Batches that were handed in earlier, as one: ``client.batch("b45", "b46")``."""
        for number in numbers:
            asks.about(number)
        return AsyncBatch(self, tuple(Receipt(batch=number, tasks=[]) for number in numbers))

    async def tasks(
        self,
        *,
        state: str | None = None,
        outcome: str | None = None,
        batch: str | None = None,
        site: str | None = None,
        words: str = "",
        limit: int | None = None,
    ) -> AsyncIterator[Task]:
        """Tasks, the newest first, ``limit`` of them or all; asked for as they are needed.

        ``words`` are looked for in title, company, source and address.
        """
        wanted = {"state": state, "outcome": outcome, "batch": batch, "site": site, "q": words}
        before: str | None = None
        left = limit
        while left is None or left > 0:
            most = asks.PAGE_OF_TASKS if left is None else min(left, asks.PAGE_OF_TASKS)
            reply = await self._wire.send(asks.listed(wanted, before, most))
            found, before = asks.read_listed(reply)
            for one in found:
                yield one
            left = None if left is None else left - len(found)
            if before is None:
                return

    async def task(self, number: str) -> Task:
        """One task, ``t123``."""
        return asks.read_task(await self._wire.send(asks.about(number)))

    async def record(self, number: str) -> Record:
        """The record of a task that has ended; `ServerError` 409 where it has not."""
        reply = await self._wire.send(asks.about(number, "/record"))
        return asks.read_record(reply.body)

    async def cancel(self, number: str, *, forget: bool = False) -> int:
        """Cancel a task, or what is left of a batch; how many tasks that were.

        ``forget`` removes a batch that has ended, with its records.
        """
        return asks.read_changed(await self._wire.send(asks.cancel(number, forget)))

    async def retry(self, number: str) -> int:
        """Do a task once more, or what failed of a batch; how many tasks that are."""
        return asks.read_changed(await self._wire.send(asks.retry(number)))

    async def events(self, *, after: str = "") -> AsyncIterator[Event]:
        """What happens to tasks, as it happens, without end; a lost connection is made again.

        From now on, or from behind the event with the number ``after``: an event's ``id``.
        """
        reader, tried = Events(after), 0
        while True:
            ask = asks.events(reader.last, SILENT_SECONDS)
            try:
                async with self._wire.open(ask) as response:
                    async for part in response.aiter_raw():
                        tried = 0
                        for told in reader.feed(part):
                            if (event := asks.read_event(told)) is not None:
                                yield event
                wait = reader.wait or 1.0  # the server ended, or went away in good order
            except ServerError as error:
                tried += 1
                wait = self._wire.wait_after(error, ask, tried)
            reader = Events(reader.last)
            await asyncio.sleep(wait)

    async def schemas(self) -> list[KeptSchema]:
        """The schemas that the server keeps, the newest first."""
        return asks.read_schemas(await self._wire.send(asks.schemas()))

    async def put_schema(self, schema: Any, name: str | None = None) -> KeptSchema:
        """Let the server keep a schema, under its hash and maybe a name."""
        return asks.read(await self._wire.send(asks.put_schema(schema, name)), KeptSchema)

    async def ready(self) -> Readiness:
        """Whether the server takes pages in and works on them, and why not."""
        try:
            await self._wire.send(asks.ready())
        except ServerError as error:
            return asks.read_ready(error)
        return Readiness(ready=True)

    async def _records(self, number: str, seen: Seen) -> AsyncIterator[Record]:
        """What is there of a batch and was not seen; a lost connection is made again."""
        tried = 0
        while True:
            ask, lines = asks.results(number, seen.after), Lines()
            try:
                async with self._wire.open(ask) as response:
                    async for part in response.aiter_bytes():
                        tried = 0
                        for line in lines.feed(part):
                            record = asks.read_record(line)
                            if seen.add(record):
                                yield record
                return
            except ServerError as error:
                tried += 1
                await asyncio.sleep(self._wire.wait_after(error, ask, tried))


class AsyncBatch:
    """Pages that were handed in: how far they are, and their records.

    ``numbers`` are the server's batches (``b45``), one for each piece of the submission, ``tasks``
    the numbers of all pages in their order, where they were handed in by this process. ``known``
    are those of them that were there already, under their ``Page.key``: their records are those of
    `Client.record`, and not among `results`.
    """

    def __init__(self, client: AsyncClient, receipts: tuple[Receipt, ...]) -> None:
        self._client = client
        self._receipts = receipts
        self._ended: dict[str, BatchState] = {}
        self.numbers = tuple(one.batch for one in receipts)
        self.tasks = tuple(task for one in receipts for task in one.tasks)
        self.known = tuple(one.tasks[place] for one in receipts for place in one.known)

    def __repr__(self) -> str:
        return f"AsyncBatch({', '.join(self.numbers)})"

    def __len__(self) -> int:
        return len(self.tasks)

    async def progress(self) -> Progress:
        """How far it is now."""
        return together([await self._state(number) for number in self.numbers])

    async def wait(
        self,
        timeout: float | None = None,
        *,
        progress: Callable[[Progress], object] | None = None,
    ) -> Progress:
        """Wait until all tasks have their record; ``progress`` is called whenever some came.

        Raises:
            TimeoutError: it took longer than ``timeout`` seconds; the tasks go on.
        """
        until = None if timeout is None else time.monotonic() + timeout
        before, idle = None, 0
        while True:
            now = await self.progress()
            if progress is not None and now != before:
                progress(now)
            idle = 1 if now != before else idle + 1
            if now.ended:
                return now
            before = now
            await _sleep_until(until, asks.look(idle), f"{now.done} of {now.total} have ended")

    async def results(self, *, timeout: float | None = None) -> AsyncIterator[Record]:
        """The records as they come: in the order of the pages, but none waits for a slower one.

        It ends when all have come, and survives a server that is started anew. ``timeout`` bounds
        the seconds between two records.

        Raises:
            TimeoutError: no further record came in time; the tasks go on.
        """
        for receipt in self._receipts:
            seen, idle = Seen(receipt.known), 0
            until = None if timeout is None else time.monotonic() + timeout
            while True:
                # Asked first: what ended before it is there when the records are read.
                state = await self._state(receipt.batch)
                before = seen.count
                if seen.count < sum(state.outcomes.values()):
                    async for record in self._client._records(receipt.batch, seen):
                        yield record
                        until = None if timeout is None else time.monotonic() + timeout
                if state.ended:
                    break
                idle = 1 if seen.count > before else idle + 1
                await _sleep_until(until, asks.look(idle), f"{seen.count} records have come")

    async def cancel(self) -> int:
        """Cancel what has not ended; how many tasks that were."""
        return sum([await self._client.cancel(number) for number in self.numbers])

    async def retry(self) -> int:
        """Do once more what failed, was cancelled or is quarantined; how many tasks that are."""
        self._ended.clear()
        return sum([await self._client.retry(number) for number in self.numbers])

    async def _state(self, number: str) -> BatchState:
        if number in self._ended:
            return self._ended[number]
        state = asks.read_batch(await self._client._wire.send(asks.about(number)))
        if state.ended:
            self._ended[number] = state
        return state


async def _sleep_until(until: float | None, seconds: float, told: str) -> None:
    left = seconds if until is None else min(seconds, until - time.monotonic())
    if left <= 0:
        raise TimeoutError(f"not ended in time: {told}")
    await asyncio.sleep(left)
