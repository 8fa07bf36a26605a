"""A server in a process of its own, and submissions that are repeated."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from subprocess import Popen
from typing import Any

from torture.durability_common import demand, environ, page, running, start, tried
from torture.nouns import Case, Class, Group, Terms


@dataclass(frozen=True, slots=True)
class Server:
    """A server that answers."""

    process: Popen[str]
    port: int
    said: queue.SimpleQueue[str]

    def ask(
        self, method: str, path: str, told: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """One request: status and what came, read as JSON where that is what it is."""
        link = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body = None if told is None else json.dumps(told)
            kind = {"Content-Type": "application/json"} if body is not None else {}
            link.request(method, path, body, {**kind, **(headers or {})})
            answer = link.getresponse()
            data = answer.read()
        finally:
            link.close()
        try:
            return answer.status, json.loads(data)
        except ValueError:
            return answer.status, data.decode("utf-8", "replace")

    def submit(self, key: str, first: int, count: int = 3) -> tuple[int, Any]:
        """Hand pages in under a key."""
        return self.ask("POST", "/v1/tasks", batch(first, count), {"Idempotency-Key": key})

    def rest(self) -> str:
        """What it has said meanwhile."""
        found = []
        while not self.said.empty():
            found.append(self.said.get())
        return "".join(found)


def batch(first: int, count: int = 3) -> dict[str, Any]:
    """Pages to be handed in."""
    numbers = range(first, first + count)
    return {"pages": [{"html": page(n).decode(), "source": f"p{n}"} for n in numbers]}


@contextmanager
def serving(told: Mapping[str, str], *more: str, enter: Sequence[str] = ()) -> Iterator[Server]:
    """A server of the data folder that the environment names; killed at the end if need be."""
    words = ["serve", "--port", "0", "--workers", "1", *more]
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    ready: queue.SimpleQueue[int] = queue.SimpleQueue()
    with running(start(words, told)) as process:

        def listen() -> None:
            assert process.stderr is not None
            for line in process.stderr:
                said.put(line)
                found = re.search(r"serving on http://[^:]+:(\d+)", line)
                if found:
                    ready.put(int(found[1]))
            ready.put(0)

        threading.Thread(target=listen, daemon=True).start()
        try:
            port = ready.get(timeout=60)
        except queue.Empty:
            port = 0
        server = Server(process, port, said)
        demand(port, f"it does not serve: {server.rest()[-300:]}", Class.CRASHED)
        yield server


def idempotent(terms: Terms) -> Group:
    """The same submission again and again."""
    told = environ(terms.scratch / "home", ROLECALL_DATA_FOLDER=str(terms.scratch / "data"))
    cases: list[Case] = []
    with serving(told, "--no-worker") as server:
        cases.append(tried("ten times at once", lambda: at_once(server)))
        cases.append(tried("after a lost answer", lambda: lost_answer(server)))
        cases.append(tried("with another body", lambda: other_body(server)))
        os.killpg(server.process.pid, signal.SIGKILL)
    with serving(told, "--no-worker") as server:
        cases.append(tried("after a kill and a restart", lambda: again(server)))
        cases.append(tried("with another body after a restart", lambda: other_body(server)))
        cases.append(tried("nothing more is there", lambda: counted(server)))
        os.killpg(server.process.pid, signal.SIGTERM)
        server.process.wait(40)
        demand("Traceback" not in server.rest(), "a traceback", Class.CRASHED)
    return Group(said="the same submission repeated, also over a restart", cases=tuple(cases))


def at_once(server: Server) -> str:
    """Ten connections send the same at the same time."""
    with ThreadPoolExecutor(10) as threads:
        found = list(threads.map(lambda _: server.submit("k1", 0), range(10)))
    demand(all(status < 300 for status, _ in found), f"{[status for status, _ in found]}")
    batches = {answer["batch"] for _, answer in found}
    tasks = {json.dumps(answer["tasks"]) for _, answer in found}
    demand(len(batches) == len(tasks) == 1, f"{batches}", Class.LOST)
    fresh = sum(not answer["repeated"] for _, answer in found)
    demand(fresh == 1, f"{fresh} say that it is new")
    return f"1 batch of {len(found)}"


def lost_answer(server: Server) -> None:
    """The sender goes away before the answer, and sends again."""
    body = json.dumps(batch(100)).encode()
    head = (
        "POST /v1/tasks HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: k2\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), 10) as link:
            link.sendall(head.encode() + body)
    found = [server.submit("k2", 100) for _ in range(2)]
    demand(found[0][1]["batch"] == found[1][1]["batch"], "two batches", Class.LOST)
    demand(found[1][1]["repeated"], "it is not said that it was there")


def other_body(server: Server) -> str:
    """The same key with something else."""
    status, told = server.submit("k1", 50)
    demand(400 <= status < 500, f"status {status}")
    demand(told.get("hint") and told.get("code"), "no remedy is named")
    return f"{status} {told['code']}"


def again(server: Server) -> None:
    """Ten times more, after the server was killed."""
    found = [server.submit("k1", 0) for _ in range(10)]
    demand(all(status < 300 for status, _ in found), f"{[status for status, _ in found]}")
    demand(all(answer["repeated"] for _, answer in found), "it was taken in anew", Class.LOST)


def counted(server: Server) -> None:
    """Two batches of three pages, whatever was sent."""
    _, told = server.ask("GET", "/v1/queue")
    demand("6" in re.findall(r"\d+", json.dumps(told.get("counts", told))), f"{told}", Class.LOST)


def data_folder(told: Mapping[str, str]) -> Path:
    """Where the database of an environment lies."""
    return Path(told["ROLECALL_DATA_FOLDER"])
