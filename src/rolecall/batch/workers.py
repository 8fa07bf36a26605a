"""Pages are processed in child processes, so that one bad page never hurts another.

A child gets a chunk of items, sends each result as it finishes, and is killed when one item takes
longer than ``Crew.timeout``. A child that dies takes its item with it only if the item kills a
second, fresh child too. Children are replaced after ``Crew.pages`` items or when they have grown.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import selectors
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from multiprocessing.connection import Connection
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct

from rolecall.private import FETCHING, drop_secrets

T = TypeVar("T")
R = TypeVar("R")

CHUNK_SECONDS = 0.1  # a chunk is as many items as take about this long
CHUNK_ITEMS = 32
CHUNK_BYTES = 1 << 22
WINDOW = 512  # results held back, at most, to give them out in order
GRACE = 2.0  # seconds that running items get to finish after a stop
DEAD_MAN = 5.0  # seconds after the time limit at which an orphaned child ends itself
START = 120.0  # seconds that a child may take to load what it needs, before its first item
TICK = 0.2  # seconds; how late a stop is noticed, at most
DRY_TICK = 0.02  # the same while more items may come at any moment
PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
METHOD = "fork" if sys.platform == "linux" else "spawn"


class Crew(Struct, frozen=True, kw_only=True):
    """How the work is shared out.

    ``timeout`` is the wall clock of one item in seconds; ``growth`` the bytes by which a child may
    grow before it is replaced; ``memory`` the bytes that one item may take beyond what the child
    started with; ``ordered`` gives results in the order of the items. ``method`` is how children
    are started: a forked child shares what its parent has loaded, a spawned one is safe anywhere.
    """

    workers: int = 1
    timeout: float = 10.0
    pages: int = 5_000
    growth: int = 64 << 20
    memory: int = 1 << 30
    ordered: bool = False
    method: str = METHOD


class Loss(Struct, frozen=True, kw_only=True):
    """An item that has no result: it ran too long, or ended two worker processes."""

    code: Literal["timeout", "poison"]
    message: str


class _Task(Struct, Generic[T]):
    number: int
    item: T
    tries: int = 0


class _Child(Generic[T]):
    """A child process as its parent sees it."""

    def __init__(
        self, target: Callable[[T], Any], crew: Crew, others: tuple[Connection, ...]
    ) -> None:
        context = multiprocessing.get_context(crew.method)
        self.connection, far = context.Pipe()
        close = (*others, self.connection) if crew.method == "fork" else ()
        self.process = context.Process(  # type: ignore[attr-defined]
            target=_serve, args=(far, target, crew, close), daemon=True
        )
        self.process.start()
        far.close()
        self.tasks: deque[_Task[T]] = deque()
        self.deadline = 0.0
        self.ready = crew.method == "fork"  # it has what its parent has loaded

    def end(self) -> int | None:
        """Kill the process and return its exit code (negative: the signal that ended it)."""
        self.connection.close()
        self.process.kill()
        self.process.join()
        code: int | None = self.process.exitcode
        self.process.close()
        return code


def resident() -> int:
    """Resident memory of this process in bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            return int(statm.read().split()[1]) * PAGE_SIZE
    except OSError:
        return 0


def bound_memory(extra: int) -> None:
    """Let this process take ``extra`` bytes of address space more than it has, and leave no core.

    Writing a core file would take longer than the page had.
    """
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        with open("/proc/self/statm", "rb") as statm:
            bound = int(statm.read().split()[0]) * PAGE_SIZE + extra
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        if hard == resource.RLIM_INFINITY or bound < hard:
            resource.setrlimit(resource.RLIMIT_AS, (bound, hard))
    except (ImportError, OSError, ValueError):
        return  # a system without the limit still has the check on growth


