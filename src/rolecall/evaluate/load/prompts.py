"""Pages -> the prompts that would be sent for them, and whether an answer has the asked shape."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import jsonschema_rs
from msgspec import Struct

from rolecall.ask.compose import Asked, Voice
from rolecall.ask.grammar import grammar
from rolecall.ask.questions import POSTING, Question
from rolecall.ask.reading import AnswerError, read_object
from rolecall.ask.shape import answer_schema
from rolecall.climb import Help, questions
from rolecall.core import Candidate, Completion, Page, Prompt, Source
from rolecall.errors import Error, SourceError, UsageError
from rolecall.evaluate.load.figures import spread
from rolecall.evaluate.load.nouns import Spread
from rolecall.evaluate.load.postings import generated
from rolecall.inputs.read import load
from rolecall.inputs.stream import expand, stream
from rolecall.ladder import settled
from rolecall.pipeline import Pipeline, Stages, hear_page

OPENING = "<page>\n"
"""Where the page begins in a prompt: what stands before it is the same for all."""


class Heard(Struct, frozen=True, kw_only=True):
    """A page that engines are asked about, and the questions.

    ``candidates`` are what the page's own data and the embedded reader propose.
    """

    page: Page
    questions: tuple[Question, ...]
    candidates: tuple[Candidate, ...] = ()


class Prompts(Struct, frozen=True, kw_only=True):
    """The prompts of some pages.

    ``pages`` were read; of ``asked_pages`` something is asked. ``compose_ms`` is what composing
    all prompts of a page takes, ``grammar_ms`` what writing the grammar of a prompt takes.
    """

    items: tuple[Asked, ...]
    pages: int
    asked_pages: int
    compose_ms: Spread | None
    grammar_ms: Spread | None

    @property
    def postings(self) -> float:
        """Postings for each prompt: less than one where pages come in several windows."""
        return self.asked_pages / len(self.items) if self.items else 1.0


def read_pages(paths: Sequence[str], *, count: int, seed: int, limit: int) -> list[Source]:
    """The pages that ``paths`` name, of ``limit`` bytes at most; without any, ``count`` made ones.

    Raises:
        UsageError: nothing to read.
        SourceError: a page that cannot be read.
    """
    if not paths:
        return list(generated(count, seed))
    sources = []
    for entry in stream(expand(paths), limit=limit):
        if entry is not None:
            try:
                sources.append(load(entry, limit=limit)[0])
            except SourceError as error:
                told = f"{entry.locator}: {error}"
                raise SourceError(told, hint=error.hint, code=error.code) from error
    if not sources:
        raise UsageError(f"nothing to read in {', '.join(paths)}")
    return sources


def hear_pages(
    sources: Sequence[Source], pipeline: Pipeline, help_: Help, *, every: bool
) -> list[Heard]:
    """The pages that an engine would be asked about, with what it would be asked.

    With ``every``, all fields of each page are asked for, as if nothing were known of it.
    """
    out = []
    for source in sources:
        try:
            page, heard = hear_page(source, pipeline, Stages())
            result = settled(page, heard, pipeline.rules)
        except Error:
            continue  # what cannot be read is never asked about
        asked = questions(result, help_)
        if every and result.outcome != "not_a_posting":
            units = [POSTING[unit] for unit in POSTING if unit in help_.units]
            asked = (*units, *help_.extras)
        if asked:
            out.append(Heard(page=page, questions=asked, candidates=heard.candidates))
    return out


def compose(
    heard: Sequence[Heard],
    voice: Voice,
    *,
    pages: int,
    clock: Callable[[], float] = time.perf_counter,
) -> Prompts:
    """All prompts about the pages; ``pages`` is how many there were before any were left out."""
    items: list[Asked] = []
    composing, writing, asked_pages = [], [], 0
    for one in heard:
        start = clock()
        found = voice.compose(one.page, one.questions).asked
        composing.append(1000 * (clock() - start))
        asked_pages += bool(found)
        items += found
        for asked in found:
            if asked.prompt.grammar is not None:
                text = asked.sheet.text if asked.prompt.form == "grounded" else None
                start = clock()
                grammar(asked.questions, text=text)
                writing.append(1000 * (clock() - start))
    return Prompts(
        items=tuple(items),
        pages=pages,
        asked_pages=asked_pages,
        compose_ms=spread(composing),
        grammar_ms=spread(writing),
    )


def marked(prompt: Prompt, mark: str) -> Prompt:
    """``prompt`` with a line of its own where the page begins.

    What stands before the page stays the same for all prompts, so that a prefix cache holds as
    much of it as in a real run, and nothing of a page that was sent before.
    """
    role, text = prompt.messages[-1]
    line = f"({mark})\n"
    text = text.replace(OPENING, OPENING + line, 1) if OPENING in text else line + text
    return replace(prompt, messages=(*prompt.messages[:-1], (role, text)))


class Shapes:
    """Checks answers against the shape that was asked for; each shape is compiled once."""

    def __init__(self) -> None:
        self._validators: dict[tuple[str, ...], Any] = {}

    def is_valid(self, asked: Asked, completion: Completion) -> bool:
        """Whether the answer is whole and has the shape that was asked for."""
        loose = asked.prompt.form in ("json_object", "text")
        try:
            found = read_object(completion.text, loose=loose)
        except AnswerError:
            return False
        names = tuple(one.name for one in asked.questions)
        if names not in self._validators:
            schema = asked.prompt.json_schema or answer_schema(asked.questions)
            self._validators[names] = jsonschema_rs.validator_for(dict(schema))
        return bool(self._validators[names].is_valid(found))
