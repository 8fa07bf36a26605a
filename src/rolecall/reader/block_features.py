"""Features of a line for the block tagger: layout, position, lexicons, cues, neighbours.

All are language-independent classes except the first two words of the line.

Features come in families, and what a family says hangs on a few small values that come again and
again. So each family is named once, and what it is *worth* is remembered by these values: to
training its names, to the tagger the sum of its weights. Both are put together with ``+``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from typing import Final, Generic, TypeVar

from rolecall.core import Page
from rolecall.reader.lines import Line
from rolecall.reader.wording import Counts, Echo, Look, Tone

HINTS = re.compile(
    r"desc|job|posting|vacan|stelle|title|head|foot|nav|menu|side|simil|relat|recommend|appl|benefi|perk"
    r"|require|qualif|respons|duti|about|company|employer|cookie|consent|share|social|form|modal"
    r"|meta|tag|skill|bread|locat|comment|content|article|main|body|text|detail|info|list|card"
    r"|search|login|hero|banner|summary|salar|date|button|btn"
)
BINS = ("0", "1", "2", "3") + ("6",) * 3 + ("12",) * 6 + ("25",) * 13
"""Names of counts up to 25."""

LONGEST_KNOWN: Final = 500
"""Characters of a word, of a tag, or of hints, that are remembered."""

MOST_KNOWN: Final = 4096
"""Entries of a family that are remembered."""

MARKS = ("--", "-", "+", "++")
"""The lines two above, one above, one below and two below, in the names of features."""

Names = tuple[str, ...]
K = TypeVar("K", bound=Hashable)
V = TypeVar("V", int, Names)

Layout = tuple[str, str, str, int, bool, str | None, bool, Echo]
"""Kind, tag, role, level, boldness; the class of heading; whether the line is a link; its echo."""

Beside = tuple[V, V, V, V, V]
"""What a layout says of the line, and of the line two below, one below, one above, two above."""

Place = tuple[int, int, str]
"""Tenths of the page before the line, quarters of it that are links, words around it."""

Home = tuple[int, str, str, str]
"""Tenths of the page's text in the element around the line; whether that stands in the main one;
whether it is the fullest one or stands in it; whether it is also that of the line before."""

Heard = tuple[Tone, str, str]
"""The cues of the line; the last heading above it, and the last known one."""

Above = tuple[str, str, str, str, str, int, str, bool]
"""The last heading above and the one before; lines since it and since the top; the last known
heading, and unknown ones since; the kind of the line, and whether it stands where the last did."""


class Family(dict[K, V]):
    """What the features of one family are worth, by what decides them."""

    def __init__(self, names: Callable[[K], Names], worth: Callable[[Names], V]) -> None:
        self._names: Callable[[K], Names] = names
        self._worth: Callable[[Names], V] = worth

    def __missing__(self, key: K) -> V:
        value = self._worth(self._names(key))
        if isinstance(key, str) and len(key) > LONGEST_KNOWN:
            return value
        if len(self) >= MOST_KNOWN:
            self.clear()
        self[key] = value
        return value


class Families(Generic[V]):
    """All families of features, as far as they were met, for one meaning of ``worth``."""

    def __init__(self, worth: Callable[[Names], V]) -> None:
        self.worth: Callable[[Names], V] = worth
        self.edge: Beside[V] = _marked((), ("edge",), worth)
        self.beside: dict[Layout, Beside[V]] = {}
        self.look: Family[Look, V] = Family(_look, worth)
        self.counts: Family[Counts, V] = Family(_counts, worth)
        self.first: Family[str, V] = Family(lambda word: (f"w0={word}",), worth)
        self.second: Family[str, V] = Family(lambda word: (f"w1={word}",), worth)
        self.place: Family[Place, V] = Family(_place, worth)
        self.home: Family[Home, V] = Family(_home, worth)
        self.title: Family[int, V] = Family(_title, worth)
        self.above: Family[Above, V] = Family(_above, worth)
        self.heard: Family[Heard, V] = Family(_heard, worth)
        self.hints: Family[str, V] = Family(_hints, worth)

    def layout(self, key: Layout) -> Beside[V]:
        """What a line's layout says of it and of its neighbours."""
        value = _marked(_layout(key), _near(key), self.worth)
        if len(key[1]) > LONGEST_KNOWN:
            return value
        if len(self.beside) >= MOST_KNOWN:
            self.beside.clear()
        self.beside[key] = value
        return value


def _marked(own: Names, near: Names, worth: Callable[[Names], V]) -> Beside[V]:
    two, one, under, below = (worth(tuple([mark + name for name in near])) for mark in MARKS)
    return worth(own), two, one, under, below


