"""The output that the user names, opened as its format wants it."""

from __future__ import annotations

from rolecall.outputs.json_lines import open_ledger
from rolecall.outputs.nouns import Mode, Output


def open_output(path: str, mode: Mode, config: str, *, with_text: bool = False) -> Output:
    """Open an output file and lock it; its name's ending says which format it has.

    Raises:
        UsageError: where ``mode`` forbids it, or what is there is another run's.
    """
    return open_ledger(path, mode, config, with_text=with_text)
