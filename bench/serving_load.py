"""Requests as fast as a server answers them, from a process of its own that does little itself.

Requests are whole bytes that were made before; each of several connections sends one, waits for
its answer, and sends the next.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pages import generated
from realistic import realistic


@dataclass
class Answers:
    """What came back: seconds from the first request to the last answer, milliseconds of each,
    how many had which status, and the bodies that were to be kept."""

    seconds: float = 0.0
    millis: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)

    def quantile(self, share: float) -> float:
        """Milliseconds within which that share of the answers came."""
        told = sorted(self.millis)
        return told[min(len(told) - 1, int(len(told) * share))]

    def demand(self, status: int) -> None:
        """End the measurement where any answer has another status: it would measure refusals."""
        if set(self.statuses) != {status}:
            raise SystemExit(f"wanted {status} only, got {self.statuses}: {self.bodies[:1]}")


def request(method: str, path: str, body: bytes = b"", port: int = 0) -> bytes:
    """The bytes of one request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def of_80_kb(count: int, seed: int = 7) -> Iterator[bytes]:
    """Pages of 80,000 bytes: realistic ones with what surrounds them in real ones, scripts.

    Each is another, and packs about as well as a real page (a sixth to a tenth).
    """
    filler = b"".join(generated(400, seed + 1))
    for number, body in enumerate(realistic(count, seed)):
        start = number * 7_919 % (len(filler) // 2)
        script = filler[start:].replace(b"<", b"(")
        while len(script) < 80_000:
            script += script
        room = 80_000 - len(body) - len("<script>/**/</script>")
        yield body.replace(b"</body>", b"<script>/*" + script[:room] + b"*/</script></body>", 1)


async def _one(
    port: int, requests: Iterator[bytes], answers: Answers, keep: Callable[[int], bool]
) -> None:
    # The socket itself, because a stream copies what it sends, and the cores are the server's too.
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as connection:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        for one in requests:
            begun = time.perf_counter()
            await loop.sock_sendall(connection, one)
            status, body = await _answer(loop, connection)
            answers.millis.append(1_000 * (time.perf_counter() - begun))
            answers.statuses[status] = answers.statuses.get(status, 0) + 1
            if keep(status):
                answers.bodies.append(body)


async def _answer(loop: asyncio.AbstractEventLoop, connection: socket.socket) -> tuple[int, bytes]:
    """Status and body of the next answer."""
    found = b""
    while (end := found.find(b"\r\n\r\n")) < 0:
        found += await _some(loop, connection)
    head = found[:end].lower() + b"\r"
    place = head.index(b"content-length:") + 15
    whole = end + 4 + int(head[place : head.index(b"\r", place)])
    while len(found) < whole:
        found += await _some(loop, connection)
    return int(head[9:12]), found[end + 4 :]


async def _some(loop: asyncio.AbstractEventLoop, connection: socket.socket) -> bytes:
    found = await loop.sock_recv(connection, 1 << 18)
    if not found:
        raise SystemExit("the server hung up")
    return found


async def _all(
    port: int, requests: Iterable[bytes], connections: int, keep: Callable[[int], bool]
) -> Answers:
    shared, answers = iter(requests), Answers()
    begun = time.perf_counter()
    await asyncio.gather(*(_one(port, shared, answers, keep) for _ in range(connections)))
    answers.seconds = time.perf_counter() - begun
    return answers


def _run(pipe: Any, port: int, requests: list[bytes], connections: int, keep: bool) -> None:
    wanted = (lambda status: True) if keep else (lambda status: status >= 300)
    pipe.send(asyncio.run(_all(port, requests, connections, wanted)))


def load(port: int, requests: list[bytes], connections: int, *, keep: bool = False) -> Answers:
    """Send ``requests`` over so many connections from another process, and wait for the end.

    ``keep`` keeps the bodies of all answers, otherwise those of refusals only.
    """
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_run, args=(theirs, port, requests, connections, keep))
    child.start()
    theirs.close()
    answers = ours.recv()
    child.join()
    assert isinstance(answers, Answers)
    return answers
