"""What a label may say: known keys, known fields, values of the right kind."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final

from rolecall.errors import UsageError
from rolecall.schema.fields import Field
from rolecall.schema.posting import FIELDS
from rolecall.schema.schema import Schema
from rolecall.schema.validate import fault

KEYS: Final[Mapping[str, type | tuple[type, ...]]] = {
    "id": str,
    "source": str,
    "html": str,
    "text": str,
    "url": (str, type(None)),
    "captured": (str, type(None)),
    "site": str,
    "language": (str, type(None)),
    "expected": dict,
    "also": dict,
    "evidence": dict,
    "posting": bool,
    "note": str,
}
"""Keys of a sample; one that begins with ``x-`` is the user's own and is passed over, and so is
``evidence``, the quotes that a labeller saw."""

PLACE_PARTS: Final = frozenset({"text", "name", "city", "region", "country"})
AS_WRITTEN: Final = frozenset({"application_url", "application_email"})
"""Fields whose label may be what the page shows, such as ``jobs[at]oven.example``."""

KINDS: Final[Mapping[type, str]] = {
    str: "a text", bool: "true or false", dict: "an object", list: "a list", int: "a number",
    float: "a number", type(None): "null",
}  # fmt: skip


OWN_KINDS: Final[Mapping[str, tuple[type, ...]]] = {
    "text": (str,), "number": (int, float), "integer": (int,), "boolean": (bool,),
    "list": (list,), "rows": (list,), "object": (dict,),
}  # fmt: skip
"""What the kinds of fields of a user's schema hold."""


def check_keys(row: Mapping[str, Any], where: str) -> None:
    """Refuse unknown keys and wrong kinds; raises `UsageError`."""
    for key, value in row.items():
        if key.startswith("x-"):
            continue
        kind = KEYS.get(key)
        if kind is None:
            if key in FIELDS:
                hint = f'the values of fields stand in "expected": {{"{key}": …}}'
            else:
                hint = near(key, KEYS)
            raise UsageError(f"{where}: a sample has no key {key!r}", hint=hint)
        if not isinstance(value, kind):
            wanted = kind if isinstance(kind, type) else kind[0]
            raise UsageError(
                f"{where}: {key} must be {KINDS[wanted]}, not {kind_of(value)}",
                hint="see docs/evaluation.md for the keys of a sample",
            )


def checked_labels(
    expected: Mapping[str, Any], where: str, schema: Schema | None = None
) -> dict[str, Any]:
    """The labels, each known and of the right kind; raises `UsageError`.

    A place may be given by its text alone. With a ``schema`` of the user's own, objects may be
    labelled in part.
    """
    if schema is not None and not schema.is_posting:
        _check_own(expected, schema, where)
        return dict(expected)
    for name in expected:
        if name not in FIELDS:
            raise UsageError(
                f"{where}: expected: there is no field {name!r}", hint=near(name, FIELDS)
            )
    out = {}
    for name, value in expected.items():
        out[name] = _places(value, where) if name == "locations" else value
        if value is None or value == [] or name == "locations":
            continue
        wrong = fault(name, value)
        if name in AS_WRITTEN and isinstance(value, str) and value.strip():
            wrong = None
        if wrong is not None:
            raise UsageError(f"{where}: expected: {name}: {wrong}", hint=_remedy(name, value))
    return out


def checked_day(value: str | None, where: str) -> date | None:
    """The day a page was saved; raises `UsageError`."""
    if value is None:
        return None
    try:
        return date.fromisoformat(value[:10])
    except ValueError:
        raise UsageError(
            f"{where}: captured must be a day such as 2026-03-31, not {value!r}",
            hint="the day the page was saved, so that '2 days ago' can be read",
        ) from None


def near(word: str, known: Iterable[str]) -> str:
    """The hint for a misspelled name: the near one, or all of them."""
    names = sorted(known)
    found = difflib.get_close_matches(word, names, n=1)
    return f"did you mean: {found[0]}" if found else f"there are: {', '.join(names)}"


def kind_of(value: Any) -> str:
    """What a value is, for a message."""
    return KINDS.get(type(value), type(value).__name__)


def _places(value: Any, where: str) -> list[dict[str, Any]] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise UsageError(
            f"{where}: expected: locations must be a list, not {kind_of(value)}",
            hint='write "locations": [{"text": "Leeds, UK"}]',
        )
    out = []
    for item in value:
        place = {"text": item} if isinstance(item, str) else item
        if (
            not isinstance(place, dict)
            or not place.keys() <= PLACE_PARTS
            or not all(part is None or isinstance(part, str) for part in place.values())
            or not any(place.values())
        ):
            raise UsageError(
                f"{where}: expected: locations: {item!r} is no place",
                hint='write {"text": "Leeds, UK"}; city, region and country may be added',
            )
        out.append(dict(place))
    return out


def _remedy(name: str, value: Any) -> str:
    if name == "location" and isinstance(value, list):
        return 'several places go into "locations": [{"text": …}, …]'
    if isinstance(value, str) and not value.strip():
        return "null says that the page holds none; leave the field out if nobody has looked"
    if name in ("date_posted", "valid_through"):
        return "write the day as 2026-03-31"
    if name in ("salary_min", "salary_max", "experience_years_min", "experience_years_max"):
        return "write a number without marks, such as 45000"
    return "rolecall schema show prints what each field may hold"


def _check_own(expected: Mapping[str, Any], schema: Schema, where: str) -> None:
    """Refuse labels that a user's schema has no place for; what is missing is not yet labelled."""
    fields = {one.path: one for one in schema.fields}
    around = {path[:depth] for path in fields for depth in range(1, len(path))}
    rows: list[tuple[tuple[str, ...], Any]] = [((name,), one) for name, one in expected.items()]
    while rows:
        path, value = rows.pop(0)
        name = ".".join(path)
        if path in fields:
            wrong = _own_fault(value, fields[path])
            if wrong:
                raise UsageError(f"{where}: expected: {name} {wrong}", hint="see the schema")
        elif path not in around:
            known = [".".join(one) for one in (*fields, *around)]
            raise UsageError(
                f"{where}: expected: there is no field {name!r}", hint=near(name, known)
            )
        elif isinstance(value, dict):
            rows += [((*path, inner), below) for inner, below in value.items()]
        elif value is not None:
            raise UsageError(
                f"{where}: expected: {name} must be an object, not {kind_of(value)}",
                hint="null says that the page holds nothing of it",
            )


def _own_fault(value: Any, field: Field) -> str:
    """Why a field cannot hold a label; nothing if it can."""
    if value is None or field.kind == "any":
        return ""
    wanted = OWN_KINDS[field.kind]
    if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
        return f"must be {KINDS[wanted[0]]}, not {kind_of(value)}"
    if field.values is not None:
        for item in value if isinstance(value, list) else [value]:
            if item not in field.values:
                told = ", ".join(str(one) for one in field.values if one is not None)
                return f"must be one of {told}, not {item!r}"
    return ""
