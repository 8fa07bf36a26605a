"""Records as rows of typed columns, and the same records back, byte for byte.

What the columns cannot say, such as ``1.0`` where whole numbers are written ``1``, is rare: the
column ``record`` then holds the line itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from rolecall.core import Usage
from rolecall.outputs.nouns import Wanted
from rolecall.schema.posting import FIELDS

Kind = Any
"""``string``, ``int``, ``float``, ``bool``; ``[kind]`` a list, ``{name: kind}`` a struct."""

EVIDENCE: Final = (
    "quote", "start", "end", "match", "origin", "confidence", "block_path", "pointer",
)  # fmt: skip

_NUMBERS: Final = ("salary_min", "salary_max", "experience_years_min", "experience_years_max")
_LISTS: Final = (
    "employment_type", "skills", "languages_required", "responsibilities", "requirements",
    "benefits",
)  # fmt: skip
_PLACE: Final = {"text": "string", "city": "string", "region": "string", "country": "string"}
_REASON: Final = {
    "code": "string", "stage": "string", "message": "string", "retryable": "bool",
    "retry_at": "string",
}  # fmt: skip
_ATTEMPT: Final = {
    "engine": "string",
    "model": "string",
    "result": "string",
    "usage": dict.fromkeys(Usage.__slots__, "int"),
    "cost_usd": "float",
    "seconds": "float",
    "cached": "bool",
}
_ROUTE: Final = {
    "producers": ["string"],
    "engine": "string",
    "answer_form": "string",
    "tokens": "int",
    "reasons": ["string"],
}
_HEAD: Final = ("schema_version", "seq", "source", "source_id", "url", "outcome")
_PARTS: Final[dict[str, Kind]] = {
    "problems": [{"pointer": "string", "kind": "string", "message": "string"}],
    "warnings": [{"code": "string", "message": "string"}],
    "attempts": [_ATTEMPT],
    "route": _ROUTE,
}
_PLAIN: Final = (*_HEAD, "reason", *FIELDS, *_PARTS, "text_sha256", "config")
_WHOLE: Final = 2**53  # whole numbers up to here are the same as floats


def kinds(wanted: Wanted) -> dict[str, Kind]:
    """The columns and what each holds; ``map`` is one of stage to seconds."""
    columns: dict[str, Kind] = dict.fromkeys(_HEAD, "string") | {"seq": "int", "reason": _REASON}
    if wanted.fields is None:
        columns |= {name: _kind(name) for name in FIELDS}
    else:
        columns["data"] = "string"
    proof = dict.fromkeys(EVIDENCE, "string") | {"start": "int", "end": "int"}
    columns |= {
        "evidence": [{"value_pointer": "string"} | proof | {"confidence": "float"}],
        **_PARTS,
        "text_sha256": "string",
        "config": "string",
        "seconds": "map",
    }
    text = {"text": "string"} if wanted.with_text else {}
    return columns | text | {"record": "string"}


def to_row(line: bytes, wanted: Wanted) -> dict[str, Any]:
    """The row of a record, given as its line of JSON without a line end."""
    record = orjson.loads(line)
    row: dict[str, Any] = {name: record.get(name) for name in _PLAIN}
    data = record["data"]
    if wanted.fields is None:
        row |= data or {}
    else:
        row["data"] = orjson.dumps(data).decode() if data is not None else None
    row["evidence"] = [
        {"value_pointer": pointer} | one for pointer, one in record["evidence"].items()
    ]
    row["seconds"] = list(record["seconds"].items())
    if wanted.with_text:
        row["text"] = record.get("text")
    row["record"] = None
    if _line_of(row, wanted) != line:
        row["record"] = line.decode()
    return row


def to_line(row: Mapping[str, Any], wanted: Wanted) -> bytes:
    """The record of a row as its line of JSON without a line end."""
    if row["record"] is not None:
        return str(row["record"]).encode()
    return _line_of(row, wanted) or b"{}"


def fitting(row: Mapping[str, Any], wanted: Wanted, line: bytes) -> dict[str, Any]:
    """A row that a column refuses, without the values it refuses; ``line`` is its record."""
    columns = kinds(wanted)
    kept = {name: value for name, value in row.items() if _fits(value, columns.get(name))}
    return kept | {"record": line.decode()}


def _line_of(row: Mapping[str, Any], wanted: Wanted) -> bytes | None:
    """What the columns say, as a line; ``None`` where something is not as it should be."""
    try:
        record = {name: row[name] for name in _HEAD}
        record["reason"] = _shaped(row["reason"], _REASON)
        if record["reason"] is not None and record["reason"]["retry_at"] is None:
            del record["reason"]["retry_at"]
        record["data"] = _data(row, wanted)
        record["evidence"] = {one["value_pointer"]: _proof(one) for one in row["evidence"]}
        for name, kind in _PARTS.items():
            record[name] = _shaped(row[name], kind)
        record["text_sha256"], record["config"] = row["text_sha256"], row["config"]
        record["seconds"] = {stage: float(took) for stage, took in row["seconds"]}
        if wanted.with_text:
            record["text"] = row["text"]
        return orjson.dumps(record)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _data(row: Mapping[str, Any], wanted: Wanted) -> Any:
    if wanted.fields is not None:
        return orjson.loads(row["data"]) if row["data"] is not None else None
    if row["outcome"] not in ("ok", "partial"):
        return None
    data = {name: row[name] for name in FIELDS}
    for name in _NUMBERS:
        value = data[name]
        if value is not None and value == int(value) and abs(value) <= _WHOLE:
            data[name] = int(value)
    if data["locations"] is not None:
        data["locations"] = _shaped(data["locations"], [_PLACE])
    return data


def _proof(one: Mapping[str, Any]) -> dict[str, Any]:
    if len(one) != len(EVIDENCE) + 1:
        raise KeyError("value_pointer")
    proof = {name: one[name] for name in EVIDENCE}
    if proof["confidence"] is not None:
        proof["confidence"] = float(proof["confidence"])
    return proof


def _shaped(value: Any, kind: Kind) -> Any:
    """``value`` as a column of this kind gives it back."""
    if value is None:
        return None
    if isinstance(kind, list):
        return [_shaped(one, kind[0]) for one in value]
    if isinstance(kind, dict):
        return {name: _shaped(value.get(name), one) for name, one in kind.items()}
    return float(value) if kind == "float" else value


def _kind(name: str) -> Kind:
    if name == "locations":
        return [_PLACE]
    if name in _LISTS:
        return ["string"]
    return "float" if name in _NUMBERS else "string"


def _fits(value: Any, kind: Kind) -> bool:
    """Whether a column of this kind takes the value."""
    if value is None:
        return True
    if isinstance(kind, list):
        return isinstance(value, list) and all(_fits(one, kind[0]) for one in value)
    if isinstance(kind, dict):
        return isinstance(value, dict) and all(
            _fits(value.get(name), one) for name, one in kind.items()
        )
    if kind == "map":
        return all(type(one) is float for _, one in value)
    if kind == "int":
        return type(value) is int and -(2**63) <= value < 2**63
    if kind == "float" and type(value) is int:
        return abs(value) <= _WHOLE
    return type(value) is {"string": str, "float": float, "bool": bool}.get(kind)
