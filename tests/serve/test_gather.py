"""Submissions that share a transaction do not share their faults."""

import asyncio

import pytest

from rolecall.errors import UsageError
from rolecall.ledger.database import Database
from rolecall.queue.nouns import NewTask, Rules, Submission
from rolecall.queue.queue import Queue
from rolecall.serve.gather import Gather


def submission(name, count=1, **told):
    tasks = (NewTask(source=f"{name} {n}", body=b"<p>x", **told) for n in range(count))
    return Submission(submitter=name, tasks=tuple(tasks))


def test_one_that_cannot_be_taken_in_is_refused_alone(tmp_path):
    async def main(queue):
        gather = Gather(queue.inbox)
        asked = [
            asyncio.ensure_future(gather.submit(one))
            for one in (
                submission("good"),
                submission("bad", priority=1_000),
                submission("great", count=4),
                submission("better", count=3),
            )
        ]
        await asyncio.sleep(0)
        work = asyncio.ensure_future(gather.run())
        told = await asyncio.gather(*asked, return_exceptions=True)
        after = await gather.submit(submission("after"))
        work.cancel()
        return [*told, after]

    with Database(tmp_path / "queue.db") as store:
        queue = Queue(store, rules=Rules(most_waiting=6))
        good, bad, great, better, after = asyncio.run(main(queue))
        assert queue.view.counts()["queued"] == 6
        assert (len(good.tasks), len(great.tasks), len(after.tasks)) == (1, 4, 1)
        assert isinstance(bad, UsageError)
        with pytest.raises(Exception, match="5 pages are waiting"):
            raise better
