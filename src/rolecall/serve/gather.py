"""Group commit: what many hand in at the same time reaches the disk in one transaction.

A transaction that is synced to the disk takes milliseconds, whatever is in it. While one is under
way the next ones gather, so that many small submissions cost little more than one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from msgspec import Struct

from rolecall.errors import DatabaseError
from rolecall.queue.inbox import Inbox, prepared
from rolecall.queue.nouns import Receipt, Submission

MOST_TASKS: Final = 2_000
"""Tasks in one transaction, so that nobody waits long for it."""


class _Waiting(Struct):
    submission: Submission
    answer: asyncio.Future[Receipt]


class Gather:
    """Takes submissions in, many at a time. `run` does the work, in one task of the loop."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._waiting: deque[_Waiting] = deque()
        self._some = asyncio.Event()

    async def submit(self, submission: Submission) -> Receipt:
        """Take one submission in; what is returned is on the disk.

        Raises:
            QueueFullError: too much is waiting.
            KeyReusedError: its key was used for something else.
            DatabaseError: it could not be kept; nothing of it is there then.
        """
        one = _Waiting(submission, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self._some.set()
        return await one.answer

    async def run(self) -> None:
        """Take in what waits, for ever; once cancelled, what is under way is still told."""
        while True:
            await self._some.wait()
            self._some.clear()
            while self._waiting:
                group = self._next()
                work = asyncio.ensure_future(asyncio.to_thread(self._take, group))
                try:
                    await asyncio.shield(work)
                except asyncio.CancelledError:
                    self._tell(group, await work)
                    raise
                self._tell(group, work.result())

    def _next(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        tasks = 0
        while self._waiting and tasks < MOST_TASKS:
            one = self._waiting.popleft()
            if not one.answer.done():  # its sender went away before anything was done
                group.append(one)
                tasks += len(one.submission.tasks)
        return group

    def _take(self, group: list[_Waiting]) -> list[Receipt | Exception]:
        try:
            ready = [prepared(one.submission) for one in group]
            return list(self._inbox.submit_many(ready)) if ready else []
        except DatabaseError as error:
            return [error] * len(group)
        except Exception:
            # A fault of one must not be the fault of those that came with it.
            return [self._alone(one.submission) for one in group]

    def _alone(self, one: Submission) -> Receipt | Exception:
        try:
            return self._inbox.submit_many((prepared(one),))[0]
        except Exception as error:
            return error

    @staticmethod
    def _tell(group: list[_Waiting], answers: list[Receipt | Exception]) -> None:
        for one, answer in zip(group, answers, strict=True):
            if one.answer.done():
                continue
            if isinstance(answer, Exception):
                one.answer.set_exception(answer)
            else:
                one.answer.set_result(answer)
