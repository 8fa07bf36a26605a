"""Whether comparing engines keeps what it says: simulated engines whose truth is known.

comparing.py [--pairs N] [--out FILE]   prints tables, and writes them as JSON

``make bench-statistics``. Engines are drawn with a given error rate; how often equal ones are told
apart, unequal ones are found, and intervals hold the truth is counted. Nothing here is of pages.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rolecall.evaluate.compare import compare
from rolecall.evaluate.nouns import Judged, Judgement, Score
from rolecall.evaluate.statistics import (
    bca,
    mcnemar_midp,
    more_samples,
    sign_flip,
    threshold_for,
)

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
ALPHA = 0.05
BATCH = 500
SITES, PAGES_OF_A_SITE = 30, 10


@dataclass(frozen=True, slots=True)
class Share:
    """How often something was so in simulated comparisons, and what was simulated."""

    what: str
    case: str
    share: float
    runs: int
    low: float | None = None
    high: float | None = None

    @property
    def held(self) -> bool | None:
        """Whether the share lies in its band; ``None`` if it has none."""
        if self.low is None or self.high is None:
            return None
        return self.low <= self.share <= self.high


def main() -> None:
    """Simulate all, print and write the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=20_000, help="pairs of engines for each rate")
    parser.add_argument("--out", type=Path, default=Path("build") / "statistics.json")
    told = parser.parse_args()
    found: list[Share] = []
    for name, part in PARTS.items():
        start = time.perf_counter()
        print(f"\n{name}")
        for share in part(told.pairs):
            found.append(share)
            band = "" if share.held is None else f"{share.low:.0%} to {share.high:.0%}"
            print(
                f"  {share.what:<34}{share.case:<46}{share.share:7.2%}  {share.runs:>6,}  {band}"
                + ("  MISSED" if share.held is False else "")
            )
        print(f"  {time.perf_counter() - start:.0f} s")
    told.out.parent.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = [asdict(one) | {"held": one.held} for one in found]
    told.out.write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    missed = sum(one.held is False for one in found)
    print(f"\n{missed} of {len(found)} outside their band; written to {told.out}")


def equal_engines(pairs: int) -> Iterator[Share]:
    """How often equal engines are told apart at 5 %, on pages that are independent."""
    random = np.random.default_rng(1)
    for n in (300, 1000):
        for rate in (0.05, 0.1, 0.2, 0.3):
            for alike in (0.0, 0.5):
                only_a, only_b = _pages(random, n, _discordance(rate, rate, alike), 0.0, pairs)
                found = float((_midp(only_a, only_b) <= ALPHA).mean())
                case = f"n {n}, {rate:.0%} errors, correlation {alike:g}"
                yield Share("mid-p McNemar", case, found, pairs, 0.04, 0.06)


def equal_engines_by_site(pairs: int) -> Iterator[Share]:
    """The same where pages of a site are alike: 30 sites of 10 pages, or of very uneven sizes."""
    for name, sizes in (("30 sites of 10", _even()), ("30 uneven sites", _uneven())):
        for rate, pull in ((0.1, 0.0), (0.1, 0.04), (0.3, 0.15)):
            random = np.random.default_rng(2)
            runs = min(pairs, 20_000)
            hits = np.zeros(3)
            for size in _batches(runs):
                only_a, only_b = _sites(random, sizes, _discordance(rate, rate, 0.3), pull, size)
                exact = _midp(only_a.sum(axis=0), only_b.sum(axis=0))
                flips = np.array(sign_flip((only_a - only_b).astype(float), draws=1999))
                for place, p in enumerate((exact, flips, np.maximum(exact, flips))):
                    hits[place] += (p <= ALPHA).sum()
            case = f"{name}, {rate:.0%} errors, sites pull by {pull:g}"
            names = ("McNemar alone", "sign flips by site", "the larger p (what is used)")
            for what, hit in zip(names, hits, strict=True):
                yield Share(what, case, float(hit) / runs, runs)


