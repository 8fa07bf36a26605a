"""Whoever comes again hears what it missed, once, however slowly the feed looks."""

import asyncio

import pytest
from tests.queue.handed_in import pages, work

from rolecall.ledger.database import Database
from rolecall.queue.queue import Queue
from rolecall.serve.feed import Feed


@pytest.fixture
def queue(tmp_path):
    with Database(tmp_path / "queue.db") as store:
        yield Queue(store)


async def heard(feed, listener):
    """What it missed, and what the feed has held for it after a look."""
    told = []
    while missed := await feed.missed(listener):
        told += [one.id for one in missed]
    running = asyncio.ensure_future(feed.run())
    while listener.counts is None:
        await asyncio.sleep(0.01)
    running.cancel()
    return told, [one.id for one in listener.events]


def test_nothing_is_told_again_where_the_feed_has_not_looked_between(queue):
    async def main():
        feed = Feed(queue.view)
        first = await feed.listen(None, None, "a")
        queue.inbox.submit(pages(2))
        work(queue)
        assert [one.id for one in await feed.missed(first)] == [1, 2]
        queue.inbox.submit(pages(2))
        work(queue)
        again = await feed.listen(None, 2, "a")  # before the server sees that the first has gone
        feed.leave(first)
        again.counts = None
        queue.inbox.submit(pages(1))
        return await heard(feed, again)

    assert asyncio.run(main()) == ([3, 4], [])


def test_the_first_to_come_again_hears_only_what_it_missed(queue):
    queue.inbox.submit(pages(4))
    work(queue)

    async def main():
        feed = Feed(queue.view)
        stale = feed._look()  # under way when everybody left
        again = await feed.listen(None, 4, "a")
        feed._tell(*stale)
        again.counts = None
        queue.inbox.submit(pages(1))
        return await heard(feed, again)

    assert asyncio.run(main()) == ([], [])
