"""Whether a schema may be used at all, told before anything compiles it.

Refused are: more than ``SchemaLimits`` allows, a draft that is not known, references that leave the
schema, lead nowhere or chase each other, and schemas that no finite answer of the budget can meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from rolecall.core import Notice
from rolecall.errors import SchemaError
from rolecall.schema.dialect import OLD, URIS, Draft, dialect_of
from rolecall.schema.least import Least, fault, least
from rolecall.schema.limits import CHARS_PER_TOKEN, SchemaLimits
from rolecall.schema.tour import Spot, Tour, references, step, tour

if TYPE_CHECKING:
    from jsonschema_rs import Validator

IN_PLACE: Final = ("allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas")
"""Keywords whose subschemas speak of the same value as the schema they stand in."""

GUESSES: Final[tuple[Draft, ...]] = ("2020-12", "7", "4")
"""Drafts that are tried, in this order, for a schema that does not name its own."""


def draft_of(schema: dict[str, Any] | bool) -> tuple[Draft, tuple[Notice, ...]]:
    """The draft a schema is written in: as ``$schema`` says, else the newest that it obeys."""
    said = schema.get("$schema") if isinstance(schema, dict) else None
    if said is None:
        fits = (draft for draft in GUESSES if not _meta_fault(schema, draft))
        draft = next(fits, GUESSES[0])
        if draft == GUESSES[0]:
            return draft, ()
        message = f"names no draft and does not fit {GUESSES[0]}: read as draft {draft}"
        return draft, (Notice(code="draft_guessed", message=message),)
    known = dialect_of(said) if isinstance(said, str) else None
    if known is None:
        raise SchemaError(
            f"{str(said)[:80]!r} is no known draft; nothing is fetched",
            pointer="/$schema",
            hint=f"use one of {', '.join(URIS.values())}",
        )
    return known, ()


def admit(schema: dict[str, Any] | bool, draft: Draft, limits: SchemaLimits) -> tuple[Tour, Least]:
    """All subschemas of an admissible schema and their shortest answers.

    Raises ``SchemaError`` naming the place and the remedy for any other.
    """
    found = tour(schema, draft, limits)
    for spot in found.spots.values():
        if spot.word in ("", "$ref"):
            _check_rules(spot, draft)
        _check_draft(spot, draft)
        _check_sizes(spot, limits)
    _check_chains(found, limits)
    sizes = least(found)
    impossible = fault(found, sizes)
    if impossible:
        pointer, reason = impossible
        raise SchemaError(
            f"nothing can satisfy the schema: {reason}",
            pointer=pointer,
            hint="make the property optional, or loosen the keyword named",
        )
    needed = sizes.sizes[""] / CHARS_PER_TOKEN
    if needed > limits.answer_tokens:
        raise SchemaError(
            f"the shortest answer needs about {needed:,.0f} tokens;"
            f" the budget is {limits.answer_tokens:,}",
            hint="ask for fewer required properties, items or characters",
        )
    return found, sizes


def _check_rules(spot: Spot, draft: Draft) -> None:
    """Refuse what breaks the rules of the draft, in a schema and all that it knows as its parts."""
    wrong = _meta_fault(spot.schema, draft)
    if wrong:
        pointer, reason = wrong
        raise SchemaError(
            reason, pointer=spot.pointer + pointer, hint=f"see the specification of draft {draft}"
        )


def _check_draft(spot: Spot, draft: Draft) -> None:
    """Refuse a schema within the schema that is written in another draft.

    Without a name of its own it is no schema by itself, and its ``$schema`` says nothing.
    """
    words = _words(spot)
    said = words.get("$schema")
    named = "$id" in words or "id" in words
    if isinstance(said, str) and named and dialect_of(said) != draft:
        raise SchemaError(
            f"{said[:80]!r} is not the draft of the whole schema, {draft}",
            pointer=step(spot.pointer, "$schema"),
            hint="write the whole schema in one draft",
        )


def _meta_fault(schema: dict[str, Any] | bool, draft: Draft) -> tuple[str, str] | None:
    """Where and how a schema first breaks the rules of its draft."""
    from rolecall.schema.validator import pointer, short

    error = next(_rules(draft).iter_errors(schema), None)
    return (pointer(error.instance_path), short(error.message)) if error else None


@cache
def _rules(draft: Draft) -> Validator:
    """The draft's own schema; patterns in what it checks are compiled later, elsewhere."""
    from jsonschema_rs import validator_for

    rules = {"$schema": URIS[draft], "$ref": URIS[draft]}
    return validator_for(rules, offline=True, validate_formats=False)


