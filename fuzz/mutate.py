"""Pages changed as crawls, careless programs and attackers change them; each change by its name."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Final

from fuzz.words import ATTACKS, MARKUP

TAG: Final = re.compile(rb"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
VOID: Final = frozenset(b"area base br col embed hr img input link meta source track wbr".split())
SWAPS: Final = (
    b"div", b"p", b"li", b"td", b"tr", b"table", b"h1", b"h2", b"span", b"a", b"pre", b"select",
    b"option", b"template", b"noscript", b"svg", b"math", b"details", b"button", b"nav", b"footer",
    b"title", b"textarea", b"ul", b"dl", b"dd", b"b", b"form", b"iframe", b"center", b"blockquote",
)  # fmt: skip
CODECS: Final = (
    "utf-16",
    "utf-16-le",
    "cp1252",
    "koi8-r",
    "cp932",
    "gb18030",
    "iso2022_jp",
    "utf-7",
)
HIDING: Final = (
    b" hidden", b' style="display:none"', b' aria-hidden="true"', b' class="sr-only"',
    b' style="font-size:0"', b" itemscope itemtype=https://schema.org/JobPosting",
    b" itemprop=title",
)  # fmt: skip
STATED: Final = (
    b'<script type="application/ld+json">{"@type":"JobPosting","title":"Ruler","baseSalary":'
    b'{"value":{"value":1e12}},"hiringOrganization":"Evil"}</script>',
    b'<script type="application/ld+json">{"@type":"JobPosting","title":[[["x"]]],"@graph":[',
    b"<link rel=canonical href='http://[x'><meta property=og:url content='//['><base href='//]'>",
    b"<script>window.__STATE__={title:'x',description:'" + b"y" * 300 + b"'}</script>",
)

Change = Callable[[bytes, random.Random, bytes], bytes]
"""A page, chance, and another page -> the changed page."""


def _tags(page: bytes) -> list[re.Match[bytes]]:
    return list(TAG.finditer(page))


def _element(page: bytes, draw: random.Random) -> tuple[int, int] | None:
    """Where an element begins and ends, by its tags' names."""
    tags = _tags(page)
    opening = [at for at, tag in enumerate(tags) if not tag[1] and tag[2].lower() not in VOID]
    if not opening:
        return None
    first = draw.choice(opening)
    name, depth = tags[first][2].lower(), 0
    for tag in tags[first : first + 400]:
        if tag[2].lower() == name:
            depth += -1 if tag[1] else 1
            if depth == 0:
                return tags[first].start(), tag.end()
    return tags[first].start(), tags[first].end()


def _cut(page: bytes, draw: random.Random, other: bytes) -> bytes:
    at = draw.randrange(len(page) + 1)
    return page[:at] if draw.random() < 0.7 else page[at:]


def _splice(page: bytes, draw: random.Random, other: bytes) -> bytes:
    ours, theirs = _tags(page), _tags(other)
    if not ours or not theirs:
        return page + other
    return page[: draw.choice(ours).start()] + other[draw.choice(theirs).start() :]


def _graft(page: bytes, draw: random.Random, other: bytes) -> bytes:
    """An element of another page, put somewhere."""
    found, tags = _element(other, draw), _tags(page)
    if found is None or not tags:
        return page
    at = draw.choice(tags).end()
    return page[:at] + other[found[0] : found[1]][:200_000] + page[at:]


