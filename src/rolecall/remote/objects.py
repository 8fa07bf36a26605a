"""Objects in stores: opened for reading or writing, listed, deleted.

All functions take addresses like ``s3://bucket/key`` and raise `RemoteError`, or `UsageError` where
a package is missing. Keys come from the environment, see ``docs/inputs.md``.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO, cast

from rolecall.remote.faults import told
from rolecall.remote.names import MAGIC, matches, parts
from rolecall.remote.stores import absent, store

BLOCK = 1 << 20


class _Reading(io.RawIOBase):
    """An object that is read; what its store's library raises becomes a `RemoteError`."""

    def __init__(self, file: Any, url: str, *, seeking: bool) -> None:
        self._file, self._url, self._seeking = file, url, seeking

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._seeking

    def read(self, size: int = -1, /) -> bytes:
        with told(self._url):
            return cast(bytes, self._file.read(size if size >= 0 else None))

    def readinto(self, buffer: Any, /) -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        with told(self._url):
            return cast(int, self._file.seek(offset, whence))

    def tell(self) -> int:
        with told(self._url):
            return cast(int, self._file.tell())

    def close(self) -> None:
        if not self.closed:
            with contextlib.suppress(Exception):
                self._file.close()
        super().close()


class _Writing(io.RawIOBase):
    """An object that is written: kept in a file without a name, and sent once it is closed.

    Libraries complete an upload also when they are let go of after an error, so that half an
    object would be there; thus nothing is sent before all of it is known.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._kept: BinaryIO | None = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        if self._kept is None:
            raise ValueError("write to a closed file")
        return self._kept.write(data)

    def tell(self) -> int:
        return self._kept.tell() if self._kept is not None else 0

    def abandon(self) -> None:
        """Close without an object."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()
        super().close()

    def close(self) -> None:
        """Send the object; it is there, whole, when this returns."""
        kept, self._kept = self._kept, None
        super().close()
        if kept is None:
            return
        with kept:
            kept.seek(0)
            where, path = store(self._url)
            with told(self._url), where.writing(path) as out:
                shutil.copyfileobj(kept, out, BLOCK)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()

    def __del__(self) -> None:
        self.abandon()


def open_reading(url: str, *, seeking: bool = False) -> BinaryIO:
    """The bytes of an object, in blocks as they are asked for; ``seeking`` if not in order."""
    where, path = store(url)
    with told(url):
        try:
            file = where.reading(path, seeking=seeking)
        except (FileNotFoundError, IsADirectoryError) as error:
            raise absent(where, url) from error
    return cast(BinaryIO, _Reading(file, url, seeking=seeking))


def open_writing(url: str) -> BinaryIO:
    """A new object in place of what is there, if anything.

    It is there, whole, once it is closed. Leaving a ``with`` by an exception, or letting go of it
    unclosed, writes nothing. Until then its bytes lie in the folder for temporary files.
    """
    store(url)
    return cast(BinaryIO, _Writing(url))


def exists(url: str) -> bool:
    """Whether there is an object."""
    return size(url) is not None


def size(url: str) -> int | None:
    """Bytes of an object; ``None`` where there is none."""
    where, path = store(url)
    with told(url):
        return where.size(path)


def delete(url: str) -> None:
    """Delete an object; none may be there."""
    where, path = store(url)
    with told(url), contextlib.suppress(FileNotFoundError):
        where.delete(path)


def is_folder(url: str) -> bool:
    """Whether ``url`` ends in a slash, or has objects below it and none at it."""
    if url.endswith("/") or not parts(url)[2]:
        return True
    where, path = store(url)
    with told(url):
        if where.size(path) is not None:
            return False
        try:
            return next(where.names(path), None) is not None
        except (FileNotFoundError, NotADirectoryError):
            return False


def children(url: str) -> list[tuple[str, bool]]:
    """What lies right below an address, by name; true for what has more below it."""
    where, path = store(url.rstrip("/") if parts(url)[2] else url)
    with told(url):
        try:
            return sorted(where.names(path))
        except FileNotFoundError as error:
            raise absent(where, url) from error


def listing(url: str, suffix: str | tuple[str, ...] = "") -> Iterator[str]:
    """Addresses of objects by name, one folder at a time.

    ``url`` is a folder, all below which is listed, or a pattern with ``*``, ``?``, ``[...]`` and
    ``**`` for any folders. ``suffix`` keeps those that end so, in any case.
    """
    head, pattern = _fixed(url)
    wanted = pattern.split("/") if pattern else ["**", "*"]
    for found in _matching(head, wanted):
        if found.lower().endswith(suffix):
            yield found


def _fixed(url: str) -> tuple[str, str]:
    """The folder that a pattern starts in, with its slash, and the rest."""
    scheme, bucket, key = parts(url)
    root = f"{scheme}://{bucket}/"
    found = MAGIC.search(key)
    if found is None:
        return (url if key.endswith("/") or not key else url + "/") if key else root, ""
    start = key.rfind("/", 0, found.start()) + 1
    return root + key[:start], key[start:]


def _matching(folder: str, wanted: list[str]) -> Iterator[str]:
    """Objects below ``folder`` whose keys fit, without recursion; each once."""
    stack: list[tuple[str, frozenset[int]]] = [(folder, frozenset({0}))]
    last = len(wanted) - 1
    while stack:
        url, places = stack.pop()
        if not url.endswith("/"):
            yield url
            continue
        found: list[tuple[str, frozenset[int]]] = []
        for name, is_folder in children(url):
            after: set[int] = set()
            fits = False
            for place in _opened(places, wanted):
                if wanted[place] == "**":
                    if not name.startswith("."):
                        after.add(place)
                        fits = fits or place == last
                elif matches(name, wanted[place]):
                    fits = fits or place == last
                    after.add(place + 1)
            after = {place for place in after if place <= last}
            if is_folder and after:
                found.append((f"{url}{name}/", frozenset(after)))
            elif not is_folder and fits:
                found.append((url + name, frozenset()))
        stack += reversed(found)


def _opened(places: frozenset[int], wanted: list[str]) -> set[int]:
    """The places in a pattern that a name may fit, ``**`` standing for no folder too."""
    every = set(places)
    for place in sorted(places):
        while place < len(wanted) - 1 and wanted[place] == "**":
            place += 1
            every.add(place)
    return every
