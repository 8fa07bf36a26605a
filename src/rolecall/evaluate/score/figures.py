"""A judgement in figures: by field, over all fields, and by site, language and length.

The averages are those of the corpus' own scorer: ``all`` is the mean over the samples that are
labelled, ``value`` that over those whose label has a value, ``null`` over the others; ``macro``
and ``macro_value`` are means over fields, of which those with fewer than ``RARE`` values count as
one. An empty answer reaches about 0.5 in ``macro`` and 0 in ``macro_value``: read both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import fsum
from typing import Final

from msgspec import Struct

from rolecall.core import Usage
from rolecall.evaluate.nouns import Judged, Judgement, Score

RARE: Final = 5
LENGTHS: Final = (
    (500, "0-500"),
    (1_000, "500-1K"),
    (2_000, "1-2K"),
    (4_000, "2-4K"),
    (8_192, "4-8K"),
)
LONGER: Final = ">8K"
UNKNOWN: Final = "unknown"
"""The length of a record without text, and the language of a sample without one."""


class FieldFigures(Struct, frozen=True, kw_only=True):
    """How right a field is: over all labelled samples, those with a value, those without."""

    all: float | None
    value: float | None
    null: float | None
    n_value: int
    n_null: int


class GroupFigures(Struct, frozen=True, kw_only=True):
    """Some of the samples: ``macro`` is the mean over all their labelled fields."""

    samples: int
    adr009: float | None
    macro: float | None


class Figures(Struct, frozen=True, kw_only=True):
    """A judgement in figures.

    ``rare`` names the fields that count as one in the means. ``marks`` maps each finding to the
    share of the records it could be made about, ``marked`` to their number; ``refused`` is the
    share of the pages that are no posting which were rightly refused. ``seconds`` and ``cost_usd``
    are sums. ``languages`` and ``lengths`` (tokens of the visible text) are groups, as ``sites``.
    """

    name: str
    samples: int
    postings: int
    adr009: float | None
    macro: float | None
    macro_value: float | None
    rare: tuple[str, ...]
    fields: Mapping[str, FieldFigures]
    outcomes: Mapping[str, int]
    marks: Mapping[str, float]
    marked: Mapping[str, int]
    refused: float | None
    seconds: float
    cost_usd: float
    usage: Usage
    sites: Mapping[str, GroupFigures]
    languages: Mapping[str, GroupFigures]
    lengths: Mapping[str, GroupFigures]
    notices: tuple[str, ...] = ()


def figures(judgement: Judgement) -> Figures:
    """All figures of a judgement."""
    rows = judgement.rows
    fields = field_figures(rows)
    rare = tuple(name for name, one in fields.items() if one.n_value < RARE)
    marks: dict[str, list[bool]] = {}
    for row in rows:
        for name, holds in row.marks.items():
            marks.setdefault(name, []).append(holds)
    others = [row for row in rows if not row.posting]
    return Figures(
        name=judgement.name,
        samples=len(rows),
        postings=len(rows) - len(others),
        adr009=mean(row.adr009 for row in rows if row.adr009 is not None),
        macro=_over_fields(fields, rare, lambda one: one.all),
        macro_value=_over_fields(fields, rare, lambda one: one.value),
        rare=rare,
        fields=fields,
        outcomes=dict(sorted(Counter(row.outcome for row in rows).items())),
        marks={name: sum(found) / len(found) for name, found in sorted(marks.items())},
        marked={name: len(found) for name, found in sorted(marks.items())},
        refused=mean(float(row.marks.get("right_outcome", False)) for row in others),
        seconds=fsum(row.seconds for row in rows),
        cost_usd=fsum(row.cost_usd for row in rows),
        usage=_usage(rows),
        sites=_groups(rows, lambda row: row.site),
        languages=_groups(rows, lambda row: row.language or UNKNOWN),
        lengths=_groups(rows, lambda row: length_of(row.tokens), _LENGTH_ORDER),
        notices=judgement.notices,
    )


def field_figures(rows: Iterable[Judged]) -> dict[str, FieldFigures]:
    """The figures of each field that any sample has a label for, in the order of the schema."""
    found: dict[str, list[Score]] = {}
    for row in rows:
        for name, score in row.scores.items():
            found.setdefault(name, []).append(score)
    return {name: _field(scores) for name, scores in found.items()}


def _field(scores: Sequence[Score]) -> FieldFigures:
    value = [one.value for one in scores if one.has_value]
    null = [one.value for one in scores if not one.has_value]
    return FieldFigures(
        all=mean(one.value for one in scores),
        value=mean(value),
        null=mean(null),
        n_value=len(value),
        n_null=len(null),
    )


def length_of(tokens: int) -> str:
    """The bucket of a text of so many tokens."""
    if tokens <= 0:
        return UNKNOWN
    return next((name for most, name in LENGTHS if tokens <= most), LONGER)


def mean(values: Iterable[float]) -> float | None:
    """The mean; ``None`` of nothing."""
    rows = list(values)
    return sum(rows) / len(rows) if rows else None


_LENGTH_ORDER: Final = (*(name for _, name in LENGTHS), LONGER, UNKNOWN)


def _over_fields(
    fields: Mapping[str, FieldFigures],
    rare: Sequence[str],
    figure: Callable[[FieldFigures], float | None],
) -> float | None:
    """The mean over fields, the rare ones counted as one."""
    common = [figure(one) for name, one in fields.items() if name not in rare]
    scarce = [value for name in rare if (value := figure(fields[name])) is not None]
    return mean(value for value in (*common, mean(scarce)) if value is not None)


def _groups(
    rows: Sequence[Judged], key: Callable[[Judged], str], order: Sequence[str] = ()
) -> dict[str, GroupFigures]:
    groups: dict[str, list[Judged]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    names = [name for name in order if name in groups] if order else sorted(groups)
    return {
        name: GroupFigures(
            samples=len(groups[name]),
            adr009=mean(row.adr009 for row in groups[name] if row.adr009 is not None),
            macro=mean(score.value for row in groups[name] for score in row.scores.values()),
        )
        for name in names
    }


def _usage(rows: Iterable[Judged]) -> Usage:
    used = [row.usage for row in rows]
    return Usage(
        input_tokens=sum(one.input_tokens for one in used),
        cached_tokens=sum(one.cached_tokens for one in used),
        output_tokens=sum(one.output_tokens for one in used),
    )
