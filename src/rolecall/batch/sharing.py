"""A run in which copies share an extraction.

Workers read a page and say what it is like; this process decides, in the order of the inputs, what
is a copy of what; then workers extract the originals, and share their records with the copies. So
what is shared depends on the inputs and their order alone, not on which worker was faster.
"""

from __future__ import annotations

import contextlib
import pickle
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING, Final

import orjson
from msgspec import Struct, field
from msgspec.structs import replace

from rolecall.batch.copy_work import Copy, CopyWork, Fresh, Item, Result, Sign, Signed
from rolecall.batch.done import Done
from rolecall.batch.spool import Spool, joined, parted
from rolecall.batch.workers import Crew, work
from rolecall.copies.index import REMEMBERED, Found, Index
from rolecall.copies.record import Name, exact_record
from rolecall.copies.sketch import signer
from rolecall.inputs.nouns import Entries, Input

if TYPE_CHECKING:
    from rolecall.batch.asking import Asker
    from rolecall.batch.run import PageWork

LIMBO: Final = 512
"""Inputs that were read and have no record yet, at most; twice what engines take, if more."""

LIMBO_BYTES: Final = 32 << 20
"""What their cleaned pages may take together before no more inputs are read."""

PATIENCE: Final = 0.05
GRACE: Final = 2.0

Place = tuple[str, int]


class _Known(Struct):
    """A page of which copies may come: ``ready`` once it is in the spool.

    ``kept`` is one whose record an earlier run wrote: the spool holds its input, and it is
    extracted again where a copy asks for it.
    """

    locator: str
    state: str = "under way"
    found: Found | None = None
    waiting: list[_Page] = field(default_factory=list)


class _Page(Struct):
    """A page that was decided about. ``number`` is what the index knows it by.

    ``quiet`` is one whose record is there already: it is extracted for its copies only. ``size`` is
    its bytes, ``cpu`` the processor's seconds so far, ``split`` why it shares nothing.
    """

    entry: Input
    page: bytes | None
    number: int | None = None
    found: Found | None = None
    quiet: bool = False
    size: int = 0
    cpu: float = 0.0
    split: str | None = None


def run_sharing(
    entries: Entries,
    page_work: PageWork,
    crew: Crew,
    *,
    stop: Callable[[], bool] = lambda: False,
    asker: Asker | None = None,
    remembered: int = REMEMBERED,
) -> Generator[Done, None, None]:
    """As ``run``, where copies share an extraction; raises `UsageError` without rensa.

    Originals go to the engines, and their copies wait for them. ``remembered`` bounds what copies
    are looked for among, see `Index`.
    """
    near = page_work.settings.dedup == "near"
    if near:
        signer()
    copy_work = CopyWork(page_work, near=near)
    state = _Sharing(entries, page_work, crew, Index(remembered), asker)
    results = work(
        state.items(), copy_work, copy_work.lost, crew=replace(crew, ordered=False), stop=stop,
        ticks=True,
    )  # fmt: skip
    with contextlib.closing(state.spool), contextlib.closing(results):
        for result in results:
            if result is not None:
                state.take(result)
            yield from state.out()
            if asker is not None:
                state.hear()
                while asker.under_way >= asker.limit and not stop():
                    state.hear(PATIENCE)
                if result is None and not state.queue and asker.under_way:
                    state.hear(PATIENCE)
                yield from state.out()
        yield from _last_answers(state, asker)
        yield from state.rest()


def _last_answers(state: _Sharing, asker: Asker | None) -> Iterator[Done]:
    """After a stop, calls get ``GRACE`` seconds."""
    tries = round(GRACE / PATIENCE)
    while asker is not None and asker.under_way and tries:
        state.hear(PATIENCE)
        yield from state.out()
        tries -= 1


