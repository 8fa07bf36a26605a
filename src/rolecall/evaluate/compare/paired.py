"""The paired comparison: differences with intervals, tests that fit the scores, verdicts."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from msgspec import Struct, structs

from rolecall.evaluate.compare.align import Array, Pairs, pairs_of
from rolecall.evaluate.compare.result import Compared, Comparison, Spent, Test
from rolecall.evaluate.nouns import Interval, Judged, Judgement
from rolecall.evaluate.score.figures import RARE
from rolecall.evaluate.statistics import (
    Bootstrap,
    cohens_h,
    design_effect,
    holm,
    mcnemar_midp,
    more_samples,
    normal_quantile,
    sign_flip,
    standardised_difference,
)
from rolecall.evaluate.statistics.resampling import DRAWS

MARGIN: Final = 0.02
"""A difference of mean scores that is not worth naming."""
COST, TIME = 1, 2
"""How far after the fields and ``adr009`` the columns of what was spent stand."""
ROUNDING: Final = 1e-12
UNBOUND: Final = (-math.inf, math.inf)


class Terms(Struct, frozen=True, kw_only=True):
    """How sure a comparison has to be, what difference is none, and whether pages are the units."""

    level: float
    margin: float
    by_page: bool


def compare(
    a: Judgement,
    b: Judgement,
    *,
    level: float = 0.95,
    margin: float = MARGIN,
    seed: int = 0,
    draws: int = DRAWS,
) -> Comparison:
    """Hold A against B, sample by sample.

    Each field is tested by itself: right-or-wrong scores by McNemar's mid-p, graded ones by
    flipping the signs of whole sites. McNemar's test takes pages for independent, so where sites
    have several pages the larger p of both tests counts. The fields' p are adjusted for their
    number (Holm); the totals (``macro``, ``adr009``) are each one question and are not. Intervals
    are BCa, sites drawn as a whole. Raises `UsageError` for judgements of different samples (see
    `in_common`), for ids that repeat, and where no sample is in both.
    """
    pairs = pairs_of(a, b)
    terms = Terms(level=level, margin=margin, by_page=pairs.sites == 1)
    off = _differences(pairs)
    sums, sizes = pairs.by_unit(off), pairs.by_unit(np.isfinite(off).astype(np.float64))
    drawn = Bootstrap(sums, sizes, level, seed, draws)
    parts = _parts(pairs)
    weight = parts / np.maximum(1.0, sizes[:, : parts.size].sum(axis=0))
    tested = [sums[:, : parts.size + 1], sums[:, : parts.size] @ weight[:, np.newaxis]]
    *flips, p = sign_flip(np.concatenate(tested, axis=1), seed)
    *fields, adr009 = _singles(pairs, drawn, flips)
    macro = _macro(pairs, drawn, parts, p)
    return Comparison(
        a=a.name,
        b=b.name,
        samples=a.samples,
        n=len(pairs.rows),
        sites=pairs.sites,
        left_out_a=pairs.left_out[0],
        left_out_b=pairs.left_out[1],
        level=level,
        margin=margin,
        seed=seed,
        unit="page" if pairs.sites == 1 else "site",
        clustered=pairs.units < len(pairs.rows),
        macro=_with_verdict(macro, terms, 1),
        adr009=_with_verdict(adr009, terms, 1),
        fields=_adjusted(fields, terms),
        **_beside_scores(pairs, drawn),
        a_ahead=_ids(pairs, off > 0),
        b_ahead=_ids(pairs, off < 0),
    )


def _differences(pairs: Pairs) -> Array:
    """A's less B's, samples x (fields, ``adr009``, cost, seconds)."""
    took = [(one.cost_usd - two.cost_usd, one.seconds - two.seconds) for one, two in pairs.rows]
    return np.concatenate([pairs.a - pairs.b, np.asarray(took, dtype=np.float64)], axis=1)


def _singles(pairs: Pairs, drawn: Bootstrap, flips: list[float]) -> list[Compared]:
    """The fields and, last, ``adr009``: each with its difference and p, not yet with a verdict."""
    out = []
    for column, name in enumerate((*pairs.fields, "adr009")):
        there = np.isfinite(pairs.a[:, column])
        a, b = pairs.a[there, column], pairs.b[there, column]
        if not a.size:
            out.append(Compared(field=name, n=0, sites=0, reason="no page is labelled"))
            continue
        only_a, only_b = int((a > b).sum()), int((b > a).sum())
        binary = bool(np.isin(a, (0.0, 1.0)).all() and np.isin(b, (0.0, 1.0)).all())
        units = pairs.unit[there]
        p, test = _tested(binary, (only_a, only_b), flips[column], _alike(units))
        out.append(
            Compared(
                field=name,
                n=a.size,
                sites=np.unique(units).size if pairs.sites > 1 else 1,
                a=float(a.mean()),
                b=float(b.mean()),
                difference=drawn.interval(column),
                binary=binary,
                only_a=only_a,
                only_b=only_b,
                test=test,
                p=p,
                effect=cohens_h(float(a.mean()), float(b.mean()))
                if binary
                else standardised_difference(
                    float(a.mean()), float(b.mean()), float(a.var()), float(b.var())
                ),
                deviation=float((a - b).std()),
                design_effect=design_effect(a - b, units),
                differing=_differing(a - b, units),
            )
        )
    return out


def _differing(off: Array, units: npt.NDArray[np.int64]) -> int:
    """In how many units the two differ."""
    return int((np.abs(np.bincount(units, off)) > ROUNDING).sum())


def _alike(units: npt.NDArray[np.int64]) -> bool:
    """Whether some unit has several of the samples."""
    return np.unique(units).size < units.size


def _tested(
    binary: bool, only: tuple[int, int], flipped: float, clustered: bool
) -> tuple[float, Test]:
    if not binary:
        return flipped, "sign_flip"
    exact = mcnemar_midp(*only)
    return (max(exact, flipped), "mcnemar_and_sign_flip") if clustered else (exact, "mcnemar")


def _parts(pairs: Pairs) -> Array:
    """How much each field counts in ``macro``: all the same, the rare ones as one, in all 1."""
    labelled = np.isfinite(pairs.a[:, : len(pairs.fields)]).any(axis=0)
    rare = np.asarray(pairs.with_value) < RARE
    parts = np.where(rare, 1.0 / max(1, int((rare & labelled).sum())), 1.0) * labelled
    return np.asarray(parts / max(parts.sum(), 1.0), dtype=np.float64)


def _macro(pairs: Pairs, drawn: Bootstrap, parts: Array, p: float) -> Compared:
    """The mean of the fields' scores, weighted as ``parts`` says."""
    columns = np.flatnonzero(parts).tolist()
    if not columns:
        return Compared(field="macro", n=0, sites=0, reason="no page is labelled")
    a, b = pairs.a[:, columns], pairs.b[:, columns]
    there = np.isfinite(a)
    a, b = np.where(there, a, 0.0), np.where(there, b, 0.0)
    weight = parts[columns] / there.sum(axis=0)  # what one score adds to the mean
    share = (a - b) @ weight
    rows = there.any(axis=1)
    n, units = int(rows.sum()), pairs.unit[rows]
    each = there.sum(axis=1)[rows]
    means_a, means_b = a.sum(axis=1)[rows] / each, b.sum(axis=1)[rows] / each
    left, right = float((a @ weight).sum()), float((b @ weight).sum())
    return Compared(
        field="macro",
        n=n,
        sites=np.unique(units).size if pairs.sites > 1 else 1,
        a=left,
        b=right,
        difference=drawn.interval_of_mean(columns, weights=parts[columns].tolist()),
        only_a=int((share > ROUNDING).sum()),
        only_b=int((share < -ROUNDING).sum()),
        test="sign_flip",
        p=p,
        effect=standardised_difference(left, right, float(means_a.var()), float(means_b.var())),
        deviation=float((share[rows] * n).std()),
        design_effect=design_effect(share[rows], units),
        differing=_differing(share[rows], units),
    )


