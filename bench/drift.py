"""Whether drift is found soon, and how often quiet weeks raise an alarm.

drift.py [--weeks N] [--repeats N] [--seed N]

``make bench-drift``. Counts of windows are drawn, not pages: a stream of 100,000 pages a day whose
lengths, languages, sites, fields and confidences are as postings have them. Quiet streams are even,
with a rhythm of days and weeks, or in batches by site. Shifts begin anywhere in a window. Prints
two tables. Needs numpy.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

import numpy as np

from rolecall.drift.counts import Window, kept, summed
from rolecall.drift.reference import DAY, FIRST, Chosen, Reference, Shift, grown, reference, shifts

PAGES, DAILY = 200, 500
"""Pages of a window, and windows of a day."""
SIZES = np.array([0.02, 0.08, 0.3, 0.35, 0.15, 0.08, 0.02])
LANGUAGES = np.array([0.9, 0.1])
SURE = np.array([0.01, 0.02, 0.02, 0.05, 0.1, 0.1, 0.15, 0.2, 0.25, 0.1])
LESS_SURE = np.array([0.04, 0.06, 0.1, 0.15, 0.2, 0.15, 0.1, 0.1, 0.08, 0.02])
OUTCOMES = np.array([0.72, 0.13, 0.13, 0.02])
ROUTES = np.array([0.82, 0.12, 0.06])
CONTEXTS = np.array([0.05, 0.3, 0.4, 0.2, 0.05])
FIELDS = np.array(
    [1.0, 0.97, 0.93, 0.35, 0.8, 0.6, 0.3, 0.99, 0.7, 0.4, 0.65, 0.5, 0.2, 0.25, 0.3, 0.12, 0.06,
     0.85, 0.45, 0.02]
)  # fmt: skip
VANISHING = 4
SITES = 1 / np.arange(1, 301) ** 0.9
SITES /= SITES.sum()
AT_ONCE = {"batches of 20 by site": 20, "batches of 500 by site": 500}
"""Pages of a site that come together, on average."""

Mixes = dict[str, np.ndarray]
USUAL: Mixes = {
    "size": SIZES, "language": LANGUAGES, "confidence": SURE, "outcome": OUTCOMES,
    "route": ROUTES, "context": CONTEXTS, "site": SITES, "filled": FIELDS,
}  # fmt: skip


def _less(array: np.ndarray, place: int, value: float) -> np.ndarray:
    found = array.copy()
    found[place] = value
    return found


SHIFTS: dict[str, Mixes] = {
    "lengths x 2": {"size": np.append([0.0], SIZES)},
    "languages 90/10 -> 60/40": {"language": np.array([0.6, 0.4])},
    "a new site takes 30 %": {"site": np.append(0.7 * SITES, 0.3)},
    "a field from 80 % to 20 %": {"filled": _less(FIELDS, VANISHING, 0.2)},
    "confidences fall": {"confidence": LESS_SURE},
}


def rhythm(source: np.random.Generator, moment: float) -> Mixes:
    """The usual mixes at a moment: by day and by night, on weekdays and at weekends."""
    hour, day = moment / 3.6e6 % 24, moment // DAY % 7
    night, weekend = 0.5 - 0.5 * np.cos(2 * np.pi * hour / 24), float(day > 4)
    english = 0.07 + 0.06 * night + 0.06 * weekend
    size = SIZES + 0.06 * night * np.array([1, 1, 0, -1, -1, 0, 0]) * 0.5
    sites = SITES * (1 + 0.5 * weekend * np.where(np.arange(300) % 3 == 0, 1, -0.4))
    filled = np.clip(FIELDS - 0.08 * weekend * (FIELDS < 0.9), 0, 1)
    return USUAL | {
        "language": np.array([1 - english, english]), "size": size / size.sum(),
        "site": sites / sites.sum(), "filled": filled,
    }  # fmt: skip


def even(source: np.random.Generator, moment: float) -> Mixes:
    """The usual mixes, always."""
    return USUAL


class Sites:
    """What each site's pages are like: each has mixes of its own around the usual ones."""

    def __init__(self, source: np.random.Generator, at_once: int) -> None:
        many = len(SITES)
        self.at_once, self.left, self.site = at_once, 0, 0
        self.mixes = {
            name: source.dirichlet(6 * mix + 1e-3, many)
            for name, mix in USUAL.items()
            if name not in ("site", "filled")
        }
        self.filled = source.beta(4 * FIELDS + 1e-3, 4 * (1 - FIELDS) + 1e-3, (many, len(FIELDS)))

    def batch(self, source: np.random.Generator) -> Iterator[tuple[int, int]]:
        """Sites and pages of each that fill a window; the last one goes on in the next."""
        room = PAGES
        while room:
            if not self.left:
                self.left = int(source.geometric(1 / self.at_once))
                self.site = int(source.choice(len(SITES), p=SITES))
            many = min(room, self.left)
            room, self.left = room - many, self.left - many
            yield self.site, many


