"""Where the visible text says the same as a stated value.

Texts are compared after an even fold: case, quotation marks, dashes, full-width forms and white
space. The fold keeps every character in its place, so a match needs no table of offsets.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from typing import Final, NamedTuple

from rolecall.core import Block, Page, Span

MAX_OCCURRENCES: Final = 40
MAX_WORK: Final = 50_000_000
"""Letters times lines up to which parts of lines are looked for, too."""
MIN_COVERED: Final = 0.6
"""Share of a stated description that a run of lines must show to count as its place."""

_EVEN: Final = {
    **dict.fromkeys("\t\r\f\v\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u2028\u2029", " "),
    **dict.fromkeys("’‘‚‛′`´", "'"),
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **{chr(code): chr(code - 0xFEE0).lower() for code in range(0xFF01, 0xFF5F)},
}
_USUAL: Final = bytes({10, *range(0x20, 0x7F)} - {ord("`")})
_SIGMA: Final = "Σ"  # the one letter whose small form depends on its place
_COMBINING: Final = frozenset(map(chr, range(0x300, 0x370)))
_PUNCTUATION: Final = bytes(code for code in range(128) if not chr(code).isalnum())
_BUT_BREAKS: Final = _PUNCTUATION.replace(b"\n", b"")
_ROLE_COST: Final = {"header": 0, "posting": 1, "chrome": 4, "similar": 6, "cookie": 6, "orders": 8}
_TITLE_COST: Final = 2
_SHORT: Final = 4
"""Letters below which a line says nothing about where a description stands."""
_FOREIGN: Final = 0.8
"""What a letter of a line that is not stated costs against one that is."""


class Covered(NamedTuple):
    """Where a stated text stands: its span, and how much of the one is in the other.

    ``stated`` is the share of the stated text that the lines show, ``shown`` the share of the
    lines that is stated, ``of_body`` the share that the lines have of the posting's body.
    """

    span: Span
    stated: float
    shown: float
    of_body: float


def even(text: str) -> str:
    """``text`` folded, character for character; line breaks stay."""
    if text.isascii():
        lower, odd = text.lower(), _odd(text)
    else:
        # Lower case is fast for ASCII; the other characters are few different ones.
        raw = text.encode("utf-8", "surrogatepass").lower()
        lower = raw.decode("utf-8", "surrogatepass")
        odd = set(raw.translate(None, _USUAL).decode("utf-8", "surrogatepass"))
        if _SIGMA in odd and len(known := text.lower()) == len(text):
            lower = known
        for char in list(odd):
            low = char.lower()
            if low != char and len(low) == 1:
                lower = lower.replace(char, low)
                odd.add(low)
    # A few replacements are much faster than a translation of every character.
    for char in _EVEN.keys() & odd:
        lower = lower.replace(char, _EVEN[char])
    return lower


def letters(text: str, *, breaks: bool = False) -> str:
    """The letters and digits of ``text`` in one case, for comparing wordings.

    ``breaks`` keeps the line breaks.
    """
    return _letters(text.lower(), _BUT_BREAKS if breaks else _PUNCTUATION)


def _letters(lower: str, without: bytes) -> str:
    if not lower.isascii():
        odd = _odd(lower)
        if not odd.isdisjoint(_COMBINING):
            lower = unicodedata.normalize("NFC", lower)
            odd = _odd(lower)
        for char in odd:
            if char > "\x7f" and not char.isalnum():
                lower = lower.replace(char, "")
    return lower.encode("utf-8", "replace").translate(None, without).decode("utf-8")


def _odd(text: str) -> set[str]:
    """The characters of ``text`` that are not the usual ones of ASCII."""
    odd = text.encode("utf-8", "surrogatepass").translate(None, _USUAL)
    return set(odd.decode("utf-8", "surrogatepass"))


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
        value = value.lower() if value.isascii() else even(unicodedata.normalize("NFC", value))
        wanted = " ".join(value.split())
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

    def _lines(self) -> list[str]:
        """The letters of each block: a block is a line, so that one pass does for all."""
        blocks, text = self.page.blocks, self.page.text
        found = _letters(self.text, _BUT_BREAKS).split("\n")
        if len(found) == len(blocks):
            return found
        return [letters(block.span.of(text)) for block in blocks]

    def cover(self, text: str) -> Covered | None:
        """The run of lines in which the page shows a long stated ``text``, or ``None``.

        Lines count by their letters and digits only, so that markup that splits or joins lines
        does not matter. The run is the one with the most stated over foreign letters.
        """
        stated = letters(text, breaks=True).split("\n")
        if sum(map(len, stated)) < _SHORT:
            return None
        lines = self._lines()
        blocks = self.page.blocks
        body = [b.role == "posting" and b.kind != "title" for b in blocks]
        found = _covered(stated, blocks, lines, body)
        if found is None and not all(body):
            shown = [b.kind != "title" and b.role != "orders" for b in blocks]
            found = _covered(stated, blocks, lines, shown)
        return found


def _covered(
    stated: list[str], blocks: tuple[Block, ...], lines: list[str], among: list[bool]
) -> Covered | None:
    """See `Visible.cover`; only the lines ``among`` which to look are compared."""
    wanted, whole_lines = "".join(stated), set(stated)
    affordable = len(wanted) * len(lines) <= MAX_WORK
    gains: list[float] = []
    known: list[int] = []
    for own, telling in zip(lines, among, strict=True):
        size = len(own)
        same = 0
        if telling and size >= _SHORT:
            if own in whole_lines or (affordable and own in wanted):
                same = size
            elif size > len(wanted) // 2 and wanted in own:
                same = len(wanted)
        known.append(same)
        gains.append(float(same) if same or size < _SHORT else -_FOREIGN * size)
    run = _best_run(gains)
    if run is None:
        return None
    first, last = run
    shown = sum(len(own) for own in lines[first : last + 1])
    same = sum(known[first : last + 1])
    share = min(1.0, same / len(wanted))
    if share < MIN_COVERED or not shown:
        return None
    body = sum(len(own) for own, telling in zip(lines, among, strict=True) if telling)
    span = Span(blocks[first].span.start, blocks[last].span.end)
    return Covered(span, share, same / shown, shown / max(body, 1))


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
