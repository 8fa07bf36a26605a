"""Servers that take each other's place while calls are made: none is lost."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from rolecall.core import Prompt
from rolecall.engines import vllm
from rolecall.engines.connect import connect
from rolecall.engines.follow import LONGEST_AWAIT
from rolecall.engines.protocol import EngineSettings, FollowingEngine
from rolecall.errors import EngineError, SettingsError

from .clocks import Times
from .servers import FORMS, ModelServer, Written, until

PROMPT = Prompt(messages=(("user", "A nurse is wanted."),))


@pytest.fixture
def written(tmp_path):
    return Written(tmp_path)


def following(written, **more):
    told = {"name": "gpu", "kind": "vllm", "running": "gpu", "call_seconds": 20.0} | more
    return connect(EngineSettings(**told), written.environ)


async def stopped(server):
    """The server is gone at once, with whatever it was about to answer."""
    await server.__aexit__()


def test_it_follows_and_the_old_server_finishes_what_it_has(written):
    async def run():
        async with ModelServer("a") as old, ModelServer("b") as new:
            written.say(old)
            async with following(written) as engine:
                assert isinstance(engine, FollowingEngine)
                assert (await engine.complete(PROMPT)).model == "a"
                old.gate.clear()
                slow = asyncio.ensure_future(engine.complete(PROMPT))
                await until(lambda: old.now == 1)
                written.say(new)
                await until_model(engine, "b")
                assert (engine.info.model, engine.moves) == ("b", 1)
                assert (await engine.complete(PROMPT)).model == "b"
                old.gate.set()
                late = await slow
                assert (late.model, late.failed) == ("a", ())
                assert len(old.chats) == len(FORMS) + 2
                await until(lambda: not old.open)  # nothing holds it any more

    asyncio.run(run())


async def until_model(engine, model):
    async with asyncio.timeout(10):
        while (await engine.now()).model != model:
            await asyncio.sleep(0.001)


def test_many_swaps_under_load_lose_no_call(written):
    swaps, at_once = 12, 8

    async def run():
        done = Counter()
        over = False
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(ModelServer("m0"))
            written.say(first)
            engine = await stack.enter_async_context(following(written))

            async def ask():
                while not over:
                    answer = await engine.complete(PROMPT)
                    done[answer.model] += 1

            async def swap():
                nonlocal over
                old = first
                for number in range(1, swaps + 1):
                    new = await stack.enter_async_context(ModelServer(f"m{number}"))
                    written.say(new)
                    if number % 3 == 0:
                        old.draining = True  # refuses what is new, at once
                    if number % 3 == 1:
                        await stopped(old)  # or is killed, with calls in flight
                    if number % 5:  # else the next one comes before this one is met
                        await until(lambda model=new.model: done[model] > at_once)
                    old = new
                over = True

            await asyncio.gather(swap(), *(ask() for _ in range(at_once)))
            assert swaps // 2 <= engine.moves <= swaps
        assert len(done) > swaps // 2

    asyncio.run(run())


def test_a_call_that_servers_die_of_is_not_made_at_a_third_one(written):
    async def run():
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(ModelServer(f"m{n}")) for n in range(3)]
            written.say(servers[0])
            engine = await stack.enter_async_context(following(written))
            servers[0].gate.clear()
            call = asyncio.ensure_future(engine.complete(PROMPT))
            for old, new in pairwise(servers):
                await until(lambda old=old: old.now == 1)
                new.holds_after = len(FORMS)  # it holds back what it is asked after its proofs
                written.say(new)
                await stopped(old)
            with pytest.raises(EngineError, match="servers ended") as caught:
                await call
            assert (caught.value.code, caught.value.retryable) == ("poison", False)
            assert [one.result for one in caught.value.failed].count("disconnected") == 2
            servers[2].holds_after = 0
            servers[2].gate.set()
            assert (await engine.complete(PROMPT)).model == "m2"

    asyncio.run(run())


def test_a_call_that_is_refused_says_what_was_tried_where(written):
    async def run():
        async with ModelServer("b") as new:
            async with ModelServer("a") as old:
                written.say(old)
                context = following(written)
                engine = await context.__aenter__()
                old.gate.clear()
                slow = asyncio.ensure_future(engine.complete(PROMPT))
                await until(lambda: old.now == 1)
                written.say(new)
            answer = await slow  # the old one was killed with the call in it
            assert answer.model == "b"
            assert [(one.model, one.result) for one in answer.failed] == [("a", "disconnected")]
            assert await engine.count_tokens(PROMPT) == 18
            await context.__aexit__(None, None, None)

    asyncio.run(run())


@pytest.mark.parametrize("way", ["same_port", "other_port"])
def test_calls_wait_for_a_server_that_is_expected(written, way):
    async def run():
        async with ModelServer("a") as old:
            written.say(old)
            context = following(written)
            engine = await context.__aenter__()
            assert (await engine.complete(PROMPT)).model == "a"
            written.say(old, awaited_until=4e9)
            waiting = [asyncio.ensure_future(engine.complete(PROMPT)) for _ in range(8)]
            await asyncio.sleep(0)
        new = ModelServer("b")
        new.port = old.port if way == "same_port" else 0
        async with new:
            assert not any(one.done() for one in waiting)
            written.say(new)
            answers = await asyncio.gather(*waiting)
            assert {(one.model, one.failed) for one in answers} == {("b", ())}
            assert len(old.chats) == len(FORMS) + 1
            await context.__aexit__(None, None, None)

    asyncio.run(run())


def test_a_server_that_comes_back_at_its_place_is_waited_for(written):
    async def run():
        async with ModelServer("a") as server:
            written.say(server)
            context = following(written)
            engine = await context.__aenter__()
            server.gate.clear()
            cut = asyncio.ensure_future(engine.complete(PROMPT))
            await until(lambda: server.now == 1)
            written.say(server, awaited_until=4e9)
        again = ModelServer("a")
        again.port = server.port
        async with again:
            written.say(again)
            answer = await cut
            assert [one.result for one in answer.failed] == ["disconnected"]
            assert engine.moves == 0
            await context.__aexit__(None, None, None)

    asyncio.run(run())


def test_waiting_has_an_end(written):
    async def run():
        async with ModelServer("a") as server:
            written.say(server)
            context = following(written)
            engine = await context.__aenter__()
        written.say(server, awaited_until=1.0)
        with pytest.raises(EngineError, match="no connection"):
            await engine.complete(PROMPT)
        await context.__aexit__(None, None, None)

    asyncio.run(run())


def test_even_a_server_that_is_awaited_for_ever_is_given_up(written):
    times = Times()

    async def run():
        async with ModelServer("a") as server:
            written.say(server)
            settings = EngineSettings(name="gpu", kind="vllm", running="gpu")
            async with vllm.connect(settings, written.environ, clock=times.clock) as engine:
                written.say(server, awaited_until=9e9)
                assert (await engine.complete(PROMPT)).model == "a"  # asked after all
                assert times.passed >= LONGEST_AWAIT

    asyncio.run(run())


def test_connecting_waits_too(written):
    async def run():
        async with ModelServer("a") as server:
            written.say(server, awaited_until=4e9)
            opening = asyncio.ensure_future(following(written).__aenter__())
            await asyncio.sleep(0)
            assert not server.chats
            written.say(server)
            engine = await opening
            assert engine.info.model == "a"
            await engine.close()

    asyncio.run(run())


def test_a_new_server_that_cannot_be_used_leaves_the_old_one(written):
    async def run():
        async with ModelServer("a") as old, ModelServer("b") as new:
            written.say(old)
            async with following(written) as engine:
                new.draining = True
                written.say(new)
                answers = [await engine.complete(PROMPT) for _ in range(3)]
                assert {one.model for one in answers} == {"a"}
                written.raw("{")
                assert (await engine.complete(PROMPT)).model == "a"
                written.raw("{}")
                assert (await engine.complete(PROMPT)).model == "a"
                new.draining = False
                written.say(new)
                await until_model(engine, "b")

    asyncio.run(run())


def test_pages_never_follow_to_another_machine(written):
    async def run():
        async with ModelServer("a") as old, ModelServer("b") as new:
            written.say(old)
            async with following(written, local=True) as engine:
                written.say(new, local=False)
                await engine.now()
                await until(lambda: new.chats)
                await until(lambda: not new.open)
                assert (await engine.complete(PROMPT)).model == "a"

    asyncio.run(run())


def test_a_form_that_the_new_server_lacks_is_not_sent_there(written):
    async def run():
        async with ModelServer("a") as old, ModelServer("b", enforces=()) as new:
            written.say(old)
            async with following(written) as engine:
                written.say(new)
                await until_model(engine, "b")
                before = len(new.chats)
                held = Prompt(messages=PROMPT.messages, form="grounded", grammar="start: X")
                with pytest.raises(EngineError, match="form grounded"):
                    await engine.complete(held)
                assert len(new.chats) == before

    asyncio.run(run())


def test_a_model_that_the_user_wrote_stays(written):
    async def run():
        async with ModelServer("a") as old, ModelServer("b") as new:
            written.say(old)
            async with following(written, running="", model="a") as engine:
                written.say(new)
                await stopped(old)
                with pytest.raises(EngineError, match="404"):
                    await engine.complete(PROMPT)

    asyncio.run(run())


def test_a_server_that_was_never_written_down_is_named(written):
    async def run():
        async with following(written, running="big"):
            pass

    with pytest.raises(SettingsError, match="big"):
        asyncio.run(run())


def test_what_a_cancelled_call_held_is_let_go(written):
    async def run():
        async with ModelServer("a") as old, ModelServer("b") as new:
            written.say(old)
            async with following(written) as engine:
                old.gate.clear()
                slow = asyncio.ensure_future(engine.complete(PROMPT))
                await until(lambda: old.now == 1)
                written.say(new)
                await until_model(engine, "b")
                slow.cancel()
                old.gate.set()
                await until(lambda: not old.open)

    asyncio.run(run())


def test_a_key_that_was_written_anew_is_read_anew(written, tmp_path):
    async def run():
        async with ModelServer("a") as server:
            key = tmp_path / "key"
            for value in ("first", "second"):
                key.with_suffix(".new").write_text(value)
                key.with_suffix(".new").replace(key)
                written.say(server, key_file=str(key))
                if value == "first":
                    context = following(written)
                    engine = await context.__aenter__()
            await engine.complete(PROMPT)
            await until(lambda: engine.moves == 1)
            await engine.complete(PROMPT)
            assert server.keys == {"bearer first", "bearer second"}
            await context.__aexit__(None, None, None)

    asyncio.run(run())


def test_calls_that_wait_for_a_slot_at_the_old_server_go_to_the_new_one(written):
    async def run():
        async with ModelServer("a") as old, ModelServer("b") as new:
            written.say(old)
            async with following(written, concurrency=2) as engine:
                old.gate.clear()
                stuck = [asyncio.ensure_future(engine.complete(PROMPT)) for _ in range(6)]
                await until(lambda: old.now == 2)
                cancelled = stuck.pop()
                written.say(new)
                await until_model(engine, "b")
                cancelled.cancel()
                answers = [await one for one in stuck[2:]]
                assert [one.model for one in answers] == ["b"] * 3
                assert all(one.failed == () for one in answers)
                old.gate.set()
                assert [(await one).model for one in stuck[:2]] == ["a", "a"]

    asyncio.run(run())
