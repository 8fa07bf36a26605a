"""Messages to the process that keeps a server: a private Unix socket, one line each way.

A message is a JSON object ``{"do": "status"}``; the answer is JSON lines, of which the last has
``ok``: true with ``value``, or false with ``reason``, ``told`` and ``hint``.
Lines before it tell of progress: ``{"progress": ...}``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import orjson

from rolecall.errors import Error, UsageError
from rolecall.launch.failures import LaunchError

Tell = Callable[[Mapping[str, Any]], Awaitable[None]]
Action = Callable[[Mapping[str, Any], Tell], Awaitable[Any]]
"""Carries out a message; what it tells goes to the asker before the answer."""

LINE: Final = 65_536
ASK_SECONDS: Final = 60.0


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of ``path`` that is short enough for a socket, whatever the folder's depth."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)


@asynccontextmanager
async def listening(path: Path, actions: Mapping[str, Action]) -> AsyncIterator[None]:
    """Take messages at ``path`` while the context is open. The caller holds the server's lock."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def tell(line: Mapping[str, Any]) -> None:
            with contextlib.suppress(ConnectionError):
                writer.write(orjson.dumps(line) + b"\n")
                await writer.drain()

        with contextlib.suppress(ConnectionError, ValueError, asyncio.LimitOverrunError):
            await tell(await _answered(await reader.readline(), actions, tell))
        writer.close()

    path.unlink(missing_ok=True)
    inner = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _short(path) as name:
        before = os.umask(0o177)
        try:
            inner.bind(name)
        finally:
            os.umask(before)
    server = await asyncio.start_unix_server(answer, sock=inner, limit=LINE)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def _answered(line: bytes, actions: Mapping[str, Action], tell: Tell) -> dict[str, Any]:
    try:
        message = orjson.loads(line)
        action = actions[message["do"]]
    except (ValueError, KeyError, TypeError):
        return {"ok": False, "reason": "usage", "told": "no such message"}
    try:
        return {"ok": True, "value": await action(message, tell)}
    except Error as error:
        return {"ok": False, "reason": error.code, "told": str(error), "hint": error.hint}


def ask(
    path: Path,
    message: Mapping[str, Any],
    *,
    seconds: float = ASK_SECONDS,
    heard: Callable[[Mapping[str, Any]], None] | None = None,
) -> Any:
    """Send ``message`` to the keeper at ``path`` and return its answer's value.

    Raises:
        LaunchError: what the keeper could not do, with its reason; ``crashed`` without an answer.
        UsageError: what it refused.
    """
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one, _short(path) as name:
            one.settimeout(seconds)
            one.connect(name)
            one.sendall(orjson.dumps(message) + b"\n")
            with one.makefile("rb") as file:
                for line in file:
                    answer = orjson.loads(line)
                    if "ok" in answer:
                        return _value(answer)
                    if heard is not None:
                        heard(answer)
    except (OSError, ValueError) as error:
        raise LaunchError(
            "crashed", f"the process that keeps the server does not answer: {error}"
        ) from error
    raise LaunchError("crashed", "the process that keeps the server ended before it answered")


def _value(answer: Mapping[str, Any]) -> Any:
    if answer["ok"]:
        return answer.get("value")
    if answer.get("reason") == "usage":
        raise UsageError(answer.get("told", ""), hint=answer.get("hint") or None)
    raise LaunchError(
        answer.get("reason", "crashed"), answer.get("told", ""), hint=answer.get("hint") or ""
    )
