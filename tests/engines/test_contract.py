"""What every engine keeps, whatever stands behind it."""

import asyncio
from contextlib import asynccontextmanager

import orjson
import pytest

from rolecall.core import Completion, EngineInfo, Prompt
from rolecall.engines.connect import connect
from rolecall.engines.protocol import EngineSettings
from rolecall.errors import EngineError

from .faults import OK_TEXT, FaultServer

PROMPT = Prompt(messages=(("system", "Read postings."), ("user", "A nurse is wanted.")))


@asynccontextmanager
async def over_http(tmp_path, kind="openai"):
    async with FaultServer(enforces=["json_schema"]) as server:
        settings = EngineSettings(name="one", kind=kind, urls=(server.url,), concurrency=4)
        async with connect(settings, {"XDG_STATE_HOME": str(tmp_path)}) as engine:
            yield engine


@asynccontextmanager
async def replayed(tmp_path):
    path = tmp_path / "answers.jsonl"
    path.write_bytes(orjson.dumps({"contains": "nurse", "text": OK_TEXT}))
    async with connect(EngineSettings(name="one", kind="replay", path=str(path)), {}) as engine:
        yield engine


@asynccontextmanager
async def on_vllm(tmp_path):
    async with over_http(tmp_path, "vllm") as engine:
        yield engine


@pytest.fixture(params=[over_http, on_vllm, replayed], ids=["openai", "vllm", "replay"])
def use(request, tmp_path):
    """Run an async function of an engine."""

    def run(function):
        async def inside():
            async with request.param(tmp_path) as engine:
                return await function(engine)

        return asyncio.run(inside())

    return run


def test_it_says_what_it_is(use):
    async def look(engine):
        return engine.info

    info = use(look)
    assert isinstance(info, EngineInfo)
    assert info.name == "one"
    assert info.local
    assert info.model
    assert info.concurrency >= 1
    assert info.forms[-1] == "text"


def test_it_answers_and_says_who_did(use):
    async def ask(engine):
        return await engine.complete(PROMPT)

    done = use(ask)
    assert isinstance(done, Completion)
    assert (done.text, done.finish_reason, done.engine) == (OK_TEXT, "stop", "one")
    assert done.model
    assert done.failed == ()
    assert not done.cached


def test_the_same_prompt_gives_the_same_answer(use):
    async def ask(engine):
        return [(await engine.complete(PROMPT)).text for _ in range(3)]

    assert len(set(use(ask))) == 1


def test_many_calls_at_once_are_all_answered(use):
    async def ask(engine):
        return await asyncio.gather(*(engine.complete(PROMPT) for _ in range(40)))

    assert [one.text for one in use(ask)] == [OK_TEXT] * 40


def test_tokens_are_counted_or_unknown(use):
    async def count(engine):
        return await engine.count_tokens(PROMPT)

    found = use(count)
    assert found is None or found > 0


def test_an_error_is_an_engine_error_with_a_remedy(tmp_path):
    async def ask():
        async with FaultServer(["ok"] * 4 + ["401"]) as server:
            settings = EngineSettings(name="one", urls=(server.url,), vendor="vllm")
            async with connect(settings, {}) as engine:
                await engine.complete(PROMPT)
                await engine.complete(PROMPT)

    with pytest.raises(EngineError) as caught:
        asyncio.run(ask())
    assert caught.value.hint
    assert caught.value.failed[-1].result == "http_401"
