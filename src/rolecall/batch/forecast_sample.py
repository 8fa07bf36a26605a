"""A sample of inputs that is spread over all of them, drawn in one pass with bounded memory.

Inputs are taken in blocks of so many, and of each block one, by a fixed draw: so each part of the
input has its share, what comes in a rhythm (every tenth page is long) is met by no rhythm of ours,
and the same input gives the same sample. When there are twice as many blocks as wanted, neighbours
become one. Files of lines that are too large to be read through are looked into at places that
stand evenly over their bytes instead.
"""

from __future__ import annotations

import os
import stat
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from rolecall.errors import SourceError, UsageError
from rolecall.inputs.columns import DEFAULT, Columns
from rolecall.inputs.files import open_regular
from rolecall.inputs.kinds import LINE_SUFFIXES, by_name, kind_of
from rolecall.inputs.lines import blocks, lines
from rolecall.inputs.nouns import Entries, Input
from rolecall.inputs.stream import STDIN, stream
from rolecall.inputs.unpacked import plain

PACKED: Final = 6
"""Bytes of pages in a byte that is compressed, about."""

COMPRESSED: Final = (".gz", ".zst", ".parquet", ".wacz")
"""Endings of files whose bytes are fewer than those of their pages."""

HELD: Final = 128 << 20
"""Bytes of lines that a sample may hold."""

SMALL: Final = 1 << 20
"""Bytes of a file that is too small to matter, whatever is in it."""

PACKING: Final = 4 << 20
"""Bytes of a compressed file by which it is seen how well it packs."""

PLACES: Final = 40
"""Places in which large files are looked into."""


class Bounds(Struct, frozen=True, kw_only=True):
    """How much is listed, at most.

    Files of lines, rows and archives that have more than ``through`` bytes in all are looked into
    at places, ``look`` bytes at each; compressed ones count `PACKED` times. After ``seconds``
    listing ends, and says so.
    """

    through: int = 1 << 30
    look: int = 4 << 20
    seconds: float = 30.0


USUAL: Final = Bounds()


class Drawn(Struct, frozen=True):
    """One input of the sample. ``size`` is its bytes as they lie in its file; ``place`` tells
    which of the places of a large file it is from, and is -1 for one of all inputs. At a place
    ``size`` is the mean of the inputs there."""

    entry: Input
    size: int
    place: int = -1


class Survey(Struct, frozen=True, kw_only=True):
    """A sample, and what is known of the whole.

    ``inputs`` and ``bytes_`` are those that were listed, one by one; ``apart`` is the bytes of
    files that were looked into at places only. ``notes`` are for the user.
    """

    drawn: tuple[Drawn, ...]
    inputs: int
    bytes_: int
    apart: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


