"""What the figures of a stretch of time say, in the words of the decision record's monitoring."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from rolecall.monitor.series import Series

NAMES: Final = (
    "pages", "reasons", "routes", "copies", "problems", "stages", "page_micros", "fields",
    "fields_untold", "sure", "kept", "calls", "tokens_in", "tokens_cached", "tokens_out",
    "call_micros", "nano", "context", "long_context", "kv_permille", "engine_running",
    "engine_waiting", "prefix_queries", "prefix_hits", "gpu_bytes", "gpu_total_bytes",
    "queue_waiting",
)  # fmt: skip
LOCAL_GOAL: Final = 0.95
"""The share of pages that the decision record wants done without a cloud (ADR-009)."""
UNSURE: Final = 500
"""Thousandths of confidence under which a value counts as unsure."""

Totals = Mapping[str, tuple[int, int]]
"""Count and sum by label."""


class Sizes(Struct, frozen=True, kw_only=True):
    """A figure of sizes: mean, and bounds under which half and 95 % lie (powers of two)."""

    mean: float
    half: int
    most: int


class Field(Struct, frozen=True, kw_only=True):
    """Share of postings in which a field has a value, and its mean confidence if one is told."""

    filled: float
    sure: float | None


class EngineUse(Struct, frozen=True, kw_only=True):
    """Calls of an engine by result, kept answers in their place, tokens, and US dollars."""

    results: dict[str, int]
    kept: int
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    dollars: float


class EngineLoad(Struct, frozen=True, kw_only=True):
    """What the server of an engine told of itself, on average: share of its KV cache in use,
    requests under way and in line, and the share of prompts' tokens that its prefix cache had."""

    kv: float
    running: float
    waiting: float
    prefix_hits: float | None


class CardUse(Struct, frozen=True, kw_only=True):
    """Memory of a card in bytes, on average: what is in use, and all of it."""

    used: float
    total: float


class Summary(Struct, frozen=True, kw_only=True):
    """Pages from ``since`` (seconds since 1970) on.

    ``local`` is the share of those with values that no cloud engine had a part in the last word of;
    ``unsure`` the share of values with a confidence under a half; ``long_context`` that of calls
    over the record's context; ``cut_off`` that of calls whose answer was too long.
    ``problem_kinds`` are what was wrong in answers and values, ``waiting`` the pages in the queue
    on average. Shares are ``None`` where there is nothing to have a share of.
    """

    since: int
    pages: dict[str, int]
    reasons: dict[str, int]
    routes: dict[str, int]
    local: float | None
    copies: int
    problems: int
    problem_kinds: dict[str, int]
    stage_ms: dict[str, float]
    page_micros: Sizes | None
    fields: dict[str, Field]
    unsure: float | None
    engines: dict[str, EngineUse]
    call_micros: Sizes | None
    context: Sizes | None
    long_context: float | None
    cut_off: float | None
    loads: dict[str, EngineLoad]
    cards: dict[str, CardUse]
    waiting: float | None


