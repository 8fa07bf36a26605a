"""`rolecall.Client`: a Rolecall server from Python, in calls that block."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
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
from rolecall.client.pages import Given, Page, pieces
from rolecall.client.record import Record
from rolecall.client.wire import Wire, place
from rolecall.errors import Error, ServerError

SILENT_SECONDS = 30.0
"""The server sends a beat every ten seconds where nothing happens; so long without is a break."""


class Client:
    """A Rolecall server.

    ``url`` is its address, ``token`` what `rolecall tokens add` printed; without them they come
    from the variables ``ROLECALL_URL`` and ``ROLECALL_TOKEN``. ``timeout`` is how many seconds an
    answer may take, ``verify`` a file of certificates (or ``False``) in the place of the machine's,
    ``patience`` how often a call is tried.

    Calls are made again where the server is away, busy (429, 503) or asks for it; pages are taken
    in once however often that is. Any other refusal raises `ServerError` at once. A client may be
    used from several threads, and closes with ``with``.
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
        self._wire = Wire(where)

    def __enter__(self) -> Client:
        """The client itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._wire.place.url!r})"

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def extract(self, page: Given | Page, *, url: str | None = None, schema: Any = None) -> Record:
        """The record of one page, at once.

        ``page`` is HTML, bytes, a file by its `pathlib.Path`, or a `rolecall.Source`; ``url`` is
        where it was found. ``schema`` shapes the record: the name or hash of one that the server
        keeps, a JSON Schema, or a `rolecall.Schema`. A page that cannot be used is no error: its
        record says so.
        """
        return asks.read_record(self._wire.send(asks.extract(page, url, schema)).body)

    def submit(
        self,
        pages: Iterable[Given | Page],
        *,
        schema: Any = None,
        priority: int = 0,
        delay: float = 0.0,
        idempotency_key: str | None = None,
        callback: Callback | None = None,
    ) -> Batch:
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
            for piece, key in zip(pieces(pages), asks.keys(idempotency_key), strict=False):
                reply = self._wire.send(asks.submission(piece, rest, key))
                receipts.append(asks.read_receipt(reply))
        except Error as error:
            if receipts:
                taken = ", ".join(one.batch for one in receipts)
                error.add_note(f"taken in before that: {taken}")
            raise
        return Batch(self, tuple(receipts))

    def batch(self, *numbers: str) -> Batch:
        """Batches that were handed in earlier, as one: ``client.batch("b45", "b46")``."""
        for number in numbers:
            asks.about(number)
        return Batch(self, tuple(Receipt(batch=number, tasks=[]) for number in numbers))

    def tasks(
        self,
        *,
        state: str | None = None,
        outcome: str | None = None,
        batch: str | None = None,
        site: str | None = None,
        words: str = "",
        limit: int | None = None,
    ) -> Iterator[Task]:
        """Tasks, the newest first, ``limit`` of them or all; asked for as they are needed.

        ``words`` are looked for in title, company, source and address.
        """
        wanted = {"state": state, "outcome": outcome, "batch": batch, "site": site, "q": words}
        before: str | None = None
        left = limit
        while left is None or left > 0:
            most = asks.PAGE_OF_TASKS if left is None else min(left, asks.PAGE_OF_TASKS)
            found, before = asks.read_listed(self._wire.send(asks.listed(wanted, before, most)))
            yield from found
            left = None if left is None else left - len(found)
            if before is None:
                return

    def task(self, number: str) -> Task:
        """One task, ``t123``."""
        return asks.read_task(self._wire.send(asks.about(number)))

    def record(self, number: str) -> Record:
        """The record of a task that has ended; `ServerError` 409 where it has not."""
        return asks.read_record(self._wire.send(asks.about(number, "/record")).body)

    def cancel(self, number: str, *, forget: bool = False) -> int:
        """Cancel a task, or what is left of a batch; how many tasks that were.

        ``forget`` removes a batch that has ended, with its records.
        """
        return asks.read_changed(self._wire.send(asks.cancel(number, forget)))

    def retry(self, number: str) -> int:
        """Do a task once more, or what failed of a batch; how many tasks that are."""
        return asks.read_changed(self._wire.send(asks.retry(number)))

    def events(self, *, after: str = "") -> Iterator[Event]:
        """What happens to tasks, as it happens, without end; a lost connection is made again.

        From now on, or from behind the event with the number ``after``: an event's ``id``.
        """
        reader, tried = Events(after), 0
        while True:
            ask = asks.events(reader.last, SILENT_SECONDS)
            try:
                with self._wire.open(ask) as response:
                    for part in response.iter_raw():
                        tried = 0
                        for told in reader.feed(part):
                            if (event := asks.read_event(told)) is not None:
                                yield event
                wait = reader.wait or 1.0  # the server ended, or went away in good order
            except ServerError as error:
                tried += 1
                wait = self._wire.wait_after(error, ask, tried)
            reader = Events(reader.last)
            time.sleep(wait)

    def schemas(self) -> list[KeptSchema]:
        """The schemas that the server keeps, the newest first."""
        return asks.read_schemas(self._wire.send(asks.schemas()))

    def put_schema(self, schema: Any, name: str | None = None) -> KeptSchema:
        """Let the server keep a schema, under its hash and maybe a name."""
        return asks.read(self._wire.send(asks.put_schema(schema, name)), KeptSchema)

    def ready(self) -> Readiness:
        """Whether the server takes pages in and works on them, and why not."""
        try:
            self._wire.send(asks.ready())
        except ServerError as error:
            return asks.read_ready(error)
        return Readiness(ready=True)

    def _records(self, number: str, seen: Seen) -> Iterator[Record]:
        """What is there of a batch and was not seen; a lost connection is made again."""
        tried = 0
        while True:
            ask, lines = asks.results(number, seen.after), Lines()
            try:
                with self._wire.open(ask) as response:
                    for part in response.iter_bytes():
                        tried = 0
                        for line in lines.feed(part):
                            record = asks.read_record(line)
                            if seen.add(record):
                                yield record
                return
            except ServerError as error:
                tried += 1
                time.sleep(self._wire.wait_after(error, ask, tried))


class Batch:
    """Pages that were handed in: how far they are, and their records.

    ``numbers`` are the server's batches (``b45``), one for each piece of the submission, ``tasks``
    the numbers of all pages in their order, where they were handed in by this process. ``known``
    are those of them that were there already, under their ``Page.key``: their records are those of
    `Client.record`, and not among `results`.
    """

    def __init__(self, client: Client, receipts: tuple[Receipt, ...]) -> None:
        self._client = client
        self._receipts = receipts
        self._ended: dict[str, BatchState] = {}
        self.numbers = tuple(one.batch for one in receipts)
        self.tasks = tuple(task for one in receipts for task in one.tasks)
        self.known = tuple(one.tasks[place] for one in receipts for place in one.known)

    def __repr__(self) -> str:
        return f"Batch({', '.join(self.numbers)})"

    def __len__(self) -> int:
        return len(self.tasks)

    def progress(self) -> Progress:
        """How far it is now."""
        return together([self._state(number) for number in self.numbers])

    def wait(
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
            now = self.progress()
            if progress is not None and now != before:
                progress(now)
            idle = 1 if now != before else idle + 1
            if now.ended:
                return now
            before = now
            _sleep_until(until, asks.look(idle), f"{now.done} of {now.total} have ended")

    def results(self, *, timeout: float | None = None) -> Iterator[Record]:
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
                state = self._state(receipt.batch)
                before = seen.count
                if seen.count < sum(state.outcomes.values()):
                    for record in self._client._records(receipt.batch, seen):
                        yield record
                        until = None if timeout is None else time.monotonic() + timeout
                if state.ended:
                    break
                idle = 1 if seen.count > before else idle + 1
                _sleep_until(until, asks.look(idle), f"{seen.count} records have come")

    def cancel(self) -> int:
        """Cancel what has not ended; how many tasks that were."""
        return sum(self._client.cancel(number) for number in self.numbers)

    def retry(self) -> int:
        """Do once more what failed, was cancelled or is quarantined; how many tasks that are."""
        self._ended.clear()
        return sum(self._client.retry(number) for number in self.numbers)

    def _state(self, number: str) -> BatchState:
        if number in self._ended:
            return self._ended[number]
        state = asks.read_batch(self._client._wire.send(asks.about(number)))
        if state.ended:
            self._ended[number] = state
        return state


def _sleep_until(until: float | None, seconds: float, told: str) -> None:
    left = seconds if until is None else min(seconds, until - time.monotonic())
    if left <= 0:
        raise TimeoutError(f"not ended in time: {told}")
    time.sleep(left)