class Spread:
    """At most ``2 * most`` inputs of a stream, evenly from all that it has had."""

    def __init__(self, most: int, held: int = HELD) -> None:
        self.most, self.held = most, held
        self.seen = self.size = 0
        self.thinned = False
        self._stride = 1
        self._blocks: list[tuple[bytes, Drawn]] = []
        self._bytes = 0

    def add(self, entry: Input, size: int) -> None:
        """Look at one input of ``size`` bytes."""
        number = self.seen
        self.seen += 1
        self.size += size
        draw = _draw(number)
        if number % self._stride:
            before = self._blocks[-1]
            if draw < before[0]:
                self._bytes += _held(entry) - _held(before[1].entry)
                self._blocks[-1] = (draw, Drawn(entry, size))
        else:
            self._bytes += _held(entry)
            self._blocks.append((draw, Drawn(entry, size)))
        while len(self._blocks) > 1 and (
            len(self._blocks) > 2 * self.most or self._bytes > self.held
        ):
            self.thinned = self.thinned or len(self._blocks) <= 2 * self.most
            self._halve()

    def drawn(self) -> list[Drawn]:
        """The sample, in order: ``most`` inputs, all if there are no more."""
        count = len(self._blocks)
        if count <= self.most:
            return [one for _, one in self._blocks]
        return [self._blocks[k * count // self.most][1] for k in range(self.most)]

    def _halve(self) -> None:
        """Two neighbours become one block, which keeps the lower draw."""
        pairs = [self._blocks[at : at + 2] for at in range(0, len(self._blocks), 2)]
        self._blocks = [min(pair, key=lambda one: one[0]) for pair in pairs]
        self._bytes = sum(_held(one.entry) for _, one in self._blocks)
        self._stride *= 2


def survey(
    paths: Sequence[str],
    most: int,
    *,
    limit: int,
    leave_out: str | None = None,
    columns: Columns = DEFAULT,
    bounds: Bounds = USUAL,
    stop: Callable[[], bool] = lambda: False,
) -> Survey:
    """A sample of about ``most`` inputs of ``paths`` (from ``expand``), in the order of the inputs.

    ``limit`` is the largest page in bytes; ``bounds`` are those of the listing.

    Raises:
        UsageError: standard input is among the paths: it can be read once only.
    """
    if STDIN in paths:
        raise UsageError(
            "standard input cannot be sampled: what is read from it is gone",
            hint="save it to a file, and name that",
        )
    begun = time.monotonic()
    large = _large(paths, bounds.through)
    apart = sum(large.values())
    spread = Spread(most)
    notes: list[str] = []
    rest = [path for path in paths if path not in large]
    entries = stream(rest, limit=limit, leave_out=leave_out, columns=columns) if rest else iter(())
    end = begun + bounds.seconds
    for entry in _in_time(entries, lambda: stop() or time.monotonic() >= end):
        if entry is None:
            notes.append(
                f"listing was ended after {bounds.seconds:.0f} s: figures are for the first "
                f"{spread.seen:,} inputs"
            )
            break
        spread.add(entry, _size(entry))
    if spread.thinned:
        notes.append("pages are so large that fewer were sampled than asked for")
    found = spread.drawn()
    if large:
        wanted = _Wanted(each=max(1, most // PLACES), look=bounds.look, limit=limit)
        found += _from_places(large, wanted, columns)
        notes.append(
            f"{len(large):,} large file{'s' * (len(large) != 1)} of lines were looked into at "
            "places: how many inputs they hold is foreseen too"
        )
    return Survey(
        drawn=tuple(found),
        inputs=spread.seen,
        bytes_=spread.size,
        apart=apart,
        seconds=time.monotonic() - begun,
        notes=tuple(notes),
    )


def _in_time(entries: Entries, over: Callable[[], bool]) -> Iterator[Input | None]:
    """The entries; ``None`` as the last one where time was ``over`` before their end."""
    for number, entry in enumerate(entries):
        if number % 64 == 63 and over():
            yield None
            return
        if entry is not None:
            yield entry


def _large(paths: Sequence[str], through: int) -> dict[str, int]:
    """Files of lines and such, and their bytes, where all are too much to be read through."""
    sizes: dict[str, int] = {}
    for path in paths:
        try:
            found = os.stat(path)
        except (OSError, ValueError):
            continue  # an input that fails, or one that is not here
        if stat.S_ISREG(found.st_mode) and _holds_many(path, found.st_size):
            sizes[path] = found.st_size
    reading = sum(
        size * (1 if path.lower().endswith(LINE_SUFFIXES) else PACKED)
        for path, size in sizes.items()
    )
    return sizes if reading > through else {}


def _holds_many(path: str, size: int) -> bool:
    """Whether a file holds more pages than one; a small one is not opened to know."""
    kind = by_name(path) or (kind_of(path) if size > SMALL else "page")
    return kind != "page"


class _Wanted(Struct, frozen=True, kw_only=True):
    """What is taken of a place: ``each`` inputs, after a look at so many bytes."""

    each: int
    look: int
    limit: int


def _from_places(large: dict[str, int], wanted: _Wanted, columns: Columns) -> list[Drawn]:
    """Some inputs at each of `PLACES` places that stand evenly over the bytes of all files.

    Files that cannot be sought are read from their beginning, as far as places fall into them.
    """
    whole = sum(large.values())
    found: list[Drawn] = []
    start, at = 0, 0
    for path, size in large.items():
        first = at
        while at < PLACES and (2 * at + 1) * whole < 2 * PLACES * (start + size):
            if path.lower().endswith(LINE_SUFFIXES):
                offset = (2 * at + 1) * whole // (2 * PLACES) - start
                found += _lines_at(path, offset, at, wanted)
            at += 1
        if at > first and not path.lower().endswith(LINE_SUFFIXES):
            entries = stream([path], limit=wanted.limit, columns=columns)
            found += _beginning(entries, path, range(first, at), wanted)
        start += size
    return found


def _look(entries: Iterator[Input], place: int, wanted: _Wanted) -> list[Drawn]:
    """The first of the entries, each of the mean size of all that were looked at.

    The mean of many: few pages that happen to be short would make a file seem to hold more.
    """
    found: list[Input] = []
    count = size = 0
    for entry in entries:
        if count < wanted.each:
            found.append(entry)
        count += 1
        size += _held(entry) + 1
        if size >= wanted.look and count >= wanted.each:
            break
    return [Drawn(one, max(1, round(size / count)), place) for one in found]


def _beginning(entries: Entries, path: str, places: range, wanted: _Wanted) -> list[Drawn]:
    """The first of a file's ``entries``, some for every place."""
    there = (entry for entry in entries if entry is not None)
    found = [one for place in places for one in _look(there, place, wanted)]
    share = _packed_share(path, b"\n".join(one.entry.line or b"" for one in found)[:PACKING])
    return [replace(one, size=max(1, round(one.size * share))) for one in found]


def _lines_at(path: str, offset: int, place: int, wanted: _Wanted) -> list[Drawn]:
    """The next whole lines of a file from ``offset`` on."""
    try:
        descriptor = open_regular(path)
    except SourceError as error:
        return [Drawn(Input(0, path, path=path, fault=(error.code, str(error))), 1, place)]
    try:
        os.lseek(descriptor, offset, os.SEEK_SET)
        found = _lines_of(descriptor, f"{path}@{offset}", offset > 0, wanted.limit)
        return _look(found, place, wanted)
    except OSError as error:
        told = (error.strerror or str(error)).lower()
        return [Drawn(Input(0, path, path=path, fault=("decode_error", told)), 1, place)]
    finally:
        os.close(descriptor)


def _lines_of(descriptor: int, where: str, inside: bool, limit: int) -> Iterator[Input]:
    """The lines from here on; ``inside`` a line, its rest is left out."""
    for line in lines(plain(blocks(descriptor)), 2 * limit):
        if line is None or (line.number == 1 and inside):
            continue
        name = f"{where}:{line.number}"
        if line.content is None:
            fault = ("too_large", "the line is too long")
            yield Input(0, name, line=b"", fault=fault)
        else:
            yield Input(0, name, line=line.content, json=True)


def _packed_share(path: str, body: bytes) -> float:
    """Bytes of a file for one of what is in it, about: as gzip would pack it."""
    if not body or not path.lower().endswith(COMPRESSED):
        return 1.0
    return len(zlib.compress(body, 6)) / len(body)


def _draw(number: int) -> bytes:
    return blake2b(number.to_bytes(8, "big"), digest_size=8).digest()


def _held(entry: Input) -> int:
    return len(entry.line or b"")


def _size(entry: Input) -> int:
    """Bytes of an input as it lies there; 0 where it cannot be looked at."""
    if entry.line is not None:
        return len(entry.line) + 1
    if entry.path is None:
        return 0
    try:
        return os.stat(entry.path).st_size
    except (OSError, ValueError):
        return 0
