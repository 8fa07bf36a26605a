"""A page's blocks, prepared once for every part of the reader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from rolecall.core import Block, Page
from rolecall.reader.lexicon import HeadingMatch
from rolecall.reader.wording import Wording, wording

LEAF_TAGS: Final = frozenset(
    "p li ul ol span b strong h1 h2 h3 h4 h5 h6 em a dt dd dl td th tr table tbody thead font u i"
    " br small label button blockquote pre".split()
)


# Frozen for the type checker alone, see ``Wording``.


class Line(Struct):
    """One block with its words, what it may head or label, and the cues it holds.

    All but the place of the line is as in ``wording``. ``kind`` is the block's, but a long
    heading, or one inside a list item, is none; ``head`` is what ``heading_like`` says; ``parent``
    is the path of the element above the line's own, ``home`` the container of the line.
    """

    index: Final[int]
    block: Final[Block]
    text: Final[str]
    wording: Final[Wording]
    words: Final[tuple[str, ...]]
    heading: Final[HeadingMatch | None]
    label: Final[tuple[str, ...]]
    value_at: Final[int]
    cues: Final[dict[str, int]]
    first_cue: Final[str | None]
    triggers: Final[int]
    kind: Final[str]
    head: Final[str | None]
    parent: Final[str]
    home: Final[str]


def prepare(page: Page) -> tuple[Line, ...]:
    """The lines of ``page`` in order."""
    text = page.text
    homes: dict[str, str] = {}
    out = []
    for index, block in enumerate(page.blocks):
        # A line of orders to a machine says nothing here, whatever it says.
        said = text[block.span.start : block.span.end] if block.role != "orders" else ""
        its = wording(said)
        parent, home = parent_and_home(block.path, homes)
        out.append(
            Line(
                index,
                block,
                said,
                its,
                its.words,
                its.heading,
                its.label,
                its.value_at,
                its.cues,
                its.first_cue,
                its.triggers,
                kind if (kind := block.kind) != "heading" else kind_of(block, len(its.words)),
                heading_like(block, said, its),
                parent,
                home,
            )
        )
    return tuple(out)


def heading_like(block: Block, text: str, its: Wording) -> str | None:
    """The class of heading that a line with this ``text`` is.

    ``other`` stands for a heading of no known class, ``None`` for a line that is no heading.
    """
    if not its.heads:
        return None
    opens = text.endswith(":")
    if not (opens or block.bold) and (block.kind == "item" or "/li" in block.path):
        return None
    count, match = len(its.words), its.heading
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


def parent_and_home(path: str, known: dict[str, str]) -> tuple[str, str]:
    """The path above ``path``, and that of its container.

    The container is the element that holds a line, above paragraphs, lists, tables and inlines.
    ``known`` remembers what holds the parents of a page's lines.
    """
    parent, _, last = path.rpartition("/")
    if last.partition("[")[0] not in LEAF_TAGS:
        return parent, path
    found = known.get(parent)
    if found is None:
        found = parent
        while found:
            above, _, last = found.rpartition("/")
            if last.partition("[")[0] not in LEAF_TAGS:
                break
            found = above
        known[parent] = found
    return parent, found


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
