"""The parts of ``torture_queue.py``: pages, an engine that counts, and the processes it kills."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import orjson

from rolecall.errors import DatabaseError
from rolecall.queue.nouns import NewTask, Rules, Submission
from rolecall.queue.open import open_queue
from rolecall.queue.queue import Queue
from rolecall.settings import Settings
from rolecall.worker.crewed import Crewed
from rolecall.worker.work import Worker

RULES: Final = Rules(lease=2.0, deaths=1_000, backoff=0.05, longest=0.2)
"""Short leases; and no task is given up because of the many workers that are killed."""
CONCURRENCY: Final = 4
"""Calls of the engine that each worker makes at once."""
BATCH: Final = 50

PAGE: Final = """<html lang=en><head><title>Baker {n}</title></head><body><h1>Baker {n}</h1>
<p>Bath, England. Full time.</p><h2>What we ask</h2><ul><li>Three years of baking</li>
<li>Rye, {n} times a day</li></ul><p>Letters go to crumb{n}, the bakery in Bath.</p></html>"""
"""A page without duties, about which an engine is asked."""


def page(number: int) -> bytes:
    """The page with this number."""
    return PAGE.format(n=number).encode()


class Engine:
    """A server of OpenAI's protocol in a thread of its own: slow as it is told, and it counts."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.delay = 0.0
        self.port = 0
        self._up = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True).start()
        self._up.wait()

    @property
    def repeated(self) -> int:
        """Calls beyond the first one of each prompt."""
        return sum(self.calls.values()) - len(self.calls)

    async def _main(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=1 << 24)
        self.port = server.sockets[0].getsockname()[1]
        self._up.set()
        await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                size = re.search(r"(?i)\r\ncontent-length: *(\d+)", head)
                body = await reader.readexactly(int(size[1]) if size else 0)
                status, told = await self._answer(head.split(" ", 2)[1], body)
                data = json.dumps(told).encode()
                writer.write(
                    f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
                    f"content-length: {len(data)}\r\n\r\n".encode()
                    + data
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        if path == "/v1/models":
            return 200, {"data": [{"id": "tiny", "max_model_len": 8192}]}
        if not path.endswith("/chat/completions"):
            return 404, {"detail": "Not Found"}
        asked = json.dumps(json.loads(body)["messages"])
        text = "yes"
        if "this single word" not in asked:
            self.calls[hashlib.sha256(asked.encode()).hexdigest()] += 1
            await asyncio.sleep(self.delay)
            name = re.search(r"crumb\d+", asked)
            text = json.dumps({"company": name[0] if name else None})
        choice = {"index": 0, "finish_reason": "stop", "message": {"content": text}}
        usage = {"prompt_tokens": 100, "completion_tokens": 7, "total_tokens": 107}
        return 200, {"model": "tiny", "choices": [choice], "usage": usage}


def settings_of(folder: Path, url: str, port: int) -> Settings:
    """The settings of all processes of a run."""
    engine = {
        "kind": "openai",
        "url": f"http://127.0.0.1:{port}/v1",
        "model": "tiny",
        "forms": ["text"],
        "concurrency": CONCURRENCY,
    }
    return Settings(data_folder=str(folder), queue=url, cache=False, engines={"tiny": engine})


def opened(settings: Settings) -> Queue:
    """The queue, with short leases."""
    return open_queue(settings, os.environ, rules=RULES)


def submission(number: int, count: int) -> Submission:
    """The batch with this number, of ``count`` pages in all."""
    first = number * BATCH
    tasks = tuple(
        NewTask(source=f"p{n}", body=page(n)) for n in range(first, min(first + BATCH, count))
    )
    return Submission(submitter="torture", tasks=tasks, key=f"k{number}", fingerprint=b"same")


def submit(folder: Path, settings: Settings, count: int) -> None:
    """Hand in what has no receipt yet, as far as the gate is open; each receipt is written down."""
    queue = opened(settings)
    receipts, gate = folder / "receipts", folder / "gate"
    done = len(receipts.read_bytes().splitlines()) if receipts.exists() else 0
    with receipts.open("ab", buffering=0) as file:
        for number in range(done, -(-count // BATCH)):
            while int(gate.read_text() or 0) <= number:
                time.sleep(0.02)
            while True:
                try:
                    receipt = queue.inbox.submit(submission(number, count))
                except DatabaseError:
                    time.sleep(0.05)
                else:
                    break
            file.write(orjson.dumps(receipt.tasks) + b"\n")
            os.fsync(file.fileno())


def work(folder: Path, settings: Settings) -> None:
    """A worker, until a signal."""
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    worker = Worker(opened(settings), settings, os.environ, Crewed(processes=1))
    worker.start()
    (folder / f"up-{os.getpid()}").touch()
    while not ended.wait(0.2):
        pass
    worker.stop(grace=20.0)


def main() -> None:
    """``torture_parts.py work|submit FOLDER URL PORT COUNT``."""
    role, place, url, port, count = sys.argv[1:]
    settings = settings_of(Path(place), url, int(port))
    if role == "work":
        work(Path(place), settings)
    else:
        submit(Path(place), settings, int(count))


if __name__ == "__main__":
    main()
