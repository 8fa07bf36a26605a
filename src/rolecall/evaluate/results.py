"""What a run showed, in figures: per engine and field, with intervals, calibration, thresholds.

Pages of one site are alike, so intervals are drawn over sites. Needs numpy (extra ``eval``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from rolecall.evaluate.nouns import Interval, Judged, Judgement
from rolecall.evaluate.score.figures import Figures, figures
from rolecall.evaluate.statistics import (
    Bootstrap,
    Calibration,
    CoveragePoint,
    Threshold,
    bca,
    calibration,
    coverage_curve,
    design_effect,
    threshold_for,
)

CURVE_POINTS: Final = 60
UNIT: Final = (0.0, 1.0)
MARKS: Final = ("right_outcome", "grounded", "schema_valid", "truncated", "asked")


class FieldResult(Struct, frozen=True, kw_only=True):
    """One field over all pages that are labelled for it.

    ``all`` is the mean score, ``value`` that of the ``n_value`` pages whose label has a value,
    ``null`` of the ``n_null`` whose label has none. ``confidence`` says how far confidences can be
    trusted, ``threshold`` from which on values reach the target.
    """

    n_value: int
    n_null: int
    all: Interval | None
    value: Interval | None
    null: Interval | None
    confidence: Calibration
    threshold: Threshold


class EngineResult(Struct, frozen=True, kw_only=True):
    """How one engine did: plain means in ``figures``, and the intervals around them.

    ``marks`` are the shares of pages with a finding, of those on which it could be made;
    ``seconds`` the mean, the median and the 95th percentile of a page.
    """

    name: str
    config: str
    figures: Figures
    adr009: Interval | None
    macro: Interval | None
    fields: Mapping[str, FieldResult]
    marks: Mapping[str, Interval | None]
    confidence: Calibration
    coverage: tuple[CoveragePoint, ...]
    threshold: Threshold
    seconds: tuple[float, float, float]


class Results(Struct, frozen=True, kw_only=True):
    """The figures of a run; ``tokens`` are those of the visible text of each page."""

    version: int = 1
    samples: str
    pages: int
    sites: int
    level: float
    target: float
    engines: tuple[EngineResult, ...]
    tokens: tuple[int, ...]


def results(
    judgements: Sequence[Judgement], *, target: float = 0.95, level: float = 0.95, seed: int = 0
) -> Results:
    """The figures of all engines on one set of samples; ``seed`` is that of the intervals."""
    rows = judgements[0].rows
    return Results(
        samples=judgements[0].samples,
        pages=len(rows),
        sites=len({row.site for row in rows}),
        level=level,
        target=target,
        engines=tuple(_engine(one, target, level, seed) for one in judgements),
        tokens=tuple(max(one.rows[i].tokens for one in judgements) for i in range(len(rows))),
    )


def _engine(one: Judgement, target: float, level: float, seed: int) -> EngineResult:
    plain, rows = figures(one), one.rows
    names = tuple(plain.fields)
    place = _places(rows)
    tables = {kind: _table(rows, names, place, kind) for kind in ("all", "value", "null")}
    spans = {kind: _spans(table, level, seed) for kind, table in tables.items()}
    sure = {name: _sure(rows, name) for name in names}
    fields = {
        name: FieldResult(
            n_value=plain.fields[name].n_value,
            n_null=plain.fields[name].n_null,
            all=spans["all"][i],
            value=spans["value"][i],
            null=spans["null"][i],
            confidence=calibration(sure[name][0], sure[name][1], level=level),
            threshold=threshold_for(target, sure[name][0], sure[name][1], level, sure[name][2]),
        )
        for i, name in enumerate(names)
    }
    pooled = ([c for v in sure.values() for c in v[0]], [s for v in sure.values() for s in v[1]])
    effect = max([v[2] for v in sure.values()] or [1.0])
    seconds = sorted(row.seconds for row in rows) or [0.0]
    return EngineResult(
        name=one.name,
        config=one.config,
        figures=plain,
        adr009=_adr(rows, place, level, seed),
        macro=_macro(tables["all"], plain, level, seed),
        fields=fields,
        marks=_marks(rows, place, level, seed),
        confidence=calibration(*pooled, level=level),
        coverage=_thinned(coverage_curve(*pooled, level, effect)),
        threshold=threshold_for(target, *pooled, level, effect),
        seconds=(sum(seconds) / len(seconds), _at(seconds, 0.5), _at(seconds, 0.95)),
    )


def _at(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


Table = tuple[list[list[float]], list[list[float]]]
Places = tuple[int, ...]


def _places(rows: Sequence[Judged]) -> Places:
    """For each page, the number of what is drawn with it: its site, or it alone if all have one."""
    sites = {site: i for i, site in enumerate(sorted({row.site for row in rows}))}
    if len(sites) == 1:
        return tuple(range(len(rows)))
    return tuple(sites[row.site] for row in rows)


def _spans(table: Table, level: float, seed: int) -> list[Interval | None]:
    """Interval of each field; of one that a single site has, the mean is all that is known."""
    out: list[Interval | None] = []
    for i, span in enumerate(bca(*table, level, seed, bounds=UNIT)):
        total = sum(row[i] for row in table[0])
        count = sum(row[i] for row in table[1])
        known = span or (Interval(0.0, total / count, 1.0, level) if count else None)
        out.append(known)
    return out


def _table(rows: Sequence[Judged], names: Sequence[str], places: Places, kind: str) -> Table:
    """Sites x fields: sums of scores and numbers of pages; ``kind`` picks pages by their label."""
    count = max(places, default=0) + 1
    sums = [[0.0] * len(names) for _ in range(count)]
    sizes = [[0.0] * len(names) for _ in range(count)]
    column = {name: i for i, name in enumerate(names)}
    for site, row in zip(places, rows, strict=True):
        for name, score in row.scores.items():
            if kind == "all" or score.has_value == (kind == "value"):
                sums[site][column[name]] += score.value
                sizes[site][column[name]] += 1.0
    return sums, sizes


def _adr(rows: Sequence[Judged], places: Places, level: float, seed: int) -> Interval | None:
    count = max(places, default=0) + 1
    sums, sizes = [[0.0] for _ in range(count)], [[0.0] for _ in range(count)]
    for site, row in zip(places, rows, strict=True):
        if row.adr009 is not None:
            sums[site][0] += row.adr009
            sizes[site][0] += 1.0
    return _spans((sums, sizes), level, seed)[0]


def _macro(table: Table, plain: Figures, level: float, seed: int) -> Interval | None:
    """The interval of the mean over fields, those with few values counting as one."""
    if not plain.fields:
        return None
    weights = [1.0 / len(plain.rare) if name in plain.rare else 1.0 for name in plain.fields]
    drawn = Bootstrap(*table, level, seed)
    return drawn.interval_of_mean(range(len(weights)), UNIT, weights)


def _sure(rows: Sequence[Judged], name: str) -> tuple[list[float], list[float], float]:
    """The confidences of a field's values, their scores, and how alike those of one site are."""
    found = [row for row in rows if name in row.confidences and name in row.scores]
    scores = [row.scores[name].value for row in found]
    effect = design_effect(scores, [row.site for row in found]) if found else 1.0
    return [row.confidences[name] for row in found], scores, effect


def _marks(
    rows: Sequence[Judged], places: Places, level: float, seed: int
) -> dict[str, Interval | None]:
    """The share of the pages with each finding, sites drawn as a whole."""
    count = max(places, default=0) + 1
    sums = [[0.0] * len(MARKS) for _ in range(count)]
    sizes = [[0.0] * len(MARKS) for _ in range(count)]
    for site, row in zip(places, rows, strict=True):
        for i, name in enumerate(MARKS):
            if name in row.marks:
                sums[site][i] += row.marks[name]
                sizes[site][i] += 1.0
    return dict(zip(MARKS, _spans((sums, sizes), level, seed), strict=True))


def _thinned(curve: tuple[CoveragePoint, ...]) -> tuple[CoveragePoint, ...]:
    """The curve with at most about `CURVE_POINTS` points, both ends among them."""
    step = max(1, len(curve) // CURVE_POINTS)
    kept = list(curve[::step])
    if curve and kept[-1] is not curve[-1]:
        kept.append(curve[-1])
    return tuple(kept)
