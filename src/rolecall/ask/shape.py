"""The same answers as a JSON Schema, for engines that take no grammar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rolecall.ask.questions import LONGEST_QUOTE, Question

_QUOTE: Final = {"type": "string", "minLength": 1, "maxLength": LONGEST_QUOTE}
_RANGE: Final = {
    "type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 9_999},
    "minItems": 2, "maxItems": 2,
}  # fmt: skip
"""Two numbers of lines; without a maximum a small model may write digits to the end."""


def answer_schema(asked: Sequence[Question], *, strict: bool = False) -> dict[str, Any]:
    """The JSON Schema of the answers to ``asked``.

    ``strict`` is the subset that OpenAI enforces: every field is required and may be null, and
    there are no bounds and no tuples.
    """
    properties = {one.name: _value(one, strict) for one in asked}
    if not strict:
        return {"type": "object", "properties": properties, "additionalProperties": False}
    return {
        "type": "object",
        "properties": {
            name: {"anyOf": [value, {"type": "null"}]} for name, value in properties.items()
        },
        "required": list(properties),
        "additionalProperties": False,
    }


def _value(one: Question, strict: bool) -> dict[str, Any]:
    quote = {"type": "string"} if strict else dict(_QUOTE)
    if one.kind == "quote":
        return quote
    if one.kind in ("choice", "choices"):
        option = {"type": "string", "enum": list(one.options)}
        pair = _pair(option, quote, strict)
        return pair if one.kind == "choice" else _list(pair, one.most, strict)
    if one.kind == "quotes":
        return _list(quote, one.most, strict)
    whole = {"type": "array", "items": {"type": "integer"}} if strict else dict(_RANGE)
    return _list(whole, one.most, strict)


def _pair(option: dict[str, Any], quote: dict[str, Any], strict: bool) -> dict[str, Any]:
    """An option and the words that say so: a tuple, or an array of two where there are none."""
    if strict:
        return {"type": "array", "items": {"type": "string"}}
    return {
        "type": "array", "prefixItems": [option, quote], "items": False,
        "minItems": 2, "maxItems": 2,
    }  # fmt: skip


def _list(item: dict[str, Any], most: int, strict: bool) -> dict[str, Any]:
    bounds = {} if strict else {"minItems": 1, "maxItems": most}
    return {"type": "array", "items": item, **bounds}
