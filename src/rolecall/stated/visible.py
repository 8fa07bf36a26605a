"""Where the visible text says the same as a stated value.

Texts are compared after an even fold: case, quotation marks, dashes, full-width forms and white
space. The fold keeps every character in its place, so a match needs no table of offsets.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from typing import Final, NamedTuple

from rolecall.core import Block, Page, Span

MAX_OCCURRENCES: Final = 40
MIN_COVERED: Final = 0.6
"""Share of a stated description that a run of lines must show to count as its place."""

_EVEN: Final = {
    **{ord(c): " " for c in "\t\n\r\f\v\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u2028\u2029"},
    **{ord(c): "'" for c in "’‘‚‛′`´"},
    **{ord(c): '"' for c in "“”„‟«»″"},
    **{ord(c): "-" for c in "‐‑‒–—―−"},
    **{code: chr(code - 0xFEE0).lower() for code in range(0xFF01, 0xFF5F)},
}
_NOT_WORD: Final = re.compile(r"[\W_]+")
_ROLE_COST: Final = {"header": 0, "posting": 1, "chrome": 4, "similar": 6, "cookie": 6}
_TITLE_COST: Final = 2
_SHORT: Final = 4
"""Letters below which a line says nothing about where a description stands."""
_FOREIGN: Final = 0.8
"""What a letter of a line that is not stated costs against one that is."""


class Covered(NamedTuple):
    """Where a stated text stands: its span, and how much of the one is in the other.

    ``stated`` is the share of the stated text that the lines show, ``shown`` the share of the
    lines that is stated.
    """

    span: Span
    stated: float
    shown: float


@lru_cache(maxsize=4)
def even(text: str) -> str:
    """``text`` folded, character for character."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(low if len(low := char.lower()) == 1 else char for char in text)
    return lower.translate(_EVEN)


def letters(text: str) -> str:
    """The letters and digits of ``text`` in one case, for comparing wordings."""
    return _NOT_WORD.sub("", text.lower() if text.isascii() else _composed(text))


def _composed(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower()


def find_visible(page: Page, value: str) -> Span | None:
    """Where the page shows ``value`` as whole words, or ``None``.

    Of several places the one in the posting's header is preferred, then its body, then the
    document's title line, then the rest of the page.
    """
    return Visible(page).find(value)


class Visible:
    """One page's text, ready to be searched."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.text = even(page.text)
        self._starts = [block.span.start for block in page.blocks]

    def block(self, at: int) -> Block | None:
        """The block in which the character at ``at`` stands."""
        number = bisect_right(self._starts, at) - 1
        return self.page.blocks[number] if number >= 0 else None

    def find(self, value: str) -> Span | None:
        """See `find_visible`."""
        if not value.isascii():
            value = unicodedata.normalize("NFC", value)
        wanted = " ".join(even(value).split())
        text = self.text
        if not wanted or len(wanted) > len(text):
            return None
        best: tuple[int, Span] | None = None
        at = text.find(wanted)
        for _ in range(MAX_OCCURRENCES):
            if at < 0:
                break
            end = at + len(wanted)
            if _whole(text, at, end):
                cost = self._cost(at)
                if best is None or cost < best[0]:
                    best = cost, Span(at, end)
                    if cost == 0:
                        break
            at = text.find(wanted, end)
        return best[1] if best else None

    def _cost(self, at: int) -> int:
        block = self.block(at)
        if block is None:
            return 9
        return _TITLE_COST if block.kind == "title" else _ROLE_COST[block.role]

    def cover(self, text: str) -> Covered | None:
        """The run of lines in which the page shows a long stated ``text``, or ``None``.

        Lines count by their letters and digits only, so that markup that splits or joins lines
        does not matter. The run is the one with the most stated over foreign letters.
        """
        wanted = letters(text)
        if len(wanted) < _SHORT:
            return None
        spans: list[Span] = []
        gains: list[float] = []
        sizes: list[tuple[int, int]] = []
        for block in self.page.blocks:
            own = letters(block.span.of(self.page.text))
            size = len(own)
            inside = block.kind != "title" and size >= _SHORT and own in wanted
            known = size if inside else 0
            if not inside and size > len(wanted) // 2 > 0 and wanted in own:
                known = len(wanted)
            spans.append(block.span)
            sizes.append((size, known))
            short = size < _SHORT
            gains.append(float(known) if known else 0.0 if short else -_FOREIGN * size)
        run = _best_run(gains)
        if run is None:
            return None
        first, last = run
        shown = sum(size for size, _ in sizes[first : last + 1])
        known = sum(known for _, known in sizes[first : last + 1])
        stated = min(1.0, known / len(wanted))
        if stated < MIN_COVERED or not shown:
            return None
        return Covered(Span(spans[first].start, spans[last].end), stated, known / shown)


def _whole(text: str, start: int, end: int) -> bool:
    """Whether a match does not begin or end inside a word."""
    before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    after = end < len(text) and text[end].isalnum() and text[end - 1].isalnum()
    return not before and not after


def _best_run(gains: list[float]) -> tuple[int, int] | None:
    """First and last index of the run with the greatest sum, if that is above zero."""
    best, total = 0.0, 0.0
    start = 0
    run: tuple[int, int] | None = None
    for at, gain in enumerate(gains):
        if total <= 0.0:
            start, total = at, 0.0
        total += gain
        if total > best:
            best, run = total, (start, at)
    return run
