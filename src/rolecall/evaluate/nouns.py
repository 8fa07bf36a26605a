"""The nouns of measuring: a sample, how right one field is, how an engine did on all samples.

``Sample`` (a page and what is right for it) -> records of an engine -> ``Judged`` (one record held
against its sample) -> ``Judgement`` (all of them, under a name) -> reports, comparisons, choices.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from msgspec import Struct

from rolecall.core import Usage


class Sample(Struct, frozen=True, kw_only=True):
    """A page and what is right for it.

    ``id`` is unique in its set. The page lies in the file ``path``, or is ``body`` where that is
    given. ``expected`` maps a field of the schema to its right value: ``None`` says that the page
    holds none, a missing field that nobody has labelled it. ``also`` holds further values of a
    field that are right too (such as those of the page's own data where its text shows none).
    ``site`` is what a split may not cut through. ``evidence`` has the quotes that a labeller
    saw, by the pointers of a record's evidence. ``posting`` is false for a page that is no
    single vacancy, for which the right outcome is ``not_a_posting``.
    """

    id: str
    site: str
    path: str = ""
    body: bytes | None = None
    url: str | None = None
    media_type: str | None = None
    captured: date | None = None
    language: str = ""
    expected: Mapping[str, Any]
    also: Mapping[str, tuple[Any, ...]] = {}
    evidence: Mapping[str, Any] = {}
    posting: bool = True


class SampleSet(Struct, frozen=True):
    """Samples in a fixed order.

    ``fingerprint`` is a short hash of their ids, pages and labels. ``notices`` tell what reading
    them had to say.
    """

    samples: tuple[Sample, ...]
    fingerprint: str
    notices: tuple[str, ...] = ()


class Score(Struct, frozen=True):
    """How right a field is, from 0 to 1, and whether the label has a value for it."""

    value: float
    has_value: bool


class Judged(Struct, frozen=True, kw_only=True):
    """One record, held against its sample.

    ``scores`` has the labelled fields, ``confidences`` those of them for which the record gives a
    value and says how sure it is. ``marks`` are yes-or-no findings about the whole record:
    ``schema_valid``, ``grounded`` (every value has support that is really there), ``truncated`` (an
    answer was cut), ``right_outcome``, ``asked`` (an engine was asked). ``adr009`` is the decision
    record's own metric, ``None`` where none of its fields is labelled with a value. ``tokens``
    counts the visible text. A sample without a record has the outcome ``missing``, and everything
    in it counts as null; so does one with two records, whose outcome is ``duplicate``. ``posting``
    is the sample's: whether it is a vacancy at all.
    """

    id: str
    site: str
    language: str
    tokens: int
    outcome: str
    scores: Mapping[str, Score]
    adr009: float | None
    confidences: Mapping[str, float] = {}
    marks: Mapping[str, bool] = {}
    seconds: float = 0.0
    cost_usd: float = 0.0
    usage: Usage = Usage()
    posting: bool = True


class Judgement(Struct, frozen=True, kw_only=True):
    """How one engine (or one way of using it) did on a set of samples.

    ``samples`` is the fingerprint of the set, ``config`` that of the records' settings; two
    judgements can be compared where ``samples`` is the same. ``notices`` tell what was left out.
    """

    name: str
    samples: str
    config: str
    rows: tuple[Judged, ...]
    notices: tuple[str, ...] = ()


class Interval(Struct, frozen=True):
    """An estimate and the interval around it, ``level`` sure (0.95)."""

    low: float
    mid: float
    high: float
    level: float = 0.95


class Finding(Struct, frozen=True, kw_only=True):
    """A requirement of the decision record, held against what was measured.

    ``id`` is the record's (``PR-1``), ``text`` the requirement in a few words. ``figure`` and
    ``goal`` are written with their units; ``command`` made the figure. ``reason`` says why
    something was not run, or what falls short.
    """

    id: str
    text: str
    verdict: Literal["pass", "fail", "not_run"]
    figure: str = ""
    goal: str = ""
    command: str = ""
    reason: str = ""
