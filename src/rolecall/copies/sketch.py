"""What is remembered of a page to know its copies again: a few hundred bytes, cheap to make.

Only lines of the posting and its header count, not the site's own: the roles that ``page`` gives to
lines are enough for that, and the reader is not needed.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

from msgspec import Struct

from rolecall.core import Block, Notice, Page, Source
from rolecall.errors import UsageError
from rolecall.normalise.places import is_place

SEEN: Final = frozenset({"posting", "header"})
"""Roles of lines that may be the vacancy's."""

PERMUTATIONS: Final = 128
SEED: Final = 42
"""What makes two signatures comparable, beside the shingles: runs of three words of a line."""

PROSE: Final = 5
"""Words from which on a line is prose. Shorter ones are titles, labels and facts, which boards put
in their own way."""

LEAST: Final = 30
"""Words of prose from which on a page may be a near-copy; a page of fewer says too little."""

MOST: Final = 20_000
"""Words that are looked at, at most."""

HEADS: Final = 12
"""Lines from the top of the posting among which its title may stand."""

PLACE: Final = 0.8
"""How sure a part of a heading must be a place to be no part of the title."""

_WORD: Final = re.compile(r"\w+")
_PARTS: Final = re.compile(
    r"(?<!\s)\s+[-–—|·•»/]+\s+|(?:(?<!\s)\s+)?[|·•»–—]\s*|[,:;]\s+|(?:(?<!\s)\s+)?[()\[\]]\s*"
)
_NUMBER: Final = re.compile(r"\d{4}")


class Sketch(Struct, frozen=True):
    """What is compared of two pages. All fields are hashes; ``url`` and the like are not in it.

    ``exact`` is equal for inputs with the same bytes and the same knowledge beside them, ``whole``
    for pages that show and state the same in their posting. ``signature`` is the MinHash of the
    prose (32-bit numbers), empty for a page that says too little. ``names`` are what the page may
    call its vacancy, ``heads`` all lines in which a title may stand, ``facts`` the short lines.
    ``stated`` says whether the page states its posting as data.
    """

    exact: bytes
    whole: bytes = b""
    signature: bytes = b""
    names: bytes = b""
    heads: bytes = b""
    facts: bytes = b""
    stated: bool = False


Signer = Callable[[list[str]], bytes]


def exact_key(source: Source, notices: Sequence[Notice] = ()) -> bytes:
    """The same for inputs whose records differ in nothing but their names and numbers."""
    told = (source.id, source.url, source.media_type, source.charset, source.captured, notices)
    return _hash(repr(told), 16)


def signer() -> Signer:
    """What makes the signature of shingles; raises `UsageError` where rensa is not installed."""
    try:
        from rensa import RMinHash
    except ImportError as error:
        raise UsageError(
            "finding near-copies needs the package rensa",
            hint="pip install 'rolecall[batch]', or use --dedup exact",
        ) from error
    make: Any = RMinHash

    def sign(shingles: list[str]) -> bytes:
        one = make(PERMUTATIONS, SEED)
        one.update(shingles)
        return array("I", one.digest()).tobytes()

    return sign


def sketch(page: Page, exact: bytes, sign: Signer) -> Sketch:
    """The sketch of a cleaned page; ``exact`` is its `exact_key`."""
    title, shown = None, []
    for block in page.blocks:
        if block.kind == "title":
            title = page.line(block)
        elif block.role in SEEN:
            shown.append(block)
    lines = [page.line(block) for block in shown]
    shingles: set[str] = set()
    facts, count = [], 0
    for block, line in zip(shown, lines, strict=True):
        found = _WORD.findall(line.casefold())
        if len(found) >= PROSE and block.link < 0.5:
            # Line by line, so that a list in another order is the same list.
            if count < MOST:
                shingles |= set(map(" ".join, zip(found, found[1:], found[2:], strict=False)))
            count += len(found)
        elif found:
            facts.append(_hash(" ".join(found)))
    stated = [(one.syntax, one.data) for one in page.statements]
    told = (page.language, page.captured, title, lines, stated)
    whole = _hash(repr(told), 16)
    if count < LEAST:
        return Sketch(exact, whole)
    names, heads = _named(title, shown, lines)
    signature = sign(list(shingles))
    return Sketch(exact, whole, signature, names, heads, b"".join(sorted(set(facts))), bool(stated))


def _named(title: str | None, shown: list[Block], lines: list[str]) -> tuple[bytes, bytes]:
    """What the page may call its vacancy, and every line in which a title may stand, as hashes.

    A heading of which a part stands in the document's title too is the title in all likelihood.
    """
    tops = [
        line for block, line in zip(shown, lines, strict=True)
        if block.kind == "heading" and block.level == 1
    ]  # fmt: skip
    headings = [
        line for block, line in zip(shown, lines, strict=True) if block.kind == "heading"
    ]  # fmt: skip
    main = tops or headings[:1] or lines[:1]
    said = " ".join(_WORD.findall((title or "").casefold()))
    parts = [part for line in main for part in _parts(line)]
    sure = [part for part in parts if f" {part} " in f" {said} "]
    heads = {*_parts(title or ""), said}
    for line in (*headings, *lines[:HEADS]):
        heads.update(_parts(line))
        heads.add(" ".join(_WORD.findall(line.casefold())))
    return _hashes(sure or parts), _hashes(heads)


@lru_cache(maxsize=4096)
def _parts(line: str) -> tuple[str, ...]:
    """The parts of a heading that may be a title: no places, no numbers of reference."""
    if len(line) > 300:
        return ()
    parts = [part for part in _PARTS.split(line) if part and not _NUMBER.search(part)]
    told = [part for part in parts if is_place(part) < PLACE] or parts
    found = (" ".join(_WORD.findall(part.casefold())) for part in told)
    return tuple(part for part in found if len(part) > 2)


def _hashes(texts: set[str] | list[str]) -> bytes:
    return b"".join(sorted({_hash(text) for text in texts if text}))


def _hash(text: str, size: int = 4) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=size).digest()


def hashes(packed: bytes) -> Iterator[bytes]:
    """The single hashes of ``names``, ``heads`` or ``facts``."""
    return (packed[at : at + 4] for at in range(0, len(packed), 4))
