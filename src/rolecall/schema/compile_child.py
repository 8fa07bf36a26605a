"""The child process in which schemas are compiled: ``python -m rolecall.schema.compile_child FD``.

It reads requests from the socket with that number and answers each: with a word when only the
grammar is left to do, and then with all that was found. It ends when its parent hangs up or dies.
Requests and answers are JSON behind four bytes of length.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from math import inf
from typing import Any, Final

import orjson

from rolecall.errors import SchemaError
from rolecall.schema.grammar import Grammar, grammar
from rolecall.schema.limits import SchemaLimits
from rolecall.schema.memory import leave_no_core, limit_memory, resident
from rolecall.schema.prepare import prepare

HEAD: Final = 4
TICK: Final = 5.0
"""Seconds after which an idle child looks whether its parent still lives.

A copy of the parent's end may live on in a process that the parent forked, so that the end of the
parent does not always hang up.
"""


def main(words: list[str]) -> int:
    """Answer requests until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent says when it is time to stop
    parent = os.getppid()
    leave_no_core()
    asked = grammar()
    gc.freeze()  # nothing made so far ever becomes garbage
    gc.set_threshold(50_000)
    with socket.socket(fileno=int(words[0])) as line:
        send(line, {"resident": resident()})
        while True:
            while not select.select([line], [], [], TICK)[0]:
                if os.getppid() != parent:
                    return 0
            request = receive(line)
            if request is None:
                return 0
            send(line, _answer(request, asked, lambda: send(line, {"safe": True})))


def receive(line: socket.socket, until: float = inf) -> Any:
    """The next message; ``None`` when the other side has hung up.

    Raises ``TimeoutError`` if it is not there at the time ``until`` of the monotonic clock.
    """
    head = _exactly(line, HEAD, until)
    if head is None:
        return None
    body = _exactly(line, int.from_bytes(head, "big"), until)
    return None if body is None else orjson.loads(body)


def send(line: socket.socket, message: Any) -> None:
    """Write one message."""
    body = orjson.dumps(message)
    line.sendall(len(body).to_bytes(HEAD, "big") + body)


def _exactly(line: socket.socket, size: int, until: float) -> bytes | None:
    parts = []
    while size:
        if until < inf:
            line.settimeout(max(0.001, until - time.monotonic()))
        part = line.recv(min(size, 1 << 16))
        if not part:
            return None
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _answer(request: Any, asked: Grammar, safe: Callable[[], None]) -> dict[str, Any]:
    limits = SchemaLimits(**request["limits"])
    limit_memory(limits.memory)
    try:
        found = prepare(request["document"], request["draft"], limits, asked, safe=safe)
    except SchemaError as error:
        return {"error": [error.reason, error.pointer, error.hint], "resident": resident()}
    return {"prepared": asdict(found), "resident": resident()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
