"""The nouns of a choice: candidates and what they are held against, figures and where from."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from msgspec import Struct


class Trace(Struct, frozen=True, kw_only=True):
    """Where a figure comes from.

    ``file`` is named as seen from the file of candidates, ``fingerprint`` is the start of its
    SHA-256, ``made`` the date and ``command`` the command in it, ``samples`` the fingerprint of
    the samples. ``declared`` says that nobody measured it; ``reason`` is then the user's.
    """

    file: str
    fingerprint: str = ""
    made: str = ""
    command: str = ""
    samples: str = ""
    place: str = ""
    declared: bool = False
    reason: str = ""


class Figure(Struct, frozen=True, kw_only=True):
    """A figure of a candidate, exact, with the interval around it where one is known.

    ``sites`` has the mean of each site's samples and their number, where that is known: they tell
    how figures of two candidates on the same samples move together.
    """

    measure: str
    value: Fraction
    low: Fraction | None = None
    high: Fraction | None = None
    level: float = 0.95
    trace: Trace
    sites: Mapping[str, tuple[float, int]] = {}


class Scoring(Struct, frozen=True, kw_only=True):
    """How a candidate gets its points for one criterion: declared, or from a measure.

    A measure gives 0 points at ``worst`` and 10 at ``best``, linearly between, never beyond.
    """

    score: Fraction | None = None
    reason: str = ""
    measure: str = ""
    worst: Fraction | None = None
    best: Fraction | None = None


class Declared(Struct, frozen=True, kw_only=True):
    """A figure that is stated in the file of candidates, with the reason to believe it."""

    value: Fraction
    reason: str


class Candidate(Struct, frozen=True, kw_only=True):
    """One engine with its model, as it would run. Paths are as they are written in the file."""

    name: str
    engine: str = ""
    model: str = ""
    quantisation: str = ""
    plan: str = ""
    licence: str = ""
    context: int | None = None
    evaluation: str = ""
    bench: str = ""
    verify: str = ""
    declared: Mapping[str, Declared] = {}
    scores: Mapping[str, Scoring] = {}
    stated_total: Decimal | None = None


class Selection(Struct, frozen=True, kw_only=True):
    """A file of candidates, read. ``weights`` add up to 1; ``given`` are as they were written.

    ``requirements`` are those of ADR-009 that ``rolecall verify`` must have passed.
    """

    file: str
    fingerprint: str
    title: str
    status: str
    context: str = ""
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    given: Mapping[str, Fraction]
    weights: Mapping[str, Fraction]
    floors: Mapping[str, Fraction] = {}
    licences: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...]


Verdict = Literal["held", "broken", "not shown"]


class FloorCheck(Struct, frozen=True, kw_only=True):
    """One floor, held against one candidate.

    ``resolved`` is false where the interval around the figure lies on both sides of the floor.
    ``text`` says the figure, its interval and the floor; a floor is ``not shown`` without a figure.
    """

    floor: str
    verdict: Verdict
    resolved: bool
    text: str


class Points(Struct, frozen=True, kw_only=True):
    """The points (0 to 10) of a candidate for one criterion; ``None`` where evidence is missing."""

    criterion: str
    score: Fraction | None
    how: str
    figure: Figure | None = None
    worst: Fraction | None = None
    best: Fraction | None = None


class Standing(Struct, frozen=True, kw_only=True):
    """A candidate with all that was found about it.

    ``total`` is ``None`` where points are missing. ``rank`` counts those that stand, from 1; equal
    totals share a rank; 0 is none. ``missing`` says which evidence is not there.
    """

    candidate: Candidate
    figures: Mapping[str, Figure]
    floors: tuple[FloorCheck, ...]
    points: tuple[Points, ...]
    total: Fraction | None
    rank: int = 0
    missing: tuple[str, ...] = ()
    findings: tuple[Mapping[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """The candidate's name."""
        return self.candidate.name

    @property
    def sum(self) -> Fraction:
        """The total, 0 where there is none."""
        return self.total or Fraction(0)

    @property
    def out(self) -> tuple[FloorCheck, ...]:
        """The floors that it breaks."""
        return tuple(one for one in self.floors if one.verdict == "broken")

    @property
    def unshown(self) -> tuple[FloorCheck, ...]:
        """The floors for which there is no figure."""
        return tuple(one for one in self.floors if one.verdict == "not shown")

    @property
    def stands(self) -> bool:
        """Whether it may be chosen: every floor is held, and every criterion has its points."""
        return not self.out and not self.unshown and self.total is not None
