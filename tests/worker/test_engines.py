"""Workers with engines: real calls over HTTP to small servers."""

import asyncio
import json

import pytest
from tests.drive.test_engines import ANSWER, PAGE
from tests.engines.faults import FaultServer, _write

from rolecall.batch.workers import Crew
from rolecall.core import Source
from rolecall.queue.nouns import NewTask
from rolecall.settings import Settings
from rolecall.trial import Trials
from rolecall.worker.asking import Asking, Room
from rolecall.worker.child import Order
from rolecall.worker.early import METHOD
from rolecall.worker.pipelines import Pipelines
from rolecall.worker.pool import Pool
from rolecall.worker.reading import Reading
from rolecall.worker.sides import Sides

from .conftest import submit, until

EXTRA = {
    "type": "object",
    "properties": {
        "company": {"type": ["string", "null"]},
        "oven": {"type": ["string", "null"], "description": "What the dough is baked in"},
    },
    "required": ["company"],
    "additionalProperties": False,
}


def settings(*servers, **more):
    tables = {
        f"e{n}": {
            "kind": "openai",
            "url": server.url,
            "model": "tiny",
            "concurrency": 2,
            "tries": 1,
        }
        | more
        for n, server in enumerate(servers)
    }
    return Settings(engines=tables, cache=False)


def pages(count, first=0):
    return tuple(
        NewTask(source=f"p{n}", body=PAGE.replace("four", f"{n} o'clock").encode())
        for n in range(first, first + count)
    )


def asked(server):
    """What pages were asked about, without the proofs of forms."""
    return [body for _, body, _ in server.chats if "single word" not in str(body["messages"])]


def test_engines_fill_what_the_reader_leaves(queue, started, serving):
    server = serving(FaultServer(answer=lambda body: ANSWER))
    tasks = submit(queue, tasks=pages(6))
    worker = started(queue, settings(server), processes=2)
    until(lambda: queue.view.counts()["done"] == 6)
    records = [queue.view.record(task) for task in tasks]
    assert {one["data"]["company"] for one in records} == {"crumb"}
    assert [one["seq"] for one in records] == list(range(6))
    assert len(asked(server)) == 6
    assert server.most <= 2
    assert worker.state.room == 2


def test_schemas_share_the_engines_and_each_is_asked_for_its_own_fields(queue, started, serving):
    server = serving(FaultServer(answer=lambda body: json.dumps({"company": "crumb"})))
    key = queue.inbox.put_schema(EXTRA, "bakery")
    worker = started(queue, settings(server), processes=1)
    tasks = submit(queue, tasks=pages(2)) + submit(queue, tasks=pages(2, 2), schema=key)
    until(lambda: queue.view.counts()["done"] == 4)
    assert set(queue.view.record(tasks[3])["data"]) <= {"company", "oven"}
    record = asyncio.run(worker.extract(Source(body=PAGE.encode()), schema=EXTRA))
    assert record["data"]["company"] == "crumb"
    assert server.paths.count("/v1/models") == 1  # connected once
    assert sum("What the dough" in str(body["messages"]) for body in asked(server)) == 3


def test_a_cancelled_task_closes_its_request(queue, started, serving):
    server = serving(FaultServer(["ok", "hang", "hang"], answer=lambda body: ANSWER))
    worker = started(queue, settings(server, forms=["text"]), processes=1)
    first, second = submit(queue, tasks=pages(2))
    worker.wake()
    until(lambda: len(asked(server)) == 2)
    server.gone.clear()
    assert queue.control.cancel(first)
    worker.wake()
    until(lambda: queue.view.task(first).state == "cancelled")
    until(server.gone.is_set)
    assert server.now == 1  # the other one goes on
    record = queue.view.record(first)
    assert (record["outcome"], record["reason"]["code"]) == ("failed", "cancelled")
    assert queue.view.task(second).state == "running"


def test_a_page_that_its_reader_gave_up_closes_its_request(queue, started, serving):
    server = serving(FaultServer(["ok", "hang"]))
    worker = started(queue, settings(server, forms=["text"]), processes=1)

    async def main():
        asking = asyncio.ensure_future(worker.extract(Source(body=PAGE.encode())))
        while not asked(server):
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(main())
    until(lambda: server.now == 0)
    until(lambda: worker.state.extracting == 0)


def test_an_engine_that_is_away_is_no_fault_of_the_page(tmp_path, queue, started, aside):
    server = FaultServer(answer=lambda body: ANSWER)
    aside.do(server.__aenter__())
    worker = started(queue, settings(server), processes=1)
    until(lambda: submit(queue, tasks=pages(1)) and worker.wake() is None)
    until(lambda: queue.view.counts()["done"] == 1)
    aside.do(server.__aexit__())
    (task,) = submit(queue, tasks=pages(1, 5))
    worker.wake()
    waiting = until(lambda: (found := queue.view.task(task)).state == "waiting" and found)
    assert waiting.trouble.startswith("engine_unavailable")
    assert waiting.attempts == 0
    aside.do(server.__aenter__())  # at the same port
    until(lambda: queue.view.task(task).state == "done")
    assert queue.view.record(task)["data"]["company"] == "crumb"
    aside.do(server.__aexit__())