class _Sharing:
    """The state of one run."""

    def __init__(
        self,
        entries: Entries,
        page_work: PageWork,
        crew: Crew,
        index: Index,
        asker: Asker | None,
    ) -> None:
        self.entries, self.page_work, self.index, self.asker = entries, page_work, index, asker
        self.ordered = crew.ordered
        self.limbo = max(LIMBO, 2 * asker.limit) if asker is not None else LIMBO
        self.spool = Spool(index.remembered)
        self.order: deque[int] = deque()  # seqs that are read, until they are decided about
        self.signed: dict[int, Signed] = {}
        self.known: dict[int, _Known] = {}
        self.queue: deque[_Page] = deque()
        self.pending: dict[int, _Page] = {}
        self.contexts: dict[int, bytes] = {}
        self.tickets = 0
        self.inside = 0  # inputs without a record
        self.heavy = 0  # bytes of their pages
        self.turn: deque[int] = deque()  # seqs without a record, where results go out in order
        self.ready: dict[int, Done] = {}
        self.finished: deque[Done] = deque()

    def items(self) -> Iterator[Item | None]:
        """What is decided first, then new inputs while there is room for them."""
        exhausted = False
        while True:
            if self.queue:
                item = self.hand_out(self.queue.popleft())
                if item is not None:
                    yield item
            elif not exhausted and self.open():
                try:
                    entry = next(self.entries)
                except StopIteration:
                    exhausted = True
                    continue
                if entry is not None:
                    self.inside += 1
                    self.order.append(entry.seq)
                    if self.ordered:
                        self.turn.append(entry.seq)
                yield Sign(-1, entry) if entry is not None else None
            elif exhausted and not self.inside:
                return
            else:
                yield None

    def open(self) -> bool:
        """Whether there is room for one more input, or its record where these wait in order."""
        return (
            self.inside < self.limbo and self.heavy < LIMBO_BYTES and len(self.ready) < self.limbo
        )

    def hand_out(self, one: _Page) -> Item | None:
        """A decided page as a worker's item; an exact copy needs no worker."""
        kept = self.kept(one)
        if one.found is not None and kept is not None and one.found.exact:
            self.finish(one, self.exact(one, one.found, parted(kept)[1]), None)
            return None
        self.tickets += 1
        self.pending[self.tickets] = one
        if one.found is None or kept is None:
            return Fresh(self.tickets, one.entry, one.page)
        return Copy(self.tickets, one.entry, one.page, kept=kept, name=self.name(one, one.found))

    def kept(self, one: _Page) -> bytes | None:
        """What was kept of the original of a page; ``None`` where it has come to nothing."""
        if one.found is None:
            return None
        known = self.known.get(one.found.number)
        if known is None or known.state != "ready":
            return None
        return self.spool.get(one.found.number)

    def name(self, one: _Page, found: Found) -> Name:
        """What the record of a copy says of it."""
        original = self.known[found.number].locator
        return Name(one.entry.seq, one.entry.locator, original, found.similarity)

    def exact(self, one: _Page, found: Found, line: bytes) -> Done:
        """The record of a page with the same bytes."""
        record = exact_record(orjson.loads(line), self.name(one, found))
        done = self.page_work.done(one.entry.seq, one.entry.locator, record)
        return replace(done, copy="exact")

    def take(self, result: Result) -> None:
        """Take what a worker has found, and decide about what is next in order."""
        if isinstance(result, Signed):
            self.signed[result.entry.seq] = result
            self.heavy += len(result.page or b"")
            while self.order and self.order[0] in self.signed:
                self.decide(self.signed.pop(self.order.popleft()))
            return
        one = self.pending.pop(result.ticket)
        if result.again or result.done is None:
            self.queue.append(replace(one, found=None))
        elif result.done.waiting is not None and self.asker is not None:
            cpu = one.cpu + result.done.figures.cpu
            self.pending[result.ticket] = replace(one, cpu=cpu, split=result.done.split)
            if result.context is not None:
                self.contexts[result.ticket] = result.context
            self.asker.submit(result.ticket, result.done.waiting)
        else:
            self.finish(one, result.done, result.kept)

    def hear(self, seconds: float = 0.0) -> None:
        """Take the records that engines have helped with."""
        if self.asker is None:
            return
        for ticket, record in self.asker.finished(seconds):
            one = self.pending.pop(ticket)
            done = self.page_work.done(one.entry.seq, one.entry.locator, record)
            done = replace(done, split=one.split)
            context = self.contexts.pop(ticket, None)
            kept = joined(context, done.line or b"") if context is not None else None
            self.finish(one, done, kept)

    def decide(self, signed: Signed) -> None:
        """Say what a page is a copy of; pages come here in the order of the inputs."""
        entry = signed.entry
        if signed.lost is not None:
            self.give(signed.lost)
            return
        one = _Page(entry, signed.page, size=signed.size, cpu=signed.cpu)
        if signed.sketch is not None:
            place = self.index.place(signed.sketch)
            self.forget()
            one = replace(one, number=place.number, found=place.found)
        if signed.kept:
            self.heavy -= len(signed.page or b"")
            self.keep(one)
        else:
            if one.number is not None:
                self.known[one.number] = _Known(entry.locator, found=one.found)
            self.wait(one)

    def keep(self, one: _Page) -> None:
        """A page whose record is there already; copies of it may come."""
        entry = one.entry
        self.give(Done(entry.seq, entry.locator, "kept"))
        if one.number is not None:
            self.known[one.number] = _Known(entry.locator, "kept", one.found)
            self.spool.put(one.number, pickle.dumps(replace(entry, known=None)))

    def wait(self, one: _Page) -> None:
        """Let a page wait for its original, or queue it."""
        known = self.known.get(one.found.number) if one.found is not None else None
        if known is None or known.state in ("ready", "failed"):
            self.queue.append(one)
            return
        known.waiting.append(one)
        if known.state == "kept" and one.found is not None:
            number = one.found.number
            entry = pickle.loads(self.spool.get(number))
            known.state = "under way"
            self.wait(_Page(entry, None, number, known.found, quiet=True))

    def finish(self, one: _Page, done: Done, kept: bytes | None) -> None:
        """A page has its record: give it out, and let its copies go on."""
        if not one.quiet:
            self.heavy -= len(one.page or b"")
            self.give(done.read_in(one.size, one.cpu + done.figures.cpu))
        known = self.known.get(one.number) if one.number is not None else None
        if known is None or one.number is None:
            return
        good = kept is not None and done.outcome != "failed"
        if good and kept is not None:
            self.spool.put(one.number, kept)
        known.state = "ready" if good else "failed"
        self.queue.extend(known.waiting)
        known.waiting = []

    def forget(self) -> None:
        """Give up what is too far back for any page that is still inside."""
        low = self.index.floor - self.index.remembered
        while self.known and (first := next(iter(self.known))) < low:
            del self.known[first]
        self.spool.give_up(self.index.floor)

    def give(self, done: Done) -> None:
        """One finished input."""
        self.inside -= 1
        if not self.ordered:
            self.finished.append(done)
            return
        self.ready[done.seq] = done
        while self.turn and self.turn[0] in self.ready:
            self.finished.append(self.ready.pop(self.turn.popleft()))

    def out(self) -> Iterator[Done]:
        """What is finished and whose turn it is."""
        while self.finished:
            yield self.finished.popleft()

    def rest(self) -> Iterator[Done]:
        """What is left after a stop, with gaps."""
        yield from self.out()
        for seq in sorted(self.ready):
            yield self.ready[seq]
