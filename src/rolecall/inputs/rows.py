"""A stream of JSON Lines -> inputs."""

from __future__ import annotations

from rolecall.inputs.lines import lines
from rolecall.inputs.nouns import Entries, Input
from rolecall.inputs.unpacked import DAMAGE, Blocks, says


def from_lines(stream: Blocks, locator: str, path: str | None, limit: int) -> Entries:
    """One input per line, and one that failed where the stream breaks off."""
    number = 0
    longest = 2 * limit  # escapes make a page longer as JSON
    try:
        for line in lines(stream, longest):
            if line is None:
                yield None
                continue
            number = line.number
            where = f"{locator}:{number}"
            if line.content is not None:
                yield Input(0, where, path=path, line=line.content, json=True)
            else:
                message = f"line {number} is longer than {longest:,} bytes"
                yield Input(0, where, path=path, line=b"", fault=("too_large", message))
    except DAMAGE as error:
        where = f"{locator}:{number + 1}"
        message = f"reading stopped before line {number + 1}: {says(error)}"
        yield Input(0, where, path=path, line=b"", fault=("decode_error", message))
