"""Server-sent events: bytes in pieces of any size -> the data of each event, in bounded memory."""

from __future__ import annotations

from typing import Final

from rolecall.engines.retry import no_answer

LARGEST_EVENT: Final = 1_000_000
"""Bytes of one event; a chunk of an answer has some hundred."""

_MARK: Final = b"\xef\xbb\xbf"


class Events:
    """Reads a stream of events as HTML's specification has it (9.2, server-sent events).

    Lines end with LF, CR or CRLF, wherever the pieces are cut. Comments and fields other than
    ``data`` are passed over; the lines of one event are joined.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._after_cr, self._first = False, True

    def feed(self, part: bytes) -> list[bytes]:
        """The data of the events that ``part`` completes.

        Raises:
            Fault: an event is larger than `LARGEST_EVENT`.
        """
        if not part:
            return []
        if self._after_cr and part.startswith(b"\n"):
            part = part[1:]  # the other half of a CRLF, whose line has ended already
        self._after_cr = part.endswith(b"\r")
        part = part.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        self._rest += part
        if b"\n" not in part:
            self._bound()
            return []
        lines = bytes(self._rest).split(b"\n")
        self._rest = bytearray(lines.pop())
        found = [data for line in lines if (data := self._line(line)) is not None]
        self._bound()
        return found

    def close(self) -> list[bytes]:
        """The data of a last event that no blank line ended."""
        last = bytes(self._rest)
        self._rest.clear()
        if last:
            self._line(last)
        data = self._line(b"")
        return [] if data is None else [data]

    def _line(self, line: bytes) -> bytes | None:
        """Take a line; the data of the event that a blank one ends."""
        if self._first:
            self._first = False
            line = line.removeprefix(_MARK)
        if not line:
            if not self._data:
                return None
            data = b"\n".join(self._data)
            self._data, self._size = [], 0
            return data
        name, _, value = line.partition(b":")
        if name == b"data":
            value = value.removeprefix(b" ")
            self._data.append(value)
            self._size += len(value) + 1
            self._bound()
        return None

    def _bound(self) -> None:
        if len(self._rest) + self._size > LARGEST_EVENT:
            raise no_answer("too_large", f"an event is larger than {LARGEST_EVENT:,} bytes")
