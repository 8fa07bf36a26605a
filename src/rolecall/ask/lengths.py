"""How many tokens answers take: counted where the page itself or the reader knows the answer, else
as long as those on other pages."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rolecall.ask.questions import Kind, Question
from rolecall.ask.render import sheet_of
from rolecall.ask.tokens import Tokens
from rolecall.core import Candidate, Page

FRAME: Final = 3
"""Tokens around the members of an answer: two braces and the end."""

TYPICAL: Final[dict[Kind, int]] = {
    "quote": 12, "quotes": 30, "choice": 16, "choices": 18, "ranges": 14
}  # fmt: skip
"""Tokens of an answer to a question of this kind that no page of the sample gives."""

ENOUGH: Final = 3
"""Pages on which the reader must know a field before their mean stands for the others."""


def known_tokens(
    one: Question, page: Page, candidates: Iterable[Candidate], tokens: Tokens
) -> int | None:
    """The tokens of the answer to ``one``, where the page itself or the reader knows it.

    They may be more than the question's budget.
    """
    for found in candidates:
        if found.unit == one.unit and (said := _answer(one, found, page)) is not None:
            text = f'"{one.name}":{json.dumps(said, ensure_ascii=False, separators=(",", ":"))},'
            return tokens.count(text)
    return None


class Usual:
    """What answers take on the pages seen so far."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])  # how many, their sum

    def learn(self, name: str, counted: int) -> None:
        """One page on which the answer to the question ``name`` has so many tokens."""
        kept = self._counts[name]
        kept[0] += 1
        kept[1] += counted

    def of(self, one: Question) -> int:
        """What an answer to ``one`` takes on other pages."""
        many, whole = self._counts.get(one.name) or (0, 0)
        if many < ENOUGH:
            return min(TYPICAL[one.kind] + len(one.name) // 3, one.budget)
        return min(round(whole / many), one.budget)

    def answer(
        self,
        questions: Sequence[Question],
        known: Mapping[str, int | None],
        *,
        windows: int,
        most: int,
    ) -> int:
        """The tokens of an answer to ``questions``, one of so many ``windows`` of its page, of
        ``most`` tokens at most."""
        whole = sum(
            min(told, one.budget) if (told := known[one.name]) is not None else self.of(one)
            for one in questions
        )
        return min(FRAME + -(-whole // windows), most)


def _answer(one: Question, found: Candidate, page: Page) -> Any:
    """The answer to ``one`` that says ``found``; ``None`` where it cannot be said so."""
    quotes = [quote for quote in found.quotes if quote]
    if not quotes:
        return None
    if one.kind == "ranges":
        return _ranges(one, found, page)
    if one.kind == "quote":
        return quotes[0]
    if one.kind == "quotes":
        return quotes[: one.most]
    options = found.value if isinstance(found.value, list) else [found.value]
    pairs = [[str(option), quote] for option, quote in zip(options, quotes, strict=False)]
    return pairs[0] if one.kind == "choice" else pairs[: one.most]


def _ranges(one: Question, found: Candidate, page: Page) -> list[list[int]] | None:
    """The lines that hold ``found``, as ranges."""
    spans = [span for span in found.spans if span is not None]
    lines = sorted(
        {
            line.number
            for line in sheet_of(page).lines
            if any(line.span.start < span.end and span.start < line.span.end for span in spans)
        }
    )
    out: list[list[int]] = []
    for number in lines:
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return out[: one.most] or None
