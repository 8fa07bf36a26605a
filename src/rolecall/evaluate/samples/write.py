"""Samples -> a file of samples."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rolecall.errors import UsageError
from rolecall.evaluate.nouns import Sample
from rolecall.inputs.files import shown


def write_samples(path: str | Path, samples: Iterable[Sample], *, replace: bool = False) -> int:
    """Write samples as JSON Lines and return how many; paths become relative to the file.

    The file appears whole or not at all. Raises `UsageError` if it exists, unless ``replace``.
    """
    import orjson

    path = Path(path)
    if path.exists() and not replace:
        raise UsageError(f"{path} exists", hint="--force replaces it; or name another file")
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    count = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("wb") as file:
            for sample in samples:
                file.write(orjson.dumps(sample_row(sample, path.parent)) + b"\n")
                count += 1
        fresh.replace(path)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {(error.strerror or str(error)).lower()}",
            hint="name a file in a folder that can be written to",
        ) from None
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
    return count


def sample_row(sample: Sample, folder: str | Path) -> dict[str, Any]:
    """The line of a sample in a file that lies in ``folder``."""
    row: dict[str, Any] = {"id": sample.id}
    if sample.body is None:
        path = os.path.abspath(sample.path)
        row["source"] = Path(os.path.relpath(path, os.path.abspath(folder))).as_posix()
        if not _is_text(row["source"]):
            raise UsageError(
                f"{shown(sample.path)} cannot be named in a file of samples", hint="rename the page"
            )
    else:
        kind = "text" if sample.media_type == "text/plain" else "html"
        row[kind] = sample.body.decode("utf-8", "replace")
    if sample.url:
        row["url"] = sample.url
    if sample.captured is not None:
        row["captured"] = sample.captured.isoformat()
    row["site"] = sample.site
    if sample.language:
        row["language"] = sample.language
    row["expected"] = dict(sample.expected)
    if sample.also:
        row["also"] = {name: list(values) for name, values in sample.also.items()}
    if sample.evidence:
        row["evidence"] = dict(sample.evidence)
    if not sample.posting:
        row["posting"] = False
    return row


def _is_text(name: str) -> bool:
    """Whether UTF-8 can write ``name``: names of files may be any bytes."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)
