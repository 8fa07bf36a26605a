"""What happens in the queue, for whoever listens: one look at the database serves all of them."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from rolecall.errors import DatabaseError
from rolecall.queue.nouns import Event, State
from rolecall.queue.view import View
from rolecall.serve.problems import later

LOOK_SECONDS: Final = 0.3
LOOK_BACK: Final = 500
"""Numbers below the highest that are looked at again: on a server they do not appear in order."""
MOST_LISTENERS: Final = 200
MOST_EACH: Final = 100
"""Of one name, so that no one takes the place of all the others."""
MOST_HELD: Final = 2_000
"""Events that are held for a listener who does not take them; then it has to come again."""

Counts = dict[State, int]


class Listener:
    """One who listens, by ``name``. ``submitter`` limits it to what one has handed in."""

    def __init__(self, submitter: str | None, after: int, name: str) -> None:
        self.submitter, self.after, self.name = submitter, after, name
        self.joined = 0
        self.events: deque[Event] = deque()
        self.counts: Counts | None = None
        self.ended = False
        self._some = asyncio.Event()

    def give(self, event: Event) -> None:
        """Hold an event for it, if it is about what it may see."""
        if self.submitter not in (None, event.submitter):
            return
        if len(self.events) >= MOST_HELD:
            self.ended = True
        else:
            self.events.append(event)
        self._some.set()

    def give_counts(self, counts: Counts) -> None:
        """Hold the newest counts for it."""
        self.counts = counts
        self._some.set()

    def end(self) -> None:
        """Tell it that nothing more comes."""
        self.ended = True
        self._some.set()

    async def wait(self, seconds: float) -> None:
        """Wait until there is something, or for ``seconds``."""
        try:
            async with asyncio.timeout(seconds):
                await self._some.wait()
        except TimeoutError:
            return
        self._some.clear()


class Feed:
    """Tells listeners of events; `run` looks after them, in one task of the loop."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._listeners: set[Listener] = set()
        self._seen: dict[int, None] = {}
        self._last = 0
        self._counts: Counts | None = None
        self._some = asyncio.Event()
        self._ended = False

    def __len__(self) -> int:
        return len(self._listeners)

    async def listen(self, submitter: str | None, after: int | None, name: str) -> Listener:
        """Begin to listen, as ``name``: to what comes from now on, or to all after ``after``.

        Raises:
            ProblemError: too many listen, or the server ends.
        """
        if self._ended:
            raise later(503, "ending", "the server is ending", 5)
        own = sum(one.name == name for one in self._listeners)
        if len(self._listeners) >= MOST_LISTENERS or own >= MOST_EACH:
            raise later(503, "listeners", "too many are listening", 10)
        if not self._listeners:  # nobody has looked for a while
            last = await asyncio.to_thread(self._view.last_event)
            if not self._listeners:
                self._last, self._seen = last, {}
        # What is there already is nothing new to it: it may have heard of it in another stream.
        self._tell(*await asyncio.to_thread(self._look))
        listener = Listener(
            submitter, self._last if after is None else min(after, self._last), name
        )
        listener.joined = self._last
        # In before anything is read: what comes meanwhile is held, and told apart by its number.
        self._listeners.add(listener)
        listener.counts = self._counts
        self._some.set()
        return listener

    def leave(self, listener: Listener) -> None:
        """Listen no more."""
        self._listeners.discard(listener)

    async def missed(self, listener: Listener, limit: int = 500) -> list[Event]:
        """The next events from before it began to listen that it has not heard; empty at last."""
        while found := await asyncio.to_thread(self._view.events, listener.after, limit):
            listener.after = found[-1].id
            own = [one for one in found if listener.submitter in (None, one.submitter)]
            if own:  # many in a row may be about what others have handed in
                return own
        return []

    def end(self) -> None:
        """Tell all listeners that the server ends."""
        self._ended = True
        for listener in self._listeners:
            listener.end()

    async def run(self) -> None:
        """Look for what is new while anybody listens, for ever."""
        while True:
            if not self._listeners:
                self._some.clear()
                await self._some.wait()
            try:
                events, counts = await asyncio.to_thread(self._look)
            except DatabaseError:
                await asyncio.sleep(2.0)  # it comes back, and nothing is forgotten meanwhile
                continue
            self._tell(events, counts)
            await asyncio.sleep(LOOK_SECONDS)

    def _look(self) -> tuple[list[Event], Counts]:
        return self._view.events(max(0, self._last - LOOK_BACK), 2_000), self._view.counts()

    def _tell(self, events: list[Event], counts: Counts) -> None:
        new = [one for one in events if one.id not in self._seen]
        fresh = [one for one in new if one.id > self._last or self._seen]
        for one in new:
            self._seen[one.id] = None
            self._last = max(self._last, one.id)
        for number in [one for one in self._seen if one < self._last - 2 * LOOK_BACK]:
            del self._seen[number]
        changed = counts != self._counts
        self._counts = counts
        for listener in list(self._listeners):
            for one in fresh:
                listener.give(one)
            if changed:
                listener.give_counts(counts)
