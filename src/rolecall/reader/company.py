"""The hiring organisation: every name of the page, judged by what speaks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
    domains_of,
    gather,
    mail_hosts,
)
from rolecall.reader.proposal import Proposal

UNIT = re.compile(
    r"(?:department|dept|faculty|division|team|office|chair|abteilung|fakultät|institut für"
    r"|lehrstuhl|service|département|direction|oddělení|fakulta|departamento|facultad|afdeling"
    r"|institut for|avdelning|institutionen|dział|wydział|отдел|кафедра|dipartimento)\b",
    re.I,
)
MOST_DIGITS = 3
NO_LETTER = re.compile(r"[\W_]+")
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
    title: str
    site: str
    domains: tuple[str, ...]
    mails: frozenset[str]
    lines: frozenset[str]
    furniture: frozenset[str]
    often: tuple[str, ...]
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
    return Surroundings(
        text=page.text,
        url=page.url or "",
        body=body,
        title=tagged.lines[0].text.lower() if tagged.lines else "",
        site=" ".join(split_words(page.meta.get("og:site_name", ""))),
        domains=tuple(domains_of(tagged)),
        mails=frozenset(
            host.lower().rpartition(".")[0].rpartition(".")[2] for host in mail_hosts(tagged)
        ),
        lines=_short_lines(tagged, chrome=False),
        furniture=_short_lines(tagged, chrome=True),
        often=tuple(
            key
            for key, span in names.spans.items()
            if " " in key and body.count(span.of(page.text)) > 1
        ),
        named=any(SAID & found for found in names.seen.values()),
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
    inside = _mentions(around.body, name)
    own = _belongs(key, around, found)
    if own and around.named and not found & SAID:
        own += "|named"
    marks = [*sorted(found), own or "foreign"]
    if _squashed(key) in around.mails:
        marks.append("mail")
    if "." in name and name.lower() in around.url:
        marks.append("host")
    if any(other.startswith(f"{key} ") for other in around.often):
        marks.append("sub")
    if not found & SURE and not _mid_sentence(around.body, name):
        marks.append("starts")
    if _cut(around.text, span):
        marks.append("cut")
    if name.lower() in around.title:
        marks.append("doc")
        if "title:1" in found and key in around.lines:
            marks.append("title=line")
        elif "title:1" in found and key in around.furniture:
            marks.append("title=site")
    marks += _wording(name, key, found)
    known = " " in name or own or found & SURE or "inner" in marks
    marks.append(f"in={inside}" if known else f"in1={inside}")
    if own:
        marks.append(f"{own}|in={'0' if inside == '0' else '1'}")
    ways = {mark.partition(":")[0] for mark in found}
    marks.append(f"ways={min(len(ways), 5)}")
    return tuple(marks)


def _squashed(key: str) -> str:
    return NO_LETTER.sub("", key)


def _body_text(tagged: Tagged) -> str:
    if tagged.first >= tagged.last:
        return ""
    start = tagged.lines[max(0, tagged.first - 3)].block.span.start
    last = min(len(tagged.lines), tagged.last + AFTER) - 1
    return tagged.page.text[start : tagged.lines[last].block.span.end]


def _mentions(body: str, name: str) -> str:
    """How often the body names it, without a legal form at its end."""
    short = LEGAL.sub("", name).strip(" ,.")
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


def _belongs(key: str, around: Surroundings, found: set[str]) -> str:
    """Whether the name is that of the site itself."""
    squashed = _squashed(key)
    hosts = around.domains
    if squashed and any(squashed in host and len(squashed) * 2 > len(host) for host in hosts):
        return "own"
    if around.site and key == around.site:
        return "own"
    return "own-" if "copyright" in found else ""


def _wording(name: str, key: str, found: set[str]) -> list[str]:
    words = split_words(name)
    lists = lexicon()
    out = [f"n={min(len(words), 6)}", *menu_marks(words)]
    out.extend(["digits"] * (sum(map(str.isdigit, name)) > MOST_DIGITS))
    suffix = LEGAL.search(name) is not None
    if suffix:
        out.append("suffix")
    if ORGANISATION.search(name):
        out.append("org")
    if is_place(name) >= 0.5:
        out.append("place")
    if not suffix and any(map(lists.names_role, words)):
        out.append("role")
    sure = suffix or "label" in found
    if not sure and (match := lists.heading(words)) is not None:
        out.append(f"heading{'=' if match.cover >= 0.5 else '+'}")
    if lists.label(key):
        out.append("islabel")
    if not sure and words[0] in STOP:
        out.append("stop^")
    if not (found & SAID) and sum(x[:1].isupper() for x in name.split()) < len(name.split()) / 2:
        out.append("lower")
    if len(name) < 6 and name.isupper() and not found & SURE:
        out.append("acronym")
    if UNIT.match(name):
        out.append("unit")
    if name[-1:] in "!?" or "@" in name or "http" in name:
        out.append("odd")
    alone = not found & SURE and len(words) == 1 and lists.cue(words[0]) is not None
    if alone or (not sure and any(lists.cue(word) in ("chrome", "apply") for word in words)):
        out.append("cue")
    if name.endswith(("'s", "’s")) or INNER_CAPITAL.search(name):
        out.append("inner")
    if "." in name[1:-1] and not suffix:
        out.append("dotted")
    return out
