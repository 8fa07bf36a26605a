"""A reader fitted to a user's labels, measured on sites that it has not seen, before and after."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from msgspec import structs

from rolecall.core import Source
from rolecall.evaluate.annotated import Annotated, load_annotated
from rolecall.evaluate.compare import Comparison, compare
from rolecall.evaluate.nouns import Sample, SampleSet
from rolecall.evaluate.samples import fingerprint_of
from rolecall.evaluate.score import judgement_of
from rolecall.evaluate.training.adapt import Fitted, Trials, lessons
from rolecall.evaluate.training.calibrate import values_in
from rolecall.evaluate.training.leave_out import deal
from rolecall.evaluate.training.own_labels import annotated_of
from rolecall.evaluate.training.reader import train_reader
from rolecall.evaluate.training.recalibrate import Curve, Recalibrated, recalibrated
from rolecall.pipeline import extract_record, prepare
from rolecall.reader import Model, Reader, load_model
from rolecall.reader.model import (
    BLOCKS,
    CALIBRATION,
    RANKERS,
    SKILLS,
    seen_pages,
    write_manifest,
    write_seen,
)
from rolecall.settings import Settings

LEAST_PAGES, LEAST_SITES = 30, 5
"""Labelled postings and sites of which a reader may be installed. With fewer, what is measured on
held-out sites says too little."""

Say = Callable[[str], None]


class Teacher(Protocol):
    """Makes readers out of labels; groups of sites can be left out."""

    def model(self, without: frozenset[int]) -> Model:
        """A reader that has not seen these groups."""

    def told(self) -> list[Fitted]:
        """What became of each ranker; empty where all parts are trained anew."""

    def files(self) -> dict[str, bytes]:
        """Tagger, skills, rankers and calibration of the reader that has seen all, by name."""


class Adapting:
    """The base reader with its rankers drawn to the labels."""

    def __init__(self, base: Model, files: Path, trials: Trials) -> None:
        self._base, self._files, self._trials = base, files, trials

    def model(self, without: frozenset[int]) -> Model:
        """The base with the rankers that the other groups want."""
        return structs.replace(self._base, rankers=self._trials.fitted(without)[0])

    def told(self) -> list[Fitted]:
        """Each ranker's strength and gain."""
        return self._trials.fitted()[1]

    def files(self) -> dict[str, bytes]:
        """The base's files with the new rankers."""
        rankers = self._trials.fitted()[0]
        files = {name: (self._files / name).read_bytes() for name in (BLOCKS, SKILLS, CALIBRATION)}
        told = {unit: dict(one.weights) for unit, one in sorted(rankers.items())}
        return files | {RANKERS: _json(told)}


class Retraining:
    """All parts trained anew on a corpus and the labels."""

    def __init__(
        self, corpus: Sequence[Annotated], pages: Sequence[Annotated], group_of: Mapping[str, int],
        work: Path, say: Say,
    ) -> None:  # fmt: skip
        self._corpus, self._pages, self._group_of = corpus, pages, group_of
        self._work, self._say = work, say
        self._folders: dict[frozenset[int], Path] = {}

    def model(self, without: frozenset[int]) -> Model:
        """A reader of the corpus and the labels of the other groups; sites of the groups that are
        left out are left out of the corpus too."""
        return load_model(self._folder(without))

    def _folder(self, without: frozenset[int]) -> Path:
        if without not in self._folders:
            self._say("training a whole reader (about a minute for a hundred pages)")
            away = {site for site, group in self._group_of.items() if group in without}
            known = [one for one in (*self._corpus, *self._pages) if one.site not in away]
            folder = self._work / f"without-{'-'.join(map(str, sorted(without))) or 'none'}"
            train_reader(known, folder)
            self._folders[without] = folder
        return self._folders[without]

    def told(self) -> list[Fitted]:
        """Nothing: there is no ranker that was kept."""
        return []

    def files(self) -> dict[str, bytes]:
        """The files of the reader that has seen all."""
        folder = self._folder(frozenset())
        names = (BLOCKS, SKILLS, RANKERS, CALIBRATION)
        return {name: (folder / name).read_bytes() for name in names}


@dataclass(frozen=True, kw_only=True)
class Refit:
    """What came of it: after against before on the same pages, each read without its site; what
    changed in the reader; and why it must not be installed, if it must not."""

    comparison: Comparison
    fitted: tuple[Fitted, ...]
    curves: tuple[Recalibrated, ...]
    files: Mapping[str, bytes]
    pages: int
    sites: int
    reasons: tuple[str, ...]
    seen: frozenset[str] = frozenset()

    def write(self, folder: Path) -> None:
        """Write the reader that has seen all labels into ``folder``."""
        for name, data in self.files.items():
            (folder / name).write_bytes(data)
        write_manifest(folder)
        write_seen(folder, self.seen)