def test_a_named_engine_that_never_was_there_lets_pages_wait(queue, started):
    class Nowhere:
        url = "http://127.0.0.1:9/v1"

    told = Settings(engines=settings(Nowhere).engines, engine="e0", cache=False)
    (task,) = submit(queue, tasks=pages(1))
    worker = started(queue, told, processes=1)
    until(lambda: queue.view.task(task).state == "waiting")
    assert "e0" in worker.state.engines
    assert worker.state.ready


class Loaded(FaultServer):
    """A vLLM that tells the load it is given."""

    load = (0, 0.0)

    def _other(self, writer, path, body):
        if path == "/metrics":
            waiting, usage = self.load
            text = f"vllm:num_requests_waiting {waiting}\nvllm:kv_cache_usage_perc {usage}\n"
            _write(writer, 200, {"content-type": "text/plain"}, text)
        else:
            super()._other(writer, path, body)


def test_a_server_under_load_gets_fewer_pages(queue, started, serving):
    server = serving(Loaded(answer=lambda body: ANSWER))
    worker = started(queue, settings(server, kind="vllm", concurrency=40), processes=1, looks=0.1)
    submit(queue, tasks=pages(1))
    worker.wake()
    until(lambda: worker.state.room == 40)
    server.load = (30, 0.2)
    until(lambda: worker.state.room <= 28)
    server.load = (0, 0.95)
    until(lambda: worker.state.room <= 19)
    server.load = (1, 0.5)
    until(lambda: worker.state.room == 40)


def test_an_engine_that_comes_later_is_used_then():
    async def main():
        async with FaultServer() as gone:
            port = gone.port
        async with FaultServer() as server:
            late = FaultServer()
            late.port = port
            told = settings(server, late)
            async with Asking(told, {}, missing=0.02) as asking:
                first = await asking.open()
                assert set(first.engines.engines) == {"e0"}
                assert asking.room.limit == 2
                watching = asyncio.ensure_future(asking.watch())
                first.users += 1  # a page is under way
                async with late, asyncio.timeout(20):
                    while len(asking.engines.engines) < 2:
                        await asyncio.sleep(0.01)
                    assert asking.room.limit == 4
                    assert server.open  # those from before are still open
                    assert (await asking.open()) is not first
                    first.users = 0
                    await first.stack.aclose()
                    watching.cancel()

    asyncio.run(main())


def test_room_is_given_in_turn_and_those_who_leave_are_passed_over():
    async def main():
        room, seen = Room(1), []

        async def stay(name, seconds=0.0):
            async with room.one():
                seen.append(name)
                await asyncio.sleep(seconds)

        tasks = [asyncio.ensure_future(stay(name, 0.01)) for name in "abcd"]
        await asyncio.sleep(0)
        tasks[1].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert seen == ["a", "c", "d"]
        assert room.inside == 0
        room.set(2)
        more = [asyncio.ensure_future(stay(name, 0.05)) for name in "efg"]
        await asyncio.sleep(0.01)
        assert seen[3:] == ["e", "f"]
        room.set(3)
        await asyncio.sleep(0.01)
        assert seen[3:] == ["e", "f", "g"]
        await asyncio.gather(*more)
        assert room.inside == 0

    asyncio.run(main())


def test_room_that_is_given_up_by_all_at_once_is_free_again():
    async def main():
        room = Room(1)

        async def stay():
            async with room.one():
                await asyncio.sleep(30)

        tasks = [asyncio.ensure_future(stay()) for _ in range(4)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()  # the first one lets the others in, and passes them over
        ends = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(end) for end in ends] == [asyncio.CancelledError] * 4
        assert room.inside == 0

    asyncio.run(main())


def test_an_engine_that_comes_later_is_used_by_a_worker(queue, started, aside, serving):
    late = FaultServer(answer=lambda body: ANSWER)
    aside.do(late.__aenter__())
    aside.do(late.__aexit__())  # its port is known, and nobody is there
    told = settings(serving(FaultServer(answer=lambda body: ANSWER)), late)
    worker = started(queue, told, processes=1, missing=0.05)
    submit(queue, tasks=pages(1))
    worker.wake()
    until(lambda: worker.state.room == 2)
    serving(late)
    until(lambda: worker.state.room == 4)


def test_a_page_that_engines_take_too_long_for_fails_and_may_be_tried_again(serving):
    server = serving(FaultServer(["ok", "hang"]))

    async def main():
        told = settings(server, forms=["text"])
        pipelines = Pipelines(told, {}.get)
        crew = Crew(workers=1, method=METHOD)
        sides = Sides(told, {}, Trials((), None), ask_seconds=1.0)
        async with sides, Pool(told, crew, {}.get) as pool:
            reading = Reading(pool, sides, pipelines, asks=True)
            order = Order(source=Source(body=PAGE.encode()), asks=True)
            async with reading.record(order) as record:
                assert record["reason"]["code"] == "timeout"
                assert record["reason"]["retryable"]
                # The call that was cut off; the first one was a proof of connecting.
                assert [one["result"] for one in record["attempts"]] == ["cancelled"]

    asyncio.run(main())
