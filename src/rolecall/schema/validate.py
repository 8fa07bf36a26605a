"""Validation against the default posting, with JSON pointers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from rolecall.core import Problem
from rolecall.schema.posting import POSTING_SCHEMA
from rolecall.schema.validator import Check, pointer

__all__ = ["fault", "pointer", "validate"]


def validate(data: Any) -> list[Problem]:
    """Return every way in which ``data`` breaks the schema of a posting, in document order.

    A field that is ``None`` counts as absent, as it does in a record. Never raises: what is not
    JSON (a set, a NaN, a lone surrogate) is one problem at the root.
    """
    if isinstance(data, Mapping):
        data = {name: value for name, value in data.items() if value is not None}
    return _whole().problems(data)


def fault(name: str, value: Any) -> str | None:
    """Say why ``value`` cannot stand in the field ``name``; ``None`` when it can."""
    check = _fields().get(name)
    return check.fault(value) if check else f"the schema has no field {name!r}"


@cache
def _whole() -> Check:
    return Check(POSTING_SCHEMA, "2020-12")


@cache
def _fields() -> dict[str, Check]:
    return {name: Check(schema, "2020-12") for name, schema in POSTING_SCHEMA["properties"].items()}
