"""The nouns of inputs: one input before it is read, a stream of them, what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct, field
from msgspec.structs import replace


class Input(Struct, frozen=True):
    """One input before it is read.

    ``seq`` is its place in the run; ``path`` a file still to be read, else ``line`` holds the
    bytes: a line of JSON (``json``) or a page. ``fault`` is (code, message) of what is known to be
    wrong. ``known`` is the source_id of a record that an earlier run wrote for this locator.
    ``url``, ``media_type``, ``charset`` and ``captured`` are what is known of the page beside its
    bytes. ``notice`` is (code, message) of what was odd about reading it. ``wanted`` is the address
    that the page is fetched from; ``retryable`` and ``retry_at`` say whether and when that may help
    another time.
    """

    seq: int
    locator: str
    path: str | None = None
    line: bytes | None = None
    json: bool = False
    fault: tuple[str, str] | None = None
    known: str | None = None
    url: str | None = None
    media_type: str | None = None
    charset: str | None = None
    captured: date | None = None
    notice: tuple[str, str] | None = None
    wanted: str | None = None
    retryable: bool = False
    retry_at: str | None = None

    @property
    def is_away(self) -> bool:
        """Whether the page is still to be fetched."""
        return self.wanted is not None and self.line is None and self.fault is None

    def but_known(self, source_id: str) -> Input:
        """This input, with the source_id that an earlier run wrote for it."""
        return replace(self, known=source_id)


Entries = Iterator[Input | None]
"""Inputs as they come; ``None`` where nothing has come for a moment."""


class Left(Struct):
    """What was left out while listing, for the summary.

    ``ignored`` counts files of folders, ``repeated`` what was named twice, ``records`` the records
    of archives that are no pages, by what they are.
    """

    ignored: int = 0
    repeated: int = 0
    records: dict[str, int] = field(default_factory=dict)

    def leave(self, what: str) -> None:
        """Count one record of an archive that is no page."""
        self.records[what] = self.records.get(what, 0) + 1

    def add(self, other: Left) -> None:
        """Count what another one counted, too."""
        self.ignored += other.ignored
        self.repeated += other.repeated
        for what, number in other.records.items():
            self.records[what] = self.records.get(what, 0) + number


def failed(locator: str, code: str, message: str) -> Input:
    """An input of which it is known that it cannot be read."""
    return Input(0, locator, line=b"", fault=(code, message))
