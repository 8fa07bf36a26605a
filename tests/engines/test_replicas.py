"""Several addresses of one model: the least busy is asked, a dead one costs only its own tries."""

import asyncio
from contextlib import AsyncExitStack

from rolecall.core import Prompt
from rolecall.engines import openai
from rolecall.engines.protocol import EngineSettings
from rolecall.engines.wire import FIRST_REST, LONGEST_REST, OPENS_AFTER, Replicas

from .clocks import Times
from .faults import OK_TEXT, FaultServer

PROMPT = Prompt(messages=(("user", "A nurse is wanted."),))


def picks(replicas, now, count):
    return [replicas.pick(now).url for _ in range(count)]


def test_idle_replicas_take_turns():
    assert sorted(picks(Replicas(["a", "b", "c"]), 0.0, 6)) == ["a", "a", "b", "b", "c", "c"]


def test_the_least_busy_replica_is_asked():
    replicas = Replicas(["a", "b", "c"])
    replicas.all[0].in_flight, replicas.all[2].in_flight = 2, 1
    assert set(picks(replicas, 0.0, 5)) == {"b"}


def test_who_has_just_failed_is_asked_only_if_alone():
    replicas = Replicas(["a", "b"])
    assert {replicas.pick(0.0, replicas.all[0]).url for _ in range(4)} == {"b"}
    alone = Replicas(["a"])
    assert alone.pick(0.0, alone.all[0]).url == "a"


def test_a_circuit_opens_after_failures_and_lets_one_probe_through():
    replicas = Replicas(["a", "b"])
    dead = replicas.all[0]
    for _ in range(OPENS_AFTER - 1):
        dead.failed(0.0)
    assert "a" in picks(replicas, 0.0, 4)
    dead.failed(0.0)
    assert set(picks(replicas, FIRST_REST - 0.01, 6)) == {"b"}
    assert "a" in picks(replicas, FIRST_REST, 4)
    dead.in_flight = 1
    assert set(picks(replicas, FIRST_REST, 6)) == {"b"}
    dead.in_flight = 0
    dead.failed(FIRST_REST)
    assert set(picks(replicas, 3 * FIRST_REST - 0.01, 6)) == {"b"}
    dead.answered()
    assert "a" in picks(replicas, 3 * FIRST_REST - 0.01, 4)


def test_a_rest_has_an_end():
    replicas = Replicas(["a", "b"])
    for _ in range(200):
        replicas.all[0].failed(0.0)
    assert "a" in picks(replicas, LONGEST_REST, 4)


def test_a_circuit_steers_calls_and_refuses_none():
    replicas = Replicas(["a", "b"])
    for one, times in zip(replicas.all, (5, 3), strict=True):
        for _ in range(times):
            one.failed(0.0)
    assert replicas.pick(0.0).url == "b"


def test_who_asks_for_a_rest_gets_it_while_others_work():
    replicas = Replicas(["a", "b"])
    replicas.all[0].held_until = 9.0
    assert set(picks(replicas, 8.9, 4)) == {"b"}
    assert "a" in picks(replicas, 9.0, 4)
    replicas.all[1].held_until = 20.0
    assert set(picks(replicas, 8.9, 4)) == {"a"}


def run(scripts, calls, **changes):
    """(answers, servers) of many calls on one server per script."""

    async def inside():
        async with AsyncExitStack() as stack:
            servers = [await stack.enter_async_context(FaultServer()) for _ in scripts]
            told = {"name": "one", "forms": ("text",), "concurrency": 6, "call_seconds": 1e9}
            told |= {"urls": tuple(one.url for one in servers)} | changes
            settings = EngineSettings(**told)
            context = openai.connect(settings, {}, clock=Times().clock)
            engine = await stack.enter_async_context(context)
            for server, script in zip(servers, scripts, strict=True):
                server.script, server.chats = script, []
                if script is None:
                    server.script = []
                    await server.__aexit__()
            answers = await asyncio.gather(*(engine.complete(PROMPT) for _ in range(calls)))
            return answers, servers

    return asyncio.run(inside())


def test_calls_are_shared():
    answers, servers = run([[], [], []], 60)
    assert {one.text for one in answers} == {OK_TEXT}
    assert min(len(one.chats) for one in servers) >= 12


def test_a_dead_replica_costs_nothing_but_its_own_tries():
    answers, _servers = run([None, []], 60)
    assert {one.text for one in answers} == {OK_TEXT}
    failed = [result for one in answers for result in one.failed]
    assert {one.result for one in failed} <= {"connection"}
    # Six calls are open at a time; after three failures the dead one rests.
    assert len(failed) <= OPENS_AFTER + 6 + 1
    assert all(len(one.failed) <= 1 for one in answers)


def test_a_busy_replica_is_left_alone_and_the_other_works():
    answers, servers = run([["429_after_9999"] * 99, []], 40)
    assert {one.text for one in answers} == {OK_TEXT}
    assert len(servers[0].chats) <= 6