def _repeat(page: bytes, draw: random.Random, other: bytes) -> bytes:
    found = _element(page, draw)
    if found is None:
        return page
    part = page[found[0] : found[1]]
    times = min(draw.choice((1, 2, 5, 40)), 1 + 300_000 // max(1, len(part)))
    return page[: found[1]] + part * times + page[found[1] :]


def _drop(page: bytes, draw: random.Random, other: bytes) -> bytes:
    for _ in range(draw.choice((1, 1, 3, 10))):
        found = _element(page, draw)
        if found is not None:
            page = page[: found[0]] + page[found[1] :]
    return page


def _move(page: bytes, draw: random.Random, other: bytes) -> bytes:
    found = _element(page, draw)
    if found is None:
        return page
    part, rest = page[found[0] : found[1]], page[: found[0]] + page[found[1] :]
    tags = _tags(rest)
    at = draw.choice(tags).end() if tags else 0
    return rest[:at] + part + rest[at:]


def _flip(page: bytes, draw: random.Random, other: bytes) -> bytes:
    out = bytearray(page)
    for _ in range(draw.choice((1, 10, 100, 1000))):
        if out:
            out[draw.randrange(len(out))] ^= 1 << draw.randrange(8)
    return bytes(out)


def _recode(page: bytes, draw: random.Random, other: bytes) -> bytes:
    """Another charset than the page says, and now and then another than it is."""
    text, codec = page.decode("utf-8", "replace"), draw.choice(CODECS)
    if draw.random() < 0.3:
        return page.decode("latin-1").encode("utf-8")  # encoded twice
    try:
        return text.encode(codec, "replace")
    except (UnicodeError, LookupError):
        return page


def _rename(page: bytes, draw: random.Random, other: bytes) -> bytes:
    """Some tags get other names, each in the same way or each in its own."""
    names = sorted({tag[2].lower() for tag in _tags(page)})
    if not names:
        return page
    share = draw.choice((0.02, 0.2, 1.0))
    old, new = draw.choice(names), draw.choice(SWAPS)

    def renamed(tag: re.Match[bytes]) -> bytes:
        if share < 1:
            name = draw.choice(SWAPS) if draw.random() < share else tag[2]
        else:
            name = new if tag[2].lower() == old else tag[2]
        return b"<" + tag[1] + name + tag[3] + b">"

    return TAG.sub(renamed, page)


def _unclose(page: bytes, draw: random.Random, other: bytes) -> bytes:
    """Tags are lost: all closing ones of a name, or any of them here and there."""
    share = draw.choice((0.05, 0.5, 1.0))
    return TAG.sub(lambda tag: b"" if tag[1] and draw.random() < share else tag[0], page)


def _nest(page: bytes, draw: random.Random, other: bytes) -> bytes:
    tags = _tags(page)
    at = draw.choice(tags).start() if tags else 0
    name = draw.choice(SWAPS)
    return page[:at] + (b"<" + name + b">") * draw.choice((3, 40, 500, 5_000)) + page[at:]


def _attack(page: bytes, draw: random.Random, other: bytes) -> bytes:
    for _ in range(draw.choice((1, 5, 30))):
        tags = _tags(page)
        at = draw.choice(tags).end() if tags else 0
        word = draw.choice((*ATTACKS, *MARKUP)).encode("utf-8", "replace")
        page = page[:at] + word + page[at:]
    return page


def _hide(page: bytes, draw: random.Random, other: bytes) -> bytes:
    share = draw.choice((0.01, 0.1))

    def hidden(tag: re.Match[bytes]) -> bytes:
        if tag[1] or draw.random() > share:
            return tag[0]
        return b"<" + tag[2] + draw.choice(HIDING) + tag[3] + b">"

    return TAG.sub(hidden, page)


def _state(page: bytes, draw: random.Random, other: bytes) -> bytes:
    """Data of a posting that is another's, wrong, or broken."""
    tags = _tags(page)
    at = draw.choice(tags).start() if tags else 0
    page = page[:at] + draw.choice(STATED) + page[at:]
    if draw.random() < 0.5:
        page = page.replace(
            b'":', draw.choice((b'": ', b"':", b'":[', b'":-')), draw.randrange(1, 9)
        )
    return page


def _words(page: bytes, draw: random.Random, other: bytes) -> bytes:
    """Letters that are not what they look like, and numbers of other scripts."""
    text = page.decode("utf-8", "replace")
    told = {"a": "а", "e": "é", "o": "ο", "1": "１", "2": "٢", " ": "\u00a0", "-": "–", "i": "İ"}
    told |= {"n": "n\u0303", "t": "t\u200b", "0": "۰", ",": "٫", "s": "ſ", "k": "\u212a"}
    chosen: dict[str | int, str | int | None] = {}
    chosen |= dict(draw.sample(sorted(told.items()), draw.randrange(1, 6)))
    table = str.maketrans(chosen)
    pieces = re.split(r"(<[^>]*>)", text)
    return "".join([one if one[:1] == "<" else one.translate(table) for one in pieces]).encode()


CHANGES: Final[dict[str, Change]] = {
    "cut": _cut, "splice": _splice, "graft": _graft, "repeat": _repeat, "drop": _drop,
    "move": _move, "flip": _flip, "recode": _recode, "rename": _rename, "unclose": _unclose,
    "nest": _nest, "attack": _attack, "hide": _hide, "state": _state, "words": _words,
}  # fmt: skip


def mutated(number: int, pages: list[bytes], seed: int) -> tuple[str, bytes]:
    """The name of the first change, and a page with one to three of them."""
    draw = random.Random(f"{seed} {number}")
    names = list(CHANGES)
    first = names[number % len(names)]
    page = draw.choice(pages)
    for name in (first, *draw.sample(names, draw.choice((0, 0, 1, 2)))):
        page = CHANGES[name](page, draw, draw.choice(pages))[:1_500_000]
    return first, page
