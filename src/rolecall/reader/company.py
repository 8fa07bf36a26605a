"""The hiring organisation: every name of the page, judged by what speaks for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rolecall.core import Span
from rolecall.normalise.places import is_place
from rolecall.reader.blocks import Tagged
from rolecall.reader.lexicon import lexicon, split_words
from rolecall.reader.menu import menu_marks
from rolecall.reader.names import (
    AFTER,
    INNER_CAPITAL,
    LEGAL,
    ORGANISATION,
    STOP,
    Names,
    gather,
    has_legal,
)
from rolecall.reader.proposal import Proposal

UNIT = re.compile(
    r"(?:department|dept|faculty|division|team|office|chair|abteilung|fakultät|institut für"
    r"|lehrstuhl|service|département|direction|oddělení|fakulta|departamento|facultad|afdeling"
    r"|plant|factory|warehouse|planta|fábrica|sucursal|filiale?|usine|stabilimento|oddział|pobočka"
    r"|institut for|avdelning|institutionen|dział|wydział|отдел|кафедра|dipartimento)\b",
    re.I,
)
MOST_DIGITS = 3
DIGITS = re.compile(r"\d|[^\x00-\x7f]")
JOINS = str.maketrans("", "", " '-/")
SAID = frozenset({"label", "hint", "near"})
SURE = frozenset(
    {"label", "near", "piece", "about:head", "about:body", "title:0", "title:1", "by"}
    | {"copyright", "hint:posting"}
    | {f"legal:{zone}" for zone in ("head", "body", "after", "chrome")}
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all names of a page are compared with."""

    text: str
    url: str
    body: str
    counts: Mapping[str, int]
    title: str
    site: str
    domains: tuple[str, ...]
    mails: frozenset[str]
    lines: frozenset[str]
    furniture: frozenset[str]
    longer: frozenset[str]
    named: bool


def propose_companies(tagged: Tagged) -> list[Proposal]:
    """Every name that may be the hiring organisation, with its features."""
    names = gather(tagged)
    around = _surroundings(tagged, names)
    return [
        Proposal(
            unit="company",
            value=names.spans[key].of(around.text),
            span=names.spans[key],
            features=_features(key, names.spans[key], found, around),
        )
        for key, found in names.seen.items()
    ]


def _surroundings(tagged: Tagged, names: Names) -> Surroundings:
    page = tagged.page
    body = _body_text(tagged)
    counts = {key: body.count(span.of(page.text)) for key, span in names.spans.items()}
    often = [key.split(" ") for key, count in counts.items() if count > 1 and " " in key]
    titled = any("title:1" in found for found in names.seen.values())
    return Surroundings(
        text=page.text,
        url=page.url or "",
        body=body,
        counts=counts,
        title=tagged.lines[0].text.lower() if tagged.lines else "",
        site=" ".join(split_words(page.meta.get("og:site_name", ""))),
        domains=tuple(names.domains),
        mails=frozenset(host.lower().rpartition(".")[0].rpartition(".")[2] for host in names.mails),
        lines=_short_lines(tagged, chrome=False) if titled else frozenset(),
        furniture=_short_lines(tagged, chrome=True) if titled else frozenset(),
        longer=frozenset(" ".join(key[:n]) for key in often for n in range(1, len(key))),
        named=not all(map(SAID.isdisjoint, names.seen.values())),
    )


def _short_lines(tagged: Tagged, *, chrome: bool) -> frozenset[str]:
    """Short lines of the site's furniture, or of the rest."""
    return frozenset(
        " ".join(line.words)
        for line in tagged.lines[1:]
        if len(line.words) < 9 and (line.block.role == "chrome") == chrome
    )


