"""Calls to one server over HTTP, tried again where that helps: one class to block, one to await.

No redirects, cookies, proxies or settings of the environment: what the token goes to is the server
that was named, and nothing else.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from msgspec import Struct

from rolecall.aliases import CLIENT_VARIABLES
from rolecall.client.calls import (
    LARGEST_REPLY,
    Ask,
    Patience,
    Reply,
    refusal,
    silent,
    too_large,
    unreachable,
    wait_after,
)
from rolecall.errors import ServerError, UsageError

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS: Final = 5.0
KEEP_SECONDS: Final = 4.0
"""An idle connection is kept this long: under the five seconds after which uvicorn closes it."""
_ERROR_BYTES: Final = 100_000
"""Of a refusal's body no more than this is read."""


class Place(Struct, frozen=True, kw_only=True):
    """Which server, with which token, and how patiently; ``timeout`` in seconds."""

    url: str
    token: str = ""
    timeout: float = 60.0
    verify: bool | str = True
    patience: Patience = Patience()

    def __repr__(self) -> str:
        """Without the token: what is shown in a traceback ends in logs."""
        return f"Place({self.url!r})"

    def headers(self) -> dict[str, str]:
        """What each call carries."""
        told = {"accept": "application/json", "user-agent": "rolecall-client"}
        return told | {"authorization": f"Bearer {self.token}"} if self.token else told


def place(
    url: str | None,
    token: str | None,
    environ: Mapping[str, str],
    **rest: Any,
) -> Place:
    """The server of ``url``, else of ROLECALL_URL; the token likewise, from ROLECALL_TOKEN.

    Raises:
        UsageError: no address, one that is none of HTTP, or a token that no header can carry.
    """
    of_url, of_token = (environ.get(name) or "" for name in CLIENT_VARIABLES)
    url = url or of_url
    if not url:
        raise UsageError(
            "no server was named",
            hint="give its address, or set ROLECALL_URL: http://127.0.0.1:8000",
        )
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises for what is no port
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        raise UsageError(
            "the server's address is not http://HOST:PORT or https://HOST",
            hint="a token is given by token= or ROLECALL_TOKEN, never inside the address",
        )
    if parts.query or parts.fragment:
        raise UsageError("the server's address ends with a query", hint="leave it out")
    token = (of_token if token is None else token).strip()
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise UsageError("the token holds what no token holds", hint="copy it anew, as one word")
    return Place(url=url.rstrip("/").removesuffix("/v1"), token=token, **rest)


def _options(place: Place) -> dict[str, Any]:
    import httpx2

    timeout = httpx2.Timeout(place.timeout, connect=min(CONNECT_SECONDS, place.timeout))
    return {
        "headers": place.headers(),
        "timeout": timeout,
        # Reading the machine's certificates takes long, and plain connections need none.
        "verify": place.verify if place.url.startswith("https") else False,
        "trust_env": False,
        "follow_redirects": False,
        "limits": httpx2.Limits(keepalive_expiry=KEEP_SECONDS),
    }


def _request(ask: Ask, place: Place) -> dict[str, Any]:
    import httpx2

    told: dict[str, Any] = {"content": ask.body, "headers": dict(ask.headers)}
    if ask.params:
        told["params"] = dict(ask.params)
    if ask.body is not None and "content-type" not in ask.headers:
        told["headers"]["content-type"] = "application/json"
    if ask.seconds is not None:
        told["timeout"] = httpx2.Timeout(ask.seconds, connect=min(CONNECT_SECONDS, ask.seconds))
    return told


def fault(error: Exception, ask: Ask, place: Place) -> ServerError:
    """What an exception of the HTTP library means; any other is raised again."""
    import httpx2

    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        return unreachable(place.url, error, sent=False)
    if isinstance(error, httpx2.TimeoutException):
        return silent(place.url, ask.seconds or place.timeout)
    if isinstance(error, httpx2.TransportError | httpx2.StreamError | httpx2.DecodingError):
        return unreachable(place.url, error, sent=True)
    raise error


class Wire:
    """Calls that block; usable from several threads."""

    def __init__(self, place: Place) -> None:
        import httpx2

        self.place = place
        self._http = httpx2.Client(**_options(place))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send(self, ask: Ask) -> Reply:
        """The reply to ``ask``, whose status is 2xx.

        Raises:
            ServerError: refused, or no answer after all tries.
        """
        tried = 0
        while True:
            tried += 1
            try:
                with self.open(ask) as response:
                    parts, size = [], 0
                    for part in response.iter_bytes():
                        size += len(part)
                        if size > LARGEST_REPLY:
                            raise too_large(self.place.url)
                        parts.append(part)
                    return Reply(response.status_code, _small(response.headers), b"".join(parts))
            except ServerError as error:
                time.sleep(self.wait_after(error, ask, tried))

    def wait_after(self, error: ServerError, ask: Ask, tried: int) -> float:
        """Seconds before ``ask`` is sent again; raises ``error`` where it is not."""
        return wait_after(error, ask, self.place.patience, tried, random.random())

    @contextmanager
    def open(self, ask: Ask) -> Iterator[httpx2.Response]:
        """One try: an answer of status 2xx whose body is still to come.

        Raises:
            ServerError: refused, no answer, or one that breaks off.
        """
        url = f"{self.place.url}{ask.path}"
        try:
            with self._http.stream(ask.method, url, **_request(ask, self.place)) as response:
                if not response.is_success:
                    body, parts = b"", response.iter_bytes()
                    while len(body) < _ERROR_BYTES and (part := next(parts, b"")):
                        body += part
                    told = Reply(response.status_code, _small(response.headers), body)
                    raise refusal(told, self.place.url, time.time())
                yield response
        except ServerError:
            raise
        except Exception as error:
            raise fault(error, ask, self.place) from None


class AsyncWire:
    """The same for an event loop."""

    def __init__(self, place: Place) -> None:
        import httpx2

        self.place = place
        self._http = httpx2.AsyncClient(**_options(place))

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(self, ask: Ask) -> Reply:
        """The reply to ``ask``; see `Wire.send`."""
        tried = 0
        while True:
            tried += 1
            try:
                async with self.open(ask) as response:
                    parts, size = [], 0
                    async for part in response.aiter_bytes():
                        size += len(part)
                        if size > LARGEST_REPLY:
                            raise too_large(self.place.url)
                        parts.append(part)
                    return Reply(response.status_code, _small(response.headers), b"".join(parts))
            except ServerError as error:
                wait = self.wait_after(error, ask, tried)
            await asyncio.sleep(wait)

    def wait_after(self, error: ServerError, ask: Ask, tried: int) -> float:
        """See `Wire.wait_after`."""
        return wait_after(error, ask, self.place.patience, tried, random.random())

    @asynccontextmanager
    async def open(self, ask: Ask) -> AsyncIterator[httpx2.Response]:
        """One try; see `Wire.open`."""
        url = f"{self.place.url}{ask.path}"
        try:
            async with self._http.stream(ask.method, url, **_request(ask, self.place)) as response:
                if not response.is_success:
                    body, parts = b"", response.aiter_bytes()
                    while len(body) < _ERROR_BYTES and (part := await anext(parts, b"")):
                        body += part
                    told = Reply(response.status_code, _small(response.headers), body)
                    raise refusal(told, self.place.url, time.time())
                yield response
        except ServerError:
            raise
        except Exception as error:
            raise fault(error, ask, self.place) from None


def _small(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
