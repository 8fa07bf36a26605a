"""Two judgements brought side by side: the samples both have, as arrays of scores."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from rolecall.errors import UsageError
from rolecall.evaluate.nouns import Judged, Judgement

Array = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """The rows of two engines, one pair for a sample.

    ``a`` and ``b`` are samples x (fields and, last, ``adr009``), not-a-number where one of the two
    has no score. ``with_value`` counts the labels of each field that are a value. ``unit``
    is the place of each sample's unit (its site, or itself where there is but one site).
    """

    rows: Sequence[tuple[Judged, Judged]]
    fields: Sequence[str]
    a: Array
    b: Array
    with_value: Sequence[int]
    unit: Places
    units: int
    sites: int
    left_out: tuple[int, int]

    def by_unit(self, values: Array) -> Array:
        """``values`` (samples x columns) summed over each unit; not-a-number counts as nothing."""
        filled = np.where(np.isfinite(values), values, 0.0)
        out = np.empty((self.units, values.shape[1]))
        for column in range(values.shape[1]):
            out[:, column] = np.bincount(self.unit, filled[:, column], self.units)
        return out


def in_common(a: Judgement, b: Judgement) -> tuple[Judgement, Judgement]:
    """Both judgements, said to be of the same set of samples: `compare` takes what both have."""
    both = a.samples if a.samples == b.samples else f"{a.samples}+{b.samples}"
    return msgspec.structs.replace(a, samples=both), msgspec.structs.replace(b, samples=both)


def that_were_read(judgement: Judgement) -> Judgement:
    """The judgement without the samples of which there is no record."""
    rows = tuple(row for row in judgement.rows if row.outcome != "missing")
    return msgspec.structs.replace(judgement, rows=rows)


def with_fields(judgement: Judgement, fields: Iterable[str]) -> Judgement:
    """The judgement with only these ``fields``; one that it has no score of is refused."""
    kept = tuple(dict.fromkeys(fields))
    there = {field for row in judgement.rows for field in row.scores}
    for field in kept:
        if field not in there:
            raise UsageError(
                f"no sample has a score of {field!a}",
                hint=f"there are: {', '.join(sorted(there)) or 'none'}",
            )
    rows = tuple(
        msgspec.structs.replace(
            row, scores={field: row.scores[field] for field in kept if field in row.scores}
        )
        for row in judgement.rows
    )
    return msgspec.structs.replace(judgement, rows=rows)


def pairs_of(a: Judgement, b: Judgement) -> Pairs:
    """The samples that both have, in A's order.

    Raises `UsageError` for judgements of different sets, a sample that is there twice, and where
    there is no sample in both.
    """
    if a.samples != b.samples:
        raise UsageError(
            f"{a.name} and {b.name} were measured on different samples"
            f" ({a.samples[:12]} and {b.samples[:12]})",
            hint="measure both on the same file, or compare what they share: in_common(a, b)",
        )
    others = _by_id(b)
    rows = [(one, others[name]) for name, one in _by_id(a).items() if name in others]
    if not rows:
        raise UsageError(
            f"{a.name} and {b.name} share no sample", hint="compare runs over the same pages"
        )
    fields = tuple(dict.fromkeys(field for one, _ in rows for field in one.scores))
    sites = {name: place for place, name in enumerate(dict.fromkeys(one.site for one, _ in rows))}
    single = len(sites) == 1
    unit = range(len(rows)) if single else [sites[one.site] for one, _ in rows]
    left = _scores([one for one, _ in rows], fields)
    right = _scores([two for _, two in rows], fields)
    missing = ~(np.isfinite(left) & np.isfinite(right))
    left[missing] = right[missing] = np.nan
    return Pairs(
        rows=rows,
        fields=fields,
        a=left,
        b=right,
        with_value=[
            sum(field in one.scores and one.scores[field].has_value for one, _ in rows)
            for field in fields
        ],
        unit=np.asarray(unit, dtype=np.int64),
        units=len(rows) if single else len(sites),
        sites=len(sites),
        left_out=(len(a.rows) - len(rows), len(b.rows) - len(rows)),
    )


def _by_id(judgement: Judgement) -> dict[str, Judged]:
    rows: dict[str, Judged] = {}
    for row in judgement.rows:
        if row.id in rows:
            raise UsageError(
                f"{judgement.name} has the sample {row.id!a} twice",
                hint="give each sample an id of its own",
            )
        rows[row.id] = row
    return rows


def _scores(rows: Sequence[Judged], fields: Sequence[str]) -> Array:
    array = np.full((len(rows), len(fields) + 1), np.nan)
    for column, field in enumerate(fields):
        for place, row in enumerate(rows):
            score = row.scores.get(field)
            if score is not None:
                array[place, column] = score.value
    for place, row in enumerate(rows):
        if row.adr009 is not None:
            array[place, -1] = row.adr009
    return array
