"""HTTP as uvicorn speaks it, with what it lacks: a clock on heads, a bound on connections."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import h11
import orjson
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS: Final = 10.0
"""How long the head of a request may take to arrive, from the connection on."""
TOGETHER: Final = 65_536
"""Bytes that are not held back for more."""
_REFUSAL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n"
    b"retry-after: 1\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s"
)


class Together:
    """A transport that sends at once what is written in one turn of the loop.

    uvicorn writes the head of an answer and its body apart, and sending is what costs most of a
    small answer: it wakes whoever asked.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._pieces: list[bytes] = []
        self._size = 0

    def __getattr__(self, name: str) -> Any:
        """All else is as it was."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send soon."""
        if not data:
            return
        if not self._pieces:
            self._loop.call_soon(self._send)
        self._pieces.append(data)
        self._size += len(data)
        if self._size >= TOGETHER:
            self._send()

    def close(self) -> None:
        """Send what is left, and close."""
        self._send()
        self._transport.close()

    def _send(self) -> None:
        pieces, self._pieces, self._size = self._pieces, [], 0
        if pieces and not self._transport.is_closing():
            self._transport.write(b"".join(pieces))


class Bounded(H11Protocol):
    """One connection of a server that keeps at most ``most``."""

    most = 2_000
    _clock: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Begin, or refuse where there are too many."""
        transport = Together(transport, self.loop)
        super().connection_made(transport)
        if len(self.connections) > self.most:
            body = _problem(503, "busy", "too many connections are open")
            transport.write(_REFUSAL % (len(body), body))
            transport.close()
            return
        self._wind()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take in what arrived; a head that is not whole goes on under the same clock."""
        if self.transport.is_closing():
            return
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._stop()
        elif self._clock is None and self._idle():
            self._wind()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP."""
        body = _problem(400, "malformed", "this is no HTTP request")
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            events = (
                h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                h11.Data(data=body),
                h11.EndOfMessage(),
            )
            for event in events:
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _wind(self) -> None:
        self._clock = self.loop.call_later(HEAD_SECONDS, self.transport.close)

    def _stop(self) -> None:
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None


def bounded(most: int) -> type[Bounded]:
    """The protocol for a server that keeps at most ``most`` connections."""
    return type("Bounded", (Bounded,), {"most": most})


def _problem(status: int, code: str, detail: str) -> bytes:
    title = "Bad Request" if status == 400 else "Service Unavailable"
    return orjson.dumps(
        {
            "type": f"urn:rolecall:problem:{code}",
            "title": title,
            "status": status,
            "detail": detail,
            "code": code,
        }
    )
