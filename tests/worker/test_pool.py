"""Child processes that read pages."""

import asyncio
import os
import signal
import time
from contextlib import asynccontextmanager

import pytest

from rolecall.batch.workers import Crew, Loss
from rolecall.core import Source
from rolecall.errors import DatabaseError
from rolecall.pipeline import Waiting
from rolecall.settings import Settings
from rolecall.worker.child import Order
from rolecall.worker.early import METHOD
from rolecall.worker.pool import Pool

from .conftest import SLOW, page

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": ["string", "null"]}},
    "required": ["title"],
    "additionalProperties": False,
}
DOCUMENTS = {f"s{n}": {**SCHEMA, "title": f"shape {n}"} for n in range(20)}


@asynccontextmanager
async def pool(settings=None, document=DOCUMENTS.get, **crew):
    made = Crew(workers=crew.pop("workers", 1), method=METHOD, **crew)
    async with Pool(settings or Settings(), made, document) as found:
        yield found


def order(body=None, **more):
    return Order(source=Source(body=body or page()), **more)


async def until(condition):
    async with asyncio.timeout(20):
        while not (found := condition()):
            await asyncio.sleep(0.005)
    return found


def test_pages_are_read_by_several_children_and_each_gives_its_record():
    async def main():
        async with pool(workers=2) as found:
            # The pool opens with the first child that is ready; the other may come after the pages.
            await until(lambda: len(found.pids) == 2)
            records = await asyncio.gather(*(found.read(order(page(n), seq=n)) for n in range(12)))
            assert len(found.pids) == 2
        return records

    records = asyncio.run(main())
    assert [one["seq"] for one in records] == list(range(12))
    assert {one["outcome"] for one in records} <= {"ok", "partial"}


def test_a_page_that_takes_too_long_is_lost_and_the_next_one_is_read():
    async def main():
        async with pool(timeout=1.0) as found:
            before = found.pids
            lost = await found.read(order(SLOW))
            assert lost == Loss(code="timeout", message="took longer than 1 seconds")
            assert (await found.read(order()))["outcome"] != "failed"
            assert found.pids != before

    asyncio.run(main())


def test_a_child_that_dies_takes_its_page_only_with_a_second_one():
    async def main():
        async with pool(timeout=30) as found:
            began = asyncio.Event()
            asked = asyncio.ensure_future(found.read(order(SLOW), began=began.set))
            await began.wait()
            (first,) = found.pids
            os.kill(first, signal.SIGKILL)
            (second,) = await until(lambda: [one for one in found.pids if one != first])
            assert not asked.done()
            os.kill(second, signal.SIGKILL)
            assert await asked == Loss(
                code="poison", message="ended two worker processes (SIGKILL)"
            )
            assert (await found.read(order()))["outcome"] != "failed"

    asyncio.run(main())


def test_one_death_costs_no_page():
    async def main():
        async with pool(timeout=30) as found:
            began = asyncio.Event()
            asked = asyncio.ensure_future(found.read(order(page(7), seq=7), began=began.set))
            await began.wait()
            os.kill(found.pids[0], signal.SIGKILL)
            assert (await asked)["seq"] == 7
            os.kill(found.pids[0], signal.SIGKILL)  # also of one that is idle
            assert (await found.read(order(seq=8)))["seq"] == 8

    asyncio.run(main())


def test_a_page_that_nobody_waits_for_any_more_is_stopped_at_once():
    async def main():
        async with pool(timeout=30) as found:
            (first,) = found.pids
            began = asyncio.Event()
            asked = asyncio.ensure_future(found.read(order(SLOW), began=began.set))
            await began.wait()
            start = time.monotonic()
            asked.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asked
            assert (await found.read(order()))["outcome"] != "failed"
            assert first not in found.pids
            assert time.monotonic() - start < 2

    asyncio.run(main())


def test_those_who_wait_may_leave_and_urgent_pages_go_first():
    async def main():
        seen = []

        async def read(name, body=None, urgent=False):
            await found.read(order(body), urgent=urgent, began=lambda: seen.append(name))

        async with pool(timeout=30) as found:
            tasks = [asyncio.ensure_future(read("first", SLOW))]
            await until(lambda: seen)
            tasks += [asyncio.ensure_future(read(name)) for name in ("leaves", "usual")]
            await until(lambda: found.waiting == 2)
            tasks.append(asyncio.ensure_future(read("urgent", urgent=True)))
            tasks[1].cancel()
            tasks[0].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        assert seen == ["first", "urgent", "usual"]

    asyncio.run(main())