def _adjusted(fields: list[Compared], terms: Terms) -> tuple[Compared, ...]:
    """The fields with their p adjusted for all of them, and verdicts that rest on it."""
    tested = [place for place, one in enumerate(fields) if one.p is not None]
    found = list(fields)
    for place, p in zip(tested, holm([fields[place].p or 0.0 for place in tested]), strict=True):
        found[place] = structs.replace(fields[place], p_adjusted=p)
    return tuple(_with_verdict(one, terms, len(tested)) for one in found)


def _with_verdict(one: Compared, terms: Terms, questions: int) -> Compared:
    """What the figures of a field or total come to.

    A whole interval within the margin is no difference worth naming, however small p is. Else p (of
    fields the adjusted one) tells whether one is better. Else the labels that would settle it are
    counted, for the nearer of two ends: a difference as seen, or none as large as the margin. For
    one of several fields they are counted at the first step of Holm's adjustment.
    """
    p = one.p if one.p_adjusted is None else one.p_adjusted
    if p is None or one.a is None or one.b is None:
        return one
    alpha, interval, gap = 1.0 - terms.level, one.difference, one.a - one.b
    if interval is not None and -terms.margin <= interval.low and interval.high <= terms.margin:
        return structs.replace(one, verdict="equivalent")
    if p <= alpha and gap != 0.0:
        return structs.replace(one, verdict="a" if gap > 0 else "b")
    if not one.differing and terms.margin > 0.0:
        return _asking(one, _for_the_unseen(one, terms))
    more = more_samples(
        one.n,
        max(abs(gap), terms.margin - abs(gap)),
        discordance=(one.only_a + one.only_b) / one.n if one.binary else None,
        deviation=max(one.deviation, terms.margin / 2.0),
        alpha=alpha / questions,
        design_effect=one.design_effect,
    )
    if more is None:
        return structs.replace(one, reason="no difference was seen, and the margin is 0")
    if abs(gap) >= terms.margin - abs(gap):
        more = max(more, _for_flips(one, alpha / questions))
    elif one.binary:  # no difference as large as the margin is the nearer end
        more = max(more, _for_the_unseen(one, terms))
    return _asking(one, more)


