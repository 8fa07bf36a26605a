"""Pages with some lines taken away, so that a ranker learns to do without them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rolecall.reader.blocks import Tagged
from rolecall.same.words import words


def layouts(tagged: Tagged, gold: Mapping[str, Any]) -> Iterator[Tagged]:
    """The page without its document title, and without the role's headings."""
    if tagged.lines and tagged.lines[0].block.kind == "title":
        yield without(tagged, {0}, meta=False)
    title = set(words(gold["title"] or ""))
    hit = {
        i
        for i, line in enumerate(tagged.lines)
        if line.block.kind != "title"
        and i < tagged.first + 3
        and title
        and len(line.words) < 20
        and len(title & set(words(line.text))) >= 0.6 * len(title)
    }
    if hit:
        yield without(tagged, hit)


def without(tagged: Tagged, rows: set[int], *, meta: bool = True) -> Tagged:
    """``tagged`` without the lines ``rows``, and without the page's meta data if not ``meta``."""
    keep = [i for i in range(len(tagged.lines)) if i not in rows]
    before = sum(i < tagged.first for i in rows)
    inside = sum(tagged.first <= i < tagged.last for i in rows)
    return replace(
        tagged,
        page=tagged.page if meta else replace(tagged.page, meta={}),
        lines=tuple(tagged.lines[i] for i in keep),
        labels=tuple(tagged.labels[i] for i in keep),
        inside=tuple(tagged.inside[i] for i in keep),
        shares=tuple(tagged.shares[i] for i in keep),
        first=tagged.first - before,
        last=tagged.last - before - inside,
    )
