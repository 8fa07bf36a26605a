"""Where a quote stands on the page, within the lines that the engine was shown."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import Final

from rolecall.ask.render import GAP, Sheet
from rolecall.core import Page, Span
from rolecall.settle.ground import fold

MOST_WORDS: Final = 60
MOST_PLACES: Final = 16
MOST_SEEN: Final = 20_000
"""Places of a quote that are looked at: "R" stands in many words before it stands alone."""


class Finder:
    """Finds quotes in the lines of one sheet."""

    def __init__(self, page: Page, sheet: Sheet) -> None:
        self.page, self.sheet = page, sheet
        self.text = "\n".join(line.text for line in sheet.lines)
        sizes = (len(line.text) + 1 for line in sheet.lines)
        self._starts = list(accumulate(sizes, initial=0))[:-1]

    def find(self, quote: str) -> Span | None:
        """The span of ``quote``, word for word or but for white space and case; else ``None``.

        Of several places the first in the body counts; the document's title comes last.
        """
        quote = quote.replace(GAP, "").strip()
        if not quote:
            return None
        places = self._exact(quote) or self._loose(quote)
        spans = [span for span in (self._span(*place) for place in places) if span is not None]
        body = [span for span in spans if not self._in_title(span)]
        return next(iter(body or spans), None)

    def _exact(self, quote: str) -> list[tuple[int, int]]:
        whole: list[tuple[int, int]] = []
        parts: list[tuple[int, int]] = []
        at, seen = self.text.find(quote), 0
        while at >= 0 and len(whole) < MOST_PLACES and seen < MOST_SEEN:
            place = (at, at + len(quote))
            if self._whole(*place):
                whole.append(place)
            elif len(parts) < MOST_PLACES:
                parts.append(place)
            at, seen = self.text.find(quote, at + 1), seen + 1
        return whole or parts

    def _whole(self, start: int, end: int) -> bool:
        """Whether no word goes on beyond the place: "Java" stands in "JavaScript" only in part."""
        text = self.text
        before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
        after = end < len(text) and text[end].isalnum() and text[end - 1].isalnum()
        return not before and not after

    def _loose(self, quote: str) -> list[tuple[int, int]]:
        words = quote.split()
        if len(words) > MOST_WORDS:
            return []
        text, places = self._small
        sought = "".join(map(_small, " ".join(words)))
        at = text.find(sought)
        return [(places[at], places[at + len(sought) - 1] + 1)] if at >= 0 else []

    @cached_property
    def _small(self) -> tuple[str, list[int]]:
        """The text in small letters, white space as one blank, and where each character stands.

        A search in it takes time in proportion to the text, whatever the page and the quote are.
        """
        letters: list[str] = []
        places: list[int] = []
        for at, letter in enumerate(self.text):
            blank = letter.isspace()
            if not (blank and letters and letters[-1] == " "):
                letters.append(" " if blank else _small(letter))
                places.append(at)
        return "".join(letters), places

    def _span(self, start: int, end: int) -> Span | None:
        """The place in the page's text; lines between which others stand are not one quote."""
        lines = self.sheet.lines
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end - 1) - 1
        begin = lines[first].span.start + start - self._starts[first]
        finish = lines[last].span.start + end - self._starts[last]
        text = self.page.text[begin:finish]
        whole = first == last or fold(text) == fold(self.text[start:end])
        return Span(begin, finish) if whole and text.strip() else None

    def _in_title(self, span: Span) -> bool:
        head = self.sheet.lines[0]
        return head.kind == "title" and span.end <= head.span.end


def _small(letter: str) -> str:
    """A letter without its case, still one letter."""
    small = letter.lower()
    return letter if len(small) != 1 else "σ" if small == "ς" else small