def unequal_engines(pairs: int) -> Iterator[Share]:
    """How often a true gap of 5 points is found with 400 independent pages."""
    random = np.random.default_rng(3)
    for rate in (0.05, 0.1, 0.2, 0.3):
        for alike in (0.0, 0.3, 0.6):
            spread = _discordance(rate, rate + 0.05, alike)
            only_a, only_b = _pages(random, 400, spread, 0.05, pairs)
            found = float(((_midp(only_a, only_b) <= ALPHA) & (only_a > only_b)).mean())
            case = f"{rate:.0%} and {rate + 0.05:.0%} errors, correlation {alike:g}"
            yield Share("power, n 400, gap 5 points", case, found, pairs)


def intervals(pairs: int, numbers: Sequence[int] = (10, 29, 100, 400)) -> Iterator[Share]:
    """How often 95 % intervals hold the truth, for these numbers of sites."""
    runs = max(BATCH, pairs // 5)
    for clusters in numbers:
        uneven = np.resize(_uneven(), clusters)
        for case, draw, truth in (
            ("difference, right or wrong, 1 page", _binary(1, 0.0), 0.05),
            ("difference, right or wrong, 10 pages", _binary(10, 0.1), 0.05),
            ("difference, right or wrong, uneven", _binary(uneven, 0.1), 0.05),
            ("difference, 3 % differ, 1 page", _binary(1, 0.0, 0.03, 0.01), 0.01),
            ("difference, 3 % differ, 4 pages", _binary(4, 0.0, 0.03, 0.01), 0.01),
            ("difference, graded, 1 page", _graded(1, 0.0), 0.05),
            ("difference, graded, 10 pages", _graded(10, 0.1), 0.05),
            ("difference, graded, uneven", _graded(uneven, 0.1), 0.05),
            ("score of 80 %, 10 pages", _score(10, 0.8), 0.8),
            ("score of 90 %, uneven", _score(uneven, 0.9), 0.9),
        ):
            bounds = (0.0, 1.0) if case.startswith("score") else (-1.0, 1.0)
            most = 1.0 if "3 % differ" in case else 0.97  # so few pages that shares come in steps
            random = np.random.default_rng(clusters)
            hit = 0
            for seed, size in enumerate(_batches(runs)):
                sums, sizes = draw(random, clusters, size)
                found = bca(sums, sizes, seed=seed, draws=2000, bounds=bounds)
                hit += sum(one is not None and one.low <= truth <= one.high for one in found)
            yield Share(f"{clusters} sites hold the truth", case, hit / runs, runs, 0.93, most)


def as_many_as_said(pairs: int) -> Iterator[Share]:
    """Whether the number of labels that is said finds a difference four times of five."""
    random = np.random.default_rng(5)
    for spread, gap in ((0.08, 0.02), (0.1, 0.05), (0.25, 0.03), (0.3, 0.1), (0.06, 0.05)):
        n = more_samples(0, gap, discordance=spread) or 0
        only_a, only_b = _pages(random, n, spread, gap, pairs)
        found = float(((_midp(only_a, only_b) <= ALPHA) & (only_a > only_b)).mean())
        case = f"gap {100 * gap:g} points, {spread:.0%} differ: n {n:,}"
        yield Share("right or wrong", case, found, pairs, 0.75, 0.85)
    runs = max(BATCH, pairs // 10)
    for gap, alike in ((0.05, 1.0), (0.05, 2.0)):
        # values of a site: a part they share and a part of their own, 0.3 spread in all
        pages = 1 if alike == 1.0 else 10
        shared = (alike - 1.0) / (pages - 1) if pages > 1 else 0.0
        n = more_samples(0, gap, deviation=0.3, design_effect=alike) or 0
        sites = -(-n // pages)
        hits = 0
        for seed, size in enumerate(_batches(runs)):
            own = random.normal(0.0, 0.3 * np.sqrt((1.0 - shared) * pages), (sites, size))
            site = random.normal(0.0, 0.3 * np.sqrt(shared), (sites, size)) * pages
            ps = np.array(sign_flip(gap * pages + own + site, seed=seed, draws=1999))
            hits += int((ps <= ALPHA).sum())
        case = f"gap 5 points, spread 0.3, {sites:,} sites of {pages}: n {n:,}"
        yield Share("graded, by site", case, hits / runs, runs, 0.75, 0.85)


def thresholds(pairs: int) -> Iterator[Share]:
    """How often values over the threshold for 95 % are right less often than that, on new pages."""
    runs = max(100, pairs // 20)
    for n in (300, 1000, 5000):
        for shape, right in (("steep", 8.0), ("flat", 2.0)):
            random = np.random.default_rng(n)
            sure_low = plain_low = told = 0
            for _ in range(runs):
                sure = random.random(n) ** 0.5
                rate = 1.0 - (1.0 - sure) ** (right / 4.0) * 0.8
                found = threshold_for(0.95, sure.tolist(), (random.random(n) < rate).tolist())
                told += found.value is not None
                sure_low += found.value is not None and _kept(found.value, right) < 0.95
                plain_low += found.plain is not None and _kept(found.plain, right) < 0.95
            case = f"n {n:,}, {shape} confidence"
            yield Share("a sure threshold is there", case, told / runs, runs)
            yield Share("sure threshold truly too low", case, sure_low / runs, runs)
            yield Share("plain threshold truly too low", case, plain_low / runs, runs)


@cache
def _kept(threshold: float, right: float) -> float:
    """The true accuracy of values from a threshold on, in `thresholds`."""
    sure = np.linspace(threshold, 1.0, 2001)
    weight = sure  # the density of the root of a uniform number grows as the number
    rate = 1.0 - (1.0 - sure) ** (right / 4.0) * 0.8
    return float((rate * weight).sum() / weight.sum())


def whole_comparisons(pairs: int) -> Iterator[Share]:
    """Equal engines through all of `compare`: ten right-or-wrong fields and two graded ones."""
    runs = max(20, pairs // 40)
    random = np.random.default_rng(6)
    for case, sites in (("n 300, a site for each", 300), ("n 300 of 30 sites", 30)):
        apart = field = 0
        for _ in range(runs):
            a, b = (_judged(name, random, 300, sites) for name in ("a", "b"))
            found = compare(a, b, draws=100)
            apart += found.macro.p is not None and found.macro.p <= ALPHA
            field += any(one.verdict in ("a", "b") for one in found.fields)
        yield Share("macro told apart", case, apart / runs, runs)
        yield Share("any field called better", case, field / runs, runs)


def _judged(name: str, random: np.random.Generator, n: int, sites: int) -> Judgement:
    """An engine right at nine of ten pages in ten fields, with graded scores in two more."""
    right = (random.random((n, 10)) < 0.9).astype(float)
    graded = random.beta(6.0, 2.0, (n, 2))
    rows = np.concatenate([right, graded], axis=1).tolist()
    return Judgement(
        name=name,
        samples="simulated",
        config="",
        rows=tuple(
            Judged(
                id=f"{place}",
                site=f"{place % sites}",
                language="",
                tokens=0,
                outcome="ok",
                scores={f"f{column}": Score(value, True) for column, value in enumerate(row)},
                adr009=None,
            )
            for place, row in enumerate(rows)
        ),
    )


def _discordance(a: float, b: float, alike: float) -> float:
    """The share of pages on which just one of two engines errs, whose errors correlate."""
    both = a * b + alike * float(np.sqrt(a * (1 - a) * b * (1 - b)))
    return a + b - 2.0 * min(both, a, b)


def _pages(
    random: np.random.Generator, n: int, spread: float, gap: float, runs: int
) -> tuple[Counts, Counts]:
    """How often just A and just B is right on ``n`` independent pages, in each of ``runs``."""
    a, b = (spread + gap) / 2.0, (spread - gap) / 2.0
    drawn = random.multinomial(n, [a, b, 1.0 - a - b], size=runs)
    return drawn[:, 0], drawn[:, 1]


def _sites(
    random: np.random.Generator, sizes: Counts, spread: float, pull: float, runs: int
) -> tuple[Counts, Counts]:
    """The same for each site (sites x runs); a site favours one of both by up to ``pull``."""
    shape = (sizes.size, runs)
    favour = random.uniform(-1.0, 1.0, shape) * min(pull, spread)
    a, b = (spread + favour) / 2.0, (spread - favour) / 2.0
    only_a = random.binomial(sizes[:, np.newaxis], a, shape)
    only_b = random.binomial(sizes[:, np.newaxis] - only_a, b / (1.0 - a), shape)
    return only_a, only_b


def _even() -> Counts:
    return np.full(SITES, PAGES_OF_A_SITE)


def _uneven() -> Counts:
    """Sizes of sites as they come: most of a few pages, some of many."""
    return np.maximum(1, np.random.default_rng(8).geometric(1.0 / PAGES_OF_A_SITE, SITES))


def _batches(runs: int) -> list[int]:
    return [min(BATCH, runs - start) for start in range(0, runs, BATCH)]


def _midp(only_a: Counts, only_b: Counts) -> Array:
    known = cache(mcnemar_midp)
    return np.array([known(a, b) for a, b in zip(only_a.tolist(), only_b.tolist(), strict=True)])


Draw = Callable[[np.random.Generator, int, int], tuple[Array, Array]]


def _binary(pages: int | Counts, pull: float, spread: float = 0.3, gap: float = 0.05) -> Draw:
    """Differences of right-or-wrong scores: the share ``spread`` of the pages differ."""

    def draw(random: np.random.Generator, clusters: int, runs: int) -> tuple[Array, Array]:
        sizes = np.broadcast_to(np.asarray(pages)[..., np.newaxis], (clusters, runs))
        favour = gap + random.uniform(-1.0, 1.0, sizes.shape) * pull
        a, b = (spread + favour) / 2.0, (spread - favour) / 2.0
        only_a = random.binomial(sizes, a)
        only_b = random.binomial(sizes - only_a, b / (1.0 - a))
        return (only_a - only_b).astype(float), sizes.astype(float)

    return draw


def _graded(pages: int | Counts, pull: float) -> Draw:
    """Differences of graded scores: half of them equal, else of two skewed scores; 5 points."""

    def draw(random: np.random.Generator, clusters: int, runs: int) -> tuple[Array, Array]:
        sizes = np.broadcast_to(np.asarray(pages)[..., np.newaxis], (clusters, runs))
        sums = sizes * (0.05 + random.uniform(-1.0, 1.0, sizes.shape) * pull)
        for number in range(int(sizes.max())):
            differ = (number < sizes) & (random.random(sizes.shape) < 0.5)
            off = random.beta(6.0, 2.0, sizes.shape) - random.beta(6.0, 2.0, sizes.shape)
            sums = sums + np.where(differ, off, 0.0)
        return sums, sizes.astype(float)

    return draw


def _score(pages: int | Counts, mean: float) -> Draw:
    """Scores of one engine whose sites differ in how hard they are."""

    def draw(random: np.random.Generator, clusters: int, runs: int) -> tuple[Array, Array]:
        sizes = np.broadcast_to(np.asarray(pages)[..., np.newaxis], (clusters, runs))
        easy = random.beta(10.0 * mean, 10.0 * (1.0 - mean), sizes.shape)
        return random.binomial(sizes, easy).astype(float), sizes.astype(float)

    return draw


PARTS: dict[str, Callable[[int], Iterator[Share]]] = {
    "equal engines, told apart at 5 % (independent pages)": equal_engines,
    "equal engines, told apart at 5 % (pages of a site are alike)": equal_engines_by_site,
    "equal engines, the whole comparison of twelve fields": whole_comparisons,
    "a true gap, found": unequal_engines,
    "95 % intervals": intervals,
    "as many labels as were said, found": as_many_as_said,
    "thresholds for an accuracy of 95 %": thresholds,
}


if __name__ == "__main__":
    main()
