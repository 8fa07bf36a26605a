"""What a worker does beside its tasks, again and again: figures, trials, forgetting what is old."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from typing import Final

from rolecall.errors import DatabaseError
from rolecall.monitor.watch import FLUSH_SECONDS, Watch
from rolecall.queue.queue import Queue
from rolecall.trial import Trials
from rolecall.worker.ending import InThread
from rolecall.worker.gauges import Gauges

FORGET: Final = 600.0
"""Seconds between purges."""

TRIAL_SECONDS: Final = 1.0
"""How often a worker learns how trials are; for as long goes on what was stopped elsewhere."""

_log = logging.getLogger(__name__)


async def keep_figures(queue: Queue, watch: Watch, in_thread: InThread) -> None:
    """Look at what is told by looking, and bring what was counted into the database, now and then;
    the latter once more at the end."""
    with contextlib.closing(Gauges(queue, watch)) as gauges:
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                await in_thread(gauges.look)
                await in_thread(watch.flush)
        finally:
            await asyncio.to_thread(functools.partial(watch.flush, ending=True))


async def keep_trials(trials: Trials, in_thread: InThread) -> None:
    """Learn how trials are and add what was counted, and once more at the end."""
    if not trials.challengers:
        return
    try:
        while True:
            try:
                await in_thread(trials.flush)
            except DatabaseError as error:
                _log.warning("trials stay as they are: %s", error)
            await asyncio.sleep(TRIAL_SECONDS)
    finally:
        with contextlib.suppress(DatabaseError):
            await asyncio.to_thread(trials.flush)


async def forget(queue: Queue, in_thread: InThread) -> None:
    """Forget now and then what is older than the rules keep."""
    while True:
        await asyncio.sleep(FORGET)
        try:
            await in_thread(queue.control.purge)
        except DatabaseError as error:
            _log.warning("nothing was forgotten: %s", error)
