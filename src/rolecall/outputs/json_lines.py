"""The output file of a run, which is its own ledger.

Records are appended as they finish, each line in one write; a completed run leaves them ordered by
``seq``. However a run ends, the file holds whole records and at most one torn line at its end,
which ``--resume`` cuts. A record's identity is its locator and its source_id.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import stat
import time
from array import array
from collections.abc import Iterator
from typing import Any

import orjson
from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.inputs.files import shown
from rolecall.outputs.nouns import Mode, OutputError, identity

SYNC_SECONDS = 1.0
SEQ = re.compile(rb'\{"schema_version":"[^"]*","seq":(\d+)')


class _Old(Struct, frozen=True):
    """A record from an earlier run: its place in the index, the bytes it was read from."""

    place: int
    source_id: bytes
    failed: bool


class Ledger:
    """An open output file. ``written`` counts the records of this run that are in it."""

    def __init__(self, path: str, descriptor: int, end: int) -> None:
        self.path, self._descriptor, self._end = path, descriptor, end
        self._real = os.path.realpath(path)  # what is replaced in the end, not a link to it
        self._synced = time.monotonic()
        # Three numbers for each record in the file: 24 bytes, however long the run is.
        self._seqs, self._starts, self._sizes = array("q"), array("q"), array("q")
        self._old: dict[bytes, _Old] = {}
        self._moved = False  # whether the file needs writing anew even if it is in order
        self.written = 0
        self.kept = 0

    def known(self, locator: str) -> str | None:
        """The source_id of the record that an earlier run wrote for ``locator``."""
        old = self._old.get(identity(locator)) if self._old else None
        return old.source_id.hex() if old is not None else None

    def all_known(self) -> Iterator[tuple[bytes, bytes]]:
        """Identity and source_id of every record of earlier runs that need not be done again."""
        return ((key, old.source_id) for key, old in self._old.items() if old.source_id)

    def keep(self, locator: str, seq: int) -> bool:
        """The record of ``locator`` stays, as number ``seq``; returns whether it is a failure."""
        old = self._old.pop(identity(locator))
        self._moved = self._moved or self._seqs[old.place] != seq
        self._seqs[old.place] = seq
        self.kept += 1
        return old.failed

    def append(self, locator: str, seq: int, line: bytes) -> None:
        """Write one record; an older one for the same locator goes when the run completes."""
        self._write(line + b"\n")
        old = self._old.pop(identity(locator), None) if self._old else None
        if old is not None:
            self._drop(old.place)
        self._index(seq, self._end, len(line) + 1)
        self._end += len(line) + 1
        self.written += 1
        if time.monotonic() - self._synced >= SYNC_SECONDS:
            self.sync()

    def sync(self) -> None:
        """Bring everything written to the disk."""
        with _told(self.path):
            os.fsync(self._descriptor)
        self._synced = time.monotonic()

    def complete(self) -> int:
        """Order the file by ``seq`` and number its records from 0, without gaps.

        Returns how many records of other inputs were left in it; those come last. The ordered file
        is written beside the old one and replaces it in one step.
        """
        self.sync()
        others = self._number_others()
        places = [place for place, seq in enumerate(self._seqs) if seq >= 0]
        if not self._moved and all(self._seqs[place] == place for place in places):
            return others
        places.sort(key=self._seqs.__getitem__)
        beside = _beside(self._real)
        try:
            with _told(self.path), open(beside, "wb") as ordered:
                for number, line in enumerate(self._lines(places)):
                    ordered.write(_numbered(line, number))
                ordered.flush()
                os.fsync(ordered.fileno())
            with _told(self.path):
                os.chmod(beside, os.fstat(self._descriptor).st_mode & 0o7777)
                os.replace(beside, self._real)
                _sync_folder(self._real)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
        return others

    def close(self) -> None:
        """Let go of the file and its lock."""
        os.close(self._descriptor)

    def _number_others(self) -> int:
        """Number what earlier runs wrote for inputs that this run did not have, in their order."""
        others = sorted((old.place for old in self._old.values()), key=self._seqs.__getitem__)
        for place in others:
            self._seqs[place] = -1
        for number, place in enumerate(others, max(self._seqs, default=-1) + 1):
            self._seqs[place] = number
            self._moved = True
        return len(others)

    def _index(self, seq: int, start: int, size: int) -> None:
        self._seqs.append(seq)
        self._starts.append(start)
        self._sizes.append(size)

    def _drop(self, place: int) -> None:
        self._seqs[place] = -1
        self._moved = True

    def _lines(self, places: list[int]) -> Iterator[bytes]:
        for place in places:
            yield os.pread(self._descriptor, self._sizes[place], self._starts[place])

    def _write(self, data: bytes) -> None:
        try:
            with _told(self.path):
                view = memoryview(data)
                while view:
                    view = view[os.write(self._descriptor, view) :]
        except OutputError:
            with contextlib.suppress(OSError):  # leave whole records only, if the disk lets us
                os.ftruncate(self._descriptor, self._end)
            raise

    def load(self, config: str, *, with_text: bool) -> None:
        """Index the records that are there; refuses them if all have another configuration.

        Where some have this one, a server's model was changed during the run that wrote them: the
        others are done again. A torn last line is cut. Of several records for one locator the last
        one counts.
        """
        place = start = same = 0
        other: Any = None
        with open(self._descriptor, "rb", closefd=False) as file:
            for line in file:
                record = _record(line)
                if record is None:
                    if start + len(line) < os.fstat(self._descriptor).st_size:
                        raise _not_ours(self.path, place + 1)
                    break
                ours = record["config"] == config
                same, other = same + ours, other if ours else record["config"]
                if ("text" in record) != with_text:
                    raise _other_text(self.path, with_text)
                self._take(record, place, start, len(line), again=not ours)
                place += 1
                start += len(line)
        if place and not same:
            raise _other_config(self.path, other, config)
        os.ftruncate(self._descriptor, start)
        os.lseek(self._descriptor, start, os.SEEK_SET)
        self._end = start

    def _take(
        self, record: dict[str, Any], place: int, start: int, size: int, *, again: bool
    ) -> None:
        """Put a record into the index; ``again`` says that its page is to be read once more."""
        self._index(int(record["seq"]), start, size)
        key = identity(record["source"])
        earlier = self._old.pop(key, None)
        if earlier is not None:
            self._drop(earlier.place)
        reason = record.get("reason") or {}
        again = again or record.get("source_id") is None or bool(reason.get("retryable"))
        source_id = b"" if again else bytes.fromhex(record["source_id"])
        self._old[key] = _Old(place, source_id, record.get("outcome") == "failed")


def open_ledger(path: str, mode: Mode, config: str, *, with_text: bool = False) -> Ledger:
    """Open the output file and lock it; raises `UsageError` where the mode forbids it.

    ``new`` wants no such file, ``resume`` continues one or starts it, ``force`` empties it.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
    try:
        descriptor = os.open(path, flags | (os.O_EXCL if mode == "new" else 0), 0o666)
    except FileExistsError as error:
        raise UsageError(
            f"{shown(path)} exists",
            hint="continue it with --resume, or replace it with --force",
        ) from error
    except OSError as error:
        raise UsageError(f"cannot write {shown(path)}: {_says(error)}") from error
    try:
        _lock(path, descriptor)
        ledger = Ledger(path, descriptor, 0)
        if mode == "force":
            os.ftruncate(descriptor, 0)
        elif mode == "resume":
            ledger.load(config, with_text=with_text)
        with contextlib.suppress(OSError):
            os.unlink(
                _beside(os.path.realpath(path))
            )  # a run that was killed while it put the file in order
        _sync_folder(os.path.realpath(path))
    except BaseException:
        os.close(descriptor)
        raise
    return ledger


