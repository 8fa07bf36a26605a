"""The nouns of inputs: one input before it is read, a stream of them, what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from msgspec import Struct
from msgspec.structs import replace


class Input(Struct, frozen=True):
    """One input before it is read.

    ``seq`` is its place in the run; ``path`` a file still to be read, else ``line`` holds the
    bytes: a line of JSON (``json``) or a page. ``fault`` is (code, message) of what is known to be
    wrong. ``known`` is the source_id of a record that an earlier run wrote for this locator.
    ``url``, ``media_type``, ``charset`` and ``captured`` are what is known of the page beside its
    bytes.
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

    def but_known(self, source_id: str) -> Input:
        """This input, with the source_id that an earlier run wrote for it."""
        return replace(self, known=source_id)


Entries = Iterator[Input | None]
"""Inputs as they come; ``None`` where standard input has nothing for a moment."""


class Left(Struct):
    """What was left out while listing, for the summary."""

    ignored: int = 0
    repeated: int = 0
