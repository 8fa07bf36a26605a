"""The sink that appends an event of each page to a file, as a line of JSON."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import threading
from typing import Final

import msgspec

from rolecall.monitor.events import PageEvent

STDERR: Final = "-"
BATCH: Final = 1 << 16
"""Bytes that are written without waiting for the next flush."""
MOST_BYTES: Final = 1 << 22
"""Bytes of lines that wait for a file that takes none; lines that come then are dropped."""

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


class LogLines:
    """Appends to the file ``path``, or to the standard error (``-``). A sink; usable from any
    thread, and by several processes at once: each write is of whole lines.

    Where the file cannot be written, that is said once, and lines wait or are ``dropped``; no page
    is held up. A file that was moved away (rotation) is made anew at the next flush.
    """

    def __init__(self, path: str) -> None:
        self._path = os.path.expanduser(path)
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._lines: list[bytes] = []
        self._bytes = 0
        self._rest = b""
        self._file: int | None = 2 if path == STDERR else None
        self._trouble = ""
        self.dropped = 0
        """Lines that found no room."""
        self.flush()

    def __call__(self, event: PageEvent) -> None:
        """Append a line for an event."""
        line = _line(event)
        with self._lock:
            if self._bytes + len(line) > MOST_BYTES:
                self.dropped += 1
                return
            self._lines.append(line)
            self._bytes += len(line)
            full = self._bytes >= BATCH and not self._trouble
        if full:
            self.flush()

    def flush(self) -> None:
        """Write what waits; on an error it is kept for the next time."""
        with self._writing:
            with self._lock:
                lines, self._lines = self._lines, []
                self._rest += b"".join(lines)
            try:
                self._write()
            except OSError as error:
                self._say(f"{self._path}: {error.strerror or error}")
            else:
                self._say("")
            with self._lock:
                self._bytes = len(self._rest) + sum(map(len, self._lines))

    def close(self) -> None:
        """Write what waits, and let the file go."""
        self.flush()
        with self._writing:
            self._let_go()

    def _write(self) -> None:
        """Write the rest, as far as the file takes it: a line that is cut goes on there."""
        if self._path != STDERR:
            self._reopen()
        while self._rest:
            assert self._file is not None
            self._rest = self._rest[os.write(self._file, self._rest) :]

    def _reopen(self) -> None:
        """Open the file that has the name now."""
        if self._file is not None and not _same(self._file, self._path):
            self._let_go()
        if self._file is None:
            # Not blocking: nobody may read what is a pipe.
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
            self._file = os.open(self._path, flags, 0o640)

    def _let_go(self) -> None:
        if self._file is not None and self._path != STDERR:
            with contextlib.suppress(OSError):
                os.close(self._file)
        self._file = 2 if self._path == STDERR else None

    def _say(self, trouble: str) -> None:
        if trouble and not self._trouble:
            _log.warning("events are not written to %s; pages go on", trouble)
        elif self._trouble and not trouble:
            _log.warning("events are written again; %d were dropped", self.dropped)
        self._trouble = trouble


def _line(event: PageEvent) -> bytes:
    try:
        return _encode(event) + b"\n"
    except UnicodeEncodeError:  # a user's schema may name a field by half a character
        return json.dumps(msgspec.to_builtins(event)).encode() + b"\n"


def _same(file: int, path: str) -> bool:
    """Whether ``path`` still is the name of the open file."""
    try:
        here, there = os.fstat(file), os.stat(path)
    except OSError:
        return False
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)
