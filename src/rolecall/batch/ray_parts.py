"""What travels between the machines of a Ray run: parts of the inputs, chunks of them, results.

What the user named is split into parts, in order. A part is listed and read by one task, on any
machine, and goes out in chunks; the place of an input is (part, place in the part). That is known
without reading the parts before it, and gives the order of a local run.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from rolecall.batch.done import Done
from rolecall.errors import UsageError
from rolecall.inputs.files import shown
from rolecall.inputs.nouns import Input, Left
from rolecall.inputs.stream import PAGE_SUFFIXES, STDIN, stream

CHUNK_ITEMS = 64  # inputs that travel together; a lost machine costs as many for each of its actors
CHUNK_BYTES = 1 << 22
PAGES_IN_PART = 4_096  # named page files that one task looks after
PLACES = 32  # bits of a seq that count within a part: 2 ** 21 parts are left for exact JSON numbers


class Chunk(Struct, frozen=True, kw_only=True):
    """Inputs from ``first`` on in a part. Its last chunk has ``left``, what was left out of it."""

    part: int
    first: int
    entries: tuple[Input, ...]
    left: Left | None = None


class Answered(Struct, frozen=True, kw_only=True):
    """What came of a chunk, in any order; ``notices`` are for the user, once."""

    part: int
    first: int
    results: tuple[Done, ...]
    left: Left | None = None
    notices: tuple[str, ...] = ()

    @property
    def key(self) -> int:
        """A number that no other chunk of the run has."""
        return self.part << PLACES | self.first


class Place(Struct, frozen=True, kw_only=True):
    """Where a run was started, and what it may read: its folder, the limit of a page, its output.

    Relative names are those of the folder that the run was started in, on every machine.
    """

    folder: str
    limit: int
    leave_out: str | None = None

    def enter(self) -> None:
        """Make the folder this process's own; raises `UsageError` where it is not there."""
        try:
            os.chdir(self.folder)
        except OSError as error:
            raise UsageError(
                f"there is no folder {shown(self.folder)} on {socket.gethostname()}",
                hint="start the run in a folder that all machines share",
            ) from error


def parts_of(paths: Sequence[str]) -> list[tuple[str, ...]]:
    """The paths (from ``expand``) in order, as parts: page files together, all else one by one.

    Where a path lies in another one, all are one part, so that no input is read twice.
    """
    if STDIN in paths:
        raise UsageError("standard input cannot be read with --ray", hint="write it to a file")
    if _overlap(paths):
        return [tuple(paths)]
    parts: list[tuple[str, ...]] = []
    pages: list[str] = []
    for path in paths:
        if path.lower().removesuffix(".gz").endswith(PAGE_SUFFIXES) and not os.path.isdir(path):
            pages.append(path)
            if len(pages) < PAGES_IN_PART:
                continue
            path = ""
        if pages:
            parts.append(tuple(pages))
            pages = []
        if path:
            parts.append((path,))
    return [*parts, tuple(pages)] if pages else parts


def chunks_of(number: int, paths: Sequence[str], place: Place) -> Iterator[Chunk]:
    """The inputs of a part as they are listed, numbered with the part in the upper bits."""
    left = Left()
    held: list[Input] = []
    first = size = 0
    entries = stream(list(paths), limit=place.limit, leave_out=place.leave_out, left=left)
    for entry in entries:
        if entry is None:
            continue
        weight = len(entry.line or b"")
        if held and (len(held) >= CHUNK_ITEMS or size + weight > CHUNK_BYTES):
            yield Chunk(part=number, first=first, entries=tuple(held))
            first, size, held = first + len(held), 0, []
        held.append(replace(entry, seq=number << PLACES | entry.seq))
        size += weight
    yield Chunk(part=number, first=first, entries=tuple(held), left=left)


def _overlap(paths: Sequence[str]) -> bool:
    """Whether a path is named twice, or lies in another one."""
    full = sorted(os.path.join(os.path.abspath(path), "") for path in paths)
    return any(after.startswith(before) for before, after in pairwise(full))
