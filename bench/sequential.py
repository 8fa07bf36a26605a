"""Whether a trial keeps what it says: simulated streams of pages, looked at after every page.

sequential.py [--streams N] [--pages N] [--out FILE]   prints tables, and writes them as JSON

Rates are known, so false alarms, pages until an alarm and misses of intervals can be counted. The
boundaries come from ``rolecall.trial`` itself. Nothing here is of real pages.
"""

from __future__ import annotations

import argparse
import json
import math
import time
import timeit
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rolecall.trial.intervals import difference_between, rate_between, ratio_between
from rolecall.trial.sequential import (
    FROM_START,
    Stretch,
    below,
    evidence,
    harm,
    harmless,
    limit,
    slow,
    together,
)

Counts = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
ALPHA = 0.05
CHUNK = 4_000_000
"""So many pages are simulated at once."""
MARGIN = 1.25
SPREAD = 0.5
"""Standard deviation of the logarithm of a page's time."""


@dataclass(frozen=True, slots=True)
class Row:
    """A measured figure: a share of streams, or a number of pages; ``goal`` is its upper end."""

    what: str
    case: str
    value: float
    tenth: float | None = None
    goal: float | None = None

    @property
    def held(self) -> bool | None:
        """Whether the goal was met; ``None`` if there is none."""
        return None if self.goal is None else self.value <= self.goal


@dataclass(frozen=True, slots=True)
class Size:
    """How much is simulated."""

    streams: int
    pages: int


