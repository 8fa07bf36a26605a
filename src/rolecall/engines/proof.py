"""Proof that a server enforces the forms of answer it has fields for.

Servers have answered 200 and left out what they did not know of a request. So each form is asked
for once in a way that only a constraint can explain: the messages ask for one word, the constraint
allows another one that no message holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import orjson
from msgspec import Struct

from rolecall.core import Completion, Form, Notice, Prompt
from rolecall.errors import EngineError

WORD: Final = "kz7Qx41"
"""What an answer can only hold if a constraint put it there."""
CHUNKS: Final = ("vb", "9Jt", "w3")

_ASK: Final = (("user", "Do not write JSON. Reply with this single word and nothing else: yes"),)

GRAMMAR: Final = f"""\
start: "{WORD}-" PART
PART: SUB & /(?s:.{{2,}})/
SUB: %regex {{"substring_chunks": ["vb", "9Jt", "w3"]}}
"""
"""A Lark grammar with the one feature that the grounded form needs: substrings of a text."""

SCHEMA: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {WORD: {"type": "string", "enum": ["vb9Jt"]}},
    "required": [WORD],
    "additionalProperties": False,
}

PROMPTS: Final[Mapping[Form, Prompt]] = {
    "grammar": Prompt(messages=_ASK, form="grammar", grammar=GRAMMAR, max_tokens=48),
    "json_schema": Prompt(messages=_ASK, form="json_schema", json_schema=SCHEMA, max_tokens=64),
    "json_object": Prompt(messages=_ASK, form="json_object", max_tokens=32),
    "text": Prompt(messages=_ASK, max_tokens=8),
}


_PROVED: Final[tuple[Form, ...]] = ("grammar", "json_schema", "json_object")


class Proof(Struct, frozen=True):
    """What was proved: the forms, the strictest first, and what was claimed in vain."""

    forms: tuple[Form, ...]
    notices: tuple[Notice, ...]


async def prove(
    complete: Callable[[Prompt], Awaitable[Completion]], claimed: Sequence[Form], name: str
) -> Proof:
    """Ask the engine ``name`` for one small answer in each form of ``claimed``, all at once.

    Raises:
        EngineError: it gives no answer whatever the form, or it cannot be asked at all.
    """
    asked = [form for form in _PROVED if any(_like(one) == form for one in claimed)]
    answers = await asyncio.gather(
        *(complete(PROMPTS[form]) for form in asked), return_exceptions=True
    )
    forms: list[Form] = []
    notices: list[Notice] = []
    for form, answer in zip(asked, answers, strict=True):
        if isinstance(answer, EngineError) and _is_about_the_form(answer):
            notices.append(_notice(name, form, f"was refused: {answer}"))
        elif isinstance(answer, BaseException):
            raise answer
        elif shows(form, answer):
            forms += [one for one in claimed if _like(one) == form]
        else:
            notices.append(_notice(name, form, "was accepted and not enforced"))
    if all(isinstance(answer, EngineError) for answer in answers):
        await complete(PROMPTS["text"])
    return Proof((*forms, "text"), tuple(notices))


def shows(form: Form, answer: Completion) -> bool:
    """Whether an answer to the proof of ``form`` can only come from a constraint."""
    text = answer.text.strip()
    if form == "grammar":
        first, _, rest = text.partition("-")
        return first == WORD and len(rest) >= 2 and rest in "".join(CHUNKS)
    if form == "json_object" and answer.finish_reason == "length":
        return text.startswith("{")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return value == {WORD: "vb9Jt"} if form == "json_schema" else isinstance(value, dict)


def _like(form: Form) -> Form:
    """The form whose proof serves ``form``."""
    return "grammar" if form == "grounded" else form


def _is_about_the_form(error: EngineError) -> bool:
    """Whether a server refused the request, and not the caller or the model."""
    results = [one.result for one in error.failed]
    return bool(results) and (
        results[-1] in ("http_400", "http_422", "http_500", "http_501", "empty_answer")
    )


def _notice(name: str, form: str, what: str) -> Notice:
    return Notice(code="form_not_enforced", message=f"engine {name}: {form} {what}")
