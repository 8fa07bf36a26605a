"""Places of work: header lines and fields first, the running text where there is nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from rolecall.core import Span
from rolecall.normalise.gazetteer import find_name, lands_of_region_code
from rolecall.normalise.place_finder import spans_of_places
from rolecall.normalise.place_looks import may_be_place, may_hold_place
from rolecall.normalise.places import is_place, names_place
from rolecall.reader.blocks import SEEN, Tagged
from rolecall.reader.known import known_places
from rolecall.reader.lexicon import lexicon
from rolecall.reader.lines import Line
from rolecall.reader.menu import menu_share
from rolecall.reader.names import anchor_line
from rolecall.reader.proposal import Proposal, bins, is_label, value_at

HINT = re.compile(
    r"locat|place|city|region|address|standort|ort\b|lieu|ville|sede|ubicaci|lokalit|geo|bullet|pin"
)
ITEMS = re.compile(
    r"\s*[;|•·●/\n]\s*|\s+(?:or|oder|ou|of|nebo|o|или|eller|lub|and|und|et|en|a|e|y|и|och|og|i)\s+|\s+[-–—]\s+"
)
DATED = re.compile(r"\b(?:19|20)\d\d\b|^\W*\d+\W*$|^\d+(?:st|nd|rd|th)\b")
BARE = re.compile(
    r"[\s,]*\(?\b(?:remote|hybrid|on-?site|in-?office|homeoffice|home office|anywhere)\b\)?(?:\s*[-–/|(:]\s*|\s*$|\s+in\s+|\s*\)\s*)",
    re.I,
)
BARE_WORDS = ("remote", "hybrid", "site", "office", "anywhere")
PARTED = re.compile(r"[;|•·●]")
ENDED = re.compile(r"([^\W\d_]+)\. (?=[^\W\d_a-z])")
"""A word with a full stop, and a capital behind it."""

DASH = re.compile(r"\s+[-–—]\s+")
LEAST_WORDY = 3
"""Spaces in a part of a line from which on it is more than a name."""

COMMA = re.compile(r", ")
LEAST_ENDING = 4
"""Letters of a word from which on its full stop ends a sentence; "St. Ives" has fewer."""

MOST_WORDS = 14
LONGEST_FIELD = 400
LEAST = 0.35
NEAR_BODY = 3
"""Lines of the body, from its first on, that may still be header lines."""

LONGEST_TEXT, MOST_FOUND = 1200, 4
"""Characters of a line's running text in which places are looked for, and how many are taken."""

MOST_LINK_WORDS = 6
"""Words from which on a line of site chrome is no place."""

MOST_NAME = 3
LEAST_ROLE = 3
"""Words of a string that is no place if one of them names a role; "Baker, OR" has fewer."""

BEFORE = frozenset(
    "in at near i ved på en em no na a à au w we v ve te bij nach bei presso в во near".split()
)
CAPITALS = re.compile(r"[^\W\d_][^\d_:!?]*")


class _Found(NamedTuple):
    """A part of a line that may be a place: where it stands in it, and how it was found."""

    start: int
    end: int
    kind: str
    sure: float


def propose_places(tagged: Tagged) -> list[Proposal]:
    """Every string that may be a place of this work, with its features."""
    rows: list[tuple[int, _Found]] = []
    for i, line in enumerate(tagged.lines):
        role = line.block.role
        if role not in SEEN and not (role == "chrome" and len(line.words) < MOST_LINK_WORDS):
            continue
        if is_label(line):
            continue
        mine = "location" in tagged.labelled[i]
        if role == "chrome" and not mine and not _hints(line.block.hints[:80]):
            continue
        kept = line.wording.kept
        where = (mine, line.block.kind, _header(tagged, i), tagged.zones[i] == "chrome")
        found = kept.get(where)
        if found is None:
            found = kept[where] = _found(line, *where)
        if found and menu_share(line.words) < 1.0:
            rows.extend([(i, one) for one in found])
    if not rows:
        return []
    anchor, zones = anchor_line(tagged), tagged.zones
    heads = f"heads={min(sum(zones[i] == 'head' for i, _ in rows), 3)}"
    counts: dict[str, int] = {}
    out: list[Proposal] = []
    for i, one in rows:
        start = tagged.lines[i].block.span.start
        span = Span(start + one.start, start + one.end)
        text = span.of(tagged.page.text)
        key = text.lower()
        counts[key] = again = counts.get(key, 0) + 1
        features = (*_features(tagged, i, one, text, i - anchor), f"again={min(again, 3)}", heads)
        out.append(Proposal(unit="places", value=text, span=span, features=features))
    return out


