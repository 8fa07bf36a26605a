"""Copies of a page in other layouts, so that the tagger leans on no single habit of a site.

Each copy draws, for the whole page, which habits to break: lists become plain lines, headings
become bold or plain lines, class names vanish, the elements around lines are flattened.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from msgspec import structs

from rolecall.core import Block
from rolecall.reader.lines import Line, heading_like, kind_of, parent_and_home

WORD_FEATURES = ("w0=", "w1=")


def vary(lines: Sequence[Line], draw: random.Random) -> list[Line]:
    """``lines`` as another site might have laid them out."""
    flat_lists = draw.random() < 0.35
    headings = draw.choice(("keep", "keep", "bold", "plain"))
    no_hints = draw.random() < 0.5
    flat_paths = draw.random() < 0.25
    no_roles = draw.random() < 0.2
    homes: dict[str, str] = {}
    out = []
    for line in lines:
        block = line.block
        if flat_lists and block.kind == "item":
            block = replace(block, kind="paragraph", tag="div", level=0)
        if block.kind == "heading" and block.level > 1 and headings != "keep":
            block = replace(block, kind="paragraph", tag="p", level=0, bold=headings == "bold")
        if no_hints:
            block = replace(block, hints="")
        if flat_paths:
            block = _flatten(block)
        if no_roles and block.role == "chrome":
            block = replace(block, role="posting")
        out.append(_relaid(line, block, homes))
    return out


def _relaid(line: Line, block: Block, homes: dict[str, str]) -> Line:
    """The line as it is prepared when ``block`` stands in place of its own."""
    parent, home = parent_and_home(block.path, homes)
    return structs.replace(
        line,
        block=block,
        kind=kind_of(block, len(line.words)),
        head=heading_like(block, line.text, line.wording),
        parent=parent,
        home=home,
    )


def drop_words(features: list[list[str]], draw: random.Random) -> list[list[str]]:
    """Leave the literal words out of half of the copies: other languages have other words."""
    if draw.random() < 0.5:
        return features
    return [[x for x in row if not x.startswith(WORD_FEATURES)] for row in features]


def _flatten(block: Block) -> Block:
    return replace(block, path=f"/html/body/div/{block.tag}")
