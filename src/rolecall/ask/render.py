"""A page as an engine sees it: the lines of the posting and its header, without site furniture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
from typing import Final

from msgspec import Struct

from rolecall.core import Block, Kind, Page, Span

SHOWN: Final = frozenset({"header", "posting"})
"""Roles of lines that are shown; menus, footers, cookie notes and other postings are not."""

TELLING: Final = re.compile(r"@\w|©|\(c\) ")
"""What makes a short line of a footer worth showing: the employer's name or address."""

LONGEST_FOOTER: Final = 200

FORM_SHARE: Final = 0.75
"""A form that holds this share of the shown lines is no form to apply with."""

GAP: Final = "\u200b"
"""Breaks up what a tokenizer might take for a mark of its own. Page text never holds one itself."""

MARK: Final = re.compile(
    r"<(?=[|｜/<]|[^\W\d])|\[(?=/?(?:INST\b|(?-i:[a-z]?[A-Z][A-Z_]+)\]))|/(?=no_think|think\b)",
    re.IGNORECASE,
)
"""Where marks of chat templates begin: ``<|im_end|>``, ``</s>``, ``<think>``, ``[INST]``,
``[TOOL_CALLS]``, ``/no_think``. Servers read them inside a message too, so they are broken up,
whatever the model."""


def unmarked(text: str) -> str:
    """``text`` with every mark of a chat template broken up."""
    return MARK.sub(lambda found: found.group() + GAP, text)


class Line(Struct, frozen=True):
    """A line that is shown: its number among those of the page, from 1, and where it stands."""

    number: int
    span: Span
    text: str
    kind: Kind


class Sheet(Struct, frozen=True, kw_only=True, dict=True):
    """Lines of a page that go into one prompt. ``lead`` of them are context from further up."""

    lines: tuple[Line, ...]
    lead: int = 0

    @cached_property
    def text(self) -> str:
        """What quotes are copied from, marks of chat templates broken up."""
        return unmarked("\n".join(line.text for line in self.lines))

    @cached_property
    def numbered(self) -> str:
        """The same with numbers, for questions that are answered by lines.

        Of the items of a list the first and the last have one: a list is answered as a whole, and
        a number costs as much as a word.
        """
        kinds = [line.kind for line in self.lines]
        out = []
        for at, line in enumerate(self.lines):
            inner = 0 < at < len(kinds) - 1 and kinds[at - 1 : at + 2] == ["item"] * 3
            out.append(line.text if inner else f"{line.number} {line.text}")
        return unmarked("\n".join(out))


def sheet_of(page: Page) -> Sheet:
    """All lines of ``page`` that an engine is shown, in order.

    The document's title comes first. A page whose blocks are all furniture is shown whole: the
    roles are then wrong, and text must not be lost. A line that gives orders to a machine is not
    shown to one.
    """
    shown = [one for one in page.blocks if one.role in SHOWN or _tells(page, one)]
    shown = _without_forms(shown)
    if all(one.kind == "title" for one in shown):
        shown = [one for one in page.blocks if one.role != "orders"]
    return Sheet(lines=tuple(_lines(page, shown)))


def _without_forms(shown: list[Block]) -> list[Block]:
    """The lines outside of forms: those to fill in are not the posting.

    A form around most of what is shown is how the page is built, and stays.
    """
    inside = [one for one in shown if "/form" in one.path]
    if not inside or len(inside) >= len(shown) * FORM_SHARE:
        return shown
    return [one for one in shown if "/form" not in one.path]


def _tells(page: Page, block: Block) -> bool:
    """Whether a line of the site's own may name the employer or where to apply."""
    size = block.span.end - block.span.start
    return (
        block.role == "chrome"
        and size <= LONGEST_FOOTER
        and ("/address" in block.path or TELLING.search(page.line(block)) is not None)
    )


def _lines(page: Page, blocks: Sequence[Block]) -> list[Line]:
    """The lines of ``blocks``; what stands there a second time is shown once."""
    out: list[Line] = []
    seen: set[str] = set()
    for block in blocks:
        text = page.line(block)
        key = " ".join(text.casefold().split())
        if key and key not in seen:
            seen.add(key)
            out.append(Line(len(out) + 1, block.span, text, block.kind))
    return out
