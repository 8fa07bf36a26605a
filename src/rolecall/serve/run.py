"""One server from its first request to its last."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from rolecall.errors import UsageError
from rolecall.serve.hosts import is_loopback
from rolecall.serve.protocol import bounded
from rolecall.serve.state import State
from rolecall.worker.pool import kill_children

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BACKLOG = 2_048


def bind(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises `UsageError` where that cannot be."""
    if not 0 <= port <= 65_535:  # the system would take it modulo 65,536
        raise UsageError(f"there is no port {port}", hint="ports go from 0 to 65535")
    try:
        kind, _, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # With the protocol named, asyncio switches off waiting for more to send (TCP_NODELAY).
        bound = socket.socket(kind, socket.SOCK_STREAM, protocol)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind(address)
            bound.listen(BACKLOG)
        except BaseException:
            bound.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        code = getattr(error, "errno", None)
        if code == errno.EADDRINUSE:
            raise UsageError(
                f"port {port} of {host} is taken by another program",
                hint="take another one: rolecall serve --port 8601, or 0 for any that is free",
            ) from None
        told = getattr(error, "strerror", None) or str(error)
        raise UsageError(
            f"{host} port {port} cannot be listened to: {told}",
            hint="--host takes an address of this machine, --port a number from 1024 to 65535",
        ) from None
    bound.setblocking(False)
    return bound


def address_of(bound: socket.socket, host: str) -> str:
    """The address of a listening socket for people."""
    port = bound.getsockname()[1]
    shown = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


class _Server(uvicorn.Server):
    """A server whose signals are ours."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take none."""
        yield


class Serving:
    """A server that runs; `run` returns when it has ended."""

    def __init__(self, app: ASGIApp, state: State, bound: socket.socket) -> None:
        self._state, self._bound = state, bound
        grace = state.settings.serve_grace_seconds
        config = uvicorn.Config(
            app,
            http=bounded(state.settings.serve_connections),
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=max(1, round(grace)),
        )
        self._server = _Server(config)
        self.signal = 0

    async def run(self, started: Callable[[], Awaitable[None]] | None = None) -> None:
        """Serve until `stop`. ``started`` is called when requests are answered."""
        _more_files()
        for name in ("uvicorn.error", "uvicorn.asgi"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # the door tells what went wrong
        work = asyncio.create_task(self._server.serve(sockets=[self._bound]))
        while not self._server.started and not work.done():
            await asyncio.sleep(0.01)
        try:
            if started is not None and not work.done():
                await started()
        except BaseException:
            self.stop()
            await work
            raise
        await work

    def stop(self) -> None:
        """Take no more requests, and end when those under way are answered."""
        self._state.end()
        self._server.should_exit = True

    @contextlib.contextmanager
    def watching(self, told: Callable[[str], None]) -> Iterator[None]:
        """Let the first signal stop the server in order, and the second one at once."""
        loop = asyncio.get_running_loop()

        def take(number: int) -> None:
            if self.signal:
                kill_children()
                os._exit(128 + number)
            self.signal = number
            told("finishing what is under way; a second signal ends it at once")
            self.stop()

        watched = [one for one in SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]
        for number in watched:
            loop.add_signal_handler(number, take, number)
        try:
            yield
        finally:
            for number in watched:
                loop.remove_signal_handler(number)


def check_entry(state: State, host: str) -> None:
    """Refuse to be reached from elsewhere where nobody could be let in."""
    from rolecall.serve.tokens import all_tokens, now_ms

    if is_loopback(host) and state.entry.loopback:
        return
    if not any(one.alive(now_ms()) for one in all_tokens(state.queue.store)):
        raise UsageError(
            "whoever reaches this server would need a token, and there is none",
            hint="make one first: rolecall tokens add NAME --scopes admin",
        )


def _more_files() -> None:
    """As many open connections as the system lets us have."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def say(text: str) -> None:
    """A message to whoever started the server."""
    sys.stderr.write(f"rolecall: {text}\n")
    sys.stderr.flush()
