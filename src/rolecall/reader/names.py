"""Names on a page that may be an organisation's, and the ways they were found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from urllib.parse import urlsplit

from rolecall.core import Span
from rolecall.normalise.place_looks import may_hold_place
from rolecall.normalise.places import names_place
from rolecall.reader.blocks import Tagged
from rolecall.reader.known import known_places
from rolecall.reader.lexicon import lexicon
from rolecall.reader.lines import Line
from rolecall.reader.name_patterns import (
    INNER_CAPITAL,
    MAIL_HOST,
    NAMES,
    SMALL_END,
    SPLIT_LINE,
    STOP,
    TITLE_SPLIT,
    pieces,
    sayings,
    trimmed,
)
from rolecall.reader.proposal import bins, value_at

MOST_NAMES = 80
LONGEST_RAW = 200
MOST_FREQUENT = 12
AFTER = 6
MOST_LOOSE = 16
MOST_PIECES = 3
"""Parts of a header line; a line of more is a menu."""

NEAR = (-3, 5)
MOST_FIRST_WORDS = 8
MOST_FIELD_WORDS = 9
LONGEST_BODY_LINE = 1500
NOT_SPACE = re.compile(r"\S+")
HINT = re.compile(
    r"company|employer|organi[sz]ation|hiring|brand|firm|arbeitgeber|unternehmen|advertiser|topcard__org"
)
BODY = frozenset("PHDRB")

Part = tuple[int, int, tuple[str, ...]]
"""Where a name stands in a line, and the ways it was found."""


class Names:
    """Names seen so far: their features and the best place each stands at."""

    def __init__(self, tagged: Tagged) -> None:
        self.text = tagged.page.text
        self.seen: dict[str, set[str]] = {}
        self.spans: dict[str, Span] = {}
        self.anchor = anchor_line(tagged)
        self.mails = mail_hosts(tagged)
        self.domains = domains_of(tagged)

    def add(self, start: int, end: int, features: tuple[str, ...]) -> None:
        """Note that the name from ``start`` to ``end`` was found in the way ``features`` say."""
        if end - start > LONGEST_RAW or len(self.seen) >= MOST_NAMES:
            return
        first, last, key = trimmed(self.text[start:end])
        if not key:
            return
        found = self.seen.get(key)
        if found is None:
            self.seen[key] = set(features)
            self.spans[key] = Span(start + first, start + last)
        else:
            found.update(features)


def gather(tagged: Tagged) -> Names:
    """All names of a page, with the ways each was found."""
    names = Names(tagged)
    for i, line in enumerate(tagged.lines):
        if line.block.role not in ("similar", "cookie"):
            _from_line(tagged, i, line, names)
    _frequent(tagged, names)
    _first_line(tagged, names)
    return names


@lru_cache(maxsize=4096)
def _hints(hints: str) -> bool:
    return HINT.search(hints) is not None


def _first_line(tagged: Tagged, names: Names) -> None:
    """The page's first line, and its first part, often is the name of whoever runs the site."""
    for line in tagged.lines[:2]:
        if line.block.kind == "title" or not line.words:
            continue
        if len(line.words) <= MOST_FIRST_WORDS:
            start, ways = line.block.span.start, ("first", f"first:{line.block.role}")
            for first, last in ((0, len(line.text)), *pieces(line.text, SPLIT_LINE)[:1]):
                names.add(start + first, start + last, ways)
        return


def _from_line(tagged: Tagged, i: int, line: Line, names: Names) -> None:
    text, start, zone = line.text, line.block.span.start, tagged.zones[i]
    title = line.block.kind == "title"
    if 0 < len(line.words) <= MOST_FIELD_WORDS and not title:
        for first, last, ways in _labelled(tagged, i, names.anchor):
            names.add(start + first, start + last, ways)
    if title:
        for n, (first, last) in enumerate(pieces(text, TITLE_SPLIT)):
            names.add(start + first, start + last, (f"title:{min(n, 1)}",))
    where = "body" if zone in BODY else zone
    kept, chrome = line.wording.kept, line.block.role == "chrome"
    said = kept.get(chrome)
    if said is None:
        said = kept[chrome] = sayings(text, line.words, chrome=chrome)
    for way, first, last in said:
        if way != "lead" or where in ("body", "head"):
            names.add(start + first, start + last, _ways(way, where))


@lru_cache(maxsize=256)
def _ways(way: str, where: str) -> tuple[str, ...]:
    """The features of a name that a line's wording gives away, by where the line stands."""
    if way == "copyright":
        return (way,)
    if way in ("lead", "legal"):
        return (f"{way}:{where}",)
    if way == "long":
        return (f"legal:{where}", way)
    return ("at" if way == "team" else way, f"{way}:{where}")


