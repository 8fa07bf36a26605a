"""The hiring organisation: every name of the page, judged by what speaks for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from msgspec import Struct

from rolecall.core import Span
from rolecall.normalise.places import names_place
from rolecall.reader.blocks import Tagged
from rolecall.reader.lexicon import lexicon, split_words
from rolecall.reader.linear import Group
from rolecall.reader.menu import menu_marks
from rolecall.reader.name_patterns import INNER_CAPITAL, LEGAL, ORGANISATION, STOP, has_legal
from rolecall.reader.names import AFTER, Names, gather
from rolecall.reader.proposal import Proposal
from rolecall.reader.word_signs import APPLY, CHROME, CUES, ROLE, SIGNS

UNIT = re.compile(
    r"(?:department|dept|faculty|division|team|office|chair|abteilung|fakultät|institut für"
    r"|lehrstuhl|service|département|direction|oddělení|fakulta|departamento|facultad|afdeling"
    r"|plant|factory|warehouse|planta|fábrica|sucursal|filiale?|usine|stabilimento|oddział|pobočka"
    r"|institut for|avdelning|institutionen|dział|wydział|отдел|кафедра|dipartimento)\b",
    re.I,
)
MOST_DIGITS = 3
MOST_LINE_WORDS = 8
JOINS = str.maketrans("", "", " '-/")
SAID = frozenset({"label", "hint", "near"})
SURE = frozenset(
    {"label", "near", "piece", "about:head", "about:body", "title:0", "title:1", "by"}
    | {"copyright", "hint:posting"}
    | {f"legal:{zone}" for zone in ("head", "body", "after", "chrome")}
)


class Surroundings(Struct, frozen=True):
    """What all names of a page are compared with."""

    text: str
    url: str
    body: str
    counts: Mapping[str, int]
    title: str
    site: str
    domains: tuple[str, ...]
    mails: frozenset[str]
    longer: frozenset[str]
    named: bool


def propose_companies(tagged: Tagged) -> list[Proposal]:
    """Every name that may be the hiring organisation, with its features."""
    names = gather(tagged)
    around = _surroundings(tagged, names)
    out = []
    for key, found in names.seen.items():
        span = names.spans[key]
        name = span.of(around.text)
        label, said, sure = "label" in found, not SAID.isdisjoint(found), not SURE.isdisjoint(found)
        wording = _wording(name, key, label, said, sure)
        marks = _marks(key, span, found, around, wording)
        if "title:1" in found and "doc" in marks and (line := _line_of(tagged, key)):
            marks.append(f"title={line}")
        out.append(
            Proposal(
                unit="company",
                value=name,
                span=span,
                features=tuple(marks),
                groups=(_ways(frozenset(found)), wording),
            )
        )
    return out


def _surroundings(tagged: Tagged, names: Names) -> Surroundings:
    page = tagged.page
    body = _body_text(tagged)
    counts = {key: body.count(span.of(page.text)) for key, span in names.spans.items()}
    often = [key.split(" ") for key, count in counts.items() if count > 1 and " " in key]
    return Surroundings(
        text=page.text,
        url=page.url or "",
        body=body,
        counts=counts,
        title=tagged.lines[0].text.lower() if tagged.lines else "",
        site=" ".join(split_words(page.meta.get("og:site_name", ""))),
        domains=tuple(names.domains),
        mails=frozenset(host.lower().rpartition(".")[0].rpartition(".")[2] for host in names.mails),
        longer=frozenset(" ".join(key[:n]) for key in often for n in range(1, len(key))),
        named=not all(map(SAID.isdisjoint, names.seen.values())),
    )


def _line_of(tagged: Tagged, key: str) -> str:
    """Whether a short line is nothing but this name: one of the site's furniture, or another."""
    words = tuple(key.split(" "))
    if len(words) > MOST_LINE_WORDS:
        return ""
    roles = {line.block.role == "chrome" for line in tagged.lines[1:] if line.words == words}
    return "line" if False in roles else "site" if roles else ""


