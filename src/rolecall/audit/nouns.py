"""The nouns of audits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct

from rolecall.queue.nouns import Claim

State = Literal["due", "running", "done", "failed"]


class Audit(Struct, frozen=True, kw_only=True):
    """A page lent to a worker for a second opinion.

    ``page`` is its hash; ``claim`` tells of the task by which it was met, with its body (``None``
    where it is not kept any more); ``failures`` counts the tries that failed before.
    """

    page: bytes
    fence: int
    claim: Claim
    failures: int


class Opinion(Struct, frozen=True, kw_only=True):
    """What came of an audit: whether each field says the same, by whom, and the second record.

    ``route`` says who had answered first: an engine by its name, or ``embedded``. ``nano`` is what
    it cost, in billionths of a US dollar.
    """

    fields: Mapping[str, bool]
    engine: str
    model: str
    route: str
    second: Mapping[str, Any]
    nano: int

    @property
    def differs(self) -> int:
        """In how many fields the two differ."""
        return sum(not same for same in self.fields.values())


class Audited(Struct, frozen=True, kw_only=True):
    """A page that was audited, as a list shows it. ``doubt`` is that of its record with the fields
    in which the two differ; ``nano`` and moments as elsewhere (milliseconds since 1970)."""

    task: int
    title: str | None
    company: str | None
    source: str
    site: str
    route: str
    engine: str
    differing: tuple[str, ...]
    compared: int
    doubt: float
    nano: int
    ended: int
    labelled: bool


class Standing(Struct, frozen=True, kw_only=True):
    """How audits stand: pages by state, and why nothing goes on, if so, with the moment at which
    that was seen last (milliseconds since 1970)."""

    due: int = 0
    running: int = 0
    done: int = 0
    failed: int = 0
    stopped: str = ""
    stopped_ms: int = 0
