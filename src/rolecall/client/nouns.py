"""What a server tells of tasks, batches, events and schemas."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct, field

ENDED: Final = ("done", "cancelled", "quarantined")
"""The states in which a task has its record and does not change any more."""


class Task(Struct, frozen=True, kw_only=True):
    """A page in the queue.

    ``state`` is ``waiting`` (for a moment to come), ``queued``, ``running``, or one of the ends
    ``done``, ``cancelled``, ``quarantined``. ``trouble`` says why it was not done the last time.
    """

    id: str
    batch: str
    state: str
    submitter: str = ""
    place: int = 0
    priority: int = 0
    source: str = "-"
    url: str | None = None
    attempts: int = 0
    trouble: str | None = None
    due: datetime | None = None
    made: datetime | None = None
    changed: datetime | None = None
    outcome: str | None = None
    reason: str | None = None
    title: str | None = None
    company: str | None = None
    site: str | None = None
    route: str | None = None
    schema: str | None = None

    @property
    def ended(self) -> bool:
        """Whether it has its record."""
        return self.state in ENDED


class BatchState(Struct, frozen=True, kw_only=True):
    """Pages that were submitted together: how many there are, in which states, with which ends."""

    id: str
    size: int
    ended: bool
    submitter: str = ""
    made: datetime | None = None
    states: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)


class Progress(Struct, frozen=True, kw_only=True):
    """How far a submission is: ``done`` of its ``total`` tasks have their record."""

    total: int
    done: int
    states: dict[str, int]
    outcomes: dict[str, int]

    @property
    def ended(self) -> bool:
        """Whether all tasks have their record."""
        return self.done >= self.total


class Receipt(Struct, frozen=True, kw_only=True):
    """What a server took in of one piece of a submission: its batch, and its tasks in order."""

    batch: str
    tasks: list[str]
    repeated: bool = False
    known: list[int] = field(default_factory=list)


class Event(Struct, frozen=True, kw_only=True):
    """A task came into a state; ``id`` is the event's number, to go on from."""

    task: str
    batch: str
    state: str
    outcome: str | None = None
    at: datetime | None = None
    id: str = ""


class KeptSchema(Struct, frozen=True, kw_only=True):
    """A schema that the server keeps: its ``hash`` is for good, its ``name`` may move on."""

    hash: str
    name: str | None = None
    made: datetime | None = None


class Readiness(Struct, frozen=True, kw_only=True):
    """Whether a server takes pages in and works on them; true or false itself."""

    ready: bool
    reasons: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.ready


def together(states: list[BatchState]) -> Progress:
    """Several batches as one."""
    told: dict[str, int] = {}
    ends: dict[str, int] = {}
    for one in states:
        for state, count in one.states.items():
            told[state] = told.get(state, 0) + count
        for outcome, count in one.outcomes.items():
            ends[outcome] = ends.get(outcome, 0) + count
    return Progress(
        total=sum(told.values()),
        done=sum(told.get(state, 0) for state in ENDED),
        states=told,
        outcomes=ends,
    )
