"""Fitting a page into a budget of tokens: cut at the borders of lines, never silently."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from rolecall.ask.render import Line, Sheet
from rolecall.ask.tokens import Tokens
from rolecall.core import Notice, Span

MOST_WINDOWS: Final = 8
"""Prompts for one page; what is beyond them is left out, and said so."""

LEAD_SHARE: Final = 0.2
"""At most this share of a window is context from further up."""

PER_LINE: Final = 4
"""Tokens of a line's number and its end."""


class Fitted(Struct, frozen=True, kw_only=True):
    """The windows of a page, and what had to be left out."""

    windows: tuple[Sheet, ...]
    notices: tuple[Notice, ...] = ()


def fit(sheet: Sheet, tokens: Tokens, most: int) -> Fitted:
    """Split ``sheet`` into windows of at most ``most`` tokens each.

    A later window begins with the page's headings above it, so that a list is still known for what
    it is. A line longer than a window is cut between words into several.
    """
    if not tokens.over(sheet.numbered, most):
        return Fitted(windows=(sheet,))
    windows: list[Sheet] = []
    lead: list[Line] = []
    body: list[Line] = []
    used = shown = 0
    heads: list[Line] = []
    for line, size in _sized(sheet, tokens, most):
        if body and used + size > most:
            windows.append(Sheet(lines=(*lead, *body), lead=len(lead)))
            if len(windows) == MOST_WINDOWS:  # what is left need not be counted in tokens
                return Fitted(windows=tuple(windows), notices=(_cut(sheet, shown),))
            lead = _lead(heads, tokens, int(most * LEAD_SHARE))
            body, used = [], sum(tokens.count(one.text) + PER_LINE for one in lead)
        body.append(line)
        used += size
        shown += len(line.text)
        if line.kind in ("heading", "title"):
            heads.append(line)
    windows.append(Sheet(lines=(*lead, *body), lead=len(lead)))
    return Fitted(windows=tuple(windows))


def _cut(sheet: Sheet, shown: int) -> Notice:
    left = sum(len(line.text) for line in sheet.lines) - shown
    told = f"{left:,} characters beyond {MOST_WINDOWS} prompts were not shown to an engine"
    return Notice(code="prompt_cut", message=told)


def _sized(sheet: Sheet, tokens: Tokens, most: int) -> Iterator[tuple[Line, int]]:
    """Lines with their tokens; one that no window can hold, in parts."""
    room = max(32, int(most * (1 - LEAD_SHARE)) - PER_LINE)
    for line in sheet.lines:
        if not tokens.over(line.text, room):
            yield line, tokens.count(line.text) + PER_LINE
            continue
        for part in _parts(line, tokens, room):
            yield part, tokens.count(part.text) + PER_LINE


def _parts(line: Line, tokens: Tokens, room: int) -> Iterator[Line]:
    """A long line in parts of at most ``room`` tokens, cut between words where there are any."""
    text, at = line.text, 0
    while at < len(text):
        size = min(len(text) - at, room * 4)
        while size > 1 and tokens.over(text[at : at + size], room):
            size = size * 3 // 4
        end = at + size
        if end < len(text):
            gap = text.rfind(" ", at + 1, end)
            end = gap if gap > at else end
        start = line.span.start
        yield Line(line.number, Span(start + at, start + end), text[at:end], line.kind)
        at = end


def _lead(heads: list[Line], tokens: Tokens, room: int) -> list[Line]:
    """The first headings of the page and the last one before the cut, as far as they fit."""
    chosen = [*heads[:2], *heads[-1:]]
    out: list[Line] = []
    used = 0
    for line in dict.fromkeys(chosen):
        size = tokens.count(line.text) + PER_LINE
        if used + size <= room:
            out.append(line)
            used += size
    return out
