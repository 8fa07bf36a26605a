"""JSON Lines: each record as its line, as it is."""

from __future__ import annotations

from typing import Final

from rolecall.outputs.heads import head_of, numbered
from rolecall.outputs.nouns import Head, Mode, Wanted
from rolecall.outputs.rows import Ledger, open_rows

__all__ = ["BEGINNING", "JsonLines", "Ledger", "open_ledger"]

BEGINNING: Final = b'{"schema_version":"'
"""What every record's line begins with."""


class JsonLines:
    """The rows of a JSON Lines file."""

    called = "line"
    end = b"\n"
    top = b""

    def spelled(self, source: str) -> str:
        """As records do."""
        return source

    def row(self, line: bytes) -> bytes:
        """The line itself."""
        return line + b"\n"

    def head(self, row: bytes) -> Head | None:
        """The head of the record in a line."""
        return head_of(row)

    def torn(self, rest: bytes) -> bool:
        """Whether ``rest`` begins as records do."""
        return rest.startswith(BEGINNING[: len(rest)])

    def numbered(self, row: bytes, seq: int) -> bytes:
        """The line with its ``seq`` set to what it is in this run."""
        return numbered(row, seq)


def open_ledger(path: str, mode: Mode, config: str, *, with_text: bool = False) -> Ledger:
    """Open an output of JSON Lines and lock it; raises `UsageError` where the mode forbids it.

    ``new`` wants no such file, ``resume`` continues one or starts it, ``force`` empties it.
    """
    return open_rows(path, mode, Wanted(config=config, with_text=with_text), JsonLines())
