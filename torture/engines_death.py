"""Engines that die: noticed in time though ``/health`` says yes, and pages that they die of."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace
from tests.drive.test_engines import ANSWER, PAGE
from tests.engines.faults import FaultServer
from tests.launch.kept import Kept
from torture.nouns import Case, Class, Figure, Group, Terms

from rolecall.launch.limits import LIMITS
from rolecall.ledger.database import open_database
from rolecall.plan.nouns import GIB, Device
from rolecall.queue.nouns import NewTask, Rules, Submission
from rolecall.queue.queue import Queue
from rolecall.settings import Settings
from rolecall.worker.crewed import Crewed
from rolecall.worker.work import Worker

CARD: Final = Device(name="A card", memory=16 * GIB, bandwidth=1, flops_16=1)
NOTICED: Final = 10.0
POISON: Final = 13
PAGES: Final = 16
DEATHS: Final = 3


def deaths(terms: Terms) -> Group:
    """A keeper whose engine fails or falls silent; a queue with a page that engines die of."""
    noticed = {order: asyncio.run(_noticed(terms.scratch / order, order)) for order in ORDERS}
    cases = [
        Case(name=f"noticed/{order}", found=Class.RIGHT if back else Class.LOST,
             note=f"{seconds:.1f} s")
        for order, (seconds, back) in noticed.items()
    ]  # fmt: skip
    if terms.full:
        cases += _set_aside(terms.scratch / "queue")
    most = max(seconds for seconds, _ in noticed.values())
    return Group(
        said="engines that die behind a /health of 200, and pages that they die of",
        cases=tuple(cases),
        figures=(
            Figure(name="until a dead engine is noticed, at most", value=most, unit="s",
                   goal="<= 10", held=most <= NOTICED),
        ),
    )  # fmt: skip


ORDERS: Final = ("dead", "silent")
"""Requests fail at once, or nothing comes of them; ``/health`` and ``/metrics`` are as before."""


async def _noticed(folder: Path, order: str) -> tuple[float, bool]:
    """Seconds until the keeper has noticed, and whether the server is back by itself."""
    folder.mkdir()
    kept = Kept(folder)
    limits = replace(LIMITS, first=0.02, longest=0.05, linger=1)  # all but the pauses are real
    async with kept.running(limits=limits, device=CARD) as supervisor:
        await asyncio.sleep(0.5)
        began = time.monotonic()
        kept.order(**{order: True})
        while not supervisor.server.restarts and time.monotonic() - began < 60:
            await asyncio.sleep(0.02)
        seconds = time.monotonic() - began
        kept.order()
        while not supervisor.served.is_set() and time.monotonic() - began < 90:
            await asyncio.sleep(0.02)
        return seconds, supervisor.served.is_set()


class Mortal(FaultServer):  # type: ignore[misc]
    """Ends when it is asked about what it cannot bear, and is there again a moment later."""

    deaths = 0

    async def _act(self, reader: Any, writer: Any, body: Any, name: str) -> None:
        if f"{POISON} o'clock" not in str(body["messages"]):
            await super()._act(reader, writer, body, name)
            return
        self.deaths += 1
        self._server.close()
        for one in list(self.connections):
            one.transport.abort()
        asyncio.get_running_loop().call_later(0.8, lambda: asyncio.ensure_future(self.revive()))

    async def revive(self) -> None:
        """Listen again."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)


def _set_aside(folder: Path) -> list[Case]:
    """The page is quarantined, the others are done, and the engine lives on."""
    folder.mkdir()
    rules = Rules(deaths=DEATHS, backoff=0.1, longest=0.3)
    queue = Queue(open_database(folder / "rolecall.db", {}), rules=rules)
    with _loop() as do:
        server = do(Mortal(answer=lambda body: ANSWER).__aenter__())
        table = {"kind": "openai", "url": server.url, "model": "tiny", "concurrency": 4}
        table |= {"tries": 2, "forms": ["text"]}
        settings = Settings(engines={"e": table}, cache=False)
        pages = tuple(
            NewTask(source=f"p{n}", body=PAGE.replace("four", f"{n} o'clock").encode())
            for n in range(PAGES)
        )
        tasks = queue.inbox.submit(Submission(submitter="test", tasks=pages)).tasks
        worker = Worker(queue, settings, {"HOME": str(folder)}, Crewed(processes=1))
        worker.start()
        end = time.monotonic() + 240
        while time.monotonic() < end and _under_way(queue):
            time.sleep(0.1)
        worker.stop(grace=0.0)
        do(server.__aexit__())
    counts = queue.view.counts()
    reason = (queue.view.record(tasks[POISON]) or {}).get("reason") or {}
    task = queue.view.task(tasks[POISON])
    state = task.state if task is not None else "gone"
    queue.store.close()
    return [
        Case(name="poison/set_aside",
             found=Class.RIGHT if (state, reason.get("code")) == ("quarantined", "poison")
             else Class.WRONG, note=f"{state}: {json.dumps(reason)}"[:200]),
        Case(name="poison/others", found=Class.RIGHT if counts["done"] == PAGES - 1 else Class.LOST,
             note=f"{counts['done']} of {PAGES - 1} done"),
        Case(name="poison/deaths",
             found=Class.RIGHT if server.deaths <= DEATHS + 1 else Class.SHORT, note=f"{server.deaths} deaths"),
    ]  # fmt: skip


def _under_way(queue: Queue) -> bool:
    counts = queue.view.counts()
    return bool(counts["done"] + counts["quarantined"] < PAGES)


@contextmanager
def _loop() -> Iterator[Any]:
    """An event loop in a thread of its own; gives what carries a step out there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield lambda step: asyncio.run_coroutine_threadsafe(step, loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