def summary(series: Series, since: int, cloud: frozenset[str] = frozenset()) -> Summary:
    """The figures since then; ``cloud`` are the names of engines that are not local.

    Raises:
        DatabaseError: the database cannot be read.
    """
    found = series.totals(NAMES, since)
    counts = {name: {label: one[0] for label, one in found[name].items()} for name in NAMES}
    postings = counts["pages"].get("ok", 0) + counts["pages"].get("partial", 0)
    routes, sure, context = counts["routes"], counts["sure"], counts["context"]
    told = sum(count for name, count in routes.items() if name != "none")
    away = sum(count for name, count in routes.items() if name in cloud)
    low = sum(count for label, count in sure.items() if label.isdigit() and int(label) < UNSURE)
    return Summary(
        since=since,
        pages=_by_count(counts["pages"]),
        reasons=_by_count(counts["reasons"]),
        routes=_by_count(routes),
        local=_share(told - away, told),
        copies=counts["copies"].get("", 0),
        problems=sum(one[1] for one in found["problems"].values()),
        problem_kinds=_by_count({kind: one[1] for kind, one in found["problems"].items()}),
        stage_ms={name: one[1] / one[0] / 1e3 for name, one in found["stages"].items()},
        page_micros=sizes(found["page_micros"]),
        fields={
            name: Field(
                filled=min(1.0, count / postings),
                sure=_mean(total, count - counts["fields_untold"].get(name, 0)),
            )
            for name, (count, total) in sorted(found["fields"].items())
            if postings
        },
        unsure=_share(low, sum(sure.values())),
        engines=_engines(found),
        call_micros=sizes(found["call_micros"]),
        context=sizes(found["context"]),
        long_context=_share(counts["long_context"].get("", 0), sum(context.values())),
        cut_off=_share(_ended(counts["calls"], "length"), sum(counts["calls"].values())),
        loads=_loads(found),
        cards=_cards(found),
        waiting=average(found["queue_waiting"].get("")),
    )


def sizes(totals: Totals) -> Sizes | None:
    """Mean and bounds of a figure that is kept by doublings; ``None`` where nothing was counted."""
    count = sum(one[0] for one in totals.values())
    if not count:
        return None
    bounds = sorted((int(label), one[0]) for label, one in totals.items() if label.isdigit())
    return Sizes(
        mean=sum(one[1] for one in totals.values()) / count,
        half=_bound(bounds, 0.5 * count),
        most=_bound(bounds, 0.95 * count),
    )


def _bound(bounds: list[tuple[int, int]], wanted: float) -> int:
    """The smallest bound under which so many lie."""
    seen = 0
    for bound, count in bounds:
        seen += count
        if seen >= wanted:
            return bound
    return bounds[-1][0] if bounds else 0


def _engines(found: Mapping[str, Totals]) -> dict[str, EngineUse]:
    results: dict[str, dict[str, int]] = {}
    for label, (count, _) in found["calls"].items():
        engine, _, result = label.rpartition(" ")
        results.setdefault(engine or label, {})[result] = count
    names = sorted({*results, *found["kept"]})

    def total(name: str, engine: str) -> int:
        return found[name].get(engine, (0, 0))[1]

    return {
        name: EngineUse(
            results=_by_count(results.get(name, {})),
            kept=found["kept"].get(name, (0, 0))[0],
            input_tokens=total("tokens_in", name),
            cached_tokens=total("tokens_cached", name),
            output_tokens=total("tokens_out", name),
            dollars=total("nano", name) / 1e9,
        )
        for name in names
    }


def average(told: tuple[int, int] | None) -> float | None:
    """The mean of what was sampled, of a count and a sum."""
    return told[1] / told[0] if told and told[0] else None


def _ended(calls: Mapping[str, int], result: str) -> int:
    return sum(count for label, count in calls.items() if label.rpartition(" ")[2] == result)


def _loads(found: Mapping[str, Totals]) -> dict[str, EngineLoad]:
    return {
        name: EngineLoad(
            kv=min(1.0, (average(told) or 0.0) / 1e3),
            running=average(found["engine_running"].get(name)) or 0.0,
            waiting=average(found["engine_waiting"].get(name)) or 0.0,
            prefix_hits=_share(
                found["prefix_hits"].get(name, (0, 0))[1],
                found["prefix_queries"].get(name, (0, 0))[1],
            ),
        )
        for name, told in sorted(found["kv_permille"].items())
    }


def _cards(found: Mapping[str, Totals]) -> dict[str, CardUse]:
    return {
        name: CardUse(
            used=average(told) or 0.0, total=average(found["gpu_total_bytes"].get(name)) or 0.0
        )
        for name, told in sorted(found["gpu_bytes"].items())
    }


def _by_count(counts: Mapping[str, int]) -> dict[str, int]:
    """The largest first."""
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _mean(thousandths: int, count: int) -> float | None:
    return thousandths / count / 1e3 if count > 0 else None


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
