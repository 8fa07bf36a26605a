"""Prompts for one page: which form, which windows, how many tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from rolecall.ask.answer import Answers, read_answer
from rolecall.ask.grammar import LARGEST, grammar
from rolecall.ask.prompt import Style, budget, messages
from rolecall.ask.questions import POSTING, Question
from rolecall.ask.render import Sheet, sheet_of
from rolecall.ask.shape import answer_schema
from rolecall.ask.tokens import Tokens, count_messages
from rolecall.ask.windows import fit
from rolecall.core import Completion, EngineInfo, Form, Notice, Page, Prompt

DEFAULT_STYLE: Final = Style(questions=tuple(POSTING.values()))

UNHELD: Final = frozenset({"json_object", "text"})
"""Forms in which nothing but the instructions says what an answer looks like."""

LEAST_ROOM: Final = 64
"""Tokens of page text below which a prompt is not worth asking."""


class Asked(Struct, frozen=True, kw_only=True):
    """One prompt with what is needed to read its answer. ``tokens`` are those of the messages."""

    prompt: Prompt
    sheet: Sheet
    questions: tuple[Question, ...]
    tokens: int

    @property
    def whole(self) -> int:
        """The tokens that prompt and answer may take together."""
        return self.tokens + self.prompt.max_tokens

    def read(self, page: Page, completion: Completion) -> Answers:
        """What ``completion`` says; see ``read_answer``."""
        loose = self.prompt.form in UNHELD
        return read_answer(page, self.sheet, self.questions, completion, loose=loose)


class Composed(Struct, frozen=True, kw_only=True):
    """All prompts of a page for one engine, and what had to be left out."""

    asked: tuple[Asked, ...]
    notices: tuple[Notice, ...] = ()


class Voice(Struct, frozen=True, kw_only=True):
    """How one engine is spoken to: its facts, how its tokens are counted, and the form of answers.

    ``most`` bounds prompt and answer together, whatever the engine's window.
    """

    info: EngineInfo
    tokens: Tokens
    form: Form
    most: int
    style: Style = DEFAULT_STYLE

    @property
    def room(self) -> int:
        """Tokens for prompt and answer."""
        return min(self.most, self.info.window or self.most)

    def over(self, sheet: Sheet, questions: Sequence[Question], most: int) -> bool:
        """Whether prompt and answer for the page in one piece have more than ``most`` tokens.

        Counting stops when the answer is known; most pages are too short to be counted at all.
        """
        fixed = self._fixed(questions) + budget(questions)
        text = sheet.numbered if _numbered(questions) else sheet.text
        return fixed > most or self.tokens.over(text, most - fixed)

    def compose(
        self, page: Page, questions: Sequence[Question], sheet: Sheet | None = None
    ) -> Composed:
        """The prompts that ask ``questions`` about ``page``, whose ``sheet`` may be known already.

        What does not fit into one is split into windows. Questions are dropped from the end, and
        said so, where the answers alone would fill the window.
        """
        sheet = sheet if sheet is not None else sheet_of(page)
        asked, notices = self._fitting(questions)
        if not asked or not sheet.lines:
            return Composed(asked=(), notices=notices)
        room = self.room - self._fixed(asked) - budget(asked)
        for shrink in (1.0, 0.9, 0.75):
            fitted = fit(sheet, self.tokens, max(LEAST_ROOM, int(room * shrink)))
            out = [self._asked(page, window, asked) for window in fitted.windows]
            if all(one.whole <= self.room for one in out):
                break
        return Composed(asked=tuple(out), notices=(*notices, *fitted.notices))

    def again(self, page: Page, asked: Asked, questions: Sequence[Question]) -> Asked:
        """The same page asked once more for ``questions``, held to the page's words if possible."""
        form: Form = "grounded" if "grounded" in self.info.forms else asked.prompt.form
        voice = Voice(
            info=self.info, tokens=self.tokens, form=form, most=self.most, style=self.style
        )
        return voice._asked(page, asked.sheet, tuple(questions))

    def _asked(self, page: Page, sheet: Sheet, questions: tuple[Question, ...]) -> Asked:
        words = messages(self.style, sheet, questions)
        form, text = self.form, sheet.text
        if form == "grounded" and len(text) > LARGEST:
            form = "grammar"
        held = form in ("grounded", "grammar")
        return Asked(
            prompt=Prompt(
                messages=words,
                form=form,
                grammar=grammar(questions, text=text if form == "grounded" else None)
                if held
                else None,
                json_schema=answer_schema(questions, strict=not self.info.local)
                if form == "json_schema"
                else None,
                max_tokens=budget(questions),
            ),
            sheet=sheet,
            questions=questions,
            tokens=count_messages(self.tokens, words),
        )

    def _fixed(self, questions: Sequence[Question]) -> int:
        """Tokens of a prompt without the page's lines."""
        bare = Sheet(lines=(), lead=1)
        words = messages(self.style, bare, questions)
        return count_messages(self.tokens, words) + 8

    def _fitting(
        self, questions: Sequence[Question]
    ) -> tuple[tuple[Question, ...], tuple[Notice, ...]]:
        """As many of the questions as leave half of the room to the page."""
        half = self.room // 2
        if self._fixed(questions) + budget(questions) <= half:
            return tuple(questions), ()
        kept: list[Question] = []
        for one in questions:
            if not kept or self._fixed([*kept, one]) + budget([*kept, one]) <= half:
                kept.append(one)
        left = ", ".join(one.name for one in questions if one not in kept)
        told = f"{self.info.name} has room for {self.room:,} tokens and was not asked for {left}"
        notices = (Notice(code="questions_left_out", message=told),) if left else ()
        return tuple(kept), notices


def _numbered(questions: Sequence[Question]) -> bool:
    return any(one.kind == "ranges" for one in questions)
