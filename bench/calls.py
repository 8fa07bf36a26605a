"""What one call of an engine costs in CPU time, beside other ways of making it.

calls.py [COUNT]    prints milliseconds per call as JSON; the server is another process
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import orjson

from rolecall.core import Prompt
from rolecall.engines import openai
from rolecall.engines.protocol import EngineSettings

AT_ONCE = 16
PROMPT = Prompt(
    messages=(("system", "You read postings. " * 80), ("user", "We look for a nurse. " * 200)),
    max_tokens=500,
)
BODY: dict[str, Any] = {
    "model": "tiny",
    "messages": [{"role": role, "content": text} for role, text in PROMPT.messages],
    "temperature": 0,
    "seed": 7,
    "n": 1,
    "max_tokens": 500,
}
MESSAGE = {"role": "assistant", "content": '{"title":"Nurse","company":"Acme"}' * 4}
ANSWER = {
    "model": "tiny",
    "choices": [{"index": 0, "finish_reason": "stop", "message": MESSAGE}],
    "usage": {"prompt_tokens": 1200, "completion_tokens": 90, "total_tokens": 1290},
}
Call = Callable[[], Awaitable[Any]]


@asynccontextmanager
async def ours(url: str) -> AsyncIterator[Call]:
    """The engine itself."""
    settings = EngineSettings(
        name="one", urls=(url,), model="tiny", forms=("text",), concurrency=AT_ONCE
    )
    async with openai.connect(settings, {}) as engine:
        yield lambda: engine.complete(PROMPT)


@asynccontextmanager
async def with_httpx2(url: str) -> AsyncIterator[Call]:
    """The client of httpx2, streaming the body."""
    import httpx2

    async with httpx2.AsyncClient(trust_env=False) as client:

        async def call() -> Any:
            body, headers = orjson.dumps(BODY), {"content-type": "application/json"}
            path = f"{url}/chat/completions"
            async with client.stream("POST", path, content=body, headers=headers) as reply:
                return orjson.loads(b"".join([part async for part in reply.aiter_bytes()]))

        yield call


@asynccontextmanager
async def with_openai(url: str) -> AsyncIterator[Call]:
    """The ``openai`` client over httpx2, streaming the body."""
    import httpx2

    made: Any = import_module("openai").AsyncOpenAI
    async with httpx2.AsyncClient(trust_env=False) as http:
        client = made(base_url=url, api_key="none", max_retries=0, http_client=http)

        async def call() -> Any:
            create = client.chat.completions.with_streaming_response.create
            async with create(**BODY) as reply:
                return orjson.loads(b"".join([part async for part in reply.iter_bytes()]))

        yield call


async def cost(way: Callable[[str], Any], url: str, count: int) -> float:
    """Milliseconds of this process's CPU time per call."""
    async with way(url) as call:

        async def some(number: int) -> None:
            for _ in range(number):
                await call()

        await asyncio.gather(*(some(5) for _ in range(AT_ONCE)))
        start = time.process_time()
        await asyncio.gather(*(some(count // AT_ONCE) for _ in range(AT_ONCE)))
        return (time.process_time() - start) / (count // AT_ONCE * AT_ONCE) * 1000


async def serve() -> None:
    """Answer everything with the same completion; says its port first."""
    body = json.dumps(ANSWER).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    reply = head.encode() + b"\r\n\r\n" + body

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                asked = (await reader.readuntil(b"\r\n\r\n")).lower()
                _, _, rest = asked.partition(b"content-length: ")
                await reader.readexactly(int(rest.partition(b"\r")[0] or 0))
                writer.write(reply)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main(count: int) -> None:
    """Measure each way three times and print the least of each."""
    ways = {"ours": ours, "httpx2 client": with_httpx2}
    if find_spec("openai"):
        ways["openai client"] = with_openai
    command = [sys.executable, __file__, "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
        found = {name: [asyncio.run(cost(way, url, count)) for _ in "123"]
                 for name, way in ways.items()}  # fmt: skip
        server.terminate()
    print(json.dumps({name: round(min(costs), 3) for name, costs in found.items()}))


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        asyncio.run(serve())
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 2_000)