def _features(tagged: Tagged, i: int, found: _Found, text: str, away: int) -> list[str]:
    """The features of one part of a line; the role's heading stands ``away`` lines before it."""
    line, zone, kind, labels = tagged.lines[i], tagged.zones[i], found.kind, tagged.labelled[i]
    sure = int(found.sure * 5)
    where = f"at={away}" if -3 <= away <= 6 else "at=far"
    label = "mine" if "location" in labels else "other" if labels else "no"
    said = kind in ("bare", "inner") and _behind_preposition(tagged.page.text, text)
    return [
        f"z={zone}",
        f"kind={kind}",
        f"kind={kind}|z={zone}",
        f"lab={label}",
        f"lab={label}|kind={kind}",
        f"is={sure}",
        f"is={sure}|lab={label}",
        where if zone == "head" else "at=body",
        f"{where}|{kind}" if zone == "head" else f"in={bins(max(0, i - tagged.first))}",
        "hint" if _hints(line.block.hints[:80]) else "nohint",
        f"F{int(tagged.shares[i].get('F', 0.0) * 3.99)}",
        f"n={min(len(text.split()), 6)}",
        f"commas={min(text.count(','), 3)}",
        "link" if line.block.link > 0.5 else "text",
        f"k={line.block.kind}",
        f"{kind}|said" if said else "unsaid",
        *_doubts(line, text, kind),
    ]


@lru_cache(maxsize=2048)
def _hints(hints: str) -> bool:
    return HINT.search(hints) is not None


def _found(line: Line, mine: bool, kind: str, header: bool, chrome: bool) -> list[_Found]:
    """Parts of a line that may be places: ``field`` for whole parts, others inside a text.

    All that counts of the line is its text, and what the other words say of it: ``mine`` that a
    label of places stands in front of it, ``header`` and ``chrome`` where it stands.
    """
    start = value_at(line)
    text = line.text[start:] if start else line.text
    out: list[_Found] = []
    if len(line.words) <= MOST_WORDS and len(line.text) <= LONGEST_FIELD and kind != "title":
        telling = may_hold_place(text)
        if telling or mine:
            out = [
                _Found(start + first, start + last, "field", sure)
                for first, last, sure in _fields(text, mine)
            ]
        if header:
            out += [
                _Found(start + first, start + last, way, is_place(text[first:last]))
                for first, last, way in _within(line, text, bool(out), telling)
            ]
    if out or chrome:
        return out
    text = text[:LONGEST_TEXT]
    whole = "title" if kind in ("title", "heading") else "run"
    for first, last, cue in islice(spans_of_places(text), MOST_FOUND):
        sure = is_place(text[first:last])
        out.append(_Found(start + first, start + last, f"{whole}-{cue}", sure))
    return out


def _fields(text: str, mine: bool) -> Iterator[tuple[int, int, float]]:
    """The parts of a short line that are places, or may be one where the label says so."""
    for start, end in _items(text):
        piece = text[start:end]
        capital = mine and piece[:1].isupper()
        if (not capital and not may_be_place(piece)) or DATED.search(piece):
            continue
        sure = is_place(piece)
        if sure < LEAST and not capital:
            continue
        if not mine and len(words := piece.lower().split()) >= LEAST_ROLE and _names_role(words):
            continue
        yield start, end, sure


def _names_role(words: Sequence[str]) -> bool:
    return any(map(lexicon().names_role, words))


def _header(tagged: Tagged, i: int) -> bool:
    """Whether a line stands before the body, or so near its start that it may belong there."""
    zone = tagged.zones[i]
    return zone == "head" or (zone in "PHDRB" and i - tagged.first < NEAR_BODY)


