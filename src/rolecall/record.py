"""The record: one JSON object per input, always. See ``docs/records.md``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from rolecall.core import Attempt, Evidence, Extraction, Notice, Problem, Reason, Route, Source
from rolecall.schema.posting import POSTING_SCHEMA, REQUIRED

SCHEMA_VERSION: Final = "1"

MISSING: Final = 0.5
"""What a required field without a value counts for in the doubt of a page."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def to_record(
    extraction: Extraction,
    *,
    source: Source,
    seq: int,
    config: str,
    seconds: Mapping[str, float] | None = None,
    with_text: bool = False,
) -> dict[str, Any]:
    """Write an extraction as a record.

    ``seq`` is the position of the input in its run, from 0; ``config`` comes from
    ``config_hash``; ``seconds`` holds the time of each stage and is the one field that two runs
    on the same bytes do not share (pass nothing for records that can be compared byte by byte).
    """
    page = extraction.page
    text = page.text if page is not None else None
    record = _head(source, seq)
    record |= {
        "url": (page.url if page is not None else None) or source.url,
        "outcome": extraction.outcome,
        "reason": _reason(extraction.reason),
        "data": dict(extraction.data) if extraction.data is not None else None,
        "evidence": {key: _evidence(one) for key, one in extraction.evidence.items()},
        "problems": [_problem(one) for one in extraction.problems],
        "warnings": [_notice(one) for one in extraction.warnings],
        "attempts": [attempt_told(one) for one in extraction.attempts],
        "route": _route(extraction.route),
        "text_sha256": _sha256(text) if text is not None else None,
        "config": config,
        "seconds": dict(seconds or {}),
    }
    if with_text:
        record["text"] = text
    return record


def failed_record(
    reason: Reason,
    *,
    locator: str,
    seq: int,
    config: str,
    source: Source | None = None,
    url: str | None = None,
    seconds: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Write an input that failed: the same fields, no values.

    ``source`` is given where the bytes could be read, ``url`` where only the address is known;
    ``locator`` names the input in any case.
    """
    record = _head(source, seq)
    record["source"] = escape(locator)
    return record | {
        "url": source.url if source is not None else url,
        "outcome": "failed",
        "reason": _reason(reason),
        "data": None,
        "evidence": {},
        "problems": [],
        "warnings": [],
        "attempts": [],
        "route": _route(Route()),
        "text_sha256": None,
        "config": config,
        "seconds": dict(seconds or {}),
    }


def dump(record: Mapping[str, Any]) -> bytes:
    """One line of JSON without its line end: strict UTF-8, keys in the order of the record.

    A lone surrogate becomes U+FFFD; a number that JSON or 64 bits cannot hold becomes a string.
    """
    import orjson

    try:
        return orjson.dumps(record)
    except TypeError:
        return orjson.dumps(_strict(record))


def escape(locator: str) -> str:
    r"""``locator`` as printable text: bytes of a name that are not UTF-8 become ``\xNN``."""
    return _SURROGATE.sub(_escaped, locator)


def config_hash(
    settings: Mapping[str, Any], model: str, schema: Mapping[str, Any] | None = None
) -> str:
    """A short hash of the schema, the settings that can change the result, and the model.

    ``settings`` is ``Settings.deciding()``; ``model`` is the hash of the reader's weights;
    ``schema`` is the user's, if it is not the default posting.
    """
    import orjson

    told = [SCHEMA_VERSION, _strict(schema or POSTING_SCHEMA), _strict(settings), model]
    return hashlib.sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def doubt_of(record: Mapping[str, Any], posting: bool = True) -> float:
    """About how many values of a record are wrong: the sum of what their confidences leave open.

    A required field of the default posting without a value counts for ``MISSING``; a page that is
    said to be no posting counts as one wrong value.
    """
    if record["outcome"] == "not_a_posting":
        return 1.0
    sure: dict[str, float] = {}
    for pointer, one in (record.get("evidence") or {}).items():
        if one.get("confidence") is not None:
            name = pointer.split("/")[1]
            sure[name] = min(one["confidence"], sure.get(name, 1.0))
    data = record.get("data") or {}
    missing = sum(data.get(name) is None for name in REQUIRED) if posting else 0
    return sum(1 - value for value in sure.values()) + MISSING * missing


def _head(source: Source | None, seq: int) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "seq": seq,
        "source": escape(source.locator) if source is not None else "-",
        "source_id": source.id if source is not None else None,
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    span = one.span
    return {
        "quote": one.quote,
        "start": span.start if span is not None else None,
        "end": span.end if span is not None else None,
        "match": one.match,
        "origin": one.origin,
        "confidence": round(one.confidence, 4) if one.confidence is not None else None,
        "block_path": one.block_path,
        "pointer": one.pointer,
    }


def _problem(one: Problem) -> dict[str, Any]:
    return {"pointer": one.pointer, "kind": one.kind, "message": one.message}


def _notice(one: Notice) -> dict[str, Any]:
    return {"code": one.code, "message": one.message}


def _reason(reason: Reason | None) -> dict[str, Any] | None:
    if reason is None:
        return None
    told = {
        "code": reason.code,
        "stage": reason.stage,
        "message": reason.message,
        "retryable": reason.retryable,
    }
    return told if reason.retry_at is None else told | {"retry_at": reason.retry_at}


def attempt_told(one: Attempt) -> dict[str, Any]:
    """A call of an engine as a record tells of it."""
    return {
        "engine": one.engine,
        "model": one.model,
        "result": one.result,
        "usage": asdict(one.usage),
        "cost_usd": one.cost_usd,
        "seconds": one.seconds,
        "cached": one.cached,
    }


def _route(route: Route) -> dict[str, Any]:
    return {
        "producers": list(route.producers),
        "engine": route.engine,
        "answer_form": route.answer_form,
        "tokens": route.tokens,
        "reasons": list(route.reasons),
    }


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def _strict(value: Any) -> Any:
    """``value`` with everything replaced that strict JSON cannot hold."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, Mapping):
        return {_SURROGATE.sub("\ufffd", str(key)): _strict(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(item) for item in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)
