"""Which scorer judges which field: a table for the default posting, rules for a user's schema."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from msgspec import Struct

from rolecall.errors import UsageError
from rolecall.same.scorers import POSTING, SCORERS, Scorer
from rolecall.schema.fields import Field
from rolecall.schema.schema import Schema

PARTS: Final[Mapping[str, str]] = {
    "city": "normalised",
    "region": "normalised",
    "country": "normalised",
    "remote": "exact",
    "salary": "money",
    "experience": "text",
}
"""What else can fill a field of a user's schema -> scorer."""

UNLABELLED: Final = object()
"""What stands for the label of a field that nobody has labelled."""

_FOR_TEXT: Final = frozenset({"text", "company", "phrase", "place", "money", "url", "date"})
_FOR_LISTS: Final = frozenset({"place", "same_set", "skills", "set_f1", "text_coverage"})


class Aim(Struct, frozen=True, kw_only=True):
    """A field that is judged: its dotted name, the names that lead to it, and its scorer.

    ``instead`` is a field whose value is taken where this one is empty; ``unless`` one that takes
    its place where both are labelled.
    """

    field: str
    path: tuple[str, ...]
    pointer: str
    scorer_name: str
    scorer: Scorer
    instead: str = ""
    unless: str = ""


def aims_of(
    schema: Schema | None = None, scorers: Mapping[str, str] | None = None
) -> tuple[Aim, ...]:
    """How each field of ``schema`` (the default posting, if none) is judged.

    ``scorers`` names others for single fields (dotted: ``pay.min``). Raises `UsageError` for a
    field or a scorer that does not exist.
    """
    if schema is None or schema.is_posting:
        names = dict(POSTING)
        aims = _posting_aims()
    else:
        names = {".".join(one.path): scorer_for(one, schema) for one in schema.fields}
        aims = tuple(_aim(".".join(one.path), one, names) for one in schema.fields)
    if not scorers:
        return aims
    for field, name in scorers.items():
        if field not in names:
            raise UsageError(f"there is no field {field!r} to score", hint=_near(field, names))
        if name not in SCORERS:
            raise UsageError(f"there is no scorer {name!r}", hint=_near(name, SCORERS))
    return tuple(_with_scorer(aim, scorers.get(aim.field, aim.scorer_name)) for aim in aims)


def scorer_for(field: Field, schema: Schema) -> str:
    """The scorer of a field of a user's schema: that of its source, where the kinds agree."""
    link = next((link for link in schema.links if link.path == field.path), None)
    source = {**POSTING, **PARTS}.get(link.source, "") if link is not None else ""
    if field.kind in ("list", "rows"):
        if source in _FOR_LISTS and (field.kind == "list" or source == "place"):
            return source
        return "set_f1"
    if field.kind == "text":
        if field.values is not None:
            return "exact"
        if field.rules.get("format") in ("date", "date-time"):
            return "date"
        if source in (*_FOR_TEXT, "normalised", "text_coverage"):
            return source
        return "url" if field.rules.get("format") in ("uri", "uri-reference") else "text"
    kinds = {"number": "number", "integer": "exact", "boolean": "exact"}
    return kinds.get(field.kind, "normalised")


@cache
def _posting_aims() -> tuple[Aim, ...]:
    return tuple(
        Aim(
            field=name,
            path=(name,),
            pointer=f"/{name}",
            scorer_name=scorer,
            scorer=SCORERS[scorer],
            instead={"locations": "location", "location": "locations"}.get(name, ""),
            unless="locations" if name == "location" else "",
        )
        for name, scorer in POSTING.items()
    )


def _aim(name: str, field: Field, scorers: Mapping[str, str]) -> Aim:
    return Aim(
        field=name,
        path=field.path,
        pointer=field.pointer,
        scorer_name=scorers[name],
        scorer=SCORERS[scorers[name]],
    )


def _with_scorer(aim: Aim, name: str) -> Aim:
    return Aim(
        field=aim.field,
        path=aim.path,
        pointer=aim.pointer,
        scorer_name=name,
        scorer=SCORERS[name],
        instead=aim.instead,
        unless=aim.unless,
    )


def _near(word: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean: {near[0]}" if near else f"there are: {', '.join(known)}"


def label_of(aim: Aim, expected: Mapping[str, Any]) -> Any:
    """The label of a field: ``UNLABELLED`` where there is none, ``None`` for "the page has none".

    An object that is labelled ``None`` says so of every field in it.
    """
    if aim.unless and aim.unless in expected:
        return UNLABELLED
    if len(aim.path) == 1:
        return expected.get(aim.path[0], UNLABELLED)
    at: Any = expected
    for name in aim.path:
        if at is None:
            return None
        if not isinstance(at, dict | Mapping) or name not in at:
            return UNLABELLED
        at = at[name]
    return at


def value_at(data: Any, path: tuple[str, ...]) -> Any:
    """What stands at ``path``; ``None`` if nothing does."""
    for name in path:
        data = data.get(name) if isinstance(data, dict) else None
    return data