def _serve(
    connection: Connection,
    target: Callable[[Any], Any],
    crew: Crew,
    close: tuple[Connection, ...],
) -> None:
    """Run in the child: work through chunks until the parent hangs up.

    The parent's ends of the pipes must not live on here, or no child would see its parent die. The
    alarm ends a child whose parent died while an item hung.
    """
    for other in close:
        other.close()
    drop_secrets(os.environ, needed=FETCHING)  # pages are read here, and no engine asked
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    if crew.method != "fork":
        load = getattr(target, "load_all", None)  # not at the cost of the first item
        if load is not None:
            load()
        with contextlib.suppress(OSError):
            connection.send(None)
    bound_memory(crew.memory)
    started, done = resident(), 0
    with contextlib.suppress(EOFError, OSError):
        while True:
            chunk = connection.recv()
            for place, item in enumerate(chunk, 1):
                signal.setitimer(signal.ITIMER_REAL, crew.timeout + DEAD_MAN)
                result = target(item)
                signal.setitimer(signal.ITIMER_REAL, 0)
                done += 1
                retired = place == len(chunk) and (
                    done >= crew.pages or resident() - started > crew.growth
                )
                connection.send((result, retired))


class _Run(Generic[T, R]):
    """The state of one ``work`` call."""

    def __init__(
        self,
        items: Iterator[T | None],
        target: Callable[[T], R],
        lost: Callable[[T, Loss], R],
        crew: Crew,
    ) -> None:
        self.items, self.target, self.lost, self.crew = items, target, lost, crew
        self.children: list[_Child[T]] = []
        self.again: deque[_Task[T]] = deque()
        self.selector = selectors.DefaultSelector()
        self.handed = 0
        self.emitted = 0
        self.held: dict[int, R] = {}
        self.exhausted = False
        self.dry = False  # nothing to read for the moment
        self.pace = CHUNK_SECONDS  # seconds per item, as last seen

    def chunk(self) -> list[_Task[T]]:
        """The next items for one child; a task that killed a child goes out alone."""
        if self.again:
            return [self.again.popleft()]
        limit = max(1, min(CHUNK_ITEMS, int(CHUNK_SECONDS / self.pace)))
        tasks: list[_Task[T]] = []
        size = 0
        while len(tasks) < limit and size < CHUNK_BYTES and not self.exhausted:
            if self.crew.ordered and self.handed - self.emitted >= WINDOW:
                break
            try:
                item = next(self.items)
            except StopIteration:
                self.exhausted = True
                break
            self.dry = item is None
            if item is None:
                break
            tasks.append(_Task(self.handed, item))
            self.handed += 1
            size += len(getattr(item, "line", None) or b"")
        return tasks

    def hand_out(self) -> None:
        """Give every idle child a chunk, and start children while there is work for them."""
        idle = deque(child for child in self.children if not child.tasks)
        while idle or len(self.children) < self.crew.workers:
            tasks = self.chunk()
            if not tasks:
                return
            child = idle.popleft() if idle else self.start()
            child.tasks.extend(tasks)
            patience = self.crew.timeout if child.ready else max(self.crew.timeout, START)
            child.deadline = time.monotonic() + patience
            try:
                child.connection.send([task.item for task in tasks])
            except OSError:  # it died while it was idle: no item is to blame
                self.drop(child)
                self.again.extend(child.tasks)

    def start(self) -> _Child[T]:
        """A new child, known to the selector."""
        others = tuple(child.connection for child in self.children)
        child = _Child(self.target, self.crew, others)
        self.children.append(child)
        self.selector.register(child.connection, selectors.EVENT_READ, child)
        return child

    def drop(self, child: _Child[T]) -> int | None:
        """End a child and forget it."""
        self.selector.unregister(child.connection)
        self.children.remove(child)
        return child.end()

    def bury(self, child: _Child[T], *, late: bool = False) -> Iterator[tuple[int, R]]:
        """A child died or is too ``late``: settle its running item, put the others back."""
        code = self.drop(child)
        if not child.tasks:
            return
        first = child.tasks.popleft()
        self.again.extend(child.tasks)
        # An alarm comes after this process has had its time to kill the child, so it was stopped
        # meanwhile (Ctrl-Z), as the item was maybe: that is no fault of it the first time.
        if late or (first.tries and code == -signal.SIGALRM):
            loss = Loss(code="timeout", message=f"took longer than {self.crew.timeout:g} seconds")
        elif first.tries:
            loss = Loss(code="poison", message=f"ended two worker processes ({ending(code)})")
        else:
            first.tries += 1
            self.again.appendleft(first)
            return
        yield first.number, self.lost(first.item, loss)

    def receive(self, child: _Child[T]) -> Iterator[tuple[int, R]]:
        """Take one message of a child."""
        try:
            message = child.connection.recv()
        except (EOFError, OSError):
            yield from self.bury(child)
            return
        now = time.monotonic()
        if message is None:  # it has loaded: the time of its first item begins
            child.ready = True
            child.deadline = now + self.crew.timeout
            return
        result, retired = message
        took = now - (child.deadline - self.crew.timeout)
        self.pace += (max(took, 1e-4) - self.pace) / 8
        child.deadline = now + self.crew.timeout
        yield child.tasks.popleft().number, result
        if retired:
            self.drop(child)

    def wait(self) -> Iterator[tuple[int, R]]:
        """Results and losses that have come up; returns after ``TICK`` at the latest."""
        before = time.monotonic()
        patience = (0.0 if not self.busy() else DRY_TICK) if self.dry else TICK
        for key, _ in self.selector.select(patience):
            yield from self.receive(key.data)
        now = time.monotonic()
        if now - before > TICK + 1.0:  # this process was stopped for a while: not the items' fault
            for child in self.children:
                child.deadline += now - before
            return
        for child in [c for c in self.children if c.tasks and c.deadline <= now]:
            if not child.connection.poll():
                yield from self.bury(child, late=True)

    def busy(self) -> bool:
        """Whether any item is being worked on."""
        return any(child.tasks for child in self.children)

    def order(self, found: Iterator[tuple[int, R]]) -> Iterator[R]:
        """Hold results back until those before them are out, if the crew is ordered."""
        for number, result in found:
            if not self.crew.ordered:
                yield result
                continue
            self.held[number] = result
            while self.emitted in self.held:
                yield self.held.pop(self.emitted)
                self.emitted += 1