def _within(line: Line, text: str, seen: bool, telling: bool) -> Iterator[tuple[int, int, str]]:
    """Known names inside a header line; where there is none, a line that is only a short name."""
    known = known_places(text) if telling else []
    for start, end in known:
        if not (seen and end - start >= len(text) - 1):
            yield start, end, "inner"
    count = len(line.words)
    short = not known and not seen and 0 < count <= MOST_NAME and not line.label
    if short and text[0].isupper() and CAPITALS.fullmatch(text) and not _names_role(line.words):
        yield 0, len(text), "bare"


def _doubts(line: Line, text: str, kind: str) -> Iterator[str]:
    """What speaks against a part of a short line: a role's name in it, or a name before the place."""
    if kind != "field" or len(line.words) > MOST_WORDS:
        return
    if _names_role(text.lower().split()):
        yield "role"
    if "," in text and (known := known_places(text)) and known[0][0] > 0:
        yield "late"


def _behind_preposition(text: str, name: str) -> bool:
    """Whether the page has the name behind a word such as "in"."""
    at = text.find(f" {name}")
    while at >= 0:
        if text[max(0, at - 8) : at].rpartition(" ")[2] in BEFORE:
            return True
        at = text.find(f" {name}", at + 1)
    return False


@lru_cache(maxsize=4096)
def _items(text: str) -> tuple[tuple[int, int], ...]:
    """The parts of a header line between separators, without words such as "remote"."""
    mixed = any(map(text.lower().__contains__, BARE_WORDS))
    ends = list(_ends_of_sentences(text)) if ". " in text else []
    whole = None if ends or _wordy(text) else _bare(text, 0, len(text), mixed)
    if whole and not PARTED.search(text) and names_place(text[whole[0] : whole[1]], 0.7):
        return (whole,)
    gaps = sorted([*ends, *(m.span() for m in ITEMS.finditer(text))])
    out, at = [], 0
    if gaps and "," in text:
        gaps = sorted([*gaps, *_commas_of_list(text, gaps[0])])
    for first, last in (*gaps, (len(text), len(text))):
        part = _bare(text, at, max(at, first), mixed)
        if part:
            out.append(part)
        at = max(at, last)
    return tuple(out[:12])


def _wordy(text: str) -> bool:
    """Whether a dash parts several words that are no place from one: "3 months here - Lyon"."""
    dash = DASH.search(text)
    if dash is None or text.count(" ", 0, dash.start()) < LEAST_WORDY:
        return False
    return is_place(text[: dash.start()]) < LEAST and names_place(text[dash.end() :], 0.7)


def _commas_of_list(text: str, gap: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """The commas between cities that a joining word goes on from: "Rotterdam, Antwerp and Ghent"."""
    if not text[gap[0] : gap[1]].strip().isalpha():
        return
    commas = [m.span() for m in COMMA.finditer(text, 0, gap[0])]
    starts = [0, *(last for _, last in commas)]
    names = [
        text[a:b] for a, b in zip(starts, [*(first for first, _ in commas), gap[0]], strict=True)
    ]
    names[0] = names[0].rpartition(": ")[2]
    cities = [find_name(name) for name in names]
    if all(one is not None and one.big and not (one.region or one.country) for one in cities):
        yield from commas


def _ends_of_sentences(text: str) -> Iterator[tuple[int, int]]:
    """The full stops behind which something else begins: "Burlington, VT. Part time"."""
    for m in ENDED.finditer(text):
        word = m.group(1)
        coded = text[: m.start()].endswith(", ") and lands_of_region_code(word)
        if len(word) >= LEAST_ENDING or coded:
            yield m.end(1), m.end()


def _bare(text: str, start: int, end: int, mixed: bool) -> tuple[int, int] | None:
    """A part without separators at its ends and, if ``mixed``, without words such as "remote"."""
    if mixed:
        lead = BARE.match(text[start:end])
        if lead:
            start += lead.end()
        tail = None
        for m in BARE.finditer(text[start:end]):
            if start + m.end() == end:
                tail = m
        if tail:
            end = start + tail.start()
    while start < end and text[start] in " ,.-–—:(/":
        start += 1
    while end > start and text[end - 1] in " ,.-–—:)":
        end -= 1
    if text[end : end + 1] == ")" and text.count("(", start, end) > text.count(")", start, end):
        end += 1
    return (start, end) if end - start > 1 else None
