"""Bytes to and from the replicas of one server: bounded, straight there, the least busy first."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from msgspec import Struct

from rolecall.engines.retry import Clock, Fault, no_answer
from rolecall.errors import SettingsError

if TYPE_CHECKING:
    import httpx2

LARGEST_REPLY: Final = 10_000_000
"""Bytes; a longer reply is no answer."""
CONNECT_SECONDS: Final = 5.0
KEEP_SECONDS: Final = 4.0
"""An idle connection is kept this long: under the five seconds after which uvicorn closes it."""
EVENTS: Final = "text/event-stream"
OPENS_AFTER: Final = 3
FIRST_REST: Final = 5.0
LONGEST_REST: Final = 60.0


class Reply(Struct, frozen=True):
    """What came back; the names of ``headers`` are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Taking(Protocol):
    """What takes a reply of server-sent events piece by piece; raises `Fault` to break it off."""

    def begin(self) -> None:
        """The request goes out now."""

    def take(self, part: bytes) -> None:
        """The next piece of the reply."""


class Replica(Struct, eq=False):
    """One address, and what is known of it.

    ``failures`` counts those in a row; ``rests_until`` and ``held_until`` are monotonic seconds:
    until the first the circuit is open, until the second the server asked to be left alone.
    """

    url: str
    in_flight: int = 0
    failures: int = 0
    rests_until: float = 0.0
    held_until: float = 0.0

    def failed(self, now: float) -> None:
        """Count a failure; after some in a row, others are asked for a while."""
        self.failures += 1
        if (over := self.failures - OPENS_AFTER) >= 0:
            self.rests_until = now + min(LONGEST_REST, FIRST_REST * 2.0 ** min(over, 10))

    def answered(self) -> None:
        """Forget the failures."""
        self.failures, self.rests_until = 0, 0.0


class Replicas:
    """The replicas of a server; `pick` takes the least busy one that is well."""

    def __init__(self, urls: Sequence[str]) -> None:
        self.all = [Replica(url) for url in urls]
        self._turn = 0

    def pick(self, now: float, but: Replica | None = None) -> Replica:
        """The replica to ask next, if possible not ``but``, which has just failed.

        One that rested long enough is asked by one call at a time, until it answers. Where none is
        well the choice is among all: a circuit steers calls, it never refuses one.
        """
        self._turn += 1
        well = [one for one in self.all if one.held_until <= now and _may_be_asked(one, now)]
        others = [one for one in well if one is not but] or well
        if others:
            turn = self._turn
            order = [others[(turn + i) % len(others)] for i in range(len(others))]
            return min(order, key=lambda one: one.in_flight)
        free = [one for one in self.all if one.held_until <= now]
        if free:
            return min(free, key=lambda one: (one is but, one.rests_until))
        return min(self.all, key=lambda one: one.held_until)


def _may_be_asked(one: Replica, now: float) -> bool:
    if one.failures < OPENS_AFTER:
        return True
    return one.rests_until <= now and one.in_flight == 0


