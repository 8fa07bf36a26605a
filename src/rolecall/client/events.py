"""Streams of a server: server-sent events with their numbers, and lines of JSON, in pieces."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from rolecall.errors import ServerError

LARGEST: Final = 64_000_000
"""Bytes of one line or event; a longer one is refused before it fills the memory."""


class Told(Struct, frozen=True):
    """One event as it came: its number (as the server writes it), its name, its data."""

    id: str
    name: str
    data: bytes


class Lines:
    """Bytes in pieces of any size -> whole lines, without their ends; ``close`` gives the rest.

    Lines end with LF or CRLF. JSON has no raw line ends inside a value, so a line is a value.
    """

    def __init__(self, most: int = LARGEST) -> None:
        self._most = most
        self._rest = bytearray()
        self._seen = 0

    def feed(self, part: bytes) -> list[bytes]:
        """The lines that ``part`` completes.

        Raises:
            ServerError: a line is larger than ``most`` bytes.
        """
        self._rest += part
        end = self._rest.rfind(b"\n", self._seen)
        if end < 0:
            self._seen = len(self._rest)
            if self._seen > self._most:
                raise ServerError(f"a line of the answer is larger than {self._most:,} bytes")
            return []
        whole = bytes(self._rest[:end])
        del self._rest[: end + 1]
        self._seen = 0
        return [line.removesuffix(b"\r") for line in whole.split(b"\n")]


class Events:
    """Reads events as HTML's specification has it (9.2): ``id``, ``event``, ``data``, ``retry``.

    ``last`` is the number of the last event, to begin after it again; ``wait`` are the seconds that
    the server wants a client to wait before it does, or ``None``. The server ends lines with LF or
    CRLF.
    """

    def __init__(self, last: str = "", most: int = LARGEST) -> None:
        self.last, self._most = last, most
        self.wait: float | None = None
        self._lines = Lines(most)
        self._id, self._name, self._data, self._size = last, "", list[bytes](), 0

    def feed(self, part: bytes) -> list[Told]:
        """The events that ``part`` completes; a comment, such as a beat, is none."""
        return [told for line in self._lines.feed(part) if (told := self._line(line)) is not None]

    def _line(self, line: bytes) -> Told | None:
        if not line:  # only now has the event come whole: one that was cut is asked for again
            self.last = self._id
            name, data = self._name, self._data
            self._name, self._data, self._size = "", [], 0
            return Told(self.last, name, b"\n".join(data)) if data else None
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._size += len(value)
            if self._size > self._most:
                raise ServerError(f"an event of the answer is larger than {self._most:,} bytes")
            self._data.append(value)
        elif field == b"event":
            self._name = value.decode("utf-8", "replace")
        elif field == b"id" and b"\0" not in value:
            self._id = value.decode("utf-8", "replace")
        elif field == b"retry" and value.isdigit() and len(value) < 8:
            self.wait = int(value) / 1000
        return None
