"""Our engine beside a bare loop of requests, at a real vLLM: ``make bench-vllm``.

Both send the same bodies, 16 at once, in turns at one server, so that other load on the machine
hits both. Then the two grounded forms side by side: a grammar per page, in which a quote can only
be copied from the page, and one grammar for all pages, with quotes looked up afterwards. The
model's weights are random: its answers differ in length by form, so these are compared by answers
of one token (what a grammar costs before the first token) and by tokens per second (what it costs
at each). ``BENCH_ROUNDS`` (3) changes how long it takes. Prints a table and writes
``build/bench-vllm.json``.
"""

from __future__ import annotations

import asyncio
import json
import mimetypes
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import httpx2

from pages import ROOT
from rolecall import Source, clean
from rolecall.ask.compose import Voice
from rolecall.ask.questions import POSTING
from rolecall.ask.render import sheet_of
from rolecall.ask.tokens import qwen
from rolecall.core import Form, Prompt
from rolecall.engines.connect import connect
from rolecall.engines.protocol import Engine
from rolecall.engines.settings import read_engine
from rolecall.engines.vendors import request, vendor

AT_ONCE = 16
PAGES = 24
ANSWER = 16  # tokens: enough to see the cost of each, few enough for two cores
URL = "TEST_VLLM_URL"


def prompts(engine: Engine, form: Form, most: int) -> list[Prompt]:
    """All fields asked of our example pages, the answers cut to ``most`` tokens."""
    voice = Voice(info=engine.info, tokens=qwen(), form=form, most=8_192)
    found: list[Prompt] = []
    for folder in ("examples", "tests/samples"):
        for path in sorted((ROOT / folder).rglob("*")):
            media_type = mimetypes.guess_type(path.name)[0]
            if path.suffix not in (".html", ".md", ".txt"):
                continue
            page = clean(Source(body=path.read_bytes(), media_type=media_type))
            if sheet_of(page).lines:
                asked = voice.compose(page, tuple(POSTING.values())).asked
                found += [replace(one.prompt, max_tokens=most) for one in asked]
    return found[:PAGES]


async def rate(send: Callable[[Any], Awaitable[int]], todo: Sequence[Any]) -> tuple[float, float]:
    """Requests and tokens of answers per second, ``AT_ONCE`` at a time."""
    left = iter(todo)
    tokens = 0

    async def work() -> None:
        nonlocal tokens
        for one in left:
            got = await send(one)
            tokens += got  # not in one: others add to it meanwhile

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    seconds = time.perf_counter() - start
    return len(todo) / seconds, tokens / seconds


async def beside_bare(engine: Engine, url: str, rounds: int) -> dict[str, Any]:
    """Our engine and a bare loop; in a round each goes twice, once before the other."""
    todo = prompts(engine, "grounded", ANSWER)
    row = vendor("vllm")

    async def ours(prompt: Prompt) -> int:
        return (await engine.complete(prompt)).usage.output_tokens

    limits = httpx2.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
    async with httpx2.AsyncClient(timeout=600, limits=limits, trust_env=False) as client:

        async def bare(prompt: Prompt) -> int:
            body = request(row, engine.info.model, prompt)
            reply = await client.post(f"{url}/v1/chat/completions", json=body)
            reply.raise_for_status()
            tokens: int = reply.json()["usage"]["completion_tokens"]
            return tokens

        await rate(bare, todo)  # fills the prefix cache, for both
        seconds: dict[str, list[float]] = {"ours": [], "bare": []}
        sides = {"ours": ours, "bare": bare}
        for _ in range(rounds):
            spent = {"ours": 0.0, "bare": 0.0}
            for name in ("ours", "bare", "bare", "ours"):
                spent[name] += len(todo) / (await rate(sides[name], todo))[0]
            for name, value in spent.items():
                seconds[name].append(value)
    ratios = [bare / ours for ours, bare in zip(seconds["ours"], seconds["bare"], strict=True)]
    sent = 2 * rounds * len(todo)
    return {
        "requests": sent,
        "ours_per_s": sent / sum(seconds["ours"]),
        "bare_per_s": sent / sum(seconds["bare"]),
        "ratio": sum(seconds["bare"]) / sum(seconds["ours"]),
        "ratios": ratios,
    }


async def both_forms(engine: Engine, rounds: int) -> dict[str, Any]:
    """The two forms in turns: requests/s of one token each, tokens/s of longer answers."""
    figures: dict[str, list[float]] = {}
    forms: tuple[Form, ...] = ("grounded", "grammar")
    for most in (1, ANSWER):
        asked = {form: prompts(engine, form, most) for form in forms}

        async def send(prompt: Prompt) -> int:
            return (await engine.complete(prompt)).usage.output_tokens

        for number in range(rounds + 1):
            for form in forms if number % 2 else forms[::-1]:
                requests, tokens = await rate(send, asked[form])
                if number:  # the first round fills the prefix cache
                    key = f"{form}_first_per_s" if most == 1 else f"{form}_tokens_per_s"
                    figures.setdefault(key, []).append(requests if most == 1 else tokens)
    return {key: statistics.median(values) for key, values in figures.items()}


async def main(url: str, rounds: int) -> None:
    """Measure, print and write down."""
    table = {"kind": "vllm", "url": f"{url}/v1", "concurrency": AT_ONCE, "call_seconds": 600}
    async with connect(read_engine("bench", table), {}) as engine:
        found: dict[str, Any] = {
            "rounds": rounds,
            "at_once": AT_ONCE,
            "beside_bare": await beside_bare(engine, url, rounds),
            "forms": await both_forms(engine, rounds),
        }
    (ROOT / "build" / "bench-vllm.json").write_text(json.dumps(found, indent=2) + "\n")
    one, two = found["beside_bare"], found["forms"]
    print(f"{one['requests']} requests each, {AT_ONCE} at once, in {rounds} rounds")
    print(f"  our engine       {one['ours_per_s']:6.2f} requests/s")
    print(f"  bare loop        {one['bare_per_s']:6.2f} requests/s")
    spread = f"{min(one['ratios']):.2f} to {max(one['ratios']):.2f}"
    print(f"  ratio            {one['ratio']:6.2f} ({spread}), goal 0.90")
    print("                     grammar per page   one grammar")
    for key, what in (("first_per_s", "first tokens/s"), ("tokens_per_s", "tokens/s")):
        print(f"  {what:16} {two[f'grounded_{key}']:16.1f} {two[f'grammar_{key}']:13.1f}")


if __name__ == "__main__":
    if URL not in os.environ:
        sys.exit(f"{URL} is not set: run `make bench-vllm`")
    asyncio.run(main(os.environ[URL], int(os.environ.get("BENCH_ROUNDS", "3"))))
