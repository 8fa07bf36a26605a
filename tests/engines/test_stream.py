"""Answers over a stream: the same answers as without one, with the times of their parts."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rolecall.core import Prompt, Usage
from rolecall.engines import openai
from rolecall.engines.protocol import EngineSettings, TimedEngine
from rolecall.engines.replay import ReplayEngine
from rolecall.engines.retry import Clock, Fault
from rolecall.engines.sse import LARGEST_EVENT, Events
from rolecall.errors import EngineError

from .faults import OK_TEXT, FaultServer
from .streams import chunk, events, pieces, written

PROMPT = Prompt(messages=(("user", "A nurse is wanted."),))


class Steps:
    """A clock that a server moves: each chunk is sent a known time after the one before."""

    def __init__(self):
        self.now = 0.0
        self.clock = Clock(monotonic=lambda: self.now)


@asynccontextmanager
async def engine_on(server, clock=None, **changes):
    told = {"name": "one", "urls": (server.url,), "forms": ("text",)} | changes
    script, server.script = server.script, []
    async with openai.connect(EngineSettings(**told), {}, clock=clock) as engine:
        server.script, server.chats = script, []
        server.asked.clear()
        yield engine


def ask(script, clock=None, pause=None, **changes):
    """(completion and timing, or the error; the server)."""

    async def run():
        server = FaultServer(script)
        if pause is not None:
            server.pause = pause
        async with server, engine_on(server, clock, **changes) as engine:
            try:
                return await engine.complete_timed(PROMPT), server
            except EngineError as error:
                return error, server

    return asyncio.run(run())


def test_the_answer_is_that_of_a_plain_call():
    (done, timing), server = ask(["ok"])
    assert (done.text, done.finish_reason, done.engine, done.model) == (
        OK_TEXT, "stop", "one", "tiny",
    )  # fmt: skip
    assert done.usage == Usage(
        input_tokens=100, cached_tokens=64, output_tokens=len(pieces(OK_TEXT))
    )
    body = server.chats[0][1]
    assert body["stream"] is True
    assert body["stream_options"] == {"include_usage": True}
    assert timing.sent <= timing.chunks[0] <= timing.chunks[-1] == timing.ended


def test_each_chunk_that_says_something_has_its_time():
    """The role in front and the usage behind are no parts of the answer."""
    steps = Steps()

    async def pause(body, number):
        await asyncio.sleep(0.005)  # so that the client has read what came before
        steps.now += 0.25

    (_, timing), _ = ask(["ok"], steps.clock, pause)
    said = len(pieces(OK_TEXT))
    assert timing.sent == 0.0
    # chunk 0 is the role, then come the pieces and the one that says why it ended
    assert timing.chunks == tuple(0.25 * number for number in range(2, 2 + said + 1))
    assert timing.ended == timing.chunks[-1]


def test_odd_line_ends_comments_and_cuts_change_nothing():
    (done, timing), _ = ask(["stream_odd_lines"])
    assert done.text == OK_TEXT
    assert len(timing.chunks) == len(pieces(OK_TEXT)) + 1


def test_a_server_that_does_not_stream_is_not_timed():
    class Plain(FaultServer):
        async def _act(self, reader, writer, body, name):
            await super()._act(reader, writer, {**body, "stream": False}, name)

    async def run():
        async with Plain() as server, engine_on(server) as engine:
            return await engine.complete_timed(PROMPT)

    done, timing = asyncio.run(run())
    assert done.text == OK_TEXT
    assert timing.chunks == ()


def test_tokens_are_zero_where_the_server_does_not_count():
    (done, timing), _ = ask(["stream_no_usage"])
    assert done.usage == Usage()
    assert timing.chunks


def test_a_cut_answer_is_an_answer():
    (done, _), _ = ask(["stream_length"])
    assert done.finish_reason == "length"


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        ("stream_cut", "truncated_stream"),
        ("stream_error", "error_in_answer"),
        ("stream_garbage", "invalid_json"),
        ("stream_list", "bad_answer"),
        ("stream_odd", "bad_answer"),
        ("stream_silent", "empty_answer"),
        ("stream_reset", "disconnected"),
        ("500", "http_500"),
        ("401", "http_401"),
        ("400_too_long", "context_overflow"),
        ("empty_200", "empty_body"),
        ("html_200", "wrong_content_type"),
        ("reset", "disconnected"),
    ],
)
def test_what_is_no_answer_is_one_failed_try(fault, result):
    error, server = ask([fault])
    assert isinstance(error, EngineError)
    assert [one.result for one in error.failed] == [result]
    assert error.hint
    assert len(server.chats) == 1


def test_an_event_without_an_end_is_not_kept_in_memory():
    error, _ = ask(["stream_huge"])
    assert [one.result for one in error.failed] == ["too_large"]
    with pytest.raises(Fault):
        Events().feed(b"data: " + b"x" * (LARGEST_EVENT + 10))


@pytest.mark.parametrize("fault", ["stream_hang", "hang"])
def test_a_server_that_hangs_ends_the_call_in_time(fault):
    error, _ = ask([fault], call_seconds=0.2)
    assert [one.result for one in error.failed] == ["timeout"]


def test_a_cancelled_call_closes_its_connection():
    async def run():
        async with FaultServer(["stream_hang"]) as server, engine_on(server) as engine:
            task = asyncio.create_task(engine.complete_timed(PROMPT))
            await server.asked.wait()
            before = server.open
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            async with asyncio.timeout(5):
                while server.open >= before:
                    await asyncio.sleep(0.001)

    asyncio.run(run())


def test_engines_without_streams_say_so():
    assert not isinstance(ReplayEngine({}), TimedEngine)


DATA = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(DATA, max_size=6), st.sampled_from(["\n", "\r\n", "\r"]), st.data())
def test_events_are_the_same_however_the_bytes_are_cut(texts, end, data):
    stream = "".join(f": note{end}data: {one}{end}{end}" for one in texts).encode()
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8).map(sorted))
    reader, found = Events(), []
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        found += reader.feed(stream[start:stop])
    found += reader.close()
    assert [one.decode() for one in found] == texts


def test_lines_of_one_event_are_joined_and_a_mark_in_front_is_no_text():
    reader = Events()
    assert reader.feed(b"\xef\xbb\xbfdata: a\ndata:b\nretry: 3\n\ndata\n\n") == [b"a\nb", b""]


def test_the_last_event_needs_no_blank_line():
    reader = Events()
    assert reader.feed(written(chunk(delta={"content": "a"}))[:-2]) == []
    assert len(reader.close()) == 1
    assert reader.close() == []


def test_a_whole_answer_in_one_piece_is_read():
    reader = Events()
    stream = b"".join(written(one) for one in events(OK_TEXT))
    assert len(reader.feed(stream)) == len(events(OK_TEXT))
