"""A page's blocks, prepared once for every part of the reader."""

from __future__ import annotations

from dataclasses import dataclass

from rolecall.core import Block, Page
from rolecall.reader.lexicon import HeadingMatch, Lexicon, lexicon, split_words

HEADING_CHARS = 100
LABEL_CHARS = 42


@dataclass(frozen=True, slots=True)
class Line:
    """One block with its words, what it may head or label, and the cues it holds.

    ``first_cue`` is the cue of the first or second word. ``label`` names the fields that the text before the colon (or the whole line) labels;
    ``value_at`` is where the labelled value starts in ``text``: its length if the line is only
    a label, 0 if it has none.
    """

    index: int
    block: Block
    text: str
    words: tuple[str, ...]
    heading: HeadingMatch | None
    label: tuple[str, ...]
    value_at: int
    cues: dict[str, int]
    first_cue: str | None = None


def prepare(page: Page) -> tuple[Line, ...]:
    """The lines of ``page`` in order."""
    words = lexicon()
    return tuple(_line(i, block, page.line(block), words) for i, block in enumerate(page.blocks))


def _line(index: int, block: Block, text: str, lists: Lexicon) -> Line:
    words = tuple(split_words(text))
    heading = None
    if len(text) <= HEADING_CHARS:
        heading = lists.heading(words)
    else:
        before = text[:60].partition(":")
        if before[1]:
            heading = lists.heading(split_words(before[0]))
    label, value_at = _label(text, lists)
    cues: dict[str, int] = {}
    first = None
    for n, word in enumerate(words[:80]):
        cue = lists.cue(word)
        if cue is not None:
            cues[cue] = cues.get(cue, 0) + 1
            if n < 2 and first is None:
                first = cue
    return Line(index, block, text, words, heading, label, value_at, cues, first)


def _label(text: str, lists: Lexicon) -> tuple[tuple[str, ...], int]:
    head, colon, _ = text[: LABEL_CHARS + 1].partition(":")
    if colon:
        fields = lists.label(head.strip().lower())
        if fields:
            at = len(head) + 1
            while at < len(text) and text[at] in " :\t\xa0":
                at += 1
            return fields, at
        return (), 0
    if len(text) <= LABEL_CHARS:
        fields = lists.label(text.strip(" .?!-–").lower())
        if fields:
            return fields, len(text)
    return (), 0
