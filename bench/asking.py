"""What asking costs on our side, on the replay engine: CPU per call, routing, counting, grammars.

asking.py [PAGES]   prints a table; generated pages, or the annotated ones where they are there

``make bench-asking``. CPU per call is what a page costs beyond reading and settling it without
engines: routing, the prompt, its tokens and grammar, the answer read, and settling anew.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from llguidance import LLMatcher, LLTokenizer

import pages
from rolecall.ask.compose import Voice
from rolecall.ask.grammar import grammar
from rolecall.ask.questions import POSTING
from rolecall.ask.render import sheet_of
from rolecall.ask.tokens import qwen
from rolecall.core import Completion, EngineInfo, Page, Prompt, Source
from rolecall.drive.connect import connected
from rolecall.engines.replay import ReplayEngine
from rolecall.ladder import Heard
from rolecall.pipeline import Stages, hear_page, prepare
from rolecall.route import Policy, route
from rolecall.settings import Settings

INFO = EngineInfo(
    name="small", kind="replay", model="m", window=32_768, local=True, forms=("grounded",),
    concurrency=16,
)  # fmt: skip
ANSWER = '{"benefits":[[9,12]],"responsibilities":[[3,6]]}'
LONG_TOKENS = 50_000


def main() -> None:
    """Measure everything and print it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    pipeline = prepare()
    heard = [hear_page(source, pipeline, Stages()) for source in sources(count)]
    gc.freeze()  # that all these pages are held is the bench's own doing
    figures: dict[str, Any] = {"pages": len(heard)}
    figures |= calls(heard, pipeline.rules)
    figures |= routing(heard)
    figures |= counting()
    figures["grammar_5000_ms"] = per(lambda: grammar(QUESTIONS, text=TEXT[:5_000]), 50)
    figures["grammar_5000_server_ms"] = per(lambda: compiled(TEXT[:5_000]), 20)
    figures["grammar_30000_server_ms"] = per(lambda: compiled(TEXT[:30_000]), 10)
    for name, value in figures.items():
        print(f"{name:32}{value:>10.3f}" if isinstance(value, float) else f"{name:32}{value:>10}")
    pages_file = pages.ROOT / "build" / "bench-asking.json"
    pages_file.parent.mkdir(exist_ok=True)
    pages_file.write_text(json.dumps(figures, indent=1) + "\n")


QUESTIONS = tuple(POSTING.values())
VOCABULARY = LLTokenizer("byte")
TEXT = "You keep the lighthouse lamp burning, and the log in order, on 3 nights a week. " * 4_000


def sources(count: int) -> list[Source]:
    """Annotated pages where they are there, else generated ones."""
    paths, _ = pages.measured()
    if paths:
        bodies = [path.read_bytes() for path in itertools.islice(paths, count)]
    else:
        bodies = list(pages.generated(count))
    return [Source(body=body, media_type="text/html") for body in bodies]


class Timed(ReplayEngine):
    """Answers one call at a time after ``seconds``, and notes how long it was idle in between."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(lambda prompt: ANSWER, info=INFO)
        self.seconds = seconds
        self.free_since = 0.0
        self.gaps: list[float] = []
        self._turn = asyncio.Lock()

    async def complete(self, prompt: Prompt) -> Completion:
        """The same answer always."""
        async with self._turn:
            self.gaps.append(time.perf_counter() - self.free_since)
            if self.seconds:
                await asyncio.sleep(self.seconds)
            answer = await super().complete(prompt)
            self.free_since = time.perf_counter()
            return answer


def calls(heard: Sequence[tuple[Page, Heard]], rules: Any) -> dict[str, float]:
    """CPU of a page with and without an engine, and how long an engine is idle between two calls.

    For the second, an engine takes one call at a time, as several pages are under way.
    """
    settings = Settings(cache=False, ask_null_below=1.0)
    engine = Timed()

    async def run(given: dict[str, Any], at_once: int = 1) -> float:
        async with connected(settings, {}, given=given) as engines:
            room = asyncio.Semaphore(at_once)

            async def one_page(page: Page, one: Heard) -> None:
                async with room:
                    await engines.extract(page, one, rules)

            start = time.process_time()
            await asyncio.gather(*(one_page(page, one) for page, one in heard))
            return time.process_time() - start

    asyncio.run(run({"small": engine}))  # everything that loads late is loaded
    engine.gaps.clear()
    spent = asyncio.run(run({"small": engine}))
    asked = len(engine.gaps)
    bare = asyncio.run(run({}))
    busy = Timed(seconds=0.02)
    asyncio.run(run({"small": busy}, at_once=4))
    gaps = sorted(busy.gaps[1:])
    return {
        "calls": asked,
        "cpu_ms_per_call": 1000 * (spent - bare) / max(1, asked),
        "gap_ms_median": 1000 * statistics.median(gaps),
        "gap_ms_p99": 1000 * gaps[int(len(gaps) * 0.99) - 1],
    }


def routing(heard: Sequence[tuple[Page, Heard]]) -> dict[str, float]:
    """Choosing the engine, the size of the page included."""
    voice = Voice(info=INFO, tokens=qwen(), form="grounded", most=8_192)
    times, sized = [], []
    for page, _ in heard:
        start = time.perf_counter()
        over = voice.over(sheet_of(page), QUESTIONS, 8_192)
        middle = time.perf_counter()
        route((INFO,), Policy(), over=over)
        times.append(time.perf_counter() - middle)
        sized.append(middle - start)
    return {
        "routing_ms_p99": 1000 * sorted(times)[int(len(times) * 0.99) - 1],
        "length_ms_median": 1000 * statistics.median(sized),
    }


def counting() -> dict[str, float]:
    """Whether a document of 50,000 tokens is over the threshold, and counting it to the end."""
    tokens = qwen()
    size = len(TEXT)
    while tokens.count(TEXT[:size]) > LONG_TOKENS:
        size = size * 9 // 10
    text, fresh = TEXT[:size], itertools.count()
    return {
        "over_50k_ms": per(lambda: tokens.over(text, 8_192), 20),
        "count_50k_ms": per(lambda: tokens.count(text + str(next(fresh))), 20),
    }


def compiled(text: str) -> None:
    """What a server does with a page's grammar before the first token, by llguidance itself."""
    LLMatcher(VOCABULARY, grammar(QUESTIONS, text=text))


def per(step: Callable[[], Any], rounds: int) -> float:
    """Median milliseconds of ``step``."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


if __name__ == "__main__":
    main()
