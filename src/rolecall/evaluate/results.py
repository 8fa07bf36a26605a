"""What a run showed, in figures: per engine and field, with intervals, calibration, thresholds.

Pages of one site are alike, so intervals are drawn over sites. Needs numpy (extra ``eval``).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from rolecall.evaluate.nouns import Interval, Judged, Judgement
from rolecall.evaluate.statistics import (
    Calibration,
    CoveragePoint,
    Threshold,
    bca,
    bca_of_mean,
    calibration,
    coverage_curve,
    design_effect,
    threshold_for,
    wilson,
)

RARE: Final = 5
"""A field with fewer labelled values counts together with the others of its kind, as one."""

LENGTHS: Final = (500, 1_000, 2_000, 4_000, 8_192)
CURVE_POINTS: Final = 60
MARKS: Final = ("right_outcome", "grounded", "schema_valid", "truncated", "asked")


class FieldResult(Struct, frozen=True, kw_only=True):
    """One field over all pages that are labelled for it.

    ``all`` is the mean score, ``value`` that of pages whose label has a value, ``null`` of those
    whose label has none. ``confidence`` says how far confidences can be trusted, ``threshold`` from
    which on values reach the target.
    """

    n_value: int
    n_null: int
    all: Interval | None
    value: Interval | None
    null: Interval | None
    confidence: Calibration
    threshold: Threshold


class GroupResult(Struct, frozen=True, kw_only=True):
    """The pages of one site, language or length."""

    pages: int
    adr009: float | None
    macro: float | None


class EngineResult(Struct, frozen=True, kw_only=True):
    """How one engine did. Shares are from 0 to 1; tokens are sums over all pages.

    ``macro`` is the mean of the fields' ``all``, ``macro_value`` that of their ``value``; rare
    fields count as one. ``marks`` are the shares of pages with a finding, of those on which it
    could be made. ``seconds`` are the mean, median and 95th percentile of a page.
    """

    name: str
    config: str
    pages: int
    outcomes: Mapping[str, int]
    adr009: Interval | None
    macro: Interval | None
    macro_value: float | None
    fields: Mapping[str, FieldResult]
    marks: Mapping[str, Interval | None]
    groups: Mapping[str, Mapping[str, GroupResult]]
    confidence: Calibration
    coverage: tuple[CoveragePoint, ...]
    threshold: Threshold
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    cost_usd: float
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


def fields_of(rows: Sequence[Judged]) -> tuple[str, ...]:
    """The labelled fields, in the order in which they first come."""
    return tuple(dict.fromkeys(name for row in rows for name in row.scores))


def _engine(one: Judgement, target: float, level: float, seed: int) -> EngineResult:
    rows, names = one.rows, fields_of(one.rows)
    sites = sorted({row.site for row in rows})
    place = {site: i for i, site in enumerate(sites)}
    tables = {kind: _table(rows, names, place, kind) for kind in ("all", "value", "null")}
    spans = {kind: bca(*table, level, seed, bounds=(0.0, 1.0)) for kind, table in tables.items()}
    has = {n: sum(n in row.scores and row.scores[n].has_value for row in rows) for n in names}
    labelled = {n: sum(n in row.scores for row in rows) for n in names}
    sure = {name: _sure(rows, name) for name in names}
    fields = {
        name: FieldResult(
            n_value=has[name],
            n_null=labelled[name] - has[name],
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
        pages=len(rows),
        outcomes=dict(sorted(Counter(row.outcome for row in rows).items())),
        adr009=_adr(rows, place, level, seed),
        macro=_macro(tables["all"], has, level, seed),
        macro_value=_macro_value(fields),
        fields=fields,
        marks={name: _mark(rows, name, level) for name in MARKS},
        groups=_groups(rows),
        confidence=calibration(*pooled, level=level),
        coverage=_thinned(coverage_curve(*pooled, level, effect)),
        threshold=threshold_for(target, *pooled, level, effect),
        input_tokens=sum(row.usage.input_tokens for row in rows),
        cached_tokens=sum(row.usage.cached_tokens for row in rows),
        output_tokens=sum(row.usage.output_tokens for row in rows),
        cost_usd=sum(row.cost_usd for row in rows),
        seconds=(sum(seconds) / len(seconds), _at(seconds, 0.5), _at(seconds, 0.95)),
    )


def _at(ordered: Sequence[float], share: float) -> float:
    """The nearest-rank percentile."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


Table = tuple[list[list[float]], list[list[float]]]