def _frequent(tagged: Tagged, names: Names) -> None:
    """Capitalised names that several lines of the body repeat."""
    counts: dict[str, int] = {}
    home: dict[str, int] = {}
    for i in range(max(0, tagged.first - 3), min(len(tagged.lines), tagged.last + AFTER)):
        line = tagged.lines[i]
        if line.block.role == "posting":
            kept = line.wording.kept
            bare = kept.get("names")
            if bare is None:
                bare = kept["names"] = tuple(
                    {_bare(name): None for name in NAMES.findall(line.text, 0, LONGEST_BODY_LINE)}
                )
            for key in bare:
                if key in counts:
                    counts[key] += 1
                else:
                    counts[key], home[key] = 1, i
    repeated = [key for key, seen in counts.items() if seen > 1 and _tells(key)]
    for n, key in enumerate(sorted(repeated, key=lambda key: -counts[key])[:MOST_FREQUENT]):
        seen = counts[key]
        if seen > 2 or " " in key:
            start = _place_of(tagged.lines[home[key]], key)
            ways = ("freq", f"freq:{bins(seen)}", f"freq:rank{min(n, 3)}")
            names.add(start, start + len(key), ways)
    for n, key in enumerate(islice(filter(_loose, counts), MOST_LOOSE)):
        start = _place_of(tagged.lines[home[key]], key)
        names.add(start, start + len(key), ("loose", f"loose:{bins(n)}"))
    domains = set(names.domains)
    for key in counts if domains else ():
        if len(key) > 3 and key.lower() in domains and _tells(key):
            start = _place_of(tagged.lines[home[key]], key)
            names.add(start, start + len(key), ("freq:domain",))


def _bare(name: str) -> str:
    return name.rstrip(".'’-")


def _tells(key: str) -> bool:
    return len(key) > 2 and key.lower() not in STOP


def _loose(key: str) -> bool:
    """Whether a name is one by its wording alone: several words, or capitals inside."""
    if " " in key:
        return _tells(key)
    plain = key[1:].islower() and "'" not in key and "’" not in key
    return not plain and INNER_CAPITAL.search(key) is not None and _tells(key)


def _place_of(line: Line, key: str) -> int:
    """Where in the page a line has its first name of this wording."""
    at = 0
    for name in NAMES.findall(line.text, 0, LONGEST_BODY_LINE):
        at = line.text.index(name, at)
        if _bare(name) == key:
            break
        at += len(name)
    return line.block.span.start + at


def _labelled(tagged: Tagged, i: int, anchor: int) -> Iterator[Part]:
    """Whole short lines: labelled ones, ones whose class names hint, and lines near the title."""
    line, labels = tagged.lines[i], tagged.labelled[i]
    at, end = value_at(line), len(line.text)
    if "company" in labels:
        yield at, end, ("label",)
    elif labels:
        return
    if _hints(line.block.hints[:80]):
        yield at, end, ("hint", f"hint:{line.block.role}")
    if tagged.zones[i] != "head" or line.block.role == "chrome":
        return
    away = i - anchor
    if not away or not NEAR[0] <= away <= NEAR[1]:
        return
    near = f"near:{away}"
    link = "near:link" if line.block.link > 0.5 else "near:text"
    value = line.text[at:] if at else line.text
    if may_hold_place(line.text):
        for last in _without_place(line.text):
            yield at, at + last, ("near", near)
        for last in _before_place(value):
            yield at, at + last, ("near", near, "before")
    yield at, end, ("near", near, link, f"near:F{int(tagged.shares[i].get('F', 0) * 3)}")
    parts = pieces(line.text, SPLIT_LINE)
    ways = ("piece", near, "many") if len(parts) > MOST_PIECES else ("piece", near)
    for first, last in parts:
        yield first, last, ways


def _without_place(text: str) -> Iterator[int]:
    """The end of the name in a line such as "Acme Praha 4"."""
    words = [m.span() for m in NOT_SPACE.finditer(text)]
    known = known_places(text)[:1]
    for count in (1, 2, 3):
        if len(words) > count and names_place(text[words[-count][0] :], 0.7):
            end = words[-count - 1][1]
            # "Leeds, West Yorkshire" is a place from its beginning, and "Leeds, West" no name.
            if not (known and known[0][0] == 0 and end < known[0][1]):
                yield end


def _before_place(text: str) -> Iterator[int]:
    """The end of what stands before each known place in a header line: "Acme, Malmö, heltid"."""
    for at, _ in known_places(text)[:MOST_PIECES]:
        end = len(SMALL_END.sub("", text[:at].rstrip(" ,.–-|·(")))
        if end > 1:
            yield end


def anchor_line(tagged: Tagged) -> int:
    """The line before the body that most probably is the role's heading."""
    last = min(len(tagged.lines), max(tagged.first + 1, 3))
    best, most = -99, 0.0
    for i in range(last):
        line = tagged.lines[i]
        if line.block.kind == "title" or line.block.role == "chrome" or not line.words:
            continue
        worth = tagged.shares[i].get("T", 0.0) + 0.3 * (line.block.kind == "heading")
        if len(line.words) < 16 and any(map(lexicon().names_role, line.words)):
            worth += 0.3
        if worth > most:
            best, most = i, worth
    return best


def domains_of(tagged: Tagged) -> list[str]:
    """Names of hosts the page says it belongs to, or gives e-mail addresses of."""
    meta = tagged.page.meta
    urls = [tagged.page.url, meta.get("og:url"), meta.get("canonical")]
    hosts = {host for url in urls if url and "//" in url and (host := _host(url))}
    hosts.update(mail_hosts(tagged))
    out: set[str] = set()
    for host in hosts:
        parts = [
            x for x in host.lower().split(".") if x not in ("www", "com", "co", "jobs", "careers")
        ]
        out.update(x.replace("-", "") for x in parts[:2] if len(x) > 2)
        out.add("".join(parts).replace("-", ""))
    return sorted(out)


def _host(url: str) -> str:
    """The host of an address; empty where what the page gives as one is none."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def mail_hosts(tagged: Tagged) -> list[str]:
    """Hosts of the first e-mail addresses that the page shows."""
    text = tagged.page.text[:20000]
    return MAIL_HOST.findall(text)[:5] if "@" in text else []
