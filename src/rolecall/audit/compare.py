"""What a second opinion can be held against: the fields that the engine was asked for.

An engine sees the text of the page alone. A value that the page states for machines only, in a
field of which the engine says nothing, is no disagreement about what can be read; neither is one
that the settings had left out of the first record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rolecall.ask.questions import POSTING, extra_questions
from rolecall.audit.agreement import OUTCOME, agreement
from rolecall.drive.connect import unit_of, units_of
from rolecall.schema.posting import UNITS
from rolecall.schema.schema import Schema

Path = tuple[str, ...]
"""The names that lead to a field."""


def compared(
    first: Mapping[str, Any], second: Mapping[str, Any], schema: Schema | None = None
) -> dict[str, bool]:
    """`agreement` of two records of ``schema`` (``None``: the default posting), in what the second
    was asked for. ``first`` is the one that was made in the usual way."""
    withheld = _withheld(first)
    paths = [path for path, unit in asked(schema).items() if unit not in withheld]
    told = agreement(_only(first, paths), _only(second, paths))
    if not told.get(OUTCOME):
        return told
    return {
        name: same
        for name, same in told.items()
        if same or name == OUTCOME or _said(second, name) or _visible(first, name)
    }


def asked(schema: Schema | None) -> Mapping[Path, str]:
    """The fields that an engine is asked for when it is asked for everything, each with its unit
    (empty for a field of the user's own)."""
    if schema is None or schema.is_posting:
        return {(name,): unit for unit in POSTING for name in UNITS[unit]}
    units = units_of(schema)
    homes = {link.path: unit_of(link.source) for link in schema.links}
    found: dict[Path, str] = {path: unit for path, unit in homes.items() if unit in units}
    own, _ = extra_questions(schema.unlinked)
    return found | {one.field.path: "" for one in own if one.field is not None}


def _only(record: Mapping[str, Any], paths: Sequence[Path]) -> dict[str, Any]:
    """A record with what stands at ``paths`` alone."""
    data: dict[str, Any] = {}
    for path in paths:
        value: Any = record.get("data")
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is None:
            continue
        at = data
        for name in path[:-1]:
            at = at.setdefault(name, {})
        at[path[-1]] = value
    return {"outcome": record.get("outcome"), "data": data}


def _withheld(record: Mapping[str, Any]) -> set[str]:
    """Units that were left out for being less sure than the settings ask for."""
    return {
        str(one.get("message")).partition(":")[0]
        for one in record.get("warnings") or ()
        if isinstance(one, Mapping) and one.get("code") == "withheld"
    }


def _said(record: Mapping[str, Any], name: str) -> bool:
    data = record.get("data")
    return isinstance(data, Mapping) and data.get(name) not in (None, "", [], {})


def _visible(record: Mapping[str, Any], name: str) -> bool:
    """Whether a value has words in the page's text, or nothing is known of where it is from."""
    rows = [
        one
        for pointer, one in (record.get("evidence") or {}).items()
        if str(pointer).split("/")[1:2] == [name] and isinstance(one, Mapping)
    ]
    return not rows or any(one.get("start") is not None for one in rows)