def window(source: np.random.Generator, moment: float, parts: list[tuple[int, Mixes]]) -> Window:
    """A window of so many pages of each of these mixes."""
    counts: dict[str, dict[str, int]] = {}
    for pages, mixes in parts:
        if pages:
            _draw(source, counts, pages, mixes)
    return Window(starts=int(moment), ends=int(moment) + 1_000, pages=PAGES, counts=kept(counts))


def _draw(
    source: np.random.Generator, counts: dict[str, dict[str, int]], pages: int, mixes: Mixes
) -> None:
    drawn = {"outcome": source.multinomial(pages, mixes["outcome"])}
    postings = int(drawn["outcome"][:2].sum())
    asked = int(source.binomial(pages, 0.25))
    of = {"size": pages, "route": pages, "site": pages, "context": asked,
          "language": postings, "confidence": postings}  # fmt: skip
    for name, many in of.items():
        mix = mixes[name]
        drawn[name] = source.multinomial(many, mix / mix.sum())
    for name, found in drawn.items():
        into = counts.setdefault(name, {})
        for cell in np.nonzero(found)[0]:
            into[f"{name} {cell}"] = into.get(f"{name} {cell}", 0) + int(found[cell])
    filled = counts.setdefault("filled", {"": 0})
    filled[""] += postings
    for place, times in enumerate(source.binomial(postings, mixes["filled"])):
        name = f"f{place}"
        filled[name] = filled.get(name, 0) + int(times)


Stream = Callable[[np.random.Generator, int], Window]


def stream(kind: str, seed: int) -> Stream:
    """Gives the window of a number; quiet for ever."""
    if kind in AT_ONCE:
        sites = Sites(np.random.default_rng(seed + 9), AT_ONCE[kind])

        def of_sites(source: np.random.Generator, number: int) -> Window:
            parts = []
            for site, many in sites.batch(source):
                mixes = {name: mix[site] for name, mix in sites.mixes.items()}
                one = np.zeros(len(SITES))
                one[site] = 1
                parts.append((many, mixes | {"site": one, "filled": sites.filled[site]}))
            return window(source, number * DAY / DAILY, parts)

        return of_sites
    mixes = rhythm if kind.startswith("rhythm") else even

    def of_time(source: np.random.Generator, number: int) -> Window:
        moment = number * DAY / DAILY
        return window(source, moment, [(PAGES, mixes(source, moment))])

    return of_time


def changed(found: Iterable[Shift], last: dict[str, int], number: int) -> list[str]:
    """The dimensions that count as changed with this window, as `Drifting` has it; ``last`` holds
    the windows that were off before."""
    names = []
    for shift in found:
        if shift.drifts:
            if shift.alone or number - last.get(shift.name, -9) <= 2:
                names.append(shift.name)
            last[shift.name] = number
    return names


