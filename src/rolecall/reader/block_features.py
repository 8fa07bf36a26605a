"""Features of a line for the block tagger: layout, position, lexicons, cues, neighbours.

All are language-independent classes except the first two words of the line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rolecall.core import Page
from rolecall.reader.lines import Line

HINTS = re.compile(
    r"desc|job|posting|vacan|stelle|title|head|foot|nav|menu|side|simil|relat|recommend|appl|benefi|perk"
    r"|require|qualif|respons|duti|about|company|employer|cookie|consent|share|social|form|modal"
    r"|meta|tag|skill|bread|locat|comment|content|article|main|body|text|detail|info|list|card"
    r"|search|login|hero|banner|summary|salar|date|button|btn"
)
DIGITS = re.compile(r"\d")
MONEY = re.compile(r"[$€£₽₹]|\b(?:eur|usd|gbp|czk|kč|pln|zł|kr)\b", re.I)
LEAF_TAGS = frozenset(
    "p li ul ol span b strong h1 h2 h3 h4 h5 h6 em a dt dd dl td th tr table tbody thead font u i br small"
    " label button blockquote pre".split()
)
WORD_BINS = ((2, "1"), (4, "3"), (7, "6"), (13, "12"), (26, "25"), (61, "60"))


def block_features(page: Page, lines: Sequence[Line]) -> list[list[str]]:
    """One list of feature strings per line."""
    total = max(1, len(page.text))
    title = _title_words(page)
    own = [_own(line, total, title) for line in lines]
    near = [_near(line) for line in lines]
    density = _density(lines)
    mass = container_features(lines)
    above: tuple[str, str] = ("none", "none")
    known, unknown = "none", 0
    since, since_top = 0, 0
    seen_top = False
    before = ""
    out = []
    for i, line in enumerate(lines):
        features = own[i]
        kind = heading_like(line)
        if line.block.kind == "heading" and line.block.level <= 2 and not seen_top:
            seen_top, since_top = True, 0
        features.append(f"u={above[0]}")
        features.append(f"u2={above[1]}")
        features.append(f"us={_bin(since)}|{above[0]}")
        features.append(f"ut={_bin(since_top) if seen_top else 'before'}")
        features.append(f"ku={_kind(line)}|{above[0]}")
        for cue in line.cues:
            features.append(f"cu={cue}|{above[0]}")
        features.append(f"uk={known}|{min(unknown, 2)}")
        features.append(f"uk={known}|{_kind(line)}")
        first = line.first_cue
        if first is not None:
            features.append(f"q0={first}")
            features.append(f"q0={first}|{known}")
        features.append(f"den={density[i]}")
        features.extend(mass[i])
        parent = line.block.path.rpartition("/")[0]
        features.append("par=same" if parent == before else "par=new")
        before = parent
        if kind is not None:
            above, since = (kind, above[0]), 0
            if kind == "other":
                unknown += 1
            else:
                known, unknown = kind, 0
        since += 1
        since_top += 1
        for offset, mark in ((-2, "--"), (-1, "-"), (1, "+"), (2, "++")):
            if 0 <= i + offset < len(lines):
                features.extend([mark + x for x in near[i + offset]])
            else:
                features.append(f"{mark}edge")
        out.append(features)
    return out


def heading_like(line: Line) -> str | None:
    """The class of heading a line is, ``other`` for an unknown one, ``None`` for no heading."""
    block = line.block
    marked = len(line.words) <= 10 and (block.kind == "heading" or block.bold)
    match = line.heading
    if match is not None and (
        match.cover >= 0.5 or marked or line.text.endswith(":") or len(line.text) > 100
    ):
        return match.name
    if marked or (line.text.endswith(":") and len(line.words) <= 8):
        return "other"
    return None


def _kind(line: Line) -> str:
    """The kind of a line; a long heading, or one inside a list item, is none."""
    block = line.block
    if block.kind == "heading" and (len(line.words) > 12 or "/li" in block.path):
        return "item" if "/li" in block.path else "paragraph"
    return block.kind


def _title_words(page: Page) -> frozenset[str]:
    words: set[str] = set()
    for block in page.blocks[:1]:
        if block.kind == "title":
            words.update(page.line(block).lower().split())
    words.update(page.meta.get("og:title", "").lower().split())
    return frozenset(words)


def _own(line: Line, total: int, title: frozenset[str]) -> list[str]:
    block, text, words = line.block, line.text, line.words
    size = _words_bin(len(words))
    end = text[-1:] if text[-1:] in ":?.!;," else "x"
    out = [
        "b",
        f"k={_kind(line)}",
        f"t={block.tag}",
        f"r={block.role}",
        f"n={size}",
        f"kn={_kind(line)}|{size}",
        f"e={end}",
        f"pos={block.span.start * 10 // total}",
        f"li={int(block.link * 3.99)}",
        f"c0={_shape(text)}",
    ]
    if _kind(line) == "heading":
        out.append(f"lv={block.level}")
    if block.bold:
        out.append("bold")
    if words:
        out.append(f"w0={words[0]}")
        if len(words) > 1:
            out.append(f"w1={words[1]}")
    kind = heading_like(line)
    if kind is not None:
        out.append(f"h={kind}")
    elif line.heading is not None:
        out.append(f"hw={line.heading.name}")
    for field in line.label:
        out.append(f"l={field}" if line.value_at < len(text) else f"lo={field}")
    best, most = "none", 0
    for cue, count in line.cues.items():
        out.append(f"q={cue}{2 if count > 2 else count}")
        if count > most:
            best, most = cue, count
    out.append(f"q1={best}|{size}")
    for hint in set(HINTS.findall(block.hints)):
        out.append(f"x={hint}")
    if DIGITS.search(text):
        out.append("digit")
        if MONEY.search(text):
            out.append("money")
    if "@" in text:
        out.append("mail")
    if title and len(words) <= 16 and words:
        shared = sum(word in title for word in text.lower().split())
        out.append(f"ti={shared * 4 // max(1, len(words))}")
    return out


def _near(line: Line) -> list[str]:
    block = line.block
    out = [f"k={_kind(line)}|{_words_bin(len(line.words))}", f"r={block.role}"]
    kind = heading_like(line)
    if kind is not None:
        out.append(f"h={kind}")
    for cue, count in line.cues.items():
        if count > 1:
            out.append(f"q={cue}")
    if line.label:
        out.append("l")
    if block.link > 0.6:
        out.append("li")
    return out


def _density(lines: Sequence[Line]) -> list[str]:
    """Words in unlinked posting lines around each line (five before to five after), binned."""
    worth = [
        0 if line.block.role != "posting" or line.block.link > 0.5 else min(60, len(line.words))
        for line in lines
    ]
    sums = [0]
    for value in worth:
        sums.append(sums[-1] + value)
    last = len(lines)
    return [_bin((sums[min(last, i + 6)] - sums[max(0, i - 5)]) // 10) for i in range(last)]


def container_features(lines: Sequence[Line]) -> list[tuple[str, ...]]:
    """How much of the page's unlinked text stands in the element around each line.

    The body of a posting nearly always fills one element; fact cards, company profiles and site
    texts stand in others. ``main`` is the element found by going down from the root as long as one
    child holds at least 70 % of its parent's words.
    """
    homes = [container(line.block.path) for line in lines]
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
    out = []
    before = ""
    for home in homes:
        share = weight.get(home, 0) / total
        inside = "in" if home == main or home.startswith(f"{main}/") else "out"
        rank = "top" if home == top else "sub" if home.startswith(f"{top}/") else "no"
        out.append(
            (
                f"cs={int(share * 9.99)}",
                f"cm={inside}",
                f"ct={rank}",
                f"ct={rank}|{'same' if home == before else 'new'}",
            )
        )
        before = home
    return out


def container(path: str) -> str:
    """The path of the element that holds a line, above paragraphs, lists, tables and inlines."""
    while path:
        head, _, last = path.rpartition("/")
        if last.partition("[")[0] not in LEAF_TAGS:
            return path
        path = head
    return path


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
    for bound, name in WORD_BINS:
        if count < bound:
            return name
    return "61"


def _bin(count: int) -> str:
    return (
        str(count)
        if count < 4
        else "6"
        if count < 7
        else "12"
        if count < 13
        else "25"
        if count < 26
        else "26"
    )


def _shape(text: str) -> str:
    first = text[:1]
    if first.isdigit():
        return "9"
    if not first.isalpha():
        return "-"
    return "a" if first.islower() else "AA" if len(text) > 3 and text.isupper() else "A"