def _features(key: str, span: Span, found: set[str], around: Surroundings) -> tuple[str, ...]:
    name = span.of(around.text)
    said, sure = not SAID.isdisjoint(found), not SURE.isdisjoint(found)
    count = around.counts[key]
    inside = _mentions(around.body, name, count)
    squashed = key.translate(JOINS)
    own = _belongs(key, squashed, around, found)
    if own and around.named and not said:
        own += "|named"
    marks = [*sorted(found), own or "foreign"]
    if squashed in around.mails:
        marks.append("mail")
    if "." in name and name.lower() in around.url:
        marks.append("host")
    if key in around.longer:
        marks.append("sub")
    if not sure and not (count and _mid_sentence(around.body, name)):
        marks.append("starts")
    if _cut(around.text, span):
        marks.append("cut")
    if name.lower() in around.title:
        marks.append("doc")
        if "title:1" in found and key in around.lines:
            marks.append("title=line")
        elif "title:1" in found and key in around.furniture:
            marks.append("title=site")
    wording = _wording(name, key, "label" in found, said, sure)
    marks += wording
    known = " " in name or own or sure or "inner" in wording
    marks.append(f"in={inside}" if known else f"in1={inside}")
    if own:
        marks.append(f"{own}|in={'0' if inside == '0' else '1'}")
    ways = {mark.partition(":")[0] for mark in found}
    marks.append(f"ways={min(len(ways), 5)}")
    return tuple(marks)


def _body_text(tagged: Tagged) -> str:
    if tagged.first >= tagged.last:
        return ""
    start = tagged.lines[max(0, tagged.first - 3)].block.span.start
    last = min(len(tagged.lines), tagged.last + AFTER) - 1
    return tagged.page.text[start : tagged.lines[last].block.span.end]


def _mentions(body: str, name: str, count: int) -> str:
    """How often the body names it, without a legal form at its end; ``count`` is with it."""
    short = (LEGAL.sub("", name) if has_legal(name) else name).strip(" ,.")
    if short != name or len(name) < 2:
        count = body.count(short) if len(short) > 1 else 0
    return str(count) if count < 3 else "3+" if count < 8 else "8+"


def _mid_sentence(body: str, name: str) -> bool:
    """Whether the body has the name after a word, and not only where a sentence begins."""
    at = body.find(name)
    while at >= 0:
        if at > 1 and body[at - 1] == " " and body[at - 2] not in ".!?:;•-–":
            return True
        at = body.find(name, at + 1)
    return False


def _cut(text: str, span: Span) -> bool:
    """Whether the name seems to begin in the middle: a lower-case word that joins stands before."""
    before = text[max(0, span.start - 24) : span.start].rsplit(" ", 2)
    word = before[-2] if len(before) > 1 and not before[-1] else ""
    return len(word) > 4 and word.islower() and word.endswith(("e", "en", "er", "es", "al", "ic"))


def _belongs(key: str, squashed: str, around: Surroundings, found: set[str]) -> str:
    """Whether the name is that of the site itself; ``squashed`` is its key without spaces."""
    hosts = around.domains
    if squashed and any(squashed in host and len(squashed) * 2 > len(host) for host in hosts):
        return "own"
    if around.site and key == around.site:
        return "own"
    return "own-" if "copyright" in found else ""


@lru_cache(maxsize=8192)
def _wording(name: str, key: str, label: bool, said: bool, sure: bool) -> tuple[str, ...]:
    """The features of a name's own wording, as far as the ways it was found leave them open."""
    words = key.split(" ")
    lists = lexicon()
    out = [f"n={min(len(words), 6)}", *menu_marks(words)]
    out.extend(["digits"] * (sum(map(str.isdigit, name)) > MOST_DIGITS))
    suffix = has_legal(name)
    if suffix:
        out.append("suffix")
    if ORGANISATION.search(name.lower()):
        out.append("org")
    if is_place(name) >= 0.5:
        out.append("place")
    if not suffix and any(map(lists.names_role, words)):
        out.append("role")
    plain = not (suffix or label)
    if plain and (match := lists.heading(words)) is not None:
        out.append(f"heading{'=' if match.cover >= 0.5 else '+'}")
    if lists.label(key):
        out.append("islabel")
    if plain and words[0] in STOP:
        out.append("stop^")
    if not said and sum(x[:1].isupper() for x in name.split()) < len(name.split()) / 2:
        out.append("lower")
    if len(name) < 6 and name.isupper() and not sure:
        out.append("acronym")
    if UNIT.match(name):
        out.append("unit")
    if name[-1:] in "!?" or "@" in name or "http" in name:
        out.append("odd")
    alone = not sure and len(words) == 1 and lists.cue(words[0]) is not None
    if alone or (plain and any(lists.cue(word) in ("chrome", "apply") for word in words)):
        out.append("cue")
    if name.endswith(("'s", "’s")) or INNER_CAPITAL.search(name):
        out.append("inner")
    if "." in name[1:-1] and not suffix:
        out.append("dotted")
    return tuple(out)
