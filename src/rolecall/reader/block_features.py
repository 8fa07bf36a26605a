"""Features of a line for the block tagger: layout, position, lexicons, cues, neighbours.

All are language-independent classes except the first two words of the line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from rolecall.core import Page
from rolecall.normalise.triggers import DIGIT
from rolecall.reader.lines import Line

HINTS = re.compile(
    r"desc|job|posting|vacan|stelle|title|head|foot|nav|menu|side|simil|relat|recommend|appl|benefi|perk"
    r"|require|qualif|respons|duti|about|company|employer|cookie|consent|share|social|form|modal"
    r"|meta|tag|skill|bread|locat|comment|content|article|main|body|text|detail|info|list|card"
    r"|search|login|hero|banner|summary|salar|date|button|btn"
)
DIGITS = re.compile(r"\d")
MONEY = re.compile(r"[$€£₽₹]|\b(?:eur|usd|gbp|czk|kč|pln|zł|kr)\b", re.I)
WORD_BINS = ("1",) * 2 + ("3",) * 2 + ("6",) * 3 + ("12",) * 6 + ("25",) * 13 + ("60",) * 35
BINS = ("0", "1", "2", "3") + ("6",) * 3 + ("12",) * 6 + ("25",) * 13
"""Names of counts up to 60 and up to 25."""

DENSITIES = {name: (f"den={name}",) for name in ("0", "1", "2", "3", "6", "12", "25", "26")}
LONGEST_KNOWN = 500
"""Characters of hints that are remembered."""

MARKS = ("--", "-", "+", "++")
"""The lines two above, one above, one below and two below, in the names of features."""

EDGES = tuple([(f"{mark}edge",) for mark in MARKS])


def block_features(page: Page, lines: Sequence[Line]) -> list[list[str]]:
    """One list of feature strings per line."""
    total = max(1, len(page.text))
    title = _title_words(page)
    sizes = [_words_bin(len(line.words)) for line in lines]
    near = [_near(line, size) for line, size in zip(lines, sizes, strict=True)]
    density = _density(lines)
    mass = container_features(lines)
    out = [
        _own(line, size, total, title, dense + held)
        for line, size, dense, held in zip(lines, sizes, density, mass, strict=True)
    ]
    _add_above(lines, out)
    last = len(lines) - 1
    for i, features in enumerate(out):
        features += near[i - 2][0] if i > 1 else EDGES[0]
        features += near[i - 1][1] if i > 0 else EDGES[1]
        features += near[i + 1][2] if i < last else EDGES[2]
        features += near[i + 2][3] if i < last - 1 else EDGES[3]
    return out


def _add_above(lines: Sequence[Line], out: Sequence[list[str]]) -> None:
    """Add what the lines and headings above each line say."""
    first, second = "none", "none"
    known, unknown = "none", 0
    since, since_top = 0, 0
    seen_top = False
    before = ""
    for line, features in zip(lines, out, strict=True):
        block = line.block
        if block.kind == "heading" and block.level <= 2 and not seen_top:
            seen_top, since_top = True, 0
        parent = block.path.rpartition("/")[0]
        features += _headed(
            (first, second, _bin(since), _bin(since_top) if seen_top else "before"),
            (known, min(unknown, 2), line.kind, parent == before),
        )
        if line.cues:
            features += [f"cu={cue}|{first}" for cue in line.cues]
            cue_first = line.first_cue
            if cue_first is not None:
                features += (f"q0={cue_first}", f"q0={cue_first}|{known}")
        before = parent
        kind = line.head
        if kind is not None:
            first, second, since = kind, first, 0
            if kind == "other":
                unknown += 1
            else:
                known, unknown = kind, 0
        since += 1
        since_top += 1


@lru_cache(maxsize=4096)
def _headed(above: tuple[str, str, str, str], own: tuple[str, int, str, bool]) -> tuple[str, ...]:
    first, second, since, since_top = above
    known, unknown, kind, same = own
    return (
        f"u={first}",
        f"u2={second}",
        f"us={since}|{first}",
        f"ut={since_top}",
        f"ku={kind}|{first}",
        f"uk={known}|{unknown}",
        f"uk={known}|{kind}",
        "par=same" if same else "par=new",
    )


def _title_words(page: Page) -> frozenset[str]:
    words: set[str] = set()
    for block in page.blocks[:1]:
        if block.kind == "title":
            words.update(page.line(block).lower().split())
    words.update(page.meta.get("og:title", "").lower().split())
    return frozenset(words)


def _own(
    line: Line, size: str, total: int, title: frozenset[str], around: tuple[str, ...]
) -> list[str]:
    block, text, words, kind = line.block, line.text, line.words, line.kind
    out = [
        *_layout(kind, size, block.tag, block.role, block.level if kind == "heading" else -1),
        *_marks(text[-1:], int(block.link * 3.99), block.span.start * 10 // total),
        _shape(text),
        *around,
    ]
    if block.bold:
        out.append("bold")
    if words:
        out.append(f"w0={words[0]}")
        if len(words) > 1:
            out.append(f"w1={words[1]}")
    if line.head is not None:
        out.append(f"h={line.head}")
    elif line.heading is not None:
        out.append(f"hw={line.heading.name}")
    if line.label:
        mark = "l" if line.value_at < len(text) else "lo"
        out += [f"{mark}={field}" for field in line.label]
    best, most = "none", 0
    if line.cues:
        for cue, count in line.cues.items():
            out.append(f"q={cue}{2 if count > 2 else count}")
            if count > most:
                best, most = cue, count
    out.append(f"q1={best}|{size}")
    if block.hints:
        hints = block.hints
        out += _hints(hints) if len(hints) <= LONGEST_KNOWN else _hints.__wrapped__(hints)
    if line.triggers & DIGIT and DIGITS.search(text):
        out.append("digit")
        if MONEY.search(text):
            out.append("money")
    if "@" in text:
        out.append("mail")
    if title and words and len(words) <= 16:
        shared = sum(map(title.__contains__, text.lower().split()))
        out.append(f"ti={shared * 4 // len(words)}")
    return out


@lru_cache(maxsize=4096)
def _layout(kind: str, size: str, tag: str, role: str, level: int) -> tuple[str, ...]:
    out = ("b", f"k={kind}", f"t={tag}", f"r={role}", f"n={size}", f"kn={kind}|{size}")
    return out if level < 0 else (*out, f"lv={level}")


@lru_cache(maxsize=1024)
def _marks(end: str, link: int, place: int) -> tuple[str, ...]:
    return (f"e={end if end and end in ':?.!;,' else 'x'}", f"pos={place}", f"li={link}")


@lru_cache(maxsize=1024)
def _hints(hints: str) -> tuple[str, ...]:
    return tuple([f"x={hint}" for hint in dict.fromkeys(HINTS.findall(hints))])


def _near(line: Line, size: str) -> tuple[tuple[str, ...], ...]:
    """What a line says of its neighbours: for the one two below, one below, above, two above."""
    cues = tuple([cue for cue, count in line.cues.items() if count > 1]) if line.cues else ()
    block = line.block
    return _beside(
        (line.kind, size, block.role, line.head), cues, bool(line.label), block.link > 0.6
    )


@lru_cache(maxsize=4096)
def _beside(
    layout: tuple[str, str, str, str | None], cues: tuple[str, ...], label: bool, link: bool
) -> tuple[tuple[str, ...], ...]:
    kind, size, role, head = layout
    out = [f"k={kind}|{size}", f"r={role}"]
    if head is not None:
        out.append(f"h={head}")
    out += [f"q={cue}" for cue in cues]
    if label:
        out.append("l")
    if link:
        out.append("li")
    return tuple([tuple([mark + name for name in out]) for mark in MARKS])


def _density(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """Words in unlinked posting lines around each line (five before to five after), binned."""
    worth = [
        0 if line.block.role != "posting" or line.block.link > 0.5 else min(60, len(line.words))
        for line in lines
    ]
    sums = [0]
    for value in worth:
        sums.append(sums[-1] + value)
    last = len(lines)
    return [
        DENSITIES[_bin((sums[min(last, i + 6)] - sums[max(0, i - 5)]) // 10)] for i in range(last)
    ]


def container_features(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """How much of the page's unlinked text stands in the element around each line.

    The body of a posting nearly always fills one element; fact cards, company profiles and site
    texts stand in others. ``main`` is the element found by going down from the root as long as one
    child holds at least 70 % of its parent's words.
    """
    homes = [line.home for line in lines]
    words = [
        0 if line.block.role != "posting" or line.block.link > 0.5 else len(line.words)
        for line in lines
    ]
    weight: dict[str, int] = {}
    for home, count in zip(homes, words, strict=True):
        if count:
            weight[home] = weight.get(home, 0) + count
    total = max(1, sum(weight.values()))
    main = _main(weight)
    top = max(weight, key=lambda home: weight[home]) if weight else ""
    out: list[tuple[str, ...]] = []
    before, held = None, ("", "", "", "")
    for home in homes:
        if home != before:
            share = int(weight.get(home, 0) / total * 9.99)
            inside = "in" if home == main or home.startswith(f"{main}/") else "out"
            rank = "top" if home == top else "sub" if home.startswith(f"{top}/") else "no"
            held = (f"cs={share}", f"cm={inside}", f"ct={rank}", f"ct={rank}|same")
            new = "same" if before is None and home == "" else "new"
            out.append((*held[:3], f"ct={rank}|{new}"))
        else:
            out.append(held)
        before = home
    return out


def _main(weight: dict[str, int]) -> str:
    """The deepest element that still holds most of the text."""
    sums: dict[str, int] = {}
    for home, count in weight.items():
        path = home
        while path:
            sums[path] = sums.get(path, 0) + count
            path = path.rpartition("/")[0]
    children: dict[str, list[str]] = {}
    for path in sums:
        children.setdefault(path.rpartition("/")[0], []).append(path)
    node = ""
    while True:
        below = children.get(node)
        if not below:
            return node
        best = max(below, key=lambda path: sums[path])
        if node and sums[best] < 0.7 * sums[node]:
            return node
        node = best


def _words_bin(count: int) -> str:
    return WORD_BINS[count] if count < 61 else "61"


def _bin(count: int) -> str:
    return BINS[count] if count < 26 else "26"


def _shape(text: str) -> str:
    first = text[:1]
    if first.isupper():
        return "c0=AA" if len(text) > 3 and text.isupper() else "c0=A"
    if first.islower() and first.isalpha():
        return "c0=a"
    if first.isdigit():
        return "c0=9"
    if not first.isalpha():
        return "c0=-"
    return "c0=AA" if len(text) > 3 and text.isupper() else "c0=A"
