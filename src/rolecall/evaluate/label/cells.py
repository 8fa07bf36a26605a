"""Text as a terminal shows it: how wide it is, made harmless, cut and wrapped to a width."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, Literal

Style = Literal["plain", "bold", "dim", "mark", "hit", "good", "doubt"]
"""``hit`` is what is chosen, ``mark`` what else counts; ``good`` and ``doubt`` have a colour."""

Piece = tuple[str, Style]
Line = tuple[Piece, ...]
"""One line of a screen: harmless text in pieces, as wide as the screen at most."""

_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_SELECTORS: Final = frozenset(chr(code) for code in range(0xFE00, 0xFE10))


@lru_cache(maxsize=4096)
def cell(char: str) -> str:
    """One character of a page as it may go to a terminal: control characters as their code.

    White space is a space. What only chooses how the character before is drawn is left out, since
    terminals do not agree on how wide that makes it.
    """
    if " " <= char <= "~":
        return char
    if char.isspace():
        return " "
    if char in _SELECTORS:
        return ""
    return f"<U+{ord(char):04X}>" if unicodedata.category(char) in _UNSAFE else char


@lru_cache(maxsize=4096)
def char_width(char: str) -> int:
    """How many columns a harmless character takes: 0 for a mark on the one before, else 1 or 2."""
    if " " <= char <= "~":
        return 1
    if unicodedata.category(char) in ("Mn", "Me") or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def width_of(text: str) -> int:
    """How many columns harmless ``text`` takes."""
    return len(text) if text.isascii() else sum(map(char_width, text))


def safe(text: str) -> str:
    """``text`` on one line, harmless, white space collapsed."""
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(cell, text))


def cut(text: str, width: int) -> str:
    """Harmless ``text`` in at most ``width`` columns; dots show that some is left out."""
    if width_of(text) <= width:
        return text
    room = width - 3 if width > 6 else width
    kept, used = [], 0
    for char in text:
        used += char_width(char)
        if used > room:
            break
        kept.append(char)
    return "".join(kept) + ("..." if width > 6 else "")


def fit(pieces: Sequence[Piece], width: int) -> Line:
    """Pieces of harmless text, cut to ``width`` columns."""
    out: list[Piece] = []
    left = width
    for text, style in pieces:
        if left <= 0:
            break
        shown = cut(text, left)
        left -= width_of(shown)
        if shown:
            out.append((shown, style))
        if shown != text:
            break
    return tuple(out)


def padded(text: str, width: int) -> str:
    """Harmless ``text`` in exactly ``width`` columns."""
    shown = cut(text, width)
    return shown + " " * (width - width_of(shown))


def wrapped(text: str, start: int, end: int, width: int) -> Iterator[tuple[int, int]]:
    """The characters from ``start`` to ``end`` of a page in rows of at most ``width`` columns.

    Rows break after white space where there is some in their second half.
    """
    at = start
    while at < end:
        used, stop, space = 0, at, -1
        while stop < end:
            wide = width_of(cell(text[stop]))
            if used + wide > width and stop > at:
                break
            used += wide
            stop += 1
            if text[stop - 1].isspace() and used * 2 > width:
                space = stop
        if stop < end and space > at:
            stop = space
        yield at, stop
        at = stop
    if start == end:
        yield start, end