def _lock(path: str, descriptor: int) -> None:
    """Lock the file for this process (not for its children), and make sure it is still there."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise UsageError(
            f"{shown(path)} is not a regular file", hint="leave out --out and redirect stdout"
        )
    busy = UsageError(
        f"another run is writing {shown(path)}", hint="wait for it, or name another --out"
    )
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise busy from error
        return  # a file system without locks
    try:
        there, ours = os.stat(path), os.fstat(descriptor)
    except FileNotFoundError as error:
        raise busy from error
    if (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino):
        raise busy


def _record(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    ours = isinstance(told, dict) and {"seq", "source", "source_id", "config"} <= told.keys()
    return told if ours else None


def _numbered(line: bytes, seq: int) -> bytes:
    """The line with its ``seq`` set to what it is in this run."""
    found = SEQ.match(line)
    if found is None:
        return orjson.dumps(orjson.loads(line) | {"seq": seq}) + b"\n"
    return line[: found.start(1)] + b"%d" % seq + line[found.end(1) :]


def _beside(path: str) -> str:
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name}.ordering")


def _sync_folder(path: str) -> None:
    with contextlib.suppress(OSError):
        descriptor = os.open(os.path.dirname(path) or ".", os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _told(path: str) -> Iterator[None]:
    """Turn an `OSError` of writing into an `OutputError` that says what to do."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
        raise OutputError(
            f"cannot write {shown(path)}: {_says(error)}",
            hint="make room and run again with --resume" if full else "run again with --resume",
        ) from error


def _says(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _not_ours(path: str, number: int) -> UsageError:
    return UsageError(
        f"line {number} of {shown(path)} is not a record",
        hint="name another --out, or replace the file with --force",
    )


def _other_config(path: str, theirs: Any, ours: str) -> UsageError:
    return UsageError(
        f"{shown(path)} was written with other settings (config {theirs}, now {ours})",
        hint="use the settings and the model it was written with, name another --out, or start "
        "anew with --force",
    )


def _other_text(path: str, ours: bool) -> UsageError:
    return UsageError(
        f"{shown(path)} was written with{'out' if ours else ''} --with-text",
        hint="give the same flag, name another --out, or start anew with --force",
    )
