"""What a request may take, known before anything of it is read."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from msgspec import Struct
from starlette.types import Message, Receive, Scope

from rolecall.serve.problems import ProblemError, later
from rolecall.settings import Settings

SMALL: Final = 65_536
SCHEMA: Final = 600_000
"""A schema of 256,000 bytes in a JSON object, some of it escaped."""
FORM: Final = 4_000_000
MOST_HEADERS: Final = 100
HEADER_BYTES: Final = 32_768
TARGET_BYTES: Final = 8_192
MOST_SUBMITTERS: Final = 10_000
STREAMS: Final = frozenset(("/v1/events",))
"""Paths whose answers go on: they are bounded on their own."""


class Limits(Struct, frozen=True, kw_only=True):
    """Bytes of a body by what it is for, seconds for its arrival, requests at the same time and
    bytes of all their bodies together, and requests in a second of one submitter (0: any)."""

    page: int
    batch: int
    form: int
    seconds: float = 30.0
    requests: int = 256
    held: int = 512 << 20
    rate: float = 0.0

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits that the settings make."""
        # Base64 takes a third more, and JSON may escape what it likes.
        page = 2 * settings.max_bytes + SMALL
        return cls(
            page=page,
            batch=max(settings.serve_body_bytes, page),
            form=3 * settings.max_bytes + FORM,  # a page in a form may triple on its way
            seconds=settings.serve_body_seconds,
            requests=settings.serve_requests,
            held=max(8 * page, 4 * settings.serve_body_bytes),
            rate=settings.serve_rate,
        )

    def body(self, method: str, path: str) -> int:
        """How large a body may be there."""
        if method in ("GET", "HEAD", "OPTIONS", "DELETE"):
            return SMALL
        if path == "/v1/tasks":
            return self.batch
        if path == "/v1/schemas":
            return SCHEMA
        if path == "/v1/extract":
            return self.page
        return SMALL if path.startswith(("/v1/", "/sign-")) else self.form


def check_head(scope: Scope) -> None:
    """Refuse a request whose head is too large, or encodes its body."""
    headers = scope["headers"]
    if len(headers) > MOST_HEADERS or sum(len(k) + len(v) for k, v in headers) > HEADER_BYTES:
        raise ProblemError(431, "headers", "the request has too many or too large headers")
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > TARGET_BYTES:
        raise ProblemError(414, "address", "the address is too long")
    names = {name for name, _ in headers}
    if b"content-length" in names and b"transfer-encoding" in names:
        # Whoever passes it on may see another end of it than we do (request smuggling).
        raise ProblemError(400, "malformed", "the request says twice how long it is")
    for name, value in headers:
        if name == b"content-encoding" and value.strip().lower() not in (b"", b"identity"):
            raise ProblemError(415, "encoding", "bodies are taken as they are, not compressed")


class Taken(Struct):
    """What one submitter has of it all: requests under way, and bytes of their bodies.

    ``shares`` says that it may not be more than half.
    """

    requests: int = 0
    held: int = 0
    shares: bool = True


class Load:
    """What is under way: requests, bytes of their bodies, and how often each submitter came.

    One submitter has at most half of the places and of the bytes, so that there is room for others.
    Who does not say who they are share theirs.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.requests = 0
        self.held = 0
        self._of_each: dict[str, Taken] = {}
        self._rates: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @contextmanager
    def one(self, submitter: str, *, shares: bool = True) -> Iterator[Taken]:
        """One more request; refused when there are too many, or with ``shares`` too many of one
        submitter."""
        if self.requests >= self.limits.requests:
            raise later(503, "busy", "too many requests are under way", 1)
        taken = self._of_each.setdefault(submitter, Taken(shares=shares))
        if shares and 2 * taken.requests >= self.limits.requests > 1:
            raise later(429, "share", "half of all places are taken by your requests", 1)
        self.requests += 1
        taken.requests += 1
        try:
            yield taken
        finally:
            self.requests -= 1
            taken.requests -= 1
            if not taken.requests:
                del self._of_each[submitter]

    def keep(self, taken: Taken, count: int) -> None:
        """So many more bytes of a body; refused when there are too many."""
        if self.held + count > self.limits.held:
            raise later(503, "busy", "too much is being sent at the same time", 1)
        if taken.shares and 2 * (taken.held + count) > self.limits.held:
            raise later(429, "share", "half of all that may be sent at once is yours", 1)
        self.held += count
        taken.held += count

    def rate(self, submitter: str) -> None:
        """Refuse a submitter that comes more often than the limit allows."""
        rate = self.limits.rate
        if rate <= 0:
            return
        now, burst = time.monotonic(), max(1.0, rate)
        left, then = self._rates.pop(submitter, (burst, now))
        left = min(burst, left + (now - then) * rate)
        self._rates[submitter] = (left - 1.0 if left >= 1.0 else left, now)
        while len(self._rates) > MOST_SUBMITTERS:
            self._rates.popitem(last=False)
        if left < 1.0:
            raise later(429, "rate", f"no more than {rate:g} requests a second", 1.0 / rate)


class Body:
    """The body of one request, bounded in size and time; stands in for ``receive``."""

    def __init__(self, scope: Scope, receive: Receive, load: Load, taken: Taken, most: int) -> None:
        self._receive, self._load, self._taken, self._most = receive, load, taken, most
        self._until = time.monotonic() + load.limits.seconds
        self._got = 0
        self._kept = 0
        self._whole = False
        self._declared(scope)

    def _declared(self, scope: Scope) -> None:
        """Refuse at once what says that it is too large."""
        for name, value in scope["headers"]:
            if name == b"content-length":
                if not value.isdigit() or len(value) > 18 or int(value) > self._most:
                    raise self._too_large()
                self._keep(int(value))

    async def __call__(self) -> Message:
        """The next part of the body."""
        if self._whole:
            return await self._receive()  # the news that the sender went away
        try:
            async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
                message: dict[str, Any] = dict(await self._receive())
        except TimeoutError:
            raise ProblemError(
                408,
                "slow",
                f"the request did not arrive within {self._load.limits.seconds:g} s",
                headers={"Connection": "close"},
            ) from None
        self._got += len(message.get("body", b""))
        if self._got > self._most:
            raise self._too_large()
        if self._got > self._kept:
            self._keep(self._got - self._kept)
        self._whole = not message.get("more_body", False)
        return message

    def free(self) -> None:
        """Its bytes are not held any more."""
        self._load.held -= self._kept
        self._taken.held -= self._kept
        self._kept = 0

    def _keep(self, count: int) -> None:
        self._load.keep(self._taken, count)
        self._kept += count

    def _too_large(self) -> ProblemError:
        return ProblemError(
            413,
            "too_large",
            f"a body here may have {self._most:,} bytes",
            hint="send fewer pages at a time",
            headers={"Connection": "close"},
        )