def _check_sizes(spot: Spot, limits: SchemaLimits) -> None:
    """Refuse long enumerations and long patterns."""
    schema = spot.schema
    if isinstance(schema, bool):
        return
    values = schema.get("enum")
    if isinstance(values, list) and len(values) > limits.enum:
        raise SchemaError(
            f"{len(values):,} values; at most {limits.enum:,}",
            pointer=step(spot.pointer, "enum"),
            hint="take the list out and check the value in your own code afterwards",
        )
    for pointer, pattern in patterns(spot):
        if len(pattern) > limits.pattern:
            raise SchemaError(
                f"a pattern of {len(pattern):,} characters; at most {limits.pattern}",
                pointer=pointer,
                hint="shorten the pattern, or check it in your own code afterwards",
            )


def patterns(spot: Spot) -> Iterator[tuple[str, str]]:
    """The regular expressions of a subschema and where they stand."""
    schema = spot.schema
    if isinstance(schema, bool):
        return
    if isinstance(schema.get("pattern"), str):
        yield step(spot.pointer, "pattern"), schema["pattern"]
    if isinstance(schema.get("patternProperties"), dict):
        for pattern in schema["patternProperties"]:
            yield step(spot.pointer, "patternProperties", pattern), pattern


def _check_chains(found: Tour, limits: SchemaLimits) -> None:
    """Refuse schemas that refer to themselves without going deeper, and long chains.

    A depth-first search over the subschemas that speak of the same value; the length of a chain is
    counted in references.
    """
    edges = {pointer: list(_same_value(found, spot)) for pointer, spot in found.spots.items()}
    lengths: dict[str, int] = {}
    for start in found.spots:
        _search(start, edges, lengths, limits)


def _search(
    start: str,
    edges: Mapping[str, list[tuple[str, int]]],
    lengths: dict[str, int],
    limits: SchemaLimits,
) -> None:
    open_: set[str] = set()
    stack = [(start, False)]
    while stack:
        pointer, done = stack.pop()
        if done:
            open_.discard(pointer)
            steps = [lengths[to] + cost for to, cost in edges[pointer]]
            lengths[pointer] = max(steps, default=0)
            if lengths[pointer] > limits.chain:
                raise SchemaError(
                    f"a chain of more than {limits.chain} references",
                    pointer=pointer,
                    hint="let references lead to their goal directly",
                )
        elif pointer not in lengths:
            open_.add(pointer)
            stack.append((pointer, True))
            for to, _ in edges[pointer]:
                if to in open_:
                    raise SchemaError(
                        "the schema refers to itself without going deeper, so that nothing is said",
                        pointer=to,
                        hint="let one of the references lead to a schema with a type",
                    )
                if to not in lengths:
                    stack.append((to, False))


def _same_value(found: Tour, spot: Spot) -> Iterator[tuple[str, int]]:
    """Subschemas that speak of the same value, with the references it takes to reach each."""
    for reference in references(spot.schema):
        yield found.target(spot, reference), 1
    if found.draft in OLD and "$ref" in _words(spot):
        return
    for word, path, pointer in found.below(spot):
        if word in IN_PLACE or (word == "dependencies" and len(path) == 2):
            yield pointer, 0


def _words(spot: Spot) -> Mapping[str, Any]:
    return spot.schema if isinstance(spot.schema, dict) else {}
