"""What audits say: how often two extractions agree, by field, by who answered, and by day.

Agreement is not accuracy. Where both are wrong in the same way nobody notices, and where they
differ either may be right. The intervals say how far chance goes in which pages were audited, and
nothing of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from rolecall.audit.agreement import OUTCOME
from rolecall.monitor.intervals import wilson
from rolecall.monitor.series import DAY, Series

LEVEL: Final = 0.95
NAMES: Final = ("audit_same", "audit_differs", "audits", "audit_nano")


class Share(Struct, frozen=True, kw_only=True):
    """A share of ``n``, with the interval that is 95 % sure (Wilson 1927)."""

    low: float
    mid: float
    high: float
    n: int


def share_of(right: float, n: int) -> Share | None:
    """The share ``right`` of ``n`` with its score interval (Wilson 1927); ``None`` of nothing.

    ``right`` may be a sum of scores from 0 to 1: a graded score varies less than right-or-wrong of
    the same mean, so the interval is then too wide and never too narrow.
    """
    if n <= 0:
        return None
    low, high = wilson(right, n)
    return Share(low=low, mid=min(1.0, max(0.0, right / n)), high=high, n=n)


class Pair(Struct, frozen=True, kw_only=True):
    """What ``engine`` says of pages that ``route`` (an engine, or ``embedded``) had answered.

    ``fields`` is the share of pages in which the two agree, of those in which either has a value
    (`rolecall.audit.agreement.OUTCOME`: in which both find a posting); ``whole`` is that of the
    values of all fields.
    """

    engine: str
    route: str
    pages: int
    whole: Share | None
    fields: dict[str, Share]


class Figures(Struct, frozen=True, kw_only=True):
    """Audits from ``since`` (seconds since 1970) on; ``dollars`` is what they cost."""

    since: int
    pages: int
    pairs: tuple[Pair, ...]
    dollars: float


class Day(Struct, frozen=True, kw_only=True):
    """The audits of one day (UTC) of pages that ``route`` had answered."""

    starts: int
    engine: str
    route: str
    pages: int
    whole: Share | None


_Counts = dict[tuple[str, str], dict[str, list[int]]]
"""Same and different, by engine and route, and by field."""


def figures_of(series: Series, since: int) -> Figures:
    """The audits since then.

    Raises:
        DatabaseError: the database cannot be read.
    """
    found = series.totals(NAMES, since)
    pages = {_who(label): count for label, (count, _) in found["audits"].items()}
    counts: _Counts = {}
    for place, name in enumerate(("audit_same", "audit_differs")):
        for label, (count, _) in found[name].items():
            _count(counts, label, place, count)
    pairs = [
        Pair(
            engine=who[0],
            route=who[1],
            pages=number,
            whole=_whole(counts.get(who, {}), number),
            fields=_fields(counts.get(who, {})),
        )
        for who, number in pages.items()
    ]
    return Figures(
        since=since,
        pages=sum(pages.values()),
        pairs=tuple(sorted(pairs, key=lambda one: (-one.pages, one.engine, one.route))),
        dollars=sum(total for _, total in found["audit_nano"].values()) / 1e9,
    )


def days_of(series: Series, since: int) -> list[Day]:
    """The audits by day (UTC), from the day of ``since`` on, the oldest first.

    Raises:
        DatabaseError: the database cannot be read.
    """
    first = since // DAY * DAY
    counts: dict[int, _Counts] = {}
    for place, name in enumerate(("audit_same", "audit_differs")):
        for point in series.points(name, DAY, first):
            _count(counts.setdefault(point.starts, {}), point.label, place, point.count)
    days = []
    for point in series.points("audits", DAY, first):
        engine, route = who = _who(point.label)
        told = counts.get(point.starts, {}).get(who, {})
        whole = _whole(told, point.count)
        days.append(
            Day(starts=point.starts, engine=engine, route=route, pages=point.count, whole=whole)
        )
    return sorted(days, key=lambda one: (one.starts, one.engine, one.route))


def _count(counts: _Counts, label: str, place: int, count: int) -> None:
    engine, _, rest = label.partition(" ")
    route, _, field = rest.partition(" ")
    if field:  # else it is what became of labels that were too many
        counts.setdefault((engine, route), {}).setdefault(field, [0, 0])[place] += count


def _who(label: str) -> tuple[str, str]:
    engine, _, route = label.partition(" ")
    return engine, route


def _fields(counts: Mapping[str, list[int]]) -> dict[str, Share]:
    """Those first that agree least."""
    told = {name: share_of(same, same + other) for name, (same, other) in counts.items()}
    known = {name: one for name, one in told.items() if one is not None}
    return dict(sorted(known.items(), key=lambda one: (one[0] != OUTCOME, one[1].mid, one[0])))


def _whole(counts: Mapping[str, list[int]], pages: int) -> Share | None:
    """The mean over all values, with the interval of as many units as there are pages: values of
    one page hang together, so that they are no units of their own."""
    values = [one for name, one in counts.items() if name != OUTCOME]
    same = sum(one[0] for one in values)
    every = sum(map(sum, values))
    return share_of(pages * same / every, pages) if every else None
