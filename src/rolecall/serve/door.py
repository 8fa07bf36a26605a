"""What every request passes on its way in, and every answer on its way out.

In this order: the head's size, the name asked for, who is asking, which site sent it, how much is
under way, the body's size and time. Nothing of a body is read before all of that. Whatever goes
wrong is a problem document; what went wrong inside is for the log only.
"""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import Message, Receive, Scope, Send

from rolecall.errors import Error
from rolecall.serve.access import CSRF_HEADER, Who, check_csrf, headers_of, not_signed_in
from rolecall.serve.hosts import SAFE, check_host, check_site
from rolecall.serve.limits import STREAMS, Body, check_head
from rolecall.serve.problems import ProblemError, answer_of, fault, not_found, problem_of
from rolecall.serve.state import State

LOG: Final = logging.getLogger("rolecall.serve")
PUBLIC: Final = frozenset(("/healthz", "/sign-in", "/favicon.ico"))
"""What is told to anybody: that the server is there, and the way in."""
PUBLIC_FOLDER: Final = "/static/"
SEND_SECONDS: Final = 60.0
"""How long an answer waits for somebody who does not take it."""
DEFAULTS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none';"
    " form-action 'none'",
    "Cache-Control": "no-store",
}
"""Headers of every answer that does not say otherwise itself."""


def is_public(path: str) -> bool:
    """Whether a path needs no token."""
    return path in PUBLIC or (path.startswith(PUBLIC_FOLDER) and ".." not in path)


class Door:
    """The application as it is served: ``inside`` it is the one with the routes."""

    def __init__(self, inside: FastAPI, state: State) -> None:
        self._inside, self._state = inside, state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._inside(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = _Answer(scope, send)
        began = time.perf_counter()
        try:
            await self._answer(scope, receive, answer)
        except Exception as error:
            await self._failed(error, scope, receive, answer)
        finally:
            if answer.status:
                route = _template(scope)
                took = time.perf_counter() - began
                self._state.metrics.answered(scope["method"], route, answer.status, took)

    async def _answer(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        check_head(scope)
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        check_host(hosts, self._state.names)
        headers = headers_of(scope)
        method, path = scope["method"], scope["path"]
        public = is_public(path)
        who = None if public else await self._state.entry.who(headers)
        if not public:
            if who is None:
                # A person is shown the way in; a program is told what it lacks.
                if method == "GET" and b"text/html" in headers.get(b"accept", b""):
                    await _sign_in(scope)(scope, receive, answer)
                    return
                raise not_signed_in()
            scope["rolecall.who"] = who
            self._state.load.rate(who.name)
        if who is None or who.way != "token":
            check_site(method, headers, sure=who is not None and who.way == "visit")
            _check_form(who, method, path, headers.get(CSRF_HEADER, b"").decode("latin-1"))
        if path in STREAMS and method != "OPTIONS":
            await self._inside(scope, receive, answer)  # bounded by the feed itself
            return
        load = self._state.load
        alone = who is not None and who.way == "local"  # nobody else is let in
        with load.one(who.name if who is not None else "", shares=not alone) as taken:
            body = Body(scope, receive, load, taken, self._state.limits.body(method, path))
            try:
                if method == "OPTIONS":
                    await _options(scope, self._inside.routes)(scope, receive, answer)
                else:
                    if method == "HEAD":
                        scope["method"] = "GET"
                    await self._inside(scope, body, answer)
            finally:
                body.free()

    async def _failed(
        self, error: Exception, scope: Scope, receive: Receive, answer: _Answer
    ) -> None:
        if isinstance(error, ClientDisconnect | _GoneError):
            return
        problem = problem_of(error) if isinstance(error, Error) else fault()
        write_down(error, problem.status, scope)
        if answer.ended:
            return
        if answer.status:  # too late to say it well: an answer that breaks off is not a whole one
            raise _BrokenOffError from None
        await answer_of(problem)(scope, receive, answer)


class _GoneError(Exception):
    """Whoever asked does not take the answer."""


class _BrokenOffError(Exception):
    """An answer had begun when it failed."""


class _Answer:
    """The way out: adds headers, leaves out what HEAD does not want, and waits only so long."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._send = send
        self._head = scope["method"] == "HEAD"
        self.status = 0
        self.ended = False

    async def __call__(self, message: Message) -> None:
        """Send one message on."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in DEFAULTS.items():
                headers.setdefault(name, value)
        elif message["type"] == "http.response.body":
            self.ended = not message.get("more_body", False)
            if self._head:
                message = {**message, "body": b""}
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._send(message)
        except TimeoutError:
            raise _GoneError from None


def _check_form(who: Who | None, method: str, path: str, said: str) -> None:
    """Requests of a visit to the API bring the token of its forms in a header; those to the web UI
    may bring it in the form, which `rolecall.serve.access.form_of` reads."""
    if who is not None and method not in SAFE and (said or path.startswith("/v1/")):
        check_csrf(who, said)


def _sign_in(scope: Scope) -> Response:
    target = scope["path"] + (
        "?" + scope["query_string"].decode("latin-1") if scope["query_string"] else ""
    )
    return RedirectResponse(f"/sign-in?next={quote(target, safe='')}", 303)


def _options(scope: Scope, routes: Sequence[BaseRoute]) -> Response:
    """What may be done with an address. No other site is ever allowed anything (no CORS)."""
    methods: set[str] = set()
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for route in routes:
            if route.matches({**scope, "method": method})[0] is Match.FULL:
                methods.add(method)
    if not methods:
        return answer_of(not_found())
    if "GET" in methods:
        methods.add("HEAD")
    return Response(status_code=204, headers={"Allow": ", ".join(sorted({*methods, "OPTIONS"}))})


def _template(scope: Scope) -> str:
    """The template of the route that answered; there are only so many."""
    path = getattr(scope.get("route"), "path", None)
    return path if isinstance(path, str) else "none"


def write_down(error: Exception, status: int, scope: Scope) -> None:
    """Let the log know of what was not the asker's fault.

    The address's template, not the address: addresses and bodies are not for logs.
    """
    if status < 500 or isinstance(error, ProblemError):
        return
    found = traceback.extract_tb(error.__traceback__)
    frames = "".join(traceback.format_list([one for one in found if "rolecall" in one.filename]))
    told = f"{type(error).__name__}: {str(error)[:200]}"
    where = "" if isinstance(error, Error) else f"\n{frames}"
    LOG.error("%s %s failed: %s%s", scope["method"], _template(scope), told, where)
