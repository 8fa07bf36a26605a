"""What a call makes of everything that servers have done wrong."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from rolecall.core import Prompt, Usage
from rolecall.engines import openai
from rolecall.engines.calls import SHUT_SECONDS
from rolecall.engines.protocol import EngineSettings
from rolecall.engines.retry import MOST_TRIES
from rolecall.errors import EngineError

from .clocks import Times
from .faults import FINAL, KEY, OK_TEXT, TRANSIENT, FaultServer, mixed

PROMPT = Prompt(messages=(("user", "A nurse is wanted."),))
ANSWER_FAULTS = {
    "empty_200": "empty_body",
    "html_200": "wrong_content_type",
    "wrong_type": "wrong_content_type",
    "packed": "wrong_content_type",
    "truncated_json": "invalid_json",
    "nan": "invalid_json",
    "lone_surrogate": "invalid_json",
    "deep": "invalid_json",
    "no_choices": "no_choices",
    "null_content": "empty_answer",
    "empty_content": "empty_answer",
    "not_an_object": "bad_answer",
    "no_model": "bad_answer",
    "odd_finish": "bad_answer",
    "error_in_200": "error_in_answer",
    "huge": "too_large",
    "huge_said": "too_large",
    "204": "empty_body",
}


@asynccontextmanager
async def engine_on(server, times=None, **changes):
    """An engine on ``server`` whose connecting has met no fault and made no record."""
    told = {"name": "one", "urls": (server.url,), "forms": ("text",), "key_env": "KEY"} | changes
    script, server.script = server.script, []
    clock = times.clock if times else None
    async with openai.connect(EngineSettings(**told), {"KEY": KEY}, clock=clock) as engine:
        server.script, server.chats = script, []
        server.asked.clear()
        yield engine


def ask(script, times=None, **changes):
    """(completion or error, the server) of one call on a server with ``script``."""

    async def run():
        server = FaultServer(script)
        async with server, engine_on(server, times or Times(), **changes) as engine:
            try:
                return await engine.complete(PROMPT), server
            except EngineError as error:
                return error, server

    return asyncio.run(run())


@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_passing_fault_costs_one_try(fault):
    done, server = ask([fault])
    assert done.text == OK_TEXT
    assert len(server.chats) == 2
    assert len(done.failed) == 1
    assert done.failed[0].engine == "one"


@pytest.mark.parametrize("fault", FINAL)
def test_what_another_try_cannot_mend_is_not_tried_again(fault):
    error, server = ask([fault] * 9)
    assert isinstance(error, EngineError)
    assert len(server.chats) == 1
    assert not error.retryable
    assert error.hint
    assert len(error.failed) == 1


@pytest.mark.parametrize(("fault", "result"), ANSWER_FAULTS.items())
def test_what_is_no_answer_is_tried_a_few_times(fault, result):
    error, server = ask([fault] * 99, tries=9)
    assert isinstance(error, EngineError)
    assert error.code == "engine_unavailable"
    assert [one.result for one in error.failed] == [result] * MOST_TRIES["answer"]
    assert len(server.chats) == MOST_TRIES["answer"]


@pytest.mark.parametrize(
    ("fault", "result"),
    [("503", "http_503"), ("502_html", "http_502"), ("reset", "disconnected"), ("408", "http_408")],
)
def test_tries_are_counted(fault, result):
    error, server = ask([fault] * 99, tries=5)
    assert [one.result for one in error.failed] == [result] * 5
    assert len(server.chats) == 5
    assert error.code == "engine_unavailable"
    assert error.retryable


def test_a_server_that_is_not_there_is_soon_given_up():
    async def run():
        server, times = FaultServer(), Times()
        async with server, engine_on(server, times) as engine:
            await server.__aexit__()
            with pytest.raises(EngineError) as caught:
                await engine.complete(PROMPT)
            return caught.value, sum(times.slept), server.url

    error, slept, url = asyncio.run(run())
    assert [one.result for one in error.failed] == ["connection"] * MOST_TRIES["connection"]
    assert slept < 10
    assert url in error.hint


def test_delays_double_and_half_of_each_is_chance():
    longest, shortest = Times(chance=1.0), Times(chance=0.0)
    ask(["503"] * 9, longest, tries=7)
    ask(["503"] * 9, shortest, tries=7)
    assert longest.slept == [0.25, 0.5, 1, 2, 4, 8]
    assert shortest.slept == [0.125, 0.25, 0.5, 1, 2, 4]


def test_no_delay_reaches_beyond_the_wall_clock():
    times = Times()
    error, server = ask(["503"] * 99, times, tries=99, call_seconds=10.0)
    assert isinstance(error, EngineError)
    assert sum(times.slept) <= 10
    assert len(server.chats) == 6


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_a_call_ends_in_time(fault):
    began = time.monotonic()
    error, _server = ask([fault] * 9, call_seconds=0.4)
    assert time.monotonic() - began < 5
    assert isinstance(error, EngineError)
    assert {one.result for one in error.failed} == {"timeout"}
    assert error.retryable


def test_a_hanging_try_leaves_time_for_another():
    done, _server = ask(["hang"], call_seconds=2.0)
    assert done.text == OK_TEXT
    assert [one.result for one in done.failed] == ["timeout"]


@pytest.mark.parametrize(
    ("fault", "wait"), [("429_after_0", 0.25), ("429_after_ms", 0.25), ("429_after_1", 1.1)]
)
def test_the_server_is_left_alone_as_long_as_it_asks_and_never_shorter_than_else(fault, wait):
    times = Times()
    done, _ = ask([fault], times)
    assert done.text == OK_TEXT
    assert times.slept == [pytest.approx(wait)]


def test_a_rest_is_kept_after_the_last_try_too():
    async def run():
        times = Times()
        server = FaultServer(["429_after_1"])
        async with server, engine_on(server, times, tries=1) as engine:
            with pytest.raises(EngineError) as caught:
                await engine.complete(PROMPT)
            assert caught.value.code == "rate_limited"
            await engine.complete(PROMPT)
            return times.slept

    assert asyncio.run(run()) == [pytest.approx(1.1)]


def test_a_date_to_come_back_is_kept():
    times = Times(now=time.time())
    done, _ = ask(["429_after_date"], times)
    assert done.text == OK_TEXT
    assert 0.5 < times.slept[0] <= 2.3


def test_no_call_arrives_before_the_server_wants_one():
    async def run():
        async with FaultServer(["429_after_ms"]) as server, engine_on(server) as engine:
            first = asyncio.ensure_future(engine.complete(PROMPT))
            await server.asked.wait()
            while server.now:
                await asyncio.sleep(0)
            # Give the first call the time to read its answer.
            await engine.calls.aside("/models", None, lambda reply: reply)
            await asyncio.gather(first, *(engine.complete(PROMPT) for _ in range(6)))
            return [at for at, _, _ in server.chats]

    first, *others = asyncio.run(run())
    assert len(others) == 7
    assert min(others) - first >= 0.12


def test_who_asks_for_too_long_a_rest_is_not_waited_for():
    times = Times(now=1_764_000_000.0)
    error, server = ask(["429_after_9999"], times)
    assert error.code == "rate_limited"
    assert error.retry_at == "2025-11-24T18:46:39Z"
    assert error.retryable
    assert times.slept == []
    assert len(server.chats) == 1


@pytest.mark.parametrize("fault", ["429_endless", "429_digits", "429_centuries", "429_far_date"])
def test_a_rest_that_no_calendar_holds_is_one_of_a_month(fault):
    error, server = ask([fault], Times(now=1_764_000_000.0))
    assert error.code == "rate_limited"
    assert error.retry_at == "2025-12-24T16:00:00Z"
    assert len(server.chats) == 1


@pytest.mark.parametrize(
    "fault", ["429_garbage", "429_negative", "429_nan", "429_odd_date", "429_past"]
)
def test_a_rest_that_says_nothing_is_none(fault):
    times = Times()
    done, _ = ask([fault], times)
    assert done.text == OK_TEXT
    assert times.slept == [0.25]


def test_a_rest_beyond_the_wall_clock_is_not_waited_for():
    times = Times()
    error, _ = ask(["503_after_1"], times, call_seconds=0.9)
    assert error.code == "rate_limited"
    assert times.slept == []


def test_later_calls_keep_the_rest_too():
    async def run():
        times = Times()
        server = FaultServer(["429_after_9999"])
        async with server, engine_on(server, times) as engine:
            for _ in range(3):
                with pytest.raises(EngineError) as caught:
                    await engine.complete(PROMPT)
                assert caught.value.code == "rate_limited"
                assert caught.value.retry_at
            times.passed += 10_000
            answer = await engine.complete(PROMPT)
            return answer.text, len(server.chats)

    assert asyncio.run(run()) == (OK_TEXT, 2)


def test_limits_to_the_end_are_said_as_such():
    error, server = ask(["429_after_0"] * 99, tries=3)
    assert error.code == "rate_limited"
    assert len(server.chats) == 3


def test_an_empty_account_is_not_a_limit():
    error, _ = ask(["429_quota"])
    assert error.code == "engine_unavailable"
    assert error.failed[0].result == "quota"
    assert "KEY" in error.hint


@pytest.mark.parametrize("fault", ["429_quota", "401", "402"])
def test_an_account_that_is_of_no_use_is_not_asked_again_for_a_while(fault):
    async def run():
        times = Times(now=1_764_000_000.0)
        server = FaultServer([fault] * 2)
        async with server, engine_on(server, times, concurrency=2) as engine:
            errors = []
            for _ in range(5):
                with pytest.raises(EngineError) as caught:
                    await engine.complete(PROMPT)
                errors.append(caught.value)
            calls = [len(server.chats)]
            times.passed += SHUT_SECONDS
            more = [engine.complete(PROMPT) for _ in range(20)]
            await asyncio.gather(*more, return_exceptions=True)
            calls.append(len(server.chats))
            times.passed += SHUT_SECONDS
            answers = [await engine.complete(PROMPT)]
            answers += await asyncio.gather(engine.complete(PROMPT), engine.complete(PROMPT))
            return errors, calls, answers

    errors, calls, answers = asyncio.run(run())
    assert calls == [1, 2]
    assert {one.retry_at for one in errors} == {"2025-11-24T16:05:00Z"}
    assert {one.hint for one in errors} == {errors[0].hint}
    assert not any(one.retryable for one in errors)
    assert [one.text for one in answers] == [OK_TEXT] * 3


def test_a_key_that_was_put_right_in_its_file_is_used_at_once(tmp_path):
    place = tmp_path / "key"
    place.write_text("old-key-of-no-use")

    async def run():
        server = FaultServer(["401"])
        async with server, engine_on(server, Times(), key_file=str(place)) as engine:
            for _ in range(3):
                with pytest.raises(EngineError):
                    await engine.complete(PROMPT)
            calls = len(server.chats)
            place.write_text("new-key\n")
            server.keys.clear()
            return calls, (await engine.complete(PROMPT)).text, set(server.keys)

    assert asyncio.run(run()) == (1, OK_TEXT, {"bearer new-key"})


def test_a_prompt_that_is_too_long_is_said_as_such():
    error, _ = ask(["400_too_long"])
    assert error.code == "context_overflow"
    assert not error.retryable


def test_a_redirect_is_not_followed():
    error, server = ask(["redirect"])
    assert error.failed[0].result == "redirect"
    assert len(server.chats) == 1


def test_a_refused_key_is_named_by_its_variable():
    error, _ = ask(["401"])
    assert "KEY" in error.hint


@pytest.mark.parametrize("fault", [*FINAL, *TRANSIENT, "deep"])
def test_no_key_is_in_any_message(fault):
    error, server = ask([fault] * 99, tries=2)
    assert f"bearer {KEY}" in server.keys
    assert isinstance(error, EngineError)
    assert KEY not in f"{error} {error.hint} {error.failed} {error!r} {error.__cause__}"


@pytest.mark.parametrize(
    ("fault", "finish", "text"),
    [
        ("ok", "stop", OK_TEXT),
        ("length", "length", '{"title":"Nu'),
        ("length_null", "length", ""),
        ("refusal", "refusal", "I cannot help with that"),
        ("content_filter", "refusal", ""),
        ("duplicate_keys", "stop", OK_TEXT),
    ],
)
def test_an_answer_is_a_value_however_it_ended(fault, finish, text):
    done, _server = ask([fault])
    assert (done.finish_reason, done.text) == (finish, text)
    assert done.failed == ()
    assert done.usage == Usage(input_tokens=100, cached_tokens=64, output_tokens=7)


def test_a_failed_try_that_was_paid_is_booked():
    from rolecall.core import Price

    price = Price(input=1.0, cached=0.5, output=2.0)
    done, _ = ask(["null_content"], price=price)
    (failed,) = done.failed
    assert failed.usage == Usage(input_tokens=100, cached_tokens=64, output_tokens=7)
    assert failed.cost_usd == pytest.approx((36 * 1.0 + 64 * 0.5 + 7 * 2.0) / 1e6)


@pytest.mark.parametrize("fault", ["hang", "drip"])
def test_cancelling_closes_the_connection(fault):
    async def run():
        async with FaultServer([fault]) as server, engine_on(server) as engine:
            server.gone.clear()
            task = asyncio.ensure_future(engine.complete(PROMPT))
            await server.asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(server.gone.wait(), 5)
            assert server.open == 0
            # The place it held is free again.
            answers = [engine.complete(PROMPT) for _ in range(20)]
            return {one.text for one in await asyncio.gather(*answers)}

    assert asyncio.run(run()) == {OK_TEXT}


def test_no_more_calls_are_open_than_allowed():
    async def run():
        # The first two are held until a third is there.
        async with FaultServer(["third"] * 2) as server, engine_on(server, concurrency=3) as engine:
            await asyncio.gather(*(engine.complete(PROMPT) for _ in range(30)))
            return server.most, server.open

    most, connections = asyncio.run(run())
    assert most == 3
    assert connections <= 3


def test_among_many_faults_every_call_ends_well_or_typed():
    async def run():
        faults = (*TRANSIENT, "400", "null_content")
        server, told = FaultServer(mixed(5, 0.3, faults)), {"concurrency": 16, "call_seconds": 1e9}
        async with server, engine_on(server, Times(), **told) as engine:
            calls = (engine.complete(PROMPT) for _ in range(400))
            return await asyncio.gather(*calls, return_exceptions=True)

    ended = asyncio.run(run())
    errors = [one for one in ended if isinstance(one, BaseException)]
    assert all(isinstance(one, EngineError) for one in errors)
    assert all(one.text == OK_TEXT for one in ended if one not in errors)
    assert 0 < len(errors) < 40


def test_where_every_fault_passes_calls_end_well():
    async def run():
        server = FaultServer(mixed(11, 0.3))
        told = {"concurrency": 16, "call_seconds": 1e9, "tries": 10}
        async with server, engine_on(server, Times(), **told) as engine:
            return await asyncio.gather(*(engine.complete(PROMPT) for _ in range(400)))

    assert {one.text for one in asyncio.run(run())} == {OK_TEXT}