def refit(samples: SampleSet, base: Path, *, corpus: Path | None, parts: int, say: Say) -> Refit:
    """Fit, calibrate and measure; ``base`` is the folder of the reader to start from.

    Raises `SourceError` for a page that cannot be read.
    """
    postings = [one for one in samples.samples if one.posting and one.expected]
    old, seen = load_model(base), seen_pages(base)
    limits = prepare(Settings(), reader=Reader(old)).limits
    say(f"reading {len(postings)} labelled postings")
    pages = list(zip(postings, *zip(*annotated_of(postings, limits), strict=True), strict=True))
    annotated = [page for _, page, _ in pages]
    groups = deal(annotated, parts)
    group_of = {site: number for number, group in enumerate(groups) for site in group}
    with tempfile.TemporaryDirectory() as work:
        teacher: Teacher
        if corpus is None:
            taught = lessons(old, annotated, group_of)
            teacher = Adapting(old, base, Trials(old, taught, len(groups)))
        else:
            whole = load_annotated(corpus)
            seen = frozenset(one.page.source_id for one in whole)
            teacher = Retraining(whole, annotated, group_of, Path(work), say)
        measured = _measured(teacher, old, pages, group_of, say)
    return replace(measured, seen=seen | {page.page.source_id for page in annotated})


Row = tuple[Sample, Annotated, Source]


def _measured(
    teacher: Teacher, old: Model, pages: Sequence[Row], group_of: Mapping[str, int], say: Say
) -> Refit:
    groups = sorted(set(group_of.values()))
    of = {g: [row for row in pages if group_of[row[0].site] == g] for g in groups}
    before = _read(old, pages)
    models, raw = {}, []
    for number, g in enumerate(groups, 1):
        say(f"leaving out sites, part {number} of {len(groups)}")
        models[g] = teacher.model(frozenset({g}))
        found = _read(structs.replace(models[g], curves={}), of[g])
        raw += [(record, row[0]) for record, row in zip(found, of[g], strict=True)]
    after: list[dict[str, Any]] = []
    bare = not old.curves
    for g in groups:
        others = [(record, sample) for record, sample in raw if group_of[sample.site] != g]
        curves, _ = recalibrated(values_in(others), old.curves, raw=bare)
        after += _read(structs.replace(models[g], curves=_points(curves)), of[g])
    curves, told = recalibrated(values_in(raw), old.curves, raw=bare)
    rows = tuple(row[0] for row in pages)
    labels = SampleSet(rows, fingerprint_of(rows))
    comparison = compare(
        judgement_of("after", after, labels), judgement_of("before", before, labels)
    )
    fitted = tuple(teacher.told())
    changed = any(one.strength for one in fitted) or any(one.changed for one in told)
    retrained = isinstance(teacher, Retraining)

    files = teacher.files()
    calibration = json.loads(files[CALIBRATION]) | {"curves": curves}
    sites = len({row[0].site for row in pages})
    return Refit(
        comparison=comparison,
        fitted=fitted,
        curves=tuple(told),
        files=files | {CALIBRATION: _json(calibration)},
        pages=len(pages),
        sites=sites,
        reasons=tuple(_reasons(comparison, len(pages), sites, changed=changed or retrained)),
    )


def _points(curves: Mapping[str, Curve]) -> dict[str, tuple[tuple[float, float], ...]]:
    return {unit: tuple((x, y) for x, y in points) for unit, points in curves.items()}


def _read(model: Model, pages: Iterable[Row]) -> list[dict[str, Any]]:
    """The records of pages by a reader of this model, without engines."""
    pipeline = prepare(Settings(), reader=Reader(model))
    return [extract_record(source, seq, pipeline) for seq, (_, _, source) in enumerate(pages)]


def _reasons(found: Comparison, pages: int, sites: int, *, changed: bool) -> Iterable[str]:
    """Why the new reader must not be installed."""
    if pages < LEAST_PAGES:
        yield f"{pages} labelled postings are too few: label {LEAST_PAGES - pages} more"
    if sites < LEAST_SITES:
        yield f"{sites} sites are too few: label pages of {LEAST_SITES - sites} more"
    if not changed:
        yield "nothing was learnt: no held-out site gained by a change"
    total = found.macro.difference
    if total is not None and total.mid < 0:
        yield "it is worse over all fields together"
    worse = [one.field for one in found.fields if one.verdict == "b"]
    if worse:
        yield f"it is worse, beyond chance, in {', '.join(worse)}"


def _json(data: object) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return f"{text}\n".encode()
