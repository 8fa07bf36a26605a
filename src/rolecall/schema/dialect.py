"""The drafts of JSON Schema: which one a schema is written in, and where its subschemas stand.

Source: the specifications of draft 4, 6, 7, 2019-09 and 2020-12 (json-schema.org/specification).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

Draft = Literal["4", "6", "7", "2019-09", "2020-12"]

DIALECTS: Final[dict[str, Draft]] = {
    "json-schema.org/draft-04/schema": "4",
    "json-schema.org/draft-06/schema": "6",
    "json-schema.org/draft-07/schema": "7",
    "json-schema.org/draft/2019-09/schema": "2019-09",
    "json-schema.org/draft/2020-12/schema": "2020-12",
    "json-schema.org/schema": "2020-12",
}
"""What ``$schema`` may say, without its scheme and an empty fragment."""

URIS: Final[dict[Draft, str]] = {
    "4": "http://json-schema.org/draft-04/schema#",
    "6": "http://json-schema.org/draft-06/schema#",
    "7": "http://json-schema.org/draft-07/schema#",
    "2019-09": "https://json-schema.org/draft/2019-09/schema",
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
}

OLD: Final[frozenset[Draft]] = frozenset({"4", "6", "7"})
"""Drafts in which the keywords beside a ``$ref`` say nothing."""

EVER: Final = frozenset(
    "type enum multipleOf maximum exclusiveMaximum minimum exclusiveMinimum maxLength minLength"
    " pattern items maxItems minItems uniqueItems maxProperties minProperties required properties"
    " patternProperties additionalProperties dependencies allOf anyOf oneOf not format $ref".split()
)
"""Keywords that all drafts know; the newest two keep ``dependencies`` for older schemas."""

SINCE_6: Final = EVER | {"const", "contains", "propertyNames"}
CONTENT: Final = frozenset({"contentEncoding", "contentMediaType"})
SINCE_2019: Final = SINCE_6 | frozenset(
    "if then else dependentRequired dependentSchemas minContains maxContains unevaluatedItems"
    " unevaluatedProperties".split()
)

CONSTRAINTS: Final[dict[Draft, frozenset[str]]] = {
    "4": EVER | {"additionalItems"},
    "6": SINCE_6 | CONTENT | {"additionalItems"},
    "7": SINCE_6 | CONTENT | {"additionalItems", "if", "then", "else"},
    "2019-09": SINCE_2019 | {"additionalItems", "$recursiveRef"},
    "2020-12": SINCE_2019 | {"prefixItems", "$dynamicRef"},
}
"""The keywords that can make a value invalid, by draft; all others are annotations."""

SHELVES: Final = frozenset({"definitions", "$defs"})
"""Where schemas lie that hold only when something refers to them."""

ONE: Final = frozenset(
    "additionalProperties additionalItems items contains not if then else propertyNames"
    " unevaluatedItems unevaluatedProperties contentSchema".split()
)
"""Keywords whose value is one schema; ``items`` may be a list in the older drafts."""

SEVERAL: Final = frozenset("allOf anyOf oneOf prefixItems items".split())
NAMED: Final = frozenset(
    "properties patternProperties definitions $defs dependentSchemas dependencies".split()
)
"""Keywords whose value maps names to schemas; one of ``dependencies`` may be a list of names."""

HOLDING: Final[dict[Draft, frozenset[str]]] = {
    draft: (ONE | SEVERAL | NAMED)
    & (words | ({"definitions"} if draft in OLD else SHELVES | {"contentSchema"}))
    for draft, words in CONSTRAINTS.items()
}
"""The keywords that hold schemas, by draft."""

NEEDS: Final = {
    "then": "if", "else": "if", "minContains": "contains", "maxContains": "contains",
    "additionalItems": "items",
}  # fmt: skip
"""Keywords that say nothing unless another one stands beside them."""

NAMING: Final = frozenset(
    "$schema $id id $anchor $dynamicAnchor $recursiveAnchor $vocabulary".split()
)
"""Keywords that name schemas; they say nothing about values."""

TELLING: Final = frozenset(
    "title description default examples example $comment readOnly writeOnly deprecated"
    " contentSchema contentEncoding contentMediaType".split()
)
"""Keywords for people and programs; they say nothing about values."""


def dialect_of(uri: str) -> Draft | None:
    """The draft that a ``$schema`` names; ``None`` for any other."""
    name = uri.removeprefix("https://").removeprefix("http://")
    return DIALECTS.get(name.removesuffix("#"))


def identifier(schema: dict[str, Any], draft: Draft) -> str | None:
    """The ``$id`` (draft 4: ``id``) that a schema gives itself."""
    if draft in OLD and "$ref" in schema:
        return None
    own = schema.get("id" if draft == "4" else "$id")
    return own if isinstance(own, str) else None


def parts(schema: dict[str, Any], draft: Draft) -> Iterator[tuple[str, tuple[str | int, ...], Any]]:
    """The subschemas of a schema: keyword, the path below the schema, and the subschema.

    Those are what the draft knows as such. A value of the wrong shape is passed over: the draft's
    own schema finds fault with it.
    """
    if draft in OLD and "$ref" in schema:
        return
    for word, value in schema.items():
        if word not in HOLDING[draft]:
            continue
        if word in NAMED:
            if isinstance(value, dict):
                for name, one in value.items():
                    if isinstance(one, (dict, bool)):
                        yield word, (word, name), one
        elif word in SEVERAL and isinstance(value, list):
            for number, one in enumerate(value):
                if isinstance(one, (dict, bool)):
                    yield word, (word, number), one
        elif word in ONE and isinstance(value, (dict, bool)):
            yield word, (word,), value
