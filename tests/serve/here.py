"""A real server in a thread, over real sockets and a real database."""

import asyncio
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from rolecall.ledger.database import Database, usual_place
from rolecall.pipeline import extract_record, prepare
from rolecall.queue.queue import Queue
from rolecall.schema.schema import Schema
from rolecall.serve.app import make_app
from rolecall.serve.run import Serving, bind
from rolecall.serve.start import state_for
from rolecall.serve.state import State
from rolecall.serve.tokens import add_token
from rolecall.settings import Settings

EXAMPLES = Path(__file__).parents[2] / "examples"
HTML = "<h1>Nurse</h1><p>Leeds. Apply now.</p>"
POSTING = min(EXAMPLES.glob("01*.html")).read_text(encoding="utf-8")
JSON = {"Content-Type": "application/json"}


class Near:
    """Extracts in the server's own process: for tests of what is around it."""

    async def extract(self, source, schema):
        def one():
            settings = Settings(engine="none")
            wanted = Schema.from_json(schema) if schema is not None else None
            return extract_record(source, 0, prepare(settings, schema=wanted))

        return await asyncio.to_thread(one)

    def wake(self):
        """Nothing waits."""

    def trouble(self):
        return None


@dataclass
class Here:
    """A server that runs: its address, its parts, and a client."""

    url: str
    state: State
    app: object
    loop: asyncio.AbstractEventLoop | None = None
    clients: list = field(default_factory=list)

    def client(self, token: str | None = None, **more) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= more.pop("headers", {})
        one = httpx2.Client(
            base_url=self.url, headers=headers, timeout=30, trust_env=False, verify=False, **more
        )
        self.clients.append(one)
        return one

    def token(self, name: str, scopes: str, expires: int | None = None) -> str:
        found = frozenset(scopes.split(",")) if scopes else frozenset()
        text = add_token(self.state.queue.store, name, found, expires)[1]
        self.state.entry.forget()
        return text

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@contextmanager
def serving(folder: Path, *, host="127.0.0.1", rules=None, extractor=None, **told):
    """A server whose settings say that it is bound to ``host``; it is reached on this machine."""
    settings = Settings(
        data_folder=str(folder), engine="none", serve_host=host, serve_grace_seconds=2.0, **told
    )
    store = Database(usual_place(settings.data_folder, {}), busy_seconds=0.3)
    state = state_for(Queue(store, rules=rules), settings, {}, extractor or Near())
    bound = bind("127.0.0.1", 0)
    app = make_app(state)
    here = Here(f"http://127.0.0.1:{bound.getsockname()[1]}", state, app)
    one = Serving(app, state, bound)
    up = threading.Event()

    async def main():
        here.loop = asyncio.get_running_loop()

        async def started():
            up.set()

        await one.run(started)

    thread = threading.Thread(target=asyncio.run, args=(main(),), daemon=True)
    thread.start()
    assert up.wait(20)
    try:
        yield here
    finally:
        for client in here.clients:
            client.close()
        here.loop.call_soon_threadsafe(one.stop)
        thread.join(20)
        store.close()
        assert not thread.is_alive()


def wait_for(condition, seconds=20.0):
    """Wait until it holds; gives what it gave."""
    until = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.02)
    return found