def quiet(kind: str, weeks: int, seed: int) -> tuple[str, int, int, int, int, int]:
    """False alarms of quiet weeks: windows, alarms of the week after which a reference would be
    pinned (where nobody pins one), alarms after it, in how many dimensions, and of days."""
    source = np.random.default_rng(seed)
    draw = stream(kind, seed)
    alone = kind.endswith("nobody pins")
    made = [draw(source, number) for number in range(FIRST if alone else 7 * DAILY)]
    usual = _reference(made, "first" if alone else "pinned")
    early, alarms, of_days, names = 0, 0, 0, set()
    last: dict[str, int] = {}
    day: list[Window] = []
    for number in range(len(made), 7 * DAILY * (weeks + 1)):
        one = draw(source, number)
        if number < 7 * DAILY + 1:
            made.append(one)
        if stretch := grown(usual, one.ends):
            until = usual.starts + stretch
            usual = _reference([each for each in made if each.ends < until], "first", stretch)
            last = {}
        off = changed(shifts(one.counts, usual), last, number)
        if number < 7 * DAILY:
            early += bool(off)
            continue
        alarms += bool(off)
        names.update(off)
        day.append(one)
        if len(day) == DAILY:
            whole = summed(day)
            assert whole is not None
            assert usual.days
            of_days += any(shift.drifts for shift in shifts(whole.counts, usual, "day"))
            day = []
    return kind, 7 * DAILY * weeks, early, alarms, len(names), of_days


def _reference(made: list[Window], chosen: Chosen = "pinned", stretch: int = 0) -> Reference:
    found = reference(lambda: made, chosen, 0, stretch)
    assert found is not None
    return found


def found(name: str, windows: int, repeats: int, seed: int) -> tuple[str, int, np.ndarray]:
    """Pages from the beginning of a shift until it is found, for each repeat."""
    source = np.random.default_rng(seed)
    draw = stream("even", seed)
    usual = _reference([draw(source, number) for number in range(windows)])
    after = USUAL | SHIFTS[name]
    pages = []
    for _ in range(repeats):
        before = int(source.integers(0, PAGES))  # pages of the window before it begins
        done, last = 0, dict[str, int]()
        for place in range(40):
            quiet_pages = before if not place else 0
            parts = [(quiet_pages, USUAL), (PAGES - quiet_pages, after)]
            one = window(source, place, parts)
            done += PAGES - quiet_pages
            if changed(shifts(one.counts, usual), last, place):
                break
        else:
            done = 10**9
        pages.append(done)
    return name, windows, np.array(pages)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    told: Any = parser.parse_args()
    began = time.monotonic()
    kinds = ("even", "rhythm of days and weeks", *AT_ONCE, "even, nobody pins",
             "rhythm, nobody pins")  # fmt: skip
    with ProcessPoolExecutor(2) as pool:
        weeks = pool.map(partial(quiet, weeks=told.weeks, seed=told.seed), kinds)
        cases = [(name, windows) for name in SHIFTS for windows in (FIRST, 7 * DAILY)]
        cost = [
            pool.submit(found, name, windows, told.repeats, told.seed) for name, windows in cases
        ]
        print(
            f"{'quiet stream':28}{'windows':>9}{'week 1':>8}{'alarms':>8}{'dimensions':>12}"
            f"{'days':>6}"
        )
        for kind, windows, early, alarms, names, days in weeks:
            print(f"{kind:28}{windows:9,}{early:8,}{alarms:8,}{names:12}{days:6}")
        print(f"\n{'shift':28}{'reference':>10}{'median':>8}{'95 %':>7}{'most':>7}{'in 500':>8}")
        for one in cost:
            name, windows, pages = one.result()
            print(
                f"{name:28}{windows * PAGES:10,}{np.median(pages):8,.0f}"
                f"{np.quantile(pages, 0.95):7,.0f}{pages.max():7,}{np.mean(pages <= 500):8.1%}"
            )
    print(f"\n{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
