"""The nouns of trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from msgspec import Struct

State = Literal["running", "stopped", "withdrawn", "promoted"]
"""A challenger gets its share of pages; none any more, for harm or by hand; or all of them."""

Arm = Literal["challenger", "champion"]

KINDS: Final = ("failed", "truncated", "invalid", "incomplete")
"""What may go wrong with a page: no engine answered; an answer was cut off; an answer was no JSON
of the wanted shape, or said what the page does not; a required field is missing."""

_WRONG: Final = frozenset(("syntax", "schema", "ungrounded"))
_WRONG_OF_CUT: Final = frozenset(("ungrounded",))
"""An answer that was cut off has no good shape either; that is not counted once more."""
_ANSWERED: Final = frozenset(("stop", "length", "refusal"))
_NOT_ITS_FAULT: Final = frozenset(("budget_exceeded", "cancelled", "internal"))


class Seen(Struct, frozen=True, kw_only=True):
    """What counts of a page that engines were asked about: what went wrong, and the seconds they
    took (``None`` where no time was told)."""

    bad: frozenset[str]
    seconds: float | None


def seen(record: Mapping[str, Any], asks: bool = True) -> Seen | None:
    """What counts of the record of a page about which there was something to ask; ``asks`` says
    whether this side has engines at all.

    A page about which none of them could be asked has failed, kept answers count as others do: what
    is counted on one side must be counted on the other. ``None`` where the page tells nothing of
    engines, because the budget or a fault of ours ended it.
    """
    attempts = record.get("attempts") or ()
    reason = record.get("reason") or {}
    failed = record["outcome"] == "failed"
    if failed and reason.get("code") in _NOT_ITS_FAULT:
        return None
    answered = any(one.get("result") in _ANSWERED for one in attempts)
    kinds = {one.get("kind") for one in record.get("problems") or ()}
    truncated = any(one.get("result") == "length" for one in attempts)
    told = {
        "failed": failed or (asks and not answered),
        "truncated": truncated,
        "invalid": bool(kinds & (_WRONG_OF_CUT if truncated else _WRONG)),
        "incomplete": record["outcome"] == "partial",
    }
    seconds = sum(one.get("seconds") or 0.0 for one in attempts if not one.get("cached"))
    return Seen(
        bad=frozenset(kind for kind, is_so in told.items() if is_so),
        seconds=seconds if seconds > 0 else None,
    )


class Trial(Struct, frozen=True, kw_only=True):
    """A challenger as the database has it: how it is and why, since when (``changed``, milliseconds
    since 1970), the number of this ``run`` and when that ``began``."""

    name: str
    design: str
    run: int
    state: State
    why: str
    began: int
    changed: int


Counts = Mapping[str, int]
"""What was counted in a run, by name: ``pages challenger``; ``failed champion``; in the shadow,
``failed both`` where both arms failed on the same page; ``pairs`` of times and ``slow`` ones among
them; thousandths of agreement, ``same`` of ``compared`` pages, and of a field, ``same field title``
of ``compared field title``; pages that were ``skipped`` for want of room, and ``unjudged`` because
the budget or a fault of ours ended them. ``times failed champion`` counts a page as often as it
came."""


def arms(counts: Counts, kind: str) -> tuple[int, int, int]:
    """How many pages went wrong with the challenger, with the champion, and with both (which is
    told of the same page only)."""
    return (
        counts.get(f"{kind} challenger", 0),
        counts.get(f"{kind} champion", 0),
        counts.get(f"{kind} both", 0),
    )
