"""Requests as fast as a server answers them, from a process of its own that does little itself.

Requests are whole bytes that were made before; each of several connections sends one, waits for
its answer, and sends the next.
"""

from __future__ import annotations

import asyncio
import multiprocessing
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
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    try:
        for one in requests:
            begun = time.perf_counter()
            writer.write(one)
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            place = head.index(b"content-length:") + 15
            body = await reader.readexactly(int(head[place : head.index(b"\r", place)]))
            answers.millis.append(1_000 * (time.perf_counter() - begun))
            status = int(head[9:12])
            answers.statuses[status] = answers.statuses.get(status, 0) + 1
            if keep(status):
                answers.bodies.append(body)
    finally:
        writer.close()


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
