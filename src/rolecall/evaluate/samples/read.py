"""A file of samples, a folder of labelled pages, or an annotated corpus -> a set of samples."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from rolecall.errors import UsageError
from rolecall.evaluate.json_lines import json_lines
from rolecall.evaluate.nouns import Sample, SampleSet
from rolecall.evaluate.samples.corpus import corpus_samples, is_corpus
from rolecall.evaluate.samples.faults import Faults
from rolecall.evaluate.samples.folder import folder_samples
from rolecall.evaluate.samples.row import sample_of
from rolecall.schema.schema import Schema

BLOCK = 1 << 20


def read_samples(path: str | Path, schema: Schema | None = None) -> SampleSet:
    """Read samples and check them; the pages of files stay where they are.

    ``path`` is a file of samples (JSON Lines), a folder of pages with their labels beside them, or
    a folder in the layout of the annotated corpus (its vacancies alone).

    ``schema`` is the user's own, if the labels are of its fields. Raises `UsageError` that names
    file, line and remedy.
    """
    path = Path(path)
    if is_corpus(path):
        found = corpus_samples(path)
    else:
        found = folder_samples(path, schema) if path.is_dir() else _lines(path, schema)
    samples = tuple(found)
    _refuse_repeated(samples, path)
    return SampleSet(samples, fingerprint_of(samples))


def fingerprint_of(samples: Iterable[Sample]) -> str:
    """A short hash of ids, pages and labels: all that decides what a score is.

    Where the pages lie does not count, nor the order of the samples.
    """
    rows = sorted((sample.id, _sample_hash(sample)) for sample in samples)
    whole = hashlib.sha256()
    for name, one in rows:
        whole.update(name.encode("utf-8", "surrogatepass") + b"\0" + one)
    return whole.hexdigest()[:16]


def _sample_hash(sample: Sample) -> bytes:
    import orjson

    known = {
        "expected": sample.expected,
        "also": sample.also,
        "posting": sample.posting,
        "url": sample.url,
        "captured": sample.captured,
    }
    digest = hashlib.sha256(orjson.dumps(known, option=orjson.OPT_SORT_KEYS))
    digest.update(_page_hash(sample))
    return digest.digest()


def _page_hash(sample: Sample) -> bytes:
    if sample.body is not None:
        return hashlib.sha256(sample.body).digest()
    try:
        with Path(sample.path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise UsageError(
            f"cannot read {sample.path}: {(error.strerror or str(error)).lower()}",
            hint="check the name and the permissions",
        ) from None


def _lines(path: Path, schema: Schema | None) -> Iterator[Sample]:
    made_by = "rolecall eval label and rolecall eval import make such a file"
    faults = Faults()
    for where, number, row in json_lines(path, of="samples", made_by=made_by):
        read = partial(sample_of, row, where, path.parent, schema, number)
        if (sample := faults.keep(read)) is not None:
            yield sample
    faults.demand_none()


def _refuse_repeated(samples: Iterable[Sample], path: Path) -> None:
    seen: set[str] = set()
    for sample in samples:
        if sample.id in seen:
            raise UsageError(
                f"{path}: two samples have the id {sample.id!r}",
                hint='give each an "id" of its own',
            )
        seen.add(sample.id)
    if not seen and path.is_dir():
        raise UsageError(
            f"{path}: no page in this folder has labels beside it",
            hint="put the labels of page.html into page.label.json, or make a file of samples with "
            "rolecall eval label or rolecall eval import",
        )
    if not seen:
        raise UsageError(
            f"{path} holds no samples",
            hint="rolecall eval label and rolecall eval import make some",
        )