def _asking(one: Compared, more: int) -> Compared:
    """``one``, unresolved, with the samples that would settle it: at least one."""
    more = max(more, 1)
    return structs.replace(one, more=more, more_sites=math.ceil(more * one.sites / one.n))


def _beside_scores(pairs: Pairs, drawn: Bootstrap) -> dict[str, Any]:
    """What the engines took, and what their records came out as: parts of a `Comparison`."""
    left, right = zip(*pairs.rows, strict=True)

    def spent(taken: Callable[[Judged], float], column: int) -> Spent:
        between = drawn.interval(len(pairs.fields) + column, UNBOUND)
        return _spent(map(taken, left), map(taken, right), between)

    return {
        "cost_usd": spent(lambda row: row.cost_usd, COST),
        "seconds": spent(lambda row: row.seconds, TIME),
        "outcomes": _counted((row.outcome for row in left), (row.outcome for row in right)),
        "marks": _counted(
            (mark for row in left for mark, so in row.marks.items() if so),
            (mark for row in right for mark, so in row.marks.items() if so),
        ),
    }


def _for_flips(one: Compared, alpha: float) -> int:
    """How many samples more until flipping signs can show anything at all, most of the time.

    The least p of k units that differ is 2 in 2^k, so there must be enough of them; they come as
    often as they did, by chance at times fewer.
    """
    if "sign_flip" not in one.test or not one.differing:
        return 0
    least = math.ceil(math.log2(2.0 / alpha))
    wanted = least + normal_quantile(0.8) * math.sqrt(least)
    return math.ceil(one.n * (wanted / one.differing - 1.0))


def _for_the_unseen(one: Compared, terms: Terms) -> int:
    """How many samples more until the interval of units that are all alike lies in the margin.

    Of n units without a difference, a share of 1 - (alpha / 2)^(1 / n) may have one (`all_alike`),
    so their number, not how much scores vary, says how many it takes.
    """
    tail = (1.0 - terms.level) / 2.0
    wanted = math.log(tail) / math.log1p(-terms.margin)
    units = one.n if terms.by_page else one.sites
    return math.ceil(one.n * (wanted / units - 1.0))


def _spent(a: Iterable[float], b: Iterable[float], difference: Interval | None) -> Spent:
    return Spent(a=math.fsum(a), b=math.fsum(b), difference=difference)


def _counted(a: Iterable[str], b: Iterable[str]) -> dict[str, tuple[int, int]]:
    left, right = Counter(a), Counter(b)
    return {name: (left[name], right[name]) for name in dict.fromkeys((*left, *right))}


def _ids(pairs: Pairs, ahead: npt.NDArray[np.bool_]) -> Mapping[str, tuple[str, ...]]:
    return {
        field: tuple(pairs.rows[place][0].id for place in np.flatnonzero(ahead[:, column]).tolist())
        for column, field in enumerate(pairs.fields)
    }
