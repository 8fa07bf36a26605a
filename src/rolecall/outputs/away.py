"""Outputs in object stores: written here, and sent there whole when the run completes.

The working copy lies in the user's state folder, in a folder of its own for each address, and is an
output like any other: a run that was killed goes on with it. An object that is there already is
fetched first; where nothing changed, nothing is sent.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Final

from rolecall.engines.state import state_file
from rolecall.errors import UsageError
from rolecall.inputs.files import shown
from rolecall.outputs.carry import carry
from rolecall.outputs.files import cannot_write, exists, open_own
from rolecall.outputs.nouns import Mode, Output, OutputError

FOLDER: Final = "outputs"
ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
LOCK, FETCHED = ".lock", ".fetched"

Open = Callable[[str, Mode], Output]


class Away:
    """An output in a store. ``seen`` is the working copy as it was fetched."""

    def __init__(self, url: str, copy: Path, inner: Output, lock: int, seen: object) -> None:
        self.path = url
        self._copy, self._inner, self._lock, self._seen = copy, inner, lock, seen
        self._sent = False
        self.written = self.kept = 0

    def known(self, locator: str) -> str | None:
        """The source_id of the record that an earlier run wrote for ``locator``."""
        return self._inner.known(locator)

    def all_known(self) -> Iterator[tuple[bytes, bytes]]:
        """Identity and source_id of every record that ``known`` tells of."""
        return self._inner.all_known()

    def keep(self, locator: str, seq: int) -> bool:
        """The record of ``locator`` stays, as number ``seq``; returns whether it is a failure."""
        failed = self._inner.keep(locator, seq)
        self.kept = self._inner.kept
        return failed

    def forget(self, locator: str) -> None:
        """The record of ``locator`` goes, if no page was read for it and this run has no such."""
        self._inner.forget(locator)

    def append(self, locator: str, seq: int, line: bytes) -> None:
        """Write one record to the working copy."""
        self._inner.append(locator, seq, line)
        self.written = self._inner.written

    def sync(self) -> None:
        """Bring the working copy to the disk."""
        self._inner.sync()

    def complete(self) -> int:
        """Order the working copy and send it, unless the store has it already."""
        others = self._inner.complete()
        if self._seen is None or _signature(self._copy) != self._seen:
            carry("put", self.path, str(self._copy))
        self._sent = True
        return others

    def close(self) -> None:
        """Let go of the output; once it was sent, the working copy goes."""
        self._inner.close()
        if self._sent:
            shutil.rmtree(self._copy.parent, ignore_errors=True)
        os.close(self._lock)


def open_away(url: str, mode: Mode, opened: Open, environ: Mapping[str, str]) -> Away:
    """Open an output in a store; ``opened`` opens the working copy, whose path it is given.

    Raises:
        UsageError: where ``mode`` forbids it, what is there is another run's, or the store refuses.
    """
    copy = working_copy(url, environ)
    folder = copy.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(str(folder), error) from error
    lock = open_own(str(folder / LOCK), new=False, named=url)
    try:
        seen = _made_ready(url, mode, copy)
        try:
            inner = opened(str(copy), "resume" if mode == "resume" else "new")
        except UsageError as error:
            raise UsageError(str(error).replace(shown(str(copy)), url), hint=error.hint) from error
    except BaseException as error:
        if not _begun(folder):
            shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)
        if isinstance(error, OutputError):  # nothing was written yet: the call is at fault
            raise UsageError(str(error), hint=error.hint) from error
        raise
    return Away(url, copy, inner, lock, seen)


def working_copy(url: str, environ: Mapping[str, str]) -> Path:
    """Where the records for an address are kept until they are sent."""
    endpoint = next((environ[name] for name in ENDPOINTS if environ.get(name)), "")
    key = blake2b(f"{endpoint} {url}".encode("utf-8", "replace"), digest_size=12).hexdigest()
    name = url.rsplit("/", 1)[-1]
    if not name or len(os.fsencode(name)) > 200:
        raise UsageError(f"{shown(url)} names no file", hint="s3://BUCKET/FOLDER/out.parquet")
    return state_file(environ).parent / FOLDER / key / name


def _made_ready(url: str, mode: Mode, copy: Path) -> object:
    """Put the working copy where it is wanted; what it is like, if it is the store's."""
    folder = copy.parent
    (folder / FETCHED).unlink(missing_ok=True)
    if mode == "force":
        carry("delete", url)
        for one in folder.iterdir():
            if one.name != LOCK:
                one.unlink()
        return None
    if mode == "new" and _begun(folder):
        raise UsageError(
            f"{shown(url)} was begun by a run that did not end",
            hint="go on with --resume, or begin anew with --force",
        )
    if mode == "resume" and _begun(folder):
        return None
    if carry("size", url) is None:
        return None
    if mode == "new":
        raise exists(url)
    carry("get", url, str(folder / FETCHED))
    os.replace(folder / FETCHED, copy)
    return _signature(copy)


def _begun(folder: Path) -> bool:
    """Whether there is a working copy, or a part of one."""
    return any(one.name not in (LOCK, FETCHED) for one in folder.iterdir())


def _signature(path: Path) -> tuple[int, int, int]:
    """What tells one writing of a file from another."""
    there = path.stat()
    return there.st_ino, there.st_size, there.st_mtime_ns
