"""A JSON Schema of the record, made of the nouns that it is written from."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, Final, Literal, Union, get_args, get_origin

from rolecall.core import (
    FAILURES,
    NOT_A_POSTING,
    Attempt,
    Evidence,
    Match,
    Notice,
    Outcome,
    Problem,
    Reason,
    Route,
    Usage,
)
from rolecall.record import SCHEMA_VERSION
from rolecall.schema.posting import POSTING_SCHEMA

SIMPLE: Final[Mapping[Any, str]] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
}


def record_schema() -> dict[str, Any]:
    """The schema of one record of the default posting."""
    text = {"type": "string"}
    maybe = {"type": ["string", "null"]}
    parts: dict[str, Any] = {
        "task": {**text, "description": "its number in the queue; of a server's records only"},
        "schema_version": {"const": SCHEMA_VERSION},
        "seq": {"type": "integer", "minimum": 0},
        "source": text,
        "source_id": maybe,
        "url": maybe,
        "outcome": {"enum": list(get_args(Outcome))},
        "reason": {"anyOf": [_reason(), {"type": "null"}]},
        "data": {"anyOf": [{"$ref": "#/$defs/posting"}, {"type": "null"}]},
        "evidence": {"type": "object", "additionalProperties": _evidence()},
        "problems": {"type": "array", "items": _object(Problem)},
        "warnings": {"type": "array", "items": _object(Notice)},
        "attempts": {"type": "array", "items": _object(Attempt)},
        "route": _object(Route),
        "text_sha256": maybe,
        "text": maybe,
        "copy_of": {
            "type": "object",
            "required": ["source", "similarity"],
            "properties": {"source": text, "similarity": {"type": "number"}},
        },
        "config": text,
        "seconds": {"type": "object", "additionalProperties": {"type": "number"}},
    }
    optional = ("task", "text", "copy_of")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Record",
        "type": "object",
        "required": [name for name in parts if name not in optional],
        "properties": parts,
        "$defs": {"posting": {k: v for k, v in POSTING_SCHEMA.items() if k != "$schema"}},
    }


def _reason() -> dict[str, Any]:
    told = _object(Reason)
    told["properties"]["code"] = {"enum": [*NOT_A_POSTING, *FAILURES]}
    told["required"].remove("retry_at")
    return told


def _evidence() -> dict[str, Any]:
    """Evidence, whose span is written as two numbers."""
    told = _object(Evidence)
    number = {"type": ["integer", "null"], "minimum": 0}
    parts: dict[str, Any] = {}
    for name, one in told["properties"].items():
        parts |= {"start": number, "end": number} if name == "span" else {name: one}
    parts["match"] = {"enum": list(get_args(Match))}
    return {"type": "object", "required": list(parts), "properties": parts}


def _object(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    names = [one.name for one in fields(kind) if not one.name.startswith("_")]
    parts = {name: _schema(hints[name]) for name in names}
    return {"type": "object", "required": names, "properties": parts}


def _schema(hint: Any) -> dict[str, Any]:
    origin, inner = get_origin(hint), get_args(hint)
    if hint in SIMPLE:
        return {"type": SIMPLE[hint]}
    if origin is Literal:
        return {"enum": list(inner)}
    if origin in (Union, types.UnionType):
        if all(one in SIMPLE for one in inner):
            return {"type": [SIMPLE[one] for one in inner]}
        return {"anyOf": [_schema(one) for one in inner]}
    if origin in (tuple, list) or (isinstance(origin, type) and issubclass(origin, Sequence)):
        return {"type": "array", "items": _schema(inner[0])}
    if hint is Usage:
        return _object(Usage)
    return {"type": "object"}
