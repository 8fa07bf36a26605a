"""A folder of pages, each with its labels beside it: ``x.html`` and ``x.label.json``."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from rolecall.errors import UsageError
from rolecall.evaluate.nouns import Sample
from rolecall.evaluate.samples.faults import Faults
from rolecall.evaluate.samples.row import sample_of
from rolecall.inputs.files import shown
from rolecall.inputs.stream import PAGE_SUFFIXES
from rolecall.schema.schema import Schema

SIDECAR = ".label.json"


def folder_samples(folder: Path, schema: Schema | None = None) -> Iterator[Sample]:
    """The labelled pages below a folder, by name; its pages without labels are passed over.

    A sample's id is the path of its page from the folder, without its ending.
    Raises `UsageError` for labels without a page, or that cannot be used.
    """
    faults = Faults()
    for sidecar in sorted(_sidecars(folder)):
        sample = faults.keep(partial(_sample, folder, sidecar, schema))
        if sample is not None:
            yield sample
    faults.demand_none()


def _sample(folder: Path, sidecar: str, schema: Schema | None) -> Sample:
    base = sidecar[: -len(SIDECAR)]
    pages = [base + suffix for suffix in _suffixes() if (folder / (base + suffix)).is_file()]
    where = shown(str(folder / sidecar))
    if len(pages) != 1:
        told = "no page" if not pages else f"several pages: {', '.join(pages)}"
        raise UsageError(
            f"{where}: there is {told} beside it",
            hint=f"put the labels of page.html into page{SIDECAR}",
        )
    row = _read(folder / sidecar, where)
    if isinstance(row, dict):
        if "source" in row:
            raise UsageError(
                f"{where}: a sidecar has no source: its page is {pages[0]}",
                hint="take the key away",
            )
        row = {"id": _text(base), **row, "source": pages[0]}
    return sample_of(row, where, folder, schema)


def _text(name: str) -> str:
    """``name`` as text that records and reports can hold: bytes that are no UTF-8 by number."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _sidecars(folder: Path) -> Iterator[str]:
    """The sidecars below ``folder``, as paths from it; hidden folders are left out."""
    for at, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in files:
            if name.endswith(SIDECAR) and not name.startswith("."):
                yield Path(os.path.relpath(os.path.join(at, name), folder)).as_posix()


def _suffixes() -> tuple[str, ...]:
    return (*PAGE_SUFFIXES, *(f"{suffix}.gz" for suffix in PAGE_SUFFIXES))


def _read(path: Path, where: str) -> Any:
    import orjson

    try:
        return orjson.loads(path.read_bytes())
    except ValueError as error:
        raise UsageError(
            f"{where}: this is no JSON: {error}", hint='such as {"expected": {"title": "Baker"}}'
        ) from None
    except OSError as error:
        raise UsageError(
            f"cannot read {where}: {(error.strerror or str(error)).lower()}",
            hint="check the permissions",
        ) from None
