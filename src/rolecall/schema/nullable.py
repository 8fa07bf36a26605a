"""``nullable: true``, OpenAPI's word for "or null" -> the same in JSON Schema's own words."""

from __future__ import annotations

import copy
from typing import Any, Final

from rolecall.core import Notice
from rolecall.schema.dialect import OLD, Draft
from rolecall.schema.tour import Tour, step

CHOICES: Final = ("anyOf", "oneOf")
NULL: Final = {"type": "null"}


def allow_null(tour: Tour) -> tuple[Any, tuple[Notice, ...]]:
    """The schema with ``null`` allowed wherever ``nullable`` says so, and what was rewritten.

    A schema without ``nullable`` comes back as it is.
    """
    asked = [
        spot.pointer
        for spot in tour.spots.values()
        if isinstance(spot.schema, dict) and spot.schema.get("nullable") is True
    ]
    if not asked:
        return tour.root, ()
    root = copy.deepcopy(tour.root)
    done = [
        at for at in sorted(asked, key=len, reverse=True) if _rewrite(_at(root, at), tour.draft)
    ]
    if not done:
        return root, ()
    places = ", ".join(step(pointer, "nullable") for pointer in sorted(done)[:5])
    more = f" and {len(done) - 5} more" if len(done) > 5 else ""
    message = f"`nullable` is OpenAPI's word; read as: null is allowed too, at {places}{more}"
    return root, (Notice(code="nullable", message=message),)


def _at(root: Any, pointer: str) -> dict[str, Any]:
    value = root
    for raw in pointer.split("/")[1:]:
        name = raw.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    found: dict[str, Any] = value
    return found


def _rewrite(schema: dict[str, Any], draft: Draft) -> bool:
    """Allow null in one schema, in place; whether anything had to be changed."""
    before = dict(schema)
    if "$ref" in schema and draft in OLD:
        _wrap(schema, ("$ref",))
        return True
    kinds = schema.get("type")
    if isinstance(kinds, str) and kinds != "null":
        schema["type"] = [kinds, "null"]
    elif isinstance(kinds, list) and "null" not in kinds:
        schema["type"] = [*kinds, "null"]
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    if schema.get("const") is not None:
        schema["enum"] = [schema.pop("const"), None]
    for word in CHOICES:
        choices = schema.get(word)
        if isinstance(choices, list) and NULL not in choices:
            schema[word] = [*choices, dict(NULL)]
    bound = tuple(word for word in ("$ref", "allOf") if word in schema)
    if bound:
        _wrap(schema, bound)
    return schema != before


def _wrap(schema: dict[str, Any], words: tuple[str, ...]) -> None:
    """Move keywords that allow no null into one choice of two."""
    inner = {word: schema.pop(word) for word in words}
    choice = [inner, dict(NULL)]
    if "anyOf" in schema:
        schema["allOf"] = [{"anyOf": choice}]
    else:
        schema["anyOf"] = choice