def main() -> None:
    """Simulate all, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=2_000)
    parser.add_argument("--pages", type=int, default=20_000, help="pages of a stream without harm")
    parser.add_argument("--out", type=Path, default=Path("build") / "sequential.json")
    told = parser.parse_args()
    rows: list[dict[str, Any]] = []
    began = time.perf_counter()
    for name, part in PARTS.items():
        start = time.perf_counter()
        print(f"\n{name}")
        for row in part(Size(told.streams, told.pages)):
            rows.append(asdict(row) | {"part": name, "held": row.held})
            print("  " + _line(row), flush=True)
        print(f"  {time.perf_counter() - start:.0f} s")
    told.out.parent.mkdir(parents=True, exist_ok=True)
    told.out.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    missed = sum(row["held"] is False for row in rows)
    print(f"\n{missed} goals missed; {time.perf_counter() - began:.0f} s; written to {told.out}")


def _line(row: Row) -> str:
    if row.tenth is not None:
        value = f"{_pages(row.value)} {_pages(row.tenth)} pages (median, 90 %)"
    elif row.case.endswith("us"):
        value = " " * 8
    else:
        value = f"{row.value:8.2%}"
    goal = "" if row.held is None else "   goal met" if row.held else "   MISSED"
    return f"{row.what:<42}{row.case:<32}{value}{goal}"


def _pages(value: float) -> str:
    return f"{value:8,.0f}" if math.isfinite(value) else "   never"


# -- boundaries, from the functions that are measured ----------------------------------------------


def boundary(logs: Callable[[int, int], float], longest: int, least: float) -> Counts:
    """For each number of trials the least number of hits with an alarm; it grows with them."""
    found = np.zeros(longest + 1, np.int32)
    hits = 0
    for n in range(longest + 1):
        while hits <= n and logs(hits, n) < least:
            hits += 1
        found[n] = hits
    return found


@cache
def harm_boundary(share: float, longest: int, alpha: float = ALPHA) -> Counts:
    """Bad pages of the challenger, of all bad pages, at which there is an alarm."""
    return boundary(lambda k, n: harm(k, n - k, share), longest, limit(alpha))


@cache
def ends(
    between: Callable[[int, int], tuple[float, float | None, float]], truth: float, longest: int
) -> tuple[Counts, Counts]:
    """For each number of trials the least and the most hits whose interval holds ``truth``."""
    low, high = np.zeros(longest + 1, np.int32), np.zeros(longest + 1, np.int32)
    least = most = 0
    for n in range(longest + 1):
        while least < n and between(least, n)[2] < truth:
            least += 1
        most = max(most, least)
        while most < n and between(most + 1, n)[0] <= truth:
            most += 1
        low[n], high[n] = least, most
    return low, high


# -- streams ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Streams:
    """Sums after each page, one stream a line: bad pages and pages of either side."""

    bad: Counts
    other_bad: Counts
    pages: Counts

    @property
    def other_pages(self) -> Counts:
        """Pages of the champion."""
        every = np.arange(1, self.bad.shape[1] + 1, dtype=np.int32)
        return every - self.pages


def streams(
    random: np.random.Generator, shape: tuple[int, int], share: float, rates: tuple[float, float]
) -> Streams:
    """Pages that fail at ``rates`` (champion, challenger)."""
    mine = random.random(shape, dtype=np.float32) < share
    drawn = random.random(shape, dtype=np.float32)
    bad = drawn < np.where(mine, np.float32(rates[1]), np.float32(rates[0]))
    sums = [flags.cumsum(axis=1, dtype=np.int32) for flags in (bad & mine, bad & ~mine, mine)]
    return Streams(*sums)


def chunks(runs: int, pages: int) -> Iterator[tuple[int, int]]:
    """Shapes that make ``runs`` streams, each small enough."""
    size = max(1, CHUNK // pages)
    for start in range(0, runs, size):
        yield min(size, runs - start), pages


def first(flags: Flags) -> npt.NDArray[np.float64]:
    """The page of the first alarm of each stream, from 1; infinity if there is none."""
    return np.where(flags.any(axis=1), flags.argmax(axis=1) + 1.0, np.inf)


def alarms(found: Streams, share: float, alpha: float = ALPHA) -> Flags:
    """Where there is an alarm of ``harm``."""
    n = found.bad + found.other_bad
    longest = 500 * (int(n.max()) // 500 + 1)
    flags: Flags = found.bad >= harm_boundary(share, longest, alpha)[n]
    return flags


def z_alarms(found: Streams, z: float) -> Flags:
    """Where the usual test of two rates (pooled, one-sided) alarms, from 30 pages a side on."""
    n, other_n = found.pages.astype(np.float32), found.other_pages.astype(np.float32)
    enough = (n >= 30) & (other_n >= 30)
    np.maximum(n, 1, out=n)
    np.maximum(other_n, 1, out=other_n)
    pooled = (found.bad + found.other_bad) / (n + other_n)
    spread = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / other_n))
    flags: Flags = enough & (found.bad / n - found.other_bad / other_n > z * spread)
    return flags


def waits(
    size: Size, share: float, rates: tuple[float, float], pages: int, seed: int
) -> npt.NDArray[np.float64]:
    """Pages until the alarm of ``harm``."""
    random = np.random.default_rng(seed)
    every = [
        first(alarms(streams(random, shape, share, rates), share))
        for shape in chunks(size.streams, pages)
    ]
    return np.concatenate(every)


def _quantiles(found: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Median and 90 %; infinity where fewer streams alarmed."""
    ordered = np.sort(found)
    return float(ordered[len(found) // 2]), float(ordered[int(0.9 * len(found))])


# -- parts -----------------------------------------------------------------------------------------


def no_harm(size: Size) -> Iterator[Row]:
    """False alarms where both are alike, and those of the usual test at the same looks."""
    for share in (0.05, 0.1, 0.5):
        for rate in (0.01, 0.05, 0.1, 0.3):
            random, hits, peer = np.random.default_rng(1), 0, 0
            for shape in chunks(size.streams, size.pages):
                found = streams(random, shape, share, (rate, rate))
                hits += int(alarms(found, share).any(axis=1).sum())
                peer += int(z_alarms(found, 1.6449).any(axis=1).sum())
            case = f"{rate:.0%} bad, share {share:g}"
            yield Row("false alarms", case, hits / size.streams, goal=0.05)
            yield Row("  z-test at every look", case, peer / size.streams)
    yield from _waves(size)
    yield from _copies(size)


def _waves(size: Size) -> Iterator[Row]:
    """Pages that are bad at 2 % and at 30 % in turn, 500 of each; both sides alike on each."""
    random, hits = np.random.default_rng(11), 0
    rate = np.where(np.arange(size.pages) // 500 % 2, np.float32(0.3), np.float32(0.02))
    for shape in chunks(size.streams, size.pages):
        mine = random.random(shape, dtype=np.float32) < 0.1
        bad = random.random(shape, dtype=np.float32) < rate
        sums = [flags.cumsum(axis=1, dtype=np.int32) for flags in (bad & mine, bad & ~mine, mine)]
        hits += int(alarms(Streams(*sums), 0.1).any(axis=1).sum())
    yield Row("false alarms", "2 % and 30 % in turn, share 0.1", hits / size.streams, goal=0.05)


def _copies(size: Size) -> Iterator[Row]:
    """What goes wrong if each bad page comes three times and is counted each time."""
    random, hits = np.random.default_rng(12), 0
    for shape in chunks(size.streams, size.pages // 3):
        one = streams(random, shape, 0.5, (0.05, 0.05))
        hits += int(
            alarms(Streams(3 * one.bad, 3 * one.other_bad, one.pages), 0.5).any(axis=1).sum()
        )
    yield Row("  if copies are counted, 3 of each", "5% bad, share 0.5", hits / size.streams)


def pages_to_alarm(size: Size) -> Iterator[Row]:
    """How long harm goes on before it is found."""
    for rates in ((0.05, 0.1), (0.05, 0.075), (0.05, 0.2), (0.01, 0.02), (0.01, 0.05), (0.1, 0.15)):
        for share in (0.05, 0.1, 0.2, 0.5):
            theta = share * rates[1] / (share * rates[1] + (1 - share) * rates[0])
            a_bad = theta * math.log(theta / share)
            a_bad += (1 - theta) * math.log((1 - theta) / (1 - share))
            a_page = a_bad * (share * rates[1] + (1 - share) * rates[0])
            pages = int(12 / a_page) + 200  # about three times the median
            some = Size(min(size.streams, max(200, 60_000_000 // pages)), pages)
            found = waits(some, share, rates, pages, seed=2)
            case = f"{rates[0]:.1%} to {rates[1]:.1%}, share {share:g}"
            goal = 1_500 if rates == (0.05, 0.1) and share == 0.5 else None
            yield Row("harm found after", case, *_quantiles(found), goal)
            if share == 0.5:
                yield Row("  z-test of one look, at 80 %", case, planned(rates), planned(rates))
    yield from _one_of_six(size)


def _one_of_six(size: Size) -> Iterator[Row]:
    """What is left if five further kinds, without any evidence, have their part of the mean, and
    stretches theirs: as slow as it gets."""
    for share in (0.1, 0.5):
        random, every = np.random.default_rng(2), []
        for shape in chunks(size.streams, 12_000 if share == 0.1 else 5_000):
            found = streams(random, shape, share, (0.05, 0.1))
            every.append(first(alarms(found, share, ALPHA * FROM_START / 6)))
        goal = 1_500 if share == 0.5 else None
        case = f"5.0% to 10.0%, share {share:g}"
        yield Row(
            "as one of six kinds, in stretches", case, *_quantiles(np.concatenate(every)), goal
        )


def planned(rates: tuple[float, float]) -> float:
    """Pages of a one-sided test of two rates that is looked at once, and finds it in 80 %."""
    mean = sum(rates) / 2
    alone = sum(rate * (1 - rate) for rate in rates)
    root = 1.6449 * math.sqrt(2 * mean * (1 - mean)) + 0.8416 * math.sqrt(alone)
    return 2 * (root / (rates[1] - rates[0])) ** 2


def breaks_late(size: Size) -> Iterator[Row]:
    """A challenger that is well for 10,000 pages and then breaks; a new stretch every 1,000."""
    for worse in (0.05, 0.1, 0.2):
        random = np.random.default_rng(3)
        runs = size.streams if worse == 0.05 else max(1, size.streams // 8)
        plain, ended = np.full(runs, np.inf), np.full(runs, np.inf)
        late = 10_000
        for run in range(runs):
            before = streams(random, (1, late), 0.5, (0.05, 0.05))
            after = streams(random, (1, 10_000), 0.5, (0.05, worse))
            bad = np.concatenate([before.bad[0], before.bad[0, -1] + after.bad[0]])
            other = np.concatenate(
                [before.other_bad[0], before.other_bad[0, -1] + after.other_bad[0]]
            )
            plain[run], ended[run] = _first_of_stretches(bad, other)
        for what, found in (("one sequence", plain), ("stretches of 1,000 pages", ended)):
            if worse == 0.05:
                share = float(np.isfinite(found).mean())
                yield Row(f"false alarms, {what}", "5 % bad, 20,000 pages", share, goal=0.05)
                continue
            found = found[found > late] - late  # the false alarms before are counted above
            yield Row(what, f"5 % to {worse:.0%} after 10,000", *_quantiles(found))


def _first_of_stretches(bad: Counts, other: Counts) -> tuple[float, float]:
    """The page of the first alarm of one whole sequence, and of one in stretches."""
    moved = np.flatnonzero(np.diff(bad + other, prepend=0))
    least = limit(ALPHA)
    k, n = bad[moved], (bad + other)[moved]
    crossed = moved[k >= harm_boundary(0.5, 4_000)[n]]
    plain = float(crossed[0]) + 1 if len(crossed) else math.inf
    starts = np.arange(0, len(bad), 1_000)
    edges = [(0, 0), *((int(bad[at - 1]), int(other[at - 1])) for at in starts[1:])]
    done: list[Stretch] = []
    for page in moved:
        place = int(page) // 1_000
        while len(done) < place:
            (k0, m0), (k1, m1) = edges[len(done)], edges[len(done) + 1]
            done.append(Stretch(k1 - k0, m1 - m0, 0.5))
        k0, m0 = edges[place]
        now = Stretch(int(bad[page]) - k0, int(other[page]) - m0, 0.5)
        if evidence([*done, now]) >= least:
            return plain, float(page) + 1
    return plain, math.inf


def several_kinds(size: Size) -> Iterator[Row]:
    """Three kinds of harm, of which one doubles: the mean of e-values, and a split of alpha."""
    kinds, pages, side = 3, 8_000, 600
    every = np.array([[harm(k, m, 0.5) for m in range(side)] for k in range(side)], np.float32)
    for worse, runs in ((0.02, size.streams), (0.04, size.streams), (0.08, size.streams)):
        random = np.random.default_rng(4)
        mean, split = [], []
        for shape in chunks(runs, pages):
            logs = []
            for kind in range(kinds):
                found = streams(random, shape, 0.5, (0.02, worse if kind == 0 else 0.02))
                logs.append(every[found.bad, found.other_bad])
            mean.append(first(np.logaddexp.reduce(logs, axis=0) - math.log(kinds) >= limit(ALPHA)))
            split.append(first(np.maximum.reduce(logs) >= limit(ALPHA / kinds)))
        for what, parts in (("mean of three", mean), ("alpha split by three", split)):
            joined = np.concatenate(parts)
            if worse == 0.02:
                share = float(np.isfinite(joined).mean())
                yield Row(f"false alarms, {what}", "2 % bad each", share, goal=0.05)
            else:
                case = f"2 % to {worse:.0%} of one kind"
                yield Row(what, case, *_quantiles(joined))


def latency(size: Size) -> Iterator[Row]:
    """Times that are lognormal (0.5); the challenger's are longer by a factor."""
    for share in (0.1, 0.5):
        for factor in (1.0, 1.2, 1.5, 2.0):
            random, every = np.random.default_rng(5), []
            pages = 20_000 if share == 0.1 else 10_000
            edge = boundary(lambda k, n: slow(k, n), pages // 2, limit(ALPHA))
            for shape in chunks(size.streams, pages):
                logs = random.standard_normal(shape, dtype=np.float32) * np.float32(SPREAD)
                mine = random.random(shape, dtype=np.float32) < share
                logs += mine * np.float32(math.log(factor))
                pair = mine[:, 0::2] != mine[:, 1::2]
                gap = np.where(mine[:, 0::2], 1, -1) * (logs[:, 0::2] - logs[:, 1::2])
                wins = (pair & (gap > math.log(1.2))).cumsum(axis=1, dtype=np.int32)
                every.append(2 * first(wins >= edge[pair.cumsum(axis=1, dtype=np.int32)]))
            found = np.concatenate(every)
            case = f"times x {factor:g}, share {share:g}"
            if factor <= 1.2:
                yield Row("false alarms, slow", case, float(np.isfinite(found).mean()), goal=0.05)
            else:
                yield Row("slowness found after", case, *_quantiles(found))


def floor(size: Size) -> Iterator[Row]:
    """Agreement of shadow pages, with a floor of 0.9; by its own test and by the interval."""
    pages = 10_000
    edge = boundary(lambda k, n: below(n - k, n, 0.9), pages, limit(ALPHA))
    ended = boundary(lambda k, n: rate_between(k, n)[0] - 0.1 if n else -1.0, pages, 1e-12)
    for rate in (0.9, 0.88, 0.85, 0.8):
        random, tests, reads = np.random.default_rng(6), [], []
        for shape in chunks(size.streams, pages):
            differ = random.random(shape, dtype=np.float32) >= rate
            k, n = differ.cumsum(axis=1, dtype=np.int32), np.arange(1, pages + 1)
            tests.append(first(k >= edge[n]))
            reads.append(first(k >= ended[n]))
        for what, parts in (("floor test", tests), ("upper end of the interval", reads)):
            found, case = np.concatenate(parts), f"floor 90 %, true {rate:.0%}"
            if rate == 0.9:
                alarmed = float(np.isfinite(found).mean())
                yield Row(f"false alarms, {what}", case, alarmed, goal=0.05)
            else:
                yield Row(what, case, *_quantiles(found))


def shadow(size: Size) -> Iterator[Row]:
    """Both read each page; those count that are bad on one side alone, mine against the other's."""
    pages = 10_000
    edge = harm_boundary(0.5, pages)
    cases = (
        ("5 % bad each, by chance", 0.0475, 0.0475),
        ("5 % to 10 %, by chance", 0.095, 0.045),
        ("5 % to 10 %, mostly the same", 0.055, 0.005),
    )
    for case, mine, other in cases:
        random, every = np.random.default_rng(13), []
        for shape in chunks(size.streams, pages):
            drawn = random.random(shape, dtype=np.float32)
            k = (drawn < mine).cumsum(axis=1, dtype=np.int32)
            n = (drawn < mine + other).cumsum(axis=1, dtype=np.int32)
            every.append(first(k >= edge[n]))
        found = np.concatenate(every)
        if mine == other:
            yield Row("false alarms", case, float(np.isfinite(found).mean()), goal=0.05)
        else:
            yield Row("harm found after", case, *_quantiles(found))


def coverage(size: Size) -> Iterator[Row]:
    """The share of streams of which an interval ever missed the truth."""
    for share in (0.1, 0.5):
        between = _ratio(share)
        for ratio in (0.5, 1.0, 2.0):
            rates, random, hits = (0.1, 0.1 * ratio), np.random.default_rng(7), 0
            for shape in chunks(size.streams, size.pages):
                found = streams(random, shape, share, rates)
                n = found.bad + found.other_bad
                low, high = ends(between, ratio, 200 * math.ceil(size.pages * 0.17 / 200))
                hits += int(((found.bad < low[n]) | (found.bad > high[n])).any(axis=1).sum())
            case = f"ratio {ratio:g}, share {share:g}"
            yield Row("ratio: ever missed", case, hits / size.streams, goal=0.05)
    for rate in (0.01, 0.05, 0.3, 0.9):
        random, hits = np.random.default_rng(8), 0
        low, high = ends(rate_between, rate, size.pages)
        for shape in chunks(size.streams, size.pages):
            flags = random.random(shape, dtype=np.float32) < rate
            k, n = flags.cumsum(axis=1, dtype=np.int32), np.arange(1, size.pages + 1)
            hits += int(((k < low[n]) | (k > high[n])).any(axis=1).sum())
        yield Row("rate: ever missed", f"{rate:.0%}", hits / size.streams, goal=0.05)
    yield from _differences(size)


@cache
def _ratio(share: float) -> Callable[[int, int], tuple[float, float | None, float]]:
    return lambda k, n: ratio_between([Stretch(k, n - k, share)])


def _differences(size: Size) -> Iterator[Row]:
    """Fewer looks: forty of them, each farther from the last by a factor."""
    looks = np.unique(np.geomspace(20, size.pages, 40).astype(int)) - 1
    runs = max(1, size.streams // 4)
    for rates in ((0.0, 0.0), (0.05, 0.05), (0.05, 0.1)):
        random, hits = np.random.default_rng(9), 0
        for shape in chunks(runs, size.pages):
            found = streams(random, shape, 0.3, rates)
            sums = (found.bad, found.pages, found.other_bad, found.other_pages)
            for told in zip(*(one[:, looks].tolist() for one in sums), strict=True):
                hits += any(
                    not low <= rates[1] - rates[0] <= high
                    for low, _, high in (
                        difference_between(*one) for one in zip(*told, strict=True)
                    )
                )
        case = f"{rates[0]:.0%} and {rates[1]:.0%}, share 0.3"
        yield Row("difference: ever missed", case, hits / runs, goal=0.05)


def no_worse(size: Size) -> Iterator[Row]:
    """Until it can be said that the challenger has less than 1.25 times the bad pages."""
    pages = 120_000
    runs = max(200, size.streams // 5)
    for rate, ratio in ((0.05, 1.0), (0.1, 1.0), (0.1, 0.8), (0.1, 0.5), (0.1, 1.25)):
        random, tests, reads = np.random.default_rng(10), [], []
        longest = int(pages * rate * 1.3)
        # fewer of the challenger's are a sign here: count those of the champion as hits
        test = boundary(
            lambda m, n: harmless([Stretch(n - m, m, 0.5)], MARGIN), longest, limit(0.05)
        )
        read = boundary(
            lambda m, n: -_ratio(0.5)(n - m, n)[2] if n else -math.inf, longest, -MARGIN + 1e-12
        )
        for shape in chunks(runs, pages):
            found = streams(random, shape, 0.5, (rate, rate * ratio))
            n = found.bad + found.other_bad
            tests.append(first(found.other_bad >= test[n]))
            reads.append(first(found.other_bad >= read[n]))
        for what, parts in (("harmless", tests), ("upper end of the interval", reads)):
            joined, case = np.concatenate(parts), f"{rate:.0%} bad, true ratio {ratio:g}"
            if ratio == MARGIN:
                yield Row(
                    f"said falsely, {what}", case, float(np.isfinite(joined).mean()), goal=0.05
                )
            else:
                yield Row(f"below 1.25 by {what}", case, *_quantiles(joined))


def looks(size: Size) -> Iterator[Row]:
    """What a look costs."""
    day = [Stretch(30, 28, 0.1)]
    three = {"bad": 1.0, "slow": -0.5, "floor": 0.0}
    for what, call, goal in (
        ("harm", lambda: harm(30, 12, 0.5), 50.0),
        ("evidence, 1 stretch", lambda: evidence(day), 50.0),
        ("evidence, 30 stretches", lambda: evidence(day * 30), 50.0),
        ("together, 3 kinds", lambda: together(three), 50.0),
        ("ratio_between", lambda: ratio_between(day), 50.0),
        ("ratio_between, 3 shares", lambda: ratio_between([*day, Stretch(9, 9, 0.5), *day]), None),
        ("rate_between", lambda: rate_between(930, 1000), 50.0),
        ("difference_between", lambda: difference_between(30, 900, 40, 1000), 50.0),
    ):
        took = min(timeit.repeat(call, number=500, repeat=7)) / 500
        yield Row(what, f"{1e6 * took:.1f} us", 1e6 * took, goal=goal)


PARTS: dict[str, Callable[[Size], Iterator[Row]]] = {
    "Cost of a look": looks,
    "No harm: share of streams with an alarm": no_harm,
    "Harm: pages until the alarm": pages_to_alarm,
    "Harm that begins late (share 0.5)": breaks_late,
    "Bad pages in shadow": shadow,
    "Several kinds at once (share 0.5)": several_kinds,
    "Slowness (margin 1.2)": latency,
    "A floor of agreement (pages in shadow)": floor,
    "Intervals: share of streams that ever missed the truth": coverage,
    "No worse than 1.25 (share 0.5)": no_worse,
}

if __name__ == "__main__":
    main()
