"""Clocks that are set back or ahead, 2038, and summer time: order, leases, days and caps hold."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from rolecall.errors import BudgetError
from rolecall.ledger.budget import Budget
from rolecall.ledger.cache import Cache
from rolecall.ledger.database import Database
from rolecall.ledger.money import Caps
from rolecall.queue.callbacks import Callbacks
from rolecall.queue.nouns import Callback, Claim, NewTask, Submission
from rolecall.queue.queue import Queue
from rolecall.rules.states import States
from torture.durability_common import demand, tried
from torture.durability_scripts import FILE, RULES, answer, illegal, prompt, result
from torture.nouns import Class, Group, Terms

DAY: Final = 86_400.0
JUMPS: Final = {
    "a day back": -DAY, "a day ahead": DAY, "an hour back": -3_600.0, "an hour ahead": 3_600.0,
    "half an hour back": -1_800.0, "NTP step back": -0.7, "NTP step ahead": 0.7,
    "ten years ahead": 3_650 * DAY,
}  # fmt: skip
BEGINNINGS: Final = {
    "now": 1_796_000_000.0,
    "2038": 2_147_483_640.0,
    "summer time ends": 1_793_494_799.0,
    "a leap day": 1_835_395_190.0,
}


class Moving:
    """A clock that stands still until it is moved."""

    def __init__(self, at: float) -> None:
        self.at = at

    def __call__(self) -> float:
        """Seconds since 1970."""
        return self.at

    def moment(self) -> datetime:
        """As a moment in UTC."""
        return datetime.fromtimestamp(self.at, UTC)


def clock(terms: Terms) -> Group:
    """Each jump from each beginning."""
    calls: dict[str, Callable[[Path], Any]] = {}
    for jump, seconds in JUMPS.items():
        calls[f"order, {jump}"] = functools.partial(order, seconds)
        calls[f"a living worker, {jump}"] = functools.partial(living, seconds)
        calls[f"a dead worker, {jump}"] = functools.partial(dead, seconds)
        calls[f"what waits, {jump}"] = functools.partial(waiting, seconds)
        calls[f"messages, {jump}"] = functools.partial(messages, seconds)
        calls[f"rules of the day, {jump}"] = functools.partial(rules, seconds)
        calls[f"budget, {jump}"] = functools.partial(budget, seconds)
        calls[f"cache, {jump}"] = functools.partial(cache, seconds)
    for name, at in BEGINNINGS.items():
        calls[f"all of it, {name}"] = functools.partial(whole, at)
    calls["a day of the budget is one of UTC"] = utc_days
    cases = []
    for number, (name, call) in enumerate(calls.items()):
        folder = terms.scratch / str(number)
        folder.mkdir()
        cases.append(tried(name, functools.partial(call, folder)))
    return Group(said="clocks that jump, 2038, the end of summer time", cases=tuple(cases))


@contextmanager
def queued(folder: Path, now: Moving, *, many: int = 4) -> Iterator[tuple[Queue, list[int]]]:
    """A queue with tasks in it."""
    with Database(folder / FILE) as store:
        queue = Queue(store, rules=RULES, clock=now)
        yield queue, submitted(queue, 0, many)


def submitted(queue: Queue, first: int, many: int, **more: Any) -> list[int]:
    """Hand tasks in."""
    tasks = tuple(NewTask(source=f"p{n}", body=b"x", **more) for n in range(first, first + many))
    return list(queue.inbox.submit(Submission(submitter="one", tasks=tasks)).tasks)


def finished(queue: Queue, claims: list[Claim]) -> list[bool]:
    """End claims."""
    return queue.leases.finish([result(one) for one in claims])


def order(seconds: float, folder: Path) -> None:
    """What was handed in first is lent first, whatever the clock said."""
    now = Moving(BEGINNINGS["now"])
    with queued(folder, now) as (queue, first):
        now.at += seconds
        second = submitted(queue, 10, 4)
        found = [one.task for one in queue.leases.claim("w", 8)]
        demand(found == first + second, f"{found}")


def living(seconds: float, folder: Path) -> None:
    """A worker that beats loses nothing that counts: each task has one record in the end."""
    now = Moving(BEGINNINGS["now"])
    with queued(folder, now) as (queue, tasks):
        mine = queue.leases.claim("a", 4)
        now.at += seconds
        queue.leases.beat("a", {one.task: one.fence for one in mine})
        others = queue.leases.claim("b", 4)
        demand(not others, f"{len(others)} were taken from a worker that beats")
        demand(all(finished(queue, mine)), "a record of a living worker did not count")
        rows = queue.store.rows("SELECT count(*), count(DISTINCT task) FROM queue_result")
        demand(rows == [(len(tasks), len(tasks))], f"{rows}", Class.LOST)


def dead(seconds: float, folder: Path) -> str:
    """What a dead worker had comes back, at most an hour after its lease."""
    now = Moving(BEGINNINGS["now"])
    with queued(folder, now) as (queue, tasks):
        queue.leases.claim("a", 4)
        now.at += seconds
        waited = 0
        found = list[Claim]()
        while waited < 2 * 3_600 and len(found) < 4:
            now.at += 30
            waited += 30
            found += queue.leases.claim("b", 4)
        demand(len(found) == len(tasks), f"{len(found)} of 4 after {waited} s", Class.HUNG)
        demand(all(finished(queue, found)), "a record did not count", Class.LOST)
        demand(not illegal(queue), illegal(queue))
        demand(waited <= 3_600 + 60 + 30, f"only after {waited} s", Class.HUNG)
    return f"after {waited} s"


def waiting(seconds: float, folder: Path) -> str:
    """A task that was put off comes back: its wait, or little more than an hour, later."""
    now = Moving(BEGINNINGS["now"])
    with queued(folder, now, many=1) as (queue, _):
        (claim,) = queue.leases.claim("a", 1)
        queue.leases.fail(claim, "trouble", result(claim).record)
        now.at += seconds
        waited = 0
        while not queue.leases.claim("b", 1):
            now.at += 30
            waited += 30
            demand(waited < 3_800, f"not after {waited} s", Class.HUNG)
    return f"after {waited} s"


def messages(seconds: float, folder: Path) -> str:
    """A message that a sender died with is sent again, in two days at most."""
    now = Moving(BEGINNINGS["now"])
    with Database(folder / FILE) as store:
        queue, callbacks = Queue(store, rules=RULES, clock=now), Callbacks(store, now)
        callback = Callback(url="http://127.0.0.1:1/", secret="s")
        tasks = (NewTask(source="p", body=b"x"),)
        queue.inbox.submit(Submission(submitter="one", tasks=tasks, callback=callback))
        demand(all(finished(queue, queue.leases.claim("w", 1))), "no record")
        now.at += seconds
        demand(callbacks.claim() or callbacks_later(callbacks, now), "none is sent", Class.LOST)
        now.at -= seconds
        waited = 0
        while not callbacks.claim():
            now.at += 600
            waited += 600
            demand(waited <= 2 * DAY + 600, f"not after {waited} s", Class.HUNG)
    return f"after {waited} s"


def callbacks_later(callbacks: Callbacks, now: Moving) -> bool:
    """Whether a message comes when the clock has come to where it was."""
    now.at += 2 * DAY
    found = bool(callbacks.claim())
    now.at -= 2 * DAY
    return found


def rules(seconds: float, folder: Path) -> None:
    """Rules of the day are evaluated once a day, whatever the clock once said."""
    now = Moving(BEGINNINGS["now"])
    with Database(folder / FILE) as store:
        states = States(store, now)
        now.at += seconds
        states.claim("rules")
        now.at -= seconds
        now.at += 2 * DAY + 1
        demand(states.claim("rules"), "not evaluated two days later", Class.HUNG)
        demand(not states.claim("rules"), "evaluated twice")


def budget(seconds: float, folder: Path) -> None:
    """No cap can be passed on one day by going to another and back."""
    now = Moving(BEGINNINGS["now"])
    with Database(folder / FILE) as store:
        one = Budget(store, Caps(day=0.01, month=0.02), now.moment)
        spent, days = 0.0, set[str]()
        for _ in range(4):
            days.add(now.moment().date().isoformat())
            try:
                while True:
                    one.settle(one.reserve("r", 0.004, "cloud"), 0.004)
                    spent += 0.004
            except BudgetError:
                pass
            now.at, seconds = now.at + seconds, -seconds
        demand(spent <= 0.01 * len(days) + 1e-9, f"{spent:g} under a cap of 0.01 a day", Class.LOST)


def cache(seconds: float, folder: Path) -> None:
    """What is kept is found."""
    now = Moving(BEGINNINGS["now"])
    with Database(folder / FILE) as store:
        one = Cache(store, now.moment)
        one.put(prompt(1), "m", answer(1))
        now.at += seconds
        one.put(prompt(2), "m", answer(2))
        one.flush()
        found = [Cache(store, now.moment).get(prompt(n), "m") for n in (1, 2)]
        demand(all(found), "an answer is gone")


def whole(at: float, folder: Path) -> None:
    """A task, a lease that is lost, a budget and a purge around a moment."""
    now = Moving(at)
    with queued(folder, now) as (queue, tasks):
        queue.leases.claim("a", 2)
        now.at += 100
        found = queue.leases.claim("b", 4)
        demand(len(found) == 4, f"{len(found)} of 4")
        demand(all(finished(queue, found)), "a record did not count", Class.LOST)
        queue.control.purge()
        shown = [queue.view.record(task) for task in tasks]
        demand(all(shown), "a new record was forgotten", Class.LOST)
        money = Budget(queue.store, Caps(day=1.0), now.moment)
        money.settle(money.reserve("r", 0.5, "cloud"), 0.25)
        demand(money.spent().today_usd == 0.25, f"{money.spent().today_usd}")
        demand(money.spent().day == now.moment().date().isoformat(), "another day")


def utc_days(folder: Path) -> None:
    """Summer time neither lengthens nor shortens a day."""
    before = time.tzname
    now = Moving(datetime(2026, 10, 24, 23, 59, tzinfo=UTC).timestamp())
    with Database(folder / FILE) as store:
        one = Budget(store, Caps(day=0.01), now.moment)
        days = set()
        for _ in range(26):
            days.add(one.spent().day)
            now.at += timedelta(hours=1).total_seconds()
        demand(len(days) == 3, f"{sorted(days)}")
    demand(time.tzname == before, "the time zone was changed")
