"""The record of a copy: its original's, under its own name, with its own evidence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from rolecall.copies.share import Shared
from rolecall.core import Notice, Page, Source
from rolecall.record import escape


class Name(Struct, frozen=True):
    """What a record says of its input, whatever was found on it."""

    seq: int
    locator: str
    original: str
    similarity: float


def exact_record(record: Mapping[str, Any], name: Name) -> dict[str, Any]:
    """The record of a page with the same bytes, known under the same address."""
    told = _headed(record, name)
    reason = f"the same bytes as {name.original}: its extraction is shared"
    told |= {"attempts": [], "route": _route(record, reason), "seconds": {}}
    return told | _copy_of(name)


def near_record(
    record: Mapping[str, Any],
    name: Name,
    shared: Shared,
    *,
    read: tuple[Page, Source, Sequence[Notice]],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """The record of a page that says nearly the same; ``read`` is the page and its reading."""
    page, source, notices = read
    told = _headed(record, name)
    warnings = [{"code": one.code, "message": one.message} for one in notices]
    reason = (
        f"a copy of {name.original} ({name.similarity:.2f} alike): its extraction is shared, "
        "every value was looked up here"
    )
    told |= {
        "source_id": source.id,
        "url": page.url or source.url,
        "data": shared.data,
        "evidence": shared.evidence,
        "warnings": [*warnings, *shared.warnings],
        "attempts": [],
        "route": _route(record, reason),
        "text_sha256": hashlib.sha256(page.text.encode("utf-8", "replace")).hexdigest(),
        "seconds": dict(seconds),
    }
    if "text" in record:
        told["text"] = page.text
    return told | _copy_of(name)


def _headed(record: Mapping[str, Any], name: Name) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "copy_of"} | {
        "seq": name.seq,
        "source": escape(name.locator),
    }


def _route(record: Mapping[str, Any], reason: str) -> dict[str, Any]:
    nothing = {"engine": None, "answer_form": None, "tokens": None}
    return dict(record["route"]) | nothing | {"reasons": [reason]}


def _copy_of(name: Name) -> dict[str, Any]:
    return {"copy_of": {"source": name.original, "similarity": round(name.similarity, 4)}}
