"""A user's schema -> all that is to be known of it: admitted, compiled once, every keyword marked.

This is the work of the child process, and pure: ``compile.py`` bounds its time and memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import Any

from rolecall.core import Notice
from rolecall.errors import SchemaError
from rolecall.schema.admit import admit, patterns
from rolecall.schema.dialect import CONSTRAINTS, TELLING, Draft
from rolecall.schema.grammar import Grammar
from rolecall.schema.limits import CHARS_PER_TOKEN, SchemaLimits
from rolecall.schema.lint import EVERY_KEYWORD, Row, lint
from rolecall.schema.memory import resident
from rolecall.schema.nullable import allow_null
from rolecall.schema.tour import Tour
from rolecall.schema.typical import typical_tokens
from rolecall.schema.validator import knows_format, pattern_fault, short, validator


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is known of an admitted schema.

    ``document`` is the schema as it is checked: ``nullable`` is spelt out. ``rows`` give every
    keyword its mark. ``form`` is what engines decode by; ``None`` where no grammar can be had.
    ``least_tokens`` and ``typical_tokens`` estimate an answer's length. ``memory`` are the bytes
    that the compiled check takes, roughly.
    """

    document: dict[str, Any] | bool
    draft: Draft
    rows: tuple[Row, ...]
    form: dict[str, Any] | None
    notices: tuple[Notice, ...]
    least_tokens: int
    typical_tokens: int
    memory: int


def prepare(
    document: dict[str, Any] | bool,
    draft: Draft,
    limits: SchemaLimits,
    grammar: Grammar,
    *,
    safe: Callable[[], None] = lambda: None,
) -> Prepared:
    """Admit and compile a schema; raises ``SchemaError`` with the place and the remedy.

    ``safe`` is called when all is done but for the grammar: what can still hang or crash is the
    engine alone.
    """
    tour, sizes = admit(document, draft, limits)
    rewritten, notices = allow_null(tour)
    if notices:
        document = rewritten
        tour, sizes = admit(document, draft, limits)
    memory = _compile(tour, document, limits)
    safe()
    impossible = {pointer for pointer, size in sizes.sizes.items() if size == inf}
    found = lint(tour, impossible, lambda name: knows_format(name, draft), grammar)
    return Prepared(
        document=document,
        draft=draft,
        rows=found.rows,
        form=found.form,
        notices=(*notices, *_notices(found.rows, draft, found.failure)),
        least_tokens=ceil(sizes.sizes[""] / CHARS_PER_TOKEN),
        typical_tokens=typical_tokens(tour),
        memory=memory,
    )


def _compile(tour: Tour, document: dict[str, Any] | bool, limits: SchemaLimits) -> int:
    """Compile the final check, to see that it can be; the memory that it takes.

    Refuses a pattern that is not taken, and checks that take too much to be kept.
    """
    from jsonschema_rs import ReferencingError, ValidationError

    before = resident()
    try:
        check = validator(document, tour.draft)
    except (ValidationError, ReferencingError, ValueError) as error:
        for spot in tour.spots.values():
            for pointer, pattern in patterns(spot):
                reason = pattern_fault(pattern)
                if reason:
                    raise SchemaError(
                        f"the pattern {pattern[:80]!r} is not taken: {reason}",
                        pointer=pointer,
                        hint="write it without look-around, references back and great counts,"
                        " or check it in your own code afterwards",
                    ) from None
        raise SchemaError(
            f"the schema cannot be compiled: {short(getattr(error, 'message', str(error)))}",
            hint=f"see the specification of draft {tour.draft}",
        ) from None
    taken = max(0, resident() - before)
    del check
    if taken > limits.check_memory:
        raise SchemaError(
            f"its patterns take {taken >> 20} MB; at most {limits.check_memory >> 20} MB",
            hint="use fewer patterns with great counts, or `maxLength` beside a shorter pattern",
        )
    return taken


def _notices(rows: Sequence[Row], draft: Draft, failure: str) -> Iterator[Notice]:
    """What a user should know before the first answer: keywords without effect, no grammar."""
    unheard = [
        row
        for row in rows
        if row.mark == "annotation"
        and row.word in EVERY_KEYWORD
        and row.word not in CONSTRAINTS[draft]
        and row.word not in TELLING
    ]
    if unheard:
        names = ", ".join(sorted({row.word for row in unheard}))
        message = f"keywords that draft {draft} does not know, they are not checked: {names}"
        yield Notice(code="unknown_to_draft", message=message)
    if failure:
        yield Notice(code="no_grammar", message=f"{failure}; everything is checked after")
