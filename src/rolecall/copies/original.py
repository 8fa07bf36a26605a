"""What is kept of a page beside its record, so that a copy can be held against it."""

from __future__ import annotations

import zlib
from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from rolecall.copies.sketch import SEEN
from rolecall.core import Candidate, Page

_FAST: Final = 1


class Lines(msgspec.Struct, frozen=True):
    """The lines of a page: its text, where each begins and ends, and a letter for its role.

    ``v`` is a line that may be the vacancy's, ``c`` the site's own, ``x`` any other.
    """

    text: str
    starts: list[int]
    ends: list[int]
    roles: str

    def __len__(self) -> int:
        return len(self.starts)

    def line(self, at: int) -> str:
        """The text of one line."""
        return self.text[self.starts[at] : self.ends[at]]

    def at(self, position: int) -> int:
        """The line in which a character stands; the first one for what is before it."""
        return max(0, bisect_right(self.starts, position) - 1)


class Original(msgspec.Struct, frozen=True):
    """A page of which copies may come.

    ``links`` are (text, target, path), ``stated`` the value of each unit that the page states as
    data, ``captured`` an ISO date, ``notices`` the codes of the page's own warnings.
    """

    lines: Lines
    links: list[tuple[str, str, str]]
    stated: dict[str, Any]
    language: str | None
    captured: str | None
    notices: list[str]


def lines_of(page: Page) -> Lines:
    """The lines of a page."""
    return Lines(
        page.text,
        [one.span.start for one in page.blocks],
        [one.span.end for one in page.blocks],
        "".join(
            "v" if one.role in SEEN else "c" if one.role == "chrome" else "x" for one in page.blocks
        ),
    )


def links_of(page: Page) -> list[tuple[str, str, str]]:
    """The visible links of a page: text, target, path."""
    return [(one.span.of(page.text), one.href, one.path) for one in page.links]


def stated_of(candidates: Iterable[Candidate]) -> dict[str, Candidate]:
    """Of what a page states, the first candidate of each unit."""
    found: dict[str, Candidate] = {}
    for one in candidates:
        if one.origin == "stated":
            found.setdefault(one.unit, one)
    return found


def remember(page: Page, candidates: Iterable[Candidate]) -> bytes:
    """``page`` and what it states, as few bytes."""
    stated = {unit: one.value for unit, one in stated_of(candidates).items()}
    kept = Original(
        lines_of(page),
        links_of(page),
        stated,
        page.language,
        page.captured.isoformat() if page.captured is not None else None,
        [one.code for one in page.warnings],
    )
    return zlib.compress(msgspec.msgpack.encode(kept), _FAST)


def recall(packed: bytes) -> Original:
    """The original that ``remember`` was given."""
    return msgspec.msgpack.decode(zlib.decompress(packed), type=Original)
