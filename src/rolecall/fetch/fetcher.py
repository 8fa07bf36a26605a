"""Fetching with a memory: turns at hosts, their ``robots.txt``, trust in certificates."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Final

from rolecall.core import Notice
from rolecall.errors import UsageError
from rolecall.fetch.address import Target, check_found, join, read_url
from rolecall.fetch.answers import (
    REDIRECTS,
    check_length,
    check_status,
    check_type,
    moment,
    retry_after,
)
from rolecall.fetch.faults import FetchError
from rolecall.fetch.hosts import Host, Hosts, RobotsKnown
from rolecall.fetch.names import Resolver, addresses_of, system_addresses
from rolecall.fetch.networks import Address
from rolecall.fetch.nouns import PRODUCT, Fetched, Posted, Rules
from rolecall.fetch.robots import LARGEST, Robots, read_robots
from rolecall.fetch.unpack import accepted, unpacker
from rolecall.fetch.wire import Answer, Call, Line

if TYPE_CHECKING:
    import ssl

    from httpcore2 import AsyncNetworkBackend

ROBOTS_SECONDS: Final = 10.0
ADDRESSES: Final = 4
"""Addresses of one host that are tried."""

NO_WAY: Final = ("no_such_host", "unreachable", "tls")
"""Kinds that say of a page what they say of its ``robots.txt``."""

OURS: Final = frozenset(
    ("host", "content-length", "transfer-encoding", "connection", "user-agent", "upgrade", "te")
)
"""Fields of a request that nobody else sets."""


class Fetcher:
    """Fetches pages and posts callbacks by one set of `Rules`, for one event loop.

    ``resolver`` gives the addresses of a name, ``trust`` is how certificates are checked and
    ``backend`` makes connections; each has a default that is safe, and no other weakens the check
    of addresses, which is made between ``resolver`` and ``backend``.
    """

    def __init__(
        self,
        rules: Rules | None = None,
        *,
        resolver: Resolver = system_addresses,
        trust: ssl.SSLContext | None = None,
        backend: AsyncNetworkBackend | None = None,
    ) -> None:
        import httpcore2

        self.rules = rules if rules is not None else Rules()
        self.allowed = self.rules.networks
        self.resolver = resolver
        self.line = Line(
            trust if trust is not None else _usual_trust(),
            backend if backend is not None else httpcore2.AnyIOBackend(),
        )
        self.hosts = Hosts(self.rules.at_once, self.rules.delay)
        self.robots = RobotsKnown()

    async def fetch(self, url: str) -> Fetched:
        """The page at ``url``; raises `FetchError` and nothing else."""
        target = read_url(url, self.allowed)
        left = self.rules.timeout
        warnings: list[Notice] = []
        for _ in range(self.rules.hops + 1):
            async with self.hosts.turn(target.host) as host:
                begun = time.monotonic()
                try:
                    async with _clock(left, self.rules.timeout):
                        found = await self._visit(target, host, url)
                except FetchError as error:
                    error.url = target.url if target.url != url else None
                    raise
                left -= time.monotonic() - begun
            if isinstance(found, Target):
                warnings.append(_redirected(target, found))
                target = found
                continue
            return _with(found, warnings, self.rules.timeout - left)
        raise FetchError(
            "too_many_redirects", f"more than {self.rules.hops} redirects: {target.url}"
        )

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """Tell ``url`` something; raises `FetchError` unless the answer is 2xx.

        Redirects are not followed, the answer's body is not read, ``robots.txt`` is not asked.
        """
        target = read_url(url, self.allowed)
        fields = {"User-Agent": self.rules.agent, "Accept": "*/*", **_checked(headers)}
        begun = time.monotonic()
        async with self.hosts.room, _clock(self.rules.timeout, self.rules.timeout):
            call = Call("POST", fields, body)
            async with self._asked(target, call, most=0) as answer:
                if answer.status in REDIRECTS:
                    message = f"{target.url} answers {answer.status}; redirects are not followed"
                    raise FetchError("bad_status", message, status=answer.status)
                if not 200 <= answer.status < 300:
                    check_status(answer, target.url)
                    raise FetchError("bad_status", f"{target.url} answers {answer.status}")
                took = time.monotonic() - begun
                return Posted(url=target.url, status=answer.status, seconds=took)

    async def _visit(self, target: Target, host: Host, asked: str) -> Fetched | Target:
        """One hop: the page, or where it has gone."""
        if self.rules.robots:
            robots = await self._robots(target)
            host.pause = min(robots.delay or 0.0, self.rules.longest_delay)
            if not robots.allows(target.path):
                raise FetchError("robots", f"the robots.txt of {target.host} forbids {target.url}")
        call = Call("GET", self._fields())
        async with self._asked(target, call, most=self.rules.max_bytes) as answer:
            if (wait := retry_after(answer)) is not None and answer.status in (429, 503):
                host.not_before(min(wait, self.rules.longest_delay))
            if answer.status in REDIRECTS:
                return self._next(target, answer)
            check_status(answer, target.url)
            media_type, charset = check_type(answer, target.url)
            body = await self._body(answer, target)
            return Fetched(
                asked=asked,
                url=target.url,
                status=answer.status,
                media_type=media_type,
                charset=charset,
                body=body,
                retrieved=moment(),
            )

    def _fields(self) -> dict[str, str]:
        return {
            "User-Agent": self.rules.agent,
            "Accept": "text/html,application/xhtml+xml;q=0.9,text/plain;q=0.8,*/*;q=0.1",
            "Accept-Encoding": accepted(),
        }

    def _next(self, target: Target, answer: Answer) -> Target:
        location = answer.field("location").strip(" \t")
        if not location:
            raise FetchError("bad_answer", f"{target.url} redirects to nowhere")
        return join(target, location, self.allowed)

    async def _body(self, answer: Answer, target: Target) -> bytes:
        """The body, unpacked; raises `FetchError` once it is too large."""
        most = self.rules.max_bytes
        check_length(answer, most, target.url)
        coding = unpacker(answer.field("content-encoding"))
        parts = bytearray()
        sent = 0
        async for chunk in answer.body:
            sent += len(chunk)
            for piece in coding.feed(chunk):
                parts += piece
                if len(parts) > most or sent > most:
                    raise FetchError("too_large", f"{target.url} is larger than {most:,} bytes")
        coding.end()
        return bytes(parts)

    @asynccontextmanager
    async def _asked(self, target: Target, call: Call, most: int) -> AsyncIterator[Answer]:
        """Look ``target`` up once, check all that is found, and ask one of the addresses."""
        found = await self._addresses(target)
        for place, address in enumerate(found, 1):
            opened = self.line.ask(target, address, call, most)
            try:
                answer = await opened.__aenter__()
            except FetchError as error:
                if error.kind == "unreachable" and place < len(found):
                    continue  # another address of the same host: IPv6 without a route, say
                raise
            break
        else:  # pragma: no cover - there is always one address
            raise FetchError("no_such_host", f"{target.host} has no address")
        try:
            yield answer
        finally:
            await opened.__aexit__(None, None, None)

    async def _addresses(self, target: Target) -> tuple[Address, ...]:
        if target.address is not None:
            return (target.address,)
        found = await addresses_of(target.host, target.port, self.resolver)
        check_found(target.host, found, self.allowed)
        return found[:ADDRESSES]

    async def _robots(self, target: Target) -> Robots:
        """The rules of the target's origin; raises `FetchError` while they cannot be had."""
        known = self.robots.get(target.origin)
        if known is None:
            try:
                async with _clock(ROBOTS_SECONDS, ROBOTS_SECONDS):
                    known = await self._ask_robots(target)
            except FetchError as error:
                if error.kind == "blocked_address":
                    raise
                kind, message = error.kind, error.reason
                if kind not in NO_WAY:
                    kind = "robots_unknown"
                    message = f"the robots.txt of {target.host} cannot be had: {error}"
                known = FetchError(
                    kind, message, retryable=error.retryable or None, retry_at=error.retry_at
                )
            self.robots.put(target.origin, known)
        if isinstance(known, FetchError):
            raise FetchError(
                known.kind, known.reason, retryable=known.retryable, retry_at=known.retry_at
            )
        return known

    async def _ask_robots(self, target: Target) -> Robots:
        """RFC 9309, 2.3.1: what was refused (4xx) forbids nothing, what failed forbids all."""
        at = Target(target.scheme, target.host, target.port, "/robots.txt", target.address)
        call = Call("GET", self._fields())
        for _ in range(self.rules.hops + 1):
            async with self._asked(at, call, most=LARGEST) as answer:
                if answer.status in REDIRECTS:
                    at = self._next(at, answer)
                    continue
                if 400 <= answer.status < 500 and answer.status != 429:
                    return Robots()
                check_status(answer, at.url)
                return read_robots(await _start(answer, LARGEST), PRODUCT)
        return Robots()  # the RFC takes more than five redirects for a file that is not there


