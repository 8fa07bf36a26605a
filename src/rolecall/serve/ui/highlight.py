"""The text of a page in pieces, each of which says whose evidence it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from msgspec import Struct

from rolecall.core import Block

LONGEST_TEXT: Final = 200_000
"""Characters of a page's text that are shown."""

WIDE: Final = 240
"""What is longer than this is marked at its edge and not as words that one can step to."""

QUIET: Final = frozenset({"chrome", "cookie", "similar", "orders"})
ORDERED: Final = "orders"
"""The role of lines that give orders to a machine."""


class Quote(Struct, frozen=True):
    """Where the page says a value: half-open characters, and the name of the value's element."""

    start: int
    end: int
    name: str


class Piece(Struct, frozen=True):
    """A stretch of text. ``names`` are the values that it belongs to, ``own`` the one that it leads
    to (the narrowest), ``first`` whether that one begins here; ``quiet`` is what is not the posting
    itself, such as a menu, and ``orders`` what gives orders to a machine."""

    text: str
    start: int
    names: tuple[str, ...] = ()
    own: str = ""
    first: bool = False
    quiet: bool = False
    orders: bool = False


def pieces(text: str, quotes: Sequence[Quote], blocks: Sequence[Block] = ()) -> Iterator[Piece]:
    """``text`` cut where quotes begin and end, and where what is not the posting does.

    The pieces joined are the text.
    """
    length = len(text)
    told = [one for one in quotes if 0 <= one.start < one.end <= length]
    quiet = [one.span for one in blocks if one.role in QUIET and one.span.end <= length]
    edges = {0, length}
    for one in told:
        edges |= {one.start, one.end}
    for span in quiet:
        edges |= {span.start, span.end}
    ordered = [one.span for one in blocks if one.role == ORDERED]
    begins = _by_start(told)
    calm = {span.start: span.end for span in quiet}
    open_: list[Quote] = []
    calm_until, seen = 0, set[str]()
    cuts = sorted(edges)
    for at, end in pairwise(cuts):
        open_ = [one for one in open_ if one.end > at] + begins.get(at, [])
        calm_until = max(calm_until, calm.get(at, 0))
        narrow = min(open_, key=lambda one: one.end - one.start, default=None)
        own = narrow.name if narrow and narrow.end - narrow.start <= WIDE else ""
        yield Piece(
            text=text[at:end],
            start=at,
            names=tuple(dict.fromkeys(one.name for one in open_)),
            own=own,
            first=bool(own) and own not in seen,
            quiet=calm_until > at and not open_,
            orders=any(span.start <= at < span.end for span in ordered),
        )
        seen.add(own)


def _by_start(quotes: Sequence[Quote]) -> Mapping[int, list[Quote]]:
    found: dict[int, list[Quote]] = {}
    for one in quotes:
        found.setdefault(one.start, []).append(one)
    return found
