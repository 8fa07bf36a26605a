"""What the counts of a trial say: harm, and how much better or worse a challenger may be.

All that is told here holds at every look at once, see docs/trials-statistics.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from rolecall.trial.challenger import Challenger
from rolecall.trial.intervals import Between, difference_between, rate_between, ratio_between
from rolecall.trial.nouns import KINDS, Counts, arms
from rolecall.trial.sequential import Stretch, evidence, harmless, limit, together

NO_WORSE: Final = 1.25
"""A challenger is no worse where it goes wrong at most so many times as often as the champion."""
HARDLY: Final = 0.005
"""Or where it does so in at most this much more of all pages: where hardly anything goes wrong, a
ratio is never known."""
MOST_UNJUDGED: Final = 0.01
"""The part of a challenger's pages that may have told nothing, where it is said to be no worse."""
WITHOUT_ENGINES: Final = ("incomplete",)
"""What can be compared where one of the two asks no engine."""
WHOLE: Final = 1_000
"""Agreement is counted in thousandths of a page."""
_FIELD: Final = "compared field "

_WORDS: Final = {
    "failed": "pages that no engine answered",
    "truncated": "answers that were cut off",
    "invalid": "answers that were not as asked for",
    "incomplete": "postings without a required field",
    "slow": "pages that took much longer than another one, of so many pairs",
}


class Finding(Struct, frozen=True, kw_only=True):
    """One kind of harm: how many pages went wrong with the challenger and with the champion, within
    which bounds the ratio of their rates lies (``None``: not told; in the shadow, of pages that go
    wrong with one of the two alone), and the evidence for harm as a part of what stops a
    challenger. Of slow ones, ``tried`` is in how many of the ``pairs`` (``None``: of other kinds)
    the challenger was slow, of which up to a half are no harm; ``usual`` is 0.
    """

    kind: str
    tried: int
    usual: int
    pairs: int | None = None
    ratio: tuple[float, float] | None
    evidence: float
    no_worse: bool


class Agreement(Struct, frozen=True, kw_only=True):
    """The share of values in which challenger and champion agree, and its bounds; by field without
    bounds. Agreement is not accuracy: who is right is not told."""

    pages: int
    share: float
    low: float
    high: float
    fields: dict[str, float]


class Verdict(Struct, frozen=True, kw_only=True):
    """What is known now. ``harm`` says in words why the challenger is to be stopped; empty where
    nothing does. ``no_worse`` says that of no kind more goes wrong, see `NO_WORSE` and `HARDLY`."""

    tried: int
    usual: int
    skipped: int
    findings: tuple[Finding, ...]
    agreement: Agreement | None
    harm: str
    no_worse: bool


def judge(one: Challenger, days: Sequence[Counts]) -> Verdict:
    """The verdict of all kinds of harm together.

    ``days`` are the counts of each day of the run, in their order.
    """
    counts = total(days)
    pairs = [(_slow(day), day.get("pairs", 0)) for day in days]
    stretches = {
        kind: [Stretch(*arms(day, kind)[:2], one.chance) for day in days] for kind in KINDS
    } | {"slow": [Stretch(slow, many - slow, 0.5) for slow, many in pairs]}
    judged = tuple(stretches) if one.asks else WITHOUT_ENGINES
    logs = {kind: evidence(stretches[kind]) for kind in judged}
    if one.floor:
        logs["floor"] = evidence([_differing(day, one.floor) for day in days])
    needed = limit(one.alpha / len(logs))
    findings = tuple(
        _finding(one, kind, told, counts, logs.get(kind, 0.0) / needed)
        for kind, told in stretches.items()
    )
    agreement = _agreement(counts, one.alpha)
    harmful = together(logs) >= limit(one.alpha)
    worst = max(logs, key=lambda kind: logs[kind])
    named = [kind for kind in logs if logs[kind] >= needed] or [worst]
    return Verdict(
        tried=counts.get("pages challenger", 0),
        usual=counts.get("pages champion", 0),
        skipped=counts.get("skipped", 0),
        findings=findings,
        agreement=agreement,
        harm="; ".join(_told(kind, findings, agreement, one) for kind in named) * harmful,
        no_worse=all(found.no_worse for found in findings if found.kind in judged)
        and _judged(counts),
    )