@cache
def _usual_trust() -> ssl.SSLContext:
    """The system's certificates, read once: they take longer than a page."""
    import httpcore2

    return httpcore2.default_ssl_context()


async def _start(answer: Answer, most: int) -> bytes:
    """The first ``most`` bytes of a body."""
    coding = unpacker(answer.field("content-encoding"))
    parts = bytearray()
    async for chunk in answer.body:
        for piece in coding.feed(chunk):
            parts += piece
            if len(parts) >= most:
                return bytes(parts[:most])
    return bytes(parts)


@asynccontextmanager
async def _clock(seconds: float, whole: float) -> AsyncIterator[None]:
    """End what runs longer than ``seconds`` with a `FetchError` that tells of ``whole``."""
    try:
        async with asyncio.timeout(max(0.0, seconds)):
            yield
    except TimeoutError as error:
        raise FetchError("timeout", f"it took longer than {whole:g} seconds") from error


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    """Fields of a callback; raises `UsageError` for those that are not the caller's."""
    for name, value in headers.items():
        printable = value.isascii() and value.isprintable() and name.isascii()
        if not printable or not name.replace("-", "").isalnum() or name.lower() in OURS:
            raise UsageError(f"the field {name[:60]!a} cannot be sent with a callback")
    return dict(headers)


def _redirected(old: Target, new: Target) -> Notice:
    code = "redirected"
    if (old.scheme, new.scheme) == ("https", "http"):
        code = "insecure_redirect"
    return Notice(code=code, message=f"{old.url} leads to {new.url}")


def _with(found: Fetched, warnings: list[Notice], seconds: float) -> Fetched:
    from msgspec.structs import replace

    return replace(found, warnings=tuple(warnings), seconds=seconds)
