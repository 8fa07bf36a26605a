"""What every output of a run offers, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, Literal, Protocol

from msgspec import Struct

from rolecall.errors import Error
from rolecall.record import escape

Mode = Literal["new", "resume", "force"]
"""``new`` wants no such output, ``resume`` continues one or starts it, ``force`` empties it."""


IDENTITY: Final = 16
"""Bytes of ``identity``."""


def identity(locator: str) -> bytes:
    """A locator in a few bytes, which outputs look it up by; as it reads after a round trip."""
    return blake2b(escape(locator).encode(), digest_size=IDENTITY).digest()


class OutputError(Error):
    """The output cannot be written; what was written before stays whole."""

    code = "output"


class Wanted(Struct, frozen=True, kw_only=True):
    """What the records of a run have in common.

    ``fields`` are the top-level fields of a user's schema; ``None`` is the default posting.
    """

    config: str
    with_text: bool = False
    fields: tuple[str, ...] | None = None


class Head(Struct, frozen=True):
    """What an output must know of a record to be a ledger.

    ``source_id`` is that of the page's bytes, ``None`` where they could not be read; ``failed``
    says that the outcome is a failure, ``retryable`` that it may be none another time.
    """

    seq: int
    source: str
    source_id: str | None
    failed: bool
    retryable: bool
    config: str
    with_text: bool


class Output(Protocol):
    """An open output, locked by this run. It is its own ledger: what it holds is not done again.

    A record's identity is its locator and its source_id. However a run ends, also by ``kill -9``,
    the output (with its journal, where its format cannot be appended to) holds whole records and
    can be continued; an older record of the same locator counts no more, and goes at the end.
    """

    path: str
    written: int
    """Records of this run that are in it."""
    kept: int
    """Records of earlier runs that ``keep`` has left in it."""

    def known(self, locator: str) -> str | None:
        """The source_id of the record that an earlier run wrote for ``locator``.

        Empty where its page is to be read again whatever it holds.
        """

    def all_known(self) -> Iterator[tuple[bytes, bytes]]:
        """Identity and source_id (32 bytes) of every record that ``known`` tells of."""

    def keep(self, locator: str, seq: int) -> bool:
        """The record of ``locator`` stays, as number ``seq``; returns whether it is a failure."""

    def forget(self, locator: str) -> None:
        """The record of ``locator`` goes, if no page was read for it and this run has no such.

        So a folder or a table that could not be read once leaves no failure beside its pages.
        """

    def append(self, locator: str, seq: int, line: bytes) -> None:
        """Write one record, given as its line of JSON; an older one of ``locator`` goes."""

    def sync(self) -> None:
        """Bring everything written to the disk."""

    def complete(self) -> int:
        """Order the records by ``seq`` and number them from 0, without gaps.

        Returns how many records of inputs that were not in this run were left in it; those come
        last, in their order.
        """

    def close(self) -> None:
        """Let go of the output and its lock; without ``complete`` it can be continued."""
