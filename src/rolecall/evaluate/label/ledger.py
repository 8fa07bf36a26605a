"""The file of labels, which is its own ledger, and the journal of unfinished pages beside it.

A finished page is one line, appended in one write and brought to the disk at once. The journal has
every key pressed on pages that are not finished, with what the extraction said of them, so that
pressing the keys again leads to where the work was, whenever and however it ended.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from array import array
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from msgspec import Struct, ValidationError, convert, to_builtins

from rolecall.errors import UsageError
from rolecall.evaluate.label.rows import Answer, Row
from rolecall.inputs.files import shown
from rolecall.outputs.nouns import OutputError

KEYS_VERSION: Final = 1
"""Goes up when a key comes to mean something else: older journals cannot be pressed again then."""

JOURNAL_SUFFIX: Final = ".journal"


LINE_STARTS: Final = (b'{"source":', b'{"id":')
"""How the lines begin that are written here."""


def key_of(line: Mapping[str, Any], folder: Path) -> str:
    """What a label is recognised by: the real path of its page, else its id."""
    source = line.get("source")
    if isinstance(source, str):
        return os.path.realpath(folder / source)
    return f"id:{line.get('id')}"


class Labels:
    """The open file of labels; ``notices`` tell what was repaired on opening."""

    def __init__(self, path: Path) -> None:
        self.path, self.folder = path, path.absolute().parent
        self.notices: list[str] = []
        self._keys: set[str] = set()
        self._starts = array("q")
        self._made = not path.exists()
        with _told(path):
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            _lock(path, self._descriptor)
            self._read()
        except BaseException:
            os.close(self._descriptor)
            raise

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._starts)

    def _read(self) -> None:
        """Index the lines that are there; a torn last one is cut, an odd one is refused."""
        end, whole = 0, True
        with os.fdopen(self._descriptor, "rb", closefd=False) as file:
            for number, line in enumerate(file, 1):
                told = _object(line)
                if told is None and not line.endswith(b"\n") and _is_torn(line):
                    break
                if not line.strip():
                    end += len(line)
                    continue
                if told is None or ("expected" not in told and told.get("posting") is not False):
                    raise UsageError(
                        f"{shown(str(self.path))}:{number} is no label",
                        hint="name another --out, or mend the line",
                    )
                self._starts.append(end)
                self._keys.add(key_of(told, self.folder))
                end += len(line)
                whole = line.endswith(b"\n")
        if not whole:
            self._write(b"\n", end)
            end += 1
        size = os.fstat(self._descriptor).st_size
        if size > end:
            with _told(self.path):
                os.ftruncate(self._descriptor, end)
                os.fsync(self._descriptor)
            cut = f"cut a torn last line of {size - end:,} bytes from {shown(str(self.path))}"
            self.notices.append(cut)
        self._end = end

    def append(self, line: Mapping[str, Any]) -> None:
        """Write one label; when this returns, it is on the disk."""
        data = orjson.dumps(line) + b"\n"
        self._write(data, self._end)
        with _told(self.path):
            os.fsync(self._descriptor)
        self._starts.append(self._end)
        self._keys.add(key_of(line, self.folder))
        self._end += len(data)

    def _write(self, data: bytes, at: int) -> None:
        with _told(self.path):
            while data:
                written = os.pwrite(self._descriptor, data, at)
                data, at = data[written:], at + written

    def last(self) -> dict[str, Any] | None:
        """The last label of the file."""
        if not self._starts:
            return None
        with _told(self.path):
            start = self._starts[-1]
            return _object(os.pread(self._descriptor, self._end - start, start))

    def drop_last(self) -> None:
        """Take the last label out of the file, to be made anew."""
        line = self.last()
        if line is None:
            return
        start = self._starts.pop()
        with _told(self.path):
            os.ftruncate(self._descriptor, start)
            os.fsync(self._descriptor)
        self._end = start
        self._keys.discard(key_of(line, self.folder))

    def close(self) -> None:
        """Close the file, which unlocks it; one that was made for nothing is removed."""
        if self._made and not self._starts:
            with contextlib.suppress(OSError):
                self.path.unlink()
        os.close(self._descriptor)


class Unfinished(Struct, kw_only=True):
    """A page in the journal: what was known of it before the first key, and the keys since.

    ``text`` is the hash of its visible text; ``reopens`` says that its label was taken back.
    """

    page: str
    text: str
    rows: tuple[Row, ...]
    answers: tuple[Answer | None, ...] = ()
    note: str = ""
    reopens: bool = False
    version: int = KEYS_VERSION
    keys: list[str] = []


class Journal:
    """The open journal; pages in it are those that have keys and are not finished."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pages: dict[str, Unfinished] = {}
        self._at: str | None = None
        with _told(path):
            data = path.read_bytes() if path.exists() else b""
        for number, line in enumerate(data.split(b"\n")[:-1], 1):
            self._replay(line, number)
        self._file = self._rewritten()

    def _replay(self, line: bytes, number: int) -> None:
        try:
            told = orjson.loads(line)
            if isinstance(told, str) and self._at is not None:
                self.pages[self._at].keys.append(told)
            elif isinstance(told, dict) and "at" in told:
                self._at = told["at"] if told["at"] in self.pages else None
            else:
                page = convert(told, Unfinished)
                self.pages[page.page], self._at = page, page.page
        except (orjson.JSONDecodeError, ValidationError) as error:
            raise UsageError(
                f"{shown(str(self.path))}:{number} is no journal of labelling",
                hint="delete the file to give up the unfinished pages in it",
            ) from error

    def _rewritten(self) -> int:
        """The journal written anew with the pages that have something to lose; its descriptor."""
        kept = {name: one for name, one in self.pages.items() if one.keys or one.reopens}
        self.pages, self._at = kept, None
        beside = self.path.with_name(f"{self.path.name}.new")
        with _told(self.path):
            descriptor = os.open(
                beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666
            )
            os.write(
                descriptor, b"".join(orjson.dumps(to_builtins(p)) + b"\n" for p in kept.values())
            )
            os.fsync(descriptor)
            os.replace(beside, self.path)
        return descriptor

    def open(self, page: Unfinished) -> None:
        """Keys that follow are of ``page``."""
        if page.page not in self.pages:
            self.pages[page.page] = page
            self._append(to_builtins(page))
        elif self._at != page.page:
            self._append({"at": page.page})
        self._at = page.page

    def add(self, key: str) -> None:
        """One key; when this returns, it is on the disk."""
        if self._at is not None:
            self.pages[self._at].keys.append(key)
            self._append(key)

    def _append(self, told: Any) -> None:
        with _told(self.path):
            data = orjson.dumps(told) + b"\n"
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)

    def drop(self, page: str) -> None:
        """The page is finished."""
        self.pages.pop(page, None)
        os.close(self._file)
        self._file = self._rewritten()

    def close(self) -> None:
        """Close the journal; an empty one is removed."""
        os.close(self._file)
        if not any(one.keys or one.reopens for one in self.pages.values()):
            with contextlib.suppress(OSError):
                self.path.unlink()


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return told if isinstance(told, dict) else None


def _is_torn(line: bytes) -> bool:
    """Whether ``line`` can be the beginning of a label; of another file, nothing is cut."""
    return any(line[: len(start)] == start[: len(line)] for start in LINE_STARTS)


def _lock(path: Path, descriptor: int) -> None:
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise UsageError(
                f"somebody else is labelling into {shown(str(path))}",
                hint="name another --out: files of labels can be joined with cat",
            ) from error


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        told = (error.strerror or str(error)).lower()
        raise OutputError(f"cannot write {shown(str(path))}: {told}") from error