@lru_cache(maxsize=4096)
def _ways(found: frozenset[str]) -> Group:
    """The ways a name was found, and how many kinds of them there are."""
    kinds = {mark.partition(":")[0] for mark in found}
    return (*sorted(found), f"ways={min(len(kinds), 5)}")


def _marks(
    key: str, span: Span, found: set[str], around: Surroundings, wording: Group
) -> list[str]:
    """What the page says of a name: its site, its title, its text; ``wording`` is its own."""
    name = span.of(around.text)
    said, sure = not SAID.isdisjoint(found), not SURE.isdisjoint(found)
    count = around.counts[key]
    inside = _mentions(around.body, name, count, "suffix" in wording)
    squashed = key.translate(JOINS)
    own = _belongs(key, squashed, around, found)
    if own and around.named and not said:
        own += "|named"
    marks = [own or "foreign"]
    if squashed in around.mails:
        marks.append("mail")
    if "." in name and name.lower() in around.url:
        marks.append("host")
    if key in around.longer:
        marks.append("sub")
    if not sure and not (count and _mid_sentence(around.body, name)):
        marks.append("starts")
    if _cut(around.text, span.start):
        marks.append("cut")
    if name.lower() in around.title:
        marks.append("doc")
    known = " " in name or own or sure or "inner" in wording
    marks.append(f"in={inside}" if known else f"in1={inside}")
    if own:
        marks.append(f"{own}|in={'0' if inside == '0' else '1'}")
    return marks


def _body_text(tagged: Tagged) -> str:
    if tagged.first >= tagged.last:
        return ""
    start = tagged.lines[max(0, tagged.first - 3)].block.span.start
    last = min(len(tagged.lines), tagged.last + AFTER) - 1
    return tagged.page.text[start : tagged.lines[last].block.span.end]


def _mentions(body: str, name: str, count: int, legal: bool) -> str:
    """How often the body names it, without a legal form at its end; ``count`` is with it."""
    short = (LEGAL.sub("", name) if legal else name).strip(" ,.")
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


def _cut(text: str, start: int) -> bool:
    """Whether a name seems to begin in the middle: a lower-case word that joins stands before."""
    if start < 2 or text[start - 1] != " " or text[start - 2] not in "enrslc":
        return False
    before = text[max(0, start - 24) : start - 1].rsplit(" ", 1)
    word = before[-1]
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
    signs = list(map(SIGNS.__getitem__, words))
    lists = lexicon()
    out = [f"n={min(len(words), 6)}", *menu_marks(words)]
    if not name.replace(" ", "").isalpha() and sum(map(str.isdigit, name)) > MOST_DIGITS:
        out.append("digits")
    suffix = has_legal(name)
    if suffix:
        out.append("suffix")
    if ORGANISATION.search(name.lower()):
        out.append("org")
    if names_place(name, 0.5):
        out.append("place")
    if not suffix and any(sign & ROLE for sign in signs):
        out.append("role")
    plain = not (suffix or label)
    if plain and (match := lists.heading(words)) is not None:
        out.append(f"heading{'=' if match.cover >= 0.5 else '+'}")
    if lists.label(key):
        out.append("islabel")
    if plain and words[0] in STOP:
        out.append("stop^")
    if not said and _lower(name):
        out.append("lower")
    if len(name) < 6 and name.isupper() and not sure:
        out.append("acronym")
    if UNIT.match(name):
        out.append("unit")
    if name[-1:] in "!?" or "@" in name or "http" in name:
        out.append("odd")
    alone = not sure and len(words) == 1 and signs[0] & CUES
    if alone or (plain and any(sign & (CHROME | APPLY) for sign in signs)):
        out.append("cue")
    return (*out, *_letters(name, suffix))


def _letters(name: str, suffix: bool) -> list[str]:
    """The features of a capital inside a word, and of a point inside the name."""
    out = []
    if name.endswith(("'s", "’s")) or INNER_CAPITAL.search(name):
        out.append("inner")
    if "." in name[1:-1] and not suffix:
        out.append("dotted")
    return out


def _lower(name: str) -> bool:
    """Whether fewer than half of the words of a name have a capital."""
    parts = name.split()
    return sum([part[:1].isupper() for part in parts]) < len(parts) / 2
