"""One request to one address that was checked, and its answer, within bounds.

The connection goes to the address that is given and to no other: nothing is looked up here. TLS
asks for the host's name and checks the certificate against it. No proxy, no cookies, no redirects.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any, cast

import httpcore2
from httpcore2 import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream
from msgspec import Struct

from rolecall.fetch.address import Target
from rolecall.fetch.faults import FetchError
from rolecall.fetch.networks import Address, parsed

HEAD_LIMIT = 64 << 10  # bytes of the fields of an answer
BESIDE = 1 << 20  # bytes beside the body: the head, the frames of chunks
CONNECT = 10.0  # seconds that one address of several is given to answer

_Lost = (
    httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProtocolError, OSError,
)  # fmt: skip


class Call(Struct, frozen=True):
    """What is sent: the method, the fields beside ``Host``, the body."""

    method: str
    fields: Mapping[str, str]
    body: bytes = b""


class Answer(Struct, frozen=True):
    """The head of an answer, with names of fields in lower case, and its body as it is sent."""

    status: int
    fields: Mapping[str, str]
    body: AsyncIterator[bytes]

    def field(self, name: str) -> str:
        """The value of a field; empty where it is missing."""
        return self.fields.get(name, "")


class _Counted(AsyncNetworkStream):
    """A connection that gives up once more than ``most`` bytes have come."""

    def __init__(self, inner: AsyncNetworkStream, most: int) -> None:
        self.inner, self.most, self.seen = inner, most, 0

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self.inner.read(max_bytes, timeout)
        self.seen += len(data)
        if self.seen > self.most:
            raise FetchError("too_large", f"the server sends more than {self.most:,} bytes")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self.inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self.inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncNetworkStream:
        inner = await self.inner.start_tls(ssl_context, server_hostname, timeout)
        return _Counted(inner, self.most)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


class _Pinned(AsyncNetworkBackend):
    """Connects to ``address``, whatever host it is asked for."""

    def __init__(self, inner: AsyncNetworkBackend, address: Address, most: int) -> None:
        self.inner, self.address, self.most = inner, address, most
        self.stream: AsyncNetworkStream | None = None

    async def aclose(self) -> None:
        """Close the connection, also where TLS was given up halfway: the library loses it then."""
        if self.stream is not None:
            await self.stream.aclose()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        stream = await self.inner.connect_tcp(str(self.address), port, timeout)
        self.stream = stream
        peer = stream.get_extra_info("server_addr")
        if peer is not None and parsed(str(peer[0])) != self.address:
            raise FetchError("blocked_address", f"the connection went to {peer[0]} instead")
        return _Counted(stream, self.most)

    async def sleep(self, seconds: float) -> None:
        await self.inner.sleep(seconds)


class Line(Struct, frozen=True):
    """How connections are made: the trust in certificates, and the sockets beneath."""

    trust: ssl.SSLContext
    backend: AsyncNetworkBackend

    @asynccontextmanager
    async def ask(
        self, target: Target, address: Address, call: Call, most: int
    ) -> AsyncIterator[Answer]:
        """Send ``call`` to ``target`` at ``address`` and give the answer while it is open.

        ``most`` bounds the bytes of the body; raises `FetchError`. Bounds no time.
        """
        host = f"[{target.host}]" if ":" in target.host else target.host
        pinned = _Pinned(self.backend, address, most + BESIDE)
        connection = httpcore2.AsyncHTTPConnection(
            origin=httpcore2.Origin(target.scheme.encode(), host.encode(), target.port),
            ssl_context=self.trust,
            network_backend=pinned,
        )
        request = httpcore2.Request(
            call.method,
            httpcore2.URL(
                scheme=target.scheme.encode(),
                host=host.encode(),
                port=target.port,
                target=target.path.encode("ascii"),
            ),
            headers=_fields(target, call),
            content=call.body,
            extensions={
                "sni_hostname": target.host,
                "timeout": {"connect": CONNECT},
            },
        )
        try:
            try:
                response = await connection.handle_async_request(request)
            except _Lost as error:
                raise _explained(error, target) from error
            body = _body(response, target)
            async with aclosing(body):
                yield Answer(response.status, _told(response.headers), body)
        finally:
            await connection.aclose()
            await pinned.aclose()


def _fields(target: Target, call: Call) -> list[tuple[str, str]]:
    fields = [("Host", target.authority), *call.fields.items(), ("Connection", "close")]
    if call.method == "POST":
        fields.append(("Content-Length", str(len(call.body))))
    return fields


def _told(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The fields of a head; one that comes again is appended, as RFC 9110 (5.3) says."""
    told: dict[str, str] = {}
    size = 0
    for raw, value in headers:
        size += len(raw) + len(value) + 4
        if size > HEAD_LIMIT:
            raise FetchError(
                "too_large", f"the answer has more than {HEAD_LIMIT:,} bytes of fields"
            )
        name = raw.decode("latin-1").lower()
        text = _text(value)
        told[name] = f"{told[name]}, {text}" if name in told else text
    return told


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")  # some redirects hold it raw
    except UnicodeDecodeError:
        return value.decode("latin-1")


async def _body(response: httpcore2.Response, target: Target) -> AsyncGenerator[bytes, None]:
    stream: Any = aiter(cast(AsyncIterable[bytes], response.stream))
    try:
        async with aclosing(stream):
            async for chunk in stream:
                yield chunk
    except _Lost as error:
        raise _explained(error, target) from error


def _explained(error: Exception, target: Target) -> FetchError:
    """What the library raised, in our words."""
    text = " ".join(str(error).split())[:160]
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            reason = getattr(cause, "verify_message", "") or cause.reason or text
            return FetchError("tls", f"no safe connection to {target.host}: {reason}")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore2.ConnectError | httpcore2.ConnectTimeout):
        text = text or f"no answer in {CONNECT:g} seconds"
        return FetchError("unreachable", f"{target.host}:{target.port} cannot be reached: {text}")
    if isinstance(error, httpcore2.ProtocolError):
        if "too long" in text:
            return FetchError("too_large", f"{target.host} sends fields without an end")
        if "closed" in text or "disconnected" in text.lower():
            return FetchError("broken", f"{target.host} hung up before the end of its answer")
        return FetchError("bad_answer", f"{target.host} does not speak HTTP: {text}")
    return FetchError("broken", f"the connection to {target.host} broke: {text}")
