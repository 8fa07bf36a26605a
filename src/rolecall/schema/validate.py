"""Validation against the schema, with JSON pointers. The validator is loaded on first use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from rolecall.core import Problem
from rolecall.schema.posting import POSTING_SCHEMA

if TYPE_CHECKING:
    from jsonschema_rs import Validator

LONGEST_MESSAGE: Final = 200


def validate(data: Any) -> list[Problem]:
    """Return every way in which ``data`` breaks the schema of a posting, in document order.

    A field that is ``None`` counts as absent, as it does in a record. Never raises: what is not
    JSON (a set, a NaN, a lone surrogate) is one problem at the root.
    """
    if isinstance(data, Mapping):
        data = {name: value for name, value in data.items() if value is not None}
    try:
        errors = list(_whole().iter_errors(data))
    except (ValueError, TypeError) as error:
        return [Problem(pointer="", kind="schema", message=_short(str(error)))]
    return [
        Problem(pointer=pointer(e.instance_path), kind="schema", message=_short(e.message))
        for e in errors
    ]


def fault(name: str, value: Any) -> str | None:
    """Say why ``value`` cannot stand in the field ``name``; ``None`` when it can."""
    validator = _fields().get(name)
    if validator is None:
        return f"the schema has no field {name!r}"
    try:
        if validator.is_valid(value):
            return None
        return _short(next(iter(validator.iter_errors(value))).message)
    except (ValueError, TypeError) as error:
        return _short(str(error))


def pointer(path: Iterable[str | int]) -> str:
    """Write a path of keys and indexes as a JSON pointer (RFC 6901)."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)


@cache
def _whole() -> Validator:
    from jsonschema_rs import Draft202012Validator

    return Draft202012Validator(POSTING_SCHEMA)


@cache
def _fields() -> dict[str, Validator]:
    from jsonschema_rs import Draft202012Validator

    return {
        name: Draft202012Validator(schema) for name, schema in POSTING_SCHEMA["properties"].items()
    }


def _short(message: str) -> str:
    if len(message) <= LONGEST_MESSAGE:
        return message
    half = LONGEST_MESSAGE // 2
    return f"{message[: half - 3]} ... {message[-half + 2 :]}"
