"""The nouns of the queue.

A *task* is one page to be extracted, a *batch* the tasks that were submitted together. A task is in
one of the `STATES`; each that has ended has exactly one record. A *claim* is a task lent to a
worker until its lease ends; its ``fence`` tells the worker's right to it from any earlier one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct, field

from rolecall.errors import SettingsError

State = Literal["waiting", "queued", "running", "done", "cancelled", "quarantined"]
"""``waiting`` for a moment in the future, ``queued`` for a worker, ``running``; and the ends: a
record of the page (``done``, also where it says ``failed``), ``cancelled`` on request, or
``quarantined`` because workers died of it. What a worker gives back waits too, until the next claim
finds it a place in the queue."""

STATES: Final[tuple[State, ...]] = (
    "waiting", "queued", "running", "done", "cancelled", "quarantined",
)  # fmt: skip
ENDED: Final = frozenset(("done", "cancelled", "quarantined"))

PRIORITIES: Final = range(-100, 101)
"""The higher, the sooner; 0 is usual."""


class Rules(Struct, frozen=True, kw_only=True):
    """How long and how often things are tried; seconds, and counts.

    A task whose worker died ``deaths`` times is quarantined. A page whose record failed for a
    reason that may pass is tried ``failures`` times. What is put off because an engine is away
    (`Leases.defer`) does not count against the page, up to ``deferrals`` times. The n-th wait is
    ``backoff * 2**(n-1)``, at most ``longest``.
    """

    lease: float = 60.0
    deaths: int = 5
    failures: int = 3
    deferrals: int = 100
    backoff: float = 2.0
    longest: float = 300.0
    most_waiting: int = 1_000_000
    keep_records_days: float = 90.0
    keep_bodies_days: float = 30.0
    keep_events_hours: float = 24.0

    def __post_init__(self) -> None:
        for name, (least, most) in _BOUNDS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise SettingsError(
                    f"a queue's {name} of {value} is out of range",
                    hint=f"give one from {least:,} to {most:,}",
                )


_BOUNDS: Final[Mapping[str, tuple[float, float]]] = {
    "lease": (0.05, 86_400),
    "deaths": (1, 1_000),
    "failures": (1, 1_000),
    "deferrals": (1, 1_000_000),
    "backoff": (0, 86_400),
    "longest": (0, 604_800),
    "most_waiting": (0, 1_000_000_000),
    "keep_records_days": (0, 36_500),
    "keep_bodies_days": (0, 36_500),
    "keep_events_hours": (0, 876_000),
}


class NewTask(Struct, frozen=True, kw_only=True):
    """A page to be extracted: its ``body``, or, where pages may be fetched, only its ``url``.

    ``source`` is what the submitter calls it. ``key`` makes it the only one of its name among the
    submitter's: another with the same key is not taken in, and the first one's number is given.
    ``delay`` are seconds before which it is not begun.
    """

    source: str
    body: bytes | None = None
    url: str | None = None
    media_type: str | None = None
    charset: str | None = None
    captured: str | None = None
    key: str | None = None
    priority: int = 0
    delay: float = 0.0


class Callback(Struct, frozen=True, kw_only=True):
    """Where to tell that a batch has ended, and the secret the message is signed with."""

    url: str
    secret: str


class Submission(Struct, frozen=True, kw_only=True):
    """Pages handed in together.

    ``schema`` is the hash of one that was put in by `Inbox.put_schema`. With ``key`` the same
    submission may be repeated and is taken in once; ``fingerprint`` tells whether it is the same.
    """

    submitter: str
    tasks: tuple[NewTask, ...]
    schema: str | None = None
    key: str | None = None
    fingerprint: bytes | None = None
    callback: Callback | None = None


class Receipt(Struct, frozen=True, kw_only=True):
    """What was taken in: the number of the batch and of each task, in the order given.

    ``repeated`` says that all of this was taken in before, under the same key; ``known`` are places
    of tasks that were, under theirs.
    """

    batch: int
    tasks: tuple[int, ...]
    repeated: bool = False
    known: tuple[int, ...] = ()


class Claim(Struct, frozen=True, kw_only=True):
    """A task lent to a worker, with all that is needed to work on it."""

    task: int
    fence: int
    batch: int
    place: int
    submitter: str
    source: str
    body: bytes | None
    url: str | None
    media_type: str | None
    charset: str | None
    captured: str | None
    schema: str | None
    priority: int
    attempts: int
    deaths: int
    failures: int
    deferrals: int
    worker: str = ""


class Result(Struct, frozen=True, kw_only=True):
    """The end of a claim: its record, and the state it leaves the task in."""

    claim: Claim
    record: Mapping[str, Any]
    state: State = "done"


class Beat(Struct, frozen=True):
    """What a heartbeat tells: tasks that are to be given up, and tasks whose lease was lost."""

    cancelled: frozenset[int] = frozenset()
    lost: frozenset[int] = frozenset()


class Task(Struct, frozen=True, kw_only=True):
    """A task as its submitter sees it; moments in milliseconds since 1970."""

    id: int
    batch: int
    place: int
    submitter: str
    state: State
    priority: int
    source: str
    url: str | None
    attempts: int
    trouble: str | None
    worker: str | None
    due: int
    made: int
    changed: int
    outcome: str | None = None
    reason: str | None = None
    title: str | None = None
    company: str | None = None
    site: str | None = None
    route: str | None = None
    schema: str | None = None


class Batch(Struct, frozen=True, kw_only=True):
    """A batch and how many of its tasks are in which state, and ended with which outcome."""

    id: int
    submitter: str
    size: int
    made: int
    states: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether every task has its record."""
        return sum(self.states.get(state, 0) for state in ENDED) >= sum(self.states.values())


class Wanted(Struct, frozen=True, kw_only=True):
    """Which tasks are asked for; ``None`` and empty ask for all. ``words`` are looked for in title,
    company, source and address; tasks come newest first, those below number ``before``."""

    submitter: str | None = None
    batch: int | None = None
    states: tuple[State, ...] = ()
    outcome: str | None = None
    site: str | None = None
    route: str | None = None
    words: str = ""
    before: int | None = None
    limit: int = 100


class Worker(Struct, frozen=True, kw_only=True):
    """A process that takes tasks; ``seen`` is its last heartbeat."""

    name: str
    host: str
    pid: int
    slots: int
    doing: int
    started: int
    seen: int


class Event(Struct, frozen=True, kw_only=True):
    """A task came into a state."""

    id: int
    task: int
    batch: int
    submitter: str
    state: State
    outcome: str | None
    made: int