@lru_cache(maxsize=1)
def _named() -> Families[Names]:
    """The families for training: each is worth its names."""
    return Families(lambda names: names)


def block_features(page: Page, lines: Sequence[Line]) -> list[list[str]]:
    """One list of feature strings per line."""
    return list(map(list, worths(page, lines, _named())))


def worths(page: Page, lines: Sequence[Line], known: Families[V]) -> list[V]:
    """What all features of each line are worth together."""
    own: list[V] = []
    near = [known.edge, known.edge]
    total = max(1, len(page.text))
    title = _title_words(page)
    layouts, places, looks = known.beside, known.place, known.look
    first, second, counts = known.first, known.second, known.counts
    titles, none = known.title, known.title[0]
    masses = _masses(lines)
    homes = _homes(lines, masses, known)
    for line, dense, home in zip(lines, _density(masses), homes, strict=True):
        block, said, kind = line.block, line.wording, line.kind
        link = block.link
        level = block.level if kind == "heading" else -1
        layout = (kind, block.tag, block.role, level, block.bold, line.head, link > 0.6, said.echo)
        beside = layouts.get(layout) or known.layout(layout)
        near.append(beside)
        value = beside[0] + home
        value += places[block.span.start * 10 // total, int(link * 3.99), dense]
        value += looks[said.look]
        words = said.words
        if words:
            value += first[words[0]]
            if len(words) > 1:
                value += second[words[1]]
            if said.cues:
                value += counts[said.counts]
            if title and said.pieces:
                value += none if title.isdisjoint(said.pieces) else titles[_shared(title, line)]
        if block.hints:
            value += known.hints[block.hints]
        own.append(value)
    near += [known.edge, known.edge]
    rows = zip(own, _aboves(lines, known), near, near[1:], near[3:], near[4:], strict=False)
    return [o + a + b[1] + c[2] + d[3] + e[4] for o, a, b, c, d, e in rows]


def _aboves(lines: Sequence[Line], known: Families[V]) -> Iterator[V]:
    """What the lines and headings above each line say."""
    first, second = "none", "none"
    named, unknown = "none", 0
    since, since_top = 0, -1
    before = ""
    above, heard = known.above, known.heard
    for line in lines:
        block, said, kind = line.block, line.wording, line.kind
        if since_top < 0 and block.kind == "heading" and block.level <= 2:
            since_top = 0
        far = "before" if since_top < 0 else BINS[since_top] if since_top < 26 else "26"
        near = BINS[since] if since < 26 else "26"
        parent = line.parent
        value = above[first, second, near, far, named, unknown, kind, parent == before]
        before = parent
        if said.cues:
            value += heard[said.tone, first, named]
        yield value
        head = line.head
        if head is not None:
            first, second, since = head, first, 0
            if head != "other":
                named, unknown = head, 0
            elif unknown < 2:
                unknown += 1
        since += 1
        if since_top >= 0:
            since_top += 1


def _title_words(page: Page) -> frozenset[str]:
    words: set[str] = set()
    for block in page.blocks[:1]:
        if block.kind == "title":
            words.update(page.line(block).lower().split())
    words.update(page.meta.get("og:title", "").lower().split())
    return frozenset(words)


def _shared(title: frozenset[str], line: Line) -> int:
    """How many quarters of a line the page's title repeats."""
    return sum(map(title.__contains__, line.text.lower().split())) * 4 // len(line.words)


def _masses(lines: Sequence[Line]) -> list[int]:
    """Words of unlinked posting lines."""
    return [
        0 if line.block.role != "posting" or line.block.link > 0.5 else len(line.words)
        for line in lines
    ]


def _density(masses: Sequence[int]) -> list[str]:
    """Words in unlinked posting lines around each line (five before to five after), binned."""
    sums = [0, *accumulate([mass if mass < 60 else 60 for mass in masses])]
    sums = [0, 0, 0, 0, 0, *sums, *[sums[-1]] * 5]
    tens = [(end - start) // 10 for start, end in zip(sums, sums[11:], strict=False)]
    return [BINS[count] if count < 26 else "26" for count in tens]


def _homes(lines: Sequence[Line], masses: Sequence[int], known: Families[V]) -> list[V]:
    """How much of the page's unlinked text stands in the element around each line.

    The body of a posting nearly always fills one element; fact cards, company profiles and site
    texts stand in others. ``main`` is the element found by going down from the root as long as one
    child holds at least 70 % of its parent's words.
    """
    weight: dict[str, int] = {}
    for line, count in zip(lines, masses, strict=True):
        if count:
            weight[line.home] = weight.get(line.home, 0) + count
    total = max(1, sum(weight.values()))
    main = _main(weight)
    top = max(weight, key=lambda home: weight[home]) if weight else ""
    around, fullest = f"{main}/", f"{top}/"
    values = known.home
    out: list[V] = []
    before: str | None = None
    key: tuple[int, str, str] = (0, "", "")
    for line in lines:
        home = line.home
        if home == before:
            out.append(values[*key, "same"])
            continue
        inside = "in" if home == main or home.startswith(around) else "out"
        rank = "top" if home == top else "sub" if home.startswith(fullest) else "no"
        key = (int(weight[home] / total * 9.99) if home in weight else 0, inside, rank)
        out.append(values[*key, "same" if before is None and home == "" else "new"])
        before = home
    return out


def _main(weight: Mapping[str, int]) -> str:
    """The deepest element that still holds most of the text."""
    held = list(weight.items())
    node, total = "", 0
    if held:
        first, last = min(weight), max(weight)
        node = first.rpartition("/")[0]
        while node and not last.startswith(f"{node}/"):
            node = node.rpartition("/")[0]
        total = sum(weight.values())  # down to here, one child holds all
    while True:
        sums: dict[str, int] = {}
        for home, count in held:
            if len(home) > len(node):
                end = home.find("/", len(node) + 1)
                below = home if end < 0 else home[:end]
                sums[below] = sums.get(below, 0) + count
        if not sums:
            return node
        best = max(sums, key=lambda path: sums[path])
        if node and sums[best] < 0.7 * total:
            return node
        inside = f"{best}/"
        held = [row for row in held if row[0] == best or row[0].startswith(inside)]
        node, total = best, sums[best]


def _layout(key: Layout) -> Names:
    kind, tag, role, level, bold, head, _, echo = key
    out = ["b", f"k={kind}", f"t={tag}", f"r={role}", f"n={echo.size}", f"kn={kind}|{echo.size}"]
    if level >= 0:
        out.append(f"lv={level}")
    if bold:
        out.append("bold")
    if head is not None:
        out.append(f"h={head}")
    elif echo.topic is not None:
        out.append(f"hw={echo.topic}")
    if not echo.cued:
        out.append(f"q1=none|{echo.size}")
    return tuple(out)


def _near(key: Layout) -> Names:
    """What a line says to its neighbours."""
    kind, _, role, _, _, head, link, echo = key
    out = [f"k={kind}|{echo.size}", f"r={role}"]
    if head is not None:
        out.append(f"h={head}")
    out += [f"q={cue}" for cue in echo.strong]
    if echo.labelled:
        out.append("l")
    if link:
        out.append("li")
    return tuple(out)


def _place(key: Place) -> Names:
    place, link, dense = key
    return (f"pos={place}", f"li={link}", f"den={dense}")


def _home(key: Home) -> Names:
    share, inside, rank, new = key
    return (f"cs={share}", f"cm={inside}", f"ct={rank}", f"ct={rank}|{new}")


def _title(quarters: int) -> Names:
    return (f"ti={quarters}",)


def _above(key: Above) -> Names:
    first, second, since, since_top, named, unknown, kind, same = key
    return (
        f"u={first}",
        f"u2={second}",
        f"us={since}|{first}",
        f"ut={since_top}",
        f"ku={kind}|{first}",
        f"uk={named}|{unknown}",
        f"uk={named}|{kind}",
        "par=same" if same else "par=new",
    )


def _heard(key: Heard) -> Names:
    tone, first, named = key
    out = [f"cu={cue}|{first}" for cue in tone.cues]
    if tone.first is not None:
        out += (f"q0={tone.first}", f"q0={tone.first}|{named}")
    return tuple(out)


def _hints_in(token: str) -> Names:
    return tuple([f"x={hint}" for hint in HINTS.findall(token)])


_HINTS_OF: Final[Family[str, Names]] = Family(_hints_in, lambda names: names)


def _hints(hints: str) -> Names:
    return tuple(dict.fromkeys(chain.from_iterable(map(_HINTS_OF.__getitem__, hints.split()))))


def _look(look: Look) -> Names:
    out = [f"e={look.end}", f"c0={look.shape}"]
    mark = "lo" if look.alone else "l"
    out += [f"{mark}={field}" for field in look.label]
    held = ("digit", look.digit), ("money", look.money), ("mail", look.mail)
    out += [name for name, there in held if there]
    return tuple(out)


def _counts(counts: Counts) -> Names:
    out = [f"q={cue}{2 if count > 2 else count}" for cue, count in counts.cues]
    return (*out, f"q1={counts.best}|{counts.size}")