def _table(
    rows: Sequence[Judged], names: Sequence[str], place: Mapping[str, int], kind: str
) -> Table:
    """Sites x fields: sums of scores and numbers of pages; ``kind`` picks pages by their label."""
    sums = [[0.0] * len(names) for _ in place]
    sizes = [[0.0] * len(names) for _ in place]
    column = {name: i for i, name in enumerate(names)}
    for row in rows:
        site = place[row.site]
        for name, score in row.scores.items():
            if kind == "all" or score.has_value == (kind == "value"):
                sums[site][column[name]] += score.value
                sizes[site][column[name]] += 1.0
    return sums, sizes


def _adr(
    rows: Sequence[Judged], place: Mapping[str, int], level: float, seed: int
) -> Interval | None:
    sums, sizes = [[0.0] for _ in place], [[0.0] for _ in place]
    for row in rows:
        if row.adr009 is not None:
            sums[place[row.site]][0] += row.adr009
            sizes[place[row.site]][0] += 1.0
    return bca(sums, sizes, level, seed, bounds=(0.0, 1.0))[0]


def _macro(table: Table, has: Mapping[str, int], level: float, seed: int) -> Interval | None:
    """The interval of the mean over fields, those with few values taken together."""
    rare = {i for i, n in enumerate(has.values()) if n < RARE}

    def grouped(rows: list[list[float]]) -> list[list[float]]:
        return [
            [x for i, x in enumerate(row) if i not in rare]
            + ([sum(row[i] for i in rare)] if rare else [])
            for row in rows
        ]

    sums, sizes = map(grouped, table)
    if not has:
        return None
    return bca_of_mean(sums, sizes, level, seed, bounds=(0.0, 1.0))


def _macro_value(fields: Mapping[str, FieldResult]) -> float | None:
    common = [f.value.mid for f in fields.values() if f.n_value >= RARE and f.value]
    rare = [f.value.mid for f in fields.values() if f.n_value < RARE and f.value]
    means = common + ([sum(rare) / len(rare)] if rare else [])
    return sum(means) / len(means) if means else None


def _sure(rows: Sequence[Judged], name: str) -> tuple[list[float], list[float], float]:
    """The confidences of a field's values, their scores, and how alike those of one site are."""
    found = [row for row in rows if name in row.confidences and name in row.scores]
    scores = [row.scores[name].value for row in found]
    effect = design_effect(scores, [row.site for row in found]) if found else 1.0
    return [row.confidences[name] for row in found], scores, effect


def _mark(rows: Sequence[Judged], name: str, level: float) -> Interval | None:
    told = [row.marks[name] for row in rows if name in row.marks]
    return wilson(sum(told), len(told), level)


def _groups(rows: Sequence[Judged]) -> dict[str, dict[str, GroupResult]]:
    kinds: dict[str, Callable[[Judged], str]] = {
        "site": lambda row: row.site,
        "language": lambda row: row.language or "unknown",
        "length": lambda row: bucket(row.tokens),
    }
    out: dict[str, dict[str, GroupResult]] = {}
    for kind, of in kinds.items():
        groups: dict[str, list[Judged]] = {}
        for row in rows:
            groups.setdefault(of(row), []).append(row)
        ordered = sorted(groups.items(), key=lambda one: (-len(one[1]), one[0]))
        if kind == "length":
            ordered = [(name, groups[name]) for name in BUCKETS if name in groups]
        out[kind] = {name: _group(found) for name, found in ordered}
    return out


def _group(rows: Sequence[Judged]) -> GroupResult:
    adr = [row.adr009 for row in rows if row.adr009 is not None]
    means = []
    for name in fields_of(rows):
        values = [row.scores[name].value for row in rows if name in row.scores]
        means.append(sum(values) / len(values))
    return GroupResult(
        pages=len(rows),
        adr009=sum(adr) / len(adr) if adr else None,
        macro=sum(means) / len(means) if means else None,
    )


BUCKETS: Final = (
    *(f"under {high:,}" if i == 0 else f"{LENGTHS[i - 1]:,} to {high:,}"
      for i, high in enumerate(LENGTHS)),
    f"over {LENGTHS[-1]:,}",
)  # fmt: skip
"""Names of the lengths of pages, in tokens of their visible text."""


def bucket(tokens: int) -> str:
    """The name of the length that a page of ``tokens`` has."""
    return BUCKETS[sum(tokens > high for high in LENGTHS)]


def _thinned(curve: tuple[CoveragePoint, ...]) -> tuple[CoveragePoint, ...]:
    """The curve with at most about `CURVE_POINTS` points, both ends among them."""
    step = max(1, len(curve) // CURVE_POINTS)
    kept = list(curve[::step])
    if curve and kept[-1] is not curve[-1]:
        kept.append(curve[-1])
    return tuple(kept)
