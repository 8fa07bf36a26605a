"""When requests are sent in an open loop, and which concurrencies a sweep goes through."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from rolecall.evaluate.load.nouns import Point

ASIDE = 10
"""Requests at once that PR-3 names: measured whether or not the sweep comes by."""

GROWTH = 0.05
"""A sweep ends when twice the concurrency gives less than this much more."""


def constant(rate: float) -> Iterator[float]:
    """Seconds from the start, ``1 / rate`` apart."""
    return (number / rate for number in itertools.count())


def poisson(rate: float, seed: int) -> Iterator[float]:
    """Seconds from the start of a Poisson process: gaps are exponential with mean ``1 / rate``."""
    draw = random.Random(seed)
    now = 0.0
    while True:
        yield now
        now += draw.expovariate(rate)


def within(times: Iterator[float], requests: int | None, seconds: float | None) -> list[float]:
    """The first ``requests`` moments, or those before ``seconds``, whichever are fewer."""
    if requests is None and seconds is None:
        raise ValueError("an open loop needs an end")
    out: list[float] = []
    for time in times:
        if (requests is not None and len(out) >= requests) or (
            seconds is not None and time >= seconds
        ):
            break
        out.append(time)
    return out


def order(count: int, seed: int) -> Iterator[tuple[int, int]]:
    """(round, index) of the item to send next: each once in a round, shuffled anew each time."""
    for number in itertools.count():
        items = list(range(count))
        random.Random(f"{seed} {number}").shuffle(items)
        for one in items:
            yield number, one


def next_level(points: list[Point], most: int, slo_broken: bool) -> tuple[int | None, str]:
    """The concurrency that a sweep measures next, and why it ends where there is none.

    It doubles from 1 until the answers per second grow by less than `GROWTH`, a promise of the SLO
    is broken, all requests fail, or ``most`` is reached.
    """
    if not points:
        return 1, ""
    last = points[-1]
    level = last.concurrency or 1
    if last.requests == last.failed:
        return None, f"no answer came at {level} at once"
    if slo_broken:
        return None, f"the SLO is broken at {level} at once"
    rates = [one.requests_per_s or 0.0 for one in points]
    if len(rates) > 1 and rates[-1] < max(rates[:-1]) * (1 + GROWTH):
        return None, f"saturated: {level} at once give less than {GROWTH:.0%} more than before"
    if level >= most:
        return None, f"{most} at once is as far as this sweep goes"
    return min(2 * level, most), ""
