"""The nouns of workers."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Literal

from msgspec import Struct

from rolecall.core import Source
from rolecall.errors import Error
from rolecall.queue.nouns import Claim

Why = Literal["", "cancelled", "lost", "back"]
"""Why a page that is worked on is given up: on request, because another worker has it now, or to
put it back into the queue."""


class BusyError(Error):
    """So many pages wait for an answer at once that no more are taken; ``seconds`` says when to
    ask again."""

    code = "busy"
    retryable = True

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message, hint=f"try again in {seconds:.0f} s, or queue the page")
        self.seconds = seconds


class StoppedError(Error):
    """The worker does not run, or is about to end."""

    code = "stopped"
    retryable = True


class State(Struct, frozen=True, kw_only=True):
    """How a worker is, for those who ask whether it can work.

    ``phase`` is ``starting``, ``working``, ``draining`` or ``ended``. ``storage``, ``processes``
    and ``engines`` say what is wrong with the database, the child processes and the engines; empty
    is well. ``doing`` counts tasks under way, ``asking`` those of them that engines are asked
    about, ``unsaved`` results that wait for the database, ``extracting`` pages answered at once.
    ``room`` is how many pages engines may be asked about now.
    """

    name: str
    phase: str = "starting"
    slots: int = 0
    doing: int = 0
    asking: int = 0
    extracting: int = 0
    unsaved: int = 0
    room: int = 0
    storage: str = ""
    processes: str = ""
    engines: str = ""

    @property
    def ready(self) -> bool:
        """Whether it takes tasks and can keep their results."""
        return self.phase == "working" and not self.storage and not self.processes


class Drained(Struct, frozen=True, kw_only=True):
    """What became of the tasks that a worker had when it was stopped.

    ``unsaved`` are those whose result could not be kept; another worker does them anew.
    """

    finished: int = 0
    put_back: int = 0
    unsaved: int = 0


class Lent(Struct, eq=False):
    """A claim and the work on it.

    It is ``running`` once it has made its first step, and has ``begun`` once a child process reads
    the page; ``fetching`` and ``asking`` while it waits for the page or for engines. One that has
    ``ended`` cannot be given up any more.
    """

    claim: Claim
    task: asyncio.Task[None] | None = None
    running: bool = False
    begun: bool = False
    ended: bool = False
    fetching: bool = False
    asking: bool = False
    why: Why = ""


def source_of(claim: Claim) -> Source:
    """The page of a claim that has a body."""
    return Source(
        body=claim.body or b"",
        locator=claim.source,
        url=claim.url,
        media_type=claim.media_type,
        charset=claim.charset,
        captured=_day(claim.captured),
    )


def _day(told: str | None) -> date | None:
    """The day that was given as text; one that is none was refused when it was taken in."""
    try:
        return date.fromisoformat(told) if told else None
    except ValueError:
        return None
