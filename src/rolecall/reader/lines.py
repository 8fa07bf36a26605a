"""A page's blocks, prepared once for every part of the reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rolecall.core import Block, Page
from rolecall.normalise.triggers import ALL, called, triggers_in
from rolecall.reader.lexicon import HeadingMatch, Lexicon, Senses, lexicon, senses, split_words

HEADING_CHARS = 100
LABEL_CHARS = 42
CUE_WORDS: Final = 80
"""Words of a line that are looked at for cues."""

LEAF_TAGS: Final = frozenset(
    "p li ul ol span b strong h1 h2 h3 h4 h5 h6 em a dt dd dl td th tr table tbody thead font u i"
    " br small label button blockquote pre".split()
)


@dataclass(frozen=True, slots=True)
class Line:
    """One block with its words, what it may head or label, and the cues it holds.

    ``first_cue`` is the cue of the first or second word. ``label`` names the fields that the text
    before the colon (or the whole line) labels; ``value_at`` is where the labelled value starts in
    ``text``: its length if the line is only a label, 0 if it has none.

    ``kind`` is the block's, but a long heading, or one inside a list item, is none; ``head`` is
    what ``heading_like`` says; ``home`` is the container of the line; ``triggers`` are the finders
    that should look at it (see ``normalise.triggers``).
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
    kind: str = ""
    head: str | None = None
    home: str = ""
    triggers: int = ALL


def prepare(page: Page) -> tuple[Line, ...]:
    """The lines of ``page`` in order."""
    lists, meaning, text = lexicon(), senses(), page.text
    homes: dict[str, str] = {}
    return tuple(
        [
            _line(i, block, text[block.span.start : block.span.end], lists, meaning, homes)
            for i, block in enumerate(page.blocks)
        ]
    )


def _line(
    index: int, block: Block, text: str, lists: Lexicon, meaning: Senses, homes: dict[str, str]
) -> Line:
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
    bits = 0
    said = list(map(meaning.__getitem__, words))
    telling = list(filter(None, said))
    if telling:
        for sense in telling:
            bits |= sense.triggers
        for cue, _ in telling if len(words) <= CUE_WORDS else filter(None, said[:CUE_WORDS]):
            if cue is not None:
                cues[cue] = cues.get(cue, 0) + 1
        if cues:
            first = next((sense.cue for sense in said[:2] if sense and sense.cue), None)
    return Line(
        index,
        block,
        text,
        words,
        heading,
        label,
        value_at,
        cues,
        first,
        kind_of(block, len(words)),
        heading_like(block, text, len(words), heading),
        container(block.path, homes),
        triggers_in(text) | (called(bits) if bits else 0),
    )


def heading_like(block: Block, text: str, count: int, match: HeadingMatch | None) -> str | None:
    """The class of heading a line of ``count`` words is.

    ``other`` stands for a heading of no known class, ``None`` for a line that is no heading.
    """
    opens = text.endswith(":")
    if len(text) > HEADING_CHARS or text[-1:] in ";,":
        return None
    if (block.kind == "item" or "/li" in block.path) and not (opens or block.bold):
        return None
    marked = count <= 10 and (block.kind == "heading" or block.bold)
    if match is not None and (match.cover >= 0.5 or marked or opens):
        return match.name
    return "other" if marked or (count <= 8 and opens) else None


def kind_of(block: Block, count: int) -> str:
    """The kind of a line of ``count`` words: a long heading, or one in a list item, is none."""
    kind = block.kind
    if kind == "heading":
        if "/li" in block.path:
            return "item"
        return "paragraph" if count > 12 else kind
    return kind


def container(path: str, known: dict[str, str]) -> str:
    """The path of the element that holds a line, above paragraphs, lists, tables and inlines.

    ``known`` remembers what holds the parents of a page's lines.
    """
    head, _, last = path.rpartition("/")
    if last.partition("[")[0] not in LEAF_TAGS:
        return path
    found = known.get(head)
    if found is None:
        found = head
        while found:
            above, _, last = found.rpartition("/")
            if last.partition("[")[0] not in LEAF_TAGS:
                break
            found = above
        known[head] = found
    return found


def labelled(lines: Sequence[Line]) -> tuple[tuple[str, ...], ...]:
    """For each line the fields that label it: its own label, else a label just above it."""
    out: list[tuple[str, ...]] = []
    waiting: tuple[str, ...] = ()
    for line in lines:
        label = line.label
        if not label:
            out.append(waiting)
            waiting = ()
        elif line.value_at >= len(line.text):
            out.append(())
            waiting = label
        else:
            out.append(label if line.value_at > 0 else waiting)
            waiting = ()
    return tuple(out)


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
