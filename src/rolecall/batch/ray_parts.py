"""What travels between the machines of a Ray run: parts of the inputs, chunks of them, results.

What the user named is split into parts, in order. A part is listed and read by one task, on any
machine, and goes out in chunks; the place of an input is (part, place in the part). That is known
without reading the parts before it, and gives the order of a local run.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from msgspec import Struct
from msgspec.structs import replace

from rolecall.batch.done import Done
from rolecall.errors import Error, UsageError
from rolecall.inputs.columns import DEFAULT, Columns
from rolecall.inputs.files import shown
from rolecall.inputs.kinds import by_name
from rolecall.inputs.nouns import Input, Left
from rolecall.inputs.stream import STDIN, stream
from rolecall.remote.names import MAGIC, is_remote, parts

CHUNK_ITEMS = 64  # inputs that travel together; a lost machine costs as many for each of its actors
CHUNK_BYTES = 1 << 22
PAGES_IN_PART = 4_096  # named page files that one task looks after
PLACES = 32  # bits of a seq that count within a part: 2 ** 21 parts are left for exact JSON numbers


Part = tuple[str, ...]
"""Paths that one task reads."""


class Chunk(Struct, frozen=True, kw_only=True):
    """Inputs from ``first`` on in a part.

    The last chunk of a part has ``left``, what was left out of it, and the ``fault`` for which it
    could not be read, if there is one.
    """

    part: int
    first: int
    entries: tuple[Input, ...]
    left: Left | None = None
    fault: Error | None = None


class Answered(Struct, frozen=True, kw_only=True):
    """What came of a chunk, in any order; ``notices`` are for the user, once.

    ``fault`` is why a machine cannot read or work at all, which ends the run.
    """

    part: int
    first: int
    results: tuple[Done, ...]
    left: Left | None = None
    notices: tuple[str, ...] = ()
    fault: Error | None = None

    @property
    def key(self) -> int:
        """A number that no other chunk of the run has."""
        return self.part << PLACES | self.first


class Place(Struct, frozen=True, kw_only=True):
    """Where a run was started, and how it reads: its folder, the limit of a page, its output.

    Relative names are those of the folder that the run was started in, on every machine.
    """

    folder: str
    limit: int
    leave_out: str | None = None
    columns: Columns = DEFAULT

    def enter(self) -> None:
        """Make the folder this process's own; raises `UsageError` where it is not there."""
        try:
            os.chdir(self.folder)
        except OSError as error:
            raise UsageError(
                f"there is no folder {shown(self.folder)} on {socket.gethostname()}",
                hint="start the run in a folder that all machines share",
            ) from error


def check_paths(paths: Sequence[str]) -> None:
    """Raise `UsageError` for what cannot be read by other machines."""
    if STDIN in paths:
        raise UsageError("standard input cannot be read with --ray", hint="write it to a file")


def parts_of(paths: Sequence[str]) -> list[Part]:
    """The paths (from ``expand``) in order, as parts: page files together, all else one by one.

    Patterns of objects are looked up here. Where a path lies in another one, all are one part, so
    that no input is read twice.
    """
    check_paths(paths)
    found = [one for path in paths for one in _looked_up(path)]
    if _overlap(found):
        return [tuple(paths)]
    out: list[Part] = []
    for is_page, group in groupby(found, _is_page):
        names, size = list(group), PAGES_IN_PART if is_page else 1
        out += [tuple(names[at : at + size]) for at in range(0, len(names), size)]
    return out


def read_part(number: int, part: Part, place: Place) -> Iterator[Chunk]:
    """The chunks of a part, read in the folder that the run was started in."""
    try:
        place.enter()
    except UsageError as error:
        yield Chunk(part=number, first=0, entries=(), left=Left(), fault=error)
        return
    yield from chunks_of(number, part, place)


def chunks_of(number: int, part: Part, place: Place) -> Iterator[Chunk]:
    """The inputs of a part as they are listed, numbered with the part in the upper bits."""
    left = Left()
    held: list[Input] = []
    fault: Error | None = None
    first = size = 0
    entries = stream(
        list(part),
        limit=place.limit,
        leave_out=place.leave_out,
        left=left,
        columns=place.columns,
    )
    try:
        for entry in entries:
            if entry is None:
                continue
            weight = len(entry.line or b"")
            if held and (len(held) >= CHUNK_ITEMS or size + weight > CHUNK_BYTES):
                yield Chunk(part=number, first=first, entries=tuple(held))
                first, size, held = first + len(held), 0, []
            held.append(replace(entry, seq=number << PLACES | entry.seq))
            size += weight
    except Error as error:
        fault = error
    yield Chunk(part=number, first=first, entries=tuple(held), left=left, fault=fault)


def _looked_up(path: str) -> list[str]:
    """The path, or the objects that its pattern matches in a store, as far as there are any."""
    if not is_remote(path) or not MAGIC.search(parts(path)[2]):
        return [path]
    from rolecall.remote.objects import exists, listing

    return [path] if exists(path) else list(listing(path)) or [path]


def _is_page(path: str) -> bool:
    return by_name(path) == "page" and not os.path.isdir(path)


def _overlap(paths: Sequence[str]) -> bool:
    """Whether a path is named twice, or lies in another one."""
    full = sorted(
        os.path.join(path if is_remote(path) else os.path.abspath(path), "") for path in paths
    )
    return any(after.startswith(before) for before, after in pairwise(full))
