"""Records -> how right they are: one record against its sample, all records against a set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePath
from typing import Annotated, Any, Final

import msgspec

from rolecall.core import Usage
from rolecall.errors import UsageError
from rolecall.evaluate.json_lines import json_lines
from rolecall.evaluate.nouns import Judged, Judgement, Sample, SampleSet, Score
from rolecall.evaluate.score.fields import UNLABELLED, Aim, aims_of, label_of, value_at
from rolecall.evaluate.score.findings import marks_of
from rolecall.same.scorers import Claim, empty
from rolecall.same.values import SHARED, same_company
from rolecall.same.words import jaccard
from rolecall.schema.schema import Schema

MISSING: Final[Mapping[str, Any]] = {"outcome": "missing"}
DUPLICATE: Final[Mapping[str, Any]] = {"outcome": "duplicate"}
NOTHING: Final[Mapping[str, int]] = {}
READ: Final = ("ok", "partial")
"""Outcomes whose data count; of all others everything counts as null."""

RECORD_METRIC: Final = ("title", "company", "description")
_COMMON: Final = {(value, has): Score(value, has) for value in (0.0, 1.0) for has in (False, True)}


def judge(
    record: Mapping[str, Any],
    sample: Sample,
    schema: Schema | None = None,
    scorers: Mapping[str, str] | None = None,
) -> Judged:
    """Hold ``record`` against ``sample``: a record of ``schema``, or of the default posting.

    ``scorers`` names other scorers for single fields. Raises `UsageError` for one that does not
    exist.
    """
    return _judged(record, sample, schema, aims_of(schema, scorers))


def judgement_of(
    name: str,
    records: str | Path | Iterable[Mapping[str, Any]],
    samples: SampleSet,
    schema: Schema | None = None,
    scorers: Mapping[str, str] | None = None,
    like: Judgement | None = None,
) -> Judgement:
    """Hold all ``records`` (JSON Lines, or the records themselves) against ``samples``.

    A record belongs to the sample whose id, or else whose page, its ``source`` names. A sample
    without a record has the outcome ``missing``, one with two ``duplicate``; both count as null.
    Records that belong to no sample are told in the notices. ``like`` is a judgement of the same
    samples whose counts of tokens are taken over. Raises `UsageError` where no record belongs to a
    sample.
    """
    aims = aims_of(schema, scorers)
    same_set = like is not None and like.samples == samples.fingerprint
    counted = {row.id: row.tokens for row in like.rows} if like is not None and same_set else {}
    rows = read_records(records) if isinstance(records, str | Path) else iter(records)
    find = Finder(samples)
    found: dict[str, Judged] = {}
    configs: set[str] = set()
    others: list[str] = []
    strangers = count = 0
    for record in rows:
        count += 1
        sample = find(record)
        if sample is None:
            strangers += 1
            if len(others) < 3:
                others.append(str(record.get("source")))
            continue
        configs.add(str(record.get("config", "")))
        once = sample.id not in found
        record = record if once else DUPLICATE
        found[sample.id] = _judged(record, sample, schema, aims, counted)
    if count and not found:
        raise UsageError(
            f"none of the {count} records belongs to a sample; they come from {', '.join(others)}",
            hint="a record's source must be the id or the page of a sample",
        )
    notices = []
    if strangers:
        notices.append(f"{strangers} records belong to no sample, such as {', '.join(others)}")
    if len(configs) > 1:
        notices.append(f"the records were made with {len(configs)} different settings")
    return Judgement(
        name=name,
        samples=samples.fingerprint,
        config="+".join(sorted(configs)),
        rows=tuple(
            found.get(sample.id) or _judged(MISSING, sample, schema, aims)
            for sample in samples.samples
        ),
        notices=tuple(notices),
    )


class Finder:
    """Finds the sample that a record is of: by id, by the path of its page, or by its name."""

    def __init__(self, samples: SampleSet) -> None:
        self._ids = {sample.id: sample for sample in samples.samples}
        self._names: dict[str, Sample | None] = {}
        for sample in samples.samples:
            for name in {*_names(sample.id), *_names(sample.path)}:
                again = name in self._names and self._names[name] is not sample
                self._names[name] = None if again else sample
            if sample.path:
                self._ids.setdefault(sample.path, sample)

    def __call__(self, record: Mapping[str, Any]) -> Sample | None:
        """The sample of ``record``; ``None`` if there is none, or none is clearly meant."""
        for key in ("id", "source"):
            name = record.get(key)
            if isinstance(name, str) and name:
                sample = self._ids.get(name)
                for short in _names(name):
                    sample = sample or self._names.get(short)
                return sample
        return None


class _Evidence(msgspec.Struct):
    confidence: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] | None = None


class _Attempt(msgspec.Struct):
    cost_usd: float | None = None
    usage: dict[str, Any] | None = None


class _Kinds(msgspec.Struct):
    """The kinds of what is read of a record; more may stand in it."""

    outcome: str = ""
    data: dict[str, Any] | None = None
    text: str | None = None
    evidence: dict[str, _Evidence | None] | None = None
    seconds: dict[str, float] | None = None
    attempts: list[_Attempt] | None = None
    problems: list[Any] | None = None


def read_records(path: str | Path) -> Iterator[Mapping[str, Any]]:
    """The records of a file of JSON Lines, one by one; raises `UsageError` with file and line."""
    made_by = "rolecall extract or rolecall eval run writes them; --resume completes a stopped run"
    for where, _, record in json_lines(Path(path), of="records", made_by=made_by):
        if not isinstance(record, dict) or not {"outcome", "data"} & record.keys():
            raise UsageError(f"{where}: this is no record", hint=made_by)
        try:
            msgspec.convert(record, _Kinds)
        except msgspec.ValidationError as error:
            raise UsageError(f"{where}: this record is damaged: {error}", hint=made_by) from None
        yield record


def field_scores(
    data: Mapping[str, Any],
    sample: Sample,
    aims: tuple[Aim, ...],
    record: Mapping[str, Any] = MISSING,
) -> dict[str, Score]:
    """The score of every labelled field that its scorer can tell of."""
    scores: dict[str, Score] = {}
    for aim in aims:
        wanted = label_of(aim, sample.expected)
        if wanted is UNLABELLED:
            continue
        also = sample.also.get(aim.field, ())
        value = aim.scorer(Claim(_found(data, aim), wanted, also, aim.pointer, record))
        if value is not None:
            has = not empty(wanted)
            scores[aim.field] = _COMMON.get((value, has)) or Score(value, has)
    return scores


def _found(data: Mapping[str, Any], aim: Aim) -> Any:
    found = value_at(data, aim.path)
    return data.get(aim.instead) if aim.instead and empty(found) else found


def _judged(
    record: Mapping[str, Any],
    sample: Sample,
    schema: Schema | None,
    aims: tuple[Aim, ...],
    counted: Mapping[str, int] = NOTHING,
) -> Judged:
    outcome = str(record.get("outcome", "ok"))
    data = record.get("data") if outcome in READ else None
    data = data if isinstance(data, Mapping) else {}
    scores = field_scores(data, sample, aims, record)
    confidences = {}
    for aim in aims:
        found = _found(data, aim) if aim.field in scores else None
        if not empty(found) and (sure := _confidence(record, aim.pointer, found)) is not None:
            confidences[aim.field] = sure
    here = record is not MISSING and record is not DUPLICATE
    text = record.get("text")
    return Judged(
        id=sample.id,
        site=sample.site,
        language=sample.language,
        tokens=(counted.get(sample.id) or _tokens(text)) if isinstance(text, str) else 0,
        outcome=outcome,
        scores=scores,
        adr009=adr009(data, sample) if _is_posting(schema) else None,
        confidences=confidences,
        marks=marks_of(record, schema, posting=sample.posting)
        if here
        else {"right_outcome": False},
        seconds=sum((record.get("seconds") or {}).values()),
        cost_usd=sum(row.get("cost_usd") or 0.0 for row in record.get("attempts") or ()),
        usage=_usage(record),
        posting=sample.posting,
    )


def adr009(data: Mapping[str, Any], sample: Sample) -> float | None:
    """The decision record's metric: of title, company and description, the share that is right.

    Each counts where it is labelled with a value, and is right when four fifths of the words are
    shared (Jaccard); a company also without its legal form. ``None`` where none is labelled.
    """
    right = []
    for field in RECORD_METRIC:
        wanted = sample.expected.get(field)
        if not wanted:
            continue
        found = data.get(field)
        near = bool(found) and jaccard(found, wanted) >= SHARED
        right.append(near or (field == "company" and bool(found) and same_company(found, wanted)))
    return sum(right) / len(right) if right else None


def _confidence(record: Mapping[str, Any], pointer: str, found: Any) -> float | None:
    """How sure the record is of a value: of a list, of its items on average."""
    evidence = record.get("evidence") or {}
    row = evidence.get(pointer)
    if row is not None:
        sure = row.get("confidence")
        return float(sure) if sure is not None else None
    if not isinstance(found, list):
        return None
    rows = (evidence.get(f"{pointer}/{n}") for n in range(len(found)))
    known = [row["confidence"] for row in rows if row and row.get("confidence") is not None]
    return sum(known) / len(known) if known else None


def _is_posting(schema: Schema | None) -> bool:
    return schema is None or schema.is_posting


def _usage(record: Mapping[str, Any]) -> Usage:
    rows = [row.get("usage") or {} for row in record.get("attempts") or ()]
    if not rows:
        return Usage()
    names = ("input_tokens", "cached_tokens", "output_tokens")
    return Usage(**{name: sum(row.get(name) or 0 for row in rows) for name in names})


def _tokens(text: str) -> int:
    from rolecall.ask.tokens import qwen

    return qwen().count(text)


def _names(path: str) -> tuple[str, ...]:
    """The name of a file, and its name up to the first dot."""
    name = PurePath(path).name
    return (name, name.split(".")[0]) if name else ()
