"""Postings written for training: of many trades, in twelve languages, laid out in several ways.

``invented/LANGUAGE.txt`` holds them. A posting begins with ``=== ID KIND``, then come ``title:``,
``company:`` and ``location:`` (several places are parted by ``;``), a line ``---``, and one line
for each line of its page: a mark, ``|``, the text. Marks are the labels of ``labels.py``: ``T``,
``F``, ``H``, ``P``; ``D``, ``R``, ``B`` for list items and ``Dp``, ``Rp``, ``Bp`` for paragraphs;
and, all labelled ``O``: ``nav``, ``crumb``, ``cookie``, ``btn``, ``form``, ``simh`` and ``sim``
(similar postings), ``foot``, ``Okv`` (a fact that is no field of ours), and ``O``.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from rolecall.core import Page
from rolecall.evaluate.annotated import Annotated
from rolecall.evaluate.training.invented_layouts import STYLES, Posting, Unit, render
from rolecall.evaluate.training.labels import fold
from rolecall.page import clean

PER_POSTING: Final = 3
"""How many of the layouts each posting is rendered in."""

AHEAD: Final = 8
"""How many lines a line may be away from where it is expected."""


@dataclass(frozen=True, slots=True)
class Invented:
    """A rendered posting as a sample, with the label of every block of its page."""

    sample: Annotated
    labels: tuple[str, ...]


def postings() -> Iterator[Posting]:
    """All postings as they are written, by language."""
    folder = files("rolecall.evaluate.training") / "invented"
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.name.endswith(".txt"):
            for text in path.read_text("utf-8").split("\n=== ")[1:]:
                yield _parse(text, path.name.removesuffix(".txt"))


def _parse(text: str, language: str) -> Posting:
    head, _, body = text.partition("\n---\n")
    first, *fields = head.splitlines()
    name, _, kind = first.partition(" ")
    said = dict(field.split(": ", 1) for field in fields)
    rows = [row.split("| ", 1) for row in body.splitlines() if row]
    return Posting(
        id=name,
        language=language,
        kind=kind,
        title=said["title"],
        company=said["company"],
        location=tuple(said["location"].split("; ")),
        rows=tuple((mark, line) for mark, line in rows),
    )


@cache
def invented() -> tuple[Invented, ...]:
    """Every posting in ``PER_POSTING`` layouts, among them one that its kind asks for."""
    return tuple(laid_out(one, style) for one in postings() for style in _styles(one))


def _styles(posting: Posting) -> list[str]:
    draw = random.Random(posting.id)
    own = [posting.kind] if posting.kind in STYLES else []
    rest = [style for style in STYLES if style not in own]
    return own + draw.sample(rest, PER_POSTING - len(own))


def laid_out(posting: Posting, style: str) -> Invented:
    """The sample that ``posting`` becomes in ``style``."""
    source, units = render(posting, style)
    page = clean(source)
    gold = {
        "title": posting.title,
        "company": posting.company,
        "location": list(posting.location),
    }
    sample = Annotated(
        id=f"{posting.id}-{style}",
        site=f"invented-{posting.id}",
        language=posting.language,
        page=page,
        gold=gold,
    )
    return Invented(sample, tuple(align(page, units)))


def align(page: Page, units: Sequence[Unit]) -> list[str]:
    """The label of each block of ``page``: that of the line it shows, ``O`` where none is found.

    A block may show several short lines that stand side by side, or a part of a long one.
    """
    folded = [fold(text) for text, _ in units]
    labels, at = [], 0
    for block in page.blocks:
        text = fold(page.line(block))
        found = _find(text, folded, at)
        if found is None:
            labels.append("O")
            continue
        labels.append(units[found][1])
        at = found + (text not in folded[found] or text == folded[found])
        while at < len(folded) and text != folded[found] and folded[at] in text:
            at += 1
    return labels


def _find(text: str, folded: Sequence[str], at: int) -> int | None:
    near = range(at, min(len(folded), at + AHEAD))
    for i in near:
        if folded[i] == text:
            return i
    for i in near:
        if len(text) > 2 and len(folded[i]) > 2 and (folded[i] in text or text in folded[i]):
            return i
    return None
