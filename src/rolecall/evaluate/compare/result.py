"""The nouns of a comparison: one field of two engines, what they took, all of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from rolecall.evaluate.nouns import Interval

Verdict = Literal["a", "b", "equivalent", "unresolved"]
Test = Literal["mcnemar", "sign_flip", "mcnemar_and_sign_flip", "none"]


class Compared(Struct, frozen=True, kw_only=True):
    """One field (or a total) of two engines, on the ``n`` samples on which both have a score.

    ``a`` and ``b`` are mean scores, ``difference`` is A's less B's with its interval. ``only_a``
    counts the samples on which A's score is higher, ``only_b`` those on which B's is. ``p`` is that
    of ``test``, ``p_adjusted`` the same for all fields together; the totals have no adjustment.
    ``effect`` is Cohen's h where ``binary`` (each score 0 or 1), else the difference in standard
    deviations of the scores. ``deviation`` is the standard deviation of the samples' differences,
    ``design_effect`` how many times the variance grows because pages of a site are alike,
    ``differing`` the number of sites on which the two differ at all.
    Unresolved, ``more`` samples of ``more_sites`` new sites would probably settle it, were the
    truth what was seen; ``reason`` says what stands in the way of telling even that.
    """

    field: str
    n: int
    sites: int
    a: float | None = None
    b: float | None = None
    difference: Interval | None = None
    binary: bool = False
    only_a: int = 0
    only_b: int = 0
    test: Test = "none"
    p: float | None = None
    p_adjusted: float | None = None
    effect: float | None = None
    deviation: float = 0.0
    design_effect: float = 1.0
    differing: int = 0
    verdict: Verdict = "unresolved"
    more: int | None = None
    more_sites: int | None = None
    reason: str = ""


class Spent(Struct, frozen=True, kw_only=True):
    """What two engines took, over all samples: totals, and the difference for a sample."""

    a: float
    b: float
    difference: Interval | None


class Comparison(Struct, frozen=True, kw_only=True):
    """Two engines on the ``n`` samples that both have read.

    ``left_out_a`` and ``left_out_b`` count the samples that only one has. ``unit`` is what was
    drawn and flipped as a whole: a site, or a page where all are from one site. ``clustered`` says
    that some site has several pages. ``macro`` is the mean of the fields' scores, each field
    counting the same and the rare ones as one (as in `results`); ``adr009`` that of the decision
    record's metric. ``outcomes`` and ``marks`` count the records of A and of B. ``a_ahead`` and
    ``b_ahead`` list, by field, the ids of the samples on which that engine's score is the higher.
    """

    a: str
    b: str
    samples: str
    n: int
    sites: int
    left_out_a: int = 0
    left_out_b: int = 0
    level: float
    margin: float
    seed: int
    unit: Literal["site", "page"]
    clustered: bool
    macro: Compared
    adr009: Compared
    fields: tuple[Compared, ...]
    cost_usd: Spent
    seconds: Spent
    outcomes: Mapping[str, tuple[int, int]]
    marks: Mapping[str, tuple[int, int]]
    a_ahead: Mapping[str, tuple[str, ...]]
    b_ahead: Mapping[str, tuple[str, ...]]
