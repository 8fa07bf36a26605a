"""A document of headings, prose, tables and plots, written as Markdown and as one HTML file.

Text between back quotes is code in both; nothing else in a text is markup. Plots are in the HTML
only: what they show stands in a table beside them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from rolecall.evaluate.report import page
from rolecall.inputs.files import shown


class Prose(Struct, frozen=True):
    """A paragraph."""

    text: str


class Items(Struct, frozen=True):
    """A list of lines."""

    lines: tuple[str, ...]


class Grid(Struct, frozen=True, kw_only=True):
    """A table. ``words`` are the columns of text, by number; the others hold numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[int, ...] = ()


class Picture(Struct, frozen=True):
    """A plot as SVG, and a line under it."""

    svg: str
    caption: str = ""


Block = Prose | Items | Grid | Picture


class Part(Struct, frozen=True, kw_only=True):
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


class Document(Struct, frozen=True, kw_only=True):
    """A title, a paragraph that says what it is, and the parts."""

    title: str
    lead: str
    parts: tuple[Part, ...]


def to_markdown(document: Document) -> str:
    """The document as Markdown, ending in a line break."""
    out = [f"# {_escaped(document.title)}", _escaped(document.lead)]
    for part in document.parts:
        out.append(f"## {_escaped(part.title)}")
        out += [told for one in part.blocks if (told := _markdown(one))]
    return "\n\n".join(out) + "\n"


def to_html(document: Document) -> str:
    """The document as one HTML file without script that needs no network."""
    sections = [
        page.Section(title=part.title, parts=tuple(map(_html, part.blocks)))
        for part in document.parts
    ]
    return page.page(document.title, document.lead, sections)


def _markdown(block: Block) -> str:
    if isinstance(block, Prose):
        return _escaped(block.text)
    if isinstance(block, Items):
        return "\n".join(f"- {_escaped(line)}" for line in block.lines)
    if isinstance(block, Grid):
        marks = ["---" if i == 0 or i in block.words else "--:" for i in range(len(block.head))]
        rows = [block.head, tuple(marks), *block.rows]
        return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in rows)
    return ""


def _html(block: Block) -> str:
    if isinstance(block, Prose):
        return page.prose(block.text)
    if isinstance(block, Items):
        return page.listed(block.lines)
    if isinstance(block, Grid):
        rows = [
            [page.Cell(one, "words") if i in block.words else one for i, one in enumerate(row)]
            for row in block.rows
        ]
        return page.table(block.head, rows)
    return page.plot(block.svg, block.caption)


_MARKS: Final = re.compile(r"[\\*_\[\]<>&|#~]")
_ENTITIES: Final = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def _escaped(text: str) -> str:
    """A line of text in which nothing but code between back quotes is markup."""
    return _outside_code(_line(text), lambda told: _MARKS.sub(_mark, told))


def _line(text: str) -> str:
    """``text`` as one line, what a terminal could take for a command escaped."""
    return shown(" ".join(text.split()))


def _cell(text: str) -> str:
    if text in ("---", "--:"):
        return text
    return _outside_code(_line(text), lambda told: _MARKS.sub(_mark, told), pipes=True)


def _mark(found: re.Match[str]) -> str:
    mark = found.group()
    if mark == "_" and _inside_word(found):
        return mark
    return _ENTITIES.get(mark, f"\\{mark}")


def _inside_word(found: re.Match[str]) -> bool:
    """Whether an underscore joins two letters, where it is no emphasis."""
    text, start = found.string, found.start()
    return 0 < start < len(text) - 1 and text[start - 1].isalnum() and text[start + 1].isalnum()


def _outside_code(text: str, change: Callable[[str], str], *, pipes: bool = False) -> str:
    pieces: Sequence[str] = text.split("`")
    # A back quote without its partner is a character; so are all where two stand side by side, as
    # Markdown pairs them by how many there are.
    if len(pieces) % 2 == 0 or "``" in text:
        return "\\`".join(change(one) for one in pieces)
    code = [one.replace("|", "\\|") if pipes else one for one in pieces]
    return "`".join(code[i] if i % 2 else change(one) for i, one in enumerate(pieces))