def total(days: Sequence[Counts]) -> dict[str, int]:
    """The counts of all days."""
    found: Counter[str] = Counter()
    for day in days:
        found.update(day)
    return dict(found)


def _finding(
    one: Challenger, kind: str, told: Sequence[Stretch], counts: Counts, part: float
) -> Finding:
    if kind == "slow":
        return Finding(
            kind=kind,
            tried=counts.get("slow", 0),
            usual=0,
            pairs=counts.get("pairs", 0),
            ratio=None,
            evidence=max(0.0, part),
            no_worse=True,
        )
    tried, usual, both = arms(counts, kind)
    ratio = ratio_between(told, one.alpha)
    more = _more(one, counts, kind)
    return Finding(
        kind=kind,
        tried=tried + both,
        usual=usual + both,
        ratio=(ratio.low, ratio.high) if tried + usual else None,
        evidence=max(0.0, part),
        # Either of two tests may say so, each with a half of what may go wrong.
        no_worse=harmless(told, NO_WORSE) >= limit(one.alpha / 2) or more.high <= HARDLY,
    )


def _judged(counts: Counts) -> bool:
    """Whether nearly all pages of the challenger told something."""
    pages = counts.get("pages challenger", 0)
    return counts.get("unjudged", 0) <= MOST_UNJUDGED * (pages + counts.get("unjudged", 0))


def _more(one: Challenger, counts: Counts, kind: str) -> Between:
    """How much more of all pages goes wrong with the challenger, at most; a page that comes again
    counts again here, as it does among the pages."""
    once, often = arms(counts, kind), arms(counts, f"times {kind}")
    tried, usual = max(once[0], often[0]), max(once[1], often[1])
    pages, others = counts.get("pages challenger", 0), counts.get("pages champion", 0)
    if one.mode == "shadow":  # the same pages: more than those that it alone fails on it cannot be
        return rate_between(tried, pages, one.alpha / 2)
    return difference_between(tried, pages, usual, others, one.alpha / 2)


def _slow(day: Counts) -> int:
    return min(day.get("slow", 0), day.get("pairs", 0))


def _differing(day: Counts, floor: float) -> Stretch:
    """Pages on which the two differ. A part of a page counts as that part: the test bounds means of
    what lies between 0 and 1 as it does shares."""
    compared, same = day.get("compared", 0), day.get("same", 0)
    return Stretch((compared - same) // WHOLE, -(-same // WHOLE), 1.0 - floor)


def _agreement(counts: Counts, alpha: float) -> Agreement | None:
    compared, same = counts.get("compared", 0), counts.get("same", 0)
    if compared < WHOLE:
        return None
    between = rate_between(same // WHOLE, compared // WHOLE, alpha)
    fields = {
        name.removeprefix(_FIELD): counts.get(name.replace("compared", "same", 1), 0) / amount
        for name, amount in counts.items()
        if name.startswith(_FIELD) and amount
    }
    return Agreement(
        pages=compared // WHOLE,
        share=same / compared,
        low=between.low,
        high=between.high,
        fields=fields,
    )


def _told(
    kind: str, findings: Sequence[Finding], agreement: Agreement | None, one: Challenger
) -> str:
    if kind == "floor":
        share = agreement.share if agreement is not None else 0.0
        return f"agrees with the champion in {share:.1%} of values, under {one.floor:.1%}"
    found = next(each for each in findings if each.kind == kind)
    if kind == "slow":
        return f"{_WORDS[kind]}: {found.tried:,} of {found.pairs or 0:,}"
    return f"{_WORDS[kind]}: {found.tried:,} of the challenger's, {found.usual:,} of the champion's"