class Wire:
    """Open connections to the replicas. No redirects, cookies or proxies: only what is asked."""

    def __init__(
        self, transport: httpx2.AsyncHTTPTransport, urls: Sequence[str], key: str, clock: Clock
    ) -> None:
        import httpx2

        self._transport, self._new = transport, httpx2.Request
        self._broken = httpx2.TransportError
        self._no_way = (httpx2.ConnectError, httpx2.ConnectTimeout)
        self.replicas, self.clock = Replicas(urls), clock
        self._headers = {
            "accept": "application/json",
            "accept-encoding": "identity",
            "content-type": "application/json",
            "user-agent": "rolecall",
        }
        self.use_key(key)
        try:
            self._urls = {url: httpx2.URL(url) for url in urls}
        except httpx2.InvalidURL as error:
            raise SettingsError(f"an address cannot be used: {error}", hint="mend url") from error

    async def send(
        self,
        replica: Replica,
        path: str,
        body: bytes | None,
        seconds: float,
        taking: Taking | None = None,
    ) -> Reply:
        """Post ``body`` to ``path`` (or get it); a path from ``//`` on stands beside the API.

        ``taking`` takes the body of a reply of server-sent events, which is then empty.

        Raises:
            Fault: no whole reply within ``seconds``, or one that is too large.
        """
        replica.in_flight += 1
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(replica, path, body, taking)
        except TimeoutError:
            raise Fault(
                "timeout",
                f"no whole answer within {seconds:.3g} s",
                hint="raise call_seconds, or lower concurrency",
            ) from None
        except self._no_way as error:
            raise Fault(
                "connection",
                f"no connection to {replica.url} ({type(error).__name__})",
                hint=f"is the server at {replica.url} running?",
            ) from None
        except (self._broken, ssl.SSLError, OSError) as error:
            raise Fault(
                "disconnected",
                f"the connection to {replica.url} broke ({type(error).__name__})",
                hint="look at the log of the server",
            ) from None
        finally:
            replica.in_flight -= 1

    async def _exchange(
        self, replica: Replica, path: str, body: bytes | None, taking: Taking | None
    ) -> Reply:
        request = self._new(
            "GET" if body is None else "POST",
            self._url(replica, path),
            headers=self._headers,
            content=body,
            extensions={"timeout": _TIMEOUT},
        )
        if taking is not None:
            request.headers["accept"] = f"{EVENTS}, application/json"
            taking.begin()
        response = await self._transport.handle_async_request(request)
        try:
            headers = {name.lower(): value for name, value in response.headers.items()}
            if (headers.get("content-encoding") or "identity").lower() != "identity":
                raise no_answer("wrong_content_type", "the answer is packed, though none was asked")
            length = headers.get("content-length", "")
            if length.isdigit() and int(length) > LARGEST_REPLY:
                raise _too_large()
            if response.status_code != 200 or EVENTS not in headers.get("content-type", "").lower():
                taking = None
            parts, size = [], 0
            async for part in cast(AsyncIterator[bytes], response.stream):
                size += len(part)
                if size > LARGEST_REPLY:
                    raise _too_large()
                if taking is None:
                    parts.append(part)
                else:
                    taking.take(part)
            return Reply(response.status_code, headers, b"".join(parts))
        finally:
            await response.aclose()

    def use_key(self, key: str) -> None:
        """Say this key from now on; none where it is empty."""
        self.key = key
        if key:
            self._headers["authorization"] = f"Bearer {key}"

    def _url(self, replica: Replica, path: str) -> Any:
        import httpx2

        key = replica.url + path
        if key not in self._urls:
            self._urls[key] = httpx2.URL(
                beside(replica.url) + path[1:] if path.startswith("//") else key
            )
        return self._urls[key]


_TIMEOUT: Final = {"connect": CONNECT_SECONDS, "read": None, "write": None, "pool": None}


def _too_large() -> Fault:
    return no_answer("too_large", f"the answer is larger than {LARGEST_REPLY:,} bytes")


def beside(url: str) -> str:
    """The address of the server itself, where ``url`` is that of its API: without ``/v1``."""
    return url.removesuffix("/v1")


@asynccontextmanager
async def opened(
    urls: Sequence[str], key: str, connections: int, clock: Clock
) -> AsyncIterator[Wire]:
    """A wire of so many ``connections`` to ``urls``; they close with it."""
    import httpx2

    secure = any(url.startswith("https") for url in urls)
    limits = httpx2.Limits(
        max_connections=connections,
        max_keepalive_connections=connections,
        keepalive_expiry=KEEP_SECONDS,
    )
    # Reading the machine's certificates takes long, and plain connections need none.
    verify: bool = secure
    async with httpx2.AsyncHTTPTransport(
        verify=verify, trust_env=False, limits=limits
    ) as transport:
        yield Wire(transport, urls, key, clock)