def test_children_make_way_after_their_pages():
    async def main():
        async with pool(pages=3) as found:
            seen = set()
            for _ in range(10):
                assert (await found.read(order()))["outcome"] != "failed"
                seen.update(found.pids)
            assert len(seen) >= 3

    asyncio.run(main())


def test_records_follow_the_schema_that_is_named():
    async def main():
        async with pool() as found:
            for name in (*DOCUMENTS, "s0"):  # more than are kept
                record = await found.read(order(schema=name))
                assert record["data"] == {"title": "Engineer 0"}
            usual = await found.read(order())
            assert "company" in usual["data"]
            gone = await found.read(order(schema="never", seq=5))
            assert (gone["outcome"], gone["seq"]) == ("failed", 5)
            assert "no schema never" in gone["reason"]["message"]

    asyncio.run(main())


def test_a_database_that_is_away_costs_no_child():
    async def main():
        def away(key):
            raise DatabaseError("away")

        async with pool(document=away) as found:
            before = found.pids
            record = await found.read(order(schema="s1"))
            assert record["outcome"] == "failed"
            assert found.pids == before
            assert (await found.read(order()))["outcome"] != "failed"

    asyncio.run(main())


def test_a_page_that_engines_are_asked_about_comes_back_as_it_was_read():
    engines = {"a": {"kind": "openai", "url": "http://127.0.0.1:9/v1", "model": "m"}}

    async def main():
        async with pool(Settings(engines=engines)) as found:
            waiting = await found.read(order(b"<html><h1>Engineer</h1><p>Apply</p>", asks=True))
            assert isinstance(waiting, Waiting | dict)
            waiting = await found.read(order(asks=True, seq=4))
            assert isinstance(waiting, Waiting)
            assert waiting.seq == 4
            assert waiting.source.body == b""

    asyncio.run(main())


def test_a_page_may_not_take_all_memory():
    async def main():
        body = page(more=LINES_OF_TEXT)
        async with pool(memory=48 << 20, timeout=30) as found:
            record = await found.read(order(body))
            assert record["outcome"] == "failed"
            assert record["reason"]["code"] == "too_large"

    asyncio.run(main())


LINES_OF_TEXT = "<p>" + "Berlin 50.000 EUR Python Engineer at Example GmbH. " * 120_000 + "</p>"


def test_pages_that_are_given_up_all_at_once_are_only_given_up():
    async def main():
        async with pool(timeout=30) as found:
            tasks = [asyncio.ensure_future(found.read(order(page(n)))) for n in range(4)]
            await asyncio.sleep(0)
            (child,) = found._children
            tasks[1].cancel()
            found._give_back(child)  # as a page does that ends in the same moment
            tasks[2].cancel()
            ends = await asyncio.gather(*tasks[1:3], return_exceptions=True)
            assert [type(end) for end in ends] == [asyncio.CancelledError] * 2
            tasks[0].cancel()
            tasks[3].cancel()

    asyncio.run(main())


def test_urgent_pages_leave_the_usual_ones_a_turn():
    async def main():
        order_of = []

        async def read(name, urgent):
            await found.read(order(page(1)), urgent=urgent)
            order_of.append(name)

        async with pool(timeout=30) as found:
            tasks = [asyncio.ensure_future(read("first", False))]
            await asyncio.sleep(0)
            tasks += [asyncio.ensure_future(read(f"usual{n}", False)) for n in range(2)]
            tasks += [asyncio.ensure_future(read(f"urgent{n}", True)) for n in range(9)]
            await asyncio.gather(*tasks)
        urgent = [f"urgent{n}" for n in range(9)]
        assert order_of == ["first", *urgent[:4], "usual0", *urgent[4:8], "usual1", "urgent8"]

    asyncio.run(main())


def test_a_fault_of_ours_gives_no_page_the_answer_of_another():
    def document(schema):
        raise ValueError(schema)

    async def main():
        async with pool(document=document) as found:
            with pytest.raises(ValueError, match="s1"):
                await found.read(order(page(1), seq=1, schema="s1"))
            record = await found.read(order(page(2), seq=2))
            assert (record["seq"], record["data"]["title"]) == (2, "Engineer 2")

    asyncio.run(main())