def ending(code: int | None) -> str:
    """An exit code in words."""
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return signal.Signals(-code).name
    return f"exit code {code}"


def work(
    items: Iterator[T | None],
    target: Callable[[T], R],
    lost: Callable[[T, Loss], R],
    *,
    crew: Crew,
    stop: Callable[[], bool] = lambda: False,
    ticks: bool = False,
) -> Generator[R | None, None, None]:
    """Apply ``target`` to each item in child processes and yield the results.

    A spawned child first calls ``target.load_all``, if there is one, beside the items' time.

    Exactly one result for each item: what ``target`` returns, or what ``lost`` makes of a `Loss`.
    Results come as they finish, or in the order of the items if ``crew.ordered``. After ``stop``
    says so, nothing is handed out any more, and running items get ``GRACE`` seconds. ``items`` is
    read as far as needed; a ``None`` in it means that nothing is there for the moment. With
    ``ticks`` a ``None`` comes out now and then too, so that the caller can look after other things.
    Items and results travel by pickle.
    """
    run = _Run(items, target, lost, crew)
    gc.collect()
    gc.freeze()  # what is loaded now is shared with the children: keep the collector off it
    end = float("inf")
    try:
        while True:
            if end == float("inf") and stop():
                end = time.monotonic() + GRACE
            if end == float("inf"):
                run.hand_out()
            if not run.busy() and (end < float("inf") or (run.exhausted and not run.again)):
                break
            if time.monotonic() > end:
                break
            yield from run.order(run.wait())
            if ticks:
                yield None
        for number in sorted(run.held):
            yield run.held.pop(number)
    finally:
        for child in list(run.children):
            run.drop(child)
        run.selector.close()
        gc.unfreeze()
